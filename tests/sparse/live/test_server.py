"""The live server on a real socket, with a client library that is not ours."""

import asyncio
import io
import json
import logging
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import Future, ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest
from gapsphere.plugin.errors import ArtifactError, GapsphereError, InputError
from gapsphere.plugin.settings.serving import ServeParams
from gapsphere.plugin.settings.sparse import SparseParams
from gapsphere.plugin.sparse.frames.samples import samples_of
from gapsphere.plugin.sparse.live import connection, recorder, server
from gapsphere.plugin.sparse.live.protocol import FrameData, SessionStart
from gapsphere.plugin.sparse.live.recorder import read_recording
from gapsphere.plugin.sparse.live.serve import running
from gapsphere.plugin.sparse.live.serve import serve as serve_clients
from gapsphere.plugin.sparse.live.server import Server
from gapsphere.plugin.sparse.live.session import Session, open_session
from gapsphere.plugin.sparse.loop.build import make_loop
from gapsphere.plugin.sparse.network.registry import ModelRegistry
from gapsphere.tests.support.sparse_client import Client
from gapsphere.tests.support.waiting import PATIENCE
from PIL import Image
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

SIDE, COUNT = 32, 40
SIZE = (SIDE, SIDE)


# What comes out -----------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["json", "binary"])
@pytest.mark.parametrize("echo", [True, False])
def test_server_and_loop_give_bit_identical_coordinates_and_frames(
    look, address, model, frames, encoding, echo
):
    loop = make_loop(look.sampling, model)
    state = loop.start(SIZE, seed=look.sampling.seed)
    with look.join(address, encoding=encoding, frames=True) as client:
        for number, frame in enumerate(frames):
            assert (client.uv.pixels == state.pixels).all()
            step = loop.step(samples_of(frame, state.pixels), state)
            state = step.state
            client.step(number, frame, echo=echo)
            _, png = client.read("reconstruction")
            image = np.asarray(Image.open(io.BytesIO(png)))
            assert (image == step.frame[..., 0]).all()
    assert step.warm  # the comparison reached adaptive sampling


def test_a_frames_answer_names_the_next_frame_and_its_source(look, address, frames):
    with look.join(address) as client:
        assert client.uv.target_frame_id == 0
        uv = client.step(5, frames[0])
        assert (uv.target_frame_id, uv.source_frame_id) == (6, 5)


def test_feedback_tells_how_the_frame_went(look, address, frames):
    with look.join(address, feedback=True) as client:
        for number in range(3):
            client.step(number, frames[number])
            told = client.read("reconstruction_feedback")
        assert told["frame_id"] == 2
        assert told["adaptive"]
        assert told["psnr"] is None
        assert told["importance_map_summary"]["max"] >= told["importance_map_summary"]["mean"] > 0
        assert sum(told["shares"].values()) == COUNT


def test_the_newest_frame_wins_and_its_answer_is_still_of_use(look, address, monkeypatch):
    come, step = threading.Event(), Session.step

    def slow(session, *given):
        assert come.wait(PATIENCE)  # while the first is worked on, the others arrive
        return step(session, *given)

    monkeypatch.setattr(Session, "step", slow)
    with look.join(address, encoding="binary") as client:
        burst = look.film(1, SIDE)[0]
        for number in range(12):
            client.send_frame(number, burst)
        url = f"{address}/api/sessions/{client.session['session_id']}"
        look.until(lambda: json.loads(look.get(url))["received"] == 12)
        come.set()
        targets = [client.read("uv_coordinates").target_frame_id]
        while targets[-1] < 12:
            targets.append(client.read("uv_coordinates").target_frame_id)
        assert targets == sorted(targets)
        assert look.until(lambda: json.loads(look.get(url))["last_frame_id"] == 11)
        found = json.loads(look.get(url))
        assert found["superseded"] > 0
        assert found["answered"] + found["superseded"] == found["received"] == 12


def test_two_answers_for_one_target_are_told_apart(weights, look):
    """A client may already have used the first when the second is made."""
    params = look.sampling
    session = open_session(
        SessionStart(resolution=[SIDE, SIDE]),
        ModelRegistry({"default": weights}),
        params,
        ServeParams(),
    )
    frame = look.film(1, SIDE)[0].reshape(-1, 1)
    opening = session.opening()
    for number in range(2):
        data = FrameData(number, frame[opening.pixels], coordinates_id=opening.coordinates_id)
        samples, _ = session.take(data)
        if not number:
            first = samples
    early = session.answer(0, session.step(0, first))
    late = session.answer(1, session.step(1, samples))
    assert early.target_frame_id == late.target_frame_id == 2
    assert (early.pixels != late.pixels).any()
    data = FrameData(2, frame[early.pixels], coordinates_id=early.coordinates_id)
    assert (session.take(data)[0].pixels == early.pixels).all()


