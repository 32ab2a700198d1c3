"""Sequences through the closed loop: what is written, when it goes on, what a server shares.

Frames are small and made; the model is untrained, so its frames are interpolations and as exact as
any other's for what is claimed here.
"""

import errno
import io
import os
import signal
from pathlib import Path
from types import SimpleNamespace

import fiftyone as fo
import fiftyone.operators as foo
import numpy as np
import pytest
import torch
from fiftyone import ViewField as F
from gapsphere.plugin.dataset.sparse import files
from gapsphere.plugin.dataset.sparse import results as sparse_results
from gapsphere.plugin.dataset.sparse import run as sparse_run
from gapsphere.plugin.dataset.sparse.frames import read_frame
from gapsphere.plugin.dataset.sparse.job import policy_name
from gapsphere.plugin.dataset.sparse.leftovers import leftovers
from gapsphere.plugin.dataset.sparse.sequences import ordered_sequences
from gapsphere.plugin.dataset.sparse.simulate import simulate_adaptive_sampling
from gapsphere.plugin.dataset.sparse.simulations import curve, simulations
from gapsphere.plugin.dataset.store import places, runs
from gapsphere.plugin.dataset.store.names import Names
from gapsphere.plugin.errors import (
    Cancelled,
    EmptySetError,
    GapsphereError,
    InputError,
    MismatchError,
)
from gapsphere.plugin.settings.fields import make, select
from gapsphere.plugin.settings.serving import ServeParams
from gapsphere.plugin.settings.sparse import SimulateParams, SparseParams
from gapsphere.plugin.sparse.frames.coords import uv_of
from gapsphere.plugin.sparse.frames.samples import samples_of
from gapsphere.plugin.sparse.live.serve import running
from gapsphere.plugin.sparse.loop.build import make_loop, make_sampler
from gapsphere.plugin.sparse.measure.quality import psnr, ssim
from gapsphere.plugin.sparse.network.model import ModelConfig, SparsePixelTransformer
from gapsphere.plugin.sparse.network.registry import ModelRegistry
from gapsphere.plugin.sparse.network.weights import save_weights
from gapsphere.tests.support.killed import ended, forked, killed_at
from gapsphere.tests.support.sparse_client import Client
from PIL import Image

OPERATOR = "@gapsphere/gap-explorer/simulate_adaptive_sampling"
FEW = {"sample_count": 60, "warmup_frames": 2, "side": 32, "device": "cpu"}
FIGURES = ("psnr", "ssim", "reconstruction_error", "importance_mean", "n_samples")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "small.safetensors"
    save_weights(SparsePixelTransformer(ModelConfig(refine_widths=(8, 12), refine_blocks=1)), path)
    return SimpleNamespace(path=path, loaded=ModelRegistry({"small": path}).get("small"))


