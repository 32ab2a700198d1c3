"""Reaching the attention of an encoder's own network, layer by layer, and only on demand.

Embedding uses fused attention kernels, which never form the scores.  While a tower is *watched*,
it is switched to the library's eager attention, whose modules return them; a hook passes each
layer's scores on and drops them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..encoders.protocol import Encoder
from ..encoders.torch_encoder import TorchEncoder
from ..errors import InputError

if TYPE_CHECKING:
    import torch
    from torch import nn

Watcher = Callable[["torch.Tensor"], None]


def inside(encoder: Encoder) -> TorchEncoder:
    """The encoder as one whose network can be looked into.

    Raises
    ------
    InputError
        It gives vectors and nothing else, as FiftyOne's zoo models and imported fields do.
    """
    if not isinstance(encoder, TorchEncoder):
        raise InputError(
            f"{encoder.name} gives vectors only, so what it looked at cannot be shown; use the "
            "encoder internvl, transformers or packaged"
        )
    return encoder


def has_attention(encoder: TorchEncoder) -> bool:
    """Whether the network is a transformer; a convolutional one is explained by Grad-CAM."""
    return hasattr(getattr(encoder.module, "config", None), "num_attention_heads")


@dataclass(frozen=True)
class Tower:
    """The layers of a transformer encoder, and what stands before its patches.

    Attributes
    ----------
    layers : list of torch.nn.Module
        First layer first; each maps (n, N, width) to the same shape.
    front : int
        Tokens before the patches: CLS, then registers.
    has_cls : bool
        Whether token 0 is CLS.
    """

    encoder: TorchEncoder
    layers: list[nn.Module]
    front: int
    has_cls: bool

    @classmethod
    def of(cls, encoder: TorchEncoder) -> Tower:
        """Find the layers; one blank image tells how many tokens stand before the patches.

        Raises
        ------
        InputError
            Its attention does not run between all tokens of the image (windows, pooling), or
            its layers cannot be found.
        """
        import torch

        layers = _layers(encoder)
        shapes: list[tuple[int, ...]] = []
        probe = cls(encoder, layers, 0, False)
        with torch.no_grad(), probe.watched(lambda scores: shapes.append(tuple(scores.shape))):
            encoder.features(encoder.blank())
        patches = encoder.patch_grid[0] * encoder.patch_grid[1]
        tokens = shapes[0][-1] if shapes else 0
        whole = len(shapes) == len(layers) and all(
            shape[0] == 1 and shape[2:] == (tokens, tokens) for shape in shapes
        )
        if not whole or tokens < patches:
            raise InputError(
                f"{encoder.name} does not let every patch attend to every other in every layer "
                "(it works in windows or on merged patches), so attention cannot be rolled out; "
                "use a plain vision transformer, or a convolutional encoder for Grad-CAM"
            )
        registers = int(getattr(encoder.module.config, "num_register_tokens", 0) or 0)
        front = tokens - patches
        return cls(encoder, layers, front, front > registers)

    @contextlib.contextmanager
    def watched(self, on_attention: Watcher) -> Iterator[None]:
        """While open, every pass of a layer hands its scores (n, heads, N, N) to ``on_attention``.

        Rows sum to 1.  The tensor is the one the layer goes on with, so that a gradient with
        respect to it can be asked for.
        """
        module: Any = self.encoder.module
        with contextlib.ExitStack() as undo:
            undo.callback(module.set_attn_implementation, module.config._attn_implementation)
            module.set_attn_implementation("eager")
            for layer in self.layers:
                for part in layer.modules():
                    handle = part.register_forward_hook(_hand_over(on_attention))
                    undo.callback(handle.remove)
            yield


def _hand_over(on_attention: Watcher) -> Callable[..., Any]:
    """A hook on a module that returns (output, scores): passes the scores on, and lets them go."""

    def hook(_: nn.Module, __: Any, output: Any) -> Any:
        if not isinstance(output, tuple) or len(output) < 2:
            return None
        scores = output[1]
        if getattr(scores, "ndim", 0) != 4 or scores.shape[-1] != scores.shape[-2]:
            return None
        on_attention(scores)
        return (output[0], None, *output[2:])

    return hook


def _layers(encoder: TorchEncoder) -> list[nn.Module]:
    from torch import nn

    depth = getattr(encoder.module.config, "num_hidden_layers", None)
    for module in encoder.module.modules():
        if isinstance(module, nn.ModuleList) and len(module) == depth:
            return list(module)
    raise InputError(
        f"{encoder.name} is not one stack of equal layers, so attention cannot be rolled out; use "
        "a plain vision transformer, or a convolutional encoder for Grad-CAM"
    )
