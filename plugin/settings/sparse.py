"""Parameters of sparse sampling: where pixels go, how a model learns, what a simulation keeps.

The defaults below are the only ones: loop, samplers and trainer take theirs from here.  Nothing
here needs torch, so forms and command lines open fast.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from . import fields
from .fields import COMMAS, LISTED, Params, setting

Signal = Literal["dispersion", "entropy", "error", "gradient"]
Method = Literal["diffusion", "farthest", "multinomial"]
Extra = Literal["none", "edge", "random"]
Pattern = Literal["random", "grid", "jitter", "blue"]
PatternName = Literal[
    "adaptive", "adaptive_importance", "hybrid", "uniform", "random", "grid", "jitter", "blue"
]
EVEN: dict[str, Pattern] = {"uniform": "blue", **{name: name for name in get_args(Pattern)}}
"""Names of patterns that do not look at the frame, with the pattern each stands for."""

SENTINEL = -999.0
"""Value of a state entry that holds no value."""

NOTHING = "nothing"
"""Start of a training from random weights."""

_CALCULATOR, _SAMPLER = "sampling.importance_calculator.", "sampling.adaptive_sampler."


def _model(description: str, **declared: Any) -> Any:
    pattern = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"
    return setting("default", description, pattern=pattern, max_length=64, **declared)


class SparseParams(Params, section="sampling"):
    """How pixels are sampled and frames rebuilt."""

    name: str = setting("adaptive", "Name of the sampling group")
    pattern: PatternName = setting(
        "adaptive",
        "adaptive: by importance; hybrid: importance, edges and even; uniform (blue noise), "
        "random, grid, jitter, blue: even",
        advanced=False,
        title="Sampling pattern",
    )
    sample_count: int = setting(
        500,
        "Number of pixels sampled in each frame",
        key="sampling.default_sample_count",
        advanced=False,
        ge=1,
        le=1 << 20,
        title="Pixels per frame",
    )
    importance_ratio: float = setting(
        0.6,
        "Share of the pixels placed by importance, 0 to 1",
        key=_SAMPLER + "importance_ratio",
        advanced=False,
        ge=0,
        le=1,
        title="Share by importance",
    )
    warmup_frames: int = setting(
        10,
        "Number of frames sampled evenly at first",
        key=_SAMPLER + "warmup_frames",
        ge=0,
        title="Warm-up",
    )
    collision_threshold: float = setting(
        0.01,
        "Least distance of two samples, as a share of the frame's side",
        key=_SAMPLER + "collision_threshold",
        ge=0,
        lt=1,
        title="Least distance",
    )
    method: Method = setting(
        "diffusion",
        "How a density becomes pixels; multinomial draws independently",
        key=_SAMPLER + "method",
        title="How pixels are drawn",
    )
    extra: Extra = setting(
        "none",
        "Third strategy of the mixture, beside importance and even",
        key=_SAMPLER + "extra",
        title="Third strategy",
    )
    extra_ratio: float = setting(
        0.0,
        "Share of the pixels placed by the third strategy, 0 to 1",
        key=_SAMPLER + "extra_ratio",
        ge=0,
        le=1,
        title="Share by the third strategy",
    )
    revisit_ratio: float = setting(
        0.2,
        "Share of the pixels moved onto remembered ones near by, to check the memory",
        key=_SAMPLER + "revisit_ratio",
        ge=0,
        le=1,
        title="Share measured again",
    )
    signal: Signal = setting(
        "dispersion",
        "What importance is computed from",
        key=_CALCULATOR + "signal",
        title="Signal",
    )
    epsilon: float = setting(
        1e-9,
        "Attention weights below this count as this in the entropy",
        key=_CALCULATOR + "epsilon",
        ge=0,
        lt=1,
    )
    scales: Annotated[tuple[int, ...], COMMAS] = setting(
        (1,),
        "Sides, in pixels, of the squares that importance is averaged over: 1,5,15",
        key=_CALCULATOR + "scales",
        title="Averaged over",
    )
    temporal: float = setting(
        0.0,
        "Share of the previous frame's importance that is kept, 0 to below 1",
        key=_CALCULATOR + "temporal",
        ge=0,
        lt=1,
        title="Share of the previous frame",
    )
    memory: int = setting(
        24,
        "Number of frames that a measured value is remembered; 0 for none",
        key="sampling.memory_frames",
        ge=0,
        le=10_000,
        title="Frames remembered",
    )
    target_psnr: float | None = setting(
        None,
        "Adapt the number of pixels to reach this quality, in dB; empty: a fixed number",
        key="sampling.quality.target_psnr",
        gt=0,
        title="Target quality",
    )
    least_samples: int = setting(
        50,
        "Fewest pixels when the number adapts",
        key="sampling.quality.least_samples",
        ge=1,
        title="Minimum pixels",
    )
    most_samples: int = setting(
        5000,
        "Most pixels when the number adapts",
        key="sampling.quality.most_samples",
        ge=1,
        title="Maximum pixels",
    )
    seed: int = setting(0, "Seed: the same seed samples the same pixels", ge=0)
    checkpoint_key: str = _model(
        "Name of a registered model; never a path", key="model.checkpoint_key", title="Model"
    )
    sentinel_value: float = setting(
        SENTINEL, "Value of a state entry that holds no value", key="model.sentinel_value"
    )
    use_amp: bool = setting(
        False, "16-bit arithmetic in the model", key="training.use_amp", title="Mixed precision"
    )


class SparseTrainParams(Params, section="training"):
    """How a model is trained."""

    steps: int = setting(6000, "Number of weight updates", advanced=False, ge=1)
    batch_size: int = setting(16, "Number of streams side by side", ge=1, le=4096)
    learning_rate: float = setting(2e-3, "Largest step size", gt=0, le=1)
    seed: int = setting(51, "Seed of weights and data", ge=0)
    patience: int = setting(
        0, "Stop after this many steps without a better validation; 0: never", ge=0
    )
    use_amp: bool = setting(True, "16-bit arithmetic in the model", title="Mixed precision")
    device: str | None = fields.device()


SAMPLING = SparseParams()
"""The defaults, for the classes that work with them."""


class FrameParams(Params, section="frames"):
    """Which samples are frames, and the size at which they are processed."""

    sequence_field: str = setting(
        "sequence",
        "Field with the name of a frame's sequence; without it all samples are one sequence",
        advanced=False,
    )
    order_field: str = setting(
        "frame_number",
        "Field that orders the frames of a sequence; without it they are ordered by file name",
        advanced=False,
    )
    slices: Annotated[str | None, LISTED] = fields.slices()
    side: int = setting(
        128,
        "Longest side of the working frames, in pixels; the aspect ratio is kept, nothing is "
        "enlarged. The packaged model was trained at 128",
        advanced=False,
        ge=16,
        le=4096,
        title="Working size",
    )


class SimulationParams(FrameParams, section="simulation"):
    """What a simulation samples and keeps, beside the settings of the loop."""

    density: float | None = setting(
        None,
        "Share of a frame's pixels, in place of their number, above 0 to 1",
        gt=0,
        le=1,
        title="Pixels as a share",
    )
    owned: str = setting(
        "S",
        "S, the images you own, which define what is hard: a sample tag, field:NAME=VALUE, "
        "view:NAME",
        members=True,
        title="Which images do you own?",
    )
    quantile: float = setting(
        0.95,
        "A frame is hard to rebuild when its error is above this quantile of owned images",
        ge=0,
        le=1,
        title="Hard above",
    )
    keypoints: bool = setting(
        False,
        "Keep the measured pixels as keypoints, some 25 KB per frame at 500 pixels",
        title="Keep measured pixels",
    )
    device: str | None = fields.device()
    overwrite: bool = fields.overwrite(
        "Replace results of other settings, and compute equal ones again"
    )


class SimulateParams(SimulationParams, SparseParams, section="simulation"):
    """How pixels are sampled, of which sequences, and what is kept."""

    checkpoint_key: str = _model(
        "Model that rebuilds frames: the packaged one, or one trained here",
        key="model.checkpoint_key",
        title="Model",
        advanced=False,
    )
    suffix: str = fields.suffix(
        "Appended to every field, so that policies can coexist", advanced=False
    )


class ClipParams(FrameParams, section="training"):
    """How sequences become training clips, and the name of the model that learns from them."""

    model_name: str = setting(
        "trained",
        "Name of the model, by which simulations and the server choose it; a name that exists "
        "continues its training",
        advanced=False,
        pattern=r"^[A-Za-z][A-Za-z0-9_]*$",
        max_length=40,
        title="Name",
    )
    start_from: str = _model(
        "Name of the model to start from; nothing: random weights, which takes far longer"
    )
    clip_length: int = setting(
        14, "Number of frames in a clip; shorter sequences are left out", ge=3, le=1000
    )
    most_frames: int = setting(
        20_000,
        "Largest number of frames in memory; beyond it, clips are left out evenly",
        ge=10,
        title="Maximum frames",
    )
    overwrite: bool = fields.overwrite("Start again if a model of that name exists")
    validate_every: int = setting(50, "Number of steps between two validations", ge=1)


class TrainSequencesParams(ClipParams, SparseTrainParams, section="training"):
    """How a model learns from a dataset's sequences, starting from a trained one."""

    steps: int = setting(
        300, "Number of weight updates, including those of earlier runs", advanced=False, ge=1
    )
    learning_rate: float = setting(5e-4, "Largest step size; 0.002 from random weights", gt=0, le=1)
    patience: int = setting(
        200, "Stop after this many steps without a better validation; 0: never", ge=0
    )
