"""Training: what the loss sees, that it goes on where it stopped, and what it leaves behind."""

import json
import resource
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
from gapsphere.plugin.errors import CheckpointError, InputError, NotFiniteError
from gapsphere.plugin.sparse.frames.samples import samples_of
from gapsphere.plugin.sparse.learn.streams import StreamConfig, play
from gapsphere.plugin.sparse.learn.train import TrainConfig, Trainer, losses
from gapsphere.plugin.sparse.network.model import (
    ModelConfig,
    Reconstruction,
    SparsePixelTransformer,
)
from gapsphere.plugin.sparse.network.weights import fingerprint, load_weights, save_weights
from safetensors.torch import save_file

SIZES = ModelConfig(refine_widths=(8, 12), refine_blocks=1, encoder_layers=1)
SHORT = {"batch_size": 3, "save_every": 2, "validate_every": 4, "warmup": 2, "seed": 3}
STREAM = StreamConfig(crop=24, longest=4)


def trainer(clips, folder, steps, **changes):
    config = TrainConfig(**{**SHORT, "steps": steps, "stream": STREAM, **changes})
    return Trainer(clips, folder, config, SIZES)


def test_a_model_learns_and_beats_what_it_started_from(tmp_path):
    """Bars: an interpolation blurs them, a model that has seen some keeps them upright."""
    phase = np.random.default_rng(0).uniform(0, 6, (20, 1, 1, 1))
    bars = 128 + 90 * np.sign(np.sin((np.arange(24) + phase) * 0.7))
    clips = np.broadcast_to(bars, (20, 4, 24, 24)).astype(np.uint8)
    run = trainer(
        clips, tmp_path, 40, batch_size=4, save_every=40, validate_every=40, average=0.9,
        density=0.1, with_memory=0.0, learning_rate=5e-3,
    )  # fmt: skip
    before = run.validate()
    run.run()
    assert run.validate() > before + 0.5


def test_a_run_that_was_cut_off_goes_on(clips, tmp_path):
    trainer(clips, tmp_path, 4).run()
    again = trainer(clips, tmp_path, 6)
    steps = []
    again.run(lambda done, total: steps.append(done))
    assert steps == [5, 6]
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [2, 4, 6]
    assert lines[1]["validation"] is not None


def spoil(run, steps):
    """Let the loss of these steps be NaN."""
    real = run.model.reconstruct

    def reconstruct(*args, **kwargs):
        made = real(*args, **kwargs)
        return replace(made, frame=made.frame * float("nan")) if run.step in steps else made

    run.model.reconstruct = reconstruct


def test_a_gradient_that_is_not_finite_is_left_out(clips, tmp_path):
    run = trainer(clips, tmp_path, 4, average=0.5, with_memory=0.0)
    spoil(run, {1, 2})
    run.run()
    assert all(torch.isfinite(value).all() for value in run.model.parameters())
    assert all(torch.isfinite(value).all() for value in run.mean.parameters())
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert all(np.isfinite(line["loss"]) for line in lines)


def test_training_ends_with_a_sentence_when_no_gradient_is_finite(clips, tmp_path):
    run = trainer(clips, tmp_path, 90, save_every=4, with_memory=0.0)
    spoil(run, set(range(4, 90)))
    with pytest.raises(NotFiniteError, match="20 gradients in a row"):
        run.run()
    again = trainer(clips, tmp_path, 90)
    again.resume()
    assert all(torch.isfinite(value).all() for value in again.model.parameters())


def test_a_checkpoint_restores_weights_mean_and_optimiser(clips, tmp_path):
    first = trainer(clips, tmp_path, 3)
    first.run()
    second = trainer(clips, tmp_path, 3)
    second.resume()
    for a, b in zip(first.model.parameters(), second.model.parameters(), strict=True):
        assert torch.equal(a, b)
    for a, b in zip(first.mean.parameters(), second.mean.parameters(), strict=True):
        assert torch.equal(a, b)
    old, new = (t.optimiser.state_dict()["state"] for t in (first, second))
    assert all(torch.equal(old[k]["exp_avg"], new[k]["exp_avg"]) for k in old)


def test_the_same_seed_trains_the_same_model(clips, tmp_path):
    a, b = (trainer(clips, tmp_path / name, 3).run() for name in ("a", "b"))
    for one, other in zip(a.parameters(), b.parameters(), strict=True):
        assert torch.equal(one, other)


def test_a_checkpoint_of_other_sizes_is_refused(clips, tmp_path):
    trainer(clips, tmp_path, 2).run()
    other = Trainer(clips, tmp_path, TrainConfig(stream=STREAM), ModelConfig(refine_widths=(4, 4)))
    with pytest.raises(CheckpointError, match="other sizes"):
        other.resume()


def test_a_checkpoint_of_other_frames_or_of_none_is_refused(clips, tmp_path):
    """A finished one would be taken for what was just learned."""
    trainer(clips, tmp_path, 2).run()
    with pytest.raises(CheckpointError, match="learned from other frames"):
        trainer(clips[::-1], tmp_path, 2).run()
    (tmp_path / "checkpoint.safetensors").write_bytes(b"half a checkp")
    with pytest.raises(CheckpointError, match="cannot be read as a checkpoint"):
        trainer(clips, tmp_path, 2).run()


