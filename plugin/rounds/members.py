"""What each image of S and U is in a round, and what changed since an earlier one.

The one idea: two rounds are compared image by image, in one table of what an image was and is now,
so that every count of a round adds up to the counts of the round before.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..coverage.criterion import CANNOT_SAY, COVERED, GAP
from ..errors import ArtifactError, DimensionError

ABSENT, OWNED = -2, 2
"""In place of a verdict: not in the round; in S."""
NO_CARD = -1
_BYTES = 12
_STATES = (ABSENT, CANNOT_SAY, COVERED, GAP, OWNED)

Ids = NDArray[np.bytes_]
Ints = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Members:
    """The images of a round, sorted by id.

    Attributes
    ----------
    ids : S24 (n,)
        Sample ids.
    state : int8 (n,)
        A code of :data:`~..coverage.criterion.NAMES` for an image of U, ``OWNED`` for one of S.
    since : int32 (n,)
        The round in which it came.
    card : int32 (n,)
        The card that it is, or was, a gap of; ``NO_CARD`` for none.
    """

    ids: Ids
    state: NDArray[np.int8]
    since: Ints
    card: Ints

    @classmethod
    def of(
        cls, owned: Sequence[str], pool: Sequence[str], verdicts: ArrayLike, number: int
    ) -> Members:
        """The images of round ``number``, all of them new.

        Examples
        --------
        >>> found = Members.of(["b" * 24], ["c" * 24, "a" * 24], [1, 0], 1)
        >>> found.state.tolist(), found.since.tolist(), found.card.tolist()
        ([0, 2, 1], [1, 1, 1], [-1, -1, -1])
        """
        codes = np.asarray(verdicts, np.int8)
        if len(codes) != len(pool):
            raise DimensionError(f"{len(pool)} images of U and {len(codes)} verdicts.")
        ids = np.array([*owned, *pool], f"S{2 * _BYTES}")
        state = np.concatenate([np.full(len(owned), OWNED, np.int8), codes])
        order, count = np.argsort(ids, kind="stable"), len(ids)
        since, card = np.full(count, number, np.int32), np.full(count, NO_CARD, np.int32)
        return cls(ids[order], state[order], since, card)

    def after(self, before: Members) -> Members:
        """With the round in which each came, and its card, as an earlier round knows them."""
        rows = before.rows_of(self.ids)
        there = rows >= 0
        since, card = self.since.copy(), self.card.copy()
        since[there], card[there] = before.since[rows[there]], before.card[rows[there]]
        return replace(self, since=since, card=card)

    def rows_of(self, ids: Ids) -> NDArray[np.int64]:
        """The row of each id, int64; -1 where it is not a member."""
        if not len(self.ids):
            return np.full(len(ids), -1)
        rows = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        return np.where(self.ids[rows] == ids, rows, -1)

    def packed(self) -> str:
        """As text, about two characters an image: :meth:`unpacked` reads it.

        Bytes of one kind stand together, which zlib makes little of.

        Examples
        --------
        >>> found = Members.of(["b" * 24], ["a" * 24], [1], 3)
        >>> Members.unpacked(found.packed()).since.tolist()
        [3, 3]
        """
        parts = [
            np.frombuffer(bytes.fromhex(self.ids.tobytes().decode()), np.uint8).reshape(-1, _BYTES),
            self.state.view(np.uint8).reshape(-1, 1),
            self.since.astype("<i4").view(np.uint8).reshape(-1, 4),
            self.card.astype("<i4").view(np.uint8).reshape(-1, 4),
        ]
        columns = np.ascontiguousarray(np.concatenate(parts, axis=1).T)
        return base64.b64encode(zlib.compress(columns.tobytes())).decode()

    @classmethod
    def unpacked(cls, text: str) -> Members:
        """The members that :meth:`packed` wrote.

        Raises
        ------
        ArtifactError
            The text is not what was written.
        """
        try:
            columns = np.frombuffer(zlib.decompress(base64.b64decode(text)), np.uint8)
            rows = np.ascontiguousarray(columns.reshape(_BYTES + 9, -1).T)
        except (ValueError, zlib.error) as error:
            raise ArtifactError(f"The images of a round cannot be read ({error}).") from error
        ids, state, since, card = np.split(rows, [_BYTES, _BYTES + 1, _BYTES + 5], axis=1)
        return cls(
            np.frombuffer(ids.tobytes().hex().encode(), f"S{2 * _BYTES}"),
            np.ascontiguousarray(state).view(np.int8).reshape(-1),
            np.ascontiguousarray(since).view("<i4").reshape(-1),
            np.ascontiguousarray(card).view("<i4").reshape(-1),
        )


@dataclass(frozen=True)
class Changes:
    """What happened to images between two rounds.

    Attributes
    ----------
    owned_added, owned_new, owned_removed
        Images that joined S, those of them that were in neither set before, and images that left S.
    pool_added, pool_removed
        Images of U that were in neither set before; images of U that are in neither now.
    covered, owned, unsaid, gone, still
        What the gaps of the earlier round are now: covered, in S, without a verdict, in neither
        set, still gaps.  They add up to its gaps.
    opened_new, opened_known
        Gaps that were none in the earlier round: new images, and images that were known.
    """

    owned_added: int
    owned_new: int
    owned_removed: int
    pool_added: int
    pool_removed: int
    covered: int
    owned: int
    unsaid: int
    gone: int
    still: int
    opened_new: int
    opened_known: int

    @property
    def closed(self) -> int:
        """Gaps of the earlier round that are covered or in S now."""
        return self.covered + self.owned

    @property
    def opened(self) -> int:
        """Gaps that were none in the earlier round."""
        return self.opened_new + self.opened_known


def changes(before: Members, now: Members) -> Changes:
    """What happened to images between two rounds of one encoder.

    Examples
    --------
    >>> a, b, c, d = ("abcd"[row] * 24 for row in range(4))
    >>> one = Members.of([a], [b, c], [1, 1], 1)
    >>> found = changes(one, Members.of([a, b], [c, d], [0, 1], 2))
    >>> found.owned_added, found.owned_new, found.closed, found.still, found.opened_new
    (1, 0, 2, 0, 1)
    """
    ids = np.union1d(before.ids, now.ids)
    was, is_now = _states_of(before, ids), _states_of(now, ids)
    table = np.zeros((len(_STATES), len(_STATES)), np.int64)
    np.add.at(table, (was + 2, is_now + 2), 1)
    absent, unsaid, covered, gap, owned = range(len(_STATES))
    pool = slice(unsaid, owned)
    return Changes(
        owned_added=int(table[:owned, owned].sum()),
        owned_new=int(table[absent, owned]),
        owned_removed=int(table[owned, :owned].sum()),
        pool_added=int(table[absent, pool].sum()),
        pool_removed=int(table[pool, absent].sum()),
        covered=int(table[gap, covered]),
        owned=int(table[gap, owned]),
        unsaid=int(table[gap, unsaid]),
        gone=int(table[gap, absent]),
        still=int(table[gap, gap]),
        opened_new=int(table[absent, gap]),
        opened_known=int(table[[unsaid, covered, owned], gap].sum()),
    )


def _states_of(members: Members, ids: Ids) -> NDArray[np.int64]:
    """The state of each id; ABSENT where it is no member."""
    state = np.append(members.state, ABSENT)  # row -1 is the last
    return state[members.rows_of(ids)].astype(np.int64)
