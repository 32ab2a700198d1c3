"""The closed loop: what a step gives, what it survives, what its state carries."""

import io
import logging
from dataclasses import replace

import numpy as np
import pytest
import torch
from gapsphere.plugin.errors import DimensionError, InputError
from gapsphere.plugin.settings.fields import make
from gapsphere.plugin.settings.sparse import SparseParams
from gapsphere.plugin.sparse.frames.samples import Samples, remember, samples_of
from gapsphere.plugin.sparse.loop.build import make_loop
from gapsphere.plugin.sparse.loop.loop import SamplingLoop
from gapsphere.plugin.sparse.loop.state import LoopState
from gapsphere.plugin.sparse.measure.quality import psnr
from gapsphere.plugin.sparse.network.scene import memory_holds
from gapsphere.plugin.sparse.sampling.adaptive import AdaptiveSampler
from gapsphere.plugin.sparse.sampling.uniform import UniformSampler


def play(loop, frames, *, seed=0, state=None):
    """Every step of a film."""
    state = state or loop.start(frames.shape[1:3], seed=seed)
    for frame in frames:
        step = loop.step(samples_of(frame, state.pixels), state)
        state = step.state
        yield step


@pytest.fixture
def loop(model):
    return SamplingLoop(model, AdaptiveSampler(), SparseParams(sample_count=90, warmup_frames=3))


def broken(model, monkeypatch, what):
    """Let the model raise, or spoil one of its maps."""
    whole = model.reconstruct

    def reconstruct(scenes, **settings):
        if what == "raise":
            raise RuntimeError("out of memory")
        made = whole(scenes, **settings)
        return replace(made, **{what: torch.full_like(getattr(made, what), float("nan"))})

    monkeypatch.setattr(model, "reconstruct", reconstruct)


def test_the_frame_passes_through_its_samples(loop, moving):
    state = loop.start(moving.shape[1:3])
    samples = samples_of(moving[0], state.pixels)
    step = loop.step(samples, state)
    assert (step.frame.reshape(-1, 1)[samples.pixels] == samples.values).all()
    assert step.frame.dtype == np.uint8
    assert step.importance.shape == moving.shape[1:3]


def test_the_same_seed_gives_the_same_pixels_and_frames(loop, moving):
    a, b, other = (list(play(loop, moving[:6], seed=seed)) for seed in (4, 4, 5))
    assert all((x.pixels == y.pixels).all() for x, y in zip(a, b, strict=True))
    assert (a[-1].frame == b[-1].frame).all()
    assert any((x.pixels != y.pixels).any() for x, y in zip(a, other, strict=True))


def test_a_session_goes_on_from_its_stored_state(loop, moving):
    steps = list(play(loop, moving))
    file = io.BytesIO()
    np.savez(file, **steps[6].state.to_arrays())
    file.seek(0)
    state = LoopState.from_arrays(np.load(file))
    again = list(play(loop, moving[7:], state=state))
    for one, other in zip(steps[7:], again, strict=True):
        assert (one.pixels == other.pixels).all()
        assert (one.frame == other.frame).all()


def test_two_sessions_of_one_loop_do_not_meet(loop, moving, still):
    alone = [step.pixels for step in play(loop, moving, seed=1)]
    state, other = loop.start(moving.shape[1:3], seed=1), loop.start(still.shape[1:3], seed=2)
    for frame, elsewhere, expected in zip(moving, still, alone, strict=True):
        step = loop.step(samples_of(frame, state.pixels), state)
        other = loop.step(samples_of(elsewhere, other.pixels), other).state
        state = step.state
        assert (step.pixels == expected).all()


def test_a_model_error_holds_the_last_good_frame_and_asks_for_the_same_pixels(
    loop, model, moving, monkeypatch, caplog
):
    steps = list(play(loop, moving[:5]))
    broken(model, monkeypatch, "raise")
    with caplog.at_level(logging.ERROR):
        step = loop.step(samples_of(moving[5], steps[-1].pixels), steps[-1].state)
    assert (step.frame == steps[-1].frame).all()
    assert (step.pixels == steps[-1].pixels).all()
    assert "out of memory" in step.problems[0]
    assert "the model failed" in caplog.text
    monkeypatch.undo()
    assert not loop.step(samples_of(moving[6], step.pixels), step.state).problems


@pytest.mark.parametrize("spoiled", ["raise", "frame"])
def test_black_only_where_there_was_no_frame_yet(loop, model, moving, monkeypatch, spoiled):
    broken(model, monkeypatch, spoiled)
    step = next(play(loop, moving))
    assert (step.frame == 0).all()
    assert step.problems
    assert len(step.pixels) == 90


