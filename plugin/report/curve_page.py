"""The budget curve as a page that opens offline: plots, figures at some budgets, the picks."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from ..coverage.picks.budget import PICKS, RANDOM, Line
from ..coverage.words import decimals, in_percent
from .curve_figure import curve_figure, drawn, titles
from .pictures import Picture
from .render import file_name, render, shown

STEPS = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)


@dataclass(frozen=True)
class PickShown:
    """A picture of the page: its file, and a line below it."""

    picture: Picture
    path: str
    text: str


def curve_page(
    dataset: str,
    summary: Sequence[str],
    warnings: Sequence[str],
    lines: Sequence[Line],
    *,
    metric: str,
    delta: float | None,
    marks: Mapping[str, int],
    paths: Sequence[str],
    picks: Sequence[PickShown],
    look_at: Sequence[PickShown] = (),
    made: str = "",
) -> str:
    """The page as HTML, with every picture inside.

    Parameters
    ----------
    summary, warnings
        Sentences: what the picks buy, and what they do not meet.
    lines
        Of :func:`..coverage.picks.budget.budget_lines`, the picks first.
    marks
        Budgets that are marked, by what is written beside them.
    paths
        The file of each pick.
    picks, look_at
        Pictures of the first picks, and of candidates without support.
    made
        When, and by which encoder.

    Examples
    --------
    >>> import numpy as np
    >>> line = Line("picks", {"radius": np.array([0.4, 0.1])})
    >>> page = curve_page("rig", ["1 pick"], [], [line], metric="cosine", delta=None, marks={},
    ...                   paths=["a.png"], picks=[])
    >>> "What each pick buys: rig" in page
    True
    """
    hover = [html.escape(shown(file_name(path)), quote=False) for path in paths]
    figure = curve_figure(lines, metric=metric, delta=delta, marks=marks, hover=hover)
    plot = figure.to_html(
        full_html=False,
        include_plotlyjs=True,
        div_id="plot",
        post_script=render("curve.js"),
        config={"displaylogo": False, "responsive": True},
    )
    names = drawn(lines)
    return render(
        "curve.html.j2",
        dataset=dataset,
        summary=summary,
        warnings=warnings,
        plot=Markup(plot),
        heads=[titles(metric, delta)[name] for name in names],
        rows=_rows(lines, names, marks),
        random=any(line.name == RANDOM for line in lines),
        picks=picks,
        more=len(paths) - len(picks),
        look_at=look_at,
        made=made,
    )


def _rows(
    lines: Sequence[Line], names: Sequence[str], marks: Mapping[str, int]
) -> list[tuple[str, list[tuple[str, str]]]]:
    """Figures at some budgets: those of the picks, and the range of the random orders."""
    last = len(lines[0].figures[names[0]]) - 1
    by_name = {line.name: line for line in lines}
    chance = by_name.get(RANDOM)
    found = []
    for budget in sorted({*(s for s in STEPS if s < last), last, *marks.values()}):
        label = ", ".join([f"{budget:,}", *(text for text, at in marks.items() if at == budget)])
        cells = []
        for name in names:
            own = _written(name, by_name[PICKS].figures[name][budget])
            beside = ""
            if chance is not None and name in chance.figures and budget:
                ends = [chance.figures[name]] * 2
                if name in chance.low:
                    ends = [chance.low[name], chance.high[name]]
                beside = "–".join(dict.fromkeys(_written(name, end[budget]) for end in ends))
            cells.append((own, beside))
        found.append((label, cells))
    return found


def _written(name: str, value: float) -> str:
    """A share in per cent, a distance with three digits, a count as it is."""
    if name in ("covered", "supported"):
        return in_percent(value)
    return f"{value:g}" if name == "cards" else decimals(value)
