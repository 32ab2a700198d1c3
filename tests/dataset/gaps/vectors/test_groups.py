"""Grouped datasets: a rig of six cameras and a lidar goes through every step."""

import fiftyone as fo
import gapsphere
import numpy as np
import pytest
from gapsphere.panels.sparse_sampling import sequences
from gapsphere.plugin.dataset.gaps import analysis, deltas
from gapsphere.plugin.dataset.sparse.simulations import curve, simulations
from gapsphere.plugin.dataset.store.samples import flat
from gapsphere.plugin.dataset.store.sets.door import chosen, groups_left_out
from gapsphere.plugin.errors import InputError
from gapsphere.plugin.settings.steps import EmbeddingParams
from gapsphere.tests.support.made_rig import CAMERAS, LIDAR, VECTOR, make_rig

BY_FIELD = {"encoder": "field", "model_path": VECTOR, "progress": False}


@pytest.fixture
def rig(dataset, tmp_path):
    make_rig(dataset, tmp_path)
    return dataset


def found(dataset, **settings):
    return gapsphere.find_gaps(dataset, k=3, slices="all", **BY_FIELD, **settings)


def test_several_cameras_are_asked_for_by_name(rig):
    with pytest.raises(
        InputError, match=r"6 slices of images: back, .*Set slices to .* or to all\."
    ):
        gapsphere.find_gaps(rig, k=3, **BY_FIELD)
    with pytest.raises(
        InputError, match=r"'lidar' is not a slice of images .*lidar \(point-cloud\)"
    ):
        gapsphere.compute_embeddings(rig, slices="front, lidar", **BY_FIELD)
    assert not rig.list_runs()
    assert not rig.has_field("embedding")


@pytest.mark.parametrize("slices", [None, "", " ", " , "])
def test_separators_alone_choose_no_slice(rig, slices):
    with pytest.raises(InputError, match="6 slices of images"):
        chosen(rig, slices)


def test_groups_without_samples_are_called_empty(dataset):
    dataset.add_group_field("group", default="front")
    with pytest.raises(InputError, match="its slices are none, it is empty"):
        chosen(dataset, None)


@pytest.mark.parametrize("slices", ["All", "Front", "front, all"])
def test_a_misspelt_slice_is_told_how_to_name_all(rig, slices):
    with pytest.raises(InputError, match="Upper and lower case differ; all takes every"):
        chosen(rig, slices)


@pytest.mark.parametrize("slices", ["front, back", ",back ,, front,", "back,front,back"])
def test_slices_are_read_past_blanks_and_repeats(rig, slices):
    assert chosen(rig, slices) == ["back", "front"]


@pytest.mark.parametrize(
    ("slices", "meant"),
    [
        ("front, left", ["front, left"]),
        ("all", ["all", "front, left", "rear"]),
        ("rear,front, left", ["front, left", "rear"]),
        (["rear", "front, left"], ["front, left", "rear"]),
        (("rear",), ["rear"]),
    ],
)
def test_slices_may_hold_commas_be_called_all_and_come_in_a_list(dataset, slices, meant):
    dataset.add_group_field("group", default="rear")
    group = fo.Group()
    dataset.add_samples(
        fo.Sample(f"/{name}.png", group=group.element(name))
        for name in ("front, left", "all", "rear")
    )
    assert chosen(dataset, EmbeddingParams(slices=slices).slices) == meant


def test_every_slice_is_measured_and_counted(rig):
    result = found(rig)
    everything = flat(rig)
    for name, count in (("embedding", 72), ("sphere", 72), ("dist_to_S", 24), ("gap_verdict", 24)):
        assert len(everything.exists(name)) == count
        assert set(everything.exists(name).values("group.name")) == set(CAMERAS)
    assert result.covered.slices == {camera: [8, 4] for camera in CAMERAS}
    assert "slices: back 8 of S and 4 of U" in str(result)
    assert result.embedded.slices == dict.fromkeys(CAMERAS, 12)
    assert not rig.select_group_slices(LIDAR).exists("embedding").count()


def test_the_scene_is_the_drive_and_the_slice_the_camera(rig):
    covered = found(rig).covered
    assert covered.sequence_field == "scene_token"
    assert (covered.drives_owned, covered.drives_pool) == (2, 1)
    assert {row["camera"] for row in covered.ranges} <= {*CAMERAS, None}


def test_without_a_scene_each_group_is_a_drive(dataset, tmp_path):
    make_rig(dataset, tmp_path, scene_field=None, scenes=4, moments=5)
    covered = found(dataset).covered
    assert covered.sequence_field == "group.id"
    assert (covered.drives_owned, covered.drives_pool) == (15, 5)
    assert "each group counts as one" in str(covered)


