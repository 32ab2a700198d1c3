"""Python and TypeScript name the same events and fields, and arrays survive the crossing."""

import base64
import re
from pathlib import Path

import numpy as np
import pytest
from gapsphere.panels.gap_explorer import contract, queries
from gapsphere.panels.gap_explorer.panel import GapExplorer

WEB = Path(__file__).resolve().parents[2] / "panels" / "gap_explorer" / "web"


def test_both_sides_name_the_same_events():
    text = (WEB / "contract.ts").read_text()
    names = re.search(r"EVENT_NAMES[^=]*= \[(.*?)\];", text, re.DOTALL).group(1)
    assert tuple(re.findall(r'"(\w+)"', names)) == contract.EVENTS
    for name in contract.EVENTS:
        assert callable(getattr(GapExplorer, name))


def test_both_sides_name_the_same_component():
    assert f'["{contract.COMPONENT}", ' in (WEB.parents[1] / "web" / "index.tsx").read_text()


def test_a_verdict_has_the_fields_that_the_sentences_read():
    text = (WEB / "contract.ts").read_text()
    body = re.search(r"export interface Verdict \{(.*?)\n\}", text, re.DOTALL).group(1)
    assert set(re.findall(r"^  (\w+):", body, re.MULTILINE)) == set(
        queries.Verdict.__dataclass_fields__
    )


def test_both_sides_count_the_same_steps():
    text = (WEB / "columns.ts").read_text()
    assert f"U16_STEPS = {contract.STEPS}" in text
    assert f"MISSING = {hex(contract.MISSING)}" in text


def test_arrays_cross_little_endian_and_contiguous():
    array = np.arange(6, dtype=">f4").reshape(2, 3)[:, ::-1]
    back = np.frombuffer(base64.b64decode(contract.b64(array)), "<f4")
    np.testing.assert_array_equal(back, [2, 1, 0, 5, 4, 3])


def test_a_bitmask_has_little_bit_order_and_padding():
    assert base64.b64decode(contract.bitmask(np.array([True, False, True] + [False] * 6))) == bytes(
        [5, 0]
    )


@pytest.mark.parametrize(("low", "high"), [(0.0, 0.7), (-3.0, 5.0)])
def test_squeezed_numbers_come_back_to_a_65534th(low, high):
    values = np.random.default_rng(0).uniform(low, high, 1000)
    steps = contract.squeeze(values, low, high).astype(float)
    back = low + (high - low) * steps / contract.STEPS
    assert np.abs(back - values).max() <= (high - low) / contract.STEPS / 2 + 1e-12


def test_squeezing_marks_what_is_missing_and_takes_a_constant():
    assert contract.squeeze(np.array([np.nan, np.inf, 2.0]), 2.0, 2.0).tolist() == [65535, 65535, 0]