@pytest.mark.parametrize("encoding", ["json", "binary"])
def test_the_number_that_means_no_frame_is_refused_alone(look, address, frames, encoding):
    with look.join(address, encoding=encoding) as client:
        client.send_frame(2**32 - 1, frames[0])
        assert look.error(client) == "INVALID_FRAME_DATA"
        client.step(2**32 - 2, frames[0])
        assert client.uv.target_frame_id == 2**32 - 1


def test_a_client_may_keep_its_old_coordinates_while_new_ones_are_on_their_way(
    look, address, frames
):
    with look.join(address, encoding="binary") as client:
        first = client.uv
        client.step(0, frames[0])
        client.uv = first
        client.step(1, frames[1])
        assert client.uv.target_frame_id == 2


def test_a_gap_in_the_frame_numbers_is_told_and_counted(look, address, frames):
    with look.join(address) as client:
        client.step(0, frames[0])
        client.send_frame(4, frames[1])
        assert client.read("frame_gap_detected") == {
            "expected_frame_id": 1,
            "received_frame_id": 4,
            "missing": 3,
        }
        assert client.read("uv_coordinates").target_frame_id == 5


def test_a_heartbeat_comes_back_with_its_own_time(look, address):
    with look.join(address, start=False) as client:
        client.say("heartbeat", timestamp=12.5)
        assert client.read("heartbeat_ack")["timestamp"] == 12.5


def test_colour_is_told_to_a_grey_model_in_a_sentence(look, address, frames):
    with look.join(address) as client:
        client.send_frame(0, np.repeat(frames[0], 3, axis=2))
        assert look.error(client) == "INVALID_FRAME_DATA"
        assert client.step(1, frames[0]).target_frame_id == 2


def test_a_second_session_start_replaces_the_first(look, address, frames):
    with look.join(address) as client:
        client.step(0, frames[0])
        client.resolution = (16, 24)
        client.start(sampling={"sample_count": 9})
        assert client.session["resolution"] == [24, 16]
        assert len(client.step(0, look.film(1, 32)[0][:16, :24]).pixels) == 9


# Who may come in, and how much --------------------------------------------------------------------


def test_without_the_token_nobody_comes_in_but_health(look, serve, frames):
    with serve(token="a secret") as address:
        for token in (None, "a secre", "b secret", ""):
            with pytest.raises(InvalidStatus) as refused:
                look.join(address, token=token)
            assert refused.value.response.status_code == 401
        with look.join(address, token="a secret") as client:
            client.step(0, frames[0])
        with connect(address.replace("http", "ws") + "/ws/stream?token=a%20secret") as socket:
            assert "connection_ack" in socket.recv(5)
        for page in ("metrics", "sessions", "sessions/x", "sessions/x/frame.png"):
            with pytest.raises(urllib.error.HTTPError, match="401"):
                look.get(f"{address}/api/{page}")
        assert json.loads(look.get(f"{address}/api/health"))["status"] == "ok"
        assert b"gapsphere" in look.get(f"{address}/api/metrics", Authorization="Bearer a secret")


def test_listening_to_other_machines_needs_a_token():
    with pytest.raises(ValueError, match="token"):
        ServeParams(host="0.0.0.0")
    assert not ServeParams(host="0.0.0.0", token="x").loopback
    assert ServeParams(host="::1").loopback


def test_a_web_page_stays_out_unless_its_origin_is_listed(look, serve):
    with serve(origins="https://good.example") as address:
        url = address.replace("http", "ws") + "/ws/stream"
        with pytest.raises(InvalidStatus) as refused:
            connect(url, origin="https://evil.example")
        assert refused.value.response.status_code == 403
        with connect(url, origin="https://good.example") as socket:
            assert "connection_ack" in socket.recv(5)
        with pytest.raises(urllib.error.HTTPError, match="403"):
            look.get(f"{address}/api/sessions", Origin="https://evil.example")


