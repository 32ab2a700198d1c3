"""S, U and the picks in 3D, as one HTML file that opens without a network.

Images far from S must catch the eye, so distance is drawn in three ways: by colour (blue to
vermilion, which every kind of colour vision can distinguish), by size and by opacity.  S is muted,
picks are large diamonds.  Past ``sample_limit`` neighbouring images merge into cells; picks never
do.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import ArrayLike, NDArray

from ..coverage.words import counted, decimals
from ..errors import DimensionError, EmptySetError, InputError, NotFiniteError
from ..projection.sphere import check_points, robust_centre, to_unit_sphere
from .cells import Cells, group
from .plot_figure import MODES, Layer, Mode, Places, figure, scatter
from .render import file_name, render, shown

Array = NDArray[Any]

NEAR, MIDDLE, FAR = "rgba(52,104,184,{})", "rgba(160,92,148,{})", "rgba(225,87,0,{})"
SCALE = [[0.0, NEAR.format(0.6)], [0.5, MIDDLE.format(0.8)], [1.0, FAR.format(1)]]
OPAQUE = [[0.0, NEAR.format(1)], [0.5, MIDDLE.format(1)], [1.0, FAR.format(1)]]
LONGEST_NAME = 80


def plot_3d(
    *,
    umap3d_S: ArrayLike,
    umap3d_U: ArrayLike,
    dist_to_S: ArrayLike,
    paths_S: Sequence[str],
    paths_U: Sequence[str],
    picks: Sequence[int] | Array = (),
    sphere_S: ArrayLike | None = None,
    sphere_U: ArrayLike | None = None,
    delta: float | None = None,
    verdicts: Sequence[str] = (),
    metric: str = "cosine",
    viz_mode: Mode = "spherical",
    sample_limit: int = 10_000,
    title: str = "Gapsphere",
) -> str:
    """Draw both sets as an interactive page.

    Parameters
    ----------
    umap3d_S, umap3d_U : (s, 3), (u, 3)
        3D UMAP coordinates; s may be 0, u may not.
    dist_to_S : (u,)
        Distance of each candidate to S, in the unit of ``metric``.
    paths_S, paths_U : sequences of str
        Image files; shown when a point is hovered over.
    picks : (k,)
        K-Center picks, rows of U, first pick first.
    sphere_S, sphere_U : (s, 3), (u, 3), optional
        Unit rows; default: ``umap3d`` projected from the centre of both sets.
    delta : float, optional
        Threshold of a gap, marked on the colour bar.
    verdicts : (u,) str, optional
        ``gap``, ``covered`` or ``cannot say``; by default read off ``delta``.
    viz_mode : "spherical" or "cartesian"
        What the page starts with; buttons switch.
    sample_limit : int
        Marks drawn for S and U at most; beyond it they are cells of neighbouring images.

    Returns
    -------
    str
        A complete HTML document.

    Raises
    ------
    EmptySetError, DimensionError, NotFiniteError, InputError

    Examples
    --------
    >>> document = plot_3d(umap3d_S=[[0, 0, 1]], umap3d_U=[[1, 0, 0], [0, 1, 0]],
    ...                    dist_to_S=[0.1, 0.4], paths_S=["a.jpg"], paths_U=["b.jpg", "c.jpg"],
    ...                    picks=[1])
    >>> "c.jpg" in document
    True
    """
    cartesian = check_points(umap3d_S, "umap3d_S"), check_points(umap3d_U, "umap3d_U")
    distance = np.asarray(dist_to_S, dtype=np.float64)
    chosen = np.asarray(picks, dtype=np.int64)
    _check(cartesian, distance, paths_S, paths_U, chosen, viz_mode, sample_limit)
    spherical = _on_sphere(cartesian, sphere_S, sphere_U)
    scale = _Scale.of(distance, metric, delta)
    if not len(verdicts) and delta is not None:
        verdicts = np.where(distance > delta, "gap", "covered").tolist()
    pool = _Images((cartesian[1], spherical[1]), paths_U, distance, verdicts)

    others = np.setdiff1d(np.arange(len(distance)), chosen)
    merged = len(paths_S) + len(others) > sample_limit
    share = len(paths_S) / max(len(paths_S) + len(others), 1)
    budget_S = min(max(round(sample_limit * share), 1), sample_limit - 1)
    layers: list[Layer] = []
    if len(paths_S):
        layers.append(_owned((cartesian[0], spherical[0]), paths_S, budget_S))
    marks = sum(layer.marks for layer in layers)
    if len(others):
        layers.append(_candidates(pool, others, scale, sample_limit - marks, merged))
    marks = sum(layer.marks for layer in layers)
    if len(chosen):
        layers.append(_picks(pool, chosen, scale))
    layers[-1].trace["marker"]["colorbar"] = scale.color_bar()

    front = spherical[1][chosen[0] if len(chosen) else int(np.argmax(distance))]
    said = f"{counted(len(paths_S), 'owned image')} (S), {counted(len(paths_U), 'candidate')} (U)"
    if merged:
        said += (
            f", drawn as {marks:,} marks: neighbouring images are merged, and a larger mark holds "
            "more of them"
        )
    if len(chosen):
        said += f". K-Center picks: {len(chosen):,}" + (", each drawn singly" if merged else "")
    plot = figure(layers, viz_mode, front).to_html(
        full_html=False,
        include_plotlyjs=True,
        default_height="100%",
        div_id="plot",
        post_script=render("plot.js"),
        config={"displaylogo": False, "responsive": True},
    )
    return render("plot.html.j2", title=title, sentence=Markup(said + "."), plot=Markup(plot))


@dataclass(frozen=True, eq=False)
class _Images:
    at: Places
    paths: Sequence[str]
    distance: Array
    verdicts: Sequence[str]


@dataclass(frozen=True)
class _Scale:
    """The colours of distances, from ``low`` to ``high``."""

    low: float
    high: float
    metric: str
    delta: float | None

    @classmethod
    def of(cls, distance: Array, metric: str, delta: float | None) -> _Scale:
        # A single outlier would leave all others in one colour: the scale ends at p99.5.
        low, high = float(distance.min()), float(np.quantile(distance, 0.995))
        high = high if high > low else low + max(abs(low), 1.0) * 1e-3
        return cls(low, high, metric, delta)

    def colors(self, distance: Array, scale: Sequence[Any]) -> dict[str, Any]:
        return {"color": distance, "colorscale": scale, "cmin": self.low, "cmax": self.high}

    def hover(self, images: _Images, row: int) -> str:
        said = images.verdicts[row] if len(images.verdicts) else ""
        verdict = ", <b>GAP</b>" if said == "gap" else f", {said}" if said else ""
        far = f"{html.escape(self.metric)} distance to S {decimals(images.distance[row], 4)}"
        return f"{_name(images.paths[row])}<br>{far}{verdict}"

    def color_bar(self) -> dict[str, Any]:
        ticks = {value: decimals(value) for value in np.linspace(self.low, self.high, 5).tolist()}
        delta = self.delta
        if delta is not None and self.low <= delta <= self.high:
            room = (self.high - self.low) / 16
            ticks = {value: text for value, text in ticks.items() if abs(value - delta) > room}
            ticks[delta] = f"<b>δ {decimals(delta)}</b>"
        return {
            "title": {"text": f"{html.escape(self.metric)} distance to S", "side": "right"},
            "tickvals": list(ticks),
            "ticktext": list(ticks.values()),
            "len": 0.62,
            "thickness": 14,
            "x": 1.0,
            "y": 0.46,
            "outlinewidth": 0,
        }


def _merged(at: Places, budget: int) -> tuple[Cells, Places]:
    """Cells of neighbouring images, and their means in both projections."""
    cells = group(at[0], budget)
    return cells, (cells.mean(at[0]), to_unit_sphere(cells.mean(at[1]), centre=np.zeros(3)))


def _owned(at: Places, paths: Sequence[str], budget: int) -> Layer:
    cells, places = _merged(at, budget)
    first = cells.largest(np.zeros(len(paths)))
    text = [
        f"{_name(paths[row])}<br>S, owned" + _and_more(count)
        for row, count in zip(first, cells.count, strict=True)
    ]
    size = 4.5 + 1.5 * np.log2(cells.count)
    trace = scatter("S: images you own", text, size, color="#8a94a3", opacity=0.7)
    return Layer(trace, places)


def _candidates(images: _Images, rows: Array, scale: _Scale, budget: int, merged: bool) -> Layer:
    cells, places = _merged((images.at[0][rows], images.at[1][rows]), budget)
    mean = cells.mean(images.distance[rows])
    farthest = rows[cells.largest(images.distance[rows])]
    text = [
        scale.hover(images, row)
        + (f"<br>mean of this cell {decimals(value, 4)}{_and_more(count)}" if count > 1 else "")
        for row, count, value in zip(farthest, cells.count, mean, strict=True)
    ]
    depth = np.clip((mean - scale.low) / (scale.high - scale.low), 0, 1)
    size = 5.5 + (2 * np.log2(cells.count) if merged else 5 * depth)
    return Layer(scatter("U: candidates", text, size, **scale.colors(mean, SCALE)), places)


def _picks(images: _Images, rows: Array, scale: _Scale) -> Layer:
    text = [
        f"<b>pick {rank}</b><br>" + scale.hover(images, row) for rank, row in enumerate(rows, 1)
    ]
    trace = scatter(
        f"K-Center picks ({len(rows):,})",
        text,
        np.full(len(rows), 10.0),
        **scale.colors(images.distance[rows], OPAQUE),
        symbol="diamond",
        line={"width": 2, "color": "#1b2430"},
    )
    return Layer(trace, (images.at[0][rows], images.at[1][rows]))


def _check(
    cartesian: tuple[Array, Array],
    distance: Array,
    paths_S: Sequence[str],
    paths_U: Sequence[str],
    picks: Array,
    viz_mode: str,
    sample_limit: int,
) -> None:
    if viz_mode not in MODES:
        raise InputError(f"Unknown viz_mode {viz_mode!r}; use spherical or cartesian.")
    if sample_limit < 2:
        raise InputError(f"sample_limit {sample_limit} leaves nothing to draw; use 2 or more.")
    if not len(paths_U):
        raise EmptySetError("U has no image to plot; tag candidates with U first.")
    lengths = (len(cartesian[0]), len(cartesian[1]), len(distance))
    if distance.ndim != 1 or lengths != (len(paths_S), len(paths_U), len(paths_U)):
        raise DimensionError(
            f"{len(paths_S)} paths of S and {len(paths_U)} of U do not fit umap3d_S with "
            f"{lengths[0]} rows, umap3d_U with {lengths[1]} and dist_to_S with {lengths[2]}."
        )
    if not np.isfinite(distance).all():
        raise NotFiniteError("dist_to_S is NaN or infinite somewhere; compute coverage again.")
    if picks.ndim != 1 or ((picks < 0) | (picks >= len(paths_U))).any():
        raise InputError(f"A pick is not a row of U, which has {len(paths_U)} rows.")
    if len(np.unique(picks)) != len(picks):
        raise InputError("A candidate is picked twice; select again.")


def _on_sphere(
    cartesian: tuple[Array, Array], sphere_S: ArrayLike | None, sphere_U: ArrayLike | None
) -> tuple[Array, Array]:
    centre = robust_centre(np.vstack(cartesian))
    both = []
    for rows, given, part in zip(cartesian, (sphere_S, sphere_U), "SU", strict=True):
        name = f"sphere_{part}"
        places = to_unit_sphere(rows, centre) if given is None else check_points(given, name)
        if len(rows) != len(places):
            raise DimensionError(f"{name} and umap3d_{part} differ in length.")
        both.append(places)
    return both[0], both[1]


def _name(path: str) -> str:
    """Last two parts of a path as the HTML that plotly shows: file names come from anywhere."""
    name = file_name(str(path))
    name = "…" + name[-LONGEST_NAME:] if len(name) > LONGEST_NAME else name
    return html.escape(shown(name), quote=False)  # plotly does not read &quot;


def _and_more(count: int) -> str:
    return f"<br>and {count - 1:,} more images here" if count > 1 else ""
