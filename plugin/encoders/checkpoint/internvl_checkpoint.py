"""Reading the vision tower out of an InternVL or InternViT checkpoint folder, and nothing else.

The tower runs as the transformers library's ``InternVLVisionModel``, which computes the published
InternViT (Chen et al. 2024, "InternVL") under other parameter names; no code of a repository runs.
A folder holds ``config.json`` and safetensors: several shards with an index, or one file.  Inside a
chat model the tower's tensors begin with ``vision_model.``; the language model's shards are never
opened and need not exist.  What does not fit is refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open

from ...errors import CheckpointError
from ..torch_encoder import weights_digest
from .claims import CONFIG_FILE, read_json, refuse_claims

if TYPE_CHECKING:
    from transformers import InternVLVisionConfig, InternVLVisionModel

INDEX_FILE = "model.safetensors.index.json"
SINGLE_FILE = "model.safetensors"
PREFIX = "vision_model."

CHAT, STANDALONE = "internvl_chat", "intern_vit_6b"  # both towers say 6b: it is not a size

# Defaults of the released configuration class: a file may leave them out.
DEFAULTS: Mapping[str, Any] = {
    "hidden_size": 3200,
    "num_hidden_layers": 48,
    "num_attention_heads": 25,
    "intermediate_size": 12800,
    "patch_size": 14,
    "image_size": 224,
    "layer_norm_eps": 1e-6,
    "norm_type": "rms_norm",
    "qk_normalization": True,
    "qkv_bias": False,
    "hidden_act": "gelu",
}
# Names of the library's parameters and modules, and the released ones.
RELEASED = {
    "cls_token": "class_embedding",
    "position_embeddings": "position_embedding",
    "patch_embeddings.projection": "patch_embedding",
    "encoder.layer.": "encoder.layers.",
    "attention.projection_layer": "attn.proj",
    "attention.": "attn.",
    "layernorm_before": "norm1",
    "layernorm_after": "norm2",
    "lambda_": "ls",
}
THIRD = re.compile(r"\.([qkv])_proj\.")  # of one released tensor, qkv, by rows


def is_internvl(config: Mapping[str, Any]) -> bool:
    """Whether a ``config.json`` is one of InternVL's own (not of transformers' converted form)."""
    return config.get("model_type") in (CHAT, STANDALONE)


def config_from_json(config: Mapping[str, Any], source: str) -> InternVLVisionConfig:
    """Read the tower's shape from a parsed ``config.json``.

    Only the shape fields are believed.  ``_name_or_path`` is not: the 300M tower's says 6B.

    Raises
    ------
    CheckpointError
        Another architecture, or a value this tower does not have.
    """
    from transformers import InternVLVisionConfig

    if not is_internvl(config):
        raise CheckpointError(
            f"{source} describes a model of type {config.get('model_type')!r}; the internvl "
            f"encoder reads {CHAT} and {STANDALONE} (try the transformers encoder)"
        )
    vision = config.get("vision_config") if config["model_type"] == CHAT else config
    if not isinstance(vision, Mapping):
        raise CheckpointError(f"{source} has no vision_config")
    shape = {name: vision.get(name, default) for name, default in DEFAULTS.items()}
    for name, value in shape.items():
        kind = type(DEFAULTS[name])
        if kind is float and type(value) is int:
            shape[name] = value = float(value)
        if type(value) is not kind or (kind in (int, float) and value <= 0):
            raise CheckpointError(f"{source} has {name} = {value!r}, which no InternViT has")
    if vision.get("num_channels", 3) != 3:
        raise CheckpointError(
            f"{source} is for images of {vision['num_channels']!r} channels, not 3"
        )
    if shape["hidden_act"] != "gelu" or shape["norm_type"] not in ("layer_norm", "rms_norm"):
        raise CheckpointError(
            f"{source} asks for {shape['hidden_act']!r} and {shape['norm_type']!r}; InternViT has "
            "gelu with layer_norm or rms_norm"
        )
    heads, patch, side = (shape[f] for f in ("num_attention_heads", "patch_size", "image_size"))
    if shape["hidden_size"] % heads or side < patch:
        raise CheckpointError(
            f"{source} has {heads} heads of a width of {shape['hidden_size']} and patches of "
            f"{patch} in images of {side}: they do not divide"
        )
    return InternVLVisionConfig(
        use_qk_norm=shape.pop("qk_normalization"), attention_bias=shape.pop("qkv_bias"), **shape
    )


def patch_size(config: InternVLVisionConfig) -> int:
    """Side in pixels of a patch; the library keeps (height, width), here always the same."""
    return int(np.ravel(config.patch_size)[0])


def tower_keys(stored: Iterable[str]) -> dict[str, str]:
    """Map the tower's parameter names to stored names, dropping everything that is not the tower.

    >>> tower_keys(["vision_model.encoder.layers.0.ls1", "language_model.norm.weight"])
    {'encoder.layers.0.ls1': 'vision_model.encoder.layers.0.ls1'}
    """
    names = sorted(stored)
    inside = [name for name in names if name.startswith(PREFIX)]
    if inside:
        return {name.removeprefix(PREFIX): name for name in inside}
    return {name: name for name in names if name.startswith(("embeddings.", "encoder."))}


def parse_index(index: object, source: str) -> dict[str, str]:
    """Check a shard index and give stored name -> shard file name.

    Raises
    ------
    CheckpointError
        No weight map, or a shard that is not a plain safetensors file name.
    """
    shards = index.get("weight_map") if isinstance(index, dict) else None
    if not isinstance(shards, dict) or not shards:
        raise CheckpointError(f"{source} has no weight_map")
    for key, shard in shards.items():
        plain = isinstance(shard, str) and shard.endswith(".safetensors")
        if not plain or "/" in shard or "\\" in shard or shard.startswith("."):
            raise CheckpointError(
                f"{source} places {key} in {shard!r}, which is not a plain .safetensors file name"
            )
    return shards


def read_tower_config(folder: Path) -> InternVLVisionConfig:
    """Shape of the tower in a local checkpoint folder; see :func:`config_from_json`."""
    config = read_json(folder / CONFIG_FILE)
    if not isinstance(config, dict):
        raise CheckpointError(f"{folder / CONFIG_FILE} does not hold a JSON object")
    return config_from_json(config, str(folder / CONFIG_FILE))


def load_tower(
    folder: Path, dtype: torch.dtype, device: torch.device | str = "cpu"
) -> tuple[InternVLVisionModel, str]:
    """Build the tower and fill it, strictly; with the digest of the weights as they were stored.

    Raises
    ------
    CheckpointError
        No or an unknown configuration, a shard missing or damaged, keys missing or left over,
        a wrong shape, a number format that is not floating point, NaN or infinity in a weight.
    """
    config = read_tower_config(folder)
    refuse_claims(config, folder)
    tower = empty_tower(config)
    stored = _read_tensors(folder)
    _compare(released_shapes(tower), stored, folder)
    digest = weights_digest(stored)
    fill_tower(tower, {key: value.to(device=device, dtype=dtype) for key, value in stored.items()})
    return tower, digest


def empty_tower(config: InternVLVisionConfig) -> InternVLVisionModel:
    """The tower on the meta device, which allocates nothing, in evaluation mode."""
    from transformers import InternVLVisionModel

    with torch.device("meta"):
        tower = InternVLVisionModel(config)
    module: Any
    for module in tower.modules():
        if hasattr(module, "variance_epsilon"):  # the library fixes it for the norms of q and k
            module.variance_epsilon = config.layer_norm_eps
    return tower.eval().requires_grad_(False)


def released_shapes(tower: InternVLVisionModel) -> dict[str, tuple[int, ...]]:
    """Shapes of the tower's parameters under their released names."""
    shapes: dict[str, tuple[int, ...]] = {}
    for name, parameter in tower.state_dict().items():
        released, third = _released(name)
        rows, *rest = parameter.shape
        shapes[released] = (rows if third is None else 3 * rows, *rest)
    return shapes


