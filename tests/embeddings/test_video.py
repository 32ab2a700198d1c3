"""Frames come out of a video at the rate asked for, upright, whole, and only once."""

from __future__ import annotations

import logging
import struct
from pathlib import Path

import av
import numpy as np
import pytest
from gapsphere.plugin.embeddings.images import open_rgb
from gapsphere.plugin.embeddings.video import extract_frames
from gapsphere.plugin.errors import Cancelled, ImageError, InputError
from PIL import Image

RATE = 10


def make_video(path: Path, frames: int = 20, *, options: dict[str, str] | None = None) -> Path:
    """Frame i is a flat grey of 10 + 10 i with a white left edge."""
    with av.open(str(path), "w", options=options or {}) as container:
        stream = container.add_stream("mpeg4", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = 64, 32, "yuv420p"
        stream.bit_rate = 4_000_000
        for i in range(frames):
            pixels = np.full((32, 64, 3), 10 + 10 * i, np.uint8)
            pixels[:, :16] = 255
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    return path


def shade(path: Path) -> float:
    return float(np.asarray(open_rgb(path))[:, 32:].mean())


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_every_frame_is_written_in_order(tmp_path, suffix):
    frames = extract_frames(make_video(tmp_path / "a.mp4"), tmp_path / "out", suffix=suffix)
    assert [frame.frame_number for frame in frames] == list(range(20))
    assert [frame.seconds for frame in frames] == pytest.approx([i / RATE for i in range(20)])
    assert [shade(f.path) for f in frames] == pytest.approx([10 + 10 * i for i in range(20)], abs=5)
    assert sorted((tmp_path / "out").iterdir()) == [frame.path for frame in frames]


@pytest.mark.parametrize(
    ("fps", "numbers"),
    [
        (5, list(range(0, 20, 2))),
        (1, [0, 10]),
        (0.5, [0]),
        (3, [0, 4, 7, 10, 14, 17]),
        (RATE, list(range(20))),
        (100, list(range(20))),
    ],
)
def test_the_rate_keeps_the_first_frame_at_or_after_each_tick(tmp_path, fps, numbers):
    frames = extract_frames(make_video(tmp_path / "a.mp4"), tmp_path / "out", fps=fps)
    assert [frame.frame_number for frame in frames] == numbers


def test_a_second_run_adds_only_what_is_missing(tmp_path):
    video = make_video(tmp_path / "a.mp4")
    first = extract_frames(video, tmp_path / "out", fps=5)
    first[3].path.unlink()
    kept = {f.path: f.path.stat().st_mtime_ns for f in first if f.path.exists()}
    again = extract_frames(video, tmp_path / "out", fps=5)
    assert again == first
    assert first[3].path.exists()
    assert all(path.stat().st_mtime_ns == then for path, then in kept.items())


def test_two_videos_of_one_name_do_not_mix(tmp_path):
    (tmp_path / "b").mkdir()
    one = extract_frames(make_video(tmp_path / "a.mp4", 5), tmp_path / "out")
    other = extract_frames(make_video(tmp_path / "b" / "a.mp4", 6), tmp_path / "out")
    assert not {f.path for f in one} & {f.path for f in other}


@pytest.mark.parametrize("ending", [".mp4", ".mkv"])
def test_the_frames_to_come_are_known(tmp_path, ending):
    told = []
    report = lambda done, total: told.append((done, total))  # noqa: E731
    extract_frames(make_video(tmp_path / f"a{ending}"), tmp_path / "out", fps=1, progress=report)
    assert told == [(done, 20) for done in range(1, 21)]


def test_a_run_that_is_stopped_leaves_whole_files_and_continues(tmp_path):
    video = make_video(tmp_path / "a.mp4")

    def stop(done: int, total: int) -> None:
        assert total == 20
        if done == 8:
            raise Cancelled

    with pytest.raises(Cancelled):
        extract_frames(video, tmp_path / "out", progress=stop)
    files = sorted((tmp_path / "out").iterdir())
    assert len(files) == 7
    assert all(shade(path) > 0 for path in files)
    assert len(extract_frames(video, tmp_path / "out")) == 20


def test_a_full_disk_is_said_leaves_no_half_frame_and_a_rerun_goes_on(tmp_path, small_disk):
    video, folder = make_video(tmp_path / "a.mp4"), tmp_path / "out"
    largest = max(f.path.stat().st_size for f in extract_frames(video, folder))
    for path in sorted(folder.iterdir())[3:]:
        path.unlink()
    kept = {path: path.read_bytes() for path in folder.iterdir()}
    with small_disk(largest // 2), pytest.raises(InputError, match=r"File too large\): free space"):
        extract_frames(video, folder)
    assert {path: path.read_bytes() for path in folder.iterdir()} == kept
    assert len(extract_frames(video, folder)) == 20
    assert all(path.read_bytes() == content for path, content in kept.items())


@pytest.mark.parametrize(
    ("matrix", "turn"),
    [
        ((0, 1, -1, 0), Image.Transpose.ROTATE_270),  # a phone held upright: turn clockwise
        ((0, -1, 1, 0), Image.Transpose.ROTATE_90),
        ((-1, 0, 0, -1), Image.Transpose.ROTATE_180),
    ],
)
def test_rotation_metadata_is_applied(tmp_path, matrix, turn):
    data = bytearray(make_video(tmp_path / "a.mp4", 2).read_bytes())
    a, b, c, d = (int(value * 65536) for value in matrix)
    at = data.index(b"tkhd") + 4 + 40
    data[at : at + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    (tmp_path / "turned.mp4").write_bytes(data)
    plain = extract_frames(tmp_path / "a.mp4", tmp_path / "plain", suffix=".png")[0]
    turned = extract_frames(tmp_path / "turned.mp4", tmp_path / "turned", suffix=".png")[0]
    expected = open_rgb(plain.path).transpose(turn)
    np.testing.assert_array_equal(np.asarray(open_rgb(turned.path)), np.asarray(expected))


# -------------------------------------------------------------------------------- bad files


def refusal(path: Path) -> str:
    with pytest.raises(ImageError) as caught:
        extract_frames(path, path.parent / "out")
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_missing_empty_and_folder_are_named(tmp_path):
    (tmp_path / "empty.mp4").touch()
    assert "does not exist" in refusal(tmp_path / "gone.mp4")
    assert "0 bytes" in refusal(tmp_path / "empty.mp4")
    assert "is a folder, not a video" in refusal(tmp_path)


def test_a_file_that_is_no_video_is_refused(tmp_path):
    (tmp_path / "noise.mp4").write_bytes(np.random.default_rng(0).bytes(5000))
    (tmp_path / "notes.txt").write_text("not a video\n" * 50)
    refusal(tmp_path / "noise.mp4")
    refusal(tmp_path / "notes.txt")


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "bmp"])
def test_an_image_is_refused_as_an_image(tmp_path, suffix):
    Image.new("RGB", (32, 32), (9, 9, 9)).save(tmp_path / f"a.{suffix}")
    assert "is an image" in refusal(tmp_path / f"a.{suffix}")


def test_a_video_whose_index_is_cut_off_is_refused(tmp_path):
    whole = make_video(tmp_path / "a.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    assert "truncated" in refusal(tmp_path / "cut.mp4")


def test_a_video_that_breaks_off_gives_what_came_before_and_says_so(tmp_path, caplog):
    whole = make_video(tmp_path / "a.mp4", options={"movflags": "faststart"}).read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) * 6 // 10])
    with caplog.at_level(logging.WARNING):
        frames = extract_frames(tmp_path / "cut.mp4", tmp_path / "out")
    assert 2 <= len(frames) < 20
    assert "cut.mp4" in caplog.text
    assert "the frames before that are used" in caplog.text


def test_a_whole_video_gives_no_warning(tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        extract_frames(make_video(tmp_path / "a.mp4"), tmp_path / "out", fps=1)
    assert caplog.text == ""


@pytest.mark.parametrize("fps", [0, -1, float("nan"), float("inf")])
def test_a_rate_that_is_no_positive_number_is_refused(tmp_path, fps):
    with pytest.raises(InputError, match="positive"):
        extract_frames(tmp_path / "a.mp4", tmp_path, fps=fps)
