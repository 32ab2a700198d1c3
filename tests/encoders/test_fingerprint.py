"""What a fingerprint is made of, and what importing and registering encoders costs."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from gapsphere.plugin.encoders import registry
from gapsphere.plugin.encoders.device import choose_device, choose_precision
from gapsphere.plugin.encoders.protocol import unit_rows
from gapsphere.plugin.encoders.torch_encoder import weights_digest
from gapsphere.plugin.errors import InputError

WEIGHTS = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.zeros(0), "c": torch.tensor(7)}


def test_the_digest_does_not_see_order_or_memory_layout():
    backwards = dict(reversed(WEIGHTS.items()))
    strided = WEIGHTS | {"a": WEIGHTS["a"].t().contiguous().t()}
    assert weights_digest(WEIGHTS) == weights_digest(backwards) == weights_digest(strided)


@pytest.mark.parametrize(
    "change",
    [
        {"a": torch.arange(6.0).reshape(3, 2)},
        {"a": torch.arange(6.0).reshape(2, 3) + torch.tensor([0, 0, 1e-6])},
        {"a": torch.arange(6.0).reshape(2, 3).bfloat16()},
        {"d": torch.zeros(1)},
        {"c": torch.tensor(8)},
    ],
    ids=["shape", "value", "dtype", "more", "scalar"],
)
def test_the_digest_sees_every_other_change(change):
    assert weights_digest(WEIGHTS | change) != weights_digest(WEIGHTS)


def test_the_digest_sees_names():
    assert weights_digest({"x": torch.ones(2)}) != weights_digest({"y": torch.ones(2)})


def test_unit_rows_are_exact_where_float32_would_overflow_or_vanish():
    rows = unit_rows(np.array([[3e30, 4e30], [3e-30, 4e-30], [np.inf, 1.0]], np.float32))
    np.testing.assert_allclose(rows[:2], [[0.6, 0.8], [0.6, 0.8]], rtol=1e-6)
    assert np.isnan(rows[2]).all()


def test_reading_the_registry_imports_no_network_and_encoders_need_no_database_or_forms():
    """The bench runs the encoders on machines that have torch and transformers and no more."""
    code = """
import sys
sys.modules["pydantic"] = sys.modules["fiftyone"] = None
import gapsphere.plugin.encoders.registry, gapsphere.plugin.encoders.preprocessing
heavy = {"torch", "transformers", "safetensors", "huggingface_hub"} & set(sys.modules)
assert not heavy, heavy
from gapsphere.plugin.encoders import internvl, packaged, transformers_vision
from gapsphere.plugin.encoders.checkpoint import hub
import gapsphere.plugin.embeddings.extract
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_registered_encoder_is_found_by_its_name_and_gets_the_request(monkeypatch):
    monkeypatch.setattr(registry, "_loaders", dict(registry._loaders))
    registry.register("echo", lambda request: request)
    request = registry.load_encoder("echo", model_path="there", include_cls=True)
    assert (request.model_path, request.include_cls) == ("there", True)
    assert "echo" in registry.encoder_names()
    with pytest.raises(InputError, match="auto"):
        registry.register("auto", lambda request: request)


def test_precision_follows_the_device_unless_it_is_named():
    cpu = choose_device("cpu")
    assert choose_precision("fp16", cpu) == ("fp16", torch.float16)
    name, dtype = choose_precision(None, cpu)
    assert (name, dtype) in [("fp32", torch.float32), ("bf16", torch.bfloat16)]
    assert choose_precision(None, torch.device("mps"))[0] == "fp32"
