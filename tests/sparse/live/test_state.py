"""``gapsphere sparse serve`` announces itself while it runs, and the panel shows it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack

import fiftyone as fo
import pytest
import torch
from gapsphere.panels.sparse_sampling.panel import live_server
from gapsphere.plugin.dataset.store.places import sparse_server
from gapsphere.plugin.sparse.live.state import ServerState, announced, running_servers
from gapsphere.scripts.cli.main import main
from gapsphere.tests.support.sparse_client import Client
from gapsphere.tests.support.waiting import PATIENCE, wait_for


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where servers of this test announce themselves."""
    monkeypatch.setattr(fo.config, "default_dataset_dir", str(tmp_path))
    return sparse_server()


@pytest.fixture
def command(tmp_path):
    """Start ``gapsphere sparse serve`` with settings; it is killed afterwards if it still runs."""
    with ExitStack() as stack:

        def start(*settings):
            private = {
                "GAPSPHERE_SERVER_TOKEN": "tok",
                "FIFTYONE_DEFAULT_DATASET_DIR": str(tmp_path),
            }
            process = subprocess.Popen(
                [sys.executable, "-m", "gapsphere.scripts.cli.main", "sparse", "serve", *settings],
                stdout=subprocess.PIPE,
                text=True,
                env=os.environ | private,
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            return process

        yield start


def test_a_server_can_be_found_and_asked_while_it_runs_and_leaves_nothing(folder, command, weights):
    process = command(
        "server.port=0", f"server.models=default={weights}",
        "sampling.default_sample_count=9",
    )  # fmt: skip
    assert "Clients connect to http" in process.stdout.readline()
    (state,) = running_servers(folder)
    assert state.pid == process.pid
    (file,) = folder.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    with Client(state.address, (8, 8), token="tok") as client:
        assert len(client.uv.pixels) == 9
        wait_for(lambda: live_server()["sessions"] == 1)
        assert live_server() == {"stream": state.stream, "sessions": 1}
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0
    assert not list(folder.iterdir())
    assert live_server() is None


def test_a_server_that_cannot_listen_says_why_and_announces_nothing(folder, capsys):
    threads = torch.get_num_threads()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert main(["sparse", "serve", f"server.port={taken.getsockname()[1]}"]) == 2
    torch.set_num_threads(threads)
    assert "another port" in capsys.readouterr().err
    assert not running_servers(folder)


def test_what_a_killed_server_left_is_removed_even_if_its_number_is_used_again(folder):
    folder.mkdir(parents=True)
    other = ServerState(os.getpid(), time.time() - 1e6, "http://127.0.0.1:1", "")
    (folder / "1.json").write_text(json.dumps(vars(other)))
    (folder / "2.json").write_text("half a fi")
    (folder / "3.json").write_text(100_000 * "[")
    with announced(folder, "") as announce:
        announce("http://127.0.0.1:2", 0)
        (mine,) = running_servers(folder)
        assert mine.stream == "ws://127.0.0.1:2/ws/stream"
        assert not (folder / "1.json").exists()
    assert not running_servers(folder)