def test_chosen_slices_alone_are_worked_on(rig):
    gapsphere.find_gaps(rig, k=2, slices="front,back", **BY_FIELD)
    assert set(flat(rig).exists("embedding").values("group.name")) == {"front", "back"}
    assert len(flat(rig).match_tags("kcenter")) == 2


def test_a_later_run_clears_what_another_slice_held(rig):
    found(rig)
    gapsphere.compute_coverage(rig, slices="front", progress=False)
    assert set(flat(rig).exists("dist_to_S").values("group.name")) == {"front"}


def test_a_view_that_is_flat_already_needs_no_slices(rig):
    view = rig.select_group_slices(["front", "back"])
    gapsphere.find_gaps(view, k=2, **BY_FIELD)
    assert len(flat(rig).exists("dist_to_S")) == 8


def test_groups_that_a_view_of_groups_cannot_hold_are_counted(rig):
    fronts = rig.select_group_slices("front")
    rig.delete_samples(fronts.match_tags("S").values("id")[:3])
    rig.delete_samples(fronts.match_tags("U").limit(1).values("id"))
    assert found(rig).covered.notes == ()
    assert found(rig, pool="U").covered.notes == ()
    passed = found(rig, owned=rig.match_tags("S"), pool=rig.match_tags("U"))
    assert passed.covered.slices == {camera: [5, 3] for camera in CAMERAS}
    for role, lost in (("S", "3 groups"), ("U", "1 group")):
        said = f"left out of {role}, which is a view of groups: {lost} without a 'front'. Name it"
        assert said in str(passed)
    flat_view = rig.select_group_slices(CAMERAS)
    whole = found(rig, owned=flat_view.match_tags("S"), pool=flat_view.match_tags("U"))
    assert (whole.covered.slices["back"], whole.covered.notes) == ([8, 4], ())
    rig.save_view("owned", rig.match_tags("S"))
    covered = gapsphere.compute_coverage(rig, owned="owned", slices="all", progress=False)
    assert "left out of S" in str(covered)
    ids = rig.match_tags("S").values("id")
    assert groups_left_out(rig.select(ids)) == "", "whoever names samples leaves none out"
    narrowed = str(found(rig.limit(30)))
    assert "left out of the view, which is a view of groups: up to 4 groups" in narrowed


def test_what_was_grouped_by_a_field_is_worked_on_once_it_is_flattened(rig):
    scenes = rig.select_group_slices(["front", "back", LIDAR], _allow_mixed=True).group_by(
        "scene_token"
    )
    with pytest.raises(InputError, match=r"pass view.flatten\(\)"):
        found(scenes)
    assert found(scenes.flatten()).covered.slices == {"back": [8, 4], "front": [8, 4]}
    gapsphere.compute_coverage(scenes.flatten(), slices="front", progress=False)
    assert len(flat(rig).exists("dist_to_S")) == 4


def test_all_images_of_what_is_grouped_by_a_field_are_flat(rig):
    scenes = rig.group_by("scene_token")
    assert len(flat(scenes)) == len(flat(rig)) == 72
    assert len(flat(rig.select_group_slices("front").group_by("scene_token"))) == 12


def test_slices_narrow_a_flat_view_too(rig):
    view = rig.select_group_slices(["front", "back"])
    gapsphere.compute_embeddings(view, slices="front", **BY_FIELD)
    assert set(flat(rig).exists("embedding").values("group.name")) == {"front"}


def test_a_slice_of_a_dataset_without_groups_is_refused(dataset):
    dataset.add_samples([fo.Sample(filepath="/made/0.png")], progress=False)
    with pytest.raises(InputError, match="is not grouped, so it has no slice 'front'"):
        gapsphere.compute_embeddings(dataset, slices="front", progress=False)


def test_questions_picks_results_and_guides_work_on_every_slice(rig, tmp_path):
    result = found(rig, delta=0.01)
    pick = flat(rig)[result.picked.ids[0]]
    answer = gapsphere.ask(rig, sample=pick.id)
    assert answer.verdict.status == "gap"
    assert gapsphere.ask(rig, sample=pick.filepath).title == answer.title
    assert "Farthest from owned images:" in str(gapsphere.ask(rig, drive="scene-0002"))
    assert gapsphere.show_results(rig).picks[0][0] == pick.id
    spec = gapsphere.export_visual_spec(
        rig, str(tmp_path / "guide.zip"), slices="all", progress=False
    )
    checked = gapsphere.check_spec(
        str(spec.path), rig.select_group_slices(["front"]), progress=False
    )
    assert sum(checked.counts.values()) == 12


