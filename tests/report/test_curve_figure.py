"""The budget curve of few picks."""

import numpy as np
from gapsphere.plugin.coverage.picks.budget import Line
from gapsphere.plugin.report.curve_figure import curve_figure


def test_one_pick_has_whole_picks_below_it_and_shares_between_none_and_all():
    same = {"radius": np.array([0.4, 0.0]), "covered": np.array([1.0, 1.0])}
    lines = [Line("picks", same), Line("random", same, low=same, high=same)]
    figure = curve_figure(lines, metric="cosine", delta=0.5, marks={})
    assert all("markers" not in trace.mode for trace in figure.data), "a line of two points is one"
    assert figure.layout.xaxis.dtick == 1
    assert (figure.layout.yaxis2.minallowed, figure.layout.yaxis2.maxallowed) == (-0.02, 1.02)
