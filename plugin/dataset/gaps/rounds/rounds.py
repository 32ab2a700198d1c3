"""Rounds of coverage of a dataset: one for each run that saw another S, U, δ or encoder.

They stand in a record of their own, so that the next coverage run, which replaces the last one's
record, loses none.  A round is proposed under the token of its run before that run's record is
completed, and counts once it is: whoever is killed in between leaves none too many and none too
few.  Of earlier rounds figures are kept, of the newest also its images.
"""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from typing import Any

import fiftyone as fo
from numpy.typing import ArrayLike

from ....coverage.radius import CoverageReport
from ....rounds.follow import Followed, advance
from ....rounds.members import Changes, Members, changes
from ...store import runs
from ...store.fields.ownership import Writes
from ...store.names import Names
from ...store.runs import Record
from ...store.steps.step import Step

logger = logging.getLogger(__name__)

RECORD = "rounds"
WRITES = Writes(RECORD)
MOST = 200
"""Rounds that are kept, the newest."""
LARGEST = 5_000_000
"""Characters that the images of a round may take: a document of the database ends at 16 MB."""
LISTED_DRIVES = 10


@dataclass(frozen=True)
class CardCounts:
    """Gap cards of a round: ``open`` ones (met ones too), and what happened in it to how many."""

    open: int
    opened: int
    met: int
    closed: int
    gone: int


@dataclass(frozen=True)
class Round:
    """A coverage run of a dataset as it grows.

    Attributes
    ----------
    number
        From 1; stays when old rounds are dropped.
    time
        ISO, UTC.
    encoder, fingerprint
        Who made the vectors: two rounds are compared where the fingerprints are equal.
    metric, score, alpha, level, delta, basis
        What decided, as in :class:`~....coverage.radius.CoverageReport`.
    owned, owned_drives, pool, pool_drives
        Images and drives of S and of U.
    gaps, covered, cannot_say
        Images of U by verdict.
    compared
        The round that it is compared with; None for the first of an encoder.
    changes
        What happened to images since that round; None without one, or where its images were too
        many to keep.
    drives_added, new_drives
        Drives that S did not have then, and the first names of them; None where unknown.
    delta_moved
        Why δ is another one than then; empty where it is the same.
    cards
        None where no cards were made.
    """

    number: int
    time: str
    encoder: str
    fingerprint: str
    metric: str
    score: str
    alpha: float
    level: float | None
    delta: float
    basis: str
    owned: int
    owned_drives: int
    pool: int
    pool_drives: int
    gaps: int
    covered: int
    cannot_say: int
    compared: int | None = None
    changes: Changes | None = None
    drives_added: int | None = None
    new_drives: Sequence[str] = ()
    delta_moved: str = ""
    cards: CardCounts | None = None


@dataclass(frozen=True)
class Log:
    """All that is kept: ``images`` (packed), ``drives`` of S (packed) and ``cards`` of the newest.

    ``digest`` is of what makes the newest round the same again, ``card_run`` the token of the run
    of cards that is counted in it.
    """

    rounds: Sequence[Round] = ()
    images: str | None = None
    drives: str | None = None
    cards: Sequence[Followed] = ()
    next_card: int = 1
    digest: str = ""
    card_run: str = ""

    @property
    def members(self) -> Members | None:
        """The images of the newest round."""
        return None if self.images is None else Members.unpacked(self.images)


def read(dataset: fo.Dataset, names: Names) -> Log:
    """The rounds of an analysis, oldest first."""
    record = runs.read(dataset, names, RECORD)
    if record is None:
        return Log()
    covered = runs.read(dataset, names, "coverage")
    return _of_record(_settled(record.results, covered) or record.results)


def keep(dataset: fo.Dataset, names: Names, log: Log) -> None:
    """Keep a log in place of the one that is there."""
    runs.write(dataset, names, Record(RECORD, {}, {}, asdict(log)))


def settle(dataset: fo.Dataset, names: Names, covered: Record | None) -> None:
    """Let the round proposed last count if its run, of which ``covered`` tells, was completed."""
    record = runs.read(dataset, names, RECORD)
    if record is None:
        return
    log = _settled(record.results, covered)
    if log is not None:
        runs.write(dataset, names, Record(RECORD, {}, {}, log))


def propose(
    step: Step,
    owned: Sequence[str],
    pool: Sequence[str],
    verdicts: ArrayLike,
    report: CoverageReport,
    drives: Sequence[str | None] | None = None,
) -> None:
    """Propose a round under the token of its run, unless the last one was the same.

    ``verdicts`` (n,) are codes of the images ``pool``; ``drives`` those of the images ``owned``,
    None where they are not known.
    """
    dataset, names, inputs = step.dataset, step.names, step.inputs
    log = read(dataset, names)
    number = log.rounds[-1].number + 1 if log.rounds else 1
    now = Round(
        number=number,
        time=datetime.now(timezone.utc).isoformat(),
        encoder=str(inputs.get("encoder", "unknown")),
        fingerprint=str(inputs.get("fingerprint", "unknown")),
        metric=report.metric,
        score=report.score,
        alpha=report.alpha,
        level=report.level,
        delta=report.delta,
        basis=report.basis,
        owned=len(owned),
        owned_drives=report.drives_owned,
        pool=report.candidates,
        pool_drives=report.drives_pool,
        gaps=report.gaps,
        covered=report.covered,
        cannot_say=report.cannot_say,
    )
    members = Members.of(owned, pool, verdicts, number)
    digest = _digest(now, members)
    if log.rounds and log.digest == digest:
        return
    next_log = _compared(log, now, members, owned, drives)
    results = {**asdict(log), "proposed": {"token": step.token, **asdict(next_log)}}
    results["proposed"] |= {"rounds": [asdict(next_log.rounds[-1])], "digest": digest}
    runs.write(dataset, names, Record(RECORD, {}, {}, results))


