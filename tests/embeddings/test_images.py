"""Every kind of image file that a drive's folder has been seen to hold, made for real."""

from __future__ import annotations

import io
import os
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import av
import numpy as np
import pytest
from gapsphere.plugin.embeddings.images import looks_like_video, open_rgb, to_eight_bits
from gapsphere.plugin.errors import ImageError
from PIL import Image, ImageCms

WIDTH, HEIGHT = 24, 16


@pytest.fixture
def picture() -> Image.Image:
    """Four flat quadrants, so that a turn or a wrong channel order shows."""
    pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    pixels[:8, :12] = (220, 30, 40)
    pixels[:8, 12:] = (30, 200, 60)
    pixels[8:, :12] = (40, 60, 210)
    pixels[8:, 12:] = (230, 220, 200)
    return Image.fromarray(pixels)


def difference(image: Image.Image, expected: Image.Image) -> int:
    """Largest difference of a quadrant's middle, where JPEG's ringing does not reach."""
    assert (image.mode, image.size) == ("RGB", expected.size)
    width, height = image.size
    places = [(width * i // 4, height * j // 4) for i in (1, 3) for j in (1, 3)]
    return max(
        abs(a - b)
        for place in places
        for a, b in zip(image.getpixel(place), expected.getpixel(place), strict=True)
    )


@pytest.mark.parametrize("suffix", ["jpg", "png", "bmp", "webp", "tif", "ppm", "gif"])
def test_a_sound_file_of_any_common_format_is_read(tmp_path, picture, suffix):
    path = tmp_path / f"frame.{suffix}"
    options = {"quality": 95, "subsampling": 0} if suffix == "jpg" else {}
    options = {"lossless": True} if suffix == "webp" else options
    picture.save(path, **options)
    assert difference(open_rgb(path), picture) <= 4


def test_the_picture_outlives_its_file(tmp_path, picture):
    picture.save(tmp_path / "a.png")
    image = open_rgb(str(tmp_path / "a.png"))
    os.unlink(tmp_path / "a.png")
    assert difference(image.rotate(180), picture.rotate(180)) == 0


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "webp"])
def test_exif_orientation_is_applied(tmp_path, picture, suffix, orientation):
    stored_as = {  # what a camera stores so that the tag turns it upright again
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    stored = picture if stored_as is None else picture.transpose(stored_as)
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"turned.{suffix}"
    stored.save(path, exif=exif, **({"lossless": True} if suffix == "webp" else {}))
    assert difference(open_rgb(path), picture) <= 40


def test_unreadable_exif_costs_the_turn_and_not_the_picture(tmp_path, picture):
    path = tmp_path / "frame.jpg"
    picture.save(path, quality=95, exif=b"Exif\0\0MM\0\x2a\xff\xff\xff\xff nonsense")
    assert difference(open_rgb(path), picture) <= 40


@pytest.mark.parametrize("mode", ["CMYK", "L", "1", "P", "YCbCr"])
def test_other_colour_modes_become_rgb(tmp_path, picture, mode):
    stored = picture.convert(mode)
    path = tmp_path / ("a.jpg" if mode in ("CMYK", "YCbCr") else "a.png")
    stored.save(path, **({"quality": 95, "subsampling": 0} if path.suffix == ".jpg" else {}))
    assert difference(open_rgb(path), stored.convert("RGB")) <= 4


def test_lab_becomes_rgb(tmp_path, picture):
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    ImageCms.profileToProfile(picture, srgb, lab, outputMode="LAB").save(tmp_path / "a.tif")
    assert difference(open_rgb(tmp_path / "a.tif"), picture) <= 4


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparent_pixels_are_black_and_half_transparent_ones_half_as_bright(tmp_path, mode):
    stored = Image.new(mode, (3, 1))
    colour = (200, 100, 50) if mode == "RGBA" else (200,)
    for x, alpha in enumerate((255, 128, 0)):
        stored.putpixel((x, 0), (*colour, alpha))
    stored.save(tmp_path / "a.png")
    image = open_rgb(tmp_path / "a.png")
    full = colour if mode == "RGBA" else (200, 200, 200)
    assert image.getpixel((0, 0)) == full
    assert image.getpixel((1, 0)) == pytest.approx([c / 2 for c in full], abs=1)
    assert image.getpixel((2, 0)) == (0, 0, 0)


@pytest.mark.parametrize("mode", ["P", "RGB", "L", "1"])
def test_a_colour_declared_transparent_is_black(tmp_path, mode):
    stored = Image.new("RGB", (2, 1), (255, 255, 255))
    stored.putpixel((1, 0), (0, 0, 0))
    stored = stored.convert(mode)
    white = stored.getpixel((0, 0))
    stored.save(tmp_path / "a.png", transparency=white)
    assert open_rgb(tmp_path / "a.png").getpixel((0, 0)) == (0, 0, 0)


@pytest.mark.parametrize("suffix", ["png", "tif"])
@pytest.mark.parametrize("bits", [10, 12, 14, 16])
def test_sixteen_bit_files_use_the_full_range_of_their_sensor(tmp_path, suffix, bits):
    full = 2**bits - 1
    values = np.linspace(0, full, 40 * 20).reshape(20, 40).astype(np.uint16)
    Image.fromarray(values).save(tmp_path / f"a.{suffix}")
    grey = np.asarray(open_rgb(tmp_path / f"a.{suffix}"))
    np.testing.assert_array_equal(grey[..., 0], np.rint(values / full * 255))
    assert (grey == grey[..., :1]).all()


def test_big_endian_sixteen_bit_tiff_is_not_byte_swapped(tmp_path):
    values = np.arange(0, 65536, 257, dtype=np.uint16).reshape(16, 16)
    entries = [(256, 3, 16), (257, 3, 16), (258, 3, 16), (259, 3, 1), (262, 3, 1)]
    entries += [(273, 4, 8), (277, 3, 1), (278, 3, 16), (279, 4, 512)]
    directory = struct.pack(">H", len(entries))
    for tag, kind, value in entries:
        field = struct.pack(">HH", value, 0) if kind == 3 else struct.pack(">I", value)
        directory += struct.pack(">HHI", tag, kind, 1) + field
    body = values.astype(">u2").tobytes()
    header = b"MM\0\x2a" + struct.pack(">I", 8 + len(body))
    (tmp_path / "a.tif").write_bytes(header + body + directory + b"\0\0\0\0")
    np.testing.assert_array_equal(
        np.asarray(open_rgb(tmp_path / "a.tif"))[..., 0], np.arange(256).reshape(16, 16)
    )


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.0, 0.5, 1.0], [0, 128, 255]),
        ([0.0, 127.6, 255.0], [0, 128, 255]),
        ([-5.0, 500.0, 1000.0], [0, 128, 255]),
        ([0.0, 1.5e38, 3e38], [0, 128, 255]),
    ],
)
def test_float_images_are_scaled(tmp_path, values, expected):
    Image.fromarray(np.array([values], np.float32)).save(tmp_path / "a.tif")
    grey = np.asarray(open_rgb(tmp_path / "a.tif"))[0, :, 0]
    assert grey.tolist() == pytest.approx(expected, abs=1)


