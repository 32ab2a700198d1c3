"""What the panel shows of samples: one in full, neighbours as small cards.

Only the fields named here are read, so that embeddings and masks are never sent.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import PurePath
from typing import Any

import fiftyone as fo
import numpy as np

from ...plugin.dataset.rationales import decisions, neighbors
from ...plugin.dataset.rationales.decisions import Decision
from ...plugin.dataset.rationales.queue import STATUSES, tier
from ...plugin.dataset.store.fields.decided import is_decided
from ...plugin.dataset.store.names import ReviewNames
from ...plugin.dataset.store.samples import Samples, flat
from .contract import NEIGHBORS, TEXT_MAX


def card(dataset: fo.Dataset, sample_id: str, model: str) -> dict[str, Any]:
    """One sample in full; an :class:`InputError` where it was deleted."""
    names = ReviewNames(model)
    said = [names.prediction_status, names.llm_score, names.llm_rationale, names.llm_raw]
    known = decisions.models(dataset)
    others = [ReviewNames(other) for other in known if other != model]
    predicted = _predicted(names)
    wanted = [
        *said,
        *predicted,
        *(name for other in others for name in (other.prediction_status, other.llm_score)),
        *_centroid(names),
        names.file_name,
        names.ground_truth,
        dataset.app_config.modal_media_field,
    ]
    wanted = [name for name in wanted if dataset.has_field(name)]
    sample = decisions.opened(dataset, sample_id, wanted)
    status = _get(sample, names.prediction_status)
    rationale, cut = _text(_get(sample, names.llm_rationale))
    raw, raw_cut = _text(_get(sample, names.llm_raw))
    answers = (_label(_get(sample, one)) for one in predicted)
    similarity, bottom = (_get(sample, name) for name in _centroid(names))
    return {
        **_brief(dataset, sample, names, dataset.app_config.modal_media_field),
        "score": _number(_get(sample, names.llm_score)),
        "name": _get(sample, names.file_name) or PurePath(sample.filepath).name,
        "prediction": next((str(one) for one in answers if one not in (None, "")), None),
        "rationale": rationale,
        "raw": raw,
        "cut": max(cut, raw_cut),
        "tier": tier(names, {names.prediction_status: status, names.is_bottom_5pct: bottom}),
        "centroid": {"similarity": _number(similarity), "bottom": bool(bottom)},
        "others": [{"model": other.model, **_said(sample, other)} for other in others],
        "decision": _decision(decisions.standing(dataset, sample_id, model=model)),
    }


def _predicted(names: ReviewNames) -> tuple[str, ...]:
    """Fields that the class a model answered with may be in: a table's own column of it."""
    suffix = f"_{names.model}" if names.model else ""
    return tuple(f"llm_{word}{suffix}" for word in ("prediction", "predicted", "label", "class"))


def near(dataset: fo.Dataset, view: Samples, sample_id: str, model: str) -> list[dict[str, Any]]:
    """The nearest samples in embedding space, nearest first.

    ``here`` says whether the view holds the neighbour: the App's modal opens no other.
    """
    found = neighbors.nearest(dataset, sample_id, k=NEIGHBORS)
    names = ReviewNames(model)
    thumbnail = dataset.app_config.grid_media_field
    wanted = [names.prediction_status, names.decision, names.ground_truth, thumbnail]
    there = [name for name in wanted if dataset.has_field(name)]
    shown = dataset.select(found.ids).select_fields(there)
    samples = {sample.id: sample for sample in shown}
    judged = is_decided(dataset, names)
    here = set(flat(view).select(found.ids).values("id"))
    return [
        {
            **_brief(dataset, samples[other], names, thumbnail),
            "decision": _get(samples[other], names.decision) if judged else None,
            "distance": float(distance),
            "here": other in here,
        }
        for other, distance in zip(found.ids, found.distance, strict=True)
        if other in samples
    ]


def _centroid(names: ReviewNames) -> tuple[str, str]:
    return names.sim_to_centroid, names.is_bottom_5pct


def _get(sample: Any, name: str) -> Any:
    return sample[name] if sample.has_field(name) else None


def _label(value: Any) -> Any:
    """The word of a classification; any other value as it is."""
    return getattr(value, "label", value)


def _brief(dataset: fo.Dataset, sample: Any, names: ReviewNames, media: str) -> dict[str, Any]:
    """What a small card shows; ``media`` is the field with the file or address to show."""
    truth = sample[ReviewNames.ground_truth] if decisions.truth_path(dataset) else None
    return {
        "id": sample.id,
        "filepath": str(_get(sample, media) or sample.filepath),
        "truth": _label(truth),
        "status": _status(sample, names),
    }


def _said(sample: Any, names: ReviewNames) -> dict[str, Any]:
    """Status and score by one model; None where it has none for the sample."""
    return {"status": _status(sample, names), "score": _number(_get(sample, names.llm_score))}


def _status(sample: Any, names: ReviewNames) -> str | None:
    status = _get(sample, names.prediction_status)
    return status if status in STATUSES else None


def _number(value: Any) -> float | None:
    """None in place of NaN, which JSON does not have."""
    known = isinstance(value, (int, float)) and bool(np.isfinite(value))
    return float(value) if known else None


def _text(value: Any) -> tuple[str | None, int]:
    """The text that is sent, and how many characters were cut off."""
    if value is None:
        return None, 0
    text = str(value)
    return text[:TEXT_MAX], max(0, len(text) - TEXT_MAX)


def _decision(found: Decision) -> dict[str, Any]:
    time = found.time.isoformat(timespec="milliseconds") + "Z" if found.time else None
    return {**asdict(found), "time": time}
