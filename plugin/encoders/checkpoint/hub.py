"""Model ids and folders to a folder on this disk; of InternVL, only the vision tower travels.

A folder appears under its final name only when it is complete.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import CheckpointError, InputError
from ...interchange.files import temporary
from ...interchange.files.file_names import as_on_disk
from ...interchange.files.listed_paths import without_scheme
from ...progress import Progress, silent
from .claims import CONFIG_FILE, read_json
from .offline import is_offline
from .repository import CACHE_VARIABLE, COMMIT, Repository, disk_errors, endpoint, hub_errors
from .tower import CONFIG_LIMIT, fetch_tower

MODEL_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*(@[\w./-]+)?")


@dataclass(frozen=True)
class Source:
    """A checkpoint on this disk and where it came from."""

    folder: Path
    name: str
    revision: str | None


def vision_tower(path: str | os.PathLike[str], *, progress: Progress = silent) -> Source:
    """Find a checkpoint's folder, fetching the vision tower where ``path`` is a model id.

    An id is ``owner/model`` or ``owner/model@revision``; a folder of that name wins.  ``progress``
    is called with bytes fetched and bytes in all.

    Raises
    ------
    InputError
        Neither a folder nor an id.
    CheckpointError
        The hub has no such model, cannot be reached, or sent something else than it announced.
    """
    local = _local(path)
    if local is not None:
        return local
    repository = Repository(os.fspath(path))
    target = repository.folder("tower")
    if not target.is_dir():
        with _complete_or_absent(target) as folder:
            fetch_tower(repository, folder, progress)
    return Source(target, repository.id, repository.revision)


def snapshot(path: str | os.PathLike[str]) -> Source:
    """Find a checkpoint's folder, fetching its JSON and safetensors files where it is an id.

    Raises
    ------
    InputError, CheckpointError
        As :func:`vision_tower`.
    """
    from huggingface_hub import constants, hf_hub_download, snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    local = _local(path)
    if local is not None:
        return local
    repository = Repository(os.fspath(path))
    name, commit = repository.id, repository.revision
    folder = None
    if is_offline():
        try:
            kept = snapshot_download(name, revision=commit, local_files_only=True)
            return Source(Path(kept), name, commit)
        except LocalEntryNotFoundError:
            repository.files()  # says that nothing is fetched
    with disk_errors(constants.HF_HUB_CACHE, "HF_HOME"), hub_errors(name):
        for file in repository.files():
            if file.endswith((".json", ".safetensors")) and "/" not in file:
                folder = hf_hub_download(name, file, revision=commit, endpoint=endpoint())
    if folder is None:
        raise CheckpointError(f"{name} has no .json or .safetensors file")
    return Source(Path(folder).parent, name, commit)


def read_config(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Parse a checkpoint's ``config.json``, on this disk or on the hub, without its weights."""
    local = _local(path)
    if local is not None:
        config = read_json(local.folder / CONFIG_FILE)
    else:
        repository = Repository(os.fspath(path))
        cached = repository.folder("tower") / CONFIG_FILE
        config = (
            read_json(cached)
            if cached.is_file()
            else repository.json(CONFIG_FILE, limit=CONFIG_LIMIT)
        )
    if not isinstance(config, dict):
        raise CheckpointError(f"the {CONFIG_FILE} of {os.fspath(path)} is not a JSON object")
    return config


def _local(path: str | os.PathLike[str]) -> Source | None:
    text = os.path.expanduser(without_scheme(os.fspath(path)))
    folder = Path(as_on_disk("", text))
    if folder.is_dir():
        folder = folder.absolute()
        # A folder of the hub's own cache is named by its commit; the model's name is above it.
        if folder.parent.name == "snapshots" and COMMIT.fullmatch(folder.name):
            name = folder.parent.parent.name.removeprefix("models--").replace("--", "/")
            return Source(folder, name, folder.name)
        return Source(folder, folder.name, None)
    if isinstance(path, str) and MODEL_ID.fullmatch(path):
        return None
    raise InputError(
        f"{os.fspath(path)!r} is neither a folder nor a model id such as OpenGVLab/InternVL2-8B"
    )


@contextlib.contextmanager
def _complete_or_absent(target: Path) -> Iterator[Path]:
    """A folder to fill, moved to ``target`` at the end and removed if anything goes wrong."""
    with disk_errors(target.parent, CACHE_VARIABLE):
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary.sweep(target.parent)
        start = temporary.prefix(".partial-")
        work = Path(tempfile.mkdtemp(prefix=start, dir=target.parent))
        try:
            yield work
            # Another process may have finished first; its copy is the same commit.
            if not target.is_dir():
                work.chmod(0o755)
                with contextlib.suppress(FileExistsError):
                    work.rename(target)
        finally:
            shutil.rmtree(work, ignore_errors=True)
