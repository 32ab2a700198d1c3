"""Messages: what is written is read, and what a stranger sends is refused in a sentence."""

import contextlib
import json
import struct

import numpy as np
import pytest
from gapsphere.plugin.errors import MessageError
from gapsphere.plugin.sparse.live import binary, protocol
from gapsphere.plugin.sparse.live.protocol import Code, FrameData, UvCoordinates
from gapsphere.tests.support.sparse_client import (
    read_picture_bytes,
    read_uv,
    read_uv_bytes,
    write_frame,
)
from hypothesis import given, settings
from hypothesis import strategies as st

SIZE = (48, 64)


def some_pixels(seed=0, count=60, resolution=SIZE):
    random = np.random.default_rng(seed)
    every = resolution[0] * resolution[1]
    return np.sort(random.choice(every, count, replace=False))


@st.composite
def pixel_sets(draw):
    height, width = draw(st.integers(1, 90)), draw(st.integers(1, 90))
    chosen = draw(st.sets(st.integers(0, height * width - 1), min_size=1, max_size=200))
    return np.array(sorted(chosen)), (height, width)


@given(pixel_sets())
@settings(max_examples=150)
def test_binary_coordinates_come_back_exactly(made):
    pixels, _ = made
    data = binary.write_uv(UvCoordinates(9, pixels, 3, 8))
    read = read_uv_bytes(data)
    assert read.pixels.tolist() == pixels.tolist()
    assert (read.target_frame_id, read.coordinates_id, read.source_frame_id) == (9, 3, 8)


@given(pixel_sets())
@settings(max_examples=50)
def test_json_coordinates_come_back_exactly(made):
    pixels, resolution = made
    kind, payload = protocol.read_envelope(protocol.write_uv(UvCoordinates(1, pixels), resolution))
    assert kind == "uv_coordinates"
    assert read_uv(payload, resolution).pixels.tolist() == pixels.tolist()


def test_json_coordinates_have_the_first_forms_shape():
    text = protocol.write_uv(UvCoordinates(4, np.array([0]), 2), (2, 4))
    assert json.loads(text) == {
        "type": "uv_coordinates",
        "payload": {
            "target_frame_id": 4,
            "coordinates_id": 2,
            "source_frame_id": None,
            "coordinates": [{"u": 0.125, "v": 0.25}],
        },
    }


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("echo", [True, False])
def test_json_and_binary_carry_the_same_samples(channels, echo):
    pixels = some_pixels()
    values = np.random.default_rng(1).integers(0, 256, (60, channels), dtype=np.uint8)
    state = np.array([1.5, -999.0], np.float32)
    where = {"pixels": pixels} if echo else {"coordinates_id": 5}
    frame = FrameData(6, values, state=state, timestamp=12.25, **where)
    text = json.loads(write_frame(frame, SIZE))["payload"]
    by_json = protocol.read_frame_data(text, SIZE)
    by_bytes = binary.read_frame_data(binary.write_frame(frame), SIZE)
    wanted = frame.samples(pixels, SIZE)
    for read in (by_json, by_bytes):
        samples = read.samples(pixels, SIZE)
        assert (samples.pixels == wanted.pixels).all()
        assert (samples.values == wanted.values).all()
        assert (samples.state == wanted.state).all()
        assert (read.frame_id, read.timestamp, read.coordinates_id) == (
            6, 12.25, None if echo else 5,
        )  # fmt: skip


def test_json_accepts_the_first_forms_pixels_at_the_border():
    pixels = [{"u": 1.0, "v": 1.0, "value": 255}, {"u": 0, "v": 0, "value": 0.4}]
    frame = protocol.read_frame_data({"frame_id": 0, "pixels": pixels}, (2, 2))
    samples = frame.samples(None, (2, 2))
    assert samples.pixels.tolist() == [0, 3]
    assert samples.values.ravel().tolist() == [0, 255]


