"""The commands of ``gapsphere`` that find gaps and say what is known of them: thin over the API."""

from __future__ import annotations

from ...plugin.engine.engine import together
from ...plugin.errors import InputError
from ...plugin.interchange.files.listed_paths import local_path
from ...plugin.settings.fields import select
from ...plugin.settings.questions import AskParams
from ...plugin.settings.steps import (
    AnalysisParams,
    AnalyzeParams,
    AttributeParams,
    BudgetParams,
    CandidateParams,
    CardParams,
    CoverageParams,
    EmbeddingParams,
    ExportParams,
    GapParams,
    HeatmapParams,
    KCenterParams,
    LoadParams,
    SphereParams,
)
from .command import DATASET, LEFT_OUT, PORT, VIEW, argument, command, step_command
from .datasets import dataset_option, filled, load_into, opened, viewed
from .say import say

FOLDER = argument(
    "--folder", default="build/demo_drive", metavar="FOLDER", help="where the drive is written"
)


@command(
    "demo",
    arguments=(
        FOLDER,
        PORT,
        argument("--no-app", action="store_true", help="stop before the App opens"),
    ),
)
def demo(*, folder: str, port: int, no_app: bool) -> None:
    """Render a drive, find its gaps and open the App."""
    from .demo import run_demo

    run_demo(local_path(folder), port=port, open_app=not no_app)


@command(
    "demo-data",
    arguments=(
        FOLDER,
        argument("--owned", type=int, default=240, help="number of images of S"),
        argument("--pool", type=int, default=360, help="number of images of U"),
        argument("--seed", type=int, default=51, help="the same seed gives the same images"),
    ),
)
def demo_data(*, folder: str, owned: int, pool: int, seed: int) -> None:
    """Render the demo drive: seeded driving scenes with metadata, no download."""
    from ...plugin.dataset.api import bars
    from ..demo.drive import render_drive

    place = local_path(folder)
    with bars() as report:
        render_drive(place, seed=seed, images=(owned, pool), progress=report("Rendering"))
    say(place / "metadata.csv")


@command("load", LoadParams, arguments=(DATASET, LEFT_OUT))
def load(images: LoadParams, *, dataset: str, left_out_file: str | None) -> None:
    """Add images to a dataset as S (owned) and U (candidates)."""
    with opened(dataset, create=True) as data:
        load_into(data, images, left_out_file)


@command(
    "find-gaps",
    LoadParams,
    GapParams,
    CandidateParams,
    arguments=(
        DATASET,
        LEFT_OUT,
        argument(
            "--report",
            metavar="FOLDER",
            help="write gap-cards.html and curve.html (what each pick adds) to this folder",
        ),
    ),
)
def find_gaps(
    images: LoadParams,
    params: GapParams,
    candidates: CandidateParams,
    *,
    dataset: str,
    left_out_file: str | None,
    report: str | None,
) -> None:
    """Find gaps: load images if given, embed, measure, pick, lay out the sphere, make gap cards."""
    from ...plugin.dataset import api
    from ...plugin.dataset.gaps.picks.pick_rules import refuse_before
    from ...plugin.interchange.files.report_file import report_folder

    folder = report_folder(report) if report else None  # before minutes of work, not after
    with filled(dataset, images, left_out_file) as data:
        refuse_before(data, candidates)
        say(api.find_gaps(data, **dict(params)))
        if _asks_more_than_kcenter(candidates):
            chosen = str(api.select_candidates(data, **dict(candidates)))
            say("picks       " + chosen.replace("\n", f"\n{'':12}"))
        if folder:
            say(api.export_gap_cards(data, str(folder), suffix=params.suffix))
            say(api.export_budget_curve(data, str(folder), suffix=params.suffix))
    say(f"open it: gapsphere app {dataset_option(dataset)}")


@command(
    "embed",
    LoadParams,
    EmbeddingParams,
    arguments=(DATASET, argument("--split", choices=["S", "U"], required=True, help="which set")),
)
def embed(images: LoadParams, params: EmbeddingParams, *, dataset: str, split: str) -> None:
    """Embed S or U, after loading it if images are given."""
    from ...plugin.dataset import api
    from ...plugin.dataset.store.database import is_empty

    other = "pool_images" if split == "S" else "owned_images"
    images = images.model_copy(update={other: None})
    with filled(dataset, images) as data:
        view = data.match_tags(split)
        if is_empty(view):
            flag = "--owned-images" if split == "S" else "--pool-images"
            raise InputError(
                f"No sample has the tag {split!r}: give {flag} or data.{split}_dir in the config, "
                f"or load images first."
            )
        say(api.compute_embeddings(view, **dict(params)))


