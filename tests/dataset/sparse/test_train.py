"""A model that learns from a dataset's own sequences, and is then chosen by its name."""

import json
from concurrent.futures import ThreadPoolExecutor

import fiftyone as fo
import fiftyone.operators as foo
import numpy as np
import pytest
import torch
from fiftyone.operators.delegated import DelegatedOperationService
from gapsphere.plugin.dataset.sparse import models as sparse_models
from gapsphere.plugin.dataset.sparse.clips import read_clips
from gapsphere.plugin.dataset.sparse.models import open_registry
from gapsphere.plugin.dataset.sparse.sequences import ordered_sequences
from gapsphere.plugin.dataset.sparse.train import train_sparse_transformer
from gapsphere.plugin.dataset.store import leases, places, runs
from gapsphere.plugin.dataset.store.names import Names
from gapsphere.plugin.errors import (
    BusyError,
    Cancelled,
    CheckpointError,
    EmptySetError,
    InputError,
    MismatchError,
)
from gapsphere.plugin.progress import silent
from gapsphere.plugin.settings.fields import make
from gapsphere.plugin.settings.sparse import TrainSequencesParams
from gapsphere.plugin.sparse.learn.streams import StreamConfig
from gapsphere.plugin.sparse.learn.train import TrainConfig, Trainer
from gapsphere.plugin.sparse.network.model import ModelConfig, SparsePixelTransformer
from gapsphere.plugin.sparse.network.registry import trained_models
from gapsphere.plugin.sparse.network.weights import load_weights, save_weights
from gapsphere.tests.support.killed import killed_at
from PIL import Image
from safetensors import safe_open

OPERATOR = "@gapsphere/gap-explorer/train_sparse_transformer"
SHORT = {
    "model_name": "bars", "start_from": "small", "steps": 4, "batch_size": 2, "clip_length": 3,
    "validate_every": 2, "side": 32, "device": "cpu",
}  # fmt: skip


@pytest.fixture
def home(tmp_path, monkeypatch):
    """FiftyOne's folder of this test, with a small model trained before."""
    monkeypatch.setattr(fo.config, "default_dataset_dir", str(tmp_path / "home"))
    torch.manual_seed(0)
    model = SparsePixelTransformer(ModelConfig(refine_widths=(8, 12), refine_blocks=1))
    save_weights(model, places.sparse_models() / "small" / "weights.safetensors")
    return places.sparse_models()


@pytest.fixture
def drives(dataset, tmp_path):
    """Drives of 7, 4 and 2 frames of moving bars."""
    x = np.arange(40)
    for name, length in (("a", 7), ("b", 4), ("short", 2)):
        for t in range(length):
            bars = 128 + 90 * np.sign(np.sin((x + t + length) * 0.7))
            path = tmp_path / f"{name}_{t}.png"
            Image.fromarray(np.broadcast_to(bars, (30, 40)).astype(np.uint8)).save(path)
            dataset.add_sample(
                fo.Sample(filepath=str(path), tags=["S"], sequence=name, frame_number=t)
            )
    return dataset


def train(dataset, report=lambda stage: silent, **settings):
    params = make(TrainSequencesParams, {**SHORT, **settings})
    return train_sparse_transformer(dataset, params, report=report)


def clips_of(dataset, **settings):
    params = make(TrainSequencesParams, {**SHORT, **settings})
    ordered = ordered_sequences(dataset, params.sequence_field, params.order_field)
    return read_clips(ordered.sequences, params)


def test_a_trained_model_is_chosen_by_its_name(home, drives):
    result = train(drives)
    assert (result.step, result.steps_now, result.clips) == (4, 4, (3, 3, 24, 32))
    assert [line["step"] for line in result.log] == [2, 4]
    assert "step 4: training" in str(result)
    assert sparse_models.model_names() == ["default", "bars", "small"]
    chosen = sparse_models.open_registry("cpu").get("bars")
    assert chosen.version == result.fingerprint
    record = runs.read(drives, Names("bars"), "trained")
    assert record.results["fingerprint"] == result.fingerprint
    assert record.inputs["start_from"] == "small"


def test_it_starts_from_the_model_that_is_named(home, drives):
    train(drives, steps=1, learning_rate=1e-12)
    start = load_weights(home / "small" / "weights.safetensors").state_dict()
    for name, value in load_weights(trained_models(home)["bars"]).state_dict().items():
        torch.testing.assert_close(value, start[name], atol=1e-6, rtol=0)