def test_training_stops_where_validation_no_longer_grows(clips, tmp_path):
    run = trainer(clips, tmp_path, 40, learning_rate=1e-9, validate_every=2, patience=4)
    run.best = (99.0, 0)
    run.run()
    assert run.step == 4


def test_only_pixels_that_were_not_sampled_count():
    frame = np.zeros((4, 4, 1), np.uint8)
    samples = samples_of(frame, np.array([0, 5]))
    target = torch.zeros(1, 1, 4, 4)

    def loss(at):
        made = torch.zeros(1, 1, 4, 4)
        made.view(-1)[at] = 0.5
        whole = Reconstruction(made, torch.zeros(1, 4, 4), made[0], made[0])
        return float(losses(whole, target, [samples], 0.0)[0])

    assert loss(0) == loss(5)
    assert loss(1) > loss(0)


def test_the_expected_error_is_best_where_it_is_the_true_one():
    frame = np.zeros((8, 8, 1), np.uint8)
    samples = [samples_of(frame, np.array([0]))]
    made, target = torch.full((1, 1, 8, 8), 0.1), torch.zeros(1, 1, 8, 8)
    scales = np.log([0.02, 0.1, 0.5])
    found = [
        float(
            losses(
                Reconstruction(made, torch.full((1, 8, 8), scale), made[0], made[0]),
                target,
                samples,
                1.0,
            )[0]
        )
        for scale in scales
    ]
    assert np.argmin(found) == 1


def test_the_rate_rises_stays_and_falls(clips, tmp_path):
    run = trainer(clips, tmp_path, 100, warmup=10, decay=0.5)
    rates = [run.rate(step) for step in range(101)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[20] == rates[49] == 1
    assert rates[100] == 0
    assert np.all(np.diff(rates[:10]) > 0)
    assert np.all(np.diff(rates[50:]) <= 0)


@pytest.mark.parametrize("still", [0.0, 1.0])
def test_streams_have_their_size_and_vary(clips, still):
    config = StreamConfig(crop=24, longest=6, still=still)
    streams = [list(play(clips, config, np.random.default_rng(seed))) for seed in range(12)]
    assert {frame.shape for stream in streams for frame in stream} == {(24, 24, 1)}
    assert len({len(stream) for stream in streams}) > 2
    same = list(play(clips, config, np.random.default_rng(0)))
    assert all((a == b).all() for a, b in zip(same, streams[0], strict=True))


def test_clips_that_cannot_be_trained_on_are_refused(clips, tmp_path):
    with pytest.raises(InputError, match="uint8 clips"):
        Trainer(clips.astype(np.float32), tmp_path)
    with pytest.raises(InputError, match="at least 64"):
        Trainer(clips, tmp_path)
    with pytest.raises(InputError, match="two sequences"):
        Trainer(clips[:1], tmp_path, TrainConfig(stream=STREAM))


def test_weights_come_back_with_their_sizes(tmp_path):
    model = SparsePixelTransformer(SIZES)
    save_weights(model, tmp_path / "a.safetensors", note="x")
    save_weights(model, tmp_path / "half.safetensors", half=True)
    back = load_weights(tmp_path / "a.safetensors")
    assert back.config == SIZES
    assert not back.training
    assert not any(p.requires_grad for p in back.parameters())
    for a, b in zip(model.parameters(), back.parameters(), strict=True):
        assert torch.equal(a, b)
    sizes = [(tmp_path / name).stat().st_size for name in ("half.safetensors", "a.safetensors")]
    assert sizes[0] < 0.6 * sizes[1]
    assert len(fingerprint(tmp_path / "a.safetensors")) == 16


def test_files_that_are_no_weights_are_refused(tmp_path):
    text = tmp_path / "text.safetensors"
    text.write_text("no tensors")
    foreign = tmp_path / "foreign.safetensors"
    save_file({"a": torch.zeros(2)}, foreign)
    cut = tmp_path / "cut.safetensors"
    save_file({"a": torch.zeros(2)}, cut, {"format": "gapsphere-sparse-1", "config": "{}"})
    for path in (text, foreign, cut, tmp_path / "missing.safetensors"):
        with pytest.raises(CheckpointError):
            load_weights(path)


@pytest.mark.parametrize(
    "sizes",
    [
        {"width": 1 << 40},
        {"width": 4096, "heads": 1},  # of other tensors than there are
        {"encoder_layers": 10**12},
        {"refine_widths": [8] * 1000},
        {"heads": 0},
        {"heads": 3},
        {"stride": 0},
        {"stride": "2"},
        {"refine_widths": 8},
        {"neighbors": -1},
    ],
)
def test_sizes_that_no_such_file_has_cost_nothing(tmp_path, sizes):
    """They are text, and could ask for any memory or any time."""
    about = {"format": "gapsphere-sparse-1", "config": json.dumps({**asdict(SIZES), **sizes})}
    tensors = {k: v.contiguous() for k, v in SparsePixelTransformer(SIZES).state_dict().items()}
    save_file(tensors, tmp_path / "a.safetensors", about)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(CheckpointError, match="own configuration"):
        load_weights(tmp_path / "a.safetensors")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # KB


def test_weights_that_are_no_numbers_are_refused(tmp_path):
    model = SparsePixelTransformer(SIZES)
    with torch.no_grad():
        model.start.bias[0] = np.nan
    save_weights(model, tmp_path / "a.safetensors")
    with pytest.raises(CheckpointError, match=r"start\.bias holds NaN or infinity"):
        load_weights(tmp_path / "a.safetensors")
