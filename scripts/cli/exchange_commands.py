"""The commands between a dataset and what is around it: files, FiftyOne's plugins, the App."""

from __future__ import annotations

from ...plugin.errors import InputError
from ...plugin.settings.rationales import FailureParams, FeatureCacheParams, ReviewExportParams
from ...plugin.settings.spec import CheckSpecParams, SpecParams
from ...plugin.settings.steps import ExportParams, ImportParams
from ...plugin.settings.viewer import ViewerParams
from .command import DATASET, LEFT_OUT, argument, command, port, step_command
from .datasets import dataset_option, opened
from .say import say

step_command(
    "export-artifacts",
    "export_artifacts",
    ExportParams,
    "Write embeddings, coordinates, distances, picks and the 3D plot to a folder",
)
step_command(
    "import-artifacts",
    "import_artifacts",
    ImportParams,
    "Read the files of an analysis, written here or by another program, into a dataset",
    create=True,
)
step_command(
    "export-spec",
    "export_visual_spec",
    SpecParams,
    "Write a Visual Spec: what to collect, what not, how many, and what counts",
)


@command(
    "check-spec",
    CheckSpecParams,
    arguments=(
        argument("spec", metavar="SPEC", help="the spec's ZIP, unpacked folder or spec.json"),
        argument("folder", metavar="FOLDER", help="new images: a folder or a glob"),
        LEFT_OUT,
    ),
)
def check_spec(
    params: CheckSpecParams, *, spec: str, folder: str, left_out_file: str | None
) -> None:
    """Judge each new image against a Visual Spec."""
    from ...plugin.dataset import api
    from ...plugin.interchange.files.left_out import refuse_other_file

    if left_out_file:  # before the work, not after
        refuse_other_file(left_out_file)
    checked = api.check_spec(spec, folder, **dict(params))
    for answer in checked.answers:
        say(answer)
    say(checked)
    if left_out_file:
        checked.left_out.write(left_out_file)


@command(
    "import-features",
    FeatureCacheParams,
    arguments=(
        DATASET,
        argument(
            "--port", type=port, default=5151, help="port that the printed command opens the App on"
        ),
    ),
)
def import_features(params: FeatureCacheParams, *, dataset: str, port: int) -> None:
    """Read a feature cache: metadata, coordinates, embeddings, an LLM's rationales."""
    from ...plugin.dataset import api

    if not params.cache_dir:
        raise InputError("Name the cache: --cache-dir FOLDER, which holds metadata.csv.")
    with opened(dataset, create=True) as data:
        say(api.import_feature_cache(data, **dict(params)))
    say(f"open it: gapsphere app {dataset_option(dataset)} --port {port}")


step_command(
    "export-reviews",
    "export_reviews",
    ReviewExportParams,
    "Write a feature cache's tables with the review decisions as further columns",
)
step_command(
    "rank-gaps",
    "rank_gaps_by_failures",
    FailureParams,
    "Order gaps by how often a model fails near them",
)


@command(
    "install-plugin",
    arguments=(argument("--undo", action="store_true", help="remove the link"),),
)
def install_plugin(*, undo: bool) -> None:
    """Link Gapsphere into FiftyOne's plugin folder (--undo removes the link)."""
    from .install import install, remove

    say(remove() if undo else install())


@command(
    "app",
    ViewerParams,
    arguments=(
        argument("--dataset", metavar="NAME", help="dataset to open"),
        argument("--data-root", metavar="FOLDER", help="import this artifacts folder first"),
    ),
)
def app(viewer: ViewerParams, *, dataset: str | None, data_root: str | None) -> None:
    """Open FiftyOne's App, with Gap Explorer beside the grid."""
    from .app import open_app

    if data_root:
        from ...plugin.dataset import api

        dataset = dataset or "gapsphere"
        with opened(dataset, create=True) as data:
            say(api.import_artifacts(data, data_root))
    open_app(dataset, host=viewer.host, port=viewer.port, choices=viewer.choices())
