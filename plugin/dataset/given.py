"""What callers of the Python API pass, as the steps take it: datasets by name, sets as words."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike, fspath
from typing import Any

import fiftyone as fo
import numpy as np

from ..errors import InputError
from ..settings.fields import Params, settings_of, unknown
from .store.connection import BEAT, WAIT
from .store.database import database_failures
from .store.fiftyone_internals import impatient
from .store.samples import Samples
from .store.sets.members import word_of


def opened(samples: Samples | str) -> Samples:
    """Samples as they were given, or the dataset of that name.

    Raises
    ------
    InputError
        There is no such dataset.
    """
    if not isinstance(samples, str):
        return samples
    with database_failures(), impatient(WAIT, BEAT):
        if fo.dataset_exists(samples):
            return fo.load_dataset(samples)
        raise InputError(unknown("dataset", samples, fo.list_datasets()))


def settings_among(
    params: type[Params], given: Mapping[str, Any], on: Samples | None
) -> dict[str, Any]:
    """The settings among arguments: sets of samples as words, paths as text, arrays as lists."""
    settings = {name: value for name, value in given.items() if name in params.model_fields}
    sets = [each.name for each in settings_of(params) if each.members and each.name in settings]
    others = {"owned": settings.get("pool", "U"), "pool": settings.get("owned", "S")}
    for name in sets:
        if on is not None and settings[name] is not None:
            with database_failures(), impatient(WAIT, BEAT):
                settings[name] = word_of(on, given[name], others.get(name))
    for name, value in settings.items():
        if isinstance(value, PathLike):
            settings[name] = fspath(value)
        elif isinstance(value, np.ndarray):
            settings[name] = value.tolist()
    return settings
