"""Pixels by importance: a mixture density, drawn as a whole, with revisits and a least distance.

The density is ``importance_ratio`` of the map, ``extra_ratio`` of a third strategy and the rest
even.  Error diffusion draws the mixture in one go, so that its points keep their distance;
``multinomial`` draws the parts one after the other as the seed does.  Revisits move some points
onto remembered pixels close by, to show which part of the memory still holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ...errors import InputError
from ...settings.sparse import SAMPLING, Extra, Method
from ..frames.coords import Pixels, Resolution
from ..frames.nearest import nearest_samples
from ..network.importance import gradient_of
from .halftone import adjust, diffuse, farthest, weighted_draw
from .sampler import Draw, Request, usable_importance
from .uniform import uniform_pixels

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class AdaptiveSampler:
    """Draws by importance; evenly, by blue noise, while there is none.

    The settings are those of :class:`~...settings.sparse.SparseParams`.  ``collision_threshold`` is
    a share of the frame's side, sqrt(H W), and yields to the count; the ``extra`` strategy ``edge``
    follows the gradient of the last reconstruction, ``random`` draws independently of all others.
    """

    importance_ratio: float = SAMPLING.importance_ratio
    method: Method = SAMPLING.method
    collision_threshold: float = SAMPLING.collision_threshold
    extra: Extra = SAMPLING.extra
    extra_ratio: float = SAMPLING.extra_ratio
    revisit_ratio: float = SAMPLING.revisit_ratio

    def __post_init__(self) -> None:
        ratios = (self.importance_ratio, self.extra_ratio, self.revisit_ratio)
        if min(ratios) < 0 or max(ratios) > 1 or self.importance_ratio + self.extra_ratio > 1:
            raise InputError(
                "Sampling ratios go from 0 to 1, and importance and extra together to 1 at most: "
                f"importance {self.importance_ratio}, extra {self.extra_ratio}, "
                f"revisit {self.revisit_ratio}."
            )
        if not 0 <= self.collision_threshold < 1:
            raise InputError(
                f"collision_threshold is a share of the frame's side from 0 to below 1, not "
                f"{self.collision_threshold}."
            )

    adaptive: ClassVar[bool] = True

    def draw(self, request: Request, random: np.random.Generator) -> Draw:
        importance = usable_importance(request.importance)
        if importance is None:
            pixels = uniform_pixels("blue", request.count, request.resolution, random)
            return Draw(self._revisit(pixels, request, random), {"uniform": request.count})
        parts = self._parts(importance, request)
        shares = self._shares(request.count, "extra" in parts)
        mixture = sum(
            (parts[name] * (number / request.count) for name, number in shares.items()),
            np.zeros(request.resolution),
        )
        if self.method == "multinomial":
            pixels = _one_after_the_other(parts, shares, random)
        elif self.method == "farthest":
            pixels = farthest(mixture, request.count, random)
        else:
            pixels = diffuse(mixture, request.count, random)
        pixels = self._revisit(pixels, request, random)
        height, width = request.resolution
        least = self.collision_threshold * float(np.sqrt(height * width))
        return Draw(apart(pixels, mixture, least, random), shares)

    def _parts(self, importance: Floats, request: Request) -> dict[str, Floats]:
        even = np.full(request.resolution, 1 / importance.size)
        parts = {"importance": importance, "uniform": even}
        if self.extra == "random":
            parts["extra"] = even
        elif self.extra == "edge" and request.frame is not None:
            edge = usable_importance(gradient_of(request.frame))
            parts["extra"] = even if edge is None else edge
        return parts

    def _shares(self, count: int, extra: bool) -> dict[str, int]:
        by_importance = int(count * self.importance_ratio + 1e-9)
        by_extra = int(count * self.extra_ratio + 1e-9) if extra else 0
        shares = {"importance": by_importance, "uniform": count - by_importance - by_extra}
        return {**shares, "extra": by_extra} if extra else shares

    def _revisit(self, pixels: Pixels, request: Request, random: np.random.Generator) -> Pixels:
        """Move a share of the points onto remembered pixels at most half a spacing away."""
        remembered = request.remembered
        wanted = round(self.revisit_ratio * request.count)
        if remembered is None or not len(remembered) or not wanted:
            return pixels
        height, width = request.resolution
        already = np.isin(pixels, remembered)
        movable = random.permutation(np.flatnonzero(~already))
        movable = movable[: max(0, wanted - int(already.sum()))]
        y, x = np.divmod(pixels[movable], width)
        near = nearest_samples(
            remembered, request.resolution, 1, queries=np.stack([2 * x, 2 * y], axis=-1)
        ).ravel()
        target = remembered[near]
        far = np.hypot(target // width - y, target % width - x)
        reach = max(1.0, 0.5 * np.sqrt(height * width / request.count))
        moved = pixels.copy()
        taken = set(pixels.tolist())
        for point, goal in zip(movable[far <= reach], target[far <= reach], strict=True):
            if int(goal) not in taken:
                taken.discard(int(moved[point]))
                taken.add(int(goal))
                moved[point] = goal
        return np.sort(moved)


def _one_after_the_other(
    parts: dict[str, Floats], shares: dict[str, int], random: np.random.Generator
) -> Pixels:
    """Each part's share drawn independently from the pixels that the parts before it left."""
    free = np.ones(next(iter(parts.values())).size, bool)
    found: list[Pixels] = []
    for name, share in shares.items():
        drawn = weighted_draw(np.where(free, parts[name].ravel(), 0), share, random)
        free[drawn] = False
        found.append(drawn)
    even = np.ones(parts["uniform"].shape)
    return adjust(np.concatenate(found), sum(shares.values()), even, random)


