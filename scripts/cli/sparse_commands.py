"""``gapsphere sparse ...``: train a reconstruction model, measure it, serve it.

Settings are ``key=value`` with the YAML keys of sparse sampling, after a ``--config`` file.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

from ...plugin.errors import InputError
from .datasets import opened, viewed


def train(
    settings: dict[str, Any],
    *,
    frames: str | None,
    dataset: str | None,
    view: str | None,
    output: str,
    file: str | None,
    overrides: list[str],
) -> None:
    """Train on a file's sequences or a dataset's, or go on with such a training."""
    if (frames is None) == (dataset is None):
        raise InputError("Name what to learn from: --frames FILE, or --dataset NAME.")
    if dataset is not None:
        return _train_on_dataset(dataset, view, file, overrides)
    import numpy as np

    from ...plugin.dataset.api import bars
    from ...plugin.encoders.device import choose_device
    from ...plugin.settings.sparse import SparseTrainParams
    from ...plugin.settings.yaml import load
    from ...plugin.sparse.learn.train import TrainConfig, Trainer

    params = load(SparseTrainParams, file, overrides)
    chosen = params.model_dump()
    device = str(choose_device(chosen.pop("device")))
    logging.getLogger("gapsphere").setLevel(logging.INFO)
    clips = read_film(Path(str(frames)))
    # Places follow one another in the file; mixed, each is among the held-out ones.
    clips = clips[np.random.default_rng(0).permutation(len(clips))]
    trainer = Trainer(clips, output, TrainConfig(**chosen), device=device)
    with bars() as report:
        trainer.run(report("Training"))
    print(Path(output) / "weights.safetensors")


def _train_on_dataset(
    dataset: str, view: str | None, file: str | None, overrides: list[str]
) -> None:
    from ...plugin.dataset import api
    from ...plugin.settings.sparse import TrainSequencesParams
    from ...plugin.settings.yaml import load

    params = load(TrainSequencesParams, file, overrides)
    with opened(dataset) as data:
        print(api.train_sparse_transformer(viewed(data, view), **params.model_dump()))


def evaluate(
    settings: dict[str, Any],
    *,
    films: list[str],
    weights: str | None,
    output: str | None,
    sequences: int | None,
    frames: int,
    threads: int | None,
) -> None:
    """Print the tables of sparse sampling."""
    import torch

    from ...plugin.dataset.api import bars
    from ...plugin.sparse.measure.evaluate import Plan
    from ...plugin.sparse.network.weights import DEFAULT_WEIGHTS, fingerprint, load_weights
    from .sparse_tables import print_tables

    if threads:
        torch.set_num_threads(threads)
    path = Path(weights) if weights else DEFAULT_WEIGHTS
    model = load_weights(path)
    read = {Path(film).stem: read_film(Path(film))[:sequences] for film in films}
    plan = Plan(frames=frames, each=max(1, frames // 3))
    for name, film in read.items():
        if film.shape[1] < plan.first + frames or len(film) < 2:
            raise InputError(
                f"{name} has {len(film)} sequences of {film.shape[1]} frames; two sequences of "
                f"{plan.first + frames} are needed."
            )
    print(f"weights {path.name}, {fingerprint(path)}")
    with bars() as report:
        print_tables(
            model,
            read,
            plan=plan,
            counts=(250, 350, 1000),
            output=Path(output) if output else None,
            report=report,
        )


def simulate(
    settings: dict[str, Any],
    *,
    dataset: str,
    view: str | None,
    suffix: str,
    file: str | None,
    overrides: list[str],
) -> None:
    """Simulate sampling on a dataset's sequences."""
    from ...plugin.dataset import api
    from ...plugin.settings.sparse import SimulateParams
    from ...plugin.settings.yaml import load

    params = load(SimulateParams, file, overrides)
    with opened(dataset) as data:
        samples = viewed(data, view)
        chosen = {**params.model_dump(), "suffix": suffix}
        print(api.simulate_adaptive_sampling(samples, **chosen))


def serve(settings: dict[str, Any], *, file: str | None, overrides: list[str]) -> None:
    """Serve live clients until Ctrl-C."""
    import torch

    from ...plugin.dataset.sparse.models import open_registry
    from ...plugin.dataset.store.places import sparse_server
    from ...plugin.settings.fields import select
    from ...plugin.settings.serving import ServeParams
    from ...plugin.settings.sparse import SparseParams
    from ...plugin.settings.yaml import load
    from ...plugin.sparse.live.serve import serve as serve_clients
    from ...plugin.sparse.live.state import announced

    class LiveParams(ServeParams, SparseParams):
        """A server's own settings, and what sessions start from."""

    both = load(LiveParams, file, overrides)
    params, sampling = select(ServeParams, both), select(SparseParams, both)
    logging.getLogger("gapsphere").setLevel(logging.INFO)
    # Each worker gets its share of the cores instead of all of them.
    torch.set_num_threads(max(1, (os.cpu_count() or 1) // params.workers))
    registry = open_registry(params.device, params.model_files)
    with announced(sparse_server(), params.token) as announce:

        def ready(address: str) -> None:
            announce(address)
            print(f"Clients connect to {address}; Ctrl-C stops.", flush=True)

        serve_clients(params, sampling, ready=ready, registry=registry)


def import_recording(
    settings: dict[str, Any], *, folder: str, dataset: str, keypoints: bool
) -> None:
    """Add a session that the server recorded to a dataset."""
    from ...plugin.dataset import api

    with opened(dataset, create=True) as data:
        print(api.import_sparse_recording(data, folder, keypoints=keypoints))


def clean(settings: dict[str, Any], *, delete: bool) -> None:
    """Tell what simulations of deleted datasets left on the disk, or delete it."""
    from ...plugin.dataset.sparse.leftovers import leftovers

    found = leftovers()
    for leftover in found:
        print(leftover)
    if not found:
        print("No simulation of a deleted dataset has left files.")
    elif not delete:
        print("Nothing was deleted; --delete does it.")
    else:
        unused = [leftover for leftover in found if leftover.shown_by is None]
        for leftover in unused:
            leftover.delete()
        kept = len(found) - len(unused)
        print(f"Deleted the files of {len(unused)} datasets, kept those of {kept}.")


def read_film(path: Path) -> Any:
    """``frames`` of a file that ``sparse_frames.py`` wrote, uint8 (sequences, length, H, W)."""
    import numpy as np

    try:
        with np.load(path) as file:
            frames = file["frames"]
    except (OSError, ValueError, KeyError) as error:
        raise InputError(
            f"{path} cannot be read as sequences of frames: {error}. "
            f"scripts/bench/sparse_frames.py makes such files."
        ) from error
    if frames.ndim != 4 or frames.dtype != np.uint8:
        raise InputError(f"{path}: `frames` has to be uint8 (sequences, length, H, W).")
    return frames
