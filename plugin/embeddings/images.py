"""One image file as RGB pixels, or one sentence that says why not.

Everything that looks at an image goes through :func:`open_rgb`, so an embedding, a heatmap and a
report see the same pixels: upright, three channels, 8 bits.  Pillow decodes; this module chooses
what counts as one image (a phone's MPO does, an animation does not) and keeps no state.
"""

from __future__ import annotations

import logging
import os
import stat
import struct
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, UnidentifiedImageError

from ..errors import ImageError
from ..interchange.files.listed_paths import gone

_log = logging.getLogger(__name__)

MAX_PIXELS = 178_956_970
"""Pixels above which a file is taken for a decompression bomb: Pillow's own limit for an error,
held here as well because ``Image.MAX_IMAGE_PIXELS`` is global and other code switches it off."""

LARGE_PIXELS = 40_000_000
"""Pixels above which a file has to hold some bytes for them; cameras stay below."""
PIXELS_A_BYTE = 250
"""Pixels that a byte of a large file may stand for: 1,000 in a black PNG, below 10 in a photo."""

_ANIMATION_FORMATS = frozenset({"GIF", "PNG", "WEBP", "AVIF", "FLI"})
"""Formats in which a second frame means motion.  In MPO it is a phone's second view or gain map, in
TIFF a smaller copy or another page, in PSD a layer: there the first frame is the picture."""

_SENSOR_DEPTHS = (8, 10, 12, 14, 16)
"""Bits that cameras put into 16-bit files."""

_ORIENTATION_TAG = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

_STILL_BRANDS = (b"avif", b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1", b"jp2 ", b"jpx ")
_MOVING_BRANDS = (b"avis", b"hevc", b"hevx")
_HEADER_BYTES = 192

# What decoders raise on damaged bytes.  Pillow's plugins parse headers with struct and dictionaries
# and let the errors of both through; tests/embeddings damages files at random to keep this honest.
_DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    EOFError,
    OverflowError,
    ZeroDivisionError,
    AttributeError,
    NotImplementedError,
    struct.error,
    zlib.error,
)


def open_rgb(path: str | os.PathLike[str]) -> Image.Image:
    """Decode an image file into upright 8-bit RGB.

    EXIF orientation is applied.  Greyscale, palette, CMYK, YCbCr and Lab images are converted;
    transparent pixels are laid over black, which is what a camera's mask leaves.  16-bit and
    floating-point images are scaled to 8 bits: see :func:`to_eight_bits`.  Of a file with a second
    view (a phone's MPO) or pages (TIFF) the first picture counts.

    The pixels are loaded, independent of the file.

    Raises
    ------
    ImageError
        The file is missing, unreadable, empty, truncated, damaged, not an image, a video, an
        animation, or larger than :data:`MAX_PIXELS`.  The message names the file.
    MemoryError
        The picture is a sound one but does not fit into memory.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from PIL import Image
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> Image.new("L", (4, 2), 200).save(folder / "grey.png")
    >>> open_rgb(folder / "grey.png").getpixel((0, 0))
    (200, 200, 200)
    """
    _refuse_what_is_no_file(path)
    try:
        with open(path, "rb") as stream:
            header = stream.read(_HEADER_BYTES)
            if looks_like_video(header):
                raise ImageError(
                    f"{path} is a video, not an image: extract its frames first (load_images and "
                    "`gapsphere load` do that for video files)."
                )
            stream.seek(0)
            return _decode(path, stream, header)
    except OSError as error:
        raise ImageError(f"{path} cannot be read ({error.strerror or error}).") from error


def looks_like_video(header: bytes) -> bool:
    """Whether a file's first 192 bytes are those of a common video container.

    Knows MP4/MOV/3GP, Matroska/WebM, AVI, MPEG program, transport and elementary streams, FLV, ASF
    (WMV) and Ogg.  Still pictures in the MP4 family (HEIC, AVIF, JPEG 2000) are not videos.
    """
    if header[4:8] == b"ftyp":
        return header[8:12] in _MOVING_BRANDS or header[8:12] not in _STILL_BRANDS
    if header[4:8] in (b"moov", b"mdat", b"wide", b"skip"):  # QuickTime before it had brands
        return True
    if header[:4] == b"RIFF":
        return header[8:12] == b"AVI "
    if (
        header[:1] == b"\x47" and header[188:189] == b"\x47"
    ):  # transport stream: a sync byte a packet
        return True
    return header.startswith(
        (
            b"\x1a\x45\xdf\xa3",  # EBML: Matroska, WebM
            b"\x00\x00\x01\xba",  # MPEG program stream
            b"\x00\x00\x01\xb3",  # MPEG video; Pillow knows its header and no more
            b"\x00\x00\x00\x01\x67",  # raw H.264
            b"FLV\x01",
            b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",  # ASF
            b"OggS",
        )
    )


