"""A Visual Spec as one HTML page: everything inline, no script, readable on paper in a car.

Whatever comes from outside (file names, fields, titles) passes through :func:`text`; the page also
forbids itself to load or run anything, so that a mistake here could not become an attack.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .spec_missing import LEAST_COUNT, LEAST_LIFT, LEVEL
from .spec_rule import NEAR_MISS, VERDICTS
from .spec_style import COLOURS, CROSS, STYLE, rule_figure
from .spec_words import WORDS, Language, term
from .visual_spec import Image, VisualSpec

LONGEST = 96
FAILURES = "failure_rate"
"""The fact that tells how often a model fails beside an image, 0 to 1."""
FACTS = 3
"""Words of metadata under a picture; the table has them all."""
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'none'"


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
        Whether the page travels in a ZIP, with candidates.csv beside it.

    Returns
    -------
    str
        A complete HTML document that is valid UTF-8 and needs nothing else.
    """
    say = _Speaker(language)
    body = "\n".join(
        [
            _head(spec, say),
            _missing(spec, say),
            _do(spec, candidates, say, archive),
            _dont(spec, owned, say),
            _rule(spec, say),
            _check(spec, say),
            _trace(spec, say),
        ]
    )
    document = (
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{text(spec.title or spec.id)}</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )
    return document.encode("utf-8", "replace").decode("utf-8")


def text(value: object, longest: int = LONGEST) -> str:
    """Anything as HTML text: escaped, control and direction marks shown, the middle of much cut.

    >>> text("<b>\\u202e")
    '&lt;b&gt;\\ufffd'
    """
    words = str(value)
    if len(words) > longest:
        words = f"{words[: longest // 3]}…{words[-(2 * longest // 3) :]}"
    shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in words)
    return html.escape(shown, quote=True)