def test_it_can_start_from_nothing(home, drives):
    result = train(drives, steps=1, start_from="nothing", validate_every=1)
    assert result.steps_now == 1
    assert load_weights(trained_models(home)["bars"]).config == ModelConfig()


def test_a_stop_keeps_every_step_and_the_same_name_goes_on(home, drives):
    def stop(done, total):
        if (done, total) == (3, 4):
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        train(drives, lambda stage: stop if stage == "Training" else silent)
    result = train(drives)
    assert (result.step, result.steps_now) == (4, 1)
    more = train(drives, steps=6)
    assert (more.step, more.steps_now, more.before) == (6, 2, result.before)


def test_one_training_at_a_time_writes_a_model_whatever_dataset_it_learns_from(
    home, drives, monkeypatch
):
    monkeypatch.setattr(leases, "WAIT", 0.0)
    other = drives.clone()
    said = []

    def meanwhile(*_):
        with ThreadPoolExecutor(1) as another, pytest.raises(BusyError) as busy:
            another.submit(train, other).result()
        said.append(str(busy.value))

    train(drives, lambda stage: meanwhile if stage == "Training" else silent, steps=1)
    assert said
    assert all("the model 'bars' (train_sparse_transformer, process" in each for each in said)
    assert train(other, steps=2).step == 2
    other.delete()


def test_steps_that_a_kill_lost_are_done_and_logged_again(home, drives):
    train(drives, steps=2)
    kept = (home / "bars" / "checkpoint.safetensors").read_bytes()
    whole = train(drives)
    (home / "bars" / "checkpoint.safetensors").write_bytes(kept)  # killed before the one of step 4
    again = train(drives)
    assert (again.step, again.steps_now) == (4, 2)
    assert [line["step"] for line in again.log] == [line["step"] for line in whole.log] == [2, 4]
    best = json.loads(_meta(home / "bars" / "checkpoint.safetensors")["best"])
    assert best[0] == max(line["validation"] for line in again.log)


def _meta(path):
    with safe_open(path, "pt") as file:
        return file.metadata()


@pytest.mark.crash
@pytest.mark.parametrize("name", ["checkpoint.safetensors", "best.safetensors", "log.jsonl"])
def test_a_training_killed_while_the_old_one_is_removed_begins_anew(home, drives, name):
    train(drives, learning_rate=1e-12)
    killed_at(f"trained:removed {name}", lambda: train(drives, overwrite=True))
    again = train(drives)  # not asked to overwrite again
    assert (again.steps_now, [line["step"] for line in again.log]) == (4, [2, 4])


@pytest.mark.crash
def test_a_training_killed_is_not_taken_for_finished(home, drives):
    killed_at("trained:begun", lambda: train(drives))
    record = runs.read(drives, Names("bars"), "trained")
    assert record.running
    assert record.inputs["start_from"] == "small"
    train(drives)
    assert not runs.read(drives, Names("bars"), "trained").running


def test_a_name_that_learned_from_other_frames_is_refused_until_overwrite(home, drives):
    train(drives)
    others = drives.match_tags("S").limit(6)
    with pytest.raises(MismatchError, match="learned from other frames"):
        train(others)
    with pytest.raises(MismatchError, match="learned from other frames"):
        train(drives, start_from="default")
    assert train(others, overwrite=True).steps_now == 4


def test_training_stops_where_validation_no_longer_grows(home, drives):
    result = train(drives, steps=40, learning_rate=1e-12, patience=4)
    assert result.step < 40
    assert "Stopped early: no better validation for 4 steps." in result.notes


def test_the_validation_is_that_of_the_model_that_is_kept(home, drives, tmp_path):
    """Also where none was as good as the model that it started from."""
    result = train(drives, learning_rate=1.0, start_from="default")
    assert result.after == max(line["validation"] for line in result.log)
    assert result.after < result.before
    assert any("keep the model it began with" in note for note in result.notes)
    kept = load_weights(trained_models(home)["bars"])
    config = TrainConfig(stream=StreamConfig(crop=24))
    check = Trainer(clips_of(drives).frames, tmp_path / "check", config, kept.config, held_out=1)
    check.mean.load_state_dict(kept.state_dict())
    assert check.validate() == pytest.approx(result.after)


