"""Networks of released sizes with random weights: time and memory do not depend on their values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from gapsphere.plugin.encoders.checkpoint.internvl_checkpoint import (
    STANDALONE,
    config_from_json,
    empty_tower,
    fill_tower,
    released_shapes,
)
from gapsphere.plugin.encoders.preprocessing import Pixels
from gapsphere.plugin.encoders.torch_encoder import TorchEncoder


def _tower(width: int, layers: int, heads: int, *, large: bool) -> dict[str, Any]:
    return {
        "model_type": STANDALONE,
        "image_size": 448,
        "patch_size": 14,
        "hidden_size": width,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "intermediate_size": 4 * width,
        "norm_type": "rms_norm" if large else "layer_norm",
        "qk_normalization": large,
        "qkv_bias": not large,
    }


INTERNVIT: Mapping[str, dict[str, Any]] = {
    "internvl-300m": _tower(1024, 24, 16, large=False),
    "internvl-6b": _tower(3200, 45, 25, large=True),
}
"""``config.json`` of the two released towers."""


def random_weights(config: Mapping[str, Any], dtype: torch.dtype) -> dict[str, torch.Tensor]:
    """Tensors of an InternViT under their released names."""
    generator = torch.Generator().manual_seed(0)
    shapes = released_shapes(empty_tower(config_from_json(config, "the bench")))
    return {
        name: torch.empty(shape, dtype=dtype).normal_(
            1.0 if "norm" in name and name.endswith("weight") else 0.0, 0.02, generator=generator
        )
        for name, shape in shapes.items()
    }


def random_tower(config: Mapping[str, Any]) -> TorchEncoder:
    """An InternViT in float32 on the CPU as an encoder."""
    tower: Any = empty_tower(config_from_json(config, "the bench"))
    fill_tower(tower, random_weights(config, torch.float32))
    side, patch = config["image_size"], config["patch_size"]
    return TorchEncoder(
        name="internvl:random",
        pixels=Pixels(side, side),
        module=tower.requires_grad_(False),
        pool=lambda tower, images: tower(images).last_hidden_state[:, 1:].mean(dim=1),
        dimension=config["hidden_size"],
        patch_grid=(side // patch, side // patch),
        device=torch.device("cpu"),
        dtype=torch.float32,
        precision="fp32",
        weights="random",
        pooling="mean",
    )


def write_internvit(folder: Path, config: Mapping[str, Any]) -> Path:
    """Write a standalone InternViT checkpoint in bfloat16."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(dict(config)))
    save_file(random_weights(config, torch.bfloat16), folder / "model.safetensors")
    return folder


def write_dinov2(folder: Path) -> Path:
    """Write a DINOv2-small with the processor of the published one."""
    from transformers import Dinov2Config, Dinov2Model

    config = Dinov2Config(hidden_size=384, num_hidden_layers=12, num_attention_heads=6)
    model = Dinov2Model(config)
    model.bfloat16()
    model.save_pretrained(folder)
    processor = {
        "image_processor_type": "BitImageProcessor",
        "size": {"shortest_edge": 256},
        "do_center_crop": True,
        "crop_size": {"height": 224, "width": 224},
        "resample": 3,
        "image_mean": [0.485, 0.456, 0.406],
        "image_std": [0.229, 0.224, 0.225],
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(processor))
    return folder


def flops_per_image(encoder: TorchEncoder) -> float:
    """Arithmetic of one image, a multiply-add counted as two; nothing is computed."""
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    ghost = encoder.on(torch.device("meta"))
    pixels = torch.zeros(
        1, 3, ghost.pixels.height, ghost.pixels.width, device="meta", dtype=ghost.dtype
    )
    with sdpa_kernel(SDPBackend.MATH), torch.no_grad(), FlopCounterMode(display=False) as count:
        ghost.features(pixels)
    return float(count.get_total_flops())
