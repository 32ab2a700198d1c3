"""A Visual Spec as one HTML page: everything inline, no script, readable on paper in a car.

The page forbids itself to load or run anything, so that a mistake in escaping could not become an
attack.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from .render import distance, percent, render
from .spec_missing import LEAST_COUNT, LEAST_LIFT, LEVEL
from .spec_rule import NEAR_MISS
from .spec_words import Language, sentence, term
from .visual_spec import Image, VisualSpec

FAILURES = "failure_rate"
"""The field with the share of an image's neighbours on which a model fails, 0 to 1."""
FACTS = 3
"""Words of metadata below a picture; the table has them all."""


@dataclass(frozen=True)
class Picture:
    """JPEG bytes of one image as the page shows it; ``photo`` None where it could not be read."""

    photo: bytes | None
    overlay: bytes | None = None
    width: int = 4
    height: int = 3


def page(
    spec: VisualSpec,
    candidates: Mapping[int, Picture],
    owned: Sequence[Picture],
    *,
    language: Language = "en",
    archive: bool = True,
) -> str:
    """Write the page.

    Parameters
    ----------
    candidates : mapping of row to Picture
        One for each row of ``spec.shown``.
    owned : sequence of Picture
        One for each of ``spec.owned``.
    archive : bool
        Whether the page is part of a ZIP, with candidates.csv beside it.

    Returns
    -------
    str
        A complete HTML document that is valid UTF-8 and needs nothing else.
    """
    say, named = partial(sentence, language=language), partial(term, language=language)
    distances = [image.to_owned for image in spec.candidates if image.to_owned is not None]
    percentiles = [image.percentile for image in spec.candidates if image.percentile is not None]
    low, middle, high = np.quantile(distances, [0, 0.5, 1]).tolist()
    rule = spec.rule
    trace = {
        "id": f"{spec.id} · {spec.created}",
        "source": spec.source,
        "encoder": spec.encoder.name,
        "fingerprint": spec.encoder.fingerprint,
        "heatmap": (spec.heatmap or say("unknown")) if spec.has_heatmaps else None,
        "metric": named(rule.metric),
        "median": f"{low:.4f} · {middle:.4f} · {high:.4f}",
        "delta": f"{rule.delta:.6g} ({spec.delta_source})",
        "radius": f"{rule.radius:.6g} · {NEAR_MISS} r = {rule.near_radius:.6g}",
        "owned": f"{spec.owned_count:,}",
        "reference": f"{len(spec.reference):,}",
    }

    def captioned(image: Image, typical: bool) -> list[str]:
        facts: list[str] = [say("typical")] if typical else []
        facts += _words(image, named)
        if image.to_owned is not None:
            facts.append(say("to_owned", d=distance(image.to_owned)))
        if image.percentile is not None:
            facts.append(say("percentile_short", p=percent(image.percentile)))
        failures = dict(image.facts).get(FAILURES)
        if failures is not None:
            facts.append(say("failures_short", p=f"{100 * float(failures):.0f}"))
        return facts

    return render(
        "spec.html.j2",
        spec=spec,
        candidates=[
            (
                spec.candidates[row],
                candidates[row],
                captioned(spec.candidates[row], number == 0 < len(spec.shown) - 1),
            )
            for number, row in enumerate(spec.shown)
        ],
        owned=[
            (image, picture, [*_words(image, named), say("to_centre", d=distance(image.to_centre))])
            for image, picture in zip(spec.owned, owned, strict=True)
        ],
        language=language,
        archive=archive,
        say=say,
        term=named,
        distances=(low, middle, high),
        percentile=float(np.median(percentiles)) if percentiles else None,
        chips=[found for found in spec.missing if not _is_number(found.value)][:4],
        fields=", ".join(map(named, spec.tried)),
        test={"least": LEAST_COUNT, "lift": LEAST_LIFT, "level": LEVEL},
        trace=[line for line in trace.items() if line[1] is not None],
    )


def _words(image: Image, named: Callable[[str], str]) -> list[str]:
    """The first few facts that mean something on their own, as a bare number does not."""
    return [named(value) for _, value in image.facts if not _is_number(value)][:FACTS]


def _is_number(value: str) -> bool:
    return value.replace(".", "", 1).replace("-", "", 1).isdigit()
