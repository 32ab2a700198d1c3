"""The dataset a command works on, by name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ...plugin.errors import DatabaseError, GapsphereError, InputError

if TYPE_CHECKING:
    import fiftyone as fo


@contextmanager
def opened(name: str, *, create: bool = False) -> Iterator[fo.Dataset]:
    """The dataset of that name; a new one goes again where the work was refused or stopped at once.

    Where anything else failed, the database for one, nothing is known of what it holds: it stays.
    """
    import fiftyone as fo

    if fo.dataset_exists(name):
        yield fo.load_dataset(name)
        return
    if not create:
        known = ", ".join(fo.list_datasets()) or "none"
        raise InputError(f"There is no dataset {name!r}; datasets: {known}. Load images first.")
    made = fo.Dataset(name, persistent=True)
    before = _opened_at(made)
    try:
        yield made
    except DatabaseError:
        raise
    except (GapsphereError, KeyboardInterrupt):
        _undo(made, before)
        raise


def _undo(made: fo.Dataset, before: object) -> None:
    """Delete a dataset of this process that has no sample and that nobody has opened since."""
    from ...plugin.dataset.store.database import database_failures, is_empty

    with database_failures():
        if not made.deleted and _opened_at(made) == before and is_empty(made):
            made.delete()


def _opened_at(dataset: fo.Dataset) -> object:
    """When a process last opened the dataset, as the database has it; None where it is gone."""
    from ...plugin.dataset.store.fiftyone_internals import database, dataset_id

    found = database().datasets.find_one({"_id": dataset_id(dataset)}, {"last_loaded_at": True})
    return found and found.get("last_loaded_at")


def viewed(dataset: fo.Dataset, name: str | None) -> fo.Dataset | fo.DatasetView:
    """A saved view of the dataset; all of it where none is named."""
    from ...plugin.dataset.store.sets import resolve

    return dataset if name is None else resolve(dataset, f"view:{name}")