@command("analyze", AnalyzeParams, ExportParams, arguments=(DATASET,))
def analyze(params: AnalyzeParams, files: ExportParams, *, dataset: str) -> None:
    """Compute coverage, picks and sphere of embedded images, and write them to a folder."""
    from ...plugin.dataset import api
    from ...plugin.interchange.outputs import refuse_occupied

    if not files.overwrite:  # before minutes of work, not after
        refuse_occupied(files.folder)
    with opened(dataset) as data, together(params.engine):
        say(api.compute_coverage(data, **dict(select(CoverageParams, params))))
        say(api.select_kcenter(data, **dict(select(KCenterParams, params))))
        say(api.compute_sphere(data, **dict(select(SphereParams, params))))
        say(api.export_artifacts(data, **dict(files)))


step_command(
    "attributes",
    "compute_attributes",
    AttributeParams,
    "Measure brightness, contrast, sharpness and more of each image",
    arguments=(DATASET, VIEW),
)


@command(
    "select",
    CandidateParams,
    BudgetParams,
    arguments=(
        DATASET,
        VIEW,
        argument(
            "--curve",
            action="append",
            metavar="FILE",
            help="write what each pick adds to this file: .html, .png or .csv; may be repeated",
        ),
        argument("--replace-file", action="store_true", help="replace files that exist"),
    ),
)
def select_(
    params: CandidateParams,
    budget: BudgetParams,
    *,
    dataset: str,
    view: str | None,
    curve: list[str] | None,
    replace_file: bool,
) -> None:
    """Pick candidates to label, by a policy and under constraints."""
    from ...plugin.dataset import api
    from ...plugin.dataset.gaps.picks.budget import curve_path, write_curve

    paths = [curve_path(output, replace=replace_file) for output in curve or ()]
    with opened(dataset) as data:
        samples = viewed(data, view)
        say(api.select_candidates(samples, **dict(params)))
        if paths:
            found = api.budget_curve(samples, **dict(budget))
            for path in paths:
                say(write_curve(data, found, path, budget.suffix))


@command(
    "cards",
    CardParams,
    arguments=(
        DATASET,
        VIEW,
        argument("--html", metavar="FILE", help="write a page with pictures to this file"),
        argument("--csv", metavar="FILE", help="write the table to this file"),
        argument("--json", metavar="FILE", help="write all that is known to this file"),
        argument("--replace-file", action="store_true", help="replace files that exist"),
    ),
)
def cards(
    params: CardParams,
    *,
    dataset: str,
    view: str | None,
    html: str | None,
    csv: str | None,
    json: str | None,
    replace_file: bool,
) -> None:
    """Group gaps in cards: kinds of scene that S lacks, and whether U has enough of them."""
    from ...plugin.dataset import api
    from ...plugin.dataset.gaps.cards.card_files import card_path

    endings = {".html": html, ".csv": csv, ".json": json}
    outputs = [_ending(path, ending) for ending, path in endings.items() if path]
    for output in outputs:
        card_path(output, replace=replace_file)  # before the work, not after
    with opened(dataset) as data:
        say(api.summarize_gaps(viewed(data, view), **dict(params)))
        how = {"suffix": params.suffix, "replace_file": replace_file}
        for output in outputs:
            say(api.export_gap_cards(data, output, **how))


step_command("show-results", "show_results", AnalysisParams, "Show what the last runs found")


@command(
    "delete-analysis",
    AnalysisParams,
    arguments=(DATASET, argument("--delete", action="store_true", help="delete it")),
)
def delete_analysis(params: AnalysisParams, *, dataset: str, delete: bool) -> None:
    """List the fields, tags and runs of an analysis, or delete them; nothing of yours."""
    from ...plugin.dataset import api

    with opened(dataset) as data:
        found = api.delete_analysis(data, dry_run=not delete, **dict(params))
        say(found)
        if found and not delete:
            say("Nothing was deleted; --delete does it.")


@command(
    "rounds",
    AnalysisParams,
    arguments=(DATASET, argument("--json", action="store_true", help="print JSON")),
)
def rounds(params: AnalysisParams, *, dataset: str, json: bool) -> None:
    """Show how coverage changed from round to round."""
    from ...plugin.dataset import api

    with opened(dataset) as data:
        found = api.rounds(data, **dict(params))
        say(found.json() if json else found)


step_command(
    "ask",
    "ask",
    AskParams,
    "Say what is at an image or an empty place, in a cap of the sphere or in a drive",
)
step_command(
    "heatmap",
    "compute_heatmaps",
    HeatmapParams,
    "Show what the encoder looked at, as a heatmap on each image",
    arguments=(DATASET, VIEW),
)


def _asks_more_than_kcenter(candidates: CandidateParams) -> bool:
    """Whether the picks are to keep to something, or follow another policy."""
    alike = {*GapParams.model_fields, "time_field"}
    return any(
        value != CandidateParams.model_fields[name].default
        for name, value in candidates
        if name not in alike
    )


def _ending(path: str, ending: str) -> str:
    """The path, which has to have the ending that says what is written."""
    if not path.lower().endswith(ending):
        raise InputError(f"{path} must end in {ending}.")
    return path
