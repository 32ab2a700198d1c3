"""What the encoder of a spec sees in new images; because a file names it, nothing is fetched."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ...embeddings.extract import Skipped, extract
from ...encoders.checkpoint.offline import offline
from ...encoders.protocol import Encoder
from ...errors import CheckpointError, InputError, MismatchError
from ...progress import Progress
from ...report.render import shown
from ...report.spec.reading import SpecFile
from ...settings.spec import CheckSpecParams
from ...settings.steps import EmbeddingParams
from ..gaps.vectors.embed import open_encoder
from ..gaps.vectors.embedding_run import recorded


@dataclass(frozen=True, eq=False)
class Seen:
    """Vectors and attributes of images by id, and what could not be embedded."""

    vectors: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    attributes: dict[str, Mapping[str, float | None]] = field(default_factory=dict)
    skipped: tuple[Skipped, ...] = ()


def look_at(
    spec: SpecFile,
    items: Sequence[tuple[str, str]],
    params: CheckSpecParams,
    encoder: Encoder | None,
    progress: Progress,
) -> Seen:
    """Vectors by the spec's encoder, and attributes where the spec has ranges to compare with."""
    encoder = encoder or _open(spec, params)
    if encoder.fingerprint != spec.encoder.fingerprint:
        raise MismatchError(
            f"Spec {spec.id} was made with {spec.encoder.name}, fingerprint "
            f"{spec.encoder.fingerprint}; {encoder.name} on this machine has "
            f"{encoder.fingerprint}: its weights, preprocessing or precision differ. Give the "
            "checkpoint and the precision of the spec."
        )
    seen = Seen()

    def keep(ids: list[str], rows: list[dict[str, float]]) -> None:
        seen.attributes.update(zip(ids, rows, strict=True))

    extraction = extract(
        items,
        encoder,
        lambda ids, rows: seen.vectors.update(zip(ids, rows, strict=True)),
        keep_attributes=keep if spec.ranges else None,
        batch_size=params.batch_size,
        num_workers=params.num_workers,
        progress=progress,
    )
    return replace(seen, skipped=extraction.skipped)


def _open(spec: SpecFile, params: CheckSpecParams) -> Encoder:
    """The encoder with the settings recorded at issue, but today's device and checkpoint."""
    named = spec.encoder.parameters.get("encoder")
    if named in (None, "field"):
        raise InputError(
            f"Spec {spec.id} was made from vectors of unknown source ({spec.encoder.name}), so new "
            "images cannot be embedded for it. Check samples that have such vectors already."
        )
    known = {
        name: spec.encoder.parameters[name]
        for name in EmbeddingParams.model_fields
        if name in spec.encoder.parameters and name not in ("suffix", "device", "overwrite")
    }
    given = {"model_path": params.checkpoint, "precision": params.precision}
    known |= {name: value for name, value in given.items() if value is not None}
    wanted = recorded({**known, "device": params.device})
    if params.checkpoint is not None or wanted.model_path == os.environ.get("INTERNVL2_PATH"):
        return open_encoder(wanted)
    try:
        with offline():  # anybody may have sent the spec
            return open_encoder(wanted)
    except CheckpointError as error:
        raise InputError(
            f"Spec {spec.id} names the model {shown(str(wanted.model_path), 200)!r}, and nothing "
            "is fetched because a file names it: if you trust it, give it as checkpoint, or a "
            f"folder that holds it ({error})."
        ) from error
