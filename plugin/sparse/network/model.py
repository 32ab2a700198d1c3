"""The Sparse Pixel Transformer: sparse samples in, frame and a reason where to look next out.

Samples become tokens that attend to each other and to the game state; every pixel of the frame is
a query that attends to tokens; a convolutional head corrects what attention interpolated.  Queries
do not see one another before the head, so they are decoded in chunks and no attention matrix of
the whole frame ever exists; entropy and dispersion of the mean attention (over layers, then heads)
are taken chunk by chunk and equal the full matrix's.

After Tulsiani & Gupta (PixelTransformer, 2021), Fu et al. (CrossMAE, 2024) for cross-attention
alone in the decoder, and Fukami et al. (Voronoi-CNN, 2021) for the head on interpolated maps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ...errors import DimensionError
from ...settings.sparse import SENTINEL
from ..frames.coords import Resolution, pixels_of
from ..frames.samples import Memory, Samples, make_samples
from .attention import (
    LOG_DISTANCE,
    RELATIVE_FEATURES,
    NearAttention,
    StateAttention,
    dispersion_of,
    entropy_of,
    gather,
    relative_features,
)
from .grid import Grid
from .refine import Refinement
from .scene import Scene, make_scene
from .tokens import Tokens, make_tokens, tensor_like


@dataclass(frozen=True)
class ModelConfig:
    """Sizes.  ``neighbors`` None with ``stride`` 1 is the seed's form: all pixels see all samples.

    ``stride`` is the side of the cell of pixels that one query covers: its attention row, and
    so its entropy and dispersion, are those of each of the cell's pixels.
    """

    channels: int = 1
    neighbors: int | None = 8
    past_neighbors: int = 4
    stride: int = 2
    width: int = 32
    heads: int = 4
    encoder_layers: int = 2
    query_width: int = 16
    decoder_layers: int = 1
    geometry_width: int = 16
    refine_widths: tuple[int, ...] = (40, 64, 96)
    refine_blocks: int = 2
    state_size: int = 64

    def __post_init__(self) -> None:
        """ValueError for sizes of no model: a file may have any."""
        object.__setattr__(self, "refine_widths", tuple(self.refine_widths))
        sizes = [*self.refine_widths]
        for name, size in vars(self).items():
            if name != "refine_widths" and (name, size) != ("neighbors", None):
                sizes.append(size + (name == "past_neighbors"))
        most = max(self.encoder_layers, self.decoder_layers, self.refine_blocks, self.stride)
        if min(sizes) < 1 or max(sizes) > 4096 or max(most, len(self.refine_widths)) > 64:
            raise ValueError("A model's sizes go from 1 to 4096, its layers to 64.")
        if self.width % self.heads or self.query_width % self.heads:
            raise ValueError("The heads of a model share its widths evenly.")


@dataclass(frozen=True)
class Reconstruction:
    """What the model makes of a batch of frames.

    ``frame`` (B, C, H, W), nominally in 0..1, not clipped; ``log_scale`` (B, H, W), natural
    logarithm of the expected absolute error in the same unit; ``entropy`` (B, H, W), 0..1, share of
    the largest entropy that the visible keys allow; ``dispersion`` (B, H, W), standard deviation of
    the values attended to; ``attention`` (B, H W, N) only on request.
    """

    frame: Tensor
    log_scale: Tensor
    entropy: Tensor
    dispersion: Tensor
    attention: Tensor | None = None


class SparsePixelTransformer(nn.Module):
    """:meth:`reconstruct` is the working entry."""

    def __init__(self, config: ModelConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or ModelConfig()
        c, w, q, g = config.channels, config.width, config.query_width, config.geometry_width
        self.embed = nn.Sequential(nn.Linear(2 * c + 5, w), nn.SiLU(), nn.Linear(w, w))
        self.geometry = nn.Linear(RELATIVE_FEATURES, g)
        self.read_state = StateAttention(w, config.state_size, config.heads)
        self.encoder = nn.ModuleList(
            NearAttention(w, w, config.heads, g) for _ in range(config.encoder_layers)
        )
        self.start = nn.Linear(3, q)
        self.decoder = nn.ModuleList(
            NearAttention(q, w, config.heads, g) for _ in range(config.decoder_layers)
        )
        self.slope = nn.Linear(w, 2 * c)
        nn.init.zeros_(self.slope.weight)
        nn.init.zeros_(self.slope.bias)
        fine = config.stride**2 * (5 * c + 3)
        self.refine = Refinement(
            q + 3 + c + fine, c + 1, config.refine_widths, config.refine_blocks, config.stride
        )

    def forward(
        self,
        sparse_pixels: Tensor,
        state_vector: Tensor | None,
        state_mask: Tensor | None,
        resolution: Resolution,
        return_attention: bool = False,
    ) -> Reconstruction:
        """Reconstruct frames from samples alone, without memory: the seed's call.

        Parameters
        ----------
        sparse_pixels : (B, N, 2 + C)
            u, v, and values in 0..255.
        state_vector, state_mask : (B, S) or None
            Game state; entries whose mask is 0 or which hold the sentinel are not read.
        return_attention : bool
            Also give the whole (B, H W, N) matrix, its columns ordered by pixel.
        """
        scenes = []
        for i, rows in enumerate(sparse_pixels.detach().cpu().double().numpy()):
            state = None
            if state_vector is not None:
                state = state_vector[i].detach().cpu().float().numpy().copy()
                if state_mask is not None:
                    state[state_mask[i].cpu().numpy() == 0] = SENTINEL
            pixels = pixels_of(rows[:, :2], resolution)
            scenes.append(self.scene(make_samples(pixels, rows[:, 2:], resolution, state)))
        return self.reconstruct(scenes, return_attention=return_attention)

    def scene(self, samples: Samples, memory: Memory | None = None) -> Scene:
        """Lay out samples (and a memory) for this model's neighbours and stride."""
        return make_scene(
            samples,
            memory,
            neighbors=self.config.neighbors or 3,
            past_neighbors=self.config.past_neighbors,
            stride=self.config.stride,
        )

    def reconstruct(
        self,
        scenes: Sequence[Scene],
        *,
        chunk: int = 1024,
        epsilon: float = 0.0,
        return_attention: bool = False,
        head_only: bool = False,
    ) -> Reconstruction:
        """Reconstruct a batch of scenes of one resolution; sample counts may differ.

        ``chunk`` queries are decoded at once, which does not change the result; attention weights
        below ``epsilon`` count as it in the entropy; ``head_only`` lets no gradient into attention.
        """
        if len({scene.resolution for scene in scenes}) != 1:
            raise DimensionError("Frames of one batch need one resolution.")
        given = {scene.channels for scene in scenes}
        if given != {self.config.channels}:
            raise DimensionError(
                f"This model reads {self.config.channels} channel(s) a pixel; the samples have "
                f"{sorted(given)}."
            )
        # Mixed precision is for the convolutions: in 16 bits small attention weights become 0.
        device, learns = self.start.weight.device.type, torch.is_grad_enabled() and not head_only
        with torch.autocast(device, enabled=False), torch.set_grad_enabled(learns):
            parts = [self._attend(scene, chunk, epsilon, return_attention) for scene in scenes]
        (height, width), c = scenes[0].resolution, self.config.channels
        out = self.refine(torch.stack([part.maps for part in parts])).to(parts[0].base.dtype)
        out = out[..., :height, :width]
        scale = torch.stack([part.scale for part in parts]).view(-1, 1, 1, 1)
        return Reconstruction(
            torch.stack([part.base for part in parts]) + scale * out[:, :c],
            (out[:, c:] + scale.log() - 2).squeeze(1),
            torch.stack([part.entropy for part in parts]),
            torch.stack([part.dispersion for part in parts]),
            torch.stack([cast(Tensor, part.attention) for part in parts])
            if return_attention
            else None,
        )

    def _attend(self, scene: Scene, chunk: int, epsilon: float, full: bool) -> _Attended:
        tokens = make_tokens(scene, self.start.weight, everything=self.config.neighbors is None)
        memory = self._encode(scene, tokens)
        slope = self.slope(memory) * tokens.scale
        # What a query reads of each token beside the learned values.
        about = torch.stack([tokens.age, tokens.change], -1)
        both = torch.cat([tokens.surprise, tokens.surprise.abs()], -1)
        table = torch.cat([tokens.position, about, tokens.values, both, slope], -1)
        keys_values = [layer.key_value(memory) for layer in _layers(self.decoder)]
        grid = Grid(scene.resolution, self.config.stride)
        bounds = [(a, min(a + chunk, grid.cells)) for a in range(0, grid.cells, chunk)]
        parts = [
            self._decode(grid, tokens, keys_values, table, first, last, epsilon, full)
            for first, last in bounds
        ]
        rows = _Decoded(*(torch.cat(part) for part in zip(*parts, strict=True)))
        base = self._tensor(scene.natural)
        coarse = torch.cat(
            [
                grid.map(rows.features),
                grid.map(rows.surprise) / tokens.scale,
                grid.map(torch.stack([rows.strength, rows.dispersion], -1)) / tokens.scale,
                grid.map(rows.entropy[:, None]),
            ]
        )
        estimates = [base - tokens.centre, grid.pixels(rows.estimate) - base]
        known = torch.cat(
            [estimate / tokens.scale for estimate in estimates] + self._known(scene, base, tokens)
        )
        attention = None
        if full:
            every = grid.pixels(rows.attention.repeat_interleave(grid.stride**2, -1))
            attention = every.flatten(1).T
        return _Attended(
            torch.cat([coarse, grid.fold(known)]),
            base,
            tokens.scale,
            grid.every_pixel(rows.entropy),
            grid.every_pixel(rows.dispersion),
            attention,
        )

    def _tensor(self, array: NDArray[Any]) -> Tensor:
        return tensor_like(array, self.start.weight)

    def _encode(self, scene: Scene, tokens: Tokens) -> Tensor:
        """Features ``(M, width)``; tokens of this frame also attend to each other and the state."""
        past = (tokens.age > 0).to(tokens.age.dtype)
        believed = torch.full_like(past, float(scene.previous is not None))
        flags = [past, tokens.age, tokens.revisit, tokens.change, believed]
        values = [(tokens.values - tokens.centre) / tokens.scale, tokens.surprise / tokens.scale]
        every = self.embed(torch.cat([*values, torch.stack(flags, -1)], -1))
        x = every[: tokens.new]
        if scene.state is not None:
            x = self._read_state(x, scene.state)
        position = tokens.position[: tokens.new]
        nothing = torch.zeros(1, 1, device=x.device)
        index, dead = tokens.near.index, tokens.near.dead
        offset = gather(position, index) - position[:, None]
        geometry = self._geometry(offset, tokens.spacing, nothing, nothing)
        for layer in _layers(self.encoder):
            x, _ = layer(x, layer.key_value(x), geometry, index, dead)
        return torch.cat([x.to(every.dtype), every[tokens.new :]])

    def _read_state(self, x: Tensor, state: NDArray[np.float32]) -> Tensor:
        if len(state) > self.config.state_size:
            raise DimensionError(
                f"The state vector has {len(state)} entries; this model reads up to "
                f"{self.config.state_size}."
            )
        vector = self._tensor(state)
        mask = vector != SENTINEL
        return cast(Tensor, self.read_state(x, vector.where(mask, 0.0), mask))

    def _decode(
        self,
        grid: Grid,
        tokens: Tokens,
        keys_values: list[Tensor],
        table: Tensor,
        first: int,
        last: int,
        epsilon: float,
        full: bool,
    ) -> _Decoded:
        """Rows of cells ``first`` to ``last``; attention is empty if not ``full``."""
        c, device = self.config.channels, table.device
        index, dead = tokens.index.part(first, last)
        position, about, values, facts = gather(table, index).split([2, 2, c, 4 * c], -1)
        offset = position - grid.centres(first, last, device)[:, None]
        geometry = self._geometry(offset, tokens.spacing, about[..., 0], about[..., 1])
        x = self.start(self._closest(offset, dead, tokens))
        weights = torch.zeros((), device=device)
        for layer, projected in zip(_layers(self.decoder), keys_values, strict=True):
            x, weight = layer(x, projected, geometry, index, dead)
            weights = weights + weight / len(self.decoder)
        slope = facts[..., 2 * c :].unflatten(-1, (c, 2))
        along = slope * (offset / tokens.spacing).unsqueeze(-2)
        planes = values - along[..., 0] - along[..., 1]
        share = weights.unsqueeze(1)
        surprise, strength, tilt = (share @ facts).squeeze(1).split([c, c, 2 * c], -1)
        inside = grid.inside(device) / tokens.spacing
        fine = (share @ planes).transpose(1, 2) + tilt.unflatten(-1, (c, 2)) @ inside.T
        visible = torch.tensor(weights.shape[1]) if dead is None else (~dead).sum(1)
        return _Decoded(
            x,
            fine.flatten(1),
            surprise,
            strength.mean(-1),
            # Their slopes are infinite at 0; the head reads them, nothing is learned through them.
            entropy_of(weights.detach(), visible, epsilon),
            dispersion_of(weights.detach(), values),
            _full_rows(weights, index, len(table)) if full else weights[:, :0],
        )

    def _closest(self, offset: Tensor, dead: Tensor | None, tokens: Tokens) -> Tensor:
        """How near the nearest token of this frame is, ``(Q, 3)``."""
        count = tokens.new if self.config.neighbors is None else self.config.neighbors
        x, y = offset[:, :count].unbind(-1)
        distance = x * x + y * y
        if dead is not None:
            distance = distance.masked_fill(dead[:, :count], torch.inf)
        near = distance.amin(1).sqrt()
        measured = (near < 0.75 * self.config.stride).to(near.dtype)
        near = near / tokens.spacing
        return torch.stack([near, (near + 0.05).log(), measured], -1)

    def _geometry(
        self, offset: Tensor, spacing: float, age: Tensor, change: Tensor
    ) -> tuple[Tensor, Tensor]:
        features = relative_features(offset, spacing, age, change)
        return self.geometry(features).relu_(), features[..., LOG_DISTANCE]

    def _known(self, scene: Scene, base: Tensor, tokens: Tokens) -> list[Tensor]:
        """Maps of what is known at pixels: new values, the last frame, remembered values."""
        new = self._tensor(scene.pixels[: scene.new])
        mask = torch.zeros_like(base[:1])
        mask.view(-1)[new] = 1
        measured = torch.zeros_like(base)
        measured.view(len(base), -1)[:, new] = tokens.values[: scene.new].T
        known = [mask, mask * (measured - base) / tokens.scale]
        if scene.previous is None or scene.remembered is None or scene.recency is None:
            empty = torch.zeros_like(base)
            return [*known, empty, empty, torch.zeros_like(mask), torch.zeros_like(mask)]
        previous, remembered = self._tensor(scene.previous), self._tensor(scene.remembered)
        recency = self._tensor(scene.recency).unsqueeze(0)
        return [
            *known,
            (previous - base) / tokens.scale,
            (remembered - base) / tokens.scale * (recency > 0),
            recency,
            torch.ones_like(mask),
        ]


class _Decoded(NamedTuple):
    """What cells read, a row for each.

    ``estimate`` has a value for each pixel of the cell; ``surprise`` is the mean of the tokens
    attended to, ``strength`` that of its size.
    """

    features: Tensor
    estimate: Tensor
    surprise: Tensor
    strength: Tensor
    entropy: Tensor
    dispersion: Tensor
    attention: Tensor


class _Attended(NamedTuple):
    """All of one frame that the head and the result need."""

    maps: Tensor
    base: Tensor
    scale: Tensor
    entropy: Tensor
    dispersion: Tensor
    attention: Tensor | None


def _layers(modules: nn.ModuleList) -> list[NearAttention]:
    return [cast(NearAttention, module) for module in modules]


def _full_rows(weights: Tensor, index: Tensor | None, tokens: int) -> Tensor:
    if index is None:
        return weights
    matrix = torch.zeros(len(weights), tokens, dtype=weights.dtype, device=weights.device)
    return matrix.scatter_add(1, index, weights)
