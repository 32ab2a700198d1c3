"""Every example in a docstring of the core does what it says."""

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted(
    ".".join(("gapsphere", *path.relative_to(ROOT).with_suffix("").parts))
    for path in (ROOT / "plugin").rglob("*.py")
    # What knows FiftyOne needs a database; what has no example needs no import.
    if "dataset" not in path.relative_to(ROOT).parts and ">>> " in path.read_text()
)


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    run = doctest.testmod(importlib.import_module(name.removesuffix(".__init__")))
    assert run.attempted
    assert not run.failed