def test_a_name_rebound_to_this_machine_is_not_answered(look, address):
    with pytest.raises(urllib.error.HTTPError, match="421"):
        look.get(f"{address}/api/sessions", Host="evil.example")


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"checkpoint_key": "../../etc/passwd"}, "UNKNOWN_MODEL"),
        ({"checkpoint_key": "/etc/passwd"}, "UNKNOWN_MODEL"),
        ({"sampling": {"checkpoint_key": "default"}}, "INVALID_SESSION"),
        ({"sampling": {"device": "cuda"}}, "INVALID_SESSION"),
        ({"sampling": {"importance_ratio": 3}}, "INVALID_SESSION"),
        ({"sampling": {"pattern": "psychic"}}, "INVALID_SESSION"),
        ({"sampling": {"sample_count": 1_000_000}, "resolution": [500, 500]}, "INVALID_SESSION"),
        ({"resolution": [60_000, 60_000]}, "INVALID_SESSION"),
    ],
)
def test_a_session_that_cannot_be_had_is_refused_and_another_can_follow(
    look, address, payload, code
):
    with look.join(address, start=False) as client:
        client.say("session_start", **{"resolution": [SIDE, SIDE], **payload})
        assert look.error(client) == code
        client.start()


def test_a_registered_file_that_is_no_model_tells_the_client_no_path(
    look, serve, tmp_path, weights
):
    good = f"default={weights}"
    (tmp_path / "bad.safetensors").write_bytes(b"no weights")
    with (
        serve(models=f"{good},mine={tmp_path / 'bad.safetensors'}") as address,
        look.join(address, start=False) as client,
    ):
        client.say("session_start", resolution=[SIDE, SIDE], checkpoint_key="mine")
        kind, held = client.receive()
        assert (kind, held["code"]) == ("error", "MODEL_ERROR")
        assert str(tmp_path) not in held["message"]


def test_frames_before_a_session_and_unknown_messages_are_told(look, address):
    with look.join(address, start=False) as client:
        client.say("frame_data", frame_id=0, pixels=[])
        assert look.error(client) == "NO_SESSION"
        client.socket.send(b"\x01")
        assert look.error(client) == "NO_SESSION"
        client.say("make_coffee")
        assert look.error(client) == "INVALID_MESSAGE"


def test_a_session_too_many_is_told_to_come_again(look, serve):
    with serve(max_sessions=1) as address, look.join(address):
        with look.join(address, start=False) as second:
            second.say("session_start", resolution=[SIDE, SIDE])
            assert look.error(second) == "SERVER_OVERLOAD"
            with pytest.raises(ConnectionClosed) as closed:
                second.receive()
            assert closed.value.rcvd.code == 1013
        assert look.until(lambda: look.metric(address, "connections") == 1)


def test_sessions_that_open_at_once_are_no_more_than_there_may_be(weights):
    async def two() -> list[object]:
        server = Server(ServeParams(max_sessions=1, models=f"default={weights}"))
        wishes = SessionStart.read({"resolution": [SIDE, SIDE]})
        at_once = (server.open(SimpleNamespace(session=None), wishes) for _ in range(2))
        try:
            return await asyncio.gather(*at_once, return_exceptions=True)
        finally:
            await server.close()

    first, second = asyncio.run(two())
    assert isinstance(first, Session)
    assert second.code == "SERVER_OVERLOAD"


def test_the_silent_are_let_go(look, serve):
    with serve(start_seconds=0.3) as address, look.join(address, start=False) as client:
        assert look.error(client) == "TIMEOUT"
    with serve(idle_seconds=0.6) as address:
        with look.join(address) as client:
            assert look.error(client) == "SESSION_EXPIRED"
        assert look.until(lambda: look.metric(address, "sessions") == 0)


def test_a_client_that_sends_too_fast_is_read_slower(look, serve, frames):
    with serve(max_fps=20) as address, look.join(address, encoding="binary") as client:
        started = time.monotonic()
        for number in range(40):
            client.send_frame(number, frames[0])
        assert look.error(client) == "RATE_LIMITED"
        while client.read("uv_coordinates").target_frame_id < 40:
            pass
        assert time.monotonic() - started > 0.8


# HTTP ---------------------------------------------------------------------------------------------