def test_thirty_two_bit_integers_are_scaled_by_their_maximum():
    image = Image.fromarray(np.array([[-4, 0, 500_000, 1_000_000]], np.int32))
    assert np.asarray(to_eight_bits(image)).tolist() == [[0, 0, 128, 255]]


def test_a_float_image_with_nan_is_refused(tmp_path):
    Image.fromarray(np.array([[0.0, np.nan]], np.float32)).save(tmp_path / "a.tif")
    with pytest.raises(ImageError, match=r"a\.tif.*NaN"):
        open_rgb(tmp_path / "a.tif")


def test_a_black_sixteen_bit_image_stays_black(tmp_path):
    Image.fromarray(np.zeros((4, 4), np.uint16)).save(tmp_path / "a.png")
    assert np.asarray(open_rgb(tmp_path / "a.png")).max() == 0


# ---------------------------------------------------------------------------- files to refuse


def refusal(path: Path) -> str:
    """The sentence that refuses the file; it names the file and is one line."""
    with pytest.raises(ImageError) as caught:
        open_rgb(path)
    sentence = str(caught.value)
    assert str(path) in sentence
    assert "\n" not in sentence
    return sentence


def test_a_missing_file_is_named(tmp_path):
    assert "does not exist" in refusal(tmp_path / "gone.jpg")


@pytest.mark.parametrize("path", ["s3://bucket/a.jpg", "/work/gs:/bucket/a.jpg"])
def test_a_remote_path_is_told_what_to_do(path):
    with pytest.raises(ImageError, match=r"Remote paths are not read: mount .* or download"):
        open_rgb(path)


def test_a_folder_is_named(tmp_path):
    assert "folder" in refusal(tmp_path)


def test_an_empty_file_is_named(tmp_path):
    (tmp_path / "a.jpg").touch()
    assert "0 bytes" in refusal(tmp_path / "a.jpg")


def test_a_pipe_does_not_block_for_ever(tmp_path):
    os.mkfifo(tmp_path / "a.jpg")
    assert "regular file" in refusal(tmp_path / "a.jpg")


