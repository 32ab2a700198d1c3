"""Metrics and pictures of live sessions in TensorBoard or Weights & Biases.

All sessions share one step that only rises, so their curves have one time axis.  The packages are
imported when they are chosen.
"""

from __future__ import annotations

import json
import os
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError, MissingDependencyError
from ...interchange.files.listed_paths import local_path
from ...settings.serving import MonitorKind

if TYPE_CHECKING:
    from ..loop.state import Step

Scalars = dict[str, float]
Images = dict[str, NDArray[np.uint8]]


class Monitor(ABC):
    """Logs one frame in ``every`` of each session."""

    every = 1

    def __init__(self) -> None:
        self._step = 0
        self._seen: dict[str, int] = {}

    def add(self, client: str, step: Step) -> None:
        """Count a step of a client, and log it if it is its turn."""
        number = self._seen.get(client, 0)
        self._seen[client] = number + 1
        self._step += 1
        if number % self.every == 0:
            self.log(*figures(client, step), self._step)

    def forget(self, client: str) -> None:
        self._seen.pop(client, None)

    @abstractmethod
    def settings(self, values: dict[str, Any]) -> None:
        """Log hyper-parameters by their dotted names."""

    @abstractmethod
    def log(self, scalars: Scalars, images: Images, step: int) -> None:
        """Log figures and pictures (H, W, C) of one step."""

    @abstractmethod
    def close(self) -> None: ...


class TensorBoard(Monitor):
    """Event files for ``tensorboard --logdir FOLDER``."""

    def __init__(self, folder: str | Path) -> None:
        super().__init__()
        from torch.utils.tensorboard import SummaryWriter

        self._writer = SummaryWriter(str(folder))

    def settings(self, values: dict[str, Any]) -> None:
        text = json.dumps(values, indent=2, default=str)
        self._writer.add_text("Hyperparameters", f"```json\n{text}\n```", 0)

    def log(self, scalars: Scalars, images: Images, step: int) -> None:
        for name, value in scalars.items():
            self._writer.add_scalar(name, value, step)
        for name, image in images.items():
            self._writer.add_image(name, image, step, dataformats="HWC")

    def close(self) -> None:
        self._writer.close()


class WeightsAndBiases(Monitor):
    """A run of its own; ``WANDB_MODE=offline`` keeps it on disk for ``wandb sync``."""

    def __init__(self, folder: str | Path) -> None:
        super().__init__()
        import wandb

        Path(folder).mkdir(parents=True, exist_ok=True)
        self._image = wandb.Image
        # wandb reads the environment once in a process, so its mode is read here for each run.
        mode: Any = os.environ.get("WANDB_MODE")
        try:
            self._run = wandb.init(
                project="gapsphere-sparse", job_type="serve", dir=str(folder), mode=mode,
                reinit="create_new",
            )  # fmt: skip
        except wandb.errors.UsageError as error:
            first = str(error).splitlines()[0]
            raise InputError(
                f"Weights & Biases did not start: {first} WANDB_MODE=offline needs no account."
            ) from error

    def settings(self, values: dict[str, Any]) -> None:
        self._run.config.update(values, allow_val_change=True)

    def log(self, scalars: Scalars, images: Images, step: int) -> None:
        pictures = {
            name: self._image(image[..., 0] if image.shape[2] == 1 else image)
            for name, image in images.items()
        }
        self._run.log({**scalars, **pictures}, step=step)

    def close(self) -> None:
        self._run.finish()


def open_monitor(kind: MonitorKind, folder: str | Path, every: int = 1) -> Monitor | None:
    """The monitor of a name; None for ``none``.

    MissingDependencyError without its package; InputError where Weights & Biases needs an account.
    """
    if kind == "none":
        return None
    folder = local_path(folder)
    try:
        made = TensorBoard(folder) if kind == "tensorboard" else WeightsAndBiases(folder)
    except ImportError as error:
        raise MissingDependencyError(
            f'The package {kind} is not installed: pip install "gapsphere[monitoring]".'
        ) from error
    made.every = every
    return made


def figures(client: str, step: Step) -> tuple[Scalars, Images]:
    """What is logged of a step: the specified names, and the loop's own measures."""
    from ..network.importance import stretched

    scalars: Scalars = {f"Samples/{client}/count": float(len(step.pixels))}
    if step.stats is not None:
        scalars |= {f"Importance/{client}/{k}": value for k, value in vars(step.stats).items()}
    measures = {"expected_error": step.expected_error, "held_out_psnr": step.held_out_psnr}
    scalars |= {f"Quality/{client}/{k}": v for k, v in measures.items() if np.isfinite(v)}
    images = {"Live/Reconstruction": step.frame}
    if step.importance is not None:
        images["Live/Importance"] = stretched(step.importance)[..., None]
    return scalars, images
