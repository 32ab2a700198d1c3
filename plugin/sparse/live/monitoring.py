"""Metrics and pictures of live sessions to TensorBoard or Weights & Biases; to nobody by default.

The names are the seed's (``Importance/{client}/mean``, ``Live/Reconstruction``).  All sessions
share one step that only rises, so their curves have one time axis.  The packages are imported when
they are chosen, and having one installed starts nothing.
"""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError, MissingDependencyError
from ...settings.serving import MonitorKind

if TYPE_CHECKING:
    from ..loop.state import Step


class Monitor(Protocol):
    """Where figures go; calls come from one thread."""

    def settings(self, values: dict[str, Any]) -> None:
        """Hyper-parameters of the run, by their dotted names."""

    def log(
        self, scalars: dict[str, float], images: dict[str, NDArray[np.uint8]], step: int
    ) -> None:
        """Figures and pictures (H, W, C) of one step."""

    def close(self) -> None:
        """Write what is left."""


class Nobody:
    """The default: nothing is logged."""

    def settings(self, values: dict[str, Any]) -> None: ...

    def log(
        self, scalars: dict[str, float], images: dict[str, NDArray[np.uint8]], step: int
    ) -> None: ...

    def close(self) -> None: ...


class TensorBoard:
    """Event files for ``tensorboard --logdir FOLDER``."""

    def __init__(self, folder: str | Path) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise MissingDependencyError(
                'TensorBoard is not installed: pip install "gapsphere[monitoring]".'
            ) from error
        self._writer = SummaryWriter(str(folder))

    def settings(self, values: dict[str, Any]) -> None:
        text = "```json\n" + json.dumps(values, indent=2, default=str) + "\n```"
        self._writer.add_text("Hyperparameters", text, 0)

    def log(
        self, scalars: dict[str, float], images: dict[str, NDArray[np.uint8]], step: int
    ) -> None:
        for name, value in scalars.items():
            self._writer.add_scalar(name, value, step)
        for name, image in images.items():
            self._writer.add_image(name, image, step, dataformats="HWC")

    def close(self) -> None:
        self._writer.close()


class WeightsAndBiases:
    """A run of our own; ``WANDB_MODE=offline`` keeps it on disk for ``wandb sync``."""

    def __init__(self, folder: str | Path) -> None:
        try:
            import wandb
        except ImportError as error:
            raise MissingDependencyError(
                'Weights & Biases is not installed: pip install "gapsphere[monitoring]".'
            ) from error
        Path(folder).mkdir(parents=True, exist_ok=True)
        self._image = wandb.Image
        try:
            mode: Any = os.environ.get("WANDB_MODE")
            self._run = wandb.init(
                project="gapsphere-sparse",
                job_type="serve",
                dir=str(folder),
                # Its own reading of the environment is of the first run in this process.
                mode=mode,
                reinit="create_new",
            )
        except wandb.errors.UsageError as error:
            first = str(error).splitlines()[0]
            raise InputError(
                f"Weights & Biases did not start: {first} WANDB_MODE=offline needs no account."
            ) from error

    def settings(self, values: dict[str, Any]) -> None:
        self._run.config.update(values, allow_val_change=True)

    def log(
        self, scalars: dict[str, float], images: dict[str, NDArray[np.uint8]], step: int
    ) -> None:
        pictures = {
            name: self._image(image[..., 0] if image.shape[2] == 1 else image)
            for name, image in images.items()
        }
        self._run.log({**scalars, **pictures}, step=step)

    def close(self) -> None:
        self._run.finish()


def open_monitor(kind: MonitorKind, folder: str | Path) -> Monitor:
    """The monitor of a name.

    Raises
    ------
    MissingDependencyError
        Its package is not installed.
    InputError
        Weights & Biases wants an account and is not offline.
    """
    if kind == "tensorboard":
        return TensorBoard(folder)
    if kind == "wandb":
        return WeightsAndBiases(folder)
    return Nobody()


class LiveMonitor:
    """Turns steps of many sessions into one log: of each, one frame in ``every``."""

    def __init__(self, monitor: Monitor, every: int = 1) -> None:
        self._monitor, self._every = monitor, every
        self._step = 0
        self._seen: dict[str, int] = {}
        self._lock = threading.Lock()

    def settings(self, values: dict[str, Any]) -> None:
        """See :meth:`Monitor.settings`."""
        self._monitor.settings(values)

    def add(self, client: str, step: Step) -> None:
        """Log one step of a client."""
        with self._lock:
            number = self._seen.get(client, 0)
            self._seen[client] = number + 1
            self._step += 1
            at = self._step
        if number % self._every:
            return
        scalars, images = figures(client, step)
        self._monitor.log(scalars, images, at)

    def forget(self, client: str) -> None:
        """A session ended."""
        with self._lock:
            self._seen.pop(client, None)

    def close(self) -> None:
        """Write what is left."""
        self._monitor.close()


def figures(client: str, step: Step) -> tuple[dict[str, float], dict[str, NDArray[np.uint8]]]:
    """What is logged of a step: the seed's names, and the loop's own measures beside them."""
    from ..network.importance import stretched

    scalars: dict[str, float] = {f"Samples/{client}/count": float(len(step.pixels))}
    if step.stats is not None:
        scalars |= {
            f"Importance/{client}/{name}": value for name, value in vars(step.stats).items()
        }
    measures = {"expected_error": step.expected_error, "held_out_psnr": step.held_out_psnr}
    scalars |= {f"Quality/{client}/{k}": v for k, v in measures.items() if np.isfinite(v)}
    images = {"Live/Reconstruction": step.frame}
    if step.importance is not None:
        images["Live/Importance"] = np.rint(255 * stretched(step.importance)).astype(np.uint8)[
            ..., None
        ]
    return scalars, images