def test_a_file_that_the_system_will_not_open_is_named(tmp_path):
    loop = tmp_path / "a.png"
    loop.symlink_to(loop)
    assert "cannot be read" in refusal(loop)


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif", "bmp", "gif"])
def test_a_truncated_file_is_refused(tmp_path, suffix):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / f"whole.{suffix}")
    data = (tmp_path / f"whole.{suffix}").read_bytes()
    cut = tmp_path / f"cut.{suffix}"
    cut.write_bytes(data[: len(data) * 6 // 10])
    assert "truncated or damaged" in refusal(cut) or "not an image" in refusal(cut)


def test_text_with_an_image_ending_is_refused(tmp_path):
    (tmp_path / "a.jpg").write_text("<html>404 not found</html>")
    assert "whatever its ending .jpg says" in refusal(tmp_path / "a.jpg")


def test_a_file_that_never_claimed_to_be_an_image_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("GAPSPHERE " * 50)
    assert refusal(tmp_path / "notes.txt").endswith("is not an image.")


def test_a_git_lfs_pointer_says_what_to_run(tmp_path):
    (tmp_path / "a.png").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    assert "git lfs pull" in refusal(tmp_path / "a.png")


def test_a_heic_photo_says_to_convert_it(tmp_path):
    (tmp_path / "a.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(200))
    assert "convert it to JPEG" in refusal(tmp_path / "a.heic")


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "avi", "ts"])
def test_a_video_is_refused_as_a_video(tmp_path, suffix):
    path = tmp_path / f"drive.{suffix}"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg2video" if suffix == "ts" else "mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        for _ in range(3):
            frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    assert "is a video" in refusal(path)


def test_a_still_picture_of_the_mp4_family_is_no_video():
    assert not looks_like_video(b"\0\0\0\x20ftypavif" + bytes(200))
    assert looks_like_video(b"\0\0\0\x20ftypisom" + bytes(200))


@pytest.mark.parametrize("suffix", ["gif", "png", "webp"])
def test_an_animation_is_refused(tmp_path, picture, suffix):
    path = tmp_path / f"moving.{suffix}"
    second = picture.transpose(Image.Transpose.ROTATE_180)
    picture.save(path, save_all=True, append_images=[second])
    assert "animation" in refusal(path)


def test_a_phones_two_view_mpo_is_one_picture(tmp_path, picture):
    path = tmp_path / "phone.jpg"
    other = Image.new("RGB", picture.size)
    picture.save(path, format="MPO", save_all=True, append_images=[other], quality=95)
    with Image.open(path) as image:
        assert image.n_frames == 2
    assert difference(open_rgb(path), picture) <= 40


def test_a_tiff_with_a_smaller_copy_is_one_picture(tmp_path, picture):
    picture.save(tmp_path / "a.tif", save_all=True, append_images=[picture.resize((6, 4))])
    assert difference(open_rgb(tmp_path / "a.tif"), picture) == 0


def png_claiming(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + checksum

    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + rows + chunk(b"IEND", b"")


@pytest.mark.parametrize("pillow_limit", [Image.MAX_IMAGE_PIXELS, None])
def test_a_decompression_bomb_is_not_decoded(tmp_path, monkeypatch, pillow_limit):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", pillow_limit)
    (tmp_path / "bomb.png").write_bytes(png_claiming(60_000, 60_000))
    assert "absurd size" in refusal(tmp_path / "bomb.png")


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow remarks on what it skips in a TIFF
@pytest.mark.parametrize("suffix", ["jpg", "png", "gif", "webp", "tif", "bmp", "ppm"])
def test_damaged_bytes_give_a_picture_or_an_image_error_and_nothing_else(tmp_path, suffix):
    rng = np.random.default_rng(7)
    buffer = io.BytesIO()
    whole = Image.fromarray(rng.integers(0, 256, (24, 24, 3), np.uint8))
    kind = {"jpg": "jpeg", "tif": "tiff"}.get(suffix, suffix)
    exif = Image.Exif()
    exif[0x0112] = 6
    whole.save(buffer, kind, **({"exif": exif} if kind in ("jpeg", "png", "webp", "tiff") else {}))
    data = np.frombuffer(buffer.getvalue(), np.uint8)
    path = tmp_path / f"a.{suffix}"
    for trial in range(150):
        damaged = data.copy()
        reach = min(len(damaged), 300 if trial % 2 else len(damaged))
        places = rng.integers(0, reach, rng.integers(1, 6))
        damaged[places] = rng.integers(0, 256, len(places))
        path.write_bytes(damaged.tobytes()[: len(damaged) if trial % 3 else reach])
        try:
            assert open_rgb(path).mode == "RGB"
        except ImageError as error:
            assert str(path) in str(error)  # noqa: PT017 - either outcome is right


def test_many_threads_read_what_one_thread_reads(tmp_path):
    rng = np.random.default_rng(3)
    paths = []
    for i in range(24):
        paths.append(tmp_path / f"{i}.{('jpg', 'png', 'webp', 'tif')[i % 4]}")
        Image.fromarray(rng.integers(0, 256, (40, 30, 3), np.uint8)).save(paths[-1])
    alone = [np.asarray(open_rgb(path)) for path in paths]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(open_rgb, paths * 4))
    for image, expected in zip(together, alone * 4, strict=True):
        np.testing.assert_array_equal(np.asarray(image), expected)


def test_a_small_file_that_claims_a_large_picture_is_not_decoded(tmp_path):
    Image.new("1", (9000, 9000)).save(tmp_path / "bomb.png")
    with pytest.raises(ImageError, match="9000 x 9000 pixels in"):
        open_rgb(tmp_path / "bomb.png")
