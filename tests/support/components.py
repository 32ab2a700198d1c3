"""What chains of near rows join, by a walk over all pairs in float64: the oracle of groups."""

import numpy as np


def walked(rows, mine, squared):
    """Sets of the rows ``mine`` that a walk from row to near row reaches."""
    wide = rows.astype(np.float64)
    left, found = set(np.flatnonzero(mine).tolist()), set()
    while left:
        reached, ahead = set(), [min(left)]
        while ahead:
            at = ahead.pop()
            if at not in reached:
                reached.add(at)
                near = ((wide - wide[at]) ** 2).sum(axis=1) <= squared
                ahead += [i for i in np.flatnonzero(near).tolist() if i in left - reached]
        left -= reached
        found.add(frozenset(reached))
    return found
