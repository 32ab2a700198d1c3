"""The Gap Explorer panel: which face it shows, its events, and the link with the grid."""

from __future__ import annotations

import logging
from typing import Any

import fiftyone as fo
import fiftyone.operators as foo
from numpy.typing import NDArray

from ...plugin import PLUGIN
from ...plugin.dataset.gaps import analysis
from ...plugin.dataset.gaps.analysis import (
    Analysis,
    NoAnalysisError,
    UnfinishedAnalysisError,
)
from ...plugin.dataset.store.database import counted, is_empty
from ...plugin.dataset.store.names import OWNED_TAG, POOL_TAG
from ...plugin.dataset.store.samples import flat
from ...plugin.errors import GapsphereError
from ...plugin.projection import questions
from ...plugin.projection.verdict import Judged
from .. import work
from ..component import ComponentPanel
from ..event import answered
from ..wire import b64, bitmask
from . import (
    actions,
    answers,
    begun,
    colours,
    columns,
    delta,
    heatmaps,
    memory,
    overview,
    progress,
    pulse,
    start,
)
from .contract import COMPONENT, EVENTS
from .pulse import stamp_of as _stamp

logger = logging.getLogger(__name__)

Array = NDArray[Any]


HELP = """\
What your images do not cover: the images you own (**S**) and the candidates (**U**) on a sphere
where images that look alike lie close together.

- **A row of the list** highlights its images and shows them in the grid.
- **Click a point**: that image beside the owned image nearest to it.
- **Click an empty place**: what is there, and which candidates could fill it.
- **Drag out a cap** (Shift-drag, or the mode *Cap*): every sample inside it.
- **Alt-click** always asks about the place, also where points are dense.

Drag to rotate, scroll or pinch to zoom, right-drag to pan. With the sphere in focus: arrow keys,
`+`, `-`, `0` and Enter.
"""


