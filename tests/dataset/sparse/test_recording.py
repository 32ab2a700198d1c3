"""A recorded session becomes a sequence that can be read, extended and looked at."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest
from fiftyone.operators.store import ExecutionStore
from gapsphere.plugin.dataset.sparse import recording
from gapsphere.plugin.dataset.sparse.recording import import_recording
from gapsphere.plugin.dataset.store import leases
from gapsphere.plugin.dataset.store.fiftyone_internals import dataset_id
from gapsphere.plugin.errors import ArtifactError, BusyError
from gapsphere.plugin.settings.sparse import SparseParams
from gapsphere.plugin.sparse.frames.coords import pixels_of
from gapsphere.plugin.sparse.frames.samples import samples_of
from gapsphere.plugin.sparse.live.recorder import FORMAT, Recorder
from gapsphere.plugin.sparse.loop.loop import SamplingLoop
from gapsphere.plugin.sparse.network.model import ModelConfig, SparsePixelTransformer
from gapsphere.plugin.sparse.sampling.adaptive import AdaptiveSampler

SIZE = (24, 32)
ABOUT = {"session_id": "0123456789abcdef", "resolution": [32, 24]}


@pytest.fixture
def record(tmp_path):
    """``record(3)`` has the loop run on three more frames and writes them; gives the folder."""
    model = SparsePixelTransformer(ModelConfig(refine_widths=(8, 12)))
    loop = SamplingLoop(model, AdaptiveSampler(), SparseParams(sample_count=20, warmup_frames=1))
    recorder = Recorder(tmp_path)
    recorder.begin(ABOUT["session_id"], ABOUT)
    random, at = np.random.default_rng(0), {"state": loop.start(SIZE), "frame": 0}

    def run(frames):
        for _ in range(frames):
            shot = random.integers(0, 256, (*SIZE, 1), dtype=np.uint8)
            samples = samples_of(shot, at["state"].pixels)
            step = loop.step(samples, at["state"])
            recorder.add(ABOUT["session_id"], at["frame"], samples, step, None)
            at.update(state=step.state, frame=at["frame"] + 1)
        return tmp_path / ABOUT["session_id"]

    return run


def test_a_session_becomes_an_ordered_sequence(dataset, record):
    result = import_recording(dataset, record(4), keypoints=True)
    assert (result.sequence, result.added) == ("live-01234567", 4)
    view = dataset.group_by("sequence", order_by="frame_number").first()
    assert view.frame_number == 0
    assert dataset.sort_by("frame_number").values("n_samples") == [20] * 4
    assert dataset.sort_by("frame_number").values("adaptive") == [True] * 4
    sample = dataset.sort_by("frame_number").last()
    heat = sample.importance.get_map()
    assert heat.shape == SIZE
    assert heat.max() == 255
    points = sample.measured.keypoints[0].points
    assert len(np.unique(pixels_of(points, SIZE))) == 20
    assert sample.expected_error > 0
    assert sample.held_out_psnr is None


def test_reading_again_adds_what_is_new_and_nothing_twice(dataset, record):
    import_recording(dataset, record(2), sequence="drive")
    result = import_recording(dataset, record(3), sequence="drive")
    assert (result.added, result.known) == (3, 2)
    assert sorted(dataset.values("frame_number")) == [0, 1, 2, 3, 4]


@pytest.mark.crash
def test_an_import_that_was_killed_is_ended_by_the_next(dataset, record, monkeypatch):
    folder = record(5)
    monkeypatch.setattr(recording, "BLOCK", 2)

    def killed(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_recording(dataset, folder, progress=killed)
    assert len(dataset) == 2
    result = import_recording(dataset, folder)
    assert (result.added, result.known) == (3, 2)
    assert sorted(dataset.values("frame_number")) == [0, 1, 2, 3, 4]


def test_an_import_waits_for_who_adds_samples(dataset, record, monkeypatch):
    monkeypatch.setattr(leases, "WAIT", 0.0)
    other = replace(leases.Lease.mine("load_images"), run="another")
    store = ExecutionStore.create(leases.STORE, dataset_id(dataset))
    store.set(f"{leases.LOADING}/", asdict(other))
    with pytest.raises(BusyError, match="load_images"):
        import_recording(dataset, record(1))
    assert len(dataset) == 0


def test_a_folder_that_is_no_recording_or_lost_a_file_is_told(dataset, record, tmp_path):
    with pytest.raises(ArtifactError, match="not a recorded session"):
        import_recording(dataset, tmp_path / "nothing")
    (tmp_path / "session.json").write_text(100_000 * "[")
    with pytest.raises(ArtifactError, match="not a recorded session"):
        import_recording(dataset, tmp_path)
    folder = record(2)
    (folder / "frames" / "00000000.png").unlink()
    with pytest.raises(ArtifactError, match="missing"):
        import_recording(dataset, folder)
    assert len(dataset) == 0


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("session.json", {"resolution": [32, 24]}, "names no session"),
        ("session.json", {"session_id": "a"}, "resolution"),
        ("session.json", {"session_id": "a", "resolution": [0, 24]}, "each side goes from 1"),
        ("frames.jsonl", b"\xff\n", "cannot be read"),
        ("frames.jsonl", {"sample_count": "many"}, "line 1, is not a recorded frame"),
        ("frames.jsonl", {"expected_error": [1]}, "line 1, is not a recorded frame"),
        ("frames.jsonl", {"adaptive": 7}, "line 1, is not a recorded frame"),
    ],
)
def test_a_damaged_recording_is_told_before_a_dataset_changes(
    dataset, record, file, content, words
):
    path = record(2) / file
    if file == "session.json":
        path.write_text(json.dumps({"format": FORMAT, **content}))
    elif isinstance(content, bytes):
        path.write_bytes(content)
    else:
        first, *rest = path.read_text().splitlines()
        path.write_text("\n".join([json.dumps({**json.loads(first), **content}), *rest]))
    fields = set(dataset.get_field_schema())
    with pytest.raises(ArtifactError, match=words):
        import_recording(dataset, path.parent)
    assert set(dataset.get_field_schema()) == fields


def test_a_recording_stops_at_its_size_and_stays_readable(dataset, record, tmp_path):
    folder = record(1)
    recorder = Recorder(tmp_path, most_bytes=1)
    recorder.begin("first", {})
    recorder.add("0123456789abcdef", 9, None, None, None)
    recorder.begin("second", {})
    assert (tmp_path / "first" / "session.json").exists()
    assert not (tmp_path / "second").exists()
    assert import_recording(dataset, folder).added == 1
