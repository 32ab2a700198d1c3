"""The dataset a command works on, by name."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ...plugin.errors import DatabaseError, GapsphereError, InputError
from ...plugin.interchange.files.left_out import refuse_other_file
from ...plugin.interchange.tables.columns import shown
from .say import say

if TYPE_CHECKING:
    import fiftyone as fo

    from ...plugin.settings.steps import LoadParams


def dataset_option(name: str) -> str:
    """The option that names a dataset, as a shell takes it.

    >>> dataset_option("our drives"), dataset_option("-drives")
    ("--dataset 'our drives'", '--dataset=-drives')
    """
    return f"--dataset{'=' if name.startswith('-') else ' '}{shlex.quote(name)}"


@contextmanager
def opened(name: str, *, create: bool = False) -> Iterator[fo.Dataset]:
    """The dataset of that name; a new one goes again where the work was refused or stopped at once.

    Where anything else failed, the database for one, nothing is known of what it holds: it stays.
    """
    from ...plugin.dataset.store.connection import connected

    fo = connected()
    if fo.dataset_exists(name):
        yield fo.load_dataset(name)
        return
    if not create:
        known = ", ".join(fo.list_datasets()) or "none"
        raise InputError(f"There is no dataset {name!r}; datasets: {known}. Load images first.")
    try:
        made = fo.Dataset(name, persistent=True)
    except ValueError as error:
        raise InputError(
            f"A dataset cannot be called {shown(name)}: FiftyOne needs a letter or digit, 100 of "
            "them at most, and a name that no other process has just taken."
        ) from error
    try:
        yield made
    except DatabaseError:
        raise
    except (GapsphereError, KeyboardInterrupt):
        _undo(made)
        raise


def _undo(made: fo.Dataset) -> None:
    """Delete a dataset of this process that has no sample and that nobody else opened last."""
    from ...plugin.dataset.store.database import database_failures, is_empty

    with database_failures():
        if not made.deleted and not _opened_elsewhere(made) and is_empty(made):
            made.delete()


def _opened_elsewhere(dataset: fo.Dataset) -> bool:
    """Whether another process opened the dataset after this one."""
    from ...plugin.dataset.store.fiftyone_internals import database, dataset_id

    found = database().datasets.find_one({"_id": dataset_id(dataset)}, {"last_loaded_at": True})
    mine = dataset.last_loaded_at  # the database keeps milliseconds
    mine = mine.replace(microsecond=mine.microsecond // 1000 * 1000)
    return found is None or found["last_loaded_at"] != mine


@contextmanager
def filled(name: str, images: LoadParams, left_out_file: str | None = None) -> Iterator[fo.Dataset]:
    """The dataset of that name, made where images are named, and these are loaded first."""
    named = any((images.owned_images, images.pool_images, images.csv))
    with opened(name, create=named) as made:
        if named:
            load_into(made, images, left_out_file)
        yield made


def load_into(dataset: fo.Dataset, images: LoadParams, left_out_file: str | None = None) -> None:
    """Load images and say so; what was left out goes to a file where one is named."""
    from ...plugin.dataset import api

    if left_out_file:  # before the work, not after
        refuse_other_file(left_out_file)
    loaded = api.load_images(dataset, images.owned_images, images.pool_images, **images.how())
    say(loaded)
    if left_out_file:
        loaded.left_out.write(left_out_file)


def viewed(dataset: fo.Dataset, name: str | None) -> fo.Dataset | fo.DatasetView:
    """A saved view of the dataset; all of it where none is named."""
    from ...plugin.dataset.store.sets.resolve import resolve

    return dataset if name is None else resolve(dataset, f"view:{name}")
