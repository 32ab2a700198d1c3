"""InternVL's vision tower as an encoder: last hidden state, patch tokens pooled, unit length.

Only the tower is read, from a folder, or from a hub by the byte ranges of its tensors.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..errors import InputError
from .device import choose_device, choose_precision
from .pooling import choose_pooling, row_means
from .preprocessing import Pixels
from .registry import INTERNVL_VARIABLE, EncoderRequest
from .torch_encoder import CHUNK, TorchEncoder

if TYPE_CHECKING:
    import torch
    from transformers import InternVLVisionModel

# More images make tensors above 32 MB, which the C library asks the system for anew in every layer.
TWO_AT_A_TIME = {**CHUNK, "cpu": 2}


def load_internvl(request: EncoderRequest) -> TorchEncoder:
    """Load the vision tower of an InternVL or InternViT checkpoint.

    Images are squashed to ``image_size`` squared and normalised as the released preprocessing does
    for a single tile.  Other sizes than the trained one interpolate the position embedding.

    Raises
    ------
    CheckpointError
        See :func:`~.checkpoint.internvl_checkpoint.load_tower`.
    InputError
        ``image_size`` is not a multiple of the patch size; ``include_cls`` with ``rows``; no such
        folder or id.
    """
    from .checkpoint import hub
    from .checkpoint.internvl_checkpoint import load_tower, patch_size, read_tower_config

    path = request.model_path or os.environ.get(INTERNVL_VARIABLE)
    if not path:
        raise InputError(
            "the internvl encoder needs model_path: a checkpoint folder or an id such as "
            f"OpenGVLab/InternVL2-8B (or set {INTERNVL_VARIABLE})"
        )
    pooling = choose_pooling(
        request.pooling, "mean", name="InternViT", include_cls=request.include_cls
    )
    place = choose_device(request.device)
    precision, dtype = choose_precision(request.precision, place)
    source = hub.vision_tower(path)
    patch, image_size = patch_size(read_tower_config(source.folder)), request.image_size
    if isinstance(image_size, bool) or image_size < patch or image_size % patch:
        raise InputError(f"image_size is {image_size}; InternViT needs a multiple of {patch}")
    tower, digest = load_tower(source.folder, dtype, place)
    first = 0 if request.include_cls else 1

    def pool(tower: InternVLVisionModel, images: torch.Tensor) -> torch.Tensor:
        import torch

        hidden: torch.Tensor = tower(pixel_values=images).last_hidden_state
        if pooling == "rows":
            return row_means(hidden[:, first:], images.shape[2] // patch)
        return hidden[:, first:].mean(dim=1, dtype=torch.float32)

    side = image_size // patch
    return TorchEncoder(
        name=f"internvl:{source.name}",
        pixels=Pixels(image_size, image_size, region=request.preprocess),
        module=tower,
        pool=pool,
        dimension=tower.config.hidden_size,
        patch_grid=(side, side),
        device=place,
        dtype=dtype,
        precision=precision,
        weights=digest,
        pooling=pooling,
        pooled="InternViT, {} of the last hidden state",
        include_cls=request.include_cls,
        revision=source.revision,
        chunk=TWO_AT_A_TIME,
    )
