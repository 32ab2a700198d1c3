"""Ids of samples: 24 digits, as FiftyOne writes them, or packed in 12 bytes each, uint8 (n, 12)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

ID = 12
"""Bytes of a packed id."""
Ids = NDArray[np.uint8]


def pack_ids(digits: Sequence[str] | NDArray[np.bytes_]) -> Ids:
    """Ids of digits, also S24 (n,), packed.

    >>> pack_ids(["00000000000000000000000a"])[0, -1].item()
    10
    """
    if isinstance(digits, np.ndarray) and digits.dtype.kind == "S":
        whole = digits.tobytes().decode()
    else:
        whole = "".join(digits)
    return np.frombuffer(bytes.fromhex(whole), np.uint8).reshape(-1, ID)


def id_column(ids: Ids) -> NDArray[np.bytes_]:
    """Packed ids as digits, S24 (n,)."""
    return np.frombuffer(ids.tobytes().hex().encode(), f"S{2 * ID}")


def id_words(ids: Ids) -> list[str]:
    """Packed ids as FiftyOne takes them."""
    packed = ids.tobytes()
    return [packed[at : at + ID].hex() for at in range(0, len(packed), ID)]


def id_keys(ids: Ids) -> set[bytes]:
    """Packed ids as a set."""
    packed = ids.tobytes()
    return {packed[at : at + ID] for at in range(0, len(packed), ID)}


def places(known: Ids, wanted: Ids) -> NDArray[np.int64]:
    """The last row in ``known`` of each of ``wanted``, int64; -1 where there is none.

    >>> ids = np.frombuffer(b"sample-00001sample-00002sample-00001", np.uint8).reshape(-1, 12)
    >>> places(ids, ids[:2]).tolist(), places(ids[:1], ids).tolist()
    ([2, 1], [0, -1, 0])
    """
    if not len(known):
        return np.full(len(wanted), -1)
    keys, asked = _keys(known), _keys(wanted)
    order = np.argsort(keys, kind="stable")
    last = np.searchsorted(keys, asked, side="right", sorter=order) - 1
    at = order[np.maximum(last, 0)]
    return np.where((last >= 0) & (keys[at] == asked), at, -1)


def _keys(ids: Ids) -> NDArray[np.bytes_]:
    return np.ascontiguousarray(ids).view(f"S{ID}").reshape(-1)
