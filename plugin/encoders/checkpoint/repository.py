"""One model repository on a hub, at one commit: its files, whole or in part.

The id is resolved to a commit, which the cache and the run's record name.  What the server sends is
treated as hostile: sizes are bounded, and every range must arrive whole.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...errors import CheckpointError
from ...interchange.files.checked import write_text
from .offline import is_offline

log = logging.getLogger(__name__)

COMMIT = re.compile(r"[0-9a-f]{40}")

INFO_LIMIT = 4 << 20
ERROR_LIMIT = 64 << 10
BLOCK = 1 << 20
ATTEMPTS = 4
PAUSE = 1.0  # seconds before the second attempt, doubled each time
TIMEOUT = 60.0
CACHE_VARIABLE = "GAPSPHERE_CACHE"


def endpoint() -> str:
    """Server to ask; read at every call, as the rest of the environment is."""
    from huggingface_hub import constants

    return (os.environ.get("HF_ENDPOINT") or constants.ENDPOINT).rstrip("/")


def _cache() -> Path:
    root = os.environ.get(CACHE_VARIABLE)
    if root:
        return Path(root).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gapsphere"


class Repository:
    """One model repository at one commit."""

    def __init__(self, text: str) -> None:
        self.id, _, wanted = text.partition("@")
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
        except UnreachableError:
            if not note.is_file():
                raise
            commit = note.read_text(encoding="ascii").strip()
            log.warning(
                "the hub cannot be reached; using %s at commit %s, seen before", self.id, commit
            )
        if not isinstance(commit, str) or not COMMIT.fullmatch(commit):
            raise CheckpointError(f"the hub gave {commit!r} as the commit of {self.id}")
        with disk_errors(note.parent, CACHE_VARIABLE):
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
        url = f"{endpoint()}/api/models/{self.id}/revision/{place}"
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
        with hub_errors(self.id):
            return HfApi(endpoint=endpoint()).file_exists(self.id, file, revision=self.revision)

    def _url(self, file: str) -> str:
        from huggingface_hub import hf_hub_url

        return hf_hub_url(self.id, file, revision=self.revision, endpoint=endpoint())

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
            except UnreachableError:
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
            hub_errors(self.id),
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


class UnreachableError(CheckpointError):
    """The connection failed, as opposed to a server that said no."""


@contextlib.contextmanager
def hub_errors(model: str) -> Iterator[None]:
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
        raise UnreachableError(
            f"the hub cannot be reached for {model} ({error}); give model_path a local folder"
        ) from error


@contextlib.contextmanager
def disk_errors(folder: str | os.PathLike[str], variable: str) -> Iterator[None]:
    """Turn a refusal of the disk, a full one above all, into our sentence."""
    try:
        yield
    except OSError as error:
        raise CheckpointError(
            f"the checkpoint cannot be written to {os.fspath(folder)} "
            f"({error.strerror or error}): make room there, or set {variable} to a folder on "
            "another disk"
        ) from error
