"""A server for a module of tests, and clients that look at it from outside."""

import json
import threading
import time
import urllib.request
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import pytest
from gapsphere.plugin.errors import MessageError
from gapsphere.plugin.settings.serving import ServeParams
from gapsphere.plugin.settings.sparse import SparseParams
from gapsphere.plugin.sparse.frames.samples import samples_of
from gapsphere.plugin.sparse.live.serve import running
from gapsphere.plugin.sparse.loop.build import make_loop
from gapsphere.plugin.sparse.network.weights import save_weights
from gapsphere.tests.support.sparse_client import Client
from gapsphere.tests.support.waiting import PATIENCE, wait_for
from prometheus_client.parser import text_string_to_metric_families

SIDE = 32
SAMPLING = SparseParams(sample_count=40, warmup_frames=2)


@pytest.fixture(scope="module")
def weights(model, tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "small.safetensors"
    save_weights(model, path)
    # No client's wait holds what is compiled at the first frames.
    loop = make_loop(SAMPLING, model)
    state = loop.start((SIDE, SIDE))
    for frame in film(4, SIDE):
        state = loop.step(samples_of(frame, state.pixels), state).state
    return path


@pytest.fixture(scope="module")
def serve(weights):
    """``with serve(max_sessions=1) as address``"""

    @contextmanager
    def make(sampling=SAMPLING, **settings):
        # The server lets nobody go for being slow, unless a test asks for it.
        patient = {"start_seconds": 2 * PATIENCE, "idle_seconds": 2 * PATIENCE}
        params = ServeParams(**{"port": 0, "models": f"default={weights}", **patient, **settings})
        with running(params, sampling) as address:
            yield address

    return make


@pytest.fixture(scope="module")
def address(serve):
    with serve() as made:
        yield made


@pytest.fixture(scope="module")
def frames():
    return film(8, SIDE)


def film(length, side, *, speed=1.0):
    """uint8 (length, side, side, 1): smooth ground, one textured square that moves."""
    y, x = np.mgrid[:side, :side]
    texture = np.random.default_rng(0).integers(0, 256, (side, side))
    ground = 90 + 60 * np.sin(2 * x / side) * np.cos(2 * y / side)
    shots = []
    for t in range(length):
        inside = (abs(y - side // 2) < side // 4) & (abs(x - side // 3 - speed * t) < side // 4)
        shots.append(np.where(inside, np.roll(texture, round(speed * t), 1), ground))
    return np.rint(shots).astype(np.uint8)[..., None]


def get(url, **headers):
    with urllib.request.urlopen(
        urllib.request.Request(url, headers=headers), timeout=PATIENCE
    ) as got:
        return got.read()


def metric(address, name, **labels):
    text = get(f"{address}/api/metrics").decode()
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if (
                sample.name == f"gapsphere_sparse_{name}"
                and labels.items() <= sample.labels.items()
            ):
                return sample.value
    return 0.0


def sessions(address):
    return json.loads(get(f"{address}/api/sessions"))["sessions"]


@contextmanager
def bystander(address, frames):
    """A client at work; afterwards it must still be answered, and never have waited long."""
    stop, waits, failed = threading.Event(), [], []

    def run():
        try:
            with Client(address, (SIDE, SIDE)) as client:
                number = 0
                while not stop.is_set():
                    started = time.monotonic()
                    client.step(number, frames[number % len(frames)])
                    waits.append(time.monotonic() - started)
                    number += 1
        except BaseException as error:  # noqa: BLE001  judged by the test
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    wait_for(lambda: waits or failed)
    try:
        yield
        before = len(waits)
        wait_for(lambda: len(waits) > before + 2 or failed)
    finally:
        stop.set()
        thread.join()
    assert not failed, failed
    assert max(waits) < 60


def join(address, resolution=(SIDE, SIDE), **wishes):
    """A client; one of JSON if not told otherwise."""
    return Client(address, resolution, **{"encoding": "json", **wishes})


def error(client):
    """The code of the next error that a client is told."""
    with pytest.raises(MessageError) as told:
        client.read("an error")
    return told.value.code


@pytest.fixture(scope="session")
def look():
    """Functions to look at a server from outside."""
    return SimpleNamespace(
        get=get,
        metric=metric,
        sessions=sessions,
        until=wait_for,
        bystander=bystander,
        join=join,
        error=error,
        film=film,
        sampling=SAMPLING,
    )