def fill_tower(tower: InternVLVisionModel, tensors: Mapping[str, torch.Tensor]) -> None:
    """Make tensors of the released names the tower's parameters, without a copy."""
    filled = {}
    for name in tower.state_dict():
        released, third = _released(name)
        tensor = tensors[released]
        filled[name] = tensor if third is None else tensor.chunk(3)[third]
    tower.load_state_dict(filled, strict=True, assign=True)


def _released(name: str) -> tuple[str, int | None]:
    """The released name of a parameter, and which third of that tensor it is."""
    for library, released in RELEASED.items():
        name = name.replace(library, released)
    third = THIRD.search(name)
    if third is None:
        return name, None
    return THIRD.sub(".qkv.", name), "qkv".index(third[1])


def _read_tensors(folder: Path) -> dict[str, torch.Tensor]:
    by_file: dict[Path, dict[str, str]] = {}
    if (folder / INDEX_FILE).is_file():
        shards = parse_index(read_json(folder / INDEX_FILE), str(folder / INDEX_FILE))
        for key, name in tower_keys(shards).items():
            by_file.setdefault(folder / shards[name], {})[key] = name
    elif (folder / SINGLE_FILE).is_file():
        with _opened(folder / SINGLE_FILE) as file:
            by_file[folder / SINGLE_FILE] = tower_keys(file.keys())
    elif any(folder.glob("pytorch_model*.bin")):
        raise CheckpointError(
            f"{folder} holds only pickled weights (pytorch_model.bin), which can run code when "
            "they are read; convert them to safetensors first"
        )
    else:
        raise CheckpointError(f"{folder} has neither {INDEX_FILE} nor {SINGLE_FILE}")
    tensors: dict[str, torch.Tensor] = {}
    for path, keys in by_file.items():
        with _opened(path) as file:
            present = set(file.keys())
            for key, name in keys.items():
                if name not in present:
                    raise CheckpointError(f"{path} does not hold {name}, which its index promises")
                tensors[key] = file.get_tensor(name)
    return tensors


