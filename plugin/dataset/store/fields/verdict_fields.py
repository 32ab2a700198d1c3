"""The fields that hold what language models said of images: of which models there are some."""

from __future__ import annotations

from typing import get_args

import fiftyone as fo

from ....interchange.features.verdicts import Status
from ..names import ReviewNames
from ..samples import Samples, dataset_of, flat
from .fields import is_ours

_WORDS = frozenset(get_args(Status))


def models(samples: Samples) -> list[str]:
    """The language models whose verdicts the samples hold; "" is the one without a name."""
    start = ReviewNames().prediction_status
    found = [name[len(start) :] for name in samples.get_field_schema() if name.startswith(start)]
    return sorted(
        rest.removeprefix("_")
        for rest in found
        if not rest or (rest.startswith("_") and _is_verdict(samples, start + rest))
    )


def _is_verdict(samples: Samples, name: str) -> bool:
    """Whether a field holds verdicts: by our mark, or by its words, whoever wrote them."""
    dataset = dataset_of(samples)
    if is_ours(dataset, name):
        return True
    if not isinstance(dataset.get_field(name), fo.StringField):
        return False
    said = {word for word in flat(dataset).distinct(name) if word is not None}
    return bool(said) and said <= _WORDS
