"""The seed's test checklist (its section 13), as far as it needs no server.

Five of the thirteen lines are about the server and its log and stand with the server's tests: the
server starts, a client connects, metrics are logged, several sessions at once, and how those show
an error.  The others are here under their own names.
"""

import logging

import numpy as np
import pytest
import torch
from gapsphere.plugin.settings.sparse import SparseParams
from gapsphere.plugin.sparse.frames.samples import samples_of
from gapsphere.plugin.sparse.loop.loop import SamplingLoop
from gapsphere.plugin.sparse.measure.quality import psnr
from gapsphere.plugin.sparse.network.attention import entropy_of
from gapsphere.plugin.sparse.sampling.adaptive import AdaptiveSampler
from gapsphere.plugin.sparse.sampling.uniform import UniformSampler


def play(loop, frames, seed=0):
    state = loop.start(frames.shape[1:3], seed=seed)
    steps = []
    for frame in frames:
        steps.append(loop.step(samples_of(frame, state.pixels), state))
        state = steps[-1].state
    return steps


def inside_disc(pixels, frame):
    """Share of the pixels on the film's textured disc."""
    y, x = np.divmod(pixels, frame.shape[1])
    side = frame.shape[0]
    return (np.hypot(y - 0.45 * side, x - 0.4 * side) < 0.3 * side).mean()


def adaptive(model, **changes):
    return SamplingLoop(model, AdaptiveSampler(), SparseParams(**{"sample_count": 100, **changes}))


def test_03_uniform_sampling_during_warm_up(model, still, caplog):
    with caplog.at_level(logging.INFO):
        steps = play(adaptive(model), still[:9])
    assert not any(step.warm for step in steps)
    assert all(step.shares == {"uniform": 100} for step in steps)
    share = np.mean([inside_disc(step.pixels, still[0]) for step in steps])
    assert share == pytest.approx(np.pi * 0.3**2, abs=0.08)
    line = "Frame {}: Warmup or no importance map. Performing uniform sampling."
    assert caplog.messages == [line.format(number) for number in range(1, 11)]


def test_04_adaptive_sampling_after_warm_up(model, still, caplog):
    with caplog.at_level(logging.INFO):
        steps = play(adaptive(model), still[:14])
    assert [step.warm for step in steps] == [False] * 9 + [True] * 5
    assert "Frame 11: Adaptive sampling. Importance: 60, Uniform: 40." in caplog.messages
    share = np.mean([inside_disc(step.pixels, still[0]) for step in steps[9:]])
    assert share > 1.5 * np.pi * 0.3**2


def test_04_the_log_has_the_seeds_words_and_numbers(model, caplog):
    frames = np.random.default_rng(0).integers(0, 256, (12, 40, 40, 1)).astype(np.uint8)
    with caplog.at_level(logging.INFO):
        play(adaptive(model, sample_count=500), frames)
    assert "Frame 11: Adaptive sampling. Importance: 300, Uniform: 200." in caplog.messages


def test_05_importance_statistics_for_the_metrics(model, still):
    """What ``Importance/{client}/mean|max|std|entropy`` are; the server's tests log them."""
    stats = play(adaptive(model), still[:2])[-1].stats
    assert 0 < stats.mean < stats.max
    assert stats.std > 0
    assert 0 < stats.entropy < 1


def test_06_reconstruction_quality_improves(model, moving):
    """Importance by dispersion against the seed's uniform pixels, same model, same count."""
    gains = []
    for seed in range(3):
        loops = (
            SamplingLoop(model, sampler, SparseParams(sample_count=130, warmup_frames=2, memory=0))
            for sampler in (AdaptiveSampler(), UniformSampler("random"))
        )
        ours, theirs = (
            np.mean(
                [psnr(s.frame, f) for s, f in zip(play(one, moving, seed), moving, strict=True)][4:]
            )
            for one in loops
        )
        gains.append(ours - theirs)
    assert np.mean(gains) > 1.0


