"""A dataset or a view of it, and every image of the dataset."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import TypeAlias

import fiftyone as fo

from ...errors import InputError
from .fiftyone_internals import is_dynamic_groups, root_dataset, with_all_fields

Samples: TypeAlias = "fo.Dataset | fo.DatasetView"


def dataset_of(samples: Samples) -> fo.Dataset:
    """The dataset itself, given it or a view into it; an InputError for anything else."""
    if isinstance(samples, fo.DatasetView):
        return root_dataset(samples)
    if isinstance(samples, fo.Dataset):
        return samples
    raise InputError(
        f"Pass a FiftyOne dataset or view, not {type(samples).__name__}: "
        "fiftyone.load_dataset(NAME) gives one by its name."
    )


def reloaded(samples: Samples) -> fo.Dataset:
    """The dataset, as the database has it now: it may have changed since it was loaded."""
    dataset = dataset_of(samples)
    dataset.reload()
    return dataset


def seconds_of(time: datetime) -> float:
    """Seconds since 1970 of a time as FiftyOne gives it: in UTC, without a zone.

    Read as local, a time would jump twice a year.

    >>> seconds_of(datetime(1970, 1, 2))
    86400.0
    """
    return (time if time.tzinfo else time.replace(tzinfo=timezone.utc)).timestamp()


def image_slices(dataset: fo.Dataset) -> list[str]:
    """Slices of a grouped dataset that hold images, sorted."""
    return sorted(name for name, kind in dataset.group_media_types.items() if kind == "image")


def flat(samples: Samples) -> Samples:
    """Every image of a dataset or view.

    As it is, a grouped one shows its active slice alone, and one grouped by a field one sample a
    group.
    """
    if is_dynamic_groups(samples):
        samples = samples.flatten()
    if samples.media_type != "group" or samples.group_slices is None:
        return samples
    return samples.select_group_slices(image_slices(dataset_of(samples)))


def all_of(samples: Samples) -> Samples:
    """Every image of a view and every field: what a grid stands for that groups or leaves out."""
    return with_all_fields(flat(samples))


def slice_path(dataset: fo.Dataset) -> str | None:
    """The path that names the slice of a sample; None where the dataset is not grouped."""
    return f"{dataset.group_field}.name" if dataset.media_type == "group" else None


def by_slice(samples: Samples) -> dict[str, int]:
    """How many samples there are of each slice, sorted; empty where the dataset is not grouped."""
    path = slice_path(dataset_of(samples))
    return dict(sorted(samples.count_values(path).items())) if path else {}


def slices_line(slices: Mapping[str, int]) -> list[str]:
    """A line that counts slices, where there are any.

    >>> slices_line({"back": 12, "front": 11})
    ['slices: back 12, front 11']
    """
    counts = ", ".join(f"{name} {count:,}" for name, count in slices.items())
    return [f"slices: {counts}"] if counts else []