def _compared(
    log: Log,
    now: Round,
    members: Members,
    owned: Sequence[str],
    drives: Sequence[str | None] | None,
) -> Log:
    """The log with one round more, told against the last one if that has the same encoder."""
    last = log.rounds[-1] if log.rounds else None
    cards: Sequence[Followed] = ()
    if last is not None and last.fingerprint == now.fingerprint:
        now = replace(now, compared=last.number, delta_moved=delta_moved(last, now))
        before = log.members
        if before is not None:
            members = members.after(before)
            now = replace(now, changes=changes(before, members))
            cards = advance(log.cards, members, now.number)
            if log.card_run:
                now = replace(now, cards=count_cards(cards, now.number))
        known = None if log.drives is None or drives is None else set(_unpacked(log.drives))
        if known is not None and drives is not None:
            new = sorted(set(_drive_names(owned, drives)) - known)
            named = [name for name in new if not name.startswith(_ALONE)]
            now = replace(now, drives_added=len(new), new_drives=named[:LISTED_DRIVES])
    images: str | None = members.packed()
    if images is not None and len(images) > LARGEST:
        logger.warning("Round %d has too many images to be compared with the next.", now.number)
        images = None
    listed = None if drives is None else _packed(sorted(set(_drive_names(owned, drives))))
    return Log(
        rounds=[*log.rounds, now],
        images=images,
        drives=None if listed is None or len(listed) > LARGEST else listed,
        cards=cards,
        next_card=log.next_card,
        card_run=log.card_run if cards or now.cards else "",
    )


def delta_moved(last: Round, now: Round) -> str:
    """Why δ, or what decides, is not that of the last round; empty where it is.

    Examples
    --------
    >>> about = dict(encoder="e", fingerprint="f", metric="cosine", score="nearest", alpha=0.1,
    ...              level=0.1, owned=9, owned_drives=9, pool=9, pool_drives=1, gaps=1, covered=8,
    ...              cannot_say=0, time="")
    >>> one = Round(number=1, delta=0.3, basis="level", **about)
    >>> delta_moved(one, Round(number=2, delta=0.2, basis="given", **about))
    'δ 0.3 became 0.2, which was given'
    """
    if now.metric != last.metric:
        return f"distances are {now.metric} and were {last.metric}: δ is in another unit"
    if now.score != last.score:
        return f"verdicts are by {now.score} and were by {last.score}"
    if now.delta == last.delta:
        return ""
    became = f"δ {last.delta:.4g} became {now.delta:.4g}"
    if now.basis == "given":
        return f"{became}, which was given"
    if last.basis == "given":
        return f"{became}: the one before was given"
    if now.alpha != last.alpha:
        return f"{became}: the level asked for is {now.alpha:g} and was {last.alpha:g}"
    if now.basis != last.basis:
        return f"{became}: it rests on other evidence ({now.basis}, before {last.basis})"
    return f"{became}: it was read off S again"


def count_cards(cards: Iterable[Followed], number: int) -> CardCounts:
    """What happened to how many cards in a round."""
    listed = list(cards)
    fresh = [one.state for one in listed if one.at == number]
    return CardCounts(
        open=sum(one.state in ("open", "met") for one in listed),
        opened=sum(one.since == number for one in listed),
        met=fresh.count("met"),
        closed=fresh.count("closed"),
        gone=fresh.count("gone"),
    )


_ALONE = "\0"
"""Before the id of an image without a drive, which is one of its own."""


def _drive_names(owned: Sequence[str], drives: Sequence[str | None]) -> list[str]:
    return [
        f"{_ALONE}{sample_id}" if name is None else name
        for sample_id, name in zip(owned, drives, strict=True)
    ]


def _packed(names: list[str]) -> str:
    return base64.b64encode(zlib.compress(json.dumps(names).encode())).decode()


def _unpacked(text: str) -> list[str]:
    return list(json.loads(zlib.decompress(base64.b64decode(text))))


def _digest(now: Round, members: Members) -> str:
    """The same S, U, verdicts, δ and encoder."""
    said = repr((now.fingerprint, now.metric, now.score, now.delta))
    found = hashlib.blake2b(said.encode(), digest_size=8)
    found.update(members.ids.tobytes())
    found.update(members.state.tobytes())
    return found.hexdigest()


def _settled(results: Mapping[str, Any], covered: Record | None) -> dict[str, Any] | None:
    """The record without a proposal, the round taken up if its run was completed; None as it is."""
    proposed = results.get("proposed")
    if proposed is None:
        return None
    done = covered is not None and not covered.running and covered.token == proposed["token"]
    if not done:
        return {name: value for name, value in results.items() if name != "proposed"}
    rounds = [*results["rounds"], *proposed["rounds"]][-MOST:]
    return {**{k: v for k, v in proposed.items() if k != "token"}, "rounds": rounds}


def _of_record(results: Mapping[str, Any]) -> Log:
    known = runs.known(Log, results)
    known["rounds"] = [_round(each) for each in results["rounds"]]
    known["cards"] = [Followed(**runs.known(Followed, each)) for each in results["cards"]]
    return Log(**known)


def _round(values: Mapping[str, Any]) -> Round:
    known = runs.known(Round, values)
    for name, kind in (("changes", Changes), ("cards", CardCounts)):
        if known.get(name) is not None:
            known[name] = kind(**runs.known(kind, known[name]))
    return Round(**known)
