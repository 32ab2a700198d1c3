"""The server's operator starts a real process, finds it again, and is sure to stop it."""

import asyncio
import json
import os
import socket
import time

import fiftyone as fo
import psutil
import pytest
from fiftyone.operators.executor import ExecutionContext, resolve_type
from fiftyone.operators.registry import OperatorRegistry
from gapsphere.panels.sparse_sampling.live import live_server
from gapsphere.plugin.errors import InputError
from gapsphere.plugin.settings.serving import ServeParams
from gapsphere.plugin.settings.sparse import SparseParams
from gapsphere.plugin.sparse.live import process
from gapsphere.plugin.sparse.live.client import Client
from gapsphere.plugin.sparse.live.process import ask, read_state, start_server, stop_server
from gapsphere.plugin.sparse.network.model import ModelConfig, SparsePixelTransformer
from gapsphere.plugin.sparse.network.weights import save_weights

URI = "@gapsphere/gap-explorer/serve_sparse_sampling"


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "small.safetensors"
    save_weights(SparsePixelTransformer(ModelConfig(refine_widths=(8, 12))), path)
    return path


@pytest.fixture
def home(tmp_path, monkeypatch):
    """FiftyOne's folder of this test; whatever still runs there is stopped afterwards."""
    monkeypatch.setattr(fo.config, "default_dataset_dir", str(tmp_path))
    folder = tmp_path / "gapsphere" / "sparse_server"
    yield folder
    stop_server(folder)


def run(**params):
    operator = OperatorRegistry().get_operator(URI)
    return operator.execute(ExecutionContext({"params": params}))["text"]


def form(dataset):
    request = {"dataset_name": dataset.name, "params": {}}
    return json.dumps(asyncio.run(resolve_type(OperatorRegistry(), URI, request)).to_json())


def test_start_use_look_and_stop(home, weights, dataset):
    assert "sample_count" in form(dataset)
    text = run(port=0, models=f"default={weights}", sample_count=9, warmup_frames=0, token="tok")
    state = read_state(home)
    assert state.stream in text
    assert "tok" not in text.replace("token", "")
    assert (home / "state.json").stat().st_mode & 0o077 == 0

    with Client(state.address, (8, 8), token="tok") as client:
        assert len(client.uv.pixels) == 9
        # Another reader, as a reloaded App is: nothing but the folder is known to it.
        shown = form(dataset)
        assert state.stream in shown
        assert "sample_count" not in shown
        assert "**Sessions** 1" in run(action="status")
        assert live_server() == {"stream": state.stream, "sessions": 1}  # the panel's line
        with pytest.raises(InputError, match="already"):
            start_server(home, ServeParams(port=0), SparseParams())

    assert "Stopped" in run()
    assert not psutil.pid_exists(state.pid) or psutil.Process(state.pid).status() == "zombie"
    assert read_state(home) is None
    assert live_server() is None
    assert "no server" in run(action="stop")
    assert "sample_count" in form(dataset)


def test_a_server_that_cannot_start_says_why(home):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match="another port"):
            start_server(home, ServeParams(port=port), SparseParams())
    assert read_state(home) is None


def test_a_process_number_that_was_given_again_is_not_taken_for_the_server(home):
    home.mkdir(parents=True)
    stale = {"pid": os.getpid(), "began": time.time() - 1e6, "address": "", "token": "", "log": ""}
    (home / "state.json").write_text(json.dumps(stale))
    assert read_state(home) is None
    assert not (home / "state.json").exists()
    (home / "state.json").write_text("half a fi")
    assert read_state(home) is None


def test_a_hung_server_is_made_to_stop_and_what_it_left_is_forgotten(home, weights, monkeypatch):
    state = start_server(home, ServeParams(port=0, models=f"default={weights}"), SparseParams())
    left = (home / "state.json").read_text()
    psutil.Process(state.pid).suspend()
    assert ask(state, "health", timeout=0.5) is None
    monkeypatch.setattr(process, "STOP_SECONDS", 0.5)
    assert stop_server(home) == state
    (home / "state.json").write_text(left)  # as a server that was killed leaves it
    assert read_state(home) is None
    assert stop_server(home) is None
