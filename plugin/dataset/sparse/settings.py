"""What is asked of sparse sampling on sequences of a dataset, and what makes two askings one."""

from __future__ import annotations

import hashlib
import json

from ...settings.sequences import ClipParams, SimulationParams
from ...settings.sparse import EVEN, SparseParams, SparseTrainParams, make_sampler
from ...settings.steps import AnalysisParams, setting
from ...sparse.network.registry import LoadedModel
from .sequences import OrderedFrames

NOT_SHAPING = {"name", "suffix", "owned", "quantile", "overwrite", "checkpoint_key", "device"}
"""Settings that change no frame's result; the model counts by its fingerprint and its device."""


class SimulateParams(AnalysisParams, SimulationParams, SparseParams):
    """How pixels are sampled, of which sequences, and what is kept."""

    checkpoint_key: str = setting(
        "default",
        "Which model rebuilds frames: the packaged one, or one trained here",
        key="model.checkpoint_key",
        advanced=False,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$",
        max_length=64,
        title="Model",
    )
    suffix: str = setting(
        "",
        "Appended to every field, so that another policy lies beside this one",
        advanced=False,
        pattern=r"^([A-Za-z][A-Za-z0-9_]*)?$",
        max_length=40,
    )


class TrainSequencesParams(ClipParams, SparseTrainParams):
    """How a model learns from a dataset's sequences; it starts from one that can already."""

    steps: int = setting(
        300,
        "Updates of the weights, those of earlier runs included",
        key="training.steps",
        advanced=False,
        ge=1,
    )
    learning_rate: float = setting(
        5e-4,
        "Largest step size; 0.002 from nothing",
        key="training.learning_rate",
        gt=0,
        le=1,
    )
    patience: int = setting(
        200,
        "Stop after this many steps without a better validation; 0: never",
        key="training.patience",
        ge=0,
    )


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
    told = json.dumps([model.version, device, shaping], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:12]