def test_clips_do_not_overlap_and_the_last_sequence_ends_them(drives):
    clips = clips_of(drives)
    assert clips.sequences == ("a", "a", "b")
    assert clips.notes == ("1 sequence of fewer than 3 frames left out.",)
    first = np.asarray(Image.open(drives.match_tags("S").first().filepath).resize((32, 24), 4))
    np.testing.assert_array_equal(clips.frames[0, 0], first)


def test_of_too_many_frames_clips_are_left_out_evenly(drives):
    clips = clips_of(drives, most_frames=10, clip_length=3)
    assert len(clips.frames) == 3
    few = clips_of(drives.match_tags("S"), clip_length=3, most_frames=10)
    assert few.digest == clips.digest


def test_clips_with_a_broken_or_odd_frame_are_left_out(drives):
    paths = drives.values("filepath")
    with open(paths[1], "wb") as file:
        file.write(b"no image")
    clips = clips_of(drives)
    assert clips.sequences == ("a", "b")
    assert [item.path for item in clips.skipped] == [paths[1]]
    Image.new("L", (30, 40)).save(paths[4])
    with pytest.raises(EmptySetError, match="1 clip remains and training needs 2"):
        clips_of(drives)


@pytest.mark.parametrize(
    ("wrong", "kind", "words"),
    [
        ({"clip_length": 5}, EmptySetError, "there are 1: the longest sequence has 7 frames"),
        ({"model_name": "default"}, InputError, "'default' means another model here"),
        ({"start_from": "bars"}, InputError, "under that name continues anyway"),
        ({"model_name": "../up"}, InputError, "model_name"),
        ({"side": 16}, InputError, "too small to learn from"),
    ],
)
def test_what_cannot_be_trained_is_a_sentence(home, drives, wrong, kind, words):
    with pytest.raises(kind, match=words):
        train(drives, **wrong)
    assert not (home / "bars").exists()


def test_the_operator_trains_and_the_simulation_takes_the_model(home, drives):
    foo.execute_operator(OPERATOR, dataset=drives, params=SHORT)
    told = json.loads((home / "bars" / "training.json").read_text())
    assert told["start_from"] == "small"
    settings = {"checkpoint_key": "bars", "sample_count": 40, "side": 32, "device": "cpu"}
    simulate = OPERATOR.replace("train_sparse_transformer", "simulate_adaptive_sampling")
    foo.execute_operator(simulate, dataset=drives, params=settings)
    drives.reload()
    record = runs.read(drives, Names(), "sparse")
    version = sparse_models.open_registry("cpu").get("bars").version
    assert (record.inputs["model"], record.inputs["fingerprint"]) == ("bars", version)


def test_the_operator_trains_delegated_and_goes_on_with_what_was_kept(home, drives):
    foo.execute_operator(OPERATOR, dataset=drives, params=SHORT)
    longer = {**SHORT, "steps": 6}
    queued = foo.execute_operator(OPERATOR, dataset=drives, params=longer, request_delegation=True)
    assert queued.delegated
    DelegatedOperationService().execute_queued_operations(limit=1, log=False)
    steps = [json.loads(line)["step"] for line in (home / "bars" / "log.jsonl").open()]
    assert steps[-1] == 6
    assert steps == sorted(set(steps)), "no step was made twice"


def test_the_live_server_offers_what_was_trained(home, drives):
    """The command gives the server every name; a client asks for one."""
    small = trained_models(home)["small"]
    registry = open_registry("cpu", {"mine": small})
    assert registry.keys == ("default", "small", "mine")
    assert registry.get("small").version == registry.get("mine").version
    (home / "my.safetensors").write_bytes(b"none")
    own = open_registry("cpu", {"small": home / "my.safetensors"})
    with pytest.raises(CheckpointError, match=r"/my\.safetensors"):
        own.get("small")
    with pytest.raises(InputError, match=r"'small': /no\.safetensors is not a file"):
        open_registry("cpu", {"small": "/no.safetensors"})


def test_the_command_line_trains_on_a_dataset(home, drives, capsys):
    from gapsphere.scripts.cli.main import main

    settings = (
        "training.model_name=bars", "training.start_from=small", "training.steps=2",
        "training.batch_size=2", "training.clip_length=3", "frames.side=32",
    )  # fmt: skip
    assert main(["sparse", "train", "--dataset", drives.name, *settings]) == 0
    assert "step 2, 2 now" in capsys.readouterr().out
    assert main(["sparse", "train"]) == 2
    assert "--frames FILE, or --dataset NAME" in capsys.readouterr().err
