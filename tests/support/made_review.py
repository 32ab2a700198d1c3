"""Made-up verdicts of a language model on any dataset: for browser tests and for trying the review.

What the import of a feature cache writes, in the same fields and with the same defects: scores that
are missing, rationales that did not parse, text in several scripts, and text that wants to be code.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

CLASSES = ("arable", "broadleaf woodland", "improved grassland", "urban", "heath", "freshwater")
REASONS = (
    "The image shows {other} features along the field margin, and the light is flat; the texture "
    "of the ground agrees better with {label} than with anything else in the frame.",
    "Short regular rows suggest {label}. A hedge hides a third of the ground, so {other} cannot be "
    "ruled out.\n\nThe sky carries no information about the habitat.",
    "논둑과 얕은 물이 보이므로 {label}보다는 {other}에 가깝습니다. "
    "그림자가 길어 확신하기 어렵습니다.",
    "تُظهر الصورة أرضًا رطبة ونباتات قصيرة، وهي أقرب إلى {label} منها إلى {other}.",
    '<img src=x onerror="window.__pwned = true"> <b>{label}</b> & not {other}; '
    "</script><script>window.__pwned = true</script>",
)
BROKEN = '```json\n{{"score": 0.{digit}, "rationale": "cut off in the middle of {label}'
STATUS = ("correct", "misclassified", "ambiguous", "unknown")
STATUS_SHARE = (0.52, 0.33, 0.05, 0.10)


def add_verdicts(dataset: Any, *, model: str = "", seed: int = 5) -> None:
    """Write ground truth, status, score, rationale and centroid scores to every sample.

    Parameters
    ----------
    model
        Suffix of the language model's fields; a second call with another gives a second model.
    """
    import fiftyone as fo

    from ...plugin.dataset.store.fields import fields
    from ...plugin.dataset.store.names import ReviewNames

    names, rng = ReviewNames(model), np.random.default_rng([seed, *model.encode()])
    ids = dataset.values("id")
    n = len(ids)
    chosen = np.random.default_rng(seed).integers(0, len(CLASSES), n)
    status = rng.choice(STATUS, n, p=STATUS_SHARE).tolist()
    written = [_verdict(rng, CLASSES[chosen[i]], status[i], i) for i in range(n)]
    similarity = np.random.default_rng(seed).uniform(0.2, 0.95, n)
    rank = np.argsort(np.argsort(similarity)) / max(n - 1, 1)
    columns: dict[str, tuple[type, list[Any]]] = {
        names.prediction_status: (fo.StringField, status),
        names.llm_score: (fo.FloatField, [score for score, _, _ in written]),
        names.llm_rationale: (fo.StringField, [text for _, text, _ in written]),
        names.llm_raw: (fo.StringField, [raw for _, _, raw in written]),
    }
    if not dataset.has_field(names.ground_truth):
        truth = [fo.Classification(label=CLASSES[c]) for c in chosen]
        dataset.set_values(names.ground_truth, truth)
        columns |= {
            names.sim_to_centroid: (fo.FloatField, similarity.tolist()),
            names.pct_rank_in_class: (fo.FloatField, rank.tolist()),
            names.is_bottom_5pct: (fo.BooleanField, (rank < 0.05).tolist()),
        }
    for name, (kind, values) in columns.items():
        fields.declare(dataset, name, kind, "made up")
        dataset.set_values(name, dict(zip(ids, values, strict=True)), key_field="id")


def _verdict(
    rng: np.random.Generator, label: str, status: str, index: int
) -> tuple[float | None, str | None, str | None]:
    """Score, rationale and the raw text, None where there is none."""
    if status == "unknown":
        return None, None, None
    if index % 23 == 7:
        return None, None, BROKEN.format(digit=index % 10, label=label)
    other = CLASSES[int(rng.integers(len(CLASSES)))]
    text = REASONS[index % len(REASONS)].format(label=label, other=other)
    if index % 31 == 11:
        return None, text, json.dumps({"score": "high", "rationale": text}, ensure_ascii=False)
    low, high = (2.0, 5.0) if status == "correct" else (5.0, 3.0)
    return round(float(rng.beta(low, high)), 3), text, None
