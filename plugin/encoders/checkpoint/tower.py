"""The vision tower of a chat model, fetched alone.

A safetensors file opens with a table of byte offsets, so the tower is fetched with HTTP range
requests and written as a file of its own.
"""

from __future__ import annotations

import json
import logging
import math
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import CheckpointError
from ...progress import Progress
from .claims import CONFIG_FILE
from .internvl_checkpoint import INDEX_FILE, SINGLE_FILE, parse_index, tower_keys
from .repository import Repository

log = logging.getLogger(__name__)

CONFIG_LIMIT = 4 << 20
INDEX_LIMIT = 32 << 20
HEADER_LIMIT = 100 << 20  # what the safetensors format itself allows
BITS = {"F32": 32, "F16": 16, "BF16": 16}


@dataclass(frozen=True)
class _Tensor:
    """Where one tensor of the tower lies on the hub."""

    name: str
    file: str
    start: int
    stop: int
    dtype: str
    shape: list[int]


def fetch_tower(repository: Repository, folder: Path, progress: Progress) -> None:
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


def _header(repository: Repository, file: str) -> dict[str, _Tensor]:
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
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
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
    repository: Repository, tensors: list[_Tensor], target: Path, progress: Progress
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
