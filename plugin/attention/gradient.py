"""Heatmaps of a question: what makes this image like, or unlike, another one.

Attention alone says what was read, whatever it was good for.  The gradient of a similarity says
which part of it mattered: in a transformer it weighs the attention (Chefer, Gur & Wolf 2021,
"Generic attention-model explainability"), in a convolutional network the channels of the last
feature map (Selvaraju et al. 2017, "Grad-CAM").
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..encoders.torch_encoder import TorchEncoder
from ..errors import InputError
from .towers import Tower

if TYPE_CHECKING:
    import torch
    from torch import nn

# A power of two, so that nothing but fp16, whose range it saves, sees a difference.
_SCALE = 1024.0


def gradient_rollout(
    tower: Tower,
    images: torch.Tensor,
    queries: NDArray[np.floating[Any]],
    start: NDArray[np.float64],
    *,
    sign: int = 1,
) -> NDArray[np.float64]:
    """Gradient-weighted rollout against the cosine to a query embedding.

    v ← v + vᵀ mean over heads of (∂target/∂A * A)⁺, from the last layer to the first; the result
    is v without what it started with.

    The layers are run again on the way back, each from its kept input: one layer's scores exist
    at a time.

    Parameters
    ----------
    images : (n, 3, height, width)
        Normalised.
    queries : (n, dimension)
        Unit rows.
    start : (n, N)
        Weights of the tokens that reading starts from.
    sign : 1 or -1
        The target is the cosine (what both share), or the cosine distance (what is new).

    Returns
    -------
    float64 (n, patches)
        0 or more.
    """
    import torch

    inputs: list[tuple[torch.Tensor, tuple[Any, ...], dict[str, Any]]] = []
    with torch.enable_grad(), _Hooks() as hooks:
        for layer in tower.layers:
            hooks.before(layer, lambda hidden, rest, named: inputs.append((hidden, rest, named)))
        leaf = hooks.leaf(tower.layers[-1])
        target = _cosine(tower.encoder.features(images), queries, sign) * _SCALE
        (slope,) = torch.autograd.grad(target, leaf[-1])

    rows = torch.from_numpy(start).to(images.device, torch.float32)
    reached = rows
    scores: list[torch.Tensor] = []
    with torch.enable_grad(), tower.watched(scores.append):
        for layer in reversed(tower.layers):
            hidden, rest, named = inputs.pop()
            hidden = hidden.detach().requires_grad_()
            output = layer(hidden, *rest, **named)
            output = output[0] if isinstance(output, tuple) else output
            attention = scores.pop()
            slope, weight = torch.autograd.grad(output, (hidden, attention), slope)
            product = weight.float() * attention.detach().float()
            relevance = product.clamp_(min=0).mean(1) / _SCALE
            reached = reached + (reached[:, None] @ relevance)[:, 0]
    swept: NDArray[np.float64] = (reached - rows)[:, tower.front :].double().cpu().numpy()
    return swept


def grad_cam(
    encoder: TorchEncoder,
    layer: nn.Module,
    images: torch.Tensor,
    queries: NDArray[np.floating[Any]] | None = None,
    *,
    sign: int = 1,
) -> NDArray[np.float64]:
    """Grad-CAM of an encoder's similarity in place of a class score.

    Each channel of the feature map is weighed by the mean of its gradient, over the map or, where
    the encoder keeps rows apart, over each row; the positive part of the weighted sum is the map.

    Parameters
    ----------
    layer : torch.nn.Module
        Its output is the feature map; see :func:`feature_layer`.
    images : (n, 3, height, width)
        Normalised.
    queries : (n, dimension) or None
        Unit rows.  None asks for the image's own embedding: the target is then the length of the
        pooled features, since the cosine to itself is at its maximum, where gradients are 0.

    Returns
    -------
    float64 (n, rows, columns)
        0 or more, on the encoder's patch grid.

    Notes
    -----
    The package ``grad-cam`` (1.5.7) imports torchvision, whose wheels do not load under a CPU build
    of torch, and reads the first output of a module that runs several times, as EfficientNet's last
    activation does.
    """
    import torch

    with torch.enable_grad(), _Hooks() as hooks:
        leaf = hooks.leaf(layer)
        pooled = encoder.features(images)
        if queries is None:
            target = pooled.float().norm(dim=1).sum()
        else:
            target = _cosine(pooled, queries, sign)
        (slope,) = torch.autograd.grad(target, leaf[-1])
    pooled_over = (3,) if encoder.pooling == "rows" else (2, 3)
    weights = slope.double().mean(dim=pooled_over, keepdim=True)
    maps: NDArray[np.float64] = (
        (weights * leaf[-1].detach().double()).sum(1).clamp(min=0).cpu().numpy()
    )
    return maps


def feature_layer(encoder: TorchEncoder) -> tuple[str, nn.Module]:
    """Name and module of the last feature map on the patch grid, found by one blank image.

    Raises
    ------
    InputError
        No part of the network gives such a map.
    """
    import torch

    found: list[tuple[str, nn.Module]] = []
    grid = encoder.patch_grid
    with torch.no_grad(), _Hooks() as hooks:
        for name, module in encoder.module.named_modules():

            def note(part: nn.Module, _: Any, output: Any, name: str = name) -> None:
                shape = tuple(getattr(output, "shape", ()))
                if len(shape) == 4 and shape[2:] == grid:
                    found.append((name, part))

            if name:
                hooks.callback(module.register_forward_hook(note).remove)
        encoder.features(encoder.blank())
    if not found:
        raise InputError(
            f"{encoder.name} has neither attention nor a feature map of {grid[0]} x {grid[1]}, so "
            "what it looked at cannot be shown"
        )
    return found[-1]


def _cosine(pooled: torch.Tensor, queries: NDArray[np.floating[Any]], sign: int) -> torch.Tensor:
    """Sum over the batch, so that one backward pass serves it: rows do not mix."""
    import torch

    wanted = torch.from_numpy(np.ascontiguousarray(queries, np.float32)).to(pooled.device)
    cosine = torch.nn.functional.cosine_similarity(pooled.float(), wanted, dim=1)
    return cosine.sum() * sign


class _Hooks(ExitStack):
    """Hooks that are taken off again, whatever happens between."""

    def before(self, module: nn.Module, note: Any) -> None:
        """Call ``note(hidden, other arguments, named arguments)`` before ``module`` runs."""

        def hook(_: nn.Module, inputs: tuple[Any, ...], named: dict[str, Any]) -> None:
            note(inputs[0], inputs[1:], dict(named))

        self.callback(module.register_forward_pre_hook(hook, with_kwargs=True).remove)

    def leaf(self, module: nn.Module) -> list[torch.Tensor]:
        """Cut the graph at ``module``'s output; the outputs land in the returned list.

        A module may run more than once (a shared activation): its last output is the one meant.
        What runs before the first is without a graph, since no parameter of an encoder asks for
        a gradient.
        """
        cut: list[torch.Tensor] = []

        def hook(_: nn.Module, __: Any, output: Any) -> Any:
            tensor = output[0] if isinstance(output, tuple) else output
            cut.append(tensor.detach().requires_grad_())
            return (cut[-1], *output[1:]) if isinstance(output, tuple) else cut[-1]

        self.callback(module.register_forward_hook(hook).remove)
        return cut
