"""The plotly figure of a 3D plot: its layers in two projections, the globe, and the buttons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Places = tuple[Array, Array]
Mode = Literal["spherical", "cartesian"]
MODES: dict[Mode, str] = {"spherical": "Sphere", "cartesian": "3D UMAP"}


@dataclass(frozen=True, eq=False)
class Layer:
    """A plotly trace and where its marks are: on the 3D UMAP and on the sphere, (n, 3) each."""

    trace: dict[str, Any]
    at: Places

    @property
    def marks(self) -> int:
        return len(self.at[0])


def scatter(name: str, text: list[str], size: Array, **marker: Any) -> dict[str, Any]:
    """A trace of points; ``marker`` holds their size, colour and opacity."""
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
    circles = [
        (
            np.cos(latitude) * np.cos(turn),
            np.cos(latitude) * np.sin(turn),
            np.sin(latitude) + 0 * turn,
        )
        for latitude in np.radians([-60, -30, 0, 30, 60])
    ] + [
        (np.cos(turn) * np.cos(longitude), np.cos(turn) * np.sin(longitude), np.sin(turn))
        for longitude in np.radians(np.arange(0, 180, 30))
    ]
    joined = [np.c_[0.985 * np.stack(circle), np.full(3, np.nan)] for circle in circles]
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


def _view(
    layers: Sequence[Layer], mode: Mode, front: Array
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Coordinates of all layers in one projection, by axis, and the layout that shows them."""
    round_ = mode == "spherical"
    data = {
        axis: [np.round(layer.at[round_][:, i], 4).tolist() for layer in layers]
        for i, axis in enumerate("xyz")
    }
    layout: dict[str, Any] = {
        "scene.aspectmode": "cube" if round_ else "data",
        "scene.camera": {"eye": _eye(front) if round_ else {"x": 1.8, "y": 1.8, "z": 1.0}},
    }
    for axis in "xyz":
        layout[f"scene.{axis}axis.visible"] = not round_
        if round_:
            layout[f"scene.{axis}axis.range"] = [-1.12, 1.12]
        layout[f"scene.{axis}axis.autorange"] = not round_
    return data, layout


def figure(layers: Sequence[Layer], viz_mode: Mode, front: Array) -> Any:
    """The plotly figure with a button for each projection, opened facing ``front``."""
    import plotly.graph_objects as go

    globe = _globe()
    buttons = []
    for mode, label in MODES.items():
        data, layout = _view(layers, mode, front)
        # A restyle takes one value a trace, so the globe's own coordinates go along.
        change: dict[str, Any] = {
            axis: [np.asarray(part[axis]).tolist() for part in globe] + data[axis] for axis in "xyz"
        }
        change["visible"] = [mode == "spherical"] * len(globe) + [True] * len(layers)
        every = list(range(len(globe) + len(layers)))
        buttons.append({"label": label, "method": "update", "args": [change, layout, every]})
    data, layout = _view(layers, viz_mode, front)
    traces = [{**part, "visible": viz_mode == "spherical"} for part in globe]
    traces += [
        {**layer.trace, **{axis: data[axis][i] for axis in "xyz"}} for i, layer in enumerate(layers)
    ]
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
                    "active": list(MODES).index(viz_mode),
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
            **{f"scene_{axis}axis_title_text": f"UMAP {i}" for i, axis in enumerate("xyz", 1)},
        },
    )


def _eye(front: Array) -> dict[str, float]:
    """Camera place from which ``front`` is seen, a little from the side."""
    direction = np.asarray(front, dtype=np.float64) + np.array([0.25, 0.25, 0.2])
    eye = 1.45 * direction / max(float(np.linalg.norm(direction)), 1e-6)
    return {axis: round(float(value), 4) for axis, value in zip("xyz", eye, strict=True)}