def test_a_bad_map_keeps_the_last_valid_one(loop, model, moving, monkeypatch):
    steps = list(play(loop, moving[:6]))
    broken(model, monkeypatch, "dispersion")
    step = loop.step(samples_of(moving[6], steps[-1].pixels), steps[-1].state)
    assert (step.importance == steps[-1].importance).all()
    assert step.state.valid == steps[-1].state.valid
    assert "importance" in step.shares
    assert step.problems
    assert psnr(step.frame, moving[6]) > 15


def test_a_sampler_that_fails_or_gives_too_few_is_replaced_by_even_pixels(model, moving, caplog):
    class Short:
        name, adaptive = "short", True

        def draw(self, request, random):
            if request.importance is not None:
                raise IndexError("no room")
            draw = UniformSampler("random").draw(request, random)
            return replace(draw, pixels=draw.pixels[:-7])

    loop = SamplingLoop(model, Short(), SparseParams(sample_count=60, warmup_frames=2))
    with caplog.at_level(logging.ERROR):
        steps = list(play(loop, moving[:5]))
    assert all(len(np.unique(step.pixels)) == 60 for step in steps)
    assert "gave 53 of 60" in steps[0].problems[0]
    assert "no room" in steps[-1].problems[0]
    assert "drawing evenly" in caplog.text


def test_a_scene_cut_starts_memory_and_warm_up_again(loop, moving):
    steps = list(play(loop, moving[:8]))
    assert steps[-1].warm
    assert not any(step.cut for step in steps)
    other = 255 - moving[0]
    step = loop.step(samples_of(other, steps[-1].pixels), steps[-1].state)
    assert step.cut
    assert not step.warm
    assert step.state.valid == 1
    assert set(np.unique(step.state.memory.age)) == {-1, 1}


def test_a_cut_soon_after_another_is_noticed_too(loop, moving):
    film = np.concatenate([moving[:5], 255 - moving[5:8], moving[8:11]])
    cuts = [step.cut for step in play(loop, film)]
    assert np.flatnonzero(cuts).tolist() == [5, 8]


def test_warm_up_counts_frames_with_a_valid_map_only(loop, model, moving, monkeypatch):
    with monkeypatch.context() as patch:
        broken(model, patch, "dispersion")
        steps = list(play(loop, moving[:6]))
        assert not any(step.warm for step in steps)
    later = list(play(loop, moving[6:10], state=steps[-1].state))
    assert [step.warm for step in later] == [False, False, True, True]


def test_memory_improves_a_still_film_and_can_be_switched_off(model, still):
    """With natural neighbours as the model: what is remembered is at least handed to it."""
    with_memory = SamplingLoop(
        model, UniformSampler("random"), SparseParams(sample_count=90, memory=8)
    )
    last = list(play(with_memory, still[:6]))[-1].state.memory
    assert len(last.pixels) > 300
    assert last.age.max() <= 8
    assert (last.value[last.age > 0] == still[0][last.age > 0]).all()
    without = SamplingLoop(model, UniformSampler("random"), SparseParams(sample_count=90, memory=0))
    assert list(play(without, still[:2]))[-1].state.memory is None


def test_a_memory_that_no_longer_holds_is_left_aside(model, still, random):
    first = samples_of(still[0], np.sort(random.choice(48 * 48, 200, replace=False)))
    memory = remember(None, first, still[0], 9)
    again = np.union1d(first.pixels[::4], random.choice(48 * 48, 100, replace=False))
    same, other = samples_of(still[0], again), samples_of(255 - still[0], again)
    assert memory_holds(same, memory)
    assert not memory_holds(other, memory)
    assert model.scene(same, memory).previous is not None
    assert model.scene(other, memory).previous is None
    elsewhere = np.setdiff1d(np.arange(48 * 48), first.pixels)[:50]
    assert not memory_holds(samples_of(still[0], elsewhere), memory)


def test_in_a_dark_scene_small_changes_are_enough_to_leave_the_memory_aside(random):
    """A wall of one grey level's contrast that moved: eight levels would have let it pass."""
    wall = random.integers(20, 23, (48, 48, 1)).astype(np.uint8)
    first = samples_of(wall, np.sort(random.choice(48 * 48, 200, replace=False)))
    memory = remember(None, first, wall, 9)
    again = np.union1d(first.pixels[::4], random.choice(48 * 48, 100, replace=False))
    assert memory_holds(samples_of(wall, again), memory)
    assert not memory_holds(samples_of(np.roll(wall, 1, axis=1), again), memory)


