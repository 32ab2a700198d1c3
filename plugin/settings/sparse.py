"""Settings of sparse sampling: one flat class, and the seed's YAML tree that fills it.

A file may say ``sampling: adaptive``, which loads that group, or hold a ``sampling:`` section whose
``pattern`` names it; dotted overrides (``sampling.adaptive_sampler.importance_ratio=0.75``) come
last.  OmegaConf composes the tree; what comes out is checked here, so an unknown key is an error
and nobody reads settings through attributes of a ``DictConfig``, where a key called ``update``
would be a method.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import field_validator

from ..errors import InputError, MissingDependencyError
from ..sparse.learn.train import TrainConfig
from ..sparse.loop.loop import SamplingLoop
from ..sparse.loop.state import LoopConfig, QualityTarget
from ..sparse.network.importance import Signal
from ..sparse.network.model import SENTINEL, SparsePixelTransformer
from ..sparse.sampling.adaptive import AdaptiveSampler, Extra, Method
from ..sparse.sampling.sampler import Sampler
from ..sparse.sampling.uniform import Pattern, UniformSampler
from .sequences import ClipParams, SimulationParams
from .serving import ServeParams
from .steps import Params, make, setting

PatternName = Literal[
    "adaptive", "adaptive_importance", "hybrid", "uniform", "random", "grid", "jitter", "blue"
]
GROUPS = ("adaptive", "hybrid", "uniform")
EVEN: dict[str, Pattern] = {
    "uniform": "blue",
    "random": "random",
    "grid": "grid",
    "jitter": "jitter",
    "blue": "blue",
}
_FOLDER = Path(__file__).parent / "conf"
_CALCULATOR, _SAMPLER = "sampling.importance_calculator.", "sampling.adaptive_sampler."


class SparseParams(Params):
    """How pixels are sampled and frames rebuilt: operator, server and command line read this."""

    name: str = setting("adaptive", "Name of the sampling group", key="sampling.name")
    pattern: PatternName = setting(
        "adaptive",
        "adaptive: by importance; hybrid: importance, edges and even; uniform (blue noise), "
        "random, grid, jitter, blue: even",
        key="sampling.pattern",
        advanced=False,
        title="Where pixels go",
    )
    sample_count: int = setting(
        LoopConfig.count,
        "Pixels sampled of each frame",
        key="sampling.default_sample_count",
        advanced=False,
        ge=1,
        le=1 << 20,
        title="Pixels a frame",
    )
    importance_ratio: float = setting(
        AdaptiveSampler.importance_ratio,
        "Share of the pixels placed by importance, 0 to 1",
        key=_SAMPLER + "importance_ratio",
        advanced=False,
        ge=0,
        le=1,
    )
    warmup_frames: int = setting(
        LoopConfig.warmup_frames,
        "Frames sampled evenly at first",
        key=_SAMPLER + "warmup_frames",
        ge=0,
    )
    collision_threshold: float = setting(
        AdaptiveSampler.collision_threshold,
        "Least distance of two samples, as a share of the frame's side",
        key=_SAMPLER + "collision_threshold",
        ge=0,
        lt=1,
    )
    method: Method = setting(
        AdaptiveSampler.method,
        "How a density becomes pixels; multinomial is the seed's",
        key=_SAMPLER + "method",
    )
    extra: Extra = setting(
        AdaptiveSampler.extra, "Third strategy of the mixture", key=_SAMPLER + "extra"
    )
    extra_ratio: float = setting(
        AdaptiveSampler.extra_ratio,
        "Share of the third strategy, 0 to 1",
        key=_SAMPLER + "extra_ratio",
        ge=0,
        le=1,
    )
    revisit_ratio: float = setting(
        AdaptiveSampler.revisit_ratio,
        "Share of the pixels moved onto remembered ones near by, to check the memory",
        key=_SAMPLER + "revisit_ratio",
        ge=0,
        le=1,
    )
    signal: Signal = setting(
        LoopConfig.signal,
        "What importance is read from; entropy is the seed's",
        key=_CALCULATOR + "signal",
        title="Importance",
    )
    epsilon: float = setting(
        LoopConfig.epsilon,
        "Attention weights below this count as this in the entropy",
        key=_CALCULATOR + "epsilon",
        ge=0,
        lt=1,
    )
    scales: tuple[int, ...] = setting(
        LoopConfig.scales,
        "Sides, in pixels, of the squares that importance is averaged over: 1,5,15",
        key=_CALCULATOR + "scales",
    )
    temporal: float = setting(
        LoopConfig.temporal,
        "Share of the earlier importance that stays, 0 to below 1",
        key=_CALCULATOR + "temporal",
        ge=0,
        lt=1,
    )
    memory: int = setting(
        LoopConfig.memory,
        "Frames that a measured value is remembered; 0 for none",
        key="sampling.memory_frames",
        ge=0,
        le=10_000,
    )
    target_psnr: float | None = setting(
        None,
        "Let the number of pixels follow this quality, in dB; empty: a fixed number",
        key="sampling.quality.target_psnr",
        gt=0,
        title="Wanted quality",
    )
    least_samples: int = setting(
        QualityTarget.least, "Fewest pixels then", key="sampling.quality.least_samples", ge=1
    )
    most_samples: int = setting(
        QualityTarget.most, "Most pixels then", key="sampling.quality.most_samples", ge=1
    )
    seed: int = setting(
        0, "Seed: the same seed asks for the same pixels", key="sampling.seed", ge=0
    )
    checkpoint_key: str = setting(
        "default",
        "Which registered model; never a path",
        key="model.checkpoint_key",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$",
        max_length=64,
        title="Model",
    )
    sentinel_value: float = setting(
        SENTINEL, "Value of a state entry that says nothing", key="model.sentinel_value"
    )
    use_amp: bool = setting(
        LoopConfig.use_amp,
        "16-bit arithmetic in the model",
        key="training.use_amp",
        title="Mixed precision",
    )

    @field_validator("scales", mode="before")
    @classmethod
    def _scales_from_text(cls, value: Any) -> Any:
        """Accept ``1,5,15``: a form and a command line give text."""
        return tuple(int(part) for part in value.split(",")) if isinstance(value, str) else value


class SparseTrainParams(Params):
    """How a model is trained."""

    steps: int = setting(
        TrainConfig.steps, "Updates of the weights", key="training.steps", advanced=False, ge=1
    )
    batch_size: int = setting(
        TrainConfig.batch_size, "Streams side by side", key="training.batch_size", ge=1, le=4096
    )
    learning_rate: float = setting(
        TrainConfig.learning_rate, "Largest step size", key="training.learning_rate", gt=0, le=1
    )
    seed: int = setting(TrainConfig.seed, "Seed of weights and data", key="training.seed", ge=0)
    patience: int = setting(
        TrainConfig.patience,
        "Stop after this many steps without a better validation; 0: never",
        key="training.patience",
        ge=0,
    )
    use_amp: bool = setting(
        TrainConfig.use_amp,
        "16-bit arithmetic in the model",
        key="training.use_amp",
        title="Mixed precision",
    )
    device: str | None = setting(
        None, "cpu, cuda, cuda:1, mps; empty: a GPU when there is one", key="training.device"
    )


SettingsT = TypeVar("SettingsT", bound=Params)


def load_settings(
    params: type[SettingsT],
    path: str | Path | None = None,
    overrides: Sequence[str] = (),
) -> SettingsT:
    """Compose defaults, a sampling group, a YAML file and dotted overrides, in this order.

    Parameters
    ----------
    params : class
        Which settings are wanted; keys of the other classes here may stand in the same file.
    path : path, optional
        A YAML file with the seed's keys.
    overrides : list of str
        ``key=value``; ``sampling=uniform`` chooses the group.

    Raises
    ------
    InputError
        A file that is no YAML, a key nobody knows, a value out of range.
    MissingDependencyError
        OmegaConf is not installed.

    Examples
    --------
    >>> load_settings(SparseParams, overrides=["sampling=uniform", "sampling.seed=3"]).pattern
    'uniform'
    """
    try:
        from omegaconf import OmegaConf
        from omegaconf.errors import OmegaConfBaseException
        from yaml import YAMLError
    except ImportError as error:
        raise MissingDependencyError(
            'Configuration files need OmegaConf: pip install "gapsphere[sparse]".'
        ) from error
    try:
        parts = [OmegaConf.load(_FOLDER / "config.yaml")]
        if path is not None:
            parts.append(OmegaConf.load(path))
        parts.append(OmegaConf.from_dotlist([item for item in overrides if _is_setting(item)]))
        trees = [OmegaConf.to_container(part, resolve=False) for part in parts]
        group = _group(trees, overrides)
        trees = [_without_group(tree) for tree in trees]
        base = OmegaConf.load(_FOLDER / "sampling" / f"{group}.yaml")
        whole = OmegaConf.merge({"sampling": base}, *trees)
        tree = OmegaConf.to_container(whole, resolve=True)
    except (OSError, UnicodeDecodeError, YAMLError, OmegaConfBaseException) as error:
        where = path or "The overrides"
        raise InputError(f"{where} cannot be read as settings: {error}.") from error
    known = keys()
    values: dict[str, Any] = {}
    for key, value in _leaves(tree):
        if key not in known:
            raise InputError(
                f"Nobody knows the setting {key!r}; known: {', '.join(sorted(known))}."
            )
        name = known[key]
        if name in params.model_fields and _key_of(params, name) == key:
            values[name] = tuple(value) if isinstance(value, list) else value
    return make(params, values)


def keys() -> dict[str, str]:
    """Name of the setting behind each YAML key."""
    found = {}
    for params in (SparseParams, SparseTrainParams, ServeParams, SimulationParams, ClipParams):
        for name in params.model_fields:
            found[_key_of(params, name)] = name
    return found


def make_sampler(params: SparseParams) -> Sampler:
    """The sampler that ``pattern`` names; a bare ``hybrid`` is that group's mixture."""
    if params.pattern == "hybrid" and params.extra == "none":
        mixture = {"importance_ratio": 0.5, "extra": "edge", "extra_ratio": 0.2}
        params = params.model_copy(update=mixture)
    if params.pattern in ("adaptive", "adaptive_importance", "hybrid"):
        return AdaptiveSampler(
            importance_ratio=params.importance_ratio,
            method=params.method,
            collision_threshold=params.collision_threshold,
            extra=params.extra,
            extra_ratio=params.extra_ratio,
            revisit_ratio=params.revisit_ratio if params.memory else 0.0,
        )
    return UniformSampler(EVEN[params.pattern])


