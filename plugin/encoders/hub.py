"""Model ids and folders to a folder on this disk; of InternVL, only the vision tower travels.

A safetensors file opens with a table of byte offsets, so the tower of a chat model is fetched
alone, with HTTP range requests.  The id is resolved to a commit, which the cache and the run's
record name.  What the server sends is treated as hostile: sizes are bounded, every range must
arrive whole, and a folder appears under its final name only when it is complete.
"""

from __future__ import annotations

import contextlib
import json
import logging
import math
import os
import re
import shutil
import tempfile
import time
import urllib.parse
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import CheckpointError, InputError
from ..interchange.files import temporary
from ..interchange.files.checked import write_text
from ..progress import Progress, silent
from .internvl_checkpoint import (
    CONFIG_FILE,
    INDEX_FILE,
    SINGLE_FILE,
    parse_index,
    read_json,
    tower_keys,
)

log = logging.getLogger(__name__)

MODEL_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*(@[\w./-]+)?")
COMMIT = re.compile(r"[0-9a-f]{40}")

CONFIG_LIMIT = INFO_LIMIT = 4 << 20
ERROR_LIMIT = 64 << 10
INDEX_LIMIT = 32 << 20
HEADER_LIMIT = 100 << 20  # what the safetensors format itself allows
BLOCK = 1 << 20
ATTEMPTS = 4
PAUSE = 1.0  # seconds before the second attempt, doubled each time
TIMEOUT = 60.0
CACHE_VARIABLE = "GAPSPHERE_CACHE"
BITS = {"F32": 32, "F16": 16, "BF16": 16}


_offline: ContextVar[bool] = ContextVar("offline", default=False)


@contextlib.contextmanager
def offline() -> Iterator[None]:
    """Ask no hub in this thread: only what is on this disk is found."""
    token = _offline.set(True)
    try:
        yield
    finally:
        _offline.reset(token)


def is_offline() -> bool:
    """Whether this thread may not fetch anything."""
    return _offline.get()


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
    repository = _Repository(os.fspath(path))
    target = repository.folder("tower")
    if not target.is_dir():
        with _complete_or_absent(target) as folder:
            _fetch_tower(repository, folder, progress)
    return Source(target, repository.name, repository.revision)


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
    repository = _Repository(os.fspath(path))
    folder = None
    if is_offline():
        try:
            name, commit = repository.id, repository.revision
            kept = snapshot_download(name, revision=commit, local_files_only=True)
            return Source(Path(kept), repository.name, commit)
        except LocalEntryNotFoundError:
            repository.files()  # says that nothing is fetched
    with _disk_errors(constants.HF_HUB_CACHE, "HF_HOME"), _hub_errors(repository.name):
        for file in repository.files():
            if file.endswith((".json", ".safetensors")) and "/" not in file:
                folder = hf_hub_download(
                    repository.id, file, revision=repository.revision, endpoint=_endpoint()
                )
    if folder is None:
        raise CheckpointError(f"{repository.name} has no .json or .safetensors file")
    return Source(Path(folder).parent, repository.name, repository.revision)