class _Speaker:
    """Sentences of one language; what is put into them is escaped on the way."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self.words = WORDS[language]

    def __call__(self, key: str, **values: object) -> str:
        sentence = html.escape(self.words[key], quote=True)
        return sentence.format(**{name: text(value) for name, value in values.items()})

    def term(self, word: str) -> str:
        return text(term(word, self.language))


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _percent(value: float) -> str:
    """A percentile that does not claim 100 where a little is missing."""
    return f"{min(value, 99.9) if value < 100 else 100:.1f}".removesuffix(".0")


def _distances(spec: VisualSpec) -> tuple[float, float, float]:
    known = [image.to_owned for image in spec.candidates if image.to_owned is not None]
    low, middle, high = np.quantile(known, [0, 0.5, 1]).tolist()
    return low, middle, high


def _middle_percentile(spec: VisualSpec) -> float | None:
    known = [image.percentile for image in spec.candidates if image.percentile is not None]
    return float(np.median(known)) if known else None


def _head(spec: VisualSpec, say: _Speaker) -> str:
    _, middle, _ = _distances(spec)
    percentile = _middle_percentile(spec)
    place = f" <em>({say('percentile_short', p=_percent(percentile))})</em>" if percentile else ""
    mark = f" · {say('estimated_mark')}" if spec.origin.estimated else ""
    headline = text(spec.title) if spec.title else say("headline", quantity=spec.quantity)
    title = f'<p class="lead">{say("headline", quantity=spec.quantity)}</p>' if spec.title else ""
    tiles = [
        (f"{spec.quantity:,}", say("images")),
        (f"{_number(middle)}", say("distance_tile") + place + mark),
        (_number(spec.rule.delta), say("delta_tile")),
        (f"{len(spec.candidates):,}", say("candidates_tile")),
    ]
    told = [shared for shared in spec.missing if not _is_number(shared.value)][:4]
    chips = "".join(
        f"<li>{say.term(shared.field)}: <b>{say.term(shared.value)}</b></li>" for shared in told
    )
    chips = f'<ul class="chips">{chips}</ul>' if chips else ""
    boxes = "".join(f"<div><b>{value}</b><span>{label}</span></div>" for value, label in tiles)
    note = f"<p>{say('note')}: {text(spec.note, 2000)}</p>" if spec.note else ""
    return (
        f'<header><p class="kind">{say("kind")}</p><h1>{headline}</h1>{title}{chips}'
        f'<p class="meta"><span>{text(spec.id)}</span>'
        f"<span>{say('issued', date=spec.created[:10])}</span>"
        f"<span>{say('for', dataset=spec.origin.dataset)}</span></p>{note}"
        f'<div class="tiles">{boxes}</div></header>'
    )


def _missing(spec: VisualSpec, say: _Speaker) -> str:
    low, middle, high = _distances(spec)
    count, beyond = len(spec.candidates), spec.beyond
    percentile = _middle_percentile(spec)
    sentences = [
        say(
            "missing_distance" if count > 1 else "missing_distance_one",
            n=count,
            owned=f"{spec.origin.owned_count:,}",
            metric=term(spec.rule.metric, say.language),
            median=_number(middle),
            low=_number(low),
            high=_number(high),
        )
    ]
    if percentile is not None:
        sentences.append(say("missing_percentile", p=_percent(percentile)))
    sentences.append(say("missing_beyond", beyond=beyond, n=count, delta=_number(spec.rule.delta)))
    warnings = ""
    if spec.origin.estimated:
        warnings += f'<p class="warning">{say("missing_estimated", n=count)}</p>'
    if beyond < count:
        warned = say("warn_covered", covered=count - beyond, n=count)
        warnings += f'<p class="warning">{warned}</p>'
    if spec.narrow:
        warned = say("warn_drive", drive=spec.drive, radius=_number(spec.rule.radius))
        warnings += f'<p class="warning">{warned}</p>'
    return (
        f"<section><h2>{say('missing')}</h2><p>{' '.join(sentences)}</p>{warnings}"
        f"{_shared(spec, say)}</section>"
    )


def _shared(spec: VisualSpec, say: _Speaker) -> str:
    if not spec.tried:
        return f"<p>{say('shared_no_fields')}</p>"
    if not spec.missing:
        fields = ", ".join(term(name, say.language) for name in spec.tried)
        return f"<p>{say('shared_none', fields=fields)}</p>"
    rows = []
    for shared in spec.missing:
        times = (
            say("shared_never")
            if shared.lift is None
            else say("shared_times", lift=f"{shared.lift:.1f}")
        )
        cells = [
            _bar(say, "shared_here", shared.here, shared.here_total),
            _bar(say, "shared_owned", shared.owned, shared.owned_total),
        ]
        rows.append(
            f"<tr><td>{say.term(shared.field)}: <b>{say.term(shared.value)}</b></td>"
            f'{"".join(cells)}<td class="number" data-head="{say("shared_lift")}">'
            f"<b>{times}</b></td></tr>"
        )
    heads = ("condition", "here", "owned", "lift")
    header = "".join(f'<th scope="col">{say("shared_" + head)}</th>' for head in heads)
    note = say("shared_test", least=LEAST_COUNT, lift=LEAST_LIFT, level=LEVEL)
    return (
        f'<div class="keep"><table><caption class="fine" hidden>{say("shared")}</caption>'
        f"<thead><tr>{header}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
        f'<p class="fine">{note}</p></div>'
    )


def _bar(say: _Speaker, head: str, part: int, whole: int) -> str:
    share = 100 * part / whole if whole else 0
    counts = say("of", part=f"{part:,}", whole=f"{whole:,}")
    return (
        f'<td class="number" data-head="{say(head)}">{counts}'
        f'<span class="bar"><i style="width:{share:.0f}%"></i></span></td>'
    )


def _do(spec: VisualSpec, pictures: Mapping[int, Picture], say: _Speaker, archive: bool) -> str:
    guide = f'<p class="lead">{say("guidance" if spec.has_heatmaps else "no_heatmaps")}</p>'
    if spec.has_heatmaps:
        guide += f'<p class="legend">{say("heatmap")}: {say("low")} <i></i> {say("high")}</p>'
    cards = []
    for number, row in enumerate(spec.shown, 1):
        image = spec.candidates[row]
        mark = say("typical") if number == 1 and len(spec.shown) > 1 else ""
        cards.append(_card(spec, image, pictures[row], number, say, mark=mark))
    total = len(spec.candidates)
    note = ""
    if total > len(spec.shown):
        key = "shown_of" if archive else "shown_of_page"
        note = f'<p class="fine">{say(key, shown=len(spec.shown), n=total)}</p>'
    wide = " wide" if spec.has_heatmaps else ""
    return (
        f'<section class="do"><div class="before"><h2>{say("do")}</h2>{guide}{note}</div>'
        f'<ol class="cards{wide}">{"".join(cards)}</ol></section>'
    )


def _card(
    spec: VisualSpec, image: Image, picture: Picture, number: int, say: _Speaker, *, mark: str
) -> str:
    views = [_img(picture.photo, picture, say("photo"), say)]
    if picture.overlay is not None:
        views.append(_img(picture.overlay, picture, say("heatmap"), say))
    elif spec.has_heatmaps and picture.photo is not None:
        views.append(f'<span class="none">{say("no_heatmap_here")}</span>')
    facts = [mark] if mark else []
    facts += _worded(image, say)
    if image.to_owned is not None:
        facts.append(say("to_owned", d=_number(image.to_owned)))
    if image.percentile is not None:
        facts.append(say("percentile_short", p=_percent(image.percentile)))
    failures = dict(image.facts).get(FAILURES)
    if failures is not None:
        facts.append(say("failures_short", p=f"{100 * float(failures):.0f}"))
    return (
        f'<li class="card"><div class="pair">{"".join(views)}</div>'
        f'<p class="caption"><b class="no">{number}</b>{" · ".join(facts)}'
        f'<span class="file">{_file(image.path)}</span></p></li>'
    )


def _dont(spec: VisualSpec, pictures: Sequence[Picture], say: _Speaker) -> str:
    heading = f'<div class="before"><h2>{say("dont")}</h2>'
    if not spec.owned:
        return f'<section class="dont">{heading}<p>{say("dont_none")}</p></div></section>'
    cards = []
    for image, picture in zip(spec.owned, pictures, strict=True):
        view = _img(picture.photo, picture, say("photo"), say)
        facts = _worded(image, say)
        facts.append(say("to_centre", d=_number(image.to_centre)))
        cross = CROSS if picture.photo is not None else ""
        cards.append(
            f'<li class="card"><div class="frame">{view}{cross}</div><p class="caption">'
            f'<b class="no">✕</b>{" · ".join(facts)}'
            f'<span class="file">{_file(image.path)}</span></p></li>'
        )
    return (
        f'<section class="dont">{heading}<p class="lead">{say("dont_text")}</p></div>'
        f'<ol class="cards">{"".join(cards)}</ol></section>'
    )


def _worded(image: Image, say: _Speaker) -> list[str]:
    """The first few facts that speak for themselves: a bare number under a picture does not."""
    return [say.term(value) for _, value in image.facts if not _is_number(value)][:FACTS]


def _is_number(value: str) -> bool:
    return value.replace(".", "", 1).replace("-", "", 1).isdigit()


def _img(jpeg: bytes | None, picture: Picture, label: str, say: _Speaker) -> str:
    if jpeg is None:
        return f'<span class="none">{say("unreadable")}</span>'
    data = base64.b64encode(jpeg).decode("ascii")
    return (
        f'<img alt="{label}" width="{picture.width}" height="{picture.height}" '
        f'style="height:auto" src="data:image/jpeg;base64,{data}">'
    )


def _file(path: str) -> str:
    """The file's name with its folder: enough to find it, not the whole disk."""
    parts = path.replace("\\", "/").rstrip("/").split("/")
    return text("/".join(parts[-2:]))


