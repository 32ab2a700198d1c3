"""``gapsphere sparse ...``: train a reconstruction model, measure it, serve it."""

from __future__ import annotations

import logging
import os
from collections import Counter
from pathlib import Path
from typing import Any

from ...plugin.errors import ArtifactError, InputError
from ...plugin.interchange.files.checked import read_npz
from ...plugin.interchange.files.listed_paths import local_path
from ...plugin.settings.serving import ServeParams
from ...plugin.settings.sparse import (
    SimulateParams,
    SparseParams,
    SparseTrainParams,
    TrainSequencesParams,
)
from .command import DATASET, VIEW, argument, command, count, step_command
from .datasets import opened, viewed
from .say import say

FROM_NOTHING = SparseTrainParams()
MODEL = "build/sparse/model"


@command(
    "sparse train",
    TrainSequencesParams,
    SparseTrainParams,
    arguments=(
        argument(
            "--frames",
            metavar="FILE",
            help="learn from a file of frame sequences (.npz); the defaults are then "
            f"--steps {FROM_NOTHING.steps}, --learning-rate {FROM_NOTHING.learning_rate} and "
            f"--patience {FROM_NOTHING.patience}",
        ),
        argument(
            "--dataset",
            metavar="NAME",
            help="or from the sequences of this dataset; --model-name names the model",
        ),
        VIEW,
        argument(
            "--output",
            metavar="FOLDER",
            help=f"where the model of --frames is written [{MODEL}]",
        ),
    ),
)
def train(
    on_dataset: TrainSequencesParams,
    on_file: SparseTrainParams,
    *,
    frames: str | None,
    dataset: str | None,
    view: str | None,
    output: str | None,
) -> None:
    """Train a model that rebuilds frames from few pixels; the same folder or name continues it."""
    if (frames is None) == (dataset is None):
        raise InputError("Name what to learn from: --frames FILE, or --dataset NAME.")
    if dataset is not None and output is not None:
        raise InputError("--dataset trains without --output: --model-name says where to.")
    if frames is not None and view is not None:
        raise InputError("--frames trains without --view, which is of a --dataset.")
    if dataset is not None:
        from ...plugin.dataset import api

        with opened(dataset) as data:
            say(api.train_sparse_transformer(viewed(data, view), **dict(on_dataset)))
        return
    unused = on_dataset.model_fields_set - set(SparseTrainParams.model_fields)
    if unused:
        raise InputError(f"--frames trains without {', '.join(sorted(unused))}: leave it out.")
    import numpy as np

    from ...plugin.dataset.api import bars
    from ...plugin.encoders.device import choose_device
    from ...plugin.sparse.learn.train import TrainConfig, Trainer

    config = TrainConfig(**dict(on_file))
    logging.getLogger("gapsphere").setLevel(logging.INFO)
    clips = read_film(local_path(str(frames)))
    # Places follow one another in the file; mixed, each is among the held-out ones.
    clips = clips[np.random.default_rng(0).permutation(len(clips))]
    folder = local_path(output or MODEL)
    trainer = Trainer(clips, folder, config, device=str(choose_device(on_file.device)))
    folder.mkdir(parents=True, exist_ok=True)
    with bars() as report:
        trainer.run(report("Training"))
    say(folder / "weights.safetensors")


