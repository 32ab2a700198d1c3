"""The notebook of the documentation runs from its first cell to its last."""

import runpy
from pathlib import Path

import jupytext
import pytest

NOTEBOOK = Path(__file__).resolve().parents[2] / "docs" / "first_gaps.py"


def test_it_opens_as_a_notebook():
    kinds = [cell.cell_type for cell in jupytext.read(NOTEBOOK).cells]
    assert kinds.count("code") >= 7
    assert kinds[0] == "markdown"


@pytest.mark.slow
def test_every_cell_runs(capsys):
    runpy.run_path(str(NOTEBOOK))
    printed = capsys.readouterr().out
    assert "S: 60 added" in printed
    assert "\n10 0." in printed, "the tenth pick and the radius after it"
    assert " gaps; {" in printed
    assert "guide.zip" in printed