def picture(seed, t, size=(48, 36)):
    """RGB: a smooth ground, a textured square that moves."""
    width, height = size
    y, x = np.mgrid[:height, :width]
    texture = np.random.default_rng(seed).integers(0, 256, (height, width))
    ground = 90 + 60 * np.sin(2 * x / width + seed) * np.cos(2 * y / height)
    inside = (abs(y - height // 2) < height // 4) & (abs(x - width // 4 - t) < width // 6)
    grey = np.where(inside, np.roll(texture, t, 1), ground)
    return np.stack([grey, np.roll(grey, 1, 1), grey], -1).astype(np.uint8)


@pytest.fixture
def film(dataset, tmp_path):
    """Drives ``a`` (S, 7 frames) and ``b`` (U, 5), stored out of order, numbers not from 0."""
    samples = []
    for seed, (name, tag, length) in enumerate((("a", "S", 7), ("b", "U", 5))):
        for t in range(length):
            path = tmp_path / f"{name}_{(t * 3) % 7}_{t}.png"  # file names in another order
            Image.fromarray(picture(seed, t)).save(path)
            row = {"sequence": name, "frame_number": 30 * t + 90}
            samples.append(fo.Sample(filepath=str(path), tags=[tag], **row))
    dataset.add_samples(samples[::-1], progress=False)
    return dataset


@pytest.fixture
def simulate(model):
    def run(samples, progress=lambda done, total: None, **settings):
        params = make(SimulateParams, {**FEW, **settings})
        return simulate_adaptive_sampling(samples, params, model=model.loaded, progress=progress)

    return run


@pytest.fixture
def registered(model, tmp_path, monkeypatch):
    """The model among those that were trained here, as ``small``."""
    monkeypatch.setattr(fo.config, "default_dataset_dir", str(tmp_path))
    place = places.sparse_models() / "small"
    place.mkdir(parents=True)
    (place / "weights.safetensors").write_bytes(model.path.read_bytes())


def of(dataset, sequence):
    return dataset.match(F("sequence") == sequence).sort_by("frame_number")


def results(dataset, suffix=""):
    """Everything that a simulation left, by sample; pictures as pixels."""
    names = Names(suffix)
    found = {}
    for sample in dataset:
        figures = [sample[getattr(names, name)] for name in FIGURES]
        pictures = [
            None if path is None else np.asarray(Image.open(path)).tobytes()
            for path in (
                sample[names.reconstruction],
                sample[names.importance] and sample[names.importance].map_path,
            )
        ]
        found[sample.id] = (*figures, *pictures)
    return found


# What is written ----------------------------------------------------------------------------------


def test_each_sample_gets_what_the_loop_made_of_its_frame(film, simulate, model):
    result = simulate(film, keypoints=True)
    assert (result.done, result.known, result.skipped) == (12, 0, ())
    loop = make_loop(make(SimulateParams, FEW), model.loaded.model)
    state = loop.start((24, 32), seed=0)
    for sample in of(film, "a"):
        grey = Image.open(sample.filepath).convert("L").resize((32, 24), Image.Resampling.BOX)
        frame = np.asarray(grey)[..., None]
        step = loop.step(samples_of(frame, state.pixels), state)
        points = np.array(sample.measured.keypoints[0].points)
        np.testing.assert_array_equal(points, uv_of(state.pixels, state.resolution))
        assert sample.n_samples == len(points) == 60
        rebuilt = np.asarray(Image.open(sample.reconstruction))
        np.testing.assert_array_equal(rebuilt, step.frame[..., 0])
        assert sample.psnr == psnr(step.frame, frame)
        assert sample.ssim == ssim(step.frame, frame)
        assert sample.reconstruction_error == np.abs(step.frame.astype(float) - frame).mean()
        assert sample.importance_mean == pytest.approx(step.importance.mean())
        shown = np.asarray(Image.open(sample.importance.map_path))
        assert shown.dtype == np.uint8
        assert shown.max() == 255
        assert np.unravel_index(shown.argmax(), shown.shape) == np.unravel_index(
            step.importance.argmax(), shown.shape
        )
        assert sample.importance.range == [0, 255]
        state = step.state
    assert step.warm  # adaptive sampling was reached


def test_a_frame_after_which_everything_is_another_is_a_scene_cut(film, simulate):
    for t, sample in enumerate(of(film, "a")):
        bright = 230 if t >= 4 else 20
        Image.new("RGB", (48, 36), (bright, bright, bright)).save(sample.filepath)
    simulate(film)
    assert of(film, "a").values("scene_cut") == [False] * 4 + [True] + [False] * 2
    assert of(film, "b").distinct("scene_cut") == [False]


def test_the_app_can_show_the_reconstruction_and_other_samples_show_themselves(film, simulate):
    simulate(of(film, "a"))
    film.reload()
    assert film.app_config.media_fields == ["filepath", "reconstruction"]
    assert film.app_config.media_fallback
    assert "reconstruction" in film.get_field_schema()


def test_the_measured_pixels_hide_no_thumbnail_until_somebody_ticks_them(film, simulate):
    film.add_sample_field("cars", fo.EmbeddedDocumentField, embedded_doc_type=fo.Detections)
    simulate(film)
    assert film.app_config.active_fields is None
    simulate(film, keypoints=True, suffix="k")
    shown = film.app_config.active_fields
    assert (shown.exclude, shown.paths) == (False, ["cars", "psnr_k"])  # maps never show unasked
    shown.paths.append("measured_k")
    film.save()
    simulate(film, keypoints=True, suffix="k", overwrite=True)
    simulate(film, keypoints=True, suffix="l")
    assert film.app_config.active_fields.paths == ["cars", "psnr_k", "measured_k"]


def test_the_run_tells_policy_model_and_means_by_sequence(film, simulate, model):
    simulate(film)
    simulate(film, pattern="random", suffix="even")
    record = runs.read(film, Names("even"), "sparse")
    assert record.params["pattern"] == "random"
    assert record.inputs["fingerprint"] == model.loaded.version
    adaptive, even = simulations(film)
    assert (adaptive.policy, even.policy) == ("dispersion, diffusion", "random")
    assert list(even.sequences) == ["a", "b"]
    for name, means in even.sequences.items():
        values = of(film, name).values("psnr_even")
        assert means["frames"] == len(values)
        assert means["psnr"] == pytest.approx(np.mean(values))
        assert means["resolution"] == [32, 24]
    assert even.psnr == pytest.approx(np.mean(film.values("psnr_even")))


def test_a_curve_is_in_the_frames_order_with_nan_where_nothing_was_played(film, simulate):
    simulate(of(film, "a")[:4])
    told = simulations(film)[0]
    line = curve(film, told, "a")
    assert line.numbers.tolist() == [90, 120, 150, 180, 210, 240, 270]
    assert line.ids == of(film, "a").values("id")
    assert np.isnan(line.psnr).tolist() == [False] * 4 + [True] * 3
    np.testing.assert_array_equal(line.psnr[:4], of(film, "a")[:4].values("psnr"))


@pytest.mark.parametrize("encoding", ["json", "binary"])
def test_operator_and_server_give_bit_identical_coordinates_and_frames(
    film, model, registered, encoding
):
    wanted = {**FEW, "checkpoint_key": "small", "keypoints": True}
    foo.execute_operator(OPERATOR, dataset=film, params=wanted)
    sampling = select(SparseParams, make(SimulateParams, wanted))
    serving = ServeParams(port=0, models=f"small={model.path}", start_seconds=60)
    with running(serving, sampling) as address:
        for name in ("a", "b"):
            with Client(address, (24, 32), encoding=encoding, frames=True) as client:
                for number, sample in enumerate(of(film, name)):
                    points = np.array(sample.measured.keypoints[0].points)
                    pixels = np.ravel_multi_index(
                        np.floor(points[:, ::-1] * (24, 32)).astype(int).T, (24, 32)
                    )
                    np.testing.assert_array_equal(pixels, client.uv.pixels)
                    client.step(number, read_frame(sample.filepath, 32, 1))
                    _, png = client.read("reconstruction")
                    seen = np.asarray(Image.open(io.BytesIO(png)))
                    rebuilt = np.asarray(Image.open(sample.reconstruction))
                    np.testing.assert_array_equal(rebuilt, seen)


# Going on -----------------------------------------------------------------------------------------


def test_what_is_there_is_not_made_again(film, simulate, monkeypatch):
    simulate(film)
    before = results(film)
    seen = []
    monkeypatch.setattr(sparse_run, "play_frame", lambda *_: seen.append(1))
    again = simulate(film, lambda done, total: None)
    assert (again.done, again.known, seen) == (0, 12, [])
    assert results(film) == before


def test_a_stop_keeps_every_frame_before_it_and_the_next_run_ends_the_same(film, simulate):
    simulate(film, suffix="whole")

    def stop(done, total):
        if done == 9:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        simulate(film, stop)
    assert len(film.exists("psnr")) == 9
    told = simulations(film)[0].sequences
    assert [told[name]["frames"] for name in "ab"] == [7, 2]
    again = simulate(film)
    assert (again.done, again.known) == (3, 9)
    assert results(film) == results(film, "whole")


@pytest.mark.crash
def test_a_killed_run_goes_on_to_the_same_bits(film, simulate, model):
    simulate(film, suffix="whole")

    def killed(done, _total):
        if done == 10:  # after the write of 9, before 10's
            os.kill(os.getpid(), signal.SIGKILL)

    def work():
        sparse_run.BLOCK = 2
        simulate(film, progress=killed)

    assert ended(forked(work)) == -signal.SIGKILL
    film.reload()
    kept = len(film.exists("psnr"))
    assert kept == 9  # two blocks of two and the rest of `a`, one block of `b`
    again = simulate(film)
    assert (again.known, again.done) == (9, 3)
    assert results(film) == results(film, "whole")


def told(dataset, suffix=""):
    """Means of the sequences that the record has."""
    record = runs.read(dataset, Names(suffix), "sparse")
    return record.running, dict(record.results.get("sequences", {}))


@pytest.mark.crash
@pytest.mark.parametrize(
    "point",
    ["begun", "cleared", "wrote psnr", "wrote reconstruction", "saved", "played", "marked",
     "written", "completed"],
)  # fmt: skip
def test_a_run_killed_at_any_point_over_other_results_is_never_half_of_both(film, simulate, point):
    short = film.match(F("frame_number") < 180)
    simulate(short, suffix="first")
    simulate(short, suffix="other", sample_count=80)
    simulate(short)
    other = {"sample_count": 80, "overwrite": True}
    killed_at(f"sparse:{point}", lambda: simulate(short, **other))
    film.reload()
    running, sequences = told(film)
    assert running == (point != "completed")
    for name in sequences:  # what the record has of it is whole
        assert {row[4] for key, row in results(film).items() if film[key].sequence == name} <= {
            80, None
        }  # fmt: skip
    if len(film.exists("psnr")):
        with pytest.raises(MismatchError, match="holds results of"):
            simulate(short)  # the settings from before, not asked to replace anything
    else:
        assert point == "cleared"
    simulate(short, sample_count=80)
    assert results(film) == results(film, "other")
    assert told(film) == told(film, "other")
    killed_at(f"sparse:{point}", lambda: simulate(short, overwrite=True))
    simulate(short, overwrite=True)
    assert results(film) == results(film, "first")
    assert told(film) == told(film, "first")


@pytest.mark.crash
@pytest.mark.parametrize("point", ["begun", "opened", "wrote psnr", "saved", "played", "marked"])
def test_the_means_of_a_sequence_that_grew_are_never_those_from_before(film, simulate, point):
    simulate(film, suffix="whole")
    simulate(film.match(F("frame_number") < 180))
    killed_at(f"sparse:{point}", lambda: simulate(film))
    film.reload()
    for name, means in told(film)[1].items():
        assert means["frames"] == len(of(film, name).exists("psnr"))
    simulate(film)
    assert results(film) == results(film, "whole")
    assert told(film) == told(film, "whole")


def test_a_sequence_that_grew_goes_on_where_it_ended(film, simulate):
    simulate(film, suffix="whole")
    simulate(of(film, "a")[:4])
    grown = simulate(film)
    assert (grown.known, grown.done) == (4, 8)
    assert results(film) == results(film, "whole")


def test_frames_that_another_cut_of_the_sequence_does_not_have_lose_their_results(film, simulate):
    simulate(film)
    every_other = of(film, "a").select(of(film, "a").values("id")[::2])
    result = simulate(every_other)
    assert result.done == 4
    assert len(of(film, "a").exists("psnr")) == 4
    assert len(of(film, "a").exists("reconstruction")) == 4
    assert len(of(film, "b").exists("psnr")) == 5
    assert result.sequences["a"]["frames"] == 4


def test_results_that_somebody_deleted_are_made_again(film, simulate):
    simulate(film)
    before = results(film)
    film.delete_sample_field("reconstruction")
    assert simulate(film).done == 12
    assert results(film) == before


def test_means_are_of_the_frames_that_are_still_there(film, simulate):
    simulate(film)
    b = of(film, "b")
    film.delete_samples([*of(film, "a").values("id"), *b.values("id")[3:]])
    simulate(film)
    (one,) = simulations(film)
    assert list(one.sequences) == ["b"]
    assert one.sequences["b"]["frames"] == 3
    assert one.sequences["b"]["psnr"] == pytest.approx(np.mean(b.values("psnr")))


def test_frames_of_the_whole_dataset_are_asked_for_only_where_others_were_simulated(
    film, simulate, monkeypatch
):
    asked = []
    monkeypatch.setattr(
        sparse_results, "ordered_sequences", lambda *of: asked.append(of) or ordered_sequences(*of)
    )
    for _ in range(2):
        simulate(of(film, "a"))
    assert not asked
    simulate(of(film, "b"))
    assert len(asked) == 1
    (one,) = simulations(film)
    assert list(one.sequences) == ["a", "b"]


def test_a_damaged_state_starts_its_sequence_anew_to_the_same_result(film, simulate):
    """A disk that breaks off is no reason to stop at a file that nobody knows."""
    simulate(film)
    before, (one, _) = results(film), sorted(places.sparse(film).rglob("state/*.npz"))
    one.write_bytes(one.read_bytes()[:200])
    again = simulate(film)
    assert again.done in (5, 7)
    assert results(film) == before


def test_a_state_that_the_system_does_not_give_loses_no_results(film, simulate, monkeypatch):
    simulate(film)
    before, kept = results(film), sorted(places.sparse(film).rglob("state/*.npz"))

    def refused(path):
        raise OSError(errno.EMFILE, "Too many open files", str(path))

    with monkeypatch.context() as patched:
        patched.setattr(files.np, "load", refused)
        with pytest.raises(OSError, match="Too many open files"):
            simulate(film)
    assert sorted(places.sparse(film).rglob("state/*.npz")) == kept
    assert results(film) == before
    assert simulate(film).done == 0


def test_other_settings_are_refused_until_a_suffix_or_overwrite(film, simulate):
    simulate(film)
    with pytest.raises(MismatchError, match="results of dispersion, diffusion with other settings"):
        simulate(film, sample_count=80)
    simulate(film, sample_count=80, suffix="more")
    assert set(film.values("n_samples")) == {60}
    old = film.first().reconstruction
    simulate(of(film, "a"), sample_count=80, overwrite=True)
    assert film.exists("n_samples").distinct("n_samples") == [80]
    assert len(film.exists("psnr")) == 7
    assert not os.path.exists(old)
    assert list(simulations(film)[0].sequences) == ["a"]


def test_fields_with_other_contents_are_left_alone(film, simulate):
    film.set_values("psnr", [1.0] * 12)
    film.set_values("ssim_b", ["good"] * 12)
    film.set_values("measured_c", [fo.Keypoints()] * 12)
    for suffix, name in (("", "psnr"), ("b", "ssim_b"), ("c", "measured_c")):
        with pytest.raises(InputError, match=f"a field '{name}' of its own"):
            simulate(film, suffix=suffix, overwrite=True, keypoints=True)
    assert film.list_runs() == []
    assert set(film.values("psnr")) == {1.0}


def test_a_field_called_measured_is_the_users_where_no_pixels_were_asked_for(film, simulate):
    simulate(film)
    film.set_values("measured", [fo.Keypoints()] * 12)
    simulate(film, sample_count=80, overwrite=True)
    assert len(film.exists("measured")) == 12
    with pytest.raises(InputError, match="a field 'measured' of its own"):
        simulate(film, keypoints=True, overwrite=True)


def test_results_whose_record_was_deleted_are_replaced_only_on_request(film, simulate):
    simulate(film)
    film.delete_run("gapsphere_sparse")
    with pytest.raises(MismatchError, match="'psnr' holds results of an unrecorded run"):
        simulate(film)
    assert simulate(film, overwrite=True).done == 12


def test_a_full_disk_is_a_sentence_and_the_next_run_ends_the_same(film, simulate, small_disk):
    simulate(film, suffix="whole")
    with small_disk(4_000), pytest.raises(InputError, match=r"cannot be written .*free space"):
        simulate(film)
    simulate(film)
    assert results(film) == results(film, "whole")


# Frames as they come ------------------------------------------------------------------------------


def test_a_frame_that_cannot_be_read_is_tagged_and_the_sequence_goes_on(film, simulate):
    broken = of(film, "a").skip(3).first()
    whole = Path(broken.filepath).read_bytes()
    Path(broken.filepath).write_bytes(whole[:100])
    result = simulate(film)
    assert (result.done, [item.id for item in result.skipped]) == (11, [broken.id])
    assert broken.filepath in str(result)
    assert film.match_tags("skipped").values("id") == [broken.id]
    assert result.sequences["a"] | {"frames": 6, "skipped": 1} == result.sequences["a"]
    again = simulate(film)
    assert (again.done, again.known, len(again.skipped)) == (0, 11, 1)
    Path(broken.filepath).write_bytes(whole)
    mended = simulate(film)
    assert (mended.done, mended.skipped) == (7, ())  # the frames after it follow from it
    assert not len(film.match_tags("skipped"))
    simulate(film, suffix="whole")
    assert results(film) == results(film, "whole")


def test_a_frame_whose_path_is_corrected_is_played(film, simulate):
    moved = of(film, "a").skip(3).first()
    path = moved.filepath
    film.set_values("filepath", {moved.id: f"{path}.gone"}, key_field="id")
    assert [item.id for item in simulate(film).skipped] == [moved.id]
    film.set_values("filepath", {moved.id: path}, key_field="id")
    assert not simulate(film).skipped
    assert not len(film.match_tags("skipped"))
    simulate(film, suffix="whole")
    assert results(film) == results(film, "whole")


def test_a_view_that_ends_earlier_counts_its_own_frames(film, simulate):
    broken = of(film, "a").skip(5).first()
    Path(broken.filepath).write_bytes(b"")
    simulate(film)
    result = simulate(of(film, "a")[:4])
    assert (result.done, result.known, result.skipped) == (0, 4, ())


def test_a_change_of_shape_starts_sampling_anew_and_is_said(film, simulate):
    for t, sample in enumerate(of(film, "b")):
        if t >= 3:
            Image.fromarray(picture(1, t, (36, 48))).save(sample.filepath)
    result = simulate(film)
    assert result.done == 12
    assert "Sequence 'b': its pictures change shape or size 1 time," in str(result)
    last = of(film, "b").last()
    assert Image.open(last.reconstruction).size == (24, 32)


def test_without_a_grouping_field_all_frames_are_one_sequence_by_file(film, simulate):
    result = simulate(film, sequence_field="drive", order_field="")
    assert list(result.sequences) == ["all frames"]
    assert "No sample has a 'drive': all 12 are one sequence." in result.notes
    line = curve(film, simulations(film)[0], "all frames")
    paths = film.select(line.ids, ordered=True).values("filepath")
    assert paths == sorted(paths)
    assert line.numbers.tolist() == list(range(12))


def test_samples_without_a_value_are_left_out_and_said(film, simulate):
    ids = of(film, "b").values("id")
    film.set_values("sequence", dict.fromkeys(ids[:2]), key_field="id")
    film.set_values("frame_number", {ids[2]: None}, key_field="id")
    result = simulate(film)
    assert result.done == 10
    assert "2 samples have no 'sequence': left out." in result.notes
    assert any(note.startswith("Frames without a 'frame_number'") for note in result.notes)


def test_a_videos_frames_become_a_dataset_of_their_own(dataset, tmp_path, simulate):
    import av

    path = tmp_path / "drive.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 48, 36, "yuv420p"
        for t in range(4):
            shot = av.VideoFrame.from_ndarray(picture(0, t), format="rgb24")
            container.mux(stream.encode(shot))
        container.mux(stream.encode())
    dataset.add_sample(fo.Sample(filepath=str(path), tags=["S"]))
    try:
        result = simulate(dataset)
        frames = fo.load_dataset(f"{dataset.name}-frames")
        assert result.dataset == frames.name
        assert frames.name in result.notes[0]
        assert (
            result.sequences[f"{tmp_path.name}/drive.mp4"]["frames"]
            == len(frames.exists("psnr"))
            == 4
        )
        assert frames.count_values("tags") == {"S": 4}
        assert simulate(dataset).done == 0
    finally:
        fo.delete_dataset(f"{dataset.name}-frames")


def test_a_density_counts_pixels_by_the_frames_size(film, simulate):
    simulate(film, density=0.05)
    assert film.distinct("n_samples") == [round(0.05 * 24 * 32)]


def test_what_a_deleted_dataset_left_is_known(film, simulate, tmp_path, monkeypatch):
    monkeypatch.setattr(fo.config, "default_dataset_dir", str(tmp_path))
    simulate(film)
    film.delete()
    (left,) = leftovers()
    assert len(left.files) == 12 + 12 + 2  # rebuilt frames, maps, and a state for each sequence


def test_a_perfect_reconstruction_has_a_finite_psnr(film, simulate):
    for sample in of(film, "a"):
        Image.new("RGB", (48, 36), (90, 90, 90)).save(sample.filepath)
    simulate(film)
    assert of(film, "a").distinct("psnr") == [99.0]


def test_a_bare_hybrid_is_a_mixture_of_three_and_not_the_adaptive_policy():
    hybrid = make(SimulateParams, {"pattern": "hybrid"})
    assert policy_name(hybrid) == "dispersion, diffusion, edge"
    sampler = make_sampler(hybrid)
    assert (sampler.importance_ratio, sampler.extra_ratio) == (0.5, 0.2)
    sampler = make_sampler(hybrid.model_copy(update={"importance_ratio": 0.7}))
    assert (sampler.importance_ratio, sampler.extra, sampler.extra_ratio) == (0.7, "edge", 0.2)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"order_field": "embedding"}, "'embedding' is a VectorField and cannot order frames"),
        ({"sequence_field": "tags"}, "'tags' is a ListField and cannot group frames"),
        ({"owned": "view:nothing"}, "There is no saved view 'nothing'"),
        ({"side": 3}, "side"),
        ({"density": 0}, "density"),
        ({"scales": "1,0"}, "from 1 to 4096, not 1, 0"),
        ({"target_psnr": 30, "least_samples": 9, "most_samples": 8}, "not 9, 8"),
        ({"importance_ratio": 0.8, "extra_ratio": 0.4}, "importance and extra together"),
    ],
)
def test_a_wrong_setting_is_a_sentence(film, simulate, wrong, words):
    film.add_sample_field("embedding", fo.VectorField)
    with pytest.raises(InputError, match=words):
        simulate(film, **wrong)
    assert not film.has_field("psnr")