def test_500_of_16384_pixels_take_under_half_of_75_kilobytes_a_second():
    """The budget is two-way, both headers of the WebSocket included; a KB is 1,000 bytes."""
    pixels = some_pixels(count=500, resolution=(128, 128))
    down = binary.write_uv(UvCoordinates(1, pixels, 0, 0))
    frame = FrameData(1, np.zeros((500, 1), np.uint8), coordinates_id=1)
    up = binary.write_frame(frame)
    a_second = 30 * (len(down) + 4 + len(up) + 8)
    assert a_second < 30_000
    floor = 30 * (binary.entropy_floor(500, (128, 128)) + 500)
    assert 1 < a_second / floor < 1.1


def test_rice_picks_the_shortest_of_all_its_parameters():
    pixels = some_pixels(count=300)
    k, bits = binary.rice(pixels)
    gaps = np.diff(pixels, prepend=-1) - 1
    lengths = [300 * (other + 1) + int((gaps >> other).sum()) for other in range(20)]
    assert lengths[k] == min(lengths)
    assert len(bits) == -(-min(lengths) // 8)


def test_rice_is_the_textbook_code():
    """Gaps 2, 0, 5 with k = 1: low bits 0 0 1, then 01 1 001."""
    k, bits = binary.rice(np.array([2, 3, 9]))
    assert k == 1
    assert np.unpackbits(np.frombuffer(bits, np.uint8))[:9].tolist() == [0, 0, 1, 0, 1, 1, 0, 0, 1]


def test_rice_refuses_what_it_could_not_give_back():
    with pytest.raises(ValueError, match="ascending"):
        binary.rice(np.array([3, 3]))


def frame_bytes(**changes):
    pixels = some_pixels()
    frame = FrameData(1, np.zeros((60, 1), np.uint8), pixels, **changes)
    return binary.write_frame(frame)


def test_every_half_of_a_frame_is_refused():
    whole = frame_bytes(state=np.ones(4, np.float32), timestamp=1.0)
    for length in range(len(whole)):
        with pytest.raises(MessageError) as told:
            binary.read_frame_data(whole[:length], SIZE)
        assert told.value.code == Code.INVALID_FRAME_DATA
    with pytest.raises(MessageError, match="left over"):
        binary.read_frame_data(whole + b"\0", SIZE)


@given(st.binary(max_size=120))
@settings(max_examples=300)
def test_random_bytes_are_a_frame_or_an_error_and_nothing_else(data):
    for body in (data, b"\x01\x00" + data):
        with contextlib.suppress(MessageError):
            binary.read_frame_data(body, SIZE).samples(some_pixels(), SIZE)


@pytest.mark.parametrize("coding", [0, 1, 2])
def test_a_count_that_lies_reserves_nothing(coding):
    head = struct.pack("<BBIIH", 1, 0, 1, 1, 0) + struct.pack("<BI", coding, 3_000_000)
    with pytest.raises(MessageError):
        binary.read_frame_data(head + b"\x1f" + bytes(50), (2000, 2000))


def test_a_pixel_outside_the_frame_is_refused_in_bytes():
    data = binary.write_frame(FrameData(0, np.zeros((2, 1), np.uint8), np.array([0, 99])))
    assert binary.read_frame_data(data, (10, 10)).pixels.tolist() == [0, 99]
    with pytest.raises(MessageError, match="outside"):
        binary.read_frame_data(data, (9, 10))


def test_a_timestamp_that_is_no_number_is_refused():
    with pytest.raises(MessageError, match="timestamp"):
        binary.read_frame_data(frame_bytes(timestamp=float("nan")), SIZE)


PIXEL = {"u": 0.5, "v": 0.5, "value": 3}


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"frame_id": -1, "pixels": [PIXEL]},
        {"frame_id": True, "pixels": [PIXEL]},
        {"frame_id": 2**32, "pixels": [PIXEL]},
        {"frame_id": "3", "pixels": [PIXEL]},
        {"frame_id": 3},
        {"frame_id": 3, "pixels": []},
        {"frame_id": 3, "pixels": [PIXEL], "values": [1], "coordinates_id": 0},
        {"frame_id": 3, "pixels": "many"},
        {"frame_id": 3, "pixels": [3]},
        {"frame_id": 3, "pixels": [{"u": 0.5, "v": 0.5}]},
        {"frame_id": 3, "pixels": [{**PIXEL, "u": 1.01}]},
        {"frame_id": 3, "pixels": [{**PIXEL, "u": "x"}]},
        {"frame_id": 3, "pixels": [{**PIXEL, "u": [1, 2]}]},
        {"frame_id": 3, "pixels": [{**PIXEL, "u": "0.5"}]},
        {"frame_id": 3, "pixels": [{"u": [0.5], "v": [0.5], "value": 1}]},
        {"frame_id": 3, "pixels": [{**PIXEL, "value": "7"}]},
        {"frame_id": 3, "pixels": [{**PIXEL, "value": [1, 2]}]},
        {"frame_id": 3, "pixels": [{**PIXEL, "value": 10**400}]},
        {"frame_id": 3, "pixels": [PIXEL, {**PIXEL, "value": [1, 2, 3]}]},
        {"frame_id": 3, "pixels": [PIXEL], "num_pixels": 2},
        {"frame_id": 3, "pixels": [PIXEL], "resolution": [4, 3]},
        {"frame_id": 3, "pixels": [PIXEL], "state_vector": [[1], [2, 3]]},
        {"frame_id": 3, "pixels": [PIXEL], "state_vector": ["1"]},
        {"frame_id": 3, "pixels": [PIXEL], "timestamp": "now"},
        {"frame_id": 3, "values": [1], "coordinates_id": 77},
        {"frame_id": 3, "values": [1, 2], "coordinates_id": 0},
        {"frame_id": 3, "values": [1]},
    ],
)
def test_a_frame_that_cannot_be_used_is_refused_in_a_sentence(payload):
    asked = {0: np.array([4])}.get(payload.get("coordinates_id"))
    with pytest.raises(MessageError) as told:
        protocol.read_frame_data(payload, (3, 3)).samples(asked, (3, 3))
    assert told.value.code == Code.INVALID_FRAME_DATA
    assert str(told.value).endswith(".")


