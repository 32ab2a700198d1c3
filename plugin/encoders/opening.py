"""An encoder by the settings of a step, and what is to be known of one wherever it runs."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from .checkpoint.offline import offline
from .pooling import WORDS
from .preprocessing import Region
from .protocol import Encoder
from .registry import load_encoder


def named(settings: Mapping[str, Any], fetch_nothing: bool = False) -> Encoder:
    """The encoder that :class:`~..settings.steps.EmbeddingParams`, as plain values, name."""
    with offline() if fetch_nothing else nullcontext():
        return load_encoder(
            settings["encoder"],
            model_path=settings["model_path"],
            image_size=settings["image_size"],
            include_cls=settings["include_cls"],
            precision=settings["precision"],
            device=settings["device"],
            preprocess=Region(settings["sky_crop_top_pct"], settings["roi"]),
            pooling=settings["pooling"],
        )


def given(encoder: Encoder) -> Encoder:
    """That encoder."""
    return encoder


@dataclass(frozen=True)
class About:
    """What a record of vectors keeps of the encoder that made them.

    ``fingerprints``: those that other poolings would have, by pooling; ``revision``: of its model
    repository, "" where there is none.
    """

    name: str
    fingerprint: str
    dimension: int
    revision: str
    pooling: str
    fingerprints: Mapping[str, str]


def about(encoder: Encoder) -> About:
    """What is to be known of an encoder.

    >>> about(load_encoder("packaged", pooling="mean")).pooling
    'mean'
    """
    other = getattr(encoder, "fingerprint_with", None)
    return About(
        encoder.name,
        encoder.fingerprint,
        encoder.dimension,
        getattr(encoder, "revision", None) or "",
        getattr(encoder, "pooling", ""),
        {pooling: other(pooling) for pooling in WORDS} if other else {},
    )
