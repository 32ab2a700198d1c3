"""Training: many streams side by side, each played through sampler, model and memory.

The loss is taken on pixels that were **not** sampled: at the samples, copying would be perfect.
It is the logarithm of each frame's squared error, so that a decibel counts the same on easy and
hard frames, and a Laplace likelihood that teaches the expected error.  A step's randomness follows
from the seed and the step's number, so a run that was cut off goes on from its checkpoint.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...errors import CheckpointError, InputError, NotFiniteError
from ...interchange.files.checked import write_text, write_whole
from ...progress import Progress, silent
from ...settings.sparse import Pattern, SparseTrainParams
from ..frames.samples import Memory, Samples, passing_through, remember, samples_of
from ..network.model import ModelConfig, Reconstruction, SparsePixelTransformer
from ..network.weights import read_tensors, save_weights
from ..sampling.adaptive import AdaptiveSampler
from ..sampling.sampler import Request, Sampler
from ..sampling.uniform import UniformSampler
from .streams import StreamConfig, play

log = logging.getLogger(__name__)
Frames = NDArray[np.uint8]

MOST_REFUSED = 20
"""Steps in a row whose gradient is not finite, until training gives up."""


class TrainConfig(SparseTrainParams):
    """How long and how a model is trained: the settings, and constants of the method.

    ``density`` is the share of pixels that an average stream samples; each stream varies it by a
    factor between ``1 / density_range`` and ``density_range``.  The attention learns on every
    ``attention_every``-th step alone, which costs most of the time.  The learning rate rises over
    ``warmup`` steps, stays, and falls to zero over the last ``decay`` share of ``steps``.
    """

    warmup: int = 50
    decay: float = 0.55
    weight_decay: float = 0.01
    density: float = 500 / 128**2
    density_range: float = 2.0
    with_memory: float = 0.6
    horizon: int = 24
    error_weight: float = 0.05
    attention_every: int = 3
    average: float = 0.998
    save_every: int = 50
    validate_every: int = 200
    stream: StreamConfig = StreamConfig()


@dataclass
class _Stream:
    """One stream's place: what it plays, how it samples, what it remembers."""

    frames: Iterator[NDArray[np.uint8]]
    sampler: Sampler
    share: float
    memory: Memory | None
    keeps: bool
    importance: NDArray[np.float32] | None = None