def make_loop(params: SparseParams, model: SparsePixelTransformer) -> SamplingLoop:
    """The loop of these settings."""
    quality = None
    if params.target_psnr is not None:
        quality = QualityTarget(params.target_psnr, params.least_samples, params.most_samples)
    config = LoopConfig(
        count=params.sample_count,
        signal=params.signal,
        scales=params.scales,
        temporal=params.temporal,
        warmup_frames=params.warmup_frames,
        memory=params.memory,
        epsilon=params.epsilon,
        quality=quality,
        use_amp=params.use_amp,
        sentinel=params.sentinel_value,
    )
    return SamplingLoop(model, make_sampler(params), config)


def hyper_parameters(params: SparseParams) -> dict[str, Any]:
    """Settings by their YAML keys, as they are logged with the metrics."""
    return {
        _key_of(type(params), name): getattr(params, name) for name in type(params).model_fields
    }


def sampler_line(params: SparseParams, session: str) -> str:
    """What the log says of a session's sampler, in the seed's words."""
    kind = "AdaptiveUVSampler" if make_sampler(params).adaptive else "FixedUVSampler"
    return f"Using {kind} for session {session}"


def _key_of(params: type[Params], name: str) -> str:
    extra = params.model_fields[name].json_schema_extra
    return str(extra["key"]) if isinstance(extra, dict) else name


