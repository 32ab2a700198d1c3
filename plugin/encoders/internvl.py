"""InternVL's vision tower as an encoder: last hidden state, mean over patch tokens, unit length.

The tower alone decides what an image looks like to InternVL, and it is a small part of the whole
model, so only it is read: from a folder, or from a hub by the byte ranges of its tensors.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import CheckpointError, InputError
from .device import PRECISIONS, choose_device, choose_precision
from .preprocessing import WHOLE_IMAGE, Pixels, Region
from .protocol import unit_rows
from .torch_encoder import CHUNK, TorchEncoder

if TYPE_CHECKING:
    import torch

    from .internvit import InternViT

__all__ = ["forward_checkpoint", "load_internvl"]

# A tensor of more than 32 MB the C library gives back to the system after every layer, and asks for
# it anew, page by page: two images at 448 in bfloat16 stay below.  One alone has too few rows for
# a fast product.  In float32 one, two and four are alike.  (bench_encoder.py --chunk 1 2 4 8)
TWO_AT_A_TIME = {**CHUNK, "cpu": 2}


def load_internvl(
    path: str | os.PathLike[str],
    *,
    image_size: int = 448,
    include_cls: bool = False,
    precision: str | None = None,
    device: str | torch.device | None = None,
    preprocess: Region = WHOLE_IMAGE,
) -> TorchEncoder:
    """Load the vision tower of an InternVL or InternViT checkpoint.

    Images are squashed to ``image_size`` squared with PIL's bicubic filter and normalised with
    ImageNet's mean and deviation, as the released preprocessing does for a single tile.

    Parameters
    ----------
    path : path or str
        A local folder, or a model id such as ``OpenGVLab/InternVL2-8B`` (``@revision`` may
        follow), of which only the tower's tensors are fetched.
    image_size : int
        A multiple of the patch size (14).  Other sizes than the trained one interpolate the
        position embedding.
    include_cls : bool
        Let the CLS token take part in the mean.
    precision, device, preprocess
        As in :func:`~.registry.load_encoder`.

    Raises
    ------
    CheckpointError
        See :func:`~.internvl_checkpoint.load_tower`.
    InputError
        ``image_size`` is no multiple of the patch size; no such folder or id.
    """
    from . import hub
    from .internvl_checkpoint import load_tower, read_tower_config

    place = choose_device(device)
    precision, dtype = choose_precision(precision, place)
    source = hub.vision_tower(path)
    patch = read_tower_config(source.folder).patch_size
    if isinstance(image_size, bool) or image_size < patch or image_size % patch:
        raise InputError(f"image_size is {image_size}; InternViT needs a multiple of {patch}")
    tower, digest = load_tower(source.folder, dtype, place)
    first = 0 if include_cls else 1

    def pool(tower: InternViT, images: torch.Tensor) -> torch.Tensor:
        import torch

        return tower(images)[:, first:].mean(dim=1, dtype=torch.float32)

    side = image_size // patch
    return TorchEncoder(
        name=f"internvl:{source.name}",
        pixels=Pixels(image_size, image_size, region=preprocess),
        module=tower,
        pool=pool,
        dimension=tower.config.hidden_size,
        patch_grid=(side, side),
        device=place,
        dtype=dtype,
        precision=precision,
        weights=digest,
        pooling="InternViT, mean of the last hidden state",
        include_cls=include_cls,
        revision=source.revision,
        chunk=TWO_AT_A_TIME,
    )


def forward_checkpoint(
    ckpt_dir: str | os.PathLike[str],
    pixel_values: np.ndarray | torch.Tensor,
    dtype: str = "float32",
) -> dict[str, Any]:
    """Run a checkpoint's tower and keep everything: for checking against another implementation.

    The released arithmetic is repeated step by step on the CPU, attention maps included.

    Parameters
    ----------
    ckpt_dir : path or str
        A local checkpoint folder.
    pixel_values : array (B, 3, H, W)
        Normalised pixels; H and W multiples of the patch size, not necessarily equal.
    dtype : "float32", "bfloat16" or "float16"
        Precision of weights and arithmetic.

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

    from .internvl_checkpoint import load_tower

    if dtype not in PRECISIONS.values():
        raise InputError(f"dtype {dtype!r} is unknown; use {', '.join(PRECISIONS.values())}")
    folder = Path(ckpt_dir)
    if not folder.is_dir():
        raise CheckpointError(f"{folder} is no folder")
    tower, _ = load_tower(folder, getattr(torch, dtype))
    hidden: list[np.ndarray] = []
    attention: list[np.ndarray] = []
    with torch.inference_mode():
        last = tower(
            torch.as_tensor(pixel_values).to(device="cpu", dtype=getattr(torch, dtype)),
            on_hidden=lambda x: hidden.append(x.float().numpy()),
            on_attention=lambda weights: attention.append(weights.float().numpy()),
        )
        mean = last[:, 1:].mean(dim=1, dtype=torch.float32).numpy()
    return {
        "last_hidden_state": hidden[-1],
        "hidden_states": tuple(hidden),
        "attentions": tuple(attention),
        "embedding": unit_rows(mean),
    }