def _opened(path: Path) -> Any:
    if path.exists() and not path.is_file():  # a named pipe would be waited for
        raise CheckpointError(f"{path} is not a file: part of the vision tower should be there")
    try:
        return safe_open(path, framework="pt", device="cpu")
    except FileNotFoundError as error:
        raise CheckpointError(f"{path} is missing: it holds part of the vision tower") from error
    except (OSError, SafetensorError) as error:
        raise CheckpointError(
            f"{path} is damaged or cut short ({error}); fetch it again"
        ) from error


def _compare(
    expected: Mapping[str, tuple[int, ...]], stored: Mapping[str, torch.Tensor], folder: Path
) -> None:
    missing, extra = sorted(expected.keys() - stored), sorted(stored.keys() - expected)
    if missing or extra:
        parts = [
            f"{len(keys)} {kind} ({', '.join(keys[:3])}{', ...' if len(keys) > 3 else ''})"
            for kind, keys in (("missing", missing), ("that it has no place for", extra))
            if keys
        ]
        raise CheckpointError(
            f"{folder} does not fit its config.json: tensors of the vision tower "
            + " and ".join(parts)
        )
    for key, tensor in stored.items():
        if tensor.shape != expected[key]:
            raise CheckpointError(
                f"{folder} does not fit its config.json: {key} has shape {tuple(tensor.shape)}, "
                f"the configuration makes it {expected[key]}"
            )
        if tensor.dtype not in (torch.float32, torch.bfloat16, torch.float16):
            raise CheckpointError(
                f"{folder} stores {key} as {tensor.dtype}; quantised towers are not read"
            )
    with ThreadPoolExecutor() as pool:
        finite = pool.map(lambda tensor: bool(torch.isfinite(tensor).all()), stored.values())
        spoilt = [key for key, fine in zip(stored, finite, strict=True) if not fine]
    if spoilt:
        raise CheckpointError(f"{folder} holds NaN or infinity in {', '.join(spoilt[:3])}")