@pytest.mark.parametrize(("ratio", "importance"), [(0.0, 0), (0.3, 30), (0.75, 75), (1.0, 100)])
def test_08_importance_ratio_changes_the_split(model, still, ratio, importance):
    loop = SamplingLoop(
        model,
        AdaptiveSampler(importance_ratio=ratio),
        SparseParams(sample_count=100, warmup_frames=1),
    )
    step = play(loop, still[:3])[-1]
    assert step.shares == {"importance": importance, "uniform": 100 - importance}


def test_08_a_higher_ratio_puts_more_pixels_where_it_matters(model, still):
    shares = []
    for ratio in (0.1, 0.5, 0.9):
        sampler = AdaptiveSampler(importance_ratio=ratio, collision_threshold=0)
        loop = SamplingLoop(
            model, sampler, SparseParams(sample_count=100, warmup_frames=1, memory=0)
        )
        steps = play(loop, still[:6])[1:]
        shares.append(np.mean([inside_disc(step.pixels, still[0]) for step in steps]))
    assert shares == sorted(shares)
    assert shares[2] > 1.25 * shares[0]


@pytest.mark.parametrize("frames", [0, 1, 4, 10])
def test_09_warmup_frames_changes_the_warm_up(model, still, frames):
    steps = play(adaptive(model, warmup_frames=frames), still[:12])
    first = [step.warm for step in steps].index(True)
    assert first == max(frames - 1, 0)


def test_10_epsilon_raises_low_attention():
    weights = torch.tensor([[[1.0 - 1e-6, 1e-6, 0.0, 0.0]]], dtype=torch.float64)
    none, small, large = (float(entropy_of(weights, 4, e)) for e in (0.0, 1e-9, 1e-2))
    assert none < small < large
    assert small == pytest.approx(none, abs=1e-6)
    sure = torch.tensor([[[1.0, 0.0]]])
    assert float(entropy_of(sure, 2)) == 0


def test_10_epsilon_reaches_the_loop(model, still):
    entropies = [
        play(adaptive(model, signal="entropy", epsilon=e), still[:1])[0].stats.mean
        for e in (0.0, 0.05)
    ]
    assert entropies[1] > entropies[0]


def test_11_a_model_failure_gives_a_black_frame_at_first_and_a_log_line(
    model, still, monkeypatch, caplog
):
    def fail(*arguments, **settings):
        raise RuntimeError("bad input")

    monkeypatch.setattr(model, "reconstruct", fail)
    with caplog.at_level(logging.ERROR):
        steps = play(adaptive(model), still[:2])
    assert (steps[0].frame == 0).all()
    assert "Frame 1: the model failed." in caplog.messages
    assert all(len(np.unique(step.pixels)) == 100 for step in steps)


def test_12_an_importance_failure_falls_back_to_uniform_and_is_logged(
    model, still, monkeypatch, caplog
):
    def fail(*arguments):
        raise ValueError("no map")

    loop = adaptive(model, warmup_frames=0)
    monkeypatch.setattr(loop, "_importance", fail)
    with caplog.at_level(logging.INFO):
        steps = play(loop, still[:3])
    assert all(step.shares == {"uniform": 100} for step in steps)
    assert all(step.importance is None for step in steps)
    assert psnr(steps[-1].frame, still[0]) > 15
    assert "Frame 1: the importance failed." in caplog.messages


def test_13_fewer_samples_than_the_count_are_filled_up_or_taken_as_they_are(model, still):
    """A sampler never gives fewer; a client that sends fewer still gets a frame."""
    crowded = AdaptiveSampler(importance_ratio=1.0, collision_threshold=0.3)
    loop = SamplingLoop(model, crowded, SparseParams(sample_count=100, warmup_frames=0))
    step = play(loop, still[:2])[-1]
    assert len(np.unique(step.pixels)) == 100
    few = samples_of(still[2], step.pixels[:7])
    after = loop.step(few, step.state)
    assert not after.problems
    assert len(np.unique(after.pixels)) == 100
    assert (after.frame.reshape(-1, 1)[few.pixels] == few.values).all()
