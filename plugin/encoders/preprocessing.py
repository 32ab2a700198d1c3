"""From a decoded image to the pixels a model reads, in two values that can be written down.

:class:`Region` is the user's wish (look only here, ignore the sky); :class:`Pixels` is what the
weights were trained with.  Both are part of an encoder's fingerprint, and say which part of the
image the model saw, so that a heatmap can be laid back over it.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from PIL import Image

from ..errors import InputError

if TYPE_CHECKING:
    import torch

Box = tuple[float, float, float, float]
Colour = tuple[float, float, float]

STRIP = 16
"""How many times longer than what is kept an image may become: of a longer one that part alone is
enlarged, since the sides of a strip would fill the memory."""

IMAGENET_MEAN: Colour = (0.485, 0.456, 0.406)
IMAGENET_STD: Colour = (0.229, 0.224, 0.225)


def _number(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)):
        raise InputError(f"{name} holds {value!r}, which is not a number")
    number = float(value)
    if not math.isfinite(number):
        raise InputError(f"{name} holds {number}, which is not a finite number")
    return number


@dataclass(frozen=True)
class Region:
    """The part of an image that counts.

    The box is cut out first; then the top share of what remains is painted in the model's mean
    colour, which normalisation turns into zero and which keeps the geometry of the road.

    Parameters
    ----------
    sky_crop_top_pct : float
        Share of the height to mask from the top, 0 (nothing) up to but not including 1.  The name
        is the one of the configuration file; 0.3 masks the upper 30 %.
    roi : (x0, y0, x1, y1) or None
        Box to keep, as fractions of width and height, 0 <= x0 < x1 <= 1 and the same for y.

    Raises
    ------
    InputError
        A value outside its range.

    Examples
    --------
    >>> Region(roi=(0.25, 0.5, 0.75, 1.0)).box(640, 480)
    (160, 240, 480, 480)
    """

    sky_crop_top_pct: float = 0.0
    roi: Box | None = None

    def __post_init__(self) -> None:
        share = _number(self.sky_crop_top_pct, "sky_crop_top_pct")
        if not 0 <= share < 1:
            raise InputError(
                f"sky_crop_top_pct is {share:g}; it is a share of the height from 0 up to, not "
                "including, 1 (0.3 masks the upper 30 %)"
            )
        object.__setattr__(self, "sky_crop_top_pct", share)
        if self.roi is None:
            return
        try:
            x0, y0, x1, y1 = (_number(value, "roi") for value in self.roi)
        except (TypeError, ValueError) as error:
            raise InputError(
                f"roi is {self.roi!r}; it needs four fractions (x0, y0, x1, y1)"
            ) from error
        if not (0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1):
            raise InputError(
                f"roi is ({x0:g}, {y0:g}, {x1:g}, {y1:g}); it needs fractions of width and height "
                "with 0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1"
            )
        object.__setattr__(self, "roi", (x0, y0, x1, y1))

    def box(self, width: int, height: int) -> tuple[int, int, int, int]:
        """Pixels kept of an image: (left, upper, right, lower), never empty."""
        x0, y0, x1, y1 = self.roi or (0.0, 0.0, 1.0, 1.0)
        left = min(round(x0 * width), width - 1)
        upper = min(round(y0 * height), height - 1)
        return left, upper, max(round(x1 * width), left + 1), max(round(y1 * height), upper + 1)

    def masked_rows(self, height: int) -> int:
        """Rows painted over, counted from the upper edge of the box, for an image this high."""
        _, upper, _, lower = self.box(1, height)
        return round(self.sky_crop_top_pct * (lower - upper))

    def apply(self, image: Image.Image, fill: Colour = IMAGENET_MEAN) -> Image.Image:
        """Cut an RGB image and mask it with ``fill``, 0..1; itself where nothing is to be done."""
        width, height = image.size
        box = self.box(width, height)
        rows = self.masked_rows(height)
        if box != (0, 0, width, height):
            image = image.crop(box)
        elif rows:
            image = image.copy()
        if rows:
            colour = tuple(round(255 * channel) for channel in fill)
            image.paste(colour, (0, 0, image.width, rows))
        return image


WHOLE_IMAGE = Region()


@dataclass(frozen=True)
class Pixels:
    """What a model's weights expect of their input.

    Parameters
    ----------
    height, width : int
        Size the model reads.
    resize : "squash" or "shortest_edge"
        Squash resizes to ``resize_to`` and keeps everything in view; shortest_edge scales until the
        shorter side has ``resize_to[0]`` pixels.  Both cut the centre (height, width) afterwards.
    resize_to : (height, width) or None
        Size before the centre cut; None means no cut.
    resample : int
        ``PIL.Image.Resampling``.  The resampler matters: torch's bicubic is not PIL's.
    mean, std : (r, g, b)
        Subtracted from, and divided into, values of 0..1.
    region : Region
        The user's part of the image, applied first.
    """

    height: int
    width: int
    resize: Literal["squash", "shortest_edge"] = "squash"
    resize_to: tuple[int, int] | None = None
    resample: int = int(Image.Resampling.BICUBIC)
    mean: Colour = IMAGENET_MEAN
    std: Colour = IMAGENET_STD
    region: Region = WHOLE_IMAGE

    def _resized(self, width: int, height: int) -> tuple[int, int]:
        """(width, height) after resizing an image of that size, before the centre cut."""
        rows, columns = self.resize_to or (self.height, self.width)
        if self.resize == "squash":
            return columns, rows
        short, long = sorted((width, height))
        longer = int(rows * long / short)
        return (rows, longer) if width <= height else (longer, rows)

    def prepare(self, image: Image.Image) -> np.ndarray:
        """Cut, mask, resize and cut the centre: uint8 (height, width, 3)."""
        if image.mode != "RGB":
            image = image.convert("RGB")
        image = self.region.apply(image, fill=self.mean)
        size, kept = self._resized(*image.size), (self.width, self.height)
        resample = Image.Resampling(self.resample)
        left, upper = (size[0] - self.width) // 2, (size[1] - self.height) // 2
        if max(size) > STRIP * max(kept):
            x, y = image.width / size[0], image.height / size[1]
            right = min((left + self.width) * x, image.width)
            lower = min((upper + self.height) * y, image.height)
            image = image.resize(kept, resample, box=(left * x, upper * y, right, lower))
        elif size != image.size:
            image = image.resize(size, resample)
        if image.size != kept:
            image = image.crop((left, upper, left + self.width, upper + self.height))
        return np.array(image, dtype=np.uint8)

    def normalise(self, batch: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
        """Turn uint8 (n, height, width, 3) into (n, 3, height, width) of ``dtype``, where it lies.

        The arithmetic is float32 whatever ``dtype`` is.
        """
        import torch

        mean, std = (batch.new_tensor(c, dtype=torch.float32) for c in (self.mean, self.std))
        values = batch.float().mul_(1 / (255 * std)).sub_(mean / std)
        return values.to(dtype).permute(0, 3, 1, 2)

    def seen_box(self, width: int, height: int) -> Box:
        """The part of an image that the patch grid covers evenly: left, upper, right, lower."""
        left, upper, right, lower = self.region.box(width, height)
        across, down = right - left, lower - upper
        resized_width, resized_height = self._resized(across, down)
        kept_x = (self.width / resized_width) * across
        kept_y = (self.height / resized_height) * down
        x = left + ((resized_width - self.width) // 2) / resized_width * across
        y = upper + ((resized_height - self.height) // 2) / resized_height * down
        return (x, y, x + kept_x, y + kept_y)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for the fingerprint and the run's record."""
        return asdict(self)
