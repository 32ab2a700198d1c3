"""The dataset a command works on, by name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ...plugin.errors import InputError

if TYPE_CHECKING:
    import fiftyone as fo


@contextmanager
def opened(name: str, *, create: bool = False) -> Iterator[fo.Dataset]:
    """The dataset of that name; a new one is kept in the database unless the work fails at once."""
    import fiftyone as fo

    if fo.dataset_exists(name):
        yield fo.load_dataset(name)
        return
    if not create:
        known = ", ".join(fo.list_datasets()) or "none"
        raise InputError(f"There is no dataset {name!r}; datasets: {known}. Load images first.")
    made = fo.Dataset(name, persistent=True)
    try:
        yield made
    finally:
        if not len(made):
            made.delete()


def viewed(dataset: fo.Dataset, name: str | None) -> fo.Dataset | fo.DatasetView:
    """A saved view of the dataset; all of it where none is named."""
    from ...plugin.dataset.store.sets import resolve

    return dataset if name is None else resolve(dataset, f"view:{name}")
