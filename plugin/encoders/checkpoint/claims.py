"""What the files beside the weights of a checkpoint claim, before anything is built of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...errors import ArtifactError, CheckpointError
from ...interchange.files import checked

CONFIG_FILE = "config.json"
_MOST_PATCHES = 1 << 10
"""Patches of an image side by side at most: their positions have weights of their own."""


def read_json(file: Path) -> Any:
    """Parse a JSON file of a checkpoint, or say which file is missing or broken."""
    if not file.exists():
        raise CheckpointError(
            f"{file.parent} has no {file.name}: name the folder of a complete checkpoint"
        )
    try:
        return checked.read_json(file)
    except ArtifactError as error:
        raise CheckpointError(f"{file.parent}: {error}") from error


def refuse_claims(config: Any, folder: Path) -> None:
    """Refuse a configuration that describes more than the weights of its folder can hold.

    The library builds what it describes before it looks at them.  A layer has more than
    ``hidden_size`` squared weights, of a byte at least.

    Raises
    ------
    CheckpointError
        It claims more.
    """
    held = sum(file.stat().st_size for file in folder.glob("*.safetensors"))
    parts = (config, *(getattr(config, f"{name}_config", None) for name in ("vision", "text")))
    for part in parts if held else ():
        layers, width = _size(part, "num_hidden_layers"), _size(part, "hidden_size")
        inner, image = _size(part, "intermediate_size"), _size(part, "image_size")
        patches = image // _size(part, "patch_size")
        if layers * width * max(width, inner) > held or patches > _MOST_PATCHES:
            raise CheckpointError(
                f"the configuration of {folder} claims {layers:,} layers of {width:,} numbers for "
                f"images of {image:,} pixels, more than its weights can hold: download it again"
            )


def _size(part: Any, name: str) -> int:
    """A size that a configuration has, the largest where it has several; 1 where it has none."""
    found = getattr(part, name, None)
    sizes = found if isinstance(found, list | tuple) else [found]
    return max((size for size in sizes if isinstance(size, int)), default=1) or 1