def to_eight_bits(image: Image.Image) -> Image.Image:
    """A single-channel image of more than 8 bits as greyscale of 8 bits.

    16-bit files rarely use 16 bits: sensors deliver 10, 12 or 14.  The smallest of those depths
    that holds the brightest pixel is taken as full scale, so a 12-bit frame is not black and two
    frames of one drive get the same scale unless one of them is nearly dark.  Integers beyond
    16 bits are scaled by their maximum.  Floats are taken as 0..1 if none is above 1, as 0..255 if
    none is above 255, else scaled by their maximum.  Negative values become 0.  Modes are ``I``,
    ``I;16`` (any byte order) and ``F``.

    Raises
    ------
    ValueError
        A pixel is NaN or infinite.
    """
    pixels = np.asarray(image).astype(np.float32)
    if not np.isfinite(pixels).all():
        raise ValueError("a pixel is NaN or infinite")
    brightest = float(pixels.max(initial=0.0))
    if image.mode == "F":
        full_scale = 1.0 if brightest <= 1 else max(brightest, 255.0)
    else:
        scales = (2.0**bits - 1 for bits in _SENSOR_DEPTHS)
        full_scale = next((scale for scale in scales if brightest <= scale), brightest)
    scaled = np.clip(pixels / np.float32(full_scale), 0.0, 1.0) * 255.0
    return Image.fromarray(np.rint(scaled).astype(np.uint8))


def _refuse_what_is_no_file(path: str | os.PathLike[str]) -> None:
    try:
        status = os.stat(path)
    except FileNotFoundError as error:
        raise ImageError(gone(path)) from error
    except (OSError, ValueError) as error:
        raise ImageError(f"{path} cannot be read ({error}).") from error
    if stat.S_ISDIR(status.st_mode):
        raise ImageError(f"{path} is a folder, not an image.")
    if not stat.S_ISREG(status.st_mode):
        raise ImageError(f"{path} is not a regular file.")  # a pipe would block for ever
    if status.st_size == 0:
        raise ImageError(f"{path} is empty (0 bytes): copy it again from its source.")


def _decode(path: str | os.PathLike[str], stream: BinaryIO, header: bytes) -> Image.Image:
    try:
        image = Image.open(stream)
        width, height = image.size
        if width * height > MAX_PIXELS:
            raise Image.DecompressionBombError(f"{width} x {height} pixels")
        size = os.fstat(stream.fileno()).st_size
        if width * height > max(LARGE_PIXELS, PIXELS_A_BYTE * size):
            raise Image.DecompressionBombError(f"{width} x {height} pixels in {size:,} bytes")
        if image.format in _ANIMATION_FORMATS and getattr(image, "is_animated", False):
            raise ImageError(
                f"{path} is an animation ({image.format} of several frames), not one image: "
                "save the frames that you want as files of their own."
            )
        image.load()
        return _rgb(_upright(image, path))
    except UnidentifiedImageError as error:
        raise ImageError(_why_unidentified(path, header)) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageError(
            f"{path} claims an absurd size ({error}); it is not decoded, since that would fill the "
            "memory."
        ) from error
    except _DAMAGE as error:
        raise ImageError(
            f"{path} is truncated or damaged ({error}): copy it again from its source."
        ) from error


def _why_unidentified(path: str | os.PathLike[str], header: bytes) -> str:
    if header.startswith(b"version https://git-lfs"):
        return f"{path} is a Git LFS pointer, not an image: run `git lfs pull` where it came from."
    if header[4:8] == b"ftyp" and header[8:12] in _STILL_BRANDS:
        return f"{path} is a HEIC or AVIF photo that this Pillow cannot decode: convert it to JPEG."
    suffix = Path(path).suffix.lower()
    if suffix in Image.registered_extensions():
        return (
            f"{path} is not an image that can be decoded, whatever its ending {suffix} says: "
            "its first bytes are damaged or of another format."
        )
    return f"{path} is not an image."


def _upright(image: Image.Image, path: str | os.PathLike[str]) -> Image.Image:
    """Apply the EXIF orientation; call it after ``load``, where Pillow has turned TIFFs itself."""
    try:
        orientation = image.getexif().get(_ORIENTATION_TAG, 1)
    except _DAMAGE as error:
        _log.debug("%s: unreadable EXIF, taken as upright (%s)", path, error)
        return image
    turn = _UPRIGHT.get(orientation) if isinstance(orientation, int) else None
    return image if turn is None else image.transpose(turn)


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    if image.mode == "F" or image.mode.startswith("I"):
        return to_eight_bits(image).convert("RGB")
    if image.mode.endswith(("A", "a")) or "transparency" in image.info:
        layer = image.convert("RGBA")
        black = Image.new("RGBA", layer.size, (0, 0, 0, 255))
        return Image.alpha_composite(black, layer).convert("RGB")
    return image.convert("RGB")
