"""The fields that hold what language models said of images: of which models there are some."""

from __future__ import annotations

from typing import get_args

import fiftyone as fo

from ....interchange.features.verdicts import Status
from ..fiftyone_internals import collection
from ..names import ReviewNames
from ..samples import Samples, dataset_of
from .fields import is_ours

_WORDS = list(get_args(Status))


def models(samples: Samples) -> list[str]:
    """The language models whose verdicts the samples hold; "" is the one without a name."""
    first = ReviewNames().prediction_status
    names = [name for name in samples.get_field_schema() if name.startswith(f"{first}_")]
    known = ["", *(name.removeprefix(f"{first}_") for name in names)]
    return sorted(model for model in known if has_model(samples, model))


def has_model(samples: Samples, model: str) -> bool:
    """Whether the samples hold verdicts of a language model."""
    name = ReviewNames(model).prediction_status
    return samples.has_field(name) and (not model or _is_verdict(samples, name))


def _is_verdict(samples: Samples, name: str) -> bool:
    """Whether a field holds verdicts: by our mark, or by its words, whoever wrote them."""
    dataset = dataset_of(samples)
    if is_ours(dataset, name):
        return True
    if not isinstance(dataset.get_field(name), fo.StringField):
        return False
    # Panels ask at every step: the first value that is none tells, and few have to be read.
    values = collection(dataset)
    other = values.find_one({name: {"$nin": [None, *_WORDS]}}, {"_id": True})
    return other is None and values.find_one({name: {"$in": _WORDS}}, {"_id": True}) is not None
