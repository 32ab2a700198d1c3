"""A Visual Spec as one HTML page: everything inline, no script, readable on paper in a car.

The page forbids itself to load or run anything, so that a mistake in escaping could not become an
attack.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import inf

import numpy as np
from markupsafe import Markup, escape

from ...coverage.criterion import Threshold
from ...coverage.named.ranges import short
from ...coverage.words import decimals, of_hundred
from ..pictures import Picture
from ..render import distance, percent, render, shown
from .apart import Apart
from .missing import LEAST_COUNT, LEAST_LIFT, LEVEL
from .rule import NEAR_MISS
from .visual_spec import Image, VisualSpec
from .words import Language, percentage, sentence, term

FAILURES = "failure_rate"
"""The field with the share of an image's neighbours on which a model fails, 0 to 1."""
OTHER_CARDS = 5
"""Other cards that are named at most."""
LONGEST_LIST = 600
"""Characters of a list in a sentence."""
FACTS = 3
"""Words of metadata below a picture; the table has them all."""


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
    part = partial(percentage, language=language)
    distances = [image.to_owned for image in spec.candidates if image.to_owned is not None]
    percentiles = [image.percentile for image in spec.candidates if image.percentile is not None]
    low, middle, high = np.quantile(distances, [0, 0.5, 1]).tolist()
    rule = spec.rule
    tile, worth = _worth(spec.threshold, say, part, "novelty_" if rule.novelty else "")
    trace = {
        "id": f"{spec.id} · {spec.created}",
        "source": spec.source,
        "encoder": spec.encoder.name,
        "fingerprint": spec.encoder.fingerprint,
        "heatmap": (spec.heatmap or say("unknown")) if spec.has_heatmaps else None,
        "metric": named(rule.metric),
        "median": f"{decimals(low, 4)} · {decimals(middle, 4)} · {decimals(high, 4)}",
        "delta": f"{rule.delta:.6g} ({spec.delta_source if language == 'en' else tile})",
        "novelty": None if rule.novelty is None else f"{rule.novelty.beyond:.6g}",
        "radius": f"{rule.radius:.6g} · {NEAR_MISS} r = {rule.near_radius:.6g}"
        if rule.checkable
        else None,
        "owned": f"{spec.owned_count:,}",
        "reference": f"{len(spec.reference):,}" if rule.checkable and archive else None,
    }

    def captioned(image: Image, typical: bool) -> list[str]:
        facts: list[str] = [say("typical")] if typical else []
        facts += _words(image, named)
        if image.to_owned is not None:
            facts.append(say("to_owned", d=distance(image.to_owned)))
        if image.percentile is not None:
            facts.append(say("percentile_short", p=percent(image.percentile)))
        if image.support:
            facts.append(say("support_short", images=image.support))
        failures = dict(image.facts).get(FAILURES, "")
        # A user may have a field of that name.
        if _is_number(failures) and 0 <= float(failures) <= 1:
            facts.append(say("failures_short", p=of_hundred(float(failures), 0)))
        return facts

    def to_centre(image: Image) -> list[str]:
        known = image.to_centre is not None
        return [say("to_centre", d=distance(image.to_centre))] if known else []

    def span(found: Apart) -> str:
        if found.low is None or found.high is None:
            return say("apart_by_camera")
        held = say("apart_own")
        if found.level is not None:
            held = say("apart_level", level=part(found.level))
        low, high = (short(end, found.high - found.low or inf) for end in (found.low, found.high))
        return say("apart_span", low=low, high=high, held=held)

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
            (image, picture, [*_words(image, named), *to_centre(image)])
            for image, picture in zip(spec.owned, owned, strict=True)
        ],
        language=language,
        archive=archive,
        say=say,
        term=named,
        distances=(low, middle, high),
        percentile=float(np.median(percentiles)) if percentiles else None,
        tile=tile,
        worth=worth,
        settled=spec.threshold.basis not in ("provisional", "none"),
        support=_support(spec, say),
        level="" if rule.level is None else part(rule.level),
        span=span,
        chips=[found for found in spec.missing if not _is_number(found.value)][:4],
        apart_chips=[found for found in spec.apart if 2 * found.here >= found.here_total][:2],
        fields=_whole(", ".join(map(named, spec.tried))),
        test={"least": LEAST_COUNT, "lift": LEAST_LIFT, "level": LEVEL},
        others=_others(spec),
        trace=[line for line in trace.items() if line[1] is not None],
    )


def _others(spec: VisualSpec) -> Markup:
    """The other cards that the rule knows, the first few by name."""
    titles = [each.title for each in spec.others]
    more = len(titles) - OTHER_CARDS
    return _whole("; ".join(titles[:OTHER_CARDS]) + (f"; + {more}" if more > 0 else ""))


def _whole(listed: str) -> Markup:
    """A list that a sentence has from first to last."""
    return escape(shown(listed, LONGEST_LIST))


def _worth(
    threshold: Threshold, say: Callable[..., Markup], part: Callable[[float], str], novelty: str
) -> tuple[Markup, Markup]:
    """What δ, or the threshold of ``novelty``, is worth: in a word and in sentences."""
    numbers = {
        "drives": f"{threshold.drives:,}",
        "alpha": part(threshold.alpha),
        "needed": f"{threshold.needed:,}",
    }
    if threshold.basis in ("provisional", "none"):
        known = "" if threshold.basis == "none" else novelty
        return say(f"tile_{threshold.basis}"), say(f"worth_{known}{threshold.basis}", **numbers)
    if threshold.basis == "unrated" or threshold.level is None:
        return say("tile_unknown"), say("worth_unknown")
    numbers["level"] = part(threshold.level)
    known = novelty if threshold.basis == "level" else ""
    return say("tile_level", **numbers), say(f"worth_{known}{threshold.basis}", **numbers)


def _support(spec: VisualSpec, say: Callable[..., Markup]) -> Markup | str:
    """How much of S lies within δ of the candidates."""
    some = [image for image in spec.candidates if image.support]
    if not some:
        known = any(image.support == 0 for image in spec.candidates)
        return say("support_none") if known else ""
    drives = [image.support_drives for image in some if image.support_drives is not None]
    said = {"images": _median([image.support or 0 for image in some]), "some": len(some)}
    said["n"] = len(spec.candidates)
    if not drives:
        return say("support_images", **said)
    return say("support", drives=_median(drives), **said)


def _median(counts: Sequence[int]) -> int:
    return sorted(counts)[(len(counts) - 1) // 2]


def _words(image: Image, named: Callable[[str], str]) -> list[str]:
    """The first few facts that mean something on their own, as a bare number does not."""
    return [named(value) for _, value in image.facts if not _is_number(value)][:FACTS]


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True
