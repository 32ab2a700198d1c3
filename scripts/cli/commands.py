"""What each command of ``gapsphere`` does: thin over the Python API, with words for a terminal."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...plugin.errors import InputError
from ...plugin.settings import questions as question_settings
from ...plugin.settings import rationales as rationale_settings
from ...plugin.settings import spec as spec_settings
from ...plugin.settings import steps as config
from . import sparse_commands
from .datasets import opened, viewed

Settings = dict[str, Any]
Argument = tuple[tuple[str, ...], dict[str, Any]]


@dataclass(frozen=True)
class Command:
    """Name, help, the settings it reads, and what it does with them."""

    name: str
    help: str
    run: Callable[..., None]
    params: tuple[type[config.Params], ...] = ()
    arguments: tuple[Argument, ...] = field(default=())


DATASET: Argument = (
    ("--dataset",),
    {"default": "gapsphere", "metavar": "NAME", "help": "FiftyOne dataset [gapsphere]"},
)
DATA_ROOT: Argument = (
    ("--data-root",),
    {"default": "outputs", "metavar": "FOLDER", "help": "folder with the artifacts [outputs]"},
)


def load(settings: Settings, *, dataset: str) -> None:
    from ...plugin.dataset import api

    with opened(dataset, create=True) as data:
        print(api.load_images(data, **settings))


def find_gaps(settings: Settings, *, dataset: str) -> None:
    from ...plugin.dataset import api

    loads, steps = _parted(settings, config.LoadParams, config.GapParams)
    with opened(dataset, create=_names_images(loads)) as data:
        if _names_images(loads):
            print(api.load_images(data, **loads))
        print(api.find_gaps(data, **steps))


def embed(settings: Settings, *, dataset: str, split: str) -> None:
    from ...plugin.dataset import api

    loads, steps = _parted(settings, config.LoadParams, config.EmbeddingParams)
    loads.pop("pool_images" if split == "S" else "owned_images", None)
    with opened(dataset, create=_names_images(loads)) as data:
        if _names_images(loads):
            print(api.load_images(data, **loads))
        view = data.match_tags(split)
        if not len(view):
            flag = "--owned-images" if split == "S" else "--pool-images"
            raise InputError(
                f"No sample has the tag {split!r}: give {flag} or data.{split}_dir in the config, "
                f"or load images first."
            )
        print(api.compute_embeddings(view, **steps))


def heatmap(settings: Settings, *, dataset: str, view: str | None) -> None:
    from ...plugin.dataset import api

    with opened(dataset) as data:
        print(api.compute_heatmaps(viewed(data, view), **settings))


def analyze(settings: Settings, *, dataset: str, data_root: str, overwrite_outputs: bool) -> None:
    from ...plugin.dataset import api

    plot, steps = _parted(settings, config.PlotParams, AnalyzeParams)
    params = config.make(AnalyzeParams, steps)
    shown = config.select(config.SetParams, params).model_dump() | plot
    with opened(dataset) as data:
        for step, part in (
            (api.compute_coverage, config.CoverageParams),
            (api.select_kcenter, config.KCenterParams),
            (api.compute_sphere, config.SphereParams),
        ):
            print(step(data, **config.select(part, params).model_dump()))
        print(api.export_artifacts(data, data_root, overwrite=overwrite_outputs, **shown))


class AnalyzeParams(config.CoverageParams, config.KCenterParams, config.SphereParams):
    """Coverage, K-Center and sphere, on vectors that are there."""


class ExportParams(config.SetParams, config.PlotParams):
    """What is exported, and how it is drawn."""


def export_artifacts(
    settings: Settings, *, dataset: str, data_root: str, overwrite_outputs: bool
) -> None:
    from ...plugin.dataset import api

    with opened(dataset) as data:
        print(api.export_artifacts(data, data_root, overwrite=overwrite_outputs, **settings))


def import_artifacts(settings: Settings, *, dataset: str, data_root: str) -> None:
    from ...plugin.dataset import api

    with opened(dataset, create=True) as data:
        print(api.import_artifacts(data, data_root, **settings))


def export_spec(settings: Settings, *, dataset: str) -> None:
    from ...plugin.dataset import api

    with opened(dataset) as data:
        print(api.export_visual_spec(data, settings.pop("output", None), **settings))


def check_spec(settings: Settings, *, spec: str, folder: str) -> None:
    from ...plugin.dataset import api

    checked = api.check_spec(spec, folder, **settings)
    for answer in checked.answers:
        print(answer)
    print(checked)


def import_features(settings: Settings, *, dataset: str, port: int) -> None:
    from ...plugin.dataset import api

    folder = settings.pop("cache_dir", None)
    if not folder:
        raise InputError("Name the cache: --cache-dir FOLDER, which holds metadata.csv.")
    with opened(dataset, create=True) as data:
        print(api.import_feature_cache(data, folder, **settings))
    print(f"open it: gapsphere app --dataset {shlex.quote(dataset)} --port {port}")


def export_reviews(settings: Settings, *, dataset: str) -> None:
    from ...plugin.dataset import api

    with opened(dataset) as data:
        print(api.export_reviews(data, settings.pop("folder", "reviewed"), **settings))


def ask(settings: Settings, *, dataset: str) -> None:
    from ...plugin.dataset.gaps.ask import ask as answer

    with opened(dataset) as data:
        print(answer(data, config.make(question_settings.AskParams, settings)))


def rank_gaps(settings: Settings, *, dataset: str) -> None:
    from ...plugin.dataset import api

    with opened(dataset) as data:
        print(api.rank_gaps_by_failures(data, **settings))


def demo_data(settings: Settings, *, folder: str, owned: int, pool: int, seed: int) -> None:
    from ...plugin.dataset.api import bars
    from ..demo.drive import render_drive

    with bars() as report:
        render_drive(Path(folder), seed=seed, images=(owned, pool), progress=report("Rendering"))
    print(f"{Path(folder) / 'metadata.csv'}")


def demo(settings: Settings, *, folder: str, port: int, no_app: bool) -> None:
    from .demo import run_demo

    run_demo(Path(folder), port=port, open_app=not no_app)


def install_plugin(settings: Settings, *, undo: bool) -> None:
    from .install import install, remove

    print(remove() if undo else install())


def app(
    settings: Settings, *, dataset: str | None, host: str, port: int, data_root: str | None
) -> None:
    from .app import open_app

    if data_root:
        dataset = dataset or "gapsphere"
        import_artifacts({}, dataset=dataset, data_root=data_root)
    open_app(dataset, host=host, port=port)


def _parted(settings: Settings, *params: type[config.Params]) -> list[Settings]:
    """The settings that each class knows."""
    return [{k: v for k, v in settings.items() if k in cls.model_fields} for cls in params]


def _names_images(loads: Settings) -> bool:
    return any(loads.get(name) for name in ("owned_images", "pool_images", "csv"))


OVERWRITE: Argument = (
    ("--overwrite-outputs",),
    {"action": "store_true", "help": "replace artifacts that are there"},
)
FOLDER: Argument = (
    ("--folder",),
    {
        "default": "build/demo_drive",
        "metavar": "FOLDER",
        "help": "where it goes [build/demo_drive]",
    },
)
SPARSE_CONFIG: Argument = (
    ("--config",),
    {"dest": "file", "metavar": "FILE", "help": "settings of sparse sampling from a YAML file"},
)
OVERRIDES: Argument = (
    ("overrides",),
    {"nargs": "*", "metavar": "KEY=VALUE", "help": "settings, such as training.steps=1000"},
)
PORT: Argument = (("--port",), {"type": int, "default": 5151, "help": "App port [5151]"})

GROUPS = {"sparse": "Few pixels of each frame: train a model, measure it, serve it"}
"""Help of the first words that several commands share."""

COMMANDS = (
    Command(
        "demo",
        "Render a drive, find its gaps and open the App",
        demo,
        arguments=(
            FOLDER,
            PORT,
            (("--no-app",), {"action": "store_true", "help": "stop before the App opens"}),
        ),
    ),
    Command(
        "demo-data",
        "Render the demo drive: seeded driving scenes with metadata, no download",
        demo_data,
        arguments=(
            FOLDER,
            (("--owned",), {"type": int, "default": 240, "help": "images of S [240]"}),
            (("--pool",), {"type": int, "default": 360, "help": "images of U [360]"}),
            (("--seed",), {"type": int, "default": 51, "help": "seed [51]"}),
        ),
    ),
    Command(
        "load",
        "Add images to a dataset as S (owned) and U (candidates)",
        load,
        (config.LoadParams,),
        (DATASET,),
    ),
    Command(
        "find-gaps",
        "Load images where given, then embeddings, coverage, K-Center and sphere in a row",
        find_gaps,
        (config.LoadParams, config.GapParams),
        (DATASET,),
    ),
    Command(
        "ask",
        "Say what is at an image, at an empty place or in a cap of the sphere",
        ask,
        (question_settings.AskParams,),
        (DATASET,),
    ),
    Command(
        "embed",
        "Load S or U where given, and embed it",
        embed,
        (config.LoadParams, config.EmbeddingParams),
        (
            DATASET,
            (("--split",), {"choices": ["S", "U"], "required": True, "help": "which set"}),
        ),
    ),
    Command(
        "analyze",
        "Coverage, K-Center and sphere of embedded images; writes the artifacts folder",
        analyze,
        (AnalyzeParams, config.PlotParams),
        (DATASET, DATA_ROOT, OVERWRITE),
    ),
    Command(
        "heatmap",
        "Show what the encoder looked at, as a heatmap on each image",
        heatmap,
        (config.HeatmapParams,),
        (
            DATASET,
            (("--view",), {"metavar": "NAME", "help": "only the images of this saved view"}),
        ),
    ),
    Command(
        "export-artifacts",
        "Write embeddings, coordinates, distances, picks and the 3D plot to a folder",
        export_artifacts,
        (ExportParams,),
        (DATASET, DATA_ROOT, OVERWRITE),
    ),
    Command(
        "import-artifacts",
        "Read such a folder, made here or elsewhere, into a dataset",
        import_artifacts,
        (config.AnalysisParams,),
        (DATASET, DATA_ROOT),
    ),
    Command(
        "export-spec",
        "Write a Visual Spec: what to collect, what not, how many, and what counts",
        export_spec,
        (spec_settings.SpecParams,),
        (DATASET,),
    ),
    Command(
        "check-spec",
        "Say of each new image whether it is what a Visual Spec asked for",
        check_spec,
        (spec_settings.CheckSpecParams,),
        (
            (("spec",), {"metavar": "SPEC", "help": "the spec's ZIP, or its spec.json"}),
            (("folder",), {"metavar": "FOLDER", "help": "new images: a folder or a glob"}),
        ),
    ),
    Command(
        "import-features",
        "Read a feature cache: metadata, coordinates, embeddings, an LLM's rationales",
        import_features,
        (rationale_settings.FeatureCacheParams,),
        (DATASET, PORT),
    ),
    Command(
        "export-reviews",
        "Write the cache's tables again with what a person decided beside the rows",
        export_reviews,
        (rationale_settings.ReviewExportParams,),
        (DATASET,),
    ),
    Command(
        "rank-gaps",
        "Order gaps by how often a model fails beside them",
        rank_gaps,
        (rationale_settings.FailureParams,),
        (DATASET,),
    ),
    Command(
        "sparse train",
        "Train the model that rebuilds frames from few pixels; the same folder goes on",
        sparse_commands.train,
        arguments=(
            (("--frames",), {"metavar": "FILE", "help": "sequences of frames in a file"}),
            (("--dataset",), {"metavar": "NAME", "help": "or a dataset's; by training.model_name"}),
            (("--view",), {"metavar": "NAME", "help": "only the samples of this saved view"}),
            (
                ("--output",),
                {
                    "default": "build/sparse/model",
                    "metavar": "FOLDER",
                    "help": "where a file's model goes [build/sparse/model]",
                },
            ),
            SPARSE_CONFIG,
            OVERRIDES,
        ),
    ),
    Command(
        "sparse evaluate",
        "Print how well pixels are placed and frames rebuilt, beside classical methods",
        sparse_commands.evaluate,
        arguments=(
            (("films",), {"nargs": "+", "metavar": "FRAMES", "help": "files of sequences"}),
            (("--weights",), {"metavar": "FILE", "help": "weights; default: the packaged ones"}),
            (("--output",), {"metavar": "FOLDER", "help": "draw PSNR by sample count there"}),
            (("--sequences",), {"type": int, "metavar": "N", "help": "of each file; default: all"}),
            (("--frames",), {"type": int, "default": 18, "metavar": "N", "help": "measured [18]"}),
            (("--threads",), {"type": int, "metavar": "N", "help": "of the model"}),
        ),
    ),
    Command(
        "sparse simulate",
        "Play a dataset's sequences as if few pixels of each frame were measured",
        sparse_commands.simulate,
        arguments=(
            DATASET,
            (("--view",), {"metavar": "NAME", "help": "only the samples of this saved view"}),
            (
                ("--suffix",),
                {"default": "", "metavar": "TEXT", "help": "of the fields: a policy beside others"},
            ),
            SPARSE_CONFIG,
            OVERRIDES,
        ),
    ),
    Command(
        "sparse serve",
        "Serve live clients: they send few pixels of each frame, it tells which to send next",
        sparse_commands.serve,
        arguments=(SPARSE_CONFIG, OVERRIDES),
    ),
    Command(
        "sparse import",
        "Add a session that the server recorded to a dataset, as a sequence",
        sparse_commands.import_recording,
        arguments=(
            (("folder",), {"metavar": "FOLDER", "help": "one session of the record folder"}),
            DATASET,
            (("--keypoints",), {"action": "store_true", "help": "measured pixels as keypoints"}),
        ),
    ),
    Command(
        "sparse clean",
        "List the files that simulations of deleted datasets have left, or delete them",
        sparse_commands.clean,
        arguments=((("--delete",), {"action": "store_true", "help": "delete them"}),),
    ),
    Command(
        "install-plugin",
        "Link Gapsphere into FiftyOne's plugin folder (--undo takes the link away)",
        install_plugin,
        arguments=((("--undo",), {"action": "store_true", "help": "take the link away"}),),
    ),
    Command(
        "app",
        "Open the App",
        app,
        arguments=(
            (("--dataset",), {"metavar": "NAME", "help": "dataset to open"}),
            (("--host",), {"default": "127.0.0.1", "help": "address to bind to [127.0.0.1]"}),
            PORT,
            (("--data-root",), {"metavar": "FOLDER", "help": "import this artifacts folder first"}),
        ),
    ),
)
