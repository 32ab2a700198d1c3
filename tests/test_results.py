"""How a result shows itself: one line, a summary, a table."""

from dataclasses import dataclass, field
from pathlib import Path
from types import GenericAlias

import pytest
from gapsphere.plugin.results import Result


@dataclass(frozen=True, repr=False)
class InnerResult(Result):
    count: int

    def __str__(self):
        return f"{self.count} inside\nand a second line"


@dataclass(frozen=True, repr=False)
class MadeResult(Result):
    name: str
    radius: float
    ids: list[str]
    quantiles: dict[str, float]
    path: Path
    inner: InnerResult
    secret: str = field(default="hidden", repr=False)

    def __str__(self):
        return "the summary"


@pytest.fixture
def made():
    return MadeResult(
        "<script>alert(1)</script>" + "x" * 500,
        0.123456,
        ["a"] * 1000,
        {"p50": 0.25, "p90": 1 / 3},
        Path("/out/file.zip"),
        InnerResult(3),
    )


def test_repr_is_one_short_line_whatever_it_holds(made):
    text = repr(made)
    assert "\n" not in text
    assert len(text) < 300
    assert text.startswith("MadeResult(name='<script>alert(1)")
    assert "radius=0.1235, ids=<1000>, quantiles=<2>, path='/out/file.zip'" in text
    assert "inner=InnerResult(...)" in text


def test_str_stays_the_results_own_summary(made):
    assert str(made) == "the summary"


def test_the_table_has_a_row_a_field_and_escapes_what_it_shows(made):
    page = made._repr_html_()
    assert page.count("<tr>") == 6
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "p50 0.25, p90 0.3333" in page
    assert "3 inside" in page
    assert "second line" not in page


def test_a_field_left_out_of_repr_is_in_neither(made):
    assert "hidden" not in repr(made) + made._repr_html_()


def test_every_public_result_shows_itself_so():
    """The return types of the public functions, so that a new one cannot forget."""
    import gapsphere
    from gapsphere.plugin.dataset import api
    from gapsphere.plugin.dataset.sparse.simulate import SimulationResult
    from gapsphere.plugin.dataset.sparse.train import TrainingResult

    known = {**vars(api), "SimulationResult": SimulationResult, "TrainingResult": TrainingResult}
    seen = 0
    for name in dir(gapsphere):
        said = getattr(vars(api).get(name), "__annotations__", {}).get("return")
        kind = eval(said, known) if isinstance(said, str) else said
        if kind in (None, int) or isinstance(kind, GenericAlias):
            continue
        assert issubclass(kind, Result), name
        assert kind.__repr__ is Result.__repr__, name
        assert kind.__str__ is not object.__str__, name
        seen += 1
    assert seen >= 16
