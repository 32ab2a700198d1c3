"""The budget curve of few picks."""

import numpy as np
from gapsphere.plugin.coverage.picks.budget import Line
from gapsphere.plugin.report.curve_figure import curve_figure
from gapsphere.plugin.report.curve_page import curve_page
from gapsphere.tests.support.servers import new_page


def test_one_pick_has_whole_picks_below_it_and_shares_between_none_and_all():
    same = {"radius": np.array([0.4, 0.0]), "covered": np.array([1.0, 1.0])}
    lines = [Line("picks", same), Line("random", same, low=same, high=same)]
    figure = curve_figure(lines, metric="cosine", delta=0.5, marks={})
    assert all("markers" not in trace.mode for trace in figure.data), "a line of two points is one"
    assert figure.layout.xaxis.dtick == 1
    assert (figure.layout.yaxis2.minallowed, figure.layout.yaxis2.maxallowed) == (-0.02, 1.02)


def opened(chromium, folder, names=("picks",), **more):
    rise = np.linspace(0.2, 1, 9)
    line = {"radius": 1 - rise, "p99": 1 - rise, "covered": rise}
    page_of = curve_page(
        "rig",
        ["8 picks"],
        [],
        [Line(name, line) for name in names],
        metric="cosine",
        delta=0.3,
        marks={"knee": 4},
        paths=["a.png"] * 8,
        picks=[],
    )
    (folder / "curve.html").write_text(page_of, encoding="utf-8")
    page = new_page(chromium, **more)
    page.goto((folder / "curve.html").as_uri())
    page.wait_for_selector("#plot .ytick text")
    return page


def test_a_page_printed_from_a_dark_screen_has_dark_words_on_paper(chromium, tmp_path):
    page = opened(chromium, tmp_path, color_scheme="dark")
    read = """() => [...document.querySelectorAll('#plot :is(.ytick, .infolayer) text')]
        .map((text) => getComputedStyle(text).fill)"""
    assert set(page.evaluate(read)) == {"rgb(232, 236, 241)"}
    page.emulate_media(media="print")
    assert set(page.evaluate(read)) == {"rgb(0, 0, 0)"}
    page.close()


def test_on_a_phone_one_plot_is_below_the_other_and_beside_it_where_there_is_room(
    chromium, tmp_path
):
    page = opened(chromium, tmp_path, viewport={"width": 390, "height": 844})
    read = """() => [...document.querySelectorAll('#plot .annotation')].slice(0, 3)
        .map((title) => title.getBoundingClientRect())
        .map(({ left, right, top }) => [left, right, top])"""
    titles = page.evaluate(read)
    assert all(left >= 0 and right <= 390 for left, right, _ in titles)
    assert len({round(top) for *_, top in titles}) == 3
    plot, table = (
        page.locator(css).bounding_box() for css in ("#plot .main-svg >> nth=0", "table")
    )
    assert plot["y"] + plot["height"] <= table["y"]
    page.set_viewport_size({"width": 900, "height": 844})
    page.wait_for_function(f"new Set(({read})().map(([, , top]) => Math.round(top))).size === 2")
    page.close()


def test_a_legend_of_two_rows_is_above_the_first_title(chromium, tmp_path):
    orders = ("picks", "K-Center", "random", "equal share")
    page = opened(chromium, tmp_path, orders, viewport={"width": 390, "height": 844})
    names = [page.locator("#plot .legendtext").nth(at).bounding_box() for at in range(4)]
    assert len({round(name["y"]) for name in names}) == 2
    title = page.locator("#plot .annotation-text").first.bounding_box()
    assert max(name["y"] + name["height"] for name in names) <= title["y"]
    page.close()


def test_the_knee_is_named_where_no_line_of_the_radius_runs():
    line = Line("picks", {"radius": np.array([0.4, 0.1, 0.05])})
    figure = curve_figure([line], metric="cosine", delta=None, marks={"knee": 1})
    (knee,) = (one for one in figure.layout.annotations if one.text == "knee")
    assert (knee.y, knee.yanchor, figure.layout.yaxis.rangemode) == (0, "bottom", "tozero")


def test_marks_of_one_budget_share_a_label():
    line = Line("picks", {"radius": np.linspace(0.5, 0.2, 11)})
    marks = {"knee": 4, "target met": 4}
    figure = curve_figure([line], metric="cosine", delta=None, marks=marks)
    assert [note.text for note in figure.layout.annotations if note.xref == "x"] == [
        "knee, target met"
    ]


def test_no_tick_is_at_a_part_of_a_card():
    line = Line("picks", {"radius": np.linspace(0.5, 0.2, 11), "cards": np.arange(11) // 5})
    figure = curve_figure([line], metric="cosine", delta=None, marks={})
    assert (figure.layout.yaxis.dtick, figure.layout.yaxis2.dtick) == (None, 1)
