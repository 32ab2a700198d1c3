"""Tiny networks whose attention is known, and the encoders around them."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from gapsphere.plugin.encoders.preprocessing import WHOLE_IMAGE, Pixels, Region
from gapsphere.plugin.encoders.torch_encoder import TorchEncoder
from torch import nn
from transformers import InternVLVisionConfig, InternVLVisionModel

PATCH = 14


def wrap(module, pool, pixels, *, dimension, grid, cls=False):
    return TorchEncoder(
        name=f"test:{type(module).__name__}",
        pixels=pixels,
        module=module,
        pool=pool,
        dimension=dimension,
        patch_grid=grid,
        device=torch.device("cpu"),
        dtype=torch.float32,
        precision="fp32",
        weights=type(module).__name__,
        pooling="mean",
        include_cls=cls,
    )


def make_tower(grid, **shape):
    config = InternVLVisionConfig(
        patch_size=PATCH, image_size=grid * PATCH, attention_bias=True, **shape
    )
    return InternVLVisionModel(config).eval().requires_grad_(False)


def around_tower(tower, grid, *, region=WHOLE_IMAGE, cls=False):
    first = 0 if cls else 1
    return wrap(
        tower,
        lambda tower, images: tower(images).last_hidden_state[:, first:].mean(dim=1),
        Pixels(grid * PATCH, grid * PATCH, region=region),
        dimension=tower.config.hidden_size,
        grid=(grid, grid),
        cls=cls,
    )


@pytest.fixture(scope="session")
def random_vit() -> Callable[..., TorchEncoder]:
    """``random_vit(layers=3)``: an InternViT of 4 x 4 patches with lively random weights."""

    def make(layers=3, *, seed=0, cls=False, grid=4, region=WHOLE_IMAGE) -> TorchEncoder:
        tower = make_tower(
            grid,
            hidden_size=16,
            num_hidden_layers=layers,
            num_attention_heads=2,
            intermediate_size=32,
        )
        generator = torch.Generator().manual_seed(seed)
        for weight in tower.parameters():
            weight.normal_(0, 0.5, generator=generator)
        return around_tower(tower, grid, cls=cls, region=region)

    return make


@pytest.fixture(scope="session")
def bright_seeker() -> Callable[..., TorchEncoder]:
    """A ViT built by hand: every token attends to the brightest patch, and to nothing else.

    The patch embedding puts a patch's brightness into channel 0 and a constant into channel 1; no
    position is added.  Keys read channel 0 and queries the constant, so the scores grow with the
    brightness of the patch that is read.
    """

    def make(grid: int = 8, *, region: Region = WHOLE_IMAGE) -> TorchEncoder:
        tower = make_tower(
            grid,
            hidden_size=4,
            num_hidden_layers=2,
            num_attention_heads=1,
            intermediate_size=4,
        )
        for weight in tower.parameters():
            weight.zero_()
        tower.embeddings.patch_embeddings.projection.weight[0] = 1 / (3 * PATCH**2)
        for layer in tower.encoder.layer:
            layer.layernorm_before = nn.Identity()
            layer.layernorm_after = nn.Identity()
            layer.attention.k_proj.weight[0, 0] = 1  # brightness
            layer.attention.q_proj.bias[0] = 40  # a constant
            layer.attention.v_proj.weight[0, 0] = 1  # brightness
            layer.attention.projection_layer.weight[0, 0] = 1
            layer.lambda_1[:] = 0.5
        return around_tower(tower, grid, region=region)

    return make


class RedFinder(nn.Module):
    """A CNN built by hand: channel 0 is how red a place is, channel 1 how blue, after a ReLU."""

    def __init__(self, cell: int) -> None:
        super().__init__()
        self.see = nn.Conv2d(3, 2, cell, stride=cell)
        self.act = nn.ReLU(inplace=True)
        with torch.no_grad():
            self.see.weight.zero_()
            self.see.bias.zero_()
            for channel, (plus, minus) in enumerate([(0, 2), (2, 0)]):
                self.see.weight[channel, plus] = 1 / cell**2
                self.see.weight[channel, minus] = -1 / cell**2
        self.requires_grad_(False)

    def extract_features(self, images: torch.Tensor) -> torch.Tensor:
        return self.act(self.see(images))


@pytest.fixture(scope="session")
def red_finder() -> Callable[..., TorchEncoder]:
    def make(grid: int = 8, *, region: Region = WHOLE_IMAGE) -> TorchEncoder:
        module = RedFinder(8).eval()
        return wrap(
            module,
            lambda module, images: module.extract_features(images).mean(dim=(2, 3)),
            # One mean for all colours, so that grey is neither red nor blue.
            Pixels(8 * grid, 8 * grid, mean=(0.5,) * 3, std=(0.5,) * 3, region=region),
            dimension=2,
            grid=(grid, grid),
        )

    return make


@pytest.fixture
def noise() -> np.ndarray:
    """Three prepared images of 56 x 56."""
    return np.random.default_rng(1).integers(0, 256, (3, 56, 56, 3), dtype=np.uint8)
