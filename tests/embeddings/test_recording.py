"""Frames of MCAP files, which the tests write with the reference writers."""

import contextlib
import re
import struct
import tracemalloc
from datetime import datetime, timezone

import numpy as np
import pytest
from gapsphere.plugin.embeddings.recording import extract_recording
from gapsphere.plugin.errors import ImageError, InputError
from gapsphere.plugin.interchange.recordings import mcap_file
from gapsphere.tests.support import made_recording as made
from gapsphere.tests.support.made_recording import CAMERA, START, Recorder, jpeg
from PIL import Image

SECOND = 10**9


def extract(path, **options):
    return extract_recording(path, path.parent / "frames", **options)


@pytest.mark.parametrize("flavour", made.FLAVOURS)
@pytest.mark.parametrize("packing", made.PACKED)
def test_pictures_are_written_as_they_were_recorded(tmp_path, flavour, packing):
    path = made.write(tmp_path / "a.mcap", flavour, compression=made.PACKED[packing])
    frames = extract(path, fps=2).frames
    assert [frame.frame_number for frame in frames] == [0, 2, 4, 6, 8, 10]
    assert [frame.seconds for frame in frames] == [0.0, 0.5, 1.0, 1.5, 2.0, 2.5]
    assert [frame.path.read_bytes() for frame in frames] == [jpeg(n) for n in range(0, 12, 2)]
    assert {frame.topic for frame in frames} == {CAMERA}
    assert frames[1].recorded_at == datetime.fromtimestamp(START / 1e9 + 0.5, timezone.utc)
    north = [48, 48, 48.01, 48.01, 48.02, 48.02]
    assert [frame.latitude for frame in frames] == pytest.approx(north)
    assert {frame.longitude for frame in frames} == {11.5}


@pytest.mark.parametrize("options", [{}, made.UNINDEXED, {"use_chunking": False}])
def test_a_file_without_an_index_gives_the_same_frames(tmp_path, options):
    path = made.write(tmp_path / "a.mcap", "ros2", **options)
    recording = extract(path)
    assert [frame.frame_number for frame in recording.frames] == [0, 4, 8]
    assert recording.problems == []


def test_a_second_run_writes_only_what_is_missing(tmp_path):
    path = made.write(tmp_path / "a.mcap", "ros2")
    first = extract(path).frames
    first[1].path.unlink()
    first[0].path.write_bytes(b"kept")
    assert [frame.path for frame in extract(path).frames] == [frame.path for frame in first]
    assert first[0].path.read_bytes() == b"kept"
    assert first[1].path.exists()


def two_cameras(path, **options):
    with Recorder(path, "ros2", options) as recorder:
        for number in range(4):
            for name in ("front", "rear", "left/wide"):
                recorder.picture(START + number * SECOND, jpeg(number), topic=f"/cam/{name}")
    return path


@pytest.mark.parametrize(
    ("topics", "cameras"),
    [
        ("", ["/cam/front", "/cam/left/wide", "/cam/rear"]),
        ("/cam/front", ["/cam/front"]),
        ("/cam/rear, /cam/left*", ["/cam/left/wide", "/cam/rear"]),
        ("*front", ["/cam/front"]),
    ],
)
def test_cameras_are_chosen_by_their_topics(tmp_path, topics, cameras):
    frames = extract(two_cameras(tmp_path / "a.mcap"), topics=topics).frames
    assert sorted({frame.topic for frame in frames}) == cameras
    assert len(frames) == len({frame.path for frame in frames}) == 4 * len(cameras)


def test_a_topic_that_is_not_there_is_refused_and_the_others_named(tmp_path):
    with pytest.raises(
        InputError, match=r"no camera topic '/cam0'; its cameras: /cam/front, /cam/l"
    ):
        extract(two_cameras(tmp_path / "a.mcap"), topics="/cam0")


