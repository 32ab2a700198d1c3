"""The weights that come with Gapsphere, and the tables' command in a short form."""

import json

import numpy as np
import pytest
from gapsphere.plugin.settings.sparse import SparseParams
from gapsphere.plugin.sparse.frames.samples import samples_of
from gapsphere.plugin.sparse.loop.loop import SamplingLoop
from gapsphere.plugin.sparse.measure.evaluate import Plan
from gapsphere.plugin.sparse.measure.quality import psnr
from gapsphere.plugin.sparse.network.weights import DEFAULT_WEIGHTS, load_weights
from gapsphere.plugin.sparse.sampling.adaptive import AdaptiveSampler
from gapsphere.scripts.cli.main import main
from gapsphere.scripts.cli.sparse_tables import print_tables


@pytest.fixture(scope="module")
def packaged():
    return load_weights()


def test_the_packaged_model_is_small_and_has_its_log():
    assert DEFAULT_WEIGHTS.stat().st_size < 5_000_000
    lines = DEFAULT_WEIGHTS.with_suffix(".jsonl").read_text().splitlines()
    assert json.loads(lines[-1])["step"] >= 600


def test_what_is_remembered_improves_a_still_film_from_frame_to_frame(packaged, make_film):
    still = make_film(12, 64)
    loop = SamplingLoop(
        packaged, AdaptiveSampler(), SparseParams(sample_count=200, warmup_frames=3)
    )
    state, quality = loop.start((64, 64)), []
    for frame in still:
        step = loop.step(samples_of(frame, state.pixels), state)
        state = step.state
        quality.append(psnr(step.frame, frame))
    assert np.mean(quality[-3:]) > np.mean(quality[:3]) + 1.5


def test_the_tables_print_and_the_plot_is_drawn(packaged, tmp_path, capsys, make_film):
    films = np.stack([make_film(24, 24, speed=1.0, seed=seed)[..., 0] for seed in range(2)])
    plan = Plan(count=60, first=2, frames=1, each=1, warmup_frames=1)
    print_tables(packaged, {"made": films}, plan=plan, counts=(40,), output=tmp_path)
    printed = capsys.readouterr().out
    for word in ("entropy, multinomial (seed)", "navier-stokes", "Spearman", "CPU ms a frame"):
        assert word in printed
    assert (tmp_path / "psnr_by_count.png").stat().st_size > 10_000


def test_a_model_is_trained_from_the_command_line(tmp_path, capsys, make_film):
    films = np.stack([make_film(6, 64, seed=seed)[..., 0] for seed in range(4)])
    np.savez(tmp_path / "made.npz", frames=films)
    out = tmp_path / "model"
    settings = ["training.steps=1", "training.batch_size=2", "training.device=cpu"]
    command = [
        "sparse",
        "train",
        "--frames",
        str(tmp_path / "made.npz"),
        "--output",
        str(out),
        *settings,
    ]
    assert main(command) == 0
    assert str(out / "weights.safetensors") in capsys.readouterr().out
    assert load_weights(out / "weights.safetensors").config.neighbors == 8


def test_a_file_that_holds_no_frames_is_named(tmp_path, capsys):
    path = tmp_path / "none.npz"
    np.savez(path, other=np.zeros(3))
    assert main(["sparse", "evaluate", str(path)]) == 2
    assert "none.npz" in capsys.readouterr().err
