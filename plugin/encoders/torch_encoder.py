"""The one encoder class: a torch network, its pixels and its pooling, behind the shared protocol.

The three model families differ only in how they are loaded.  What happens to a batch afterwards
(move, normalise, run, pool, unit length) and what goes into a fingerprint is written here once.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import DimensionError
from .cuda_graph import Graph
from .pooling import WORDS, Pooling, join_rows
from .preprocessing import Pixels
from .protocol import unit_rows

if TYPE_CHECKING:
    import torch
    from PIL.Image import Image

# Images that one forward pass takes.  A batch is cut into such chunks so that the host readies one
# while the device computes another, and so that memory does not grow with the caller's batch.
CHUNK: Mapping[str, int] = {"cuda": 64, "mps": 8, "cpu": 4}


@dataclass(eq=False)
class TorchEncoder:
    """An :class:`~.protocol.Encoder` around a torch network.

    Parameters
    ----------
    pixels : Pixels
        What the weights expect of their input, the user's region included.
    module : torch.nn.Module
        The network, on its device and in its precision; heatmaps look inside it.
    pool : callable
        The network and normalised pixels (n, 3, height, width) to the mean of the patches
        (n, dimension), or, for ``rows``, to that of each row (n, rows, dimension).
    weights : str
        :func:`weights_digest` of the network.
    pooling : "mean" or "rows"
        See :mod:`.pooling`.
    pooled : str
        What is pooled, with braces for how; part of the fingerprint.
    precision : str
        ``fp32``, ``bf16`` or ``fp16``.  Part of the fingerprint: a photograph that lies in both
        sets has distance 0 only if both were embedded in the same precision.
    revision : str or None
        Commit of the model repository the weights came from, where they came from one.
    chunk : mapping of device type to int
        Images of one forward pass; a batch is cut into as many as that takes.
    """

    name: str
    pixels: Pixels
    module: torch.nn.Module
    pool: Callable[[Any, torch.Tensor], torch.Tensor]
    dimension: int
    patch_grid: tuple[int, int]
    device: torch.device
    dtype: torch.dtype
    precision: str
    weights: str
    pooling: Pooling
    pooled: str = "{}"
    include_cls: bool = False
    revision: str | None = None
    chunk: Mapping[str, int] = field(default_factory=lambda: CHUNK)
    fingerprint: str = field(init=False)
    _graph: Graph | None = field(default=None, init=False, repr=False)
    _recordable: bool = field(default=True, init=False, repr=False)

    def __post_init__(self) -> None:
        self.fingerprint = self.fingerprint_with(self.pooling)

    def fingerprint_with(self, pooling: Pooling) -> str:
        """What :attr:`fingerprint` is under that pooling, all else the same."""
        settings = {
            "weights": self.weights,
            "pixels": self.pixels.as_dict(),
            "pooling": self.pooled.format(WORDS[pooling]),
            "include_cls": self.include_cls,
            "precision": self.precision,
        }
        text = json.dumps(settings, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """Pooled features (n, dimension) of normalised pixels, not yet of unit length."""
        pooled = self.pool(self.module, images)
        return join_rows(pooled, self.patch_grid[0]) if self.pooling == "rows" else pooled

    def blank(self) -> torch.Tensor:
        """One black image, to see what the network makes of any: (1, 3, height, width)."""
        import torch

        sides = self.pixels.height, self.pixels.width
        return torch.zeros(1, 3, *sides, dtype=self.dtype, device=self.device)

    def on(self, device: torch.device) -> TorchEncoder:
        """Give the same encoder on another device; this one stays as it is."""
        import torch

        # What deepcopy finds in its memo it does not copy: no second copy where memory is short.
        moved: dict[int, Any] = {
            id(weight): torch.nn.Parameter(weight.to(device), requires_grad=weight.requires_grad)
            for weight in self.module.parameters()
        }
        moved |= {id(buffer): buffer.to(device) for buffer in self.module.buffers()}
        return replace(self, module=copy.deepcopy(self.module, moved), device=device)

    def prepare(self, image: Image) -> np.ndarray:
        """Give one RGB image the model's size: uint8 (height, width, 3)."""
        return self.pixels.prepare(image)

    def embed(self, batch: np.ndarray) -> np.ndarray:
        """Embed prepared images; see :meth:`Encoder.embed <.protocol.Encoder.embed>`."""
        shape = (self.pixels.height, self.pixels.width, 3)
        if batch.ndim != 4 or batch.shape[1:] != shape or batch.dtype != np.uint8:
            raise DimensionError(
                f"{self.name} embeds uint8 batches (n, {', '.join(map(str, shape))}); "
                f"got {batch.dtype} {batch.shape}: stack what prepare() returned"
            )
        if not len(batch):
            return np.empty((0, self.dimension), dtype=np.float32)
        return unit_rows(self._pooled(batch))

    def _pooled(self, batch: np.ndarray) -> np.ndarray:
        import torch

        size = self.chunk.get(self.device.type, 8)
        chunks = [batch[start : start + size] for start in range(0, len(batch), size)]
        with torch.inference_mode():
            pooled = [self._forward(images, size) for images in self._on_device(chunks)]
            result: np.ndarray = torch.cat(pooled).cpu().numpy()
        return result

    def _forward(self, images: torch.Tensor, size: int) -> torch.Tensor:
        """Pooled features, float32, of uint8 images on the device."""
        pixels = self.pixels.normalise(images, self.dtype)
        if self.device.type != "cuda" or len(pixels) != size or not self._recordable:
            return self._run(pixels)
        if self._graph is None or not self._graph.fits(pixels):
            import torch

            try:
                self._graph = Graph(self._run, pixels)
            except torch.OutOfMemoryError:
                raise
            except RuntimeError:  # its kernels wait for one another's values
                self._recordable = False
                return self._run(pixels)
        return self._graph(pixels)

    def _run(self, pixels: torch.Tensor) -> torch.Tensor:
        return self.features(pixels).float()

    def _on_device(self, chunks: list[np.ndarray]) -> Iterable[torch.Tensor]:
        """Chunks on the device; the host does not wait for one before it pins the next."""
        import torch

        for chunk in chunks:
            # The caller's array may be read-only; torch only reads it.
            images = torch.from_numpy(np.ascontiguousarray(chunk))
            if self.device.type == "cuda":
                images = images.pin_memory()
            yield images.to(self.device, non_blocking=True)


def weights_digest(tensors: dict[str, torch.Tensor]) -> str:
    """Hex SHA-256 of CPU tensors by names, dtypes, shapes and bytes, whatever their order."""
    import torch

    def one(item: tuple[str, torch.Tensor]) -> str:
        name, tensor = item
        flat = tensor.detach().contiguous().reshape(-1).view(torch.uint8).numpy()
        digest = hashlib.sha256(flat.data).hexdigest()
        return f"{name} {tensor.dtype} {tuple(tensor.shape)} {digest}"

    # hashlib releases the interpreter lock, so threads hash several tensors at once.
    with ThreadPoolExecutor() as pool:
        lines = list(pool.map(one, sorted(tensors.items())))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