def test_pages_show_the_session_and_its_pictures(look, address, frames):
    with look.join(address, frames=True) as client:
        name = client.session["session_id"]
        with pytest.raises(urllib.error.HTTPError, match="404"):
            look.get(f"{address}/api/sessions/{name}/frame.png")
        client.step(0, frames[0])
        _, wanted = client.read("reconstruction")
        assert look.get(f"{address}/api/sessions/{name}/frame.png") == wanted
        picture = look.get(f"{address}/api/sessions/{name}/importance.png")
        with Image.open(io.BytesIO(picture)) as image:
            assert image.size == (SIDE, SIDE)
        found = json.loads(look.get(f"{address}/api/sessions/{name}"))
        assert (found["answered"], found["last_frame_id"]) == (1, 0)
        with pytest.raises(urllib.error.HTTPError, match="404"):
            look.get(f"{address}/api/sessions/{name}/secret.png")


def test_pictures_are_not_made_where_all_clients_are_read(look, address, frames, monkeypatch):
    makers = []

    def noted(image):
        makers.append(threading.current_thread().name)
        return recorder.png(image)

    for module in (connection, server):
        monkeypatch.setattr(module, "png", noted)
    for encoding in ("json", "binary"):
        with look.join(address, frames=True, encoding=encoding) as client:
            client.step(0, frames[0])
            look.get(f"{address}/api/sessions/{client.session['session_id']}/frame.png")
    assert len(makers) == 4
    assert all(name.startswith("sparse_") for name in makers)


def test_a_session_can_be_ended_over_http(look, address):
    with look.join(address) as client:
        name = client.session["session_id"]
        request = urllib.request.Request(f"{address}/api/sessions/{name}", method="DELETE")
        urllib.request.urlopen(request, timeout=PATIENCE).close()
        assert look.error(client) == "SESSION_EXPIRED"
        assert look.until(lambda: name not in {s["session_id"] for s in look.sessions(address)})


def test_metrics_count_what_happened(look, serve, frames):
    with serve() as address:
        with look.join(address, encoding="binary") as client:
            for number in range(3):
                client.step(number, frames[number])
            client.send_frame(2, frames[0])
            assert look.error(client) == "INVALID_FRAME_DATA"
            assert look.metric(address, "sessions") == 1
            assert look.metric(address, "frames_total", outcome="answered") == 3
            assert look.metric(address, "frames_total", outcome="invalid") == 1
            assert look.metric(address, "errors_total", code="INVALID_FRAME_DATA") == 1
            assert look.metric(address, "reply_seconds_count") == 3
            assert look.metric(address, "received_bytes_total", form="binary") > 3 * COUNT
        assert look.until(lambda: look.metric(address, "sessions") == 0)
        assert look.until(lambda: look.metric(address, "connections") == 0)


# The end ------------------------------------------------------------------------------------------


def test_shutting_down_says_so_finishes_in_time_and_frees_the_port(look, serve, frames):
    before = set(threading.enumerate())
    with serve() as address:
        client = look.join(address)
        client.step(0, frames[0])
        stopped = time.monotonic()
    assert time.monotonic() - stopped < 60
    assert look.error(client) == "SHUTTING_DOWN"
    with pytest.raises(ConnectionClosed) as closed:
        client.receive()
    assert closed.value.rcvd.code == 1001
    with pytest.raises(OSError, match="refused"):
        look.join(address)
    mine = {t.name for t in set(threading.enumerate()) - before if t.name.startswith("sparse")}
    assert not mine


def test_a_port_in_use_is_told_in_a_sentence(address):
    port = int(address.rsplit(":", 1)[1])
    with pytest.raises(InputError, match="another port"), running(ServeParams(port=port)):
        pass


# The recorder -------------------------------------------------------------------------------------


def test_a_recorded_session_holds_what_was_seen_and_made(look, serve, frames, tmp_path):
    shown = []
    with (
        serve(record=str(tmp_path)) as address,
        look.join(address, frames=True, encoding="binary") as client,
    ):
        for number, frame in enumerate(frames):
            asked = client.uv.pixels
            client.step(2 * number, frame)
            shown.append((asked, client.read("reconstruction")[1]))
        name = client.session["session_id"]
    recording = read_recording(tmp_path / name)
    assert recording.resolution == SIZE
    assert recording.session["settings"]["sampling.default_sample_count"] == COUNT
    assert [f.frame_id for f in recording.frames] == [2 * n for n in range(len(frames))]
    assert [f.adaptive for f in recording.frames] == [False] + [True] * 7
    for row, frame, (asked, png) in zip(recording.frames, frames, shown, strict=True):
        samples = recording.samples(row)
        assert (samples.pixels == asked).all()
        assert (samples.values == frame.reshape(-1, 1)[asked]).all()
        with Image.open(io.BytesIO(png)) as made, Image.open(row.reconstruction) as kept:
            assert (np.asarray(made) == np.asarray(kept)).all()
        with Image.open(row.importance) as kept:
            assert np.asarray(kept).max() == 255