def test_another_delta_is_taken_for_every_slice(rig):
    covered = found(rig).covered
    before = flat(rig).values("dist_to_S")
    again = deltas.use_delta(analysis.load(rig), 0.01)
    assert (again.delta, again.slices) == (0.01, covered.slices)
    assert flat(rig).values("dist_to_S") == before
    flat(rig).match_tags("U").limit(1).untag_samples("U")
    assert deltas.use_delta(analysis.load(rig), 0.02).candidates == 23


def test_heatmaps_are_made_of_every_slice(rig):
    gapsphere.compute_embeddings(rig, slices="all", encoder="packaged", progress=False)
    made = gapsphere.compute_heatmaps(rig[:1], slices="all", progress=False)
    assert made.done == 6
    assert len(flat(rig).exists("heatmap")) == 6


def test_artifacts_of_every_slice_are_exported(rig, tmp_path):
    found(rig)
    gapsphere.export_artifacts(rig, str(tmp_path / "out"), slices="all")
    import json

    assert len(json.loads((tmp_path / "out" / "paths_U.json").read_text())) == 24


def test_slices_are_sequences_of_their_own_in_sampling(rig):
    done = gapsphere.simulate_adaptive_sampling(
        rig, slices="front,back", sequence_field="scene_token", side=16, progress=False
    )
    assert set(done.sequences) == {
        f"scene-000{scene} {camera}" for scene in range(3) for camera in ("front", "back")
    }


@pytest.mark.parametrize("field", ["scene_token", "scene_number", "nothing"])
def test_simulating_a_slice_leaves_the_results_of_the_others(rig, field):
    rig.add_sample_field("scene_number", fo.IntField)
    tokens = flat(rig).values(["id", "scene_token"])
    numbers = {i: int(token[-1]) for i, token in zip(*tokens, strict=True)}
    rig.set_values("scene_number", numbers, key_field="id")
    how = {"slices": "front,back", "sequence_field": field, "side": 16, "progress": False}
    done = gapsphere.simulate_adaptive_sampling(rig, **how)
    assert done.done == 24
    assert flat(rig).exists("reconstruction").count() == 24
    (one,) = simulations(rig)
    curves = [curve(rig, one, value) for value in one.sequences]
    assert {means["slice"] for means in one.sequences.values()} == {"front", "back"}
    assert sorted(i for each in curves for i in each.ids) == sorted(
        rig.select_group_slices(["front", "back"]).values("id")
    )
    assert not any(np.isnan(each.psnr).any() for each in curves)
    shown = sequences.listed(flat(rig), [one])
    assert {row["value"]: row["frames"] for row in shown} == {
        value: means["frames"] for value, means in one.sequences.items()
    }
    for value, each in zip(one.sequences, curves, strict=True):
        assert sequences.part(rig.view(), one, value, 1, 3).values("id") == each.ids[1:3]
    home = sequences.home_of(rig, curves[-1].ids[0])
    assert home == {"field": one.sequence_field, "value": list(one.sequences)[-1]}


def test_a_simulation_of_one_camera_has_its_frames_alone_beside_that_of_another(rig):
    how = {"sequence_field": "scene_token", "side": 16, "progress": False}
    for camera in ("front", "back"):
        gapsphere.simulate_adaptive_sampling(rig, slices=camera, suffix=camera, **how)
    back, front = simulations(rig)
    for one, camera in ((back, "back"), (front, "front")):
        mine = rig.select_group_slices(camera)
        curves = [curve(rig, one, value) for value in one.sequences]
        assert sorted(i for each in curves for i in each.ids) == sorted(mine.values("id"))
        assert not any(np.isnan(each.psnr).any() for each in curves)
    shown = sequences.listed(flat(rig), [back, front])
    assert len(shown) == 6
    assert all(row["frames"] == row["whole"] and len(row["psnr"]) == 1 for row in shown)
    (value, *_) = front.sequences
    read = sequences.curves(rig.view(), sequences.of_sequence(rig, "scene_token", value), value)
    assert set(read["columns"]) == {"front"}
    left = rig.select_group_slices("front_left").first().id
    assert sequences.home_of(rig, left) is None


def test_samples_of_a_rig_become_s_and_u(rig):
    flat(rig).untag_samples(["S", "U"])
    counts = gapsphere.tag_samples(
        rig, owned="field:scene_token=scene-0000", pool="field:scene_token=scene-0001"
    )
    assert counts == {"S": 24, "U": 24}
