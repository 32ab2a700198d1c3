"""Samplers and loops made from settings."""

import pytest
from gapsphere.plugin.settings.sparse import SparseParams
from gapsphere.plugin.sparse.loop.build import (
    hyper_parameters,
    make_loop,
    make_sampler,
    sampler_line,
)
from gapsphere.plugin.sparse.sampling.adaptive import AdaptiveSampler
from gapsphere.plugin.sparse.sampling.uniform import UniformSampler
from gapsphere.tests.support.settings import load


@pytest.mark.parametrize("pattern", ["adaptive", "adaptive_importance", "hybrid"])
def test_a_pattern_called_adaptive_is_adaptive(tmp_path, pattern):
    path = tmp_path / "config.yaml"
    path.write_text(f"sampling: {{pattern: {pattern}}}")
    assert isinstance(make_sampler(load(SparseParams, path)), AdaptiveSampler)
    chosen = load(SparseParams, overrides=[f"sampling.pattern={pattern}"])
    assert isinstance(make_sampler(chosen), AdaptiveSampler)


@pytest.mark.parametrize("pattern", ["random", "grid", "jitter", "blue"])
def test_each_even_pattern_can_be_named(pattern):
    params = load(SparseParams, overrides=[f"sampling.pattern={pattern}"])
    assert make_sampler(params) == UniformSampler(pattern)


def test_the_uniform_group_is_blue_noise():
    uniform = load(SparseParams, overrides=["sampling=uniform"])
    assert make_sampler(uniform) == UniformSampler("blue")


def test_hybrid_is_the_groups_mixture_however_it_is_chosen():
    grouped = make_sampler(load(SparseParams, overrides=["sampling=hybrid"]))
    assert make_sampler(SparseParams(pattern="hybrid")) == grouped
    assert (grouped.importance_ratio, grouped.extra, grouped.extra_ratio) == (0.5, "edge", 0.2)


def test_settings_reach_sampler_and_loop(model):
    chosen = ["sampling.adaptive_sampler.warmup_frames=0", "sampling.quality.target_psnr=30"]
    loop = make_loop(load(SparseParams, overrides=chosen), model)
    assert loop.params.warmup_frames == 0
    assert loop.params.target_psnr == 30
    assert loop.sampler.importance_ratio == SparseParams().importance_ratio


def test_the_default_settings_are_the_loops_and_the_samplers_own(model):
    loop = make_loop(SparseParams(), model)
    assert (loop.params, loop.sampler) == (SparseParams(), AdaptiveSampler())


def test_hyper_parameters_carry_the_yaml_keys():
    logged = hyper_parameters(SparseParams())
    assert logged["sampling.adaptive_sampler.importance_ratio"] == 0.6
    assert logged["sampling.default_sample_count"] == 500
    assert len(logged) == len(SparseParams.model_fields)


def test_the_log_names_the_sampler_of_a_session():
    assert sampler_line(SparseParams(), "7") == "Using AdaptiveUVSampler for session 7"
    fixed = sampler_line(SparseParams(pattern="random"), "7")
    assert fixed == "Using FixedUVSampler for session 7"
