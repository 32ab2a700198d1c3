"""A model that puts images and text into one space (CLIP, SigLIP and their kin), as two encoders.

The image side is an :class:`~.torch_encoder.TorchEncoder`, so that whatever embeds images can embed
with it; what it returns is the projection that the text side was trained against, not a mean of
patches.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import CheckpointError, InputError
from .checkpoint.offline import offline
from .checkpoint.pretrained import load_network, load_tokenizer
from .checkpoint.processor_config import read_processor
from .device import choose_device, choose_precision
from .preprocessing import Region
from .protocol import unit_rows
from .torch_encoder import TorchEncoder

MOST_TOKENS = 64
"""Tokens of a phrase at most; SigLIP was trained with as many."""


@dataclass(frozen=True, eq=False)
class ImageText:
    """Images and phrases as unit vectors of one space: their inner product says how alike.

    ``images`` embeds images.
    """

    images: TorchEncoder
    _tokenizer: Any

    def texts(self, phrases: Sequence[str]) -> NDArray[np.float32]:
        """Phrases as unit rows, float32 (p, d)."""
        import torch

        network: Any = self.images.module
        length = min(network.config.text_config.max_position_embeddings, MOST_TOKENS)
        tokens = self._tokenizer(
            list(phrases),
            padding="max_length",
            truncation=True,
            max_length=length,
            return_tensors="pt",
        )
        read = ("input_ids", "attention_mask")  # of the latter only where the model was trained so
        asked = {name: tokens[name].to(self.images.device) for name in read if name in tokens}
        with torch.inference_mode():
            found = _projected(network.get_text_features(**asked))
        return unit_rows(found.float().cpu().numpy())


def load_image_text(
    path: str | os.PathLike[str], *, device: str | None = None, precision: str | None = None
) -> ImageText:
    """Load a model from a folder, or by an id that was fetched before: nothing is fetched.

    A folder is one written by ``save_pretrained`` with its image processor and its tokenizer
    (``tokenizer.json``); only safetensors are read, and no code of the repository is run.

    Raises
    ------
    CheckpointError
        It is not on this disk, lacks a file, or does not read both images and text.
    InputError
        ``path`` is neither a folder nor an id; or the device is unknown.
    """
    from .checkpoint import hub

    with offline():
        source = hub.snapshot(path)
    place = choose_device(device)
    chosen, dtype = choose_precision(precision, place)
    pixels, folder = read_processor(source.folder, Region()), source.folder
    network = _network(folder).to(device=place, dtype=dtype)
    made = TorchEncoder(
        name=f"image-text:{source.name}",
        pixels=pixels,
        module=network,
        pool=lambda module, images: _projected(module.get_image_features(pixel_values=images)),
        dimension=_dimension(network),
        patch_grid=(1, 1),
        device=place,
        dtype=dtype,
        precision=chosen,
        weights=_files(folder),
        pooling="mean",
        pooled="the projection of images",
        revision=source.revision,
    )
    return ImageText(made, load_tokenizer(folder))


def model_stamp(path: str | os.PathLike[str]) -> str | None:
    """What changes where a model's files do, unread; None where it is not on this disk.

    Of the names, sizes and times of what :func:`load_image_text` reads: enough to say that what was
    computed with other weights does not hold, and gigabytes are not read for it.
    """
    from .checkpoint import hub

    try:
        with offline():
            return _files(hub.snapshot(path).folder)
    except (CheckpointError, InputError):
        return None


def _files(folder: Path) -> str:
    lines = []
    for file in sorted(folder.iterdir()):
        if file.suffix in (".json", ".safetensors"):
            about = file.stat()  # of what a link leads to
            lines.append(f"{file.name} {about.st_size} {about.st_mtime_ns}")
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _projected(found: Any) -> Any:
    """Features as a tensor; the library returns them alone, or among its other outputs."""
    return getattr(found, "pooler_output", found)


def _dimension(network: Any) -> int:
    config = network.config
    return int(getattr(config, "projection_dim", None) or config.vision_config.hidden_size)


def _network(folder: Path) -> Any:
    network, report = load_network(folder, vision_only=False)
    if not all(hasattr(network, f"get_{kind}_features") for kind in ("image", "text")):
        raise CheckpointError(
            f"{folder} holds a {type(network).__name__}, which does not put images and text into "
            "one space: name a model such as CLIP or SigLIP"
        )
    wrong = sorted([*report["missing_keys"], *map(str, report.get("mismatched_keys", ()))])
    if wrong:
        raise CheckpointError(f"{folder} lacks {', '.join(wrong[:3])} ({len(wrong)} in all)")
    return network