def test_without_samples_a_simulation_is_refused_in_a_sentence(film, simulate):
    with pytest.raises(EmptySetError, match="no samples to take frames from"):
        simulate(film.match_tags("nobody"))


def test_patches_are_refused_in_a_sentence(film, dataset, simulate):
    film.add_sample_field("cars", fo.EmbeddedDocumentField, embedded_doc_type=fo.Detections)
    boxes = [fo.Detection(label="car", bounding_box=[0, 0, 0.5, 0.5]) for _ in range(12)]
    film.set_values("cars", [fo.Detections(detections=[box]) for box in boxes])
    with pytest.raises(InputError, match="view of patches"):
        simulate(film.to_patches("cars"))


# Hard frames --------------------------------------------------------------------------------------


def test_hard_frames_are_those_above_the_quantile_of_s(film, simulate):
    result = simulate(film, quantile=0.5)
    errors = film.match_tags("S").values("reconstruction_error")
    assert result.hard_above == np.quantile(errors, 0.5)
    for sample in film:
        assert sample.is_hard == (sample.reconstruction_error > result.hard_above)
    assert result.hard == len(film.match(F("is_hard") == True)) >= 3  # noqa: E712


def test_another_quantile_marks_again_without_playing(film, simulate):
    simulate(film, quantile=0.5)
    again = simulate(film, quantile=1.0)
    assert again.done == 0
    assert not len(film.match_tags("S").match(F("is_hard") == True))  # noqa: E712


