"""A model's saved image processor, read as :class:`~..preprocessing.Pixels`.

What ``preprocessor_config.json`` says is done, with PIL; what it leaves open, or asks beyond this,
is refused, not guessed, since a wrong mean moves every vector a little.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from ...errors import CheckpointError
from ..preprocessing import Colour, Pixels, Region
from .claims import read_json

OWN_FILE = "preprocessor_config.json"
SHARED_FILE = "processor_config.json"
KNOWN = frozenset(
    f"do_{what}" for what in ("resize", "rescale", "normalize", "center_crop", "convert_rgb")
) | {"do_reduce_labels"}
"""What a processor may do: all of it is done here, or changes no pixel."""
CONVNEXT_SQUASH_FROM = 384  # below it, ConvNeXt's processor enlarges and cuts the centre


def read_processor(folder: Path, region: Region) -> Pixels:
    """Read a checkpoint folder's image processor; ``region`` is cut out before everything else.

    Raises
    ------
    CheckpointError
        No such file, or an instruction that is not understood.
    """
    file = folder / OWN_FILE
    if file.is_file():
        config = read_json(file)
    elif (folder / SHARED_FILE).is_file():
        file = folder / SHARED_FILE
        shared = read_json(file)
        config = shared.get("image_processor") if isinstance(shared, dict) else None
    else:
        raise CheckpointError(
            f"{folder} has no {OWN_FILE}, so how to prepare images for it is unknown; save the "
            "model's image processor beside it"
        )
    if not isinstance(config, dict):
        raise CheckpointError(f"{file} describes no image processor")
    try:
        return _pixels(config, region)
    except KeyError as error:
        raise CheckpointError(f"{file} does not say {error}; complete it") from error
    except (TypeError, ValueError) as error:
        raise CheckpointError(
            f"{file} asks for preprocessing that is not understood: {error}"
        ) from error


def _pixels(config: Mapping[str, Any], region: Region) -> Pixels:
    if not config.get("do_resize", True):
        raise ValueError("do_resize is false, so images would have many sizes")
    if config.get("rescale_offset") or not config.get("do_rescale", True):
        raise ValueError("pixel values other than a multiple of 0..255")
    beyond = [name for name, on in config.items() if name.startswith("do_") and on]
    if unknown := sorted({*beyond} - KNOWN):
        raise ValueError(f"{unknown[0]} is on")
    kind = str(config.get("image_processor_type") or config.get("feature_extractor_type") or "")
    square = not any(family in kind for family in ("CLIP", "Bit", "ConvNext"))
    resize, resize_to = _target(config["size"], square)
    crop = None
    if config.get("do_center_crop", any(family in kind for family in ("CLIP", "Bit", "DeiT"))):
        crop = _target(config.get("crop_size", config["size"]), True)[1]
    share = config.get("crop_pct")
    if share is not None and resize == "shortest_edge":
        crop = resize_to
        if resize_to[0] >= CONVNEXT_SQUASH_FROM:
            resize, crop = "squash", None
        else:
            resize_to = (int(resize_to[0] / share), int(resize_to[0] / share))
    if crop is None and resize == "shortest_edge":
        raise ValueError("the shorter side is fixed and nothing is cut, so images differ in shape")
    height, width = crop or resize_to
    if height > resize_to[0] or width > resize_to[1]:
        raise ValueError(f"a cut of {height} x {width} out of {resize_to[0]} x {resize_to[1]}")
    scale = 255 * float(config.get("rescale_factor", 1 / 255))
    mean: Colour = (0.0, 0.0, 0.0)
    std: Colour = (1.0, 1.0, 1.0)
    if config.get("do_normalize", True):
        mean, std = _colour(config["image_mean"]), _colour(config["image_std"])
    return Pixels(
        height=height,
        width=width,
        resize="squash" if resize == "squash" else "shortest_edge",
        resize_to=None if resize_to == (height, width) and resize == "squash" else resize_to,
        resample=int(Image.Resampling(config["resample"])),
        mean=(mean[0] / scale, mean[1] / scale, mean[2] / scale),
        std=(std[0] / scale, std[1] / scale, std[2] / scale),
        region=region,
    )


def _target(size: Any, square: bool) -> tuple[str, tuple[int, int]]:
    """How to resize, and to what; a lone number means a square or the shorter side."""
    if isinstance(size, Mapping):
        if {"height", "width"} <= size.keys():
            return "squash", (_side(size["height"]), _side(size["width"]))
        if size.keys() == {"shortest_edge"}:
            side = _side(size["shortest_edge"])
            return "shortest_edge", (side, side)
        raise ValueError(f"size {dict(size)}")
    side = _side(size)
    return ("squash" if square else "shortest_edge"), (side, side)


def _side(value: Any) -> int:
    if type(value) is not int or value < 1:
        raise ValueError(f"a side of {value!r} pixels")
    return value


def _colour(values: Any) -> Colour:
    red, green, blue = (float(value) for value in values)
    return red, green, blue