@pytest.mark.parametrize(
    "text",
    [
        "", "null", "[1]", "{", '{"type": 3}', '{"type": "x", "payload": 3}', "[" * 100_000,
        '{"type": "frame_data", "payload": {"frame_id": 1, "values": [NaN]}}',
        '{"type": "heartbeat", "payload": {"timestamp": Infinity}}',
    ],
)  # fmt: skip
def test_text_that_is_no_message_is_refused(text):
    with pytest.raises(MessageError) as told:
        protocol.read_envelope(text)
    assert told.value.code == Code.INVALID_MESSAGE


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"resolution": 5},
        {"resolution": [0, 5]},
        {"resolution": [5]},
        {"resolution": [2.5, 5]},
        {"resolution": [True, True]},
        {"resolution": [70_000, 5]},
        {"resolution": [8, 8], "encoding": "xml"},
        {"resolution": [8, 8], "encoding": ["json"]},
        {"resolution": [8, 8], "sampling": []},
        {"resolution": [8, 8], "feedback": "yes"},
        {"resolution": [8, 8], "checkpoint_key": 7},
    ],
)
def test_a_session_start_that_cannot_be_used_is_refused(payload):
    with pytest.raises(MessageError) as told:
        protocol.SessionStart.read(payload)
    assert told.value.code == Code.INVALID_SESSION


def test_a_session_start_reads_width_first_and_keeps_rows_first():
    wishes = protocol.SessionStart.read({"resolution": [640, 480], "player": "x"})
    assert wishes.resolution == (480, 640)


def test_errors_carry_their_code_and_nan_becomes_null():
    error = MessageError(Code.TIMEOUT, "Too late.")
    assert json.loads(protocol.write_error(error)) == {
        "type": "error",
        "payload": {"code": "TIMEOUT", "message": "Too late.", "details": {}},
    }
    assert json.loads(protocol.write("x", {"a": [float("inf"), {"b": float("nan")}]})) == {
        "type": "x",
        "payload": {"a": [None, {"b": None}]},
    }


def test_a_reconstruction_is_the_same_picture_in_both_forms():
    assert read_picture_bytes(binary.write_reconstruction(7, b"png")) == (7, b"png")
    payload = json.loads(protocol.write_reconstruction(7, b"png"))["payload"]
    assert payload == {"frame_id": 7, "png": "cG5n"}
