"""Small random checkpoints in every released layout, and pictures to put into them."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

Tensors = dict[str, torch.Tensor]

# The two towers at toy size, with the flags of the released ones.
SHAPE_300M = {
    "hidden_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 96,
    "patch_size": 14,
    "image_size": 56,
    "layer_norm_eps": 1e-6,
    "norm_type": "layer_norm",
    "qk_normalization": False,
    "qkv_bias": True,
    "hidden_act": "gelu",
}
SHAPE_6B = SHAPE_300M | {
    "hidden_size": 40,
    "num_attention_heads": 5,
    "norm_type": "rms_norm",
    "qk_normalization": True,
    "qkv_bias": False,
}


def _tower(shape: dict, seed: int) -> Tensors:
    """Random weights, large enough that every part of the arithmetic shows in the result."""
    generator = torch.Generator().manual_seed(seed)
    width, hidden = shape["hidden_size"], shape["intermediate_size"]
    places = (shape["image_size"] // shape["patch_size"]) ** 2 + 1

    def draw(*size: int, around: float = 0.0, spread: float = 0.3) -> torch.Tensor:
        return around + spread * torch.randn(*size, generator=generator)

    tensors = {
        "embeddings.class_embedding": draw(1, 1, width, spread=1.0),
        "embeddings.position_embedding": draw(1, places, width, spread=1.0),
        "embeddings.patch_embedding.weight": draw(width, 3, 14, 14, spread=0.1),
        "embeddings.patch_embedding.bias": draw(width),
    }
    for i in range(shape["num_hidden_layers"]):
        layer = {
            "attn.qkv.weight": draw(3 * width, width, spread=2 / width**0.5),
            "attn.proj.weight": draw(width, width, spread=1 / width**0.5),
            "attn.proj.bias": draw(width),
            "mlp.fc1.weight": draw(hidden, width, spread=2 / width**0.5),
            "mlp.fc1.bias": draw(hidden),
            "mlp.fc2.weight": draw(width, hidden, spread=1 / hidden**0.5),
            "mlp.fc2.bias": draw(width),
            "norm1.weight": draw(width, around=1.0),
            "norm2.weight": draw(width, around=1.0),
            "ls1": draw(width, around=0.5),
            "ls2": draw(width, around=0.5),
        }
        if shape["norm_type"] == "layer_norm":
            layer |= {"norm1.bias": draw(width), "norm2.bias": draw(width)}
        if shape["qkv_bias"]:
            layer["attn.qkv.bias"] = draw(3 * width)
        if shape["qk_normalization"]:
            layer |= {
                "attn.q_norm.weight": draw(width, around=1.0),
                "attn.k_norm.weight": draw(width, around=1.0),
            }
        tensors |= {f"encoder.layers.{i}.{name}": value for name, value in layer.items()}
    return tensors


def _save(folder: Path, shape: dict, tower: Tensors, layout: str) -> Path:
    """Write a checkpoint.  ``sharded`` and ``single`` are chat models, ``standalone`` a bare tower.

    The language model is in the index and, in a single file, in the file; its shard is not there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    vision = shape | {"model_type": "intern_vit_6b", "_name_or_path": "InternViT-6B-448px-V1-5"}
    chat = {"model_type": "internvl_chat", "vision_config": vision, "select_layer": -1}
    config = vision if layout == "standalone" else chat
    (folder / "config.json").write_text(json.dumps(config))
    if layout == "standalone":
        save_file(tower, folder / "model.safetensors")
        return folder
    inside = {f"vision_model.{name}": value.contiguous() for name, value in tower.items()}
    language = {
        "language_model.model.norm.weight": torch.full((8,), float("nan")),
        "mlp1.0.weight": torch.ones(8),
    }
    if layout == "single":
        save_file(inside | language, folder / "model.safetensors")
        return folder
    names = sorted(inside)
    shards = {
        "model-00001-of-00003.safetensors": names[: len(names) // 2],
        "model-00002-of-00003.safetensors": [*names[len(names) // 2 :], "mlp1.0.weight"],
    }
    everything = inside | language
    for file, keys in shards.items():
        save_file({key: everything[key] for key in keys}, folder / file)
    where = {key: file for file, keys in shards.items() for key in keys}
    where["language_model.model.norm.weight"] = "model-00003-of-00003.safetensors"
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": where}))
    return folder


@pytest.fixture(scope="session")
def shapes() -> dict[str, dict]:
    return {"300M": SHAPE_300M, "6B": SHAPE_6B}


@pytest.fixture(scope="session")
def make_tower() -> Callable[..., Tensors]:
    return lambda shape, seed=0: _tower(shape, seed)


@pytest.fixture(scope="session")
def save_checkpoint() -> Callable[..., Path]:
    return _save


@pytest.fixture(scope="session")
def pictures() -> list[Image.Image]:
    """Three pictures unlike each other in colour and content, of different sizes."""
    rng = np.random.default_rng(7)
    ramp = np.linspace(0, 255, 90, dtype=np.uint8)
    blue = np.zeros((60, 90, 3), np.uint8)
    blue[..., 2] = ramp
    noise = rng.integers(0, 256, (48, 64, 3), dtype=np.uint8)
    halves = np.full((70, 70, 3), (200, 60, 20), np.uint8)
    halves[35:] = (30, 120, 40)
    return [Image.fromarray(array) for array in (blue, noise, halves)]