def test_the_model_reads_the_memory(model, still):
    model = type(model)(model.config)
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    frames = []
    for memory in (0, 8):
        loop = SamplingLoop(
            model, UniformSampler("random"), SparseParams(sample_count=300, memory=memory)
        )
        frames.append([step.frame for step in play(loop, still[:3])])
    assert (frames[0][0] == frames[1][0]).all()
    assert (frames[0][2] != frames[1][2]).any()


def test_the_sample_count_follows_the_wanted_quality(model, moving):
    film = np.concatenate([moving, moving[::-1]])
    counts, reached = {}, {}
    for wanted in (25.0, 30.0):
        config = SparseParams(
            sample_count=150, memory=0, target_psnr=wanted, least_samples=20, most_samples=2000
        )
        loop = SamplingLoop(model, UniformSampler("jitter"), config)
        steps = list(play(loop, film))
        counts[wanted] = np.mean([len(step.pixels) for step in steps[-8:]])
        reached[wanted] = np.mean(
            [psnr(step.frame, frame) for step, frame in zip(steps, film, strict=True)][-8:]
        )
    assert counts[30.0] > 1.5 * counts[25.0]
    assert reached[25.0] == pytest.approx(25.0, abs=1.5)
    assert reached[30.0] == pytest.approx(30.0, abs=1.5)


def test_held_out_samples_tell_the_true_quality(model, moving):
    params = SparseParams(
        sample_count=300,
        warmup_frames=2,
        memory=0,
        target_psnr=20.0,
        least_samples=300,
        most_samples=300,
    )
    loop = SamplingLoop(model, AdaptiveSampler(), params)
    steps = list(play(loop, moving))[4:]
    truth = np.mean([psnr(s.frame, f) for s, f in zip(steps, moving[4:], strict=True)])
    told = np.mean([10 ** (-step.held_out_psnr / 10) for step in steps])
    assert -10 * np.log10(told) == pytest.approx(truth, abs=1.0)


@pytest.mark.parametrize("signal", ["dispersion", "entropy", "error", "gradient"])
def test_every_signal_gives_a_map_that_is_drawn_by(model, moving, signal):
    model = type(model)(model.config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.02 * torch.randn(parameter.shape, generator=torch.manual_seed(2)))
    config = SparseParams(
        sample_count=90, warmup_frames=1, signal=signal, scales=(1, 5), temporal=0.5
    )
    steps = list(play(SamplingLoop(model, AdaptiveSampler(), config), moving[:4]))
    assert steps[-1].importance.min() >= 0
    assert np.isfinite(steps[-1].stats.entropy)
    assert "importance" in steps[-1].shares


def test_a_stranger_resolution_or_colour_is_refused(loop, moving):
    state = loop.start((48, 48))
    with pytest.raises(DimensionError, match="new session"):
        loop.step(samples_of(moving[0, :20, :20], np.arange(9)), state)
    colour = Samples(np.arange(5), np.zeros((5, 3), np.uint8), (48, 48))
    with pytest.raises(DimensionError, match="channel"):
        loop.step(colour, state)


def test_another_sentinel_marks_empty_state_entries_too(model, moving):
    model = type(model)(model.config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=torch.manual_seed(5)))

    def frame(sentinel, entries):
        loop = SamplingLoop(
            model, UniformSampler(), SparseParams(sample_count=90, sentinel_value=sentinel)
        )
        state = loop.start((48, 48))
        samples = samples_of(moving[0], state.pixels)
        return loop.step(replace(samples, state=np.array(entries, np.float32)), state).frame

    assert (frame(-1.0, [0.5, -1.0]) == frame(-999.0, [0.5, -999.0])).all()
    assert (frame(-1.0, [0.5, -1.0]) != frame(-999.0, [0.5, -1.0])).any()


def test_a_frame_smaller_than_the_count_is_sampled_whole(model):
    loop = SamplingLoop(model, AdaptiveSampler(), SparseParams(sample_count=500, warmup_frames=1))
    film = np.random.default_rng(0).integers(0, 256, (3, 6, 5, 1)).astype(np.uint8)
    for step, frame in zip(play(loop, film), film, strict=True):
        assert (step.frame == frame).all()


def test_settings_that_make_no_sense_are_refused(model):
    with pytest.raises(InputError):
        make(SparseParams, {"sample_count": 0})
    with pytest.raises(InputError):
        make(SparseParams, {"temporal": 1.0})
    with pytest.raises(InputError, match="1 <= least <= most"):
        make_loop(SparseParams(target_psnr=30, least_samples=60, most_samples=50), model)
