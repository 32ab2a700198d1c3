"""The budget curve drawn: a plot for each figure, a line for each order of picks.

The one idea: plots share the axis of budgets and the colours of orders, so that one legend and one
mark (the knee, the first budget that meets the target) serve them all.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..coverage.picks.budget import FIGURES, KCENTER, PICKS, RANDOM, SHARE, Line
from ..coverage.picks.curve import SUPPORTED

COLOURS = {PICKS: "#e15700", KCENTER: "#4a86e8", RANDOM: "#7d8796", SHARE: "#2a9458"}
DASHES = {PICKS: "solid", KCENTER: "dash", RANDOM: "solid", SHARE: "dot"}
SHARES = {"tickformat": ".0%", "minallowed": -0.02, "maxallowed": 1.02}
"""The axis of a share ends at none and at all, also where the share never changes."""

UPWARD = {"rangemode": "tozero"}

FEW = 10
"""Points of a line, or cards, up to which each has a tick: half of one is nothing."""

BAND = "rgba(125,135,150,0.25)"


def titles(metric: str, delta: float | None) -> dict[str, str]:
    """What each figure is, by its name.

    >>> titles("cosine", 0.25)["covered"]
    'share of candidates within δ (0.25)'
    """
    return {
        "radius": f"covering radius ({metric})",
        "p99": f"0.99 quantile of distances ({metric})",
        "covered": f"share of candidates within δ ({0 if delta is None else delta:.3g})",
        "supported": f"share of candidates with {SUPPORTED} or more images within δ",
        "cards": "gap cards that have a pick",
    }


def drawn(lines: Sequence[Line]) -> list[str]:
    """The figures that the picks have, in the order in which they are drawn."""
    return [name for name in FIGURES if name in lines[0].figures]


def curve_figure(
    lines: Sequence[Line],
    *,
    metric: str,
    delta: float | None,
    marks: Mapping[str, int],
    hover: Sequence[str] = (),
) -> Any:
    """The plotly figure.

    Parameters
    ----------
    lines
        The picks first.
    marks
        Budgets by what is written beside them.
    hover
        The image of each pick, first pick first.
    """
    from plotly.subplots import make_subplots

    said, names = titles(metric, delta), drawn(lines)
    rows = (len(names) + 1) // 2
    figure = make_subplots(
        rows, 2, subplot_titles=[said[n] for n in names], vertical_spacing=0.28 / rows
    )
    figure.update_annotations(font_size=13)  # so wide that two are beside each other on paper
    for at, name in enumerate(names):
        place = {"row": at // 2 + 1, "col": at % 2 + 1}
        for line in lines:
            if name not in line.figures:
                continue
            _draw(figure, line, name, place, hover, legend=at == 0)
        for budget in sorted(set(marks.values())):
            text = ", ".join(what for what, where in marks.items() if where == budget)
            figure.add_vline(
                budget,
                line={"color": COLOURS[PICKS], "width": 1, "dash": "dot"},
                annotation={"text": text if at == 0 else "", "font": {"size": 11}},
                annotation_position="bottom right",  # a radius begins high and ends above 0
                **place,
            )
        step = 1 if len(lines[0].figures[name]) <= FEW else None
        figure.update_xaxes(
            title_text="picks", title_standoff=4, rangemode="tozero", dtick=step, **place
        )
        figure.update_yaxes(**_upward(name, lines), **place)
    figure.update_layout(
        template="none",
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        height=300 * rows + 60,
        margin={"l": 60, "r": 16, "t": 70, "b": 44},
        legend={
            "orientation": "h",
            "x": 0,
            "y": 1 + 0.1 / rows,
            "yanchor": "bottom",  # its second row, on a phone, is above the title too
            "bgcolor": "rgba(0,0,0,0)",
        },
        hovermode="closest",
    )
    return figure


def _upward(name: str, lines: Sequence[Line]) -> dict[str, Any]:
    if name in ("covered", "supported"):
        return SHARES
    highest = max(np.max(line.high.get(name, line.figures.get(name, 0))) for line in lines)
    return {**UPWARD, "dtick": 1} if name == "cards" and highest <= FEW else UPWARD


def _draw(
    figure: Any, line: Line, name: str, place: dict[str, int], hover: Sequence[str], *, legend: bool
) -> None:
    import plotly.graph_objects as go

    values, colour = line.figures[name], COLOURS[line.name]
    budgets = np.arange(len(values))
    if name in line.low:
        around = [*line.high[name], *line.low[name][::-1]]
        band = go.Scatter(
            x=[*budgets, *budgets[::-1]],
            y=around,
            mode="none",
            fill="toself",
            fillcolor=BAND,
            hoverinfo="skip",
            showlegend=False,
            legendgroup=line.name,
        )
        figure.add_trace(band, **place)
    own = line.name == PICKS and len(hover) == len(values) - 1
    trace = go.Scatter(
        x=budgets,
        y=values,
        name=line.name,
        legendgroup=line.name,
        showlegend=legend,
        mode="lines",
        line={
            "color": colour,
            "dash": DASHES[line.name],
            "width": 2.5 if own else 1.6,
            "shape": "hv" if name == "cards" else "linear",
        },
        text=["", *hover] if own else None,
        hovertemplate="%{x} picks: %{y:.4g}" + ("<br>%{text}" if own else "") + "<extra></extra>",
    )
    figure.add_trace(trace, **place)


def curve_png(
    lines: Sequence[Line], *, title: str, metric: str, delta: float | None, marks: Mapping[str, int]
) -> bytes:
    """The same as a PNG; Plotly would need a browser for it."""
    from matplotlib.figure import Figure

    said, names = titles(metric, delta), drawn(lines)
    rows = (len(names) + 1) // 2
    figure = Figure(figsize=(10, 3.1 * rows + 0.5), dpi=130, layout="constrained")
    axes = figure.subplots(rows, 2, squeeze=False).ravel()
    styles = {"solid": "-", "dash": "--", "dot": ":"}
    for axis, name in zip(axes, names, strict=False):
        for line in lines:
            if name not in line.figures:
                continue
            values, budgets = line.figures[name], np.arange(len(line.figures[name]))
            if name in line.low:
                axis.fill_between(
                    budgets, line.low[name], line.high[name], color="#7d8796", alpha=0.25, lw=0
                )
            axis.plot(
                budgets,
                values,
                color=COLOURS[line.name],
                linestyle=styles[DASHES[line.name]],
                drawstyle="steps-post" if name == "cards" else "default",
                label=line.name,
            )
        for text, budget in marks.items():
            axis.axvline(budget, color=COLOURS[PICKS], lw=0.8, ls=":", label=f"{text}: {budget:,}")
        axis.set(title=said[name], xlabel="picks", xlim=(0, None))
        if name not in ("covered", "supported"):
            axis.set_ylim(0, None)
        axis.title.set_fontsize(10)
    for axis in axes[len(names) :]:
        axis.set_axis_off()
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
    figure.suptitle(title, fontsize=12)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()