@command(
    "sparse evaluate",
    arguments=(
        argument("films", nargs="+", metavar="FRAMES", help="files of sequences"),
        argument("--weights", metavar="FILE", help="weights; default: the packaged ones"),
        argument(
            "--output", metavar="FOLDER", help="draw PSNR by number of pixels into this folder"
        ),
        argument(
            "--sequences", type=count, metavar="N", help="sequences of each file; default: all"
        ),
        argument("--frames", type=count, default=18, metavar="N", help="frames measured of each"),
        argument("--threads", type=count, metavar="N", help="threads of the model"),
    ),
)
def evaluate(
    *,
    films: list[str],
    weights: str | None,
    output: str | None,
    sequences: int | None,
    frames: int,
    threads: int | None,
) -> None:
    """Print how well pixels are placed and frames rebuilt, beside classical methods."""
    import torch

    from ...plugin.dataset.api import bars
    from ...plugin.sparse.measure.evaluate import Plan
    from ...plugin.sparse.network.weights import DEFAULT_WEIGHTS, fingerprint, load_weights
    from .sparse_tables import COUNTS, print_tables

    if threads:
        torch.set_num_threads(threads)
    path = local_path(weights) if weights else DEFAULT_WEIGHTS
    model = load_weights(path)
    stems = Counter(Path(film).stem for film in films)
    called = {film if stems[Path(film).stem] > 1 else Path(film).stem: film for film in films}
    read = {name: read_film(local_path(film))[:sequences] for name, film in called.items()}
    plan = Plan(frames=frames, each=max(1, frames // 3))
    for name, film in read.items():
        if film.shape[1] < plan.first + frames or len(film) < 2:
            raise InputError(
                f"{name} has {len(film)} sequences of {film.shape[1]} frames; two sequences of "
                f"{plan.first + frames} are needed."
            )
        height, width = film.shape[2:]
        if height * width <= max(plan.count, *COUNTS):
            raise InputError(
                f"{name} has frames of {width} x {height}: the tables sample up to "
                f"{max(plan.count, *COUNTS)} pixels, which would be all of them. Give larger "
                "frames."
            )
    folder = local_path(output) if output else None
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    say(f"weights {path.name}, {fingerprint(path)}")
    with bars() as report:
        print_tables(model, read, plan=plan, output=folder, report=report)


step_command(
    "sparse simulate",
    "simulate_adaptive_sampling",
    SimulateParams,
    "Play a dataset's sequences as if few pixels of each frame were measured",
    arguments=(DATASET, VIEW),
)


@command("sparse serve", ServeParams, SparseParams)
def serve(params: ServeParams, sampling: SparseParams) -> None:
    """Serve live clients: they send few pixels of each frame, it answers which to send next."""
    import torch

    from ...plugin.dataset.sparse.models import open_registry
    from ...plugin.dataset.store.places import sparse_server
    from ...plugin.sparse.live.serve import serve as serve_clients
    from ...plugin.sparse.live.state import announced

    logging.getLogger("gapsphere").setLevel(logging.INFO)
    # Each worker gets its share of the cores instead of all of them.
    torch.set_num_threads(max(1, (os.cpu_count() or 1) // params.workers))
    registry = open_registry(params.device, params.model_files)
    with announced(sparse_server(), params.token) as announce:
        started: list[str] = []

        def ready(address: str) -> None:
            started.append(address)
            announce(address, 0)
            say(f"Clients connect to {address}; Ctrl-C stops.", flush=True)

        def counted(sessions: int) -> None:
            announce(started[0], sessions)

        serve_clients(params, sampling, ready=ready, counted=counted, registry=registry)


@command(
    "sparse import",
    arguments=(
        argument("folder", metavar="FOLDER", help="one session in the folder of --record"),
        DATASET,
        argument("--keypoints", action="store_true", help="keep the measured pixels as keypoints"),
    ),
)
def import_recording(*, folder: str, dataset: str, keypoints: bool) -> None:
    """Add a session that the server recorded to a dataset, as a sequence."""
    from ...plugin.dataset import api

    with opened(dataset, create=True) as data:
        say(api.import_sparse_recording(data, folder, keypoints=keypoints))


@command(
    "sparse clean",
    arguments=(argument("--delete", action="store_true", help="delete them"),),
)
def clean(*, delete: bool) -> None:
    """List the files that simulations of deleted datasets have left, or delete them."""
    from ...plugin.dataset.sparse.leftovers import leftovers

    found = leftovers()
    for leftover in found:
        say(leftover)
    if not found:
        say("No simulation of a deleted dataset has left files.")
    elif not delete:
        say("Nothing was deleted; --delete does it.")
    else:
        unused = [leftover for leftover in found if leftover.shown_by is None]
        for leftover in unused:
            leftover.delete()
        kept = len(found) - len(unused)
        say(f"Deleted the files of {len(unused)} datasets, kept those of {kept}.")


def read_film(path: Path) -> Any:
    """``frames`` of a file that ``sparse_frames.py`` wrote, uint8 (sequences, length, H, W)."""
    import numpy as np

    try:
        frames = read_npz(path, "frames")
    except ArtifactError as error:
        raise InputError(
            f"{path} cannot be read as sequences of frames: {error} "
            f"scripts/bench/sparse_frames.py makes such files."
        ) from error
    if frames.ndim != 4 or frames.dtype != np.uint8:
        raise InputError(f"{path}: `frames` has to be uint8 (sequences, length, H, W).")
    return frames
