"""S, U and the picks in 3D, as one HTML file that opens without a network.

What lies far from S must catch the eye, so distance is drawn three times over: by colour (blue to
vermilion, told apart by every kind of colour vision), by size and by opacity.  S is muted, picks
are large diamonds.  The globe hides its far side.  Past ``sample_limit`` neighbouring images merge
into cells; picks never do.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import DimensionError, EmptySetError, InputError, NotFiniteError
from ..projection.sphere import check_points, robust_centre, to_unit_sphere
from .cells import group
from .page import page

Array = NDArray[Any]
Mode = Literal["spherical", "cartesian"]

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
        Threshold from which a candidate is a gap; marked on the colour bar.
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

    # A single outlier would leave everybody else in one colour: the scale ends at p99.5.
    low, high = float(distance.min()), float(np.quantile(distance, 0.995))
    high = high if high > low else low + max(abs(low), 1.0) * 1e-3
    others = np.setdiff1d(np.arange(len(distance)), chosen)
    merged = len(paths_S) + len(others) > sample_limit
    share = len(paths_S) / max(len(paths_S) + len(others), 1)
    budget_S = min(max(round(sample_limit * share), 1), sample_limit - 1)

    traces = _globe()
    coordinates: list[tuple[Array, Array]] = []
    if len(paths_S):
        cells = group(cartesian[0], budget_S)
        at = cells.mean(cartesian[0]), _unit_mean(cells, spherical[0])
        first = cells.largest(np.zeros(len(paths_S)))
        text = [
            f"{_name(paths_S[row])}<br>S, owned" + _and_more(count)
            for row, count in zip(first, cells.count, strict=True)
        ]
        size = 4.5 + 1.5 * np.log2(cells.count)
        traces.append(_marks("S: images you own", text, size, color="#8a94a3", opacity=0.7))
        coordinates.append(at)
        marks_S = len(cells.count)
    else:
        marks_S = 0
    if len(others):
        cells = group(cartesian[1][others], sample_limit - marks_S)
        at = cells.mean(cartesian[1][others]), _unit_mean(cells, spherical[1][others])
        mean = cells.mean(distance[others])
        far = others[cells.largest(distance[others])]
        text = [
            _candidate(paths_U[row], distance[row], metric, delta)
            + (f"<br>mean of this cell {value:.4f}{_and_more(count)}" if count > 1 else "")
            for row, count, value in zip(far, cells.count, mean, strict=True)
        ]
        depth = np.clip((mean - low) / (high - low), 0, 1)
        size = 5.5 + (2 * np.log2(cells.count) if merged else 5 * depth)
        traces.append(
            _marks("U: candidates", text, size, color=mean, colorscale=SCALE, cmin=low, cmax=high)
        )
        coordinates.append(at)
        marks_U = len(cells.count)
    else:
        marks_U = 0
    if len(chosen):
        text = [
            f"<b>pick {rank}</b><br>" + _candidate(paths_U[row], distance[row], metric, delta)
            for rank, row in enumerate(chosen, 1)
        ]
        marks = _marks(
            f"K-Center picks ({len(chosen):,})",
            text,
            np.full(len(chosen), 10.0),
            color=distance[chosen],
            colorscale=OPAQUE,
            cmin=low,
            cmax=high,
            symbol="diamond",
            line={"width": 2, "color": "#1b2430"},
        )
        traces.append(marks)
        coordinates.append((cartesian[1][chosen], spherical[1][chosen]))
    traces[-1]["marker"]["colorbar"] = _color_bar(low, high, metric, delta)

    front = spherical[1][chosen[0] if len(chosen) else int(np.argmax(distance))]
    figure = _figure(traces, coordinates, viz_mode, front)
    shown = f"{len(paths_S):,} owned images (S), {len(paths_U):,} candidates (U)"
    if merged:
        shown += (
            f", drawn as {marks_S + marks_U:,} marks: neighbouring images are merged, a larger "
            "mark holds more of them"
        )
    if len(chosen):
        shown += f". K-Center picks: {len(chosen):,}" + (", each drawn singly" if merged else "")
    return page(figure, title, shown + ".")


def _check(
    cartesian: tuple[Array, Array],
    distance: Array,
    paths_S: Sequence[str],
    paths_U: Sequence[str],
    picks: Array,
    viz_mode: str,
    sample_limit: int,
) -> None:
    if viz_mode not in ("spherical", "cartesian"):
        raise InputError(f"viz_mode {viz_mode!r} is not known; use spherical or cartesian.")
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
    given = (sphere_S, sphere_U)
    both = tuple(
        to_unit_sphere(rows, centre) if places is None else check_points(places, name)
        for rows, places, name in zip(cartesian, given, ("sphere_S", "sphere_U"), strict=True)
    )
    for rows, places, name in zip(cartesian, both, ("S", "U"), strict=True):
        if len(rows) != len(places):
            raise DimensionError(f"sphere_{name} and umap3d_{name} differ in length.")
    return both[0], both[1]


def _unit_mean(cells: Any, places: Array) -> Array:
    return to_unit_sphere(cells.mean(places), centre=np.zeros(3))


def _name(path: str) -> str:
    """Last two parts of a path, safe as HTML: file names come from anywhere."""
    parts = str(path).replace("\\", "/").rstrip("/").split("/")
    name = "/".join(parts[-2:])
    if len(name) > LONGEST_NAME:
        name = "…" + name[-LONGEST_NAME:]
    printable = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name)
    return html.escape(printable, quote=False)  # plotly shows &quot; as it stands


def _candidate(path: str, distance: float, metric: str, delta: float | None) -> str:
    verdict = "" if delta is None else (", <b>GAP</b>" if distance > delta else ", covered")
    return f"{_name(path)}<br>{html.escape(metric)} distance to S {distance:.4f}{verdict}"


def _and_more(count: int) -> str:
    return f"<br>and {count - 1:,} more images here" if count > 1 else ""


def _marks(name: str, text: list[str], size: Array, **marker: Any) -> dict[str, Any]:
    opacity = marker.pop("opacity", 1)
    return {
        "type": "scatter3d",
        "mode": "markers",
        "name": name,
        "text": text,
        "hovertemplate": "%{text}<extra></extra>",
        "opacity": opacity,
        "marker": {"size": np.round(size, 2), "line": {"width": 0}, **marker},
    }


def _globe() -> list[dict[str, Any]]:
    """The reference sphere: an opaque ball just under the points, and its grid lines."""
    turn, rise = np.linspace(0, 2 * np.pi, 61), np.linspace(-np.pi / 2, np.pi / 2, 31)
    ring = np.cos(rise)[:, None]
    ball = {
        "type": "surface",
        "x": np.round(0.97 * ring * np.cos(turn), 4),
        "y": np.round(0.97 * ring * np.sin(turn), 4),
        "z": np.round(0.97 * np.sin(rise)[:, None] * np.ones_like(turn), 4),
        "showscale": False,
        "hoverinfo": "skip",
        "contours": {axis: {"highlight": False} for axis in "xyz"},
        "name": "Globe (click to see through)",
        "showlegend": True,
        "colorscale": [[0, "#eef1f5"], [1, "#eef1f5"]],
        "lighting": {"ambient": 1, "diffuse": 0, "specular": 0, "fresnel": 0},
    }
    lines: list[Array] = []
    for latitude in np.radians([-60, -30, 0, 30, 60]):
        lines.append(
            np.stack(
                [
                    np.cos(latitude) * np.cos(turn),
                    np.cos(latitude) * np.sin(turn),
                    np.full_like(turn, np.sin(latitude)),
                ]
            )
        )
    for longitude in np.radians(np.arange(0, 180, 30)):
        lines.append(
            np.stack(
                [
                    np.cos(turn) * np.cos(longitude),
                    np.cos(turn) * np.sin(longitude),
                    np.sin(turn),
                ]
            )
        )
    joined = [np.c_[0.985 * line, np.full(3, np.nan)] for line in lines]
    x, y, z = np.round(np.concatenate(joined, axis=1), 4)
    grid = {
        "type": "scatter3d",
        "mode": "lines",
        "x": x,
        "y": y,
        "z": z,
        "line": {"color": "#c3cad4", "width": 1},
        "hoverinfo": "skip",
        "showlegend": False,
    }
    return [ball, grid]


def _color_bar(low: float, high: float, metric: str, delta: float | None) -> dict[str, Any]:
    ticks = list(np.linspace(low, high, 5))
    labels = [f"{value:.3f}" for value in ticks]
    if delta is not None and low <= delta <= high:
        kept = [abs(value - delta) > (high - low) / 16 for value in ticks]
        ticks = [value for value, keep in zip(ticks, kept, strict=True) if keep]
        labels = [label for label, keep in zip(labels, kept, strict=True) if keep]
        ticks.append(delta)
        labels.append(f"<b>δ {delta:.3f}</b>")
    return {
        "title": {"text": f"{html.escape(metric)} distance to S", "side": "right"},
        "tickvals": ticks,
        "ticktext": labels,
        "len": 0.62,
        "thickness": 14,
        "x": 1.0,
        "y": 0.46,
        "outlinewidth": 0,
    }


def _figure(
    traces: list[dict[str, Any]],
    coordinates: list[tuple[Array, Array]],
    viz_mode: Mode,
    front: Array,
) -> Any:
    """The plotly figure with a button for each projection, opened facing ``front``."""
    import plotly.graph_objects as go

    globe = len(traces) - len(coordinates)
    moved = list(range(globe, len(traces)))
    axes = ("x", "y", "z")
    views: dict[str, list[Any]] = {}
    for column, mode in enumerate(("cartesian", "spherical")):
        round_ = mode == "spherical"
        data: dict[str, Any] = {
            axis: [np.round(pair[column][:, i], 4).tolist() for pair in coordinates]
            for i, axis in enumerate(axes)
        }
        layout: dict[str, Any] = {
            "scene.aspectmode": "cube" if round_ else "data",
            "scene.camera": {"eye": _eye(front) if round_ else {"x": 1.8, "y": 1.8, "z": 1.0}},
        }
        for axis in axes:
            layout[f"scene.{axis}axis.visible"] = not round_
            if round_:
                layout[f"scene.{axis}axis.range"] = [-1.12, 1.12]
            layout[f"scene.{axis}axis.autorange"] = not round_
        views[mode] = [data, layout]
    data, layout = views[viz_mode]
    for i, row in enumerate(moved):
        traces[row].update({axis: data[axis][i] for axis in axes})
    for trace in traces[:globe]:
        trace["visible"] = viz_mode == "spherical"
    everything = list(range(len(traces)))
    buttons = []
    for mode, label in (("spherical", "Sphere"), ("cartesian", "3D UMAP")):
        change, scene = views[mode]
        # A restyle takes one value a trace, so the globe's own coordinates go along.
        whole = {
            axis: [np.asarray(traces[t][axis]).tolist() for t in range(globe)] + change[axis]
            for axis in axes
        }
        whole["visible"] = [mode == "spherical"] * globe + [True] * len(moved)
        buttons.append({"label": label, "method": "update", "args": [whole, scene, everything]})
    return go.Figure(
        data=traces,
        layout={
            **{key.replace(".", "_"): value for key, value in layout.items()},
            "template": "none",
            "paper_bgcolor": "rgba(0,0,0,0)",
            "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
            "uirevision": "kept",
            "legend": {"x": 0.01, "y": 0.9, "itemsizing": "constant", "bgcolor": "rgba(0,0,0,0)"},
            "hoverlabel": {"align": "left"},
            "updatemenus": [
                {
                    "type": "buttons",
                    "direction": "right",
                    "buttons": buttons,
                    "active": 0 if viz_mode == "spherical" else 1,
                    "x": 0.01,
                    "y": 0.99,
                    "xanchor": "left",
                    "yanchor": "top",
                    # plotly paints the pressed button near white whatever the theme.
                    "bgcolor": "#d9dfe7",
                    "bordercolor": "#aab4c1",
                    "font": {"color": "#1b2430"},
                }
            ],
            **{f"scene_{axis}axis_title_text": f"UMAP {i}" for i, axis in enumerate(axes, 1)},
        },
    )


def _eye(front: Array) -> dict[str, float]:
    """Camera place from which ``front`` is seen, a little from the side."""
    direction = np.asarray(front, dtype=np.float64) + np.array([0.25, 0.25, 0.2])
    eye = 1.45 * direction / max(float(np.linalg.norm(direction)), 1e-6)
    return {axis: round(float(value), 4) for axis, value in zip("xyz", eye, strict=True)}