def apart(pixels: Pixels, density: Floats, least: float, random: np.random.Generator) -> Pixels:
    """Replace points closer than ``least`` pixels to another one, as far as there is room.

    Points are dropped until no pair is too close, then as many are drawn by density from the
    pixels far enough from all; where none is left, from all that are free.  More than
    :func:`widest` is asked of none: pairs to look at would be as many as points squared.

    Examples
    --------
    >>> even = np.ones((1, 9))
    >>> kept = apart(np.array([0, 1, 8]), even, 2.0, np.random.default_rng(0))
    >>> len(kept), bool(np.diff(kept).min() >= 2)
    (3, True)
    """
    if least <= 1 or len(pixels) < 2:
        return pixels
    resolution = (int(density.shape[0]), int(density.shape[1]))
    least = min(least, widest(len(pixels), resolution))
    kept = _drop_close(pixels, resolution[1], least, random)
    for _ in range(4):
        if len(kept) == len(pixels):
            break
        room = np.where(_room(kept, resolution, least), density, 0).ravel()
        extra = weighted_draw(room, len(pixels) - len(kept), random)
        if not len(extra):
            break
        kept = _drop_close(np.concatenate([kept, extra]), resolution[1], least, random, len(kept))
    return adjust(kept, len(pixels), density, random)


def widest(count: int, resolution: Resolution) -> float:
    """No ``count`` >= 2 points of a frame are all farther apart than this, in pixels.

    Discs of half that distance around them would not overlap, and would need more room than the
    frame has with a margin of half that distance.

    Examples
    --------
    >>> round(widest(500, (128, 128)), 2)
    6.8
    """
    height, width = resolution
    a, b = count * np.pi / 4 - 1, height + width
    return float((b + np.sqrt(b * b + 4 * a * height * width)) / (2 * a))


def _drop_close(
    pixels: Pixels, width: int, least: float, random: np.random.Generator, safe: int = 0
) -> Pixels:
    """Drop one of each pair that is too close; the first ``safe`` points stay."""
    points = np.stack(np.divmod(pixels, width), axis=-1).astype(np.float64)
    # query_pairs takes distances up to and including its radius.
    pairs = cKDTree(points).query_pairs(least - 1e-9, output_type="ndarray")
    if not len(pairs):
        return pixels
    rank = np.concatenate([np.zeros(safe), 1 + random.random(len(pixels) - safe)])
    alive = np.ones(len(pixels), bool)
    for a, b in pairs[np.argsort(rank[pairs].max(1))]:
        if alive[a] and alive[b]:
            alive[a if rank[a] > rank[b] else b] = False
    return np.asarray(pixels[alive])


def _room(pixels: Pixels, resolution: Resolution, least: float) -> NDArray[np.bool_]:
    height, width = resolution
    free = np.ones(resolution, bool)
    reach = int(np.ceil(least))
    step = np.arange(-reach, reach + 1)
    dy, dx = (d.ravel() for d in np.meshgrid(step, step, indexing="ij"))
    inside = np.hypot(dy, dx) < least - 1e-9
    y, x = np.divmod(pixels, width)
    near_y, near_x = y[:, None] + dy[inside], x[:, None] + dx[inside]
    there = (near_y >= 0) & (near_y < height) & (near_x >= 0) & (near_x < width)
    free[near_y[there], near_x[there]] = False
    return free