class GapExplorer(ComponentPanel):
    """S and U on the unit sphere, beside the grid."""

    panel = "gap_explorer"
    label = "Gap Explorer"
    help = HELP
    icon = "travel_explore"
    allow_multiple = True
    component = COMPONENT
    events = tuple(EVENTS)

    # What FiftyOne tells us ---------------------------------------------------------------------

    def on_load(self, ctx: foo.ExecutionContext) -> None:
        """Answer at once: the App shows the component only after this.

        The component then asks for its contents (:meth:`reload`), with the choices that only the
        browser knows, and builds its WebGL scene while they are on their way; it asks again where
        another dataset was chosen, since only it sees which of two answers came last.
        """
        ctx.panel.set_data("opened", ctx.current_sample)

    def on_change_current_sample(self, ctx: foo.ExecutionContext) -> None:
        ctx.panel.set_data("opened", ctx.current_sample)

    # What the panel asks ------------------------------------------------------------------------

    def reload(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """Fill the panel again, perhaps with another number of points or analysis."""
        panel = memory.of(ctx.panel_id)
        panel.limit = int(ctx.params.get("limit", panel.limit))
        panel.suffix = ctx.params.get("suffix", panel.suffix)
        panel.source = ctx.params.get("source", panel.source)
        if ctx.params.get("grid"):
            pulse.draw_grid_anew(ctx, panel)
        self._fill(ctx)
        return {}

    @answered
    def pulse(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """Whether there is something new to show, and what works on the dataset."""
        return pulse.pulse(ctx, memory.of(ctx.panel_id))

    @answered
    def work(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """Stop some work, take its last word off, or open the form that goes on with it."""
        return work.end(ctx, ctx.params)

    @answered
    def masks(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """Which points the grid keeps; the browser asks once when its grid has changed."""
        return _masks(ctx, *_standing(ctx))

    @answered
    def colour(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        found, rows, stamp = _standing(ctx)
        return {"stamp": stamp, **colours.colour_column(found, rows, str(ctx.params["field"]))}

    @answered
    def geometry(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """The coordinates from here, where FiftyOne's route did not answer as expected."""
        found, rows, stamp = _standing(ctx)
        return {"stamp": stamp, "xyz": b64(found.sphere[rows])}

    @answered
    def cartesian(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        found, rows, stamp = _standing(ctx)
        return {"stamp": stamp, "xyz": b64(columns.cartesian(found, rows))}

    @answered
    def ids(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        found, rows, stamp = _standing(ctx)
        return {"stamp": stamp, "ids": b64(found.ids.packed(rows))}

    @answered
    def card(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        found, rows, _ = _standing(ctx)
        index = int(ctx.params["index"])
        one = answers.cards(found, rows, rows[index : index + 1], None, _judged(ctx, found))
        return one[0] if one else {"error": "This sample was deleted."}

    @answered
    def cards(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """Cards of samples known by id: what is in the tray, as the samples are now."""
        found, rows, _ = _standing(ctx)
        wanted = found.ids.rows_of(ctx.params["ids"])
        return {"cards": answers.cards(found, rows, wanted, None, _judged(ctx, found))}

    @answered
    def heatmaps(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """The heatmaps that these samples have, as small grids, and those being made."""
        found, _, _ = _standing(ctx)
        maps = heatmaps.grids(ctx.dataset, ctx.params["ids"], found.names.suffix)
        return {"maps": maps, **heatmaps.making(ctx.dataset)}

    @answered
    def making(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """How far the heatmaps are."""
        return heatmaps.making(ctx.dataset)

    @answered
    def flatten(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """Let the grid show every slice; the browser waits for it, see ``useFlatGrid.ts``."""
        return {"changing": actions.flatten_grid(ctx)}

    @answered
    def ask(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        found, rows, stamp = _standing(ctx)
        question = answers.read_question(found, rows, ctx.params)
        answer = questions.answer(found.space, question)
        actions.link(ctx, answers.shown_ids(found, question, answer))
        return answers.reply(found, rows, ctx.params["query"], stamp, question, answer)

    @answered
    def overview(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """What is shown while nothing is asked; the panel asks once the points are drawn."""
        found, rows, stamp = _standing(ctx)
        return overview.overview(found, rows, stamp)

    @answered
    def progress(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """How coverage went on from run to run; asked for when its page is opened."""
        found, _, _ = _standing(ctx)
        return progress.page(ctx.dataset, found.names.suffix)

    @answered
    def delta(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """The gaps at a δ; a person who rests on one is told of what they are."""
        found, _, _ = _standing(ctx)
        return delta.gaps_at(found, float(ctx.params["delta"]), ctx.params.get("field"))

    @answered
    def show_gaps(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        found, _, _ = _standing(ctx)
        return delta.show(ctx, found, float(ctx.params["delta"]))

    @answered
    def use_delta(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """Write a δ through, or the measured one again; the panel fills itself."""
        found, _, _ = _standing(ctx)
        reply, written = delta.use(ctx, found, ctx.params.get("delta"))
        if written:
            self._fill(ctx)
        return reply

    @answered
    def act(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        found, rows, _ = _standing(ctx)
        chosen = ctx.params.get("ids")
        if chosen:
            ids = [str(sample_id) for sample_id in chosen]
        elif group := ctx.params.get("group"):
            ids = overview.members(found, group)
        else:
            answer = questions.answer(found.space, answers.read_question(found, rows, ctx.params))
            ids = answers.ids_of(found, answer)
        return actions.act(ctx, ctx.params["action"], ids, found)

    def clear(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """Give the grid back."""
        actions.unlink(ctx)
        return {}

    def find_gaps(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """Open the form of ``find_gaps``, of the analysis that is shown or was begun."""
        known = analysis.analyses(ctx.dataset)
        suffix = memory.of(ctx.panel_id).shown_of(known) if known else begun.suffix_of(ctx.dataset)
        ctx.prompt(f"{PLUGIN}/find_gaps", params={"suffix": suffix} if suffix else None)
        return {}

    def summarize(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """Open the form of ``summarize_gaps``."""
        ctx.prompt(f"{PLUGIN}/summarize_gaps")
        return {}

    # How it is filled ---------------------------------------------------------------------------

    def _fill(self, ctx: foo.ExecutionContext) -> None:
        panel = memory.of(ctx.panel_id)
        data: dict[str, Any] = {"state": "failed", "mark": ""}
        try:
            # The mark first: an edit during all of this is then one since.
            mark = pulse.mark(ctx.dataset)
            seen = pulse.look(ctx.dataset, panel)
            data = {"state": seen.state, "mark": mark}
            panel.fields = pulse.fields_of(ctx.dataset)
            if seen.found is None:
                data |= _without(ctx, panel)
            else:
                data |= _contents(ctx, panel, seen.found, seen.version)
        except GapsphereError as error:
            data |= {"status": {"kind": "failed", "message": str(error)}}
        except Exception as error:  # the face says it, the log has the traceback
            logger.exception("The Gap Explorer could not be filled")
            message = f"Reading the analysis failed: {error}"
            data |= {"status": {"kind": "failed", "message": message}}
        dataset = "" if ctx.dataset is None else ctx.dataset.name
        empty = {"run": None, "columns": None, "masks": None, "start": start.start()}
        # At once: the App draws the panel again for each message.
        ctx.panel.set_data({"dataset": dataset, "opened": ctx.current_sample, **empty, **data})


def _without(ctx: foo.ExecutionContext, panel: memory.PanelMemory) -> dict[str, Any]:
    """What is shown where no whole analysis can be read, or the one before while a step writes."""
    dataset = ctx.dataset
    if dataset is None or is_empty(dataset):
        return {"status": {"kind": "empty_dataset"}}
    known = analysis.analyses(dataset)
    if not known and (writer := pulse.first_writer(dataset)):
        return {"status": {"kind": "working", "message": f"{writer} writes to this dataset."}}
    suffix = panel.shown_of(known)
    try:
        found = analysis.load(dataset, suffix)
    except UnfinishedAnalysisError as error:
        if not pulse.is_written(dataset, suffix):
            return _not_computed(dataset, suffix if known else begun.suffix_of(dataset))
        before = analysis.last_whole(dataset, suffix)
        if before is None:
            return {"status": {"kind": "working", "message": str(error)}}
        found = before
    except NoAnalysisError:
        if known:
            raise
        return _not_computed(dataset, begun.suffix_of(dataset))
    return _contents(ctx, panel, found, overview.version(found))


def _not_computed(dataset: fo.Dataset, suffix: str) -> dict[str, Any]:
    tags = flat(dataset).count_sample_tags()
    return {
        "status": {
            "kind": "not_computed",
            "samples": counted(flat(dataset)),
            "S": tags.get(OWNED_TAG, 0),
            "U": tags.get(POOL_TAG, 0),
            **begun.begun(dataset, suffix),
            "can_run": actions.available()["find_gaps"],
        }
    }


def _contents(
    ctx: foo.ExecutionContext, panel: memory.PanelMemory, found: Analysis, version: str
) -> dict[str, Any]:
    found.warm()
    panel.suffix, rows = found.names.suffix, found.shown(panel.limit)
    stamp = _stamp(found, panel.limit)
    source = columns.source_of(found, rows, panel.source)
    return {
        "status": {"kind": "ready"},
        "run": {
            **columns.run_info(found, stamp, source, version),
            "suffixes": analysis.analyses(ctx.dataset),
            "limit": panel.limit,
            "operators": actions.available(),
        },
        "columns": columns.payload(found, rows, stamp, source),
        "masks": _masks(ctx, found, rows, stamp),
    }


def _masks(ctx: foo.ExecutionContext, found: Analysis, rows: Array, stamp: str) -> dict[str, Any]:
    match = columns.match_mask(found, rows, actions.grid_view(ctx))
    return {"stamp": stamp, "match": None if match is None else bitmask(match)}


def _judged(ctx: foo.ExecutionContext, found: Analysis) -> Judged:
    """Verdicts at the δ that the person chose, or the run's."""
    chosen = ctx.params.get("delta")
    return Judged.of(found.space, None if chosen is None else float(chosen))


def _standing(ctx: foo.ExecutionContext) -> tuple[Analysis, Array, str]:
    """The analysis and the rows that the panel speaks of."""
    stamp = str(ctx.params.get("stamp"))
    suffix, limit, of = stamp.split("|", 2)
    found = analysis.standing(ctx.dataset, suffix, of)
    return found, found.shown(int(limit)), stamp
