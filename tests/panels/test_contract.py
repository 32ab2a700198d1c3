"""Every panel has the events of its contract, the generated TypeScript is up to date, and arrays
survive the crossing.
"""

import base64
import re
from dataclasses import fields
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from gapsphere.panels import PANELS, gap_explorer, wire
from gapsphere.panels.gap_explorer import contract, contract_answers
from gapsphere.panels.web import contracts
from gapsphere.plugin.projection import words


@pytest.mark.parametrize("panel", PANELS)
def test_a_panel_has_the_events_and_the_component_of_its_contract(panel):
    contract = import_module(panel.__module__.removesuffix(".panel") + ".contract")
    assert (panel.component, panel.events) == (contract.COMPONENT, tuple(contract.EVENTS))
    assert all(callable(getattr(panel, name)) for name in contract.EVENTS)


def test_the_generated_typescript_is_what_the_contracts_say():
    generated = contracts.generated()
    parts = list(contracts.PANELS.glob("*/contract_*.py"))
    assert len(generated) == len(PANELS) + len(parts) + len(contracts.SHARED)
    assert {path: path.read_text(encoding="utf-8") for path in generated} == generated


@pytest.mark.parametrize("result", [words.Sentences, words.Trust])
def test_a_verdict_has_the_fields_of_the_contract(result):
    names = {field.name for field in fields(result)}
    assert names == set(getattr(contract_answers, result.__name__).__annotations__)


def test_arrays_cross_little_endian_and_contiguous():
    array = np.arange(6, dtype=">f4").reshape(2, 3)[:, ::-1]
    back = np.frombuffer(base64.b64decode(wire.b64(array)), "<f4")
    np.testing.assert_array_equal(back, [2, 1, 0, 5, 4, 3])


def test_a_bitmask_has_little_bit_order_and_padding():
    assert base64.b64decode(wire.bitmask(np.array([True, False, True] + [False] * 6))) == bytes(
        [5, 0]
    )


@pytest.mark.parametrize(("low", "high"), [(0.0, 0.7), (-3.0, 5.0)])
def test_squeezed_numbers_come_back_to_a_65534th(low, high):
    values = np.random.default_rng(0).uniform(low, high, 1000)
    steps = wire.squeeze(values, low, high).astype(float)
    back = low + (high - low) * steps / wire.STEPS
    assert np.abs(back - values).max() <= (high - low) / wire.STEPS / 2 + 1e-12


def test_squeezing_marks_what_is_missing_and_takes_a_constant():
    assert wire.squeeze(np.array([np.nan, np.inf, 2.0]), 2.0, 2.0).tolist() == [65535, 65535, 0]


def test_the_component_gets_all_that_the_panel_sends():
    bridge = Path(gap_explorer.__file__).parent / "web" / "fiftyone.ts"
    handed = re.search(r"\(\{ (dataset: about,.*) \}\),", bridge.read_text(encoding="utf-8"))[1]
    names = {part.partition(":")[0].strip() for part in handed.split(",")}
    assert names == set(contract.PanelData.__annotations__)