def test_without_s_no_frame_is_hard_or_easy(film, simulate):
    simulate(film)
    film.untag_samples("S")
    result = simulate(film)
    assert (result.hard, result.hard_above) == (0, None)
    assert not len(film.exists("is_hard"))


def test_a_gap_can_be_asked_for_that_is_hard(film, simulate):
    film.set_values("is_gap", [True] * 4 + [None] * 8)
    result = simulate(film, quantile=0.1, suffix="p")
    both = film.match((F("is_gap") == True) & (F("is_hard_p") == True))  # noqa: E712
    assert result.hard_gaps == len(both)
    assert f"{len(both)} of them gaps" in str(result)


def test_the_collection_guide_may_name_hardness_and_no_other_field_of_the_simulation(
    film, simulate
):
    from gapsphere.plugin.dataset.store.fields.metadata import metadata

    simulate(film)
    simulate(film, suffix="b", pattern="random")
    told = set(metadata(film, film.values("id")))
    assert {"is_hard", "reconstruction_error", "is_hard_b", "reconstruction_error_b"} <= told
    assert not any(name.startswith(("psnr", "ssim", "n_samples", "importance")) for name in told)
    assert not told & {"reconstruction", "reconstruction_b"}


def test_gap_explorer_colours_by_the_error(film, simulate):
    from gapsphere.panels.gap_explorer.colours import colour_fields

    simulate(film)
    kinds = {choice["path"]: choice["kind"] for choice in colour_fields(film)}
    assert kinds["reconstruction_error"] == kinds["importance_mean"] == "numeric"
    assert kinds["is_hard"] == "categorical"
    assert "reconstruction" not in kinds  # a path is no colour


