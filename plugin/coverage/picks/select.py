"""Which candidates to label: one policy, seeded by S, under constraints.

The one idea: a policy is a greedy that says who is best next, a constraint only ever says whether
that one may be picked, so each policy goes with each constraint.  What the picks buy is another
question, and costs more than picking: :func:`.curve.curve`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...errors import DimensionError, InputError, NotFiniteError
from ...progress import Progress, silent
from ..nearest.distances import closest
from ..nearest.rows import Rows, checked_rows, same_dimension
from .constraints import ConstraintGate, Constraints, Refusal
from .herding import max_herding
from .kcenter import checked_count, checked_distances
from .lazy_cover import LazyCover

Policy = Literal["kcenter", "novelty", "herding"]


@dataclass(frozen=True, eq=False)
class Picks:
    """What was picked, and what could not be.

    Attributes
    ----------
    indices : int64 (p,)
        Rows of U in the order of picking; fewer than asked for where the constraints leave fewer.
    look_at : int64 (q,)
        Rows that would have been picked but have no company in U, in that order: outliers and
        broken images.
    refused : dict of str to int
        How many rows each constraint kept from being picked; a row counts for the first that did.
    """

    indices: NDArray[np.int64]
    look_at: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    refused: dict[Refusal, int] = field(default_factory=dict)


def select(
    S: Rows | None,
    U: Rows,
    k: int,
    d0: ArrayLike | None = None,
    *,
    policy: Policy = "kcenter",
    weight: ArrayLike | None = None,
    exponent: float = 2.0,
    gamma: float = 1.0,
    constraints: Constraints | None = None,
    progress: Progress = silent,
) -> Picks:
    """Pick up to ``k`` candidates of U by a policy, S being owned.

    Parameters
    ----------
    S : float32 (m, d) or None
        Owned unit rows.
    U : float32 (n, d)
        Candidate unit rows.
    d0 : (n,) of any float dtype, optional
        Euclidean distance of each candidate to S, where it is known; S is then not read.
    policy : {"kcenter", "novelty", "herding"}
        ``kcenter``: the farthest from S and the picks (:func:`.kcenter.k_center_greedy`).
        ``novelty``: the highest ``weight ** exponent`` times that distance.  ``herding``: what
        brings all of U nearest (:func:`.herding.max_herding`).
    weight : (n,) of numbers above 0, optional
        For ``novelty``, such as the residual outside what S spans; by default the Euclidean
        distance to S.  A candidate of weight 0 comes after all others.
    exponent, gamma : float
        Of ``novelty`` and of ``herding``; ``exponent`` is at least 0.
    constraints : Constraints, optional
        What the picks must keep to.

    Returns
    -------
    Picks
        Exact; ties go to the lowest index.

    Raises
    ------
    InputError, EmptySetError, DimensionError, NotFiniteError
        As :func:`.kcenter.k_center_greedy`, or a setting cannot be used.

    Examples
    --------
    >>> U = np.eye(4, dtype=np.float32)
    >>> rules = Constraints(drives=["a", "a", "b", "b"], max_per_group=1)
    >>> picks = select(U[:1], U, 3, constraints=rules)
    >>> picks.indices.tolist()
    [1, 2]
    """
    U = checked_rows("U", U)
    k = checked_count(k, len(U))
    if policy not in get_args(Policy):
        raise InputError(f"Unknown policy {policy!r}; choose one of {', '.join(get_args(Policy))}.")
    distances = None
    if d0 is not None:
        distances = checked_distances(d0, len(U))
    elif S is not None:
        S = checked_rows("S", S)
        same_dimension("S", S, "U", U)
        distances = np.sqrt(closest(U, S)[0])
    gate = None if constraints is None else ConstraintGate(constraints, U, k)
    if policy == "herding":
        found = max_herding(None, U, k, distances, gamma=gamma, gate=gate, progress=progress)
        indices = found.indices
    else:
        weights = _weights(weight, exponent, distances, len(U)) if policy == "novelty" else None
        cover = LazyCover(U, k, distances=distances, weights=weights, gate=gate)
        while cover.picked < k and (cover.is_open() or (gate is not None and gate.reopen())):
            cover.pick_until(k)
            progress(cover.picked, k)
        indices = cover.indices[: cover.picked]
    if gate is None:
        return Picks(indices)
    return Picks(indices, np.array(gate.look_at, np.int64), gate.refused())


def _weights(
    weight: ArrayLike | None,
    exponent: float,
    distances: NDArray[np.float64] | None,
    count: int,
) -> NDArray[np.float32] | None:
    """What squared distances are multiplied with: above 0, at most 1."""
    if not 0 <= exponent < np.inf:
        raise InputError(f"exponent is {exponent}; give a number that is not negative.")
    if weight is None and distances is None:
        raise InputError("novelty weighs by the distance to S; give S, d0 or a weight.")
    values = np.asarray(distances if weight is None else weight, np.float64)
    if values.shape != (count,):
        raise DimensionError(f"weight has shape {values.shape}; give one a row of U, ({count},).")
    if not np.isfinite(values).all():
        raise NotFiniteError("weight holds NaN or infinity; compute it again.")
    if values.min() < 0:
        raise InputError(f"weight is {values.min():.4g} somewhere; weights are not negative.")
    if values.max() == 0:
        return None
    scaled = (values / values.max()) ** (2 * exponent)
    return np.maximum(scaled, 1e-30).astype(np.float32)
