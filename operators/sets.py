"""The questions who is owned and who is a candidate, with what the dataset has as answers.

An answer is a word, as everywhere else.  Two answers are the App's own: the current view, which
becomes the samples that it shows when the operator runs, and everything that the other set leaves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import fiftyone as fo
import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.dataset.store.fiftyone_internals import is_whole
from ..plugin.dataset.store.sets.choices import Offer, offers
from ..plugin.dataset.store.sets.counts import kept_count
from ..plugin.dataset.store.sets.door import ALL_SLICES, admitted
from ..plugin.dataset.store.sets.kept_samples import described, refuse_too_many
from ..plugin.dataset.store.sets.members import word_of
from ..plugin.dataset.store.sets.resolve import KEPT, NOT, Samples, resolve, spoken
from ..plugin.errors import InputError
from ..plugin.settings.fields import Setting

VIEW, REST = "CURRENT_VIEW", "EVERYTHING_ELSE"
HELP = {
    "owned": "Called S in fields and files. Choose, or type a tag, field:NAME=VALUE or view:NAME",
    "pool": "Called U in fields and files. Choose, or type a tag, field:NAME=VALUE or view:NAME",
}
OTHER = {"owned": "pool", "pool": "owned"}
PAIRS = {**OTHER, "owned_samples": "pool_samples", "pool_samples": "owned_samples"}
TAGS = {"owned": "S", "pool": "U", "owned_samples": "S", "pool_samples": "U"}


def has_view(ctx: foo.ExecutionContext) -> bool:
    """Whether the App shows a part of the dataset only."""
    return ctx.view is not None and not is_whole(ctx.view)


def question(ctx: foo.ExecutionContext, inputs: types.Object, setting: Setting, value: Any) -> None:
    """Ask for samples: a search box over what the dataset has, which takes any other word."""
    start, _, last = setting.text.partition(" · ")
    text = f"{HELP.get(setting.name, start)}{' · ' * bool(last)}{last}"
    ask(ctx, inputs, setting.name, setting.label, text, value)


def ask(
    ctx: foo.ExecutionContext,
    inputs: types.Object,
    name: str,
    label: str,
    text: str,
    value: Any = None,
) -> None:
    """The same for what is no setting."""
    view = types.AutocompleteView(allow_user_input=True, allow_duplicates=False)
    for offer in _offered(ctx, name, value):
        count = "" if offer.count is None else f" · {offer.count:,}"
        view.add_choice(offer.word, label=f"{offer.label}{count}")
    inputs.str(name, view=view, label=label, description=text, default=value, required=False)


def _offered(ctx: foo.ExecutionContext, name: str, value: Any) -> list[Offer]:
    found = list(offers(ctx.dataset).sets)
    if has_view(ctx):
        found.insert(0, Offer(VIEW, "the current view", kept_count(ctx.view)))
    if name in PAIRS:
        found.append(Offer(REST, "everything else", None))
    if isinstance(value, str) and value.startswith(KEPT):
        found.insert(0, Offer(value, described(ctx.dataset, value.removeprefix(KEPT)), None))
    return found


def written(ctx: foo.ExecutionContext, given: Mapping[str, Any]) -> dict[str, Any]:
    """Answers as the settings hold them: the current view is kept, what is left is a word.

    Raises
    ------
    InputError
        Both sets are to be what the other leaves.
    """
    kept = dict(given)
    for name, value in given.items():
        if value == VIEW and has_view(ctx):
            kept[name] = word_of(ctx.dataset, ctx.view)
    return words(kept)


def words(given: Mapping[str, Any]) -> dict[str, Any]:
    """Answers with what is left written out.

    Raises
    ------
    InputError
        Both sets are to be what the other leaves.
    """
    found = dict(given)
    for name, other in PAIRS.items():
        if found.get(name) == REST:
            if found.get(other) == REST:
                raise InputError(
                    "Everything else is what the other set leaves: choose one of the two first."
                )
            found[name] = NOT + str(found.get(other) or TAGS[other])
    return found


def found(ctx: foo.ExecutionContext, images: Samples, word: str) -> fo.DatasetView:
    """The samples of an answer, before anything is kept."""
    if not word.endswith(VIEW) or not has_view(ctx):
        return resolve(images, word)
    if word.startswith(NOT):
        return images.exclude(found(ctx, images, word.removeprefix(NOT)).values("id"))
    shown = admitted(ctx.view, ALL_SLICES)
    refuse_too_many(kept_count(shown))  # as executing does
    return images.select(shown.values("id"), ordered=False)


def counts(
    ctx: foo.ExecutionContext, images: Samples, owned: str | None, pool: str | None
) -> tuple[int, int]:
    """How many images are owned, and how many are candidates.

    Raises
    ------
    InputError
        One is not chosen yet, or names nothing.
    """
    if not owned or not pool:
        raise InputError("Choose the images you own and the candidates.")
    said = words({"owned": owned, "pool": pool})
    mine, theirs = (found(ctx, images, said[name]) for name in ("owned", "pool"))
    return kept_count(mine), kept_count(theirs)


def mistakes(
    ctx: foo.ExecutionContext, images: Samples, owned: str | None, pool: str | None
) -> dict[str, str]:
    """What is wrong with the answers, by setting; empty where both sets are good."""
    answers = {"owned": owned, "pool": pool}
    roles = {"owned": "the images you own", "pool": "the candidates"}
    wrong = {name: f"Choose {roles[name]}." for name, word in answers.items() if not word}
    return wrong or mistakes_among(ctx, answers, images)


def mistakes_among(
    ctx: foo.ExecutionContext, answers: Mapping[str, str | None], images: Samples | None = None
) -> dict[str, str]:
    """What is wrong with those answers that were given: nothing is found, or the sets overlap."""
    if not any(answers.values()):
        return {}
    wrong: dict[str, str] = {}
    views = {}
    for name, word in answers.items():
        if not word:
            continue
        try:
            images = admitted(ctx.dataset, ALL_SLICES) if images is None else images
            views[name] = found(ctx, images, words(answers)[name])
            if not kept_count(views[name]):
                nothing = "Nothing is left" if word == REST else f"No image here is {spoken(word)}"
                wrong[name] = f"{nothing}: choose other images."
        except InputError as error:
            wrong[name] = str(error)
    if not wrong and len(views) > 1 and images is not None:
        (_, mine), (name, theirs) = views.items()
        both = kept_count(found(ctx, mine, str(words(answers)[name])))
        if both:
            wrong[name] = (
                f"{both:,} of these {kept_count(theirs):,} images are in both sets: choose others, "
                "such as everything else."
            )
    return wrong