# The operator -------------------------------------------------------------------------------------


def test_the_operator_runs_on_a_selection_and_delegated(film, registered):
    from fiftyone.operators.delegated import DelegatedOperationService

    wanted = {**FEW, "checkpoint_key": "small"}
    chosen = of(film, "b").values("id")
    ctx = {"dataset": film, "params": {**wanted, "view_target": "SELECTED_SAMPLES"}}
    foo.execute_operator(OPERATOR, ctx={**ctx, "selected": chosen})
    assert sorted(film.exists("psnr").values("id")) == sorted(chosen)
    queued = foo.execute_operator(OPERATOR, dataset=film, params=wanted, request_delegation=True)
    assert queued.delegated
    DelegatedOperationService().execute_queued_operations(limit=1, log=False)
    film.reload()
    assert len(film.exists("psnr")) == 12
    assert simulations(film)[0].model == "small"


@pytest.mark.parametrize("name", ["nobody", "../weights", "/etc/passwd"])
def test_a_model_is_chosen_by_a_name_and_never_by_a_path(film, name):
    with pytest.raises(Exception, match="checkpoint_key"):
        foo.execute_operator(OPERATOR, dataset=film, params={"checkpoint_key": name})
    with pytest.raises(GapsphereError, match=r"known models: default|checkpoint_key"):
        simulate_adaptive_sampling(film, make(SimulateParams, {"checkpoint_key": name}))


def test_the_command_line_prints_the_means(film, capsys):
    from gapsphere.scripts.cli.main import main

    film.save_view("b", of(film, "b"))
    settings = ("sampling.pattern=random", "sampling.default_sample_count=60", "frames.side=32")
    warm = "sampling.adaptive_sampler.warmup_frames=2"
    words = ("--dataset", film.name, "--view", "b", "--suffix", "even", *settings, warm)
    assert main(["sparse", "simulate", *words]) == 0
    out = capsys.readouterr().out
    assert "random with the model default" in out
    psnr = np.mean(of(film, "b").values("psnr_even"))
    assert f"b  {psnr:.2f} dB" in out
    later = of(film, "b").sort_by("frame_number").values("psnr_even")[2:]
    assert f"after warm-up {np.mean(later):.2f} dB, {len(later)} frames" in out
    assert main(["sparse", "simulate", "--dataset", film.name, "sampling.patern=random"]) == 2
    assert "sampling.patern" in capsys.readouterr().err