def test_a_recording_without_a_camera_says_what_it_has(tmp_path):
    with Recorder(tmp_path / "a.mcap", "ros2") as recorder:
        recorder.fix(START, 48, 11)
    with pytest.raises(
        ImageError, match=r"no camera topic; its topics: /gps/fix \(sensor_msgs/msg/N"
    ):
        extract(tmp_path / "a.mcap")
    with Recorder(tmp_path / "b.mcap", "ros2"):
        pass
    with pytest.raises(ImageError, match="no camera topic; its topics: none"):
        extract(tmp_path / "b.mcap")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"RIFF" + b"x" * 50, "is not an MCAP recording"),
        (b"\x89MCAP0\r\n", "no camera topic.* was cut off"),
        (b"\x89MCAP0\r\n" + b"\0" * 300, "is damaged after 8"),
        (b"\x89MCAP0\r\n" + struct.pack("<BQ", 6, 1 << 60) + b"x" * 300, "is cut off after 8"),
    ],
)
def test_what_is_no_recording_is_a_sentence(tmp_path, content, sentence):
    (tmp_path / "a.mcap").write_bytes(content)
    with pytest.raises(ImageError, match=sentence):
        extract(tmp_path / "a.mcap")


@pytest.mark.parametrize("share", [0.4, 0.7])
def test_a_recording_that_was_cut_off_gives_what_it_has(tmp_path, share):
    path = made.write(tmp_path / "a.mcap", "ros2", seconds=20, chunk_size=4096)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    recording = extract(path)
    assert 3 < len(recording.frames) < 20
    (problem,) = recording.problems
    assert problem.startswith("a.mcap is cut off after")


def test_a_recording_whose_index_was_cut_off_gives_all(tmp_path):
    path = made.write(tmp_path / "a.mcap", "ros2", seconds=20)
    path.write_bytes(path.read_bytes()[:-50])
    recording = extract(path)
    assert (len(recording.frames), recording.problems) == (20, [])


def test_a_damaged_part_costs_that_part_alone(tmp_path):
    path = made.write(tmp_path / "a.mcap", "ros2", seconds=20, chunk_size=4096)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 40] = bytes(40)
    path.write_bytes(content)
    recording = extract(path)
    assert 10 < len(recording.frames) <= 20
    assert any("damaged" in problem for problem in recording.problems)


def test_bytes_changed_at_random_never_crash(tmp_path):
    path = made.write(tmp_path / "a.mcap", "ros2", compression=made.PACKED["none"])
    content = path.read_bytes()
    rng = np.random.default_rng(1)
    for _ in range(60):
        changed = bytearray(content)
        for at in rng.integers(8, len(content), 8):
            changed[at] = rng.integers(256)
        path.write_bytes(changed)
        with contextlib.suppress(ImageError, InputError):
            extract(path)


def chunk(content, *, size=None, packing="", claimed=None):
    size = len(content) if size is None else size
    name = packing.encode()
    length = len(content) if claimed is None else claimed
    body = struct.pack("<QQQII", 0, 0, size, 0, len(name)) + name + struct.pack("<Q", length)
    return struct.pack("<BQ", 6, len(body) + len(content)) + body + content


def zeros(packing, size):
    import lz4.frame
    import zstandard

    block = bytes(1 << 20)
    if packing == "lz4":
        packer = lz4.frame.LZ4FrameCompressor()
        parts = [packer.begin(), *(packer.compress(block) for _ in range(size >> 20))]
        return b"".join([*parts, packer.flush()])
    return zstandard.ZstdCompressor().compress(bytes(size))


@pytest.mark.parametrize("packing", ["lz4", "zstd"])
@pytest.mark.parametrize("size", [16, 1 << 50])
def test_a_chunk_that_unpacks_to_more_than_it_claims_costs_no_memory(tmp_path, packing, size):
    bomb = chunk(zeros(packing, 400 << 20), packing=packing, size=size)
    (tmp_path / "a.mcap").write_bytes(b"\x89MCAP0\r\n" + bomb)
    tracemalloc.start()
    with pytest.raises(ImageError, match="would unpack to" if size > 16 else "damaged"):
        extract(tmp_path / "a.mcap")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50 << 20


def test_an_unknown_packing_is_a_sentence(tmp_path):
    (tmp_path / "a.mcap").write_bytes(b"\x89MCAP0\r\n" + chunk(b"secret", packing="aes256"))
    with pytest.raises(ImageError, match="packed or encrypted as 'aes256'"):
        extract(tmp_path / "a.mcap")


