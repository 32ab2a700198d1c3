"""The seed's section 13, those of its thirteen checks that need a server, by their names."""

import logging
import threading

import numpy as np
import pytest
from gapsphere.plugin.settings.sparse import SparseParams
from gapsphere.plugin.sparse.live.binary import read_frame_data, write_frame
from gapsphere.plugin.sparse.live.protocol import FrameData
from gapsphere.plugin.sparse.loop.build import make_loop
from gapsphere.plugin.sparse.network.model import SparsePixelTransformer

SIDE = 32
SIZE = (SIDE, SIDE)


@pytest.fixture
def said(caplog):
    """What the server logged so far, as lines."""
    caplog.set_level(logging.INFO, "gapsphere.plugin.sparse")
    return lambda: [record.getMessage() for record in caplog.records]


def play(client, frames, count):
    """Feedback of ``count`` frames."""
    told = []
    for number in range(count):
        client.step(number, frames[number % len(frames)])
        told.append(client.read("reconstruction_feedback"))
    return told


def test_the_acknowledgement_names_the_configured_sentinel(look, serve):
    other = look.sampling.model_copy(update={"sentinel_value": -1.0})
    with serve(sampling=other) as address, look.join(address) as client:
        assert client.session["state_sentinel"] == -1.0


def test_the_server_starts(look, address):
    assert b'"ok"' in look.get(f"{address}/api/health")


def test_a_client_connects_and_gets_its_first_coordinates_at_once(look, address, said):
    with look.join(address) as client:
        assert client.welcome["protocol"] == 1
        assert len(client.uv.pixels) == 40
        assert f"Using AdaptiveUVSampler for session {client.session['session_id']}" in said()


def test_uniform_sampling_during_warm_up(look, address, frames, said):
    sampling = {"warmup_frames": 10}
    with look.join(address, feedback=True, sampling=sampling) as client:
        told = play(client, frames, 9)
    assert [step["adaptive"] for step in told] == [False] * 9
    assert all(step["shares"] == {"uniform": 40} for step in told)
    line = "Frame 9: Warmup or no importance map. Performing uniform sampling."
    assert line in said()


def test_adaptive_sampling_after_warm_up(look, address, frames, said):
    sampling = {"sample_count": 100, "revisit_ratio": 0}
    shares = {}
    for pattern in ("adaptive", "uniform"):
        wishes = {"feedback": True, "sampling": {**sampling, "pattern": pattern}}
        with look.join(address, **wishes) as client:
            told = play(client, frames[:1], 12)
            drawn = []
            for number in range(12, 24):
                drawn.append(client.step(number, frames[0]).pixels)
        y, x = np.divmod(np.concatenate(drawn), SIDE)
        textured = (abs(y - SIDE // 2) < SIDE // 4) & (abs(x - SIDE // 3) < SIDE // 4)
        shares[pattern] = textured.mean()
        if pattern == "adaptive":
            assert told[-1]["adaptive"]
            assert told[-1]["shares"] == {"importance": 60, "uniform": 40}
            assert "Adaptive sampling. Importance: 60, Uniform: 40." in " ".join(said())
    assert shares["adaptive"] > shares["uniform"] + 0.1  # the texture draws the samples


def test_several_sessions_at_once_are_each_as_if_alone(look, address, model, frames):
    """Eight clients of two resolutions and seeds; each gets what the loop alone gives."""
    failed = []

    def one(number):
        try:
            side = (SIDE, 16)[number % 2]
            params = SparseParams(sample_count=30, warmup_frames=2, seed=number)
            loop = make_loop(params, model)
            state = loop.start((side, side), seed=number)
            sampling = {"sample_count": 30, "warmup_frames": 2, "seed": number}
            encoding = ("binary", "json")[number // 4]
            with look.join(
                address, resolution=(side, side), encoding=encoding, sampling=sampling
            ) as client:
                for frame_id in range(5):
                    frame = frames[frame_id][:side, :side]
                    assert (client.uv.pixels == state.pixels).all()
                    values = frame.reshape(-1, 1)[state.pixels]
                    data = write_frame(FrameData(0, values, state.pixels))
                    samples = read_frame_data(data, (side, side)).samples(None, (side, side))
                    state = loop.step(samples, state).state
                    client.step(frame_id, frame)
        except BaseException as error:  # noqa: BLE001  judged below
            failed.append((number, error))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed


@pytest.mark.parametrize(("ratio", "by_importance"), [(0.75, 30), (0.25, 10)])
def test_importance_ratio_changes_the_split(look, address, frames, ratio, by_importance):
    sampling = {"importance_ratio": ratio, "warmup_frames": 0}
    with look.join(address, feedback=True, sampling=sampling) as client:
        (told,) = play(client, frames, 1)
    assert told["shares"] == {"importance": by_importance, "uniform": 40 - by_importance}


@pytest.mark.parametrize("warmup", [0, 3])
def test_warmup_frames_changes_the_warm_up(look, address, frames, warmup):
    with look.join(address, feedback=True, sampling={"warmup_frames": warmup}) as client:
        told = play(client, frames, 5)
    uniform = max(0, warmup - 1)  # the first frame with a map is the first that may follow it
    assert [step["adaptive"] for step in told] == [False] * uniform + [True] * (5 - uniform)


def test_a_failing_model_falls_back_to_the_last_frame_black_at_first(
    look, address, frames, said, monkeypatch
):
    def broken(*_, **__):
        raise RuntimeError("bad input")

    with look.join(address, frames=True, feedback=True) as client:
        session_frames = []
        for number in range(4):
            with monkeypatch.context() as patched:
                if number in (0, 2):
                    patched.setattr(SparsePixelTransformer, "reconstruct", broken)
                client.send_frame(number, frames[number])
                if number in (0, 2):
                    assert look.error(client) == "MODEL_ERROR"
                client.uv = client.read("uv_coordinates")
                session_frames.append(client.read("reconstruction")[1])
                told = client.read("reconstruction_feedback")
            assert bool(told["problems"]) == (number in (0, 2))
    black, first, held, after = session_frames
    assert held == first != black != after
    assert any("the model failed" in line for line in said())


def test_failing_importance_falls_back_to_even_sampling_and_the_log(
    look, address, frames, said, monkeypatch
):
    def broken(*_, **__):
        raise RuntimeError("bad map")

    sampling = {"warmup_frames": 0}
    with look.join(address, feedback=True, sampling=sampling) as client:
        with monkeypatch.context() as patched:
            patched.setattr("gapsphere.plugin.sparse.loop.loop.checked_importance", broken)
            client.send_frame(0, frames[0])
            assert look.error(client) == "MODEL_ERROR"
            told = client.read("reconstruction_feedback")
        assert told["shares"] == {"uniform": 40}
        assert any("the importance failed" in line for line in said())
        client.send_frame(1, frames[1])
        assert client.read("reconstruction_feedback")["adaptive"]


def test_fewer_samples_than_asked_for_are_taken_and_as_many_asked_again(look, address, frames):
    with look.join(address, encoding="binary") as client:
        pixels = client.uv.pixels[:7]
        data = FrameData(0, frames[0].reshape(-1, 1)[pixels], pixels)
        client.socket.send(write_frame(data))
        uv = client.read("uv_coordinates")
    assert len(np.unique(uv.pixels)) == 40
