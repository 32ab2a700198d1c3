"""InternVL's vision tower as an encoder: last hidden state, patch tokens pooled, unit length.

Only the tower is read, from a folder, or from a hub by the byte ranges of its tensors.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import CheckpointError, DimensionError, InputError
from .device import PRECISIONS, choose_device, choose_precision
from .pooling import choose_pooling, row_means
from .preprocessing import Pixels
from .protocol import unit_rows
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


def forward_checkpoint(
    ckpt_dir: str | os.PathLike[str],
    pixel_values: np.ndarray | torch.Tensor,
    dtype: str = "float32",
) -> dict[str, Any]:
    """Run a checkpoint's tower and keep everything: for checking against another implementation.

    It runs on the CPU, with attention maps.

    Parameters
    ----------
    ckpt_dir : path or str
        A local checkpoint folder.
    pixel_values : array (B, 3, H, W)
        Normalised pixels; H and W multiples of the patch size.
    dtype : "float32", "bfloat16" or "float16"

    Returns
    -------
    dict
        float32 arrays: ``last_hidden_state`` (B, N, d); ``hidden_states``, a tuple of L + 1 such
        arrays, the embeddings first; ``attentions``, a tuple of L arrays (B, heads, N, N);
        ``embedding`` (B, d), the unit mean over patch tokens.  N = 1 + patches, CLS first.

    Raises
    ------
    CheckpointError, DimensionError, InputError
    """
    import torch

    from .checkpoint.internvl_checkpoint import load_tower, patch_size

    if dtype not in PRECISIONS.values():
        raise InputError(f"dtype {dtype!r} is unknown; use {', '.join(PRECISIONS.values())}")
    folder = Path(ckpt_dir)
    if not folder.is_dir():
        raise CheckpointError(f"{folder} is not a folder")
    tower, _ = load_tower(folder, getattr(torch, dtype))
    tower.set_attn_implementation("eager")  # the fused kernels never form the maps
    pixels = torch.as_tensor(pixel_values).to(device="cpu", dtype=getattr(torch, dtype))
    patch, shape = patch_size(tower.config), tuple(pixels.shape)
    if len(shape) != 4 or shape[1] != 3 or any(side % patch or not side for side in shape[2:]):
        raise DimensionError(
            f"InternViT reads (n, 3, height, width) with sides that are multiples of {patch}; "
            f"got {shape}"
        )
    with torch.inference_mode():
        found = tower(pixel_values=pixels, output_hidden_states=True, output_attentions=True)
        mean = found.last_hidden_state[:, 1:].mean(dim=1, dtype=torch.float32).numpy()
    return {
        "last_hidden_state": found.last_hidden_state.float().numpy(),
        "hidden_states": tuple(hidden.float().numpy() for hidden in found.hidden_states),
        "attentions": tuple(attention.float().numpy() for attention in found.attentions),
        "embedding": unit_rows(mean),
    }