def test_little_memory_is_needed_however_large_the_file_is(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, 1 << 20, dtype=np.uint8).tobytes()
    path = tmp_path / "a.mcap"
    with Recorder(path, "ros1", {"compression": made.PACKED["none"]}) as recorder:
        for number in range(96):
            recorder.picture(START + number * SECOND // 8, b"\xff\xd8\xff" + noise)
            recorder.write("/lidar", "Image", START, {"data": noise, "encoding": "points"})
    assert path.stat().st_size > 180 << 20
    tracemalloc.start()
    assert len(extract(path, topics=CAMERA).frames) == 12
    assert tracemalloc.get_traced_memory()[1] < 20 << 20
    tracemalloc.stop()


def test_chunks_without_a_camera_are_passed_over(tmp_path, monkeypatch):
    path = tmp_path / "a.mcap"
    with Recorder(path, "ros2", {"chunk_size": 2000}) as recorder:
        for number in range(50):
            recorder.fix(START + number, 48, 11)
        recorder.picture(START + SECOND, jpeg(1))
        for _ in range(200):
            recorder.write(
                "/other",
                "Image",
                START,
                {
                    "encoding": "x",
                    "data": bytes(500),
                    "width": 1,
                    "height": 1,
                    "step": 1,
                    "is_bigendian": 0,
                },
            )
    unpacked = []
    unpack = mcap_file._UNPACK["zstd"]
    monkeypatch.setitem(mcap_file._UNPACK, "zstd", lambda p, s: unpacked.append(s) or unpack(p, s))
    assert len(extract(path, topics=CAMERA).frames) == 1
    assert 0 < len(unpacked) < 10


@pytest.mark.parametrize("codec", [("libx264", "h264"), ("libx265", "h265")])
@pytest.mark.parametrize("flavour", ["protobuf", "json"])
def test_video_topics_become_frames_of_their_moment(tmp_path, codec, flavour):
    packets = made.video_packets(12, codec[0])
    with Recorder(tmp_path / "a.mcap", flavour) as recorder:
        for number, packet in enumerate(packets):
            recorder.picture(START + number * SECOND // 4, packet, codec[1], topic="/video")
    frames = extract(tmp_path / "a.mcap", fps=2).frames
    assert [frame.seconds for frame in frames] == [0.0, 0.5, 1.0, 1.5, 2.0, 2.5]
    bright = [np.asarray(Image.open(frame.path)).mean() for frame in frames]
    assert bright == pytest.approx([10 + 20 * n for n in range(6)], abs=4)


def test_video_that_starts_between_key_frames_gives_the_rest(tmp_path):
    packets = made.video_packets(6) + made.video_packets(6)
    with Recorder(tmp_path / "a.mcap", "protobuf") as recorder:
        for number, packet in enumerate(packets[2:]):
            recorder.picture(START + number * SECOND, packet, "h264")
    recording = extract(tmp_path / "a.mcap")
    assert [frame.frame_number for frame in recording.frames][-6:] == [4, 5, 6, 7, 8, 9]


RED, GREY = (200, 30, 20), (90, 90, 90)


@pytest.mark.parametrize("flavour", ["ros1", "ros2"])
@pytest.mark.parametrize(
    ("encoding", "pixel", "colour"),
    [
        ("rgb8", RED, RED),
        ("bgr8", RED[::-1], RED),
        ("rgba8", (*RED, 7), RED),
        ("bgra8", (*RED[::-1], 7), RED),
        ("mono8", 90, GREY),
        ("mono16", (0, 90), GREY),
        ("yuv422", (128, 90), GREY),
        ("yuv422_yuy2", (90, 128), GREY),
    ],
)
def test_raw_images_get_their_colours(tmp_path, flavour, encoding, pixel, colour):
    pixels = np.broadcast_to(np.uint8(pixel), (6, 8, *np.shape(pixel)))
    with Recorder(tmp_path / "a.mcap", flavour) as recorder:
        recorder.raw(START, np.ascontiguousarray(pixels), encoding, "/cam/image_raw")
    (frame,) = extract(tmp_path / "a.mcap").frames
    image = Image.open(frame.path).convert("RGB")
    assert image.size == (8, 6)
    assert np.asarray(image, int)[3, 4] == pytest.approx(colour, abs=4)


def test_what_has_no_picture_is_counted_by_its_reason(tmp_path):
    with Recorder(tmp_path / "a.mcap", "ros2") as recorder:
        recorder.picture(START, jpeg(0))
        recorder.picture(START, b"12bytesofhead" + jpeg(0), "16UC1; compressedDepth png", "/depth")
        recorder.picture(START, jpeg(1), "16UC1; png compressed", "/depth/compressed")
        recorder.picture(START, b"\0\0", "theora", "/theora")
        recorder.raw(START, np.zeros((4, 4), np.float32), "32FC1", "/range")
        recorder.raw(START, np.zeros((4, 4), np.uint8), "bayer_rggb8", "/bayer")
        recorder.raw(START, np.zeros((4, 4, 3), np.uint8), "rgb8", "/cam/image")
    recording = extract(tmp_path / "a.mcap")
    assert [frame.topic for frame in recording.frames] == [CAMERA]
    counts = {"depth images": 3, "messages without a known picture": 2, "repeated topics": 1}
    assert recording.left_out.counts == counts


@pytest.mark.parametrize(
    ("times", "numbers", "said"),
    [
        ([0, 1, 2, 0.2, 1.2, 2.2], [0, 1, 2], "goes back by up to 2 s"),
        ([100, 101, 0, 1], [0, 1, 2, 3], "goes back by up to 101 s"),
        ([0, 0.9, 0.5, 1.5], [0, 3], ""),
    ],
)
def test_a_clock_that_jumps_is_said_and_no_slot_is_taken_twice(tmp_path, times, numbers, said):
    with Recorder(tmp_path / "a.mcap", "ros2") as recorder:
        for number, time in enumerate(times):
            recorder.picture(START + int(time * SECOND), jpeg(number))
    recording = extract(tmp_path / "a.mcap")
    assert [frame.frame_number for frame in recording.frames] == numbers
    assert bool(recording.problems) == bool(said)
    assert said in " ".join(recording.problems)


def test_frames_without_a_time_are_all_used_and_said(tmp_path):
    with Recorder(tmp_path / "a.mcap", "json") as recorder:
        for number in range(3):
            recorder.picture(0, jpeg(number))
        recorder.fix(0, 48, 11)
    recording = extract(tmp_path / "a.mcap")
    assert [frame.frame_number for frame in recording.frames] == [0, 1, 2]
    assert recording.problems == [f"{CAMERA}: 3 frames have no time: all are used."]
    assert {frame.recorded_at for frame in recording.frames} == {None}
    assert {frame.latitude for frame in recording.frames} == {None}


def test_a_clock_since_start_up_is_no_date(tmp_path):
    with Recorder(tmp_path / "a.mcap", "ros1") as recorder:
        for number in range(2):
            recorder.picture(5 * SECOND + number * SECOND, jpeg(number))
    frames = extract(tmp_path / "a.mcap").frames
    assert [(frame.seconds, frame.recorded_at) for frame in frames] == [(0, None), (1, None)]


def test_only_a_place_near_in_time_counts(tmp_path):
    with Recorder(tmp_path / "a.mcap", "ros2") as recorder:
        recorder.fix(START, 48, 11)
        recorder.fix(START + SECOND, 0, 0)
        recorder.fix(START + SECOND, float("nan"), 11)
        recorder.fix(START + SECOND, 50, 11, status=-1)
        recorder.fix(START + SECOND, 480, 11)
        for seconds in (0, 4, 9):
            recorder.picture(START + seconds * SECOND, jpeg(seconds))
    frames = extract(tmp_path / "a.mcap").frames
    assert [frame.latitude for frame in frames] == [48, 48, None]


def test_names_of_files_are_safe_and_differ_as_topics_do(tmp_path):
    topics = ["/a/b", "a/b", "/a-b", "/../../etc/x", "/" + "long" * 100, "/kamera é"]
    with Recorder(tmp_path / "a.mcap", "ros2") as recorder:
        for topic in topics:
            recorder.picture(START, jpeg(0), topic=topic)
    frames = extract(tmp_path / "a.mcap").frames
    assert {frame.path.parent for frame in frames} == {tmp_path / "frames"}
    assert len({frame.path for frame in frames}) == len(topics)
    assert all(re.fullmatch(r"[\w.-]{1,120}", frame.path.name) for frame in frames)


def test_a_full_disk_is_a_sentence(tmp_path, small_disk):
    path = made.write(tmp_path / "a.mcap", "ros2")
    with small_disk(200), pytest.raises(InputError, match="cannot be written"):
        extract(path)
    assert not list((tmp_path / "frames").glob("*"))
