"""What a policy of sparse sampling is called, and what makes two simulations the same."""

from __future__ import annotations

import hashlib
import json

from ...settings.sparse import EVEN, SimulateParams, SparseParams
from ...sparse.loop.build import make_sampler
from ...sparse.network.registry import LoadedModel
from .sequences import OrderedFrames

NOT_SHAPING = {"name", "suffix", "owned", "quantile", "overwrite", "checkpoint_key", "device"}
"""Settings that change no frame's result; the model counts by its fingerprint and its device."""


def policy_name(params: SparseParams) -> str:
    """The policy in a few words.

    >>> policy_name(SparseParams()), policy_name(SparseParams(pattern="uniform"))
    ('dispersion, diffusion', 'blue noise')
    """
    if params.pattern in EVEN:
        even = EVEN[params.pattern]
        return "blue noise" if even == "blue" else even
    extra = getattr(make_sampler(params), "extra", "none")
    third = "" if extra == "none" else f", {extra}"
    return f"{params.signal}, {params.method}{third}"


def recipe(params: SimulateParams, ordered: OrderedFrames, model: LoadedModel, device: str) -> str:
    """Digest, 12 hex digits, of all that shapes a frame's result but the frames themselves."""
    shaping = params.model_dump(mode="json", exclude=NOT_SHAPING)
    shaping |= {"sequence_field": ordered.sequence_field, "order_field": ordered.order_field}
    shaped = json.dumps([model.version, device, shaping], sort_keys=True)
    return hashlib.sha256(shaped.encode()).hexdigest()[:12]
