"""Any vision model of the transformers library as an encoder: its patch tokens, pooled.

``AutoModel`` builds the network; of a model that also reads text only the vision tower is built.
The CLS token and register tokens stand in front of the patches in every family; what is left
after the patch grid is counted off is therefore known without a list of models.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import CheckpointError, InputError
from .checkpoint.pretrained import load_network
from .checkpoint.processor_config import read_processor
from .device import choose_device, choose_precision
from .pooling import choose_pooling, row_means
from .torch_encoder import TorchEncoder, weights_digest

if TYPE_CHECKING:
    import torch

    from .registry import EncoderRequest

# Tensors of a checkpoint that belong to reading text, to training, or to a task.
BESIDE = re.compile(r"(^|\.)(text\w*|language_model|lm_head|decoder|classifier|logit_\w+)(\.|$)")
LAYER = re.compile(r"(^|\.)(layers?|blocks?)\.\d+\.")
# A pooling head that the checkpoint lacks is not used either.
UNUSED = re.compile(r"(^|\.)(pooler|head)\.")


def load_transformers(request: EncoderRequest) -> TorchEncoder:
    """Load a vision model by folder or id: DINOv2, DINOv3, ViT, CLIP, SigLIP and their kin.

    A folder is one written by ``save_pretrained``; only safetensors are read, and no code of the
    repository is run.  Images are prepared as the model's saved image processor says.  Where that
    cuts the centre (CLIP, DINOv2), the sides of a wide driving frame are not seen:
    ``encoder.pixels.seen_box(width, height)`` gives the part that is.

    Raises
    ------
    CheckpointError
        Not a vision model with a patch grid, weights that do not fit, no image processor.
    InputError
        ``include_cls`` for a model without a CLS token, or with ``rows``; no such folder or id.
    """
    import torch

    from .checkpoint import hub

    if not request.model_path:
        raise InputError(
            "the transformers encoder needs model_path: a folder saved by save_pretrained, or an "
            "id such as facebook/dinov2-small"
        )
    place = choose_device(request.device)
    precision, dtype = choose_precision(request.precision, place)
    source = hub.snapshot(request.model_path)
    pooling = choose_pooling(
        request.pooling, "mean", name=source.name, include_cls=request.include_cls
    )
    pixels, include_cls = read_processor(source.folder, request.preprocess), request.include_cls
    network = _network(source.folder).to(device=place, dtype=dtype)
    digest = _digest(source.folder)

    with torch.inference_mode():
        blank = torch.zeros(1, 3, pixels.height, pixels.width, dtype=dtype, device=place)
        try:
            shape = network(pixel_values=blank).last_hidden_state.shape
        except (AttributeError, RuntimeError, TypeError, ValueError) as error:
            raise CheckpointError(
                f"{source.name} does not turn {pixels.height} x {pixels.width} pixels alone into a "
                f"hidden state: {error}"
            ) from error
    grid, front = _grid(network.config, shape, (pixels.height, pixels.width), source.name)
    if include_cls and front == 0:
        raise InputError(f"{source.name} has no CLS token; leave include_cls off")

    def pool(network: Any, images: torch.Tensor) -> torch.Tensor:
        hidden = network(pixel_values=images).last_hidden_state
        if hidden.ndim == 4 and pooling == "rows":
            return hidden.mean(dim=3, dtype=torch.float32).transpose(1, 2)
        if hidden.ndim == 4:
            return hidden.mean(dim=(2, 3), dtype=torch.float32)
        patches = hidden[:, front:]
        if pooling == "rows":
            return row_means(patches, round(grid[0] * images.shape[2] / pixels.height))
        if include_cls:
            patches = torch.cat([hidden[:, :1], patches], dim=1)
        return patches.mean(dim=1, dtype=torch.float32)

    return TorchEncoder(
        name=f"transformers:{source.name}",
        pixels=pixels,
        module=network,
        pool=pool,
        dimension=shape[1] if len(shape) == 4 else shape[2],
        patch_grid=grid,
        device=place,
        dtype=dtype,
        precision=precision,
        weights=digest,
        pooling=pooling,
        pooled=f"{network.config.model_type}, {{}} of the last hidden state",
        include_cls=include_cls,
        revision=source.revision,
    )


def _grid(
    config: Any, shape: tuple[int, ...], size: tuple[int, int], name: str
) -> tuple[tuple[int, int], int]:
    """Patch grid, and how many tokens stand in front of it."""
    if len(shape) == 4:
        return (shape[2], shape[3]), 0
    patch = getattr(config, "patch_size", None)
    down, across = patch if isinstance(patch, (list, tuple)) else (patch, patch)
    if len(shape) == 3 and isinstance(down, int) and isinstance(across, int):
        rows, columns = size[0] // down, size[1] // across
        front = shape[1] - rows * columns
        if 0 <= front <= 2 + int(getattr(config, "num_register_tokens", 0) or 0):
            return (rows, columns), front
    raise CheckpointError(
        f"{name} returns a hidden state of shape {tuple(shape)}, in which its patches cannot be "
        "told from other tokens; use a plain vision transformer"
    )


def _network(folder: Path) -> Any:
    network, report = load_network(folder, vision_only=True)
    missing = sorted(key for key in report["missing_keys"] if not UNUSED.search(key))
    extra = sorted(
        key for key in report["unexpected_keys"] if LAYER.search(key) and not BESIDE.search(key)
    )
    wrong = sorted(str(entry) for entry in report.get("mismatched_keys", ()))
    for keys, problem in (
        (missing, "lacks"),
        (extra, "has layers that its config.json has no place for:"),
        (wrong, "has other shapes than its config.json says:"),
    ):
        if keys:
            raise CheckpointError(f"{folder} {problem} {', '.join(keys[:3])} ({len(keys)} in all)")
    return network


def _digest(folder: Path) -> str:
    """Hash of the stored tensors: the library's own parameter names change with its versions."""
    from safetensors import safe_open

    tensors: dict[str, torch.Tensor] = {}
    for file in sorted(folder.glob("*.safetensors")):
        with safe_open(file, framework="pt", device="cpu") as stored:
            names = list(stored.keys())
            tensors |= {name: stored.get_tensor(name) for name in names if not BESIDE.search(name)}
    return weights_digest(tensors)
