"""The seed's YAML keys, groups and overrides."""

import pytest
from gapsphere.plugin.errors import InputError
from gapsphere.plugin.settings.sparse import (
    SparseParams,
    SparseTrainParams,
    hyper_parameters,
    keys,
    load_settings,
    make_loop,
    make_sampler,
    sampler_line,
)
from gapsphere.plugin.sparse.sampling.adaptive import AdaptiveSampler
from gapsphere.plugin.sparse.sampling.uniform import UniformSampler
from omegaconf import DictConfig

SEED_FILE = """
sampling:
  pattern: {pattern}
  adaptive_sampler:
    importance_ratio: 0.7
    warmup_frames: 5
  importance_calculator:
    epsilon: 1.0e-10
  default_sample_count: 400
training:
  use_amp: true
  steps: 7
"""


@pytest.fixture
def seed_file(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(SEED_FILE.format(pattern="adaptive"))
    return path


def test_the_seeds_file_is_read_key_by_key(seed_file):
    params = load_settings(SparseParams, path=seed_file)
    assert (params.importance_ratio, params.warmup_frames) == (0.7, 5)
    assert (params.epsilon, params.sample_count, params.use_amp) == (1e-10, 400, True)
    assert params.collision_threshold == 0.01
    assert load_settings(SparseTrainParams, seed_file).steps == 7


def test_overrides_win_over_the_file_and_the_file_over_the_group(seed_file):
    changed = ["sampling.adaptive_sampler.importance_ratio=0.75", "sampling.seed=9"]
    params = load_settings(SparseParams, path=seed_file, overrides=changed)
    assert (params.importance_ratio, params.seed, params.warmup_frames) == (0.75, 9, 5)


@pytest.mark.parametrize("pattern", ["adaptive", "adaptive_importance", "hybrid"])
def test_a_pattern_called_adaptive_is_adaptive(tmp_path, pattern):
    path = tmp_path / "config.yaml"
    path.write_text(SEED_FILE.format(pattern=pattern))
    assert isinstance(make_sampler(load_settings(SparseParams, path=path)), AdaptiveSampler)
    chosen = load_settings(SparseParams, overrides=[f"sampling.pattern={pattern}"])
    assert isinstance(make_sampler(chosen), AdaptiveSampler)


def test_choosing_a_group_loads_it(tmp_path):
    hybrid = load_settings(SparseParams, overrides=["sampling=hybrid"])
    assert (hybrid.extra, hybrid.extra_ratio, hybrid.importance_ratio) == ("edge", 0.2, 0.5)
    uniform = load_settings(SparseParams, overrides=["sampling=uniform"])
    assert make_sampler(uniform) == UniformSampler("blue")
    path = tmp_path / "named.yaml"
    path.write_text("sampling: hybrid\n")
    assert load_settings(SparseParams, path=path).extra == "edge"
    back = load_settings(SparseParams, path=path, overrides=["sampling=adaptive"])
    assert back.extra == "none"


@pytest.mark.parametrize("pattern", ["random", "grid", "jitter", "blue"])
def test_each_even_pattern_can_be_named(pattern):
    params = load_settings(SparseParams, overrides=[f"sampling.pattern={pattern}"])
    assert make_sampler(params) == UniformSampler(pattern)


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("sampling.adaptive_sampler.importance_ration=0.5", "importance_ratio"),
        ("sampling=foveated", "foveated"),
        ("sampling.adaptive_sampler.importance_ratio=1.5", "importance_ratio"),
        ("sampling.pattern=spiral", "pattern"),
        ("importance_ratio", "key=value"),
        ("model.checkpoint_key=../../etc/passwd", "checkpoint_key"),
    ],
)
def test_mistakes_are_named(override, said):
    with pytest.raises(InputError, match=said):
        load_settings(SparseParams, overrides=[override])


def test_a_file_that_is_no_settings_is_refused(tmp_path):
    for number, text in enumerate(("- 1\n- 2\n", "sampling: [", "update:\n  warmup_frames: 3\n")):
        path = tmp_path / f"{number}.yaml"
        path.write_text(text)
        with pytest.raises(InputError):
            load_settings(SparseParams, path=path)
    with pytest.raises(InputError, match="cannot be read"):
        load_settings(SparseParams, path=tmp_path / "missing.yaml")


def test_no_key_is_called_like_a_method_of_a_dict():
    parts = {part for key in keys() for part in key.split(".")}
    assert not parts & set(dir(DictConfig({})))


def test_settings_reach_sampler_and_loop(model):
    chosen = ["sampling.adaptive_sampler.warmup_frames=0", "sampling.quality.target_psnr=30"]
    loop = make_loop(load_settings(SparseParams, overrides=chosen), model)
    assert loop.config.warmup_frames == 0
    assert loop.config.quality.psnr == 30
    assert loop.sampler.importance_ratio == SparseParams().importance_ratio


def test_hyper_parameters_carry_the_yaml_keys():
    logged = hyper_parameters(SparseParams())
    assert logged["sampling.adaptive_sampler.importance_ratio"] == 0.6
    assert logged["sampling.default_sample_count"] == 500
    assert len(logged) == len(SparseParams.model_fields)


def test_the_log_names_the_sampler_of_a_session():
    assert sampler_line(SparseParams(), "7") == "Using AdaptiveUVSampler for session 7"
    fixed = sampler_line(SparseParams(pattern="random"), "7")
    assert fixed == "Using FixedUVSampler for session 7"