def _is_setting(item: str) -> bool:
    """Whether an override sets a value rather than choosing the sampling group."""
    key, equals, _ = item.partition("=")
    if not equals or not key.strip():
        raise InputError(f"An override is key=value, such as sampling=adaptive, not {item!r}.")
    return key.strip() != "sampling"


def _group(trees: Sequence[Any], overrides: Sequence[str]) -> str:
    """The sampling group that the last one to name it chose."""
    chosen = "adaptive"
    named = [tree.get("sampling") for tree in trees[:-1] if isinstance(tree, dict)]
    named += [item.partition("=")[2].strip() for item in overrides if not _is_setting(item)]
    named += [tree.get("sampling") for tree in trees[-1:] if isinstance(tree, dict)]
    for section in named:
        pattern = section.get("pattern") if isinstance(section, dict) else section
        if isinstance(section, str) and pattern not in GROUPS:
            raise InputError(
                f"There is no sampling group {pattern!r}; there are: {', '.join(GROUPS)}."
            )
        if pattern is not None:
            chosen = str(pattern)
    if chosen == "adaptive_importance":
        return "adaptive"
    return chosen if chosen in GROUPS else "uniform"


def _without_group(tree: Any) -> Any:
    """A tree whose ``sampling`` is a section; a name has been taken out as the group."""
    if not isinstance(tree, dict):
        raise InputError("Settings are sections, such as `sampling:`.")
    return {k: v for k, v in tree.items() if not (k == "sampling" and isinstance(v, str))}


def _leaves(tree: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{key}.")
        elif value is not None or prefix:
            yield f"{prefix}{key}", value
