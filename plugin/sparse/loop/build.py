"""A sampler and a loop from settings."""

from __future__ import annotations

from typing import Any

from ...settings.fields import keys_of
from ...settings.sparse import EVEN, SAMPLING, SparseParams
from ...settings.yaml import sampling_group
from ..network.model import SparsePixelTransformer
from ..sampling.adaptive import AdaptiveSampler
from ..sampling.sampler import Sampler
from ..sampling.uniform import UniformSampler
from .loop import SamplingLoop


def make_sampler(params: SparseParams) -> Sampler:
    """The sampler of ``pattern``.

    A ``hybrid`` without a third strategy is that group's mixture, as far as nothing else was set.
    """
    if params.pattern in EVEN:
        return UniformSampler(EVEN[params.pattern])
    if params.pattern == "hybrid" and params.extra == "none":
        names, group = keys_of(SparseParams), sampling_group("hybrid")
        mixture = {names[key]: value for key, value in group.items()}
        unset = {k: v for k, v in mixture.items() if getattr(params, k) == getattr(SAMPLING, k)}
        params = params.model_copy(update=unset)
    return AdaptiveSampler(
        importance_ratio=params.importance_ratio,
        method=params.method,
        collision_threshold=params.collision_threshold,
        extra=params.extra,
        extra_ratio=params.extra_ratio,
        revisit_ratio=params.revisit_ratio if params.memory else 0.0,
    )


def make_loop(params: SparseParams, model: SparsePixelTransformer) -> SamplingLoop:
    """The loop of these settings."""
    return SamplingLoop(model, make_sampler(params), params)


def hyper_parameters(params: SparseParams) -> dict[str, Any]:
    """Settings by YAML key, as they are logged with the metrics."""
    return {key: getattr(params, name) for key, name in keys_of(SparseParams).items()}


def sampler_line(params: SparseParams, session: str) -> str:
    """The log's line on a session's sampler, in the seed's words."""
    kind = "FixedUVSampler" if params.pattern in EVEN else "AdaptiveUVSampler"
    return f"Using {kind} for session {session}"