def test_a_recording_cut_off_in_a_line_is_read_up_to_there(look, serve, frames, tmp_path):
    with serve(record=str(tmp_path)) as address, look.join(address) as client:
        for number in range(3):
            client.step(number, frames[number])
        name = client.session["session_id"]
    lines = tmp_path / name / "frames.jsonl"
    lines.write_text(lines.read_text()[:-20])
    assert [f.frame_id for f in read_recording(tmp_path / name).frames] == [0, 1]


# Models -------------------------------------------------------------------------------------------


def test_the_registry_reads_a_file_once_and_forgets_the_least_used(weights):
    files = {"default": weights, "a": weights, "b": weights}
    registry = ModelRegistry(files, keep=2)
    first = registry.get("a")
    assert registry.get("a") is first
    registry.get("b")
    registry.get("a")
    registry.get("default")
    assert registry.get("a") is first
    again = registry.get("b")
    assert again.version == first.version
    with pytest.raises(InputError, match="name"):
        ModelRegistry({"../x": weights})


@pytest.mark.parametrize(
    ("models", "key", "words"),
    [
        ("", "mine", "Unknown model 'mine'; known models: default"),
        ("mine={bad}", "mine", "bad.safetensors"),
    ],
)
def test_a_default_model_that_no_session_could_use_stops_the_start(tmp_path, models, key, words):
    bad = tmp_path / "bad.safetensors"
    bad.write_bytes(b"none")
    params = ServeParams(port=0, models=models.format(bad=bad))
    starting = running(params, SparseParams(checkpoint_key=key))
    with pytest.raises(GapsphereError, match=words), starting:
        pass


@pytest.mark.parametrize(
    ("settings", "sampling", "words"),
    [
        ({"record": "{file}/inside"}, {}, "Sessions cannot be recorded to .*: choose another"),
        ({"record": "s3://bucket/sessions"}, {}, "s3://bucket/sessions is an address"),
        ({}, {"importance_ratio": 0.8, "extra_ratio": 0.4}, "importance and extra together"),
        ({}, {"target_psnr": 30, "least_samples": 9, "most_samples": 8}, "not 9, 8"),
        ({}, {"scales": "1,0"}, "from 1 to 4096, not 1, 0"),
    ],
)
def test_what_every_session_would_meet_stops_the_start(tmp_path, settings, sampling, words):
    (tmp_path / "file").write_text("x")
    told = {key: value.format(file=tmp_path / "file") for key, value in settings.items()}
    starting = running(ServeParams(port=0, **told), SparseParams(**sampling))
    with pytest.raises(InputError, match=words), starting:
        pass


def test_a_disk_that_takes_no_note_of_a_session_ends_none(weights, frames, look):
    """``--record`` can fill the disk that the server's own small file is on."""
    told = []

    def counted(sessions):
        told.append(sessions)
        raise ArtifactError("the disk is full")

    up, stop = Future(), threading.Event()
    params = ServeParams(port=0, models=f"default={weights}")
    with ThreadPoolExecutor(1) as pool:
        kept = {"ready": up.set_result, "counted": counted, "stop": stop}
        pool.submit(serve_clients, params, look.sampling, **kept)
        try:
            with Client(up.result(PATIENCE), SIZE) as client:
                look.until(lambda: told)
                assert client.step(0, frames[0]).target_frame_id == 1
        finally:
            stop.set()


def test_a_session_is_told_of_in_the_seeds_words(serve, caplog):
    with (
        caplog.at_level(logging.INFO, "gapsphere"),
        serve() as address,
        Client(address, (SIDE, SIDE)) as client,
    ):
        name = client.welcome["client_id"]
    lines = [line for line in caplog.messages if name in line or "UVSampler" in line]
    assert lines[0] == f"Client {name} connected."
    assert lines[1].startswith(f"Starting session for {name} with payload: {{")
    assert lines[2].startswith("Using AdaptiveUVSampler for session ")
    assert lines[3] == f"Session for {name} configured and initial coordinates sent."
    first = "Frame 1: Warmup or no importance map. Performing uniform sampling."
    assert first in caplog.messages