def read_config(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Parse a checkpoint's ``config.json``, on this disk or on the hub, without its weights."""
    local = _local(path)
    if local is not None:
        config = read_json(local.folder / CONFIG_FILE)
    else:
        repository = _Repository(os.fspath(path))
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
    folder = Path(path).expanduser()
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


def _endpoint() -> str:
    """Server to ask; read at every call, as the rest of the environment is."""
    from huggingface_hub import constants

    return (os.environ.get("HF_ENDPOINT") or constants.ENDPOINT).rstrip("/")


def _cache() -> Path:
    root = os.environ.get(CACHE_VARIABLE)
    if root:
        return Path(root).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gapsphere"


class _Repository:
    """One model repository at one commit."""

    def __init__(self, text: str) -> None:
        self.id, _, wanted = text.partition("@")
        self.name = self.id
        self._root = _cache() / ("models--" + self.id.replace("/", "--"))
        self.revision = wanted if COMMIT.fullmatch(wanted) else self._resolve(wanted or "main")

    def folder(self, content: str) -> Path:
        return self._root / content / self.revision

    def _resolve(self, wanted: str) -> str:
        """Commit that a branch or tag names now; the last known one where the hub is away."""
        note = self._root / "refs" / urllib.parse.quote(wanted, safe="")
        if is_offline() and note.is_file():
            return note.read_text(encoding="ascii").strip()
        try:
            commit = self._about(wanted).get("sha")
        except _UnreachableError:
            if not note.is_file():
                raise
            commit = note.read_text(encoding="ascii").strip()
            log.warning(
                "the hub cannot be reached; using %s at commit %s, seen before", self.id, commit
            )
        if not isinstance(commit, str) or not COMMIT.fullmatch(commit):
            raise CheckpointError(f"the hub gave {commit!r} as the commit of {self.id}")
        with _disk_errors(note.parent, CACHE_VARIABLE):
            note.parent.mkdir(parents=True, exist_ok=True)
        write_text(note, commit)
        return commit

    def files(self) -> list[str]:
        """Names of the files at this commit."""
        listed = self._about(self.revision).get("siblings")
        names = [each.get("rfilename") for each in listed or () if isinstance(each, dict)]
        return [name for name in names if isinstance(name, str)]

    def _about(self, revision: str) -> dict[str, Any]:
        """What the hub says of a branch, tag or commit."""
        place = urllib.parse.quote(revision, safe="")
        url = f"{_endpoint()}/api/models/{self.id}/revision/{place}"
        told = self._parsed(url, f"the description of {self.id}", INFO_LIMIT)
        if not isinstance(told, dict):
            raise CheckpointError(f"the hub's description of {self.id} is not a JSON object")
        return told

    def _refuse_offline(self) -> None:
        if is_offline():
            raise CheckpointError(
                f"{self.id} is not on this machine, and the App fetches nothing: embed one image "
                "with it from Python or `gapsphere embed`, or give the path of a folder"
            )

    def has(self, file: str) -> bool:
        from huggingface_hub import HfApi

        self._refuse_offline()

        with _hub_errors(self.id):
            return HfApi(endpoint=_endpoint()).file_exists(self.id, file, revision=self.revision)

    def _url(self, file: str) -> str:
        from huggingface_hub import hf_hub_url

        return hf_hub_url(self.id, file, revision=self.revision, endpoint=_endpoint())

    def json(self, file: str, *, limit: int) -> Any:
        """A small JSON file, refused beyond ``limit`` bytes."""
        return self._parsed(self._url(file), f"{file} of {self.id}", limit)

    def _parsed(self, url: str, what: str, limit: int) -> Any:
        body = bytearray()
        for block in self._stream(url, what, None):
            body += block
            if len(body) > limit:
                raise CheckpointError(f"{what} is larger than {limit >> 20} MB")
        try:
            return json.loads(bytes(body))
        except (ValueError, RecursionError) as error:
            raise CheckpointError(f"{what} is not valid JSON: {error}") from error

    def range(self, file: str, start: int, stop: int) -> Iterator[bytes]:
        """Bytes ``start`` to ``stop`` (excluded) of a file, all of them or an error."""
        for attempt in range(ATTEMPTS):
            time.sleep(PAUSE * (2**attempt - 1))
            try:
                what = f"{file} of {self.id}"
                for block in self._stream(self._url(file), what, (start, stop)):
                    start += len(block)
                    if start > stop:
                        raise CheckpointError(f"the hub sent more of {file} than was asked for")
                    yield block
            except _UnreachableError:
                if attempt == ATTEMPTS - 1:
                    raise
            if start == stop:
                return
            log.warning(
                "%s of %s: the connection ended %d bytes early", file, self.id, stop - start
            )
        raise CheckpointError(
            f"the hub stopped {stop - start} bytes short while sending {file} of {self.id}; "
            "nothing was kept, try again"
        )

    def _stream(self, url: str, what: str, span: tuple[int, int] | None) -> Iterator[bytes]:
        from huggingface_hub.utils import build_hf_headers, get_session, hf_raise_for_status

        self._refuse_offline()
        # Encoded bodies would make offsets and limits meaningless.
        headers = {**build_hf_headers(), "Accept-Encoding": "identity"}
        if span is not None:
            headers["Range"] = f"bytes={span[0]}-{span[1] - 1}"
        with (
            _hub_errors(self.id),
            get_session().stream("GET", url, headers=headers, timeout=TIMEOUT) as reply,
        ):
            if reply.headers.get("content-encoding", "identity") != "identity":
                raise CheckpointError(
                    f"the hub packed {what}, although it was asked not to: nothing was read"
                )
            if reply.status_code >= 400:
                said = b"".join(_first(reply.iter_raw(BLOCK), ERROR_LIMIT))
                hf_raise_for_status(
                    type(reply)(
                        reply.status_code,
                        headers=reply.headers,
                        content=said,
                        request=reply.request,
                    )
                )
            if span is not None:
                announced = reply.headers.get("content-range", "")
                if reply.status_code != 206 or not announced.startswith(
                    f"bytes {span[0]}-{span[1] - 1}/"
                ):
                    raise CheckpointError(
                        f"the hub answered a request for part of {what} with status "
                        f"{reply.status_code} and range {announced!r}"
                    )
            yield from reply.iter_raw(BLOCK)


def _first(blocks: Iterator[bytes], limit: int) -> Iterator[bytes]:
    """Blocks up to about that many bytes."""
    for block in blocks:
        yield block
        limit -= len(block)
        if limit <= 0:
            return


class _UnreachableError(CheckpointError):
    """The connection failed, as opposed to a server that said no."""


@contextlib.contextmanager
def _hub_errors(model: str) -> Iterator[None]:
    """Turn the hub client's exceptions into our sentence."""
    from huggingface_hub import errors

    try:
        yield
    except errors.GatedRepoError as error:
        raise CheckpointError(
            f"{model} is gated: accept its terms on the model page and log in (hf auth login)"
        ) from error
    except (errors.RepositoryNotFoundError, errors.RevisionNotFoundError) as error:
        raise CheckpointError(
            f"{model} is not a folder here, and the hub has no such model or revision: check the "
            "spelling, or log in (hf auth login) if it is private"
        ) from error
    except errors.EntryNotFoundError as error:
        raise CheckpointError(
            f"{model} lacks a file that a checkpoint needs ({error}): name another revision"
        ) from error
    except errors.HfHubHTTPError as error:
        raise CheckpointError(
            f"the hub refused {model} ({error}): try again, or give model_path a local folder"
        ) from error
    except (errors.OfflineModeIsEnabled, errors.HTTPError, ConnectionError) as error:
        raise _UnreachableError(
            f"the hub cannot be reached for {model} ({error}); give model_path a local folder"
        ) from error


@contextlib.contextmanager
def _disk_errors(folder: str | os.PathLike[str], variable: str) -> Iterator[None]:
    """Turn a refusal of the disk, a full one above all, into our sentence."""
    try:
        yield
    except OSError as error:
        raise CheckpointError(
            f"the checkpoint cannot be written to {os.fspath(folder)} "
            f"({error.strerror or error}): make room there, or set {variable} to a folder on "
            "another disk"
        ) from error


@contextlib.contextmanager
def _complete_or_absent(target: Path) -> Iterator[Path]:
    """A folder to fill, moved to ``target`` at the end and removed if anything goes wrong."""
    with _disk_errors(target.parent, CACHE_VARIABLE):
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary.sweep(target.parent)
        start = temporary.prefix(".partial-")
        work = Path(tempfile.mkdtemp(prefix=start, dir=target.parent))
        try:
            yield work
            with contextlib.suppress(FileExistsError):
                # Another process may have finished first; its copy is the same commit.
                _move(work, target)
        finally:
            shutil.rmtree(work, ignore_errors=True)


def _move(work: Path, target: Path) -> None:
    if target.is_dir():
        raise FileExistsError(target)
    work.chmod(0o755)
    work.rename(target)


@dataclass(frozen=True)
class _Tensor:
    """Where one tensor of the tower lies on the hub."""

    name: str
    file: str
    start: int
    stop: int
    dtype: str
    shape: list[int]


def _fetch_tower(repository: _Repository, folder: Path, progress: Progress) -> None:
    """Write ``config.json`` and a ``model.safetensors`` that holds the tower alone."""
    config = repository.json(CONFIG_FILE, limit=CONFIG_LIMIT)
    (folder / CONFIG_FILE).write_text(json.dumps(config, indent=1), encoding="utf-8")
    if repository.has(INDEX_FILE):
        index = repository.json(INDEX_FILE, limit=INDEX_LIMIT)
        shards = parse_index(index, f"{INDEX_FILE} of {repository.id}")
        wanted = set(tower_keys(shards).values())
        files = sorted({shards[name] for name in wanted})
    else:
        wanted, files = None, [SINGLE_FILE]
    tensors: list[_Tensor] = []
    for file in files:
        found = _header(repository, file)
        kept = set(tower_keys(found).values())
        if wanted is not None:
            kept &= {name for name in wanted if shards[name] == file}
        tensors += sorted((found[name] for name in kept), key=lambda tensor: tensor.start)
    if wanted is not None and (lost := sorted(wanted - {tensor.name for tensor in tensors})):
        raise CheckpointError(
            f"{repository.id}: no shard holds {lost[0]}, which the index promises"
        )
    if not tensors:
        raise CheckpointError(
            f"{repository.id} has no vision tower in safetensors: name another model, or convert it"
        )
    _write(repository, tensors, folder / SINGLE_FILE, progress)


def _header(repository: _Repository, file: str) -> dict[str, _Tensor]:
    """Table of a remote safetensors file, every entry checked against its own shape."""
    where = f"{file} of {repository.id}"
    length = int.from_bytes(b"".join(repository.range(file, 0, 8)), "little")
    if not 2 <= length <= HEADER_LIMIT:
        raise CheckpointError(f"{where} announces a header of {length} bytes: no safetensors file")
    body = b"".join(repository.range(file, 8, 8 + length))
    try:
        table = json.loads(body)
        return {
            name: _entry(name, file, entry, 8 + length)
            for name, entry in table.items()
            if name != "__metadata__"
        }
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise CheckpointError(f"{where} has a broken header: {error}") from error


def _entry(name: str, file: str, entry: dict[str, Any], offset: int) -> _Tensor:
    start, stop = entry["data_offsets"]
    dtype, shape = entry["dtype"], entry["shape"]
    numbers = [start, stop, *shape]
    if any(type(number) is not int or not 0 <= number < 1 << 48 for number in numbers):
        raise ValueError(f"{name} has offsets or a shape that are not sizes")
    # Other number formats are the language model's business; the tower's are checked on loading.
    size = math.prod(shape) * BITS[dtype] // 8 if dtype in BITS else max(0, stop - start)
    if stop - start != size:
        raise ValueError(f"{name} takes {stop - start} bytes, which is not its shape {shape}")
    return _Tensor(name, file, offset + start, offset + stop, dtype, shape)


def _write(
    repository: _Repository, tensors: list[_Tensor], target: Path, progress: Progress
) -> None:
    table: dict[str, Any] = {
        "__metadata__": {"repository": repository.id, "commit": repository.revision}
    }
    total = 0
    for tensor in tensors:
        size = tensor.stop - tensor.start
        table[tensor.name] = {
            "dtype": tensor.dtype,
            "shape": tensor.shape,
            "data_offsets": [total, total + size],
        }
        total += size
    if total > shutil.disk_usage(target.parent).free:
        raise CheckpointError(
            f"the vision tower of {repository.id} takes {total / 1e9:.1f} GB; {target.parent} "
            "has less room: free some, or set GAPSPHERE_CACHE to another disk"
        )
    log.info("fetching the vision tower of %s, %.2f GB", repository.id, total / 1e9)
    header = json.dumps(table).encode()
    header += b" " * (-len(header) % 8)
    done = 0
    with target.open("wb") as out:
        out.write(len(header).to_bytes(8, "little") + header)
        for file, start, stop in _spans(tensors):
            for block in repository.range(file, start, stop):
                out.write(block)
                done += len(block)
                progress(done, total)


def _spans(tensors: list[_Tensor]) -> list[tuple[str, int, int]]:
    """Join tensors that touch, so that one request fetches them."""
    spans: list[tuple[str, int, int]] = []
    for tensor in tensors:
        if spans and spans[-1][0] == tensor.file and spans[-1][2] == tensor.start:
            spans[-1] = (tensor.file, spans[-1][1], tensor.stop)
        elif tensor.stop > tensor.start:
            spans.append((tensor.file, tensor.start, tensor.stop))
    return spans
