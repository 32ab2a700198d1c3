"""InternViT, the vision tower of InternVL, written down with the names of its released weights.

The published architecture (Chen et al. 2024, "InternVL") is a pre-norm vision transformer with
layer scale, one fused qkv projection and, in the 6B size, RMSNorm on q and k across the full width
before the heads are split.  There is no norm after the last layer.  Because the parameters carry
the released names, a checkpoint loads strictly and without renaming.

Two routes through a layer give the same function: the fast one leaves attention to torch's fused
kernel; the exact one repeats the released arithmetic step by step, in the released order of
roundings, and hands out every attention map on the way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..errors import DimensionError

__all__ = ["InternViT", "InternViTConfig"]


@dataclass(frozen=True)
class InternViTConfig:
    """The part of a checkpoint's configuration that shapes the tower.

    Defaults are those of the released configuration class: a file may leave them out.
    """

    hidden_size: int = 3200
    num_hidden_layers: int = 48
    num_attention_heads: int = 25
    intermediate_size: int = 12800
    patch_size: int = 14
    image_size: int = 224
    layer_norm_eps: float = 1e-6
    norm_type: str = "rms_norm"
    qk_normalization: bool = True
    qkv_bias: bool = False
    hidden_act: str = "gelu"

    @property
    def trained_grid(self) -> int:
        """Patches along one side of the image the position embedding was trained on."""
        return self.image_size // self.patch_size

    def flops(self, rows: int, columns: int) -> int:
        """Multiply-adds, counted as two, of one image of ``rows`` x ``columns`` patches."""
        tokens, width = rows * columns + 1, self.hidden_size
        linear = 4 * width * width + 2 * width * self.intermediate_size
        layer = 2 * tokens * linear + 4 * tokens * tokens * width
        patches = 2 * rows * columns * width * 3 * self.patch_size**2
        return self.num_hidden_layers * layer + patches


class RMSNorm(nn.Module):
    """Divide by the root mean square in float32, round, then scale (Zhang & Sennrich 2019)."""

    def __init__(self, width: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(width))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        wide = x.float()
        wide = wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + self.eps)
        return self.weight * wide.to(x.dtype)


def _norm(config: InternViTConfig) -> nn.Module:
    if config.norm_type == "rms_norm":
        return RMSNorm(config.hidden_size, config.layer_norm_eps)
    return nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)


class Embeddings(nn.Module):
    """Patches to tokens: a linear map of each patch, a CLS token in front, positions added."""

    def __init__(self, config: InternViTConfig) -> None:
        super().__init__()
        self.patch = config.patch_size
        self.grid = config.trained_grid
        self.class_embedding = nn.Parameter(torch.empty(1, 1, config.hidden_size))
        self.patch_embedding = nn.Conv2d(3, config.hidden_size, self.patch, stride=self.patch)
        self.position_embedding = nn.Parameter(torch.empty(1, self.grid**2 + 1, config.hidden_size))

    def forward(self, pixels: Tensor) -> Tensor:
        rows, columns = pixels.shape[2] // self.patch, pixels.shape[3] // self.patch
        # A convolution whose stride is its size is a matrix product over patches; said that way
        # it is as fast as any other layer on every device and in every precision.
        patches = pixels.unflatten(3, (columns, self.patch)).unflatten(2, (rows, self.patch))
        patches = patches.permute(0, 2, 4, 1, 3, 5).reshape(len(pixels), rows * columns, -1)
        tokens = functional.linear(
            patches, self.patch_embedding.weight.flatten(1), self.patch_embedding.bias
        )
        tokens = torch.cat([self.class_embedding.expand(len(pixels), -1, -1), tokens], dim=1)
        return tokens + self.positions(rows, columns)

    def positions(self, rows: int, columns: int) -> Tensor:
        """Position embedding (1, 1 + rows * columns, width), interpolated in float32."""
        if (rows, columns) == (self.grid, self.grid):
            return self.position_embedding
        first, rest = self.position_embedding[:, :1], self.position_embedding[:, 1:]
        square = rest.float().unflatten(1, (self.grid, self.grid)).permute(0, 3, 1, 2)
        scaled = functional.interpolate(
            square, size=(rows, columns), mode="bicubic", align_corners=False
        )
        return torch.cat([first, scaled.flatten(2).transpose(1, 2).to(first.dtype)], dim=1)


class Attention(nn.Module):
    """Self-attention of all tokens, q, k and v as thirds of one projection."""

    def __init__(self, config: InternViTConfig) -> None:
        super().__init__()
        width = config.hidden_size
        self.heads = config.num_attention_heads
        self.qkv = nn.Linear(width, 3 * width, bias=config.qkv_bias)
        self.proj = nn.Linear(width, width)
        self.q_norm: nn.Module = nn.Identity()
        self.k_norm: nn.Module = nn.Identity()
        if config.qk_normalization:
            self.q_norm = RMSNorm(width, config.layer_norm_eps)
            self.k_norm = RMSNorm(width, config.layer_norm_eps)

    def forward(self, x: Tensor, on_attention: Callable[[Tensor], None] | None = None) -> Tensor:
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        # The norm spans all heads: it comes before they are split.
        q, k, v = (
            part.unflatten(2, (self.heads, -1)).transpose(1, 2)
            for part in (self.q_norm(q), self.k_norm(k), v)
        )
        if x.device.type == "cpu":
            # Its fused kernel reads heads that lie apart in memory slower than a copy costs.
            q, k, v = q.contiguous(), k.contiguous(), v.contiguous()
        if on_attention is None:
            mixed = functional.scaled_dot_product_attention(q, k, v)
        else:
            weights = ((q * q.shape[-1] ** -0.5) @ k.transpose(-2, -1)).softmax(dim=-1)
            on_attention(weights)
            mixed = weights @ v
        return self.proj(mixed.transpose(1, 2).flatten(2))


class MLP(nn.Module):
    """Two linear maps around the exact (erf) GELU."""

    def __init__(self, config: InternViTConfig) -> None:
        super().__init__()
        self.fc1 = nn.Linear(config.hidden_size, config.intermediate_size)
        self.fc2 = nn.Linear(config.intermediate_size, config.hidden_size)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(functional.gelu(self.fc1(x)))


class Layer(nn.Module):
    """Attention and MLP, each behind a norm, each scaled per channel before it is added."""

    def __init__(self, config: InternViTConfig) -> None:
        super().__init__()
        self.attn = Attention(config)
        self.mlp = MLP(config)
        self.norm1 = _norm(config)
        self.norm2 = _norm(config)
        self.ls1 = nn.Parameter(torch.empty(config.hidden_size))
        self.ls2 = nn.Parameter(torch.empty(config.hidden_size))

    def forward(self, x: Tensor, on_attention: Callable[[Tensor], None] | None = None) -> Tensor:
        if on_attention is not None:
            x = x + self.attn(self.norm1(x), on_attention) * self.ls1
            return x + self.mlp(self.norm2(x)) * self.ls2
        # One pass over memory in place of two, and one rounding in place of two.
        x = torch.addcmul(x, self.attn(self.norm1(x)), self.ls1)
        return torch.addcmul(x, self.mlp(self.norm2(x)), self.ls2)


class Encoder(nn.Module):
    """The stack of layers; a module of its own because the released names say so."""

    def __init__(self, config: InternViTConfig) -> None:
        super().__init__()
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.num_hidden_layers))


class InternViT(nn.Module):
    """The tower.  Parameters are uninitialised until a checkpoint is loaded.

    Examples
    --------
    >>> config = InternViTConfig(hidden_size=64, num_hidden_layers=2, num_attention_heads=4,
    ...                          intermediate_size=128, image_size=28)
    >>> with torch.device("meta"):
    ...     tower = InternViT(config)
    >>> tower(torch.empty(1, 3, 28, 42, device="meta")).shape
    torch.Size([1, 7, 64])
    """

    def __init__(self, config: InternViTConfig) -> None:
        super().__init__()
        self.config = config
        self.embeddings = Embeddings(config)
        self.encoder = Encoder(config)

    def forward(
        self,
        pixels: Tensor,
        *,
        on_hidden: Callable[[Tensor], None] | None = None,
        on_attention: Callable[[Tensor], None] | None = None,
    ) -> Tensor:
        """Run the tower.

        Parameters
        ----------
        pixels : Tensor (n, 3, height, width)
            Normalised; both sides multiples of the patch size, not necessarily equal.
        on_hidden : callable, optional
            Called with each hidden state (n, 1 + patches, width): the embeddings, then the output
            of every layer.
        on_attention : callable, optional
            Called with each layer's attention (n, heads, 1 + patches, 1 + patches), rows summing to
            1, as soon as it exists; what is not kept is freed.  Takes the exact route.

        Returns
        -------
        Tensor (n, 1 + patches, width)
            The output of the last layer, CLS first.  No norm follows it in this architecture.

        Raises
        ------
        DimensionError
            A side is no multiple of the patch size: its last pixels would be dropped in silence.
        """
        patch = self.config.patch_size
        if (
            pixels.ndim != 4
            or pixels.shape[1] != 3
            or any(s % patch or not s for s in pixels.shape[2:])
        ):
            raise DimensionError(
                f"InternViT reads (n, 3, height, width) with sides that are multiples of {patch}; "
                f"got {tuple(pixels.shape)}"
            )
        x = self.embeddings(pixels)
        for layer in self.encoder.layers:
            if on_hidden is not None:
                on_hidden(x)
            x = layer(x, on_attention)
        if on_hidden is not None:
            on_hidden(x)
        return x