def _rule(spec: VisualSpec, say: _Speaker) -> str:
    rule = spec.rule
    radius, near, delta = (_number(v) for v in (rule.radius, rule.near_radius, rule.delta))
    new = f"d<sub>S</sub> &gt; {delta} {say('and')}<br>"
    conditions = {
        "accepted": f"{new}d<sub>c</sub> ≤ {radius}",
        "near miss": f"{new}{radius} &lt; d<sub>c</sub> ≤ {near}",
        "off target": f"{new}d<sub>c</sub> &gt; {near}",
        "covered already": f"d<sub>S</sub> ≤ {delta}",
    }
    rows = "".join(
        f'<tr><td class="number"><i class="dot" style="background:var({COLOURS[verdict]})"></i>'
        f'<b>{say(verdict)}</b></td><td class="number">{conditions[verdict]}</td>'
        f"<td>{say(verdict + '_do')}</td></tr>"
        for verdict in VERDICTS
    )
    names = (*VERDICTS, "figure", "figure_owned")
    figure = rule_figure({name: say(name) for name in names})
    explained = (
        _subscripts(say("rule_text")) + " " + say(f"radius_{rule.radius_source}", radius=radius)
    )
    wanted = say(f"quantity_{spec.quantity_source}", quantity=f"{spec.quantity:,}")
    return (
        f'<section><div class="before"><h2>{say("rule")}</h2><p class="lead">{wanted}</p></div>'
        f'<div class="rule"><figure>{figure}<figcaption>{say("figure")}</figcaption></figure>'
        f'<div><p>{explained}</p><table><thead><tr><th scope="col"></th>'
        f'<th scope="col">{say("condition")}</th><th scope="col">{say("meaning")}</th></tr>'
        f"</thead><tbody>{rows}</tbody></table></div></div></section>"
    )


def _subscripts(sentence: str) -> str:
    return sentence.replace("d_c", "d<sub>c</sub>").replace("d_S", "d<sub>S</sub>")


def _check(spec: VisualSpec, say: _Speaker) -> str:
    return (
        f'<section class="keep"><h2>{say("check")}</h2><p>{say("check_text")}</p>'
        f"<pre>gapsphere check-spec {text(spec.id)}.zip FOLDER</pre>"
        f"<p>{say('check_note')}</p></section>"
    )


def _trace(spec: VisualSpec, say: _Speaker) -> str:
    rule, origin = spec.rule, spec.origin
    low, middle, high = _distances(spec)
    lines = [
        ("trace_id", f"{spec.id} · {spec.created}"),
        ("trace_source", origin.source),
        ("trace_encoder", origin.encoder),
        ("trace_fingerprint", origin.fingerprint),
        ("trace_heatmap", origin.heatmap or say.words["unknown"]),
        ("trace_metric", term(rule.metric, say.language)),
        ("trace_median", f"{low:.4f} · {middle:.4f} · {high:.4f}"),
        ("trace_delta", f"{rule.delta:.6g} ({origin.delta_source})"),
        ("trace_radius", f"{rule.radius:.6g} · {NEAR_MISS} r = {rule.near_radius:.6g}"),
        ("trace_owned", f"{origin.owned_count:,}"),
        ("trace_reference", f"{len(spec.reference):,}"),
    ]
    if not spec.has_heatmaps:
        lines = [line for line in lines if line[0] != "trace_heatmap"]
    rows = "".join(f"<dt>{say(key)}</dt><dd>{text(value)}</dd>" for key, value in lines)
    return f'<section class="keep"><h2>{say("trace")}</h2><dl>{rows}</dl></section>'