class Trainer:
    """Trains one model on ``clips`` (sequences, length, H, W), uint8; a folder's run goes on.

    The last ``held_out`` sequences, a twentieth if not given, are kept for validation.
    """

    def __init__(
        self,
        clips: Frames,
        folder: str | Path,
        config: TrainConfig | None = None,
        model: ModelConfig | None = None,
        device: str = "cpu",
        held_out: int | None = None,
    ) -> None:
        self.config = config or TrainConfig()
        crop = self.config.stream.crop
        if clips.ndim != 4 or clips.dtype != np.uint8 or min(clips.shape[2:]) < crop:
            raise InputError(
                f"Training needs uint8 clips (sequences, length, H, W) with sides of at least "
                f"{crop} pixels, not {clips.dtype} {clips.shape}."
            )
        self._frames = hashlib.sha256(np.ascontiguousarray(clips).data).hexdigest()[:16]
        held = held_out or max(1, len(clips) // 20)
        if len(clips) <= held:
            raise InputError("Training needs at least two sequences, one of them for validation.")
        self.clips, self.held_out = clips[:-held], clips[-held:]
        self.folder, self.device = Path(folder), device
        torch.manual_seed(self.config.seed)
        self.model = SparsePixelTransformer(model).to(device)
        self.mean = SparsePixelTransformer(model).to(device)
        self.mean.load_state_dict(self.model.state_dict())
        self.mean.requires_grad_(False)
        self.optimiser = torch.optim.AdamW(
            self.model.parameters(),
            lr=self.config.learning_rate,
            weight_decay=self.config.weight_decay,
            betas=(0.9, 0.98),
        )
        self.step = 0
        self.best = (-np.inf, 0)
        self._refused = 0

    def run(self, progress: Progress = silent) -> SparsePixelTransformer:
        """Train up to ``config.steps`` and return the averaged model; resumes a checkpoint."""
        config = self.config
        if (self.folder / "checkpoint.safetensors").exists():
            self.resume()
        streams: list[_Stream | None] = [None] * config.batch_size
        history: list[tuple[float, float]] = []
        started, spent = time.process_time(), 0.0
        while self.step < config.steps:
            random = np.random.default_rng([config.seed, self.step])
            loss, psnr = self._step(streams, random)
            if np.isfinite(loss):
                history.append((loss, psnr))
            self.step += 1
            progress(self.step, config.steps)
            last = self.step == config.steps
            if self.step % config.save_every == 0 or last:
                checks = self.step % config.validate_every == 0 or last
                score = self.validate() if checks else None
                spent = time.process_time() - started
                loss, psnr = np.mean(history, axis=0).tolist() if history else (np.nan, np.nan)
                self._log(step=self.step, loss=loss, psnr=psnr, validation=score, seconds=spent)
                history.clear()
                enough = score is not None and self._out_of_patience(score)
                self.save()
                if enough:
                    break
        return self.mean

    def _step(
        self, streams: list[_Stream | None], random: np.random.Generator
    ) -> tuple[float, float]:
        for group in self.optimiser.param_groups:
            group["lr"] = self.config.learning_rate * self.rate(self.step)
        taken: list[tuple[_Stream, NDArray[np.uint8], Samples]] = []
        for slot, before in enumerate(streams):
            stream, frame = self._next(before, random)
            streams[slot] = stream
            taken.append((stream, frame, self._sampled(stream, frame, random)))
        scenes = [self.model.scene(samples, stream.memory) for stream, _, samples in taken]
        with torch.autocast(self.device, torch.bfloat16, enabled=self.config.use_amp):
            head_only = self.step % self.config.attention_every != 0
            made = self.model.reconstruct(scenes, chunk=1 << 16, head_only=head_only)
        target = torch.from_numpy(np.stack([frame for _, frame, _ in taken])).to(self.device)
        target = target.permute(0, 3, 1, 2).float() / 255
        loss, psnr = losses(
            made, target, [samples for *_, samples in taken], self.config.error_weight
        )
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        if torch.isfinite(norm):
            self.optimiser.step()
            self._average()
            self._refused = 0
        else:
            self._refuse()
        frames = made.frame.detach().cpu().numpy()
        dispersion = made.dispersion.detach().float().cpu().numpy()
        for i, (stream, _, samples) in enumerate(taken):
            stream.importance = dispersion[i]
            if stream.keeps:
                seen = passing_through(frames[i], samples)
                stream.memory = remember(stream.memory, samples, seen, self.config.horizon)
        return float(loss.detach()), psnr

    def _refuse(self) -> None:
        """Leave the weights as they are; a few such steps are tolerated, many in a row are not."""
        self._refused += 1
        log.warning("Step %d: the gradient is not finite; it is left out.", self.step)
        if self._refused == MOST_REFUSED:
            raise NotFiniteError(
                f"Training stopped: {MOST_REFUSED} gradients in a row were NaN or infinite, "
                f"the last at step {self.step}. {self.folder} holds the model of the steps before; "
                "continue with a smaller learning_rate."
            )

    def rate(self, step: int) -> float:
        config = self.config
        up = min(1.0, (step + 1) / max(config.warmup, 1))
        falling = max(1.0, config.decay * config.steps)
        return float(min(up, max(0.0, (config.steps - step) / falling), 1.0))

    def _next(
        self, stream: _Stream | None, random: np.random.Generator
    ) -> tuple[_Stream, NDArray[np.uint8]]:
        if stream is not None and (frame := next(stream.frames, None)) is not None:
            return stream, frame
        config = self.config
        patterns: tuple[Pattern, ...] = ("random", "jitter", "blue", "grid")
        kind = random.choice(len(patterns) + 4)
        sampler: Sampler = AdaptiveSampler(
            importance_ratio=float(random.uniform(0.4, 0.8)),
            method="multinomial" if kind == len(patterns) else "diffusion",
        )
        if kind < len(patterns):
            sampler = UniformSampler(patterns[kind])
        made = _Stream(
            play(self.clips, config.stream, np.random.default_rng(random.integers(1 << 62))),
            sampler,
            config.density * config.density_range ** random.uniform(-1, 1),
            None,
            bool(random.random() < config.with_memory),
        )
        return made, next(made.frames)

    def _sampled(
        self, stream: _Stream, frame: NDArray[np.uint8], random: np.random.Generator
    ) -> Samples:
        height, width = frame.shape[:2]
        memory = stream.memory
        request = Request(
            max(4, round(stream.share * height * width)),
            (height, width),
            stream.importance,
            None if memory is None else memory.frame,
            None if memory is None else memory.pixels,
        )
        return samples_of(frame, stream.sampler.draw(request, random).pixels)

    @torch.no_grad()
    def _average(self) -> None:
        keep = min(self.config.average, (1 + self.step) / (10 + self.step))
        for mean, now in zip(self.mean.parameters(), self.model.parameters(), strict=True):
            mean.lerp_(now, 1 - keep)

    @torch.inference_mode()
    def validate(self) -> float:
        """Mean PSNR (dB) of the averaged model on held-out frames, jittered samples, no memory."""
        random = np.random.default_rng(self.config.seed)
        scores = []
        for clip in self.held_out[:16]:
            frame = clip[len(clip) // 2][..., None]
            count = round(self.config.density * frame.size)
            draw = UniformSampler("jitter").draw(Request(count, frame.shape[:2]), random)
            samples = samples_of(frame, draw.pixels)
            made = self.mean.reconstruct([self.mean.scene(samples)])
            seen = passing_through(made.frame[0].cpu().numpy(), samples)
            error = np.square(seen.astype(np.float64) - frame).mean()
            scores.append(10 * np.log10(255**2 / max(error, 1e-9)))
        return float(np.mean(scores))

    def _out_of_patience(self, score: float) -> bool:
        if score > self.best[0]:
            self.best = (score, self.step)
            save_weights(self.mean, self.folder / "best.safetensors", step=self.step)
        patience = self.config.patience
        if not patience or self.step - self.best[1] < patience:
            return False
        log.info("Stopped at step %d: no better than at step %d.", self.step, self.best[1])
        return True

    def _log(self, **line: float | None) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / "log.jsonl"
        lines = path.read_text(encoding="utf-8") if path.is_file() else ""
        write_text(path, lines + json.dumps(line) + "\n")
        log.info("step %d: loss %.3f, PSNR %.2f, validation %s", *list(line.values())[:4])

    def save(self) -> None:
        """Write ``checkpoint.safetensors`` (all to go on) and ``weights.safetensors``."""
        from safetensors.torch import save

        tensors = {f"model.{k}": v for k, v in self.model.state_dict().items()}
        tensors |= {f"mean.{k}": v for k, v in self.mean.state_dict().items()}
        for number, state in self.optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser.{number}.{k}": torch.as_tensor(v) for k, v in state.items()}
        tensors = {k: v.detach().cpu().contiguous().clone() for k, v in tensors.items()}
        meta = {
            "step": str(self.step),
            "best": json.dumps(self.best),
            "config": self._identity(),
            "frames": self._frames,
        }
        data = save(tensors, meta)
        # The checkpoint last: a kill before it makes these steps be done again, weights too.
        save_weights(self.mean, self.folder / "weights.safetensors", half=True, step=self.step)
        write_whole(self.folder / "checkpoint.safetensors", lambda file: file.write(data))

    def resume(self) -> None:
        """Go on from ``checkpoint.safetensors``.

        CheckpointError where it is no checkpoint, or of another model or other frames.
        """
        path = self.folder / "checkpoint.safetensors"
        tensors, meta = read_tensors(path, "a checkpoint", " Train in another folder.")
        if meta.get("config") != self._identity():
            raise CheckpointError(
                f"{path} belongs to a model of other sizes; train in another folder."
            )
        if meta.get("frames", self._frames) != self._frames:  # earlier ones do not tell
            raise CheckpointError(
                f"{path} belongs to a model that learned from other frames; train in another "
                "folder."
            )
        self.step, self.best = int(meta["step"]), tuple(json.loads(meta["best"]))
        self.model.load_state_dict(_under("model.", tensors))
        self.mean.load_state_dict(_under("mean.", tensors))
        state: dict[int, dict[str, Tensor]] = {}
        for name, value in _under("optimiser.", tensors).items():
            number, _, key = name.partition(".")
            state.setdefault(int(number), {})[key] = value
        self.optimiser.load_state_dict({**self.optimiser.state_dict(), "state": state})
        log_file = self.folder / "log.jsonl"
        if log_file.is_file():  # steps after the checkpoint are done again, and logged again
            lines = log_file.read_text(encoding="utf-8").splitlines(keepends=True)
            kept = [line for line in lines if json.loads(line)["step"] <= self.step]
            write_text(log_file, "".join(kept))

    def _identity(self) -> str:
        return json.dumps(asdict(self.model.config), sort_keys=True)


def losses(
    made: Reconstruction, target: Tensor, samples: list[Samples], error_weight: float
) -> tuple[Tensor, float]:
    """Loss over unsampled pixels of ``target`` (B, C, H, W) in 0..1; mean PSNR there, in dB."""
    unseen = torch.ones(len(samples), target[0, 0].numel(), device=target.device)
    for row, one in zip(unseen, samples, strict=True):
        row[torch.from_numpy(one.pixels).to(target.device)] = 0
    unseen = unseen.view(len(samples), 1, *target.shape[2:])
    share = unseen / unseen.sum((1, 2, 3), keepdim=True).clamp_min(1) / target.shape[1]
    error = made.frame - target
    squared = (share * error.square()).sum((1, 2, 3))
    off = error.detach().abs().mean(1, keepdim=True)
    scale = made.log_scale.unsqueeze(1)
    likelihood = (share * target.shape[1] * (off * (-scale).exp() + scale)).sum((1, 2, 3))
    psnr = float(-10 * squared.detach().clamp_min(1e-9).log10().mean())
    return (squared + 1e-4).log().mean() + error_weight * likelihood.mean(), psnr


def _under(prefix: str, tensors: dict[str, Any]) -> dict[str, Any]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
