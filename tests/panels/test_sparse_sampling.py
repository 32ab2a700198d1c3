"""The sparse sampling panel as FiftyOne calls it: its curves, and what it does to the grid."""

import base64
import re

import fiftyone as fo
import fiftyone.operators as foo
import numpy as np
import pytest
from fiftyone import ViewField as F
from gapsphere.panels.sparse_sampling import contract
from gapsphere.plugin.dataset.sparse.sequences import ordered_sequences
from gapsphere.plugin.dataset.store import runs
from gapsphere.plugin.dataset.store.names import Names
from gapsphere.tests.support.contracts import check

URI = "@gapsphere/gap-explorer/sparse_sampling"
FRAMES = 12


@pytest.fixture
def simulated(dataset):
    """Two sequences, added back to front; ``random`` has only played one of them."""
    samples = [
        fo.Sample(filepath=f"/made/{drive}_{i:02d}.png", drive=drive, turn=10 * i)
        for drive in ("a", "b")
        for i in reversed(range(FRAMES))
    ]
    dataset.add_samples(samples)
    simulate(dataset, "", {"a": 20.0, "b": 30.0})
    simulate(dataset, "random", {"a": 18.0})
    return dataset


def simulate(dataset, suffix, sequences, **results):
    """Write what a simulation would: PSNR falls by 0.1 dB a frame."""
    names, figures = Names(suffix), {}
    for value, best in sequences.items():
        view = dataset.match(F("drive") == value).sort_by("turn")
        n = len(view)
        view.set_values(names.psnr, [best - 0.1 * i for i in range(n)])
        view.set_values(names.ssim, [0.5 + 0.01 * i for i in range(n)])
        view.set_values(names.n_samples, [300] * n)
        view.set_values(names.reconstruction_error, [float(i) for i in range(n)])
        view.set_values(names.reconstruction, [f"/made/{suffix}{value}{i}.png" for i in range(n)])
        maps = [fo.Heatmap(map_path=f"/made/{value}{i}_map.png") for i in range(n)]
        view.set_values(names.importance, maps)
        figures[value] = {
            "frames": n, "skipped": 0, "psnr": best, "ssim": 0.5, "n_samples": 300.0,
            "resolution": [128, 96],
        }  # fmt: skip
    told = {
        "policy": suffix or "dispersion, diffusion",
        "sequence_field": "drive",
        "order_field": "turn",
        "sequences": figures,
    }
    inputs = {"model": "default", "fingerprint": "f"}
    record = runs.Record("sparse", {"sample_count": 300}, inputs, {**told, **results})
    runs.write(dataset, names, record)


class Panel:
    """One open panel over one grid, whose view follows what the panel sets."""

    def __init__(self, dataset, panel_id="p", view=None):
        self.dataset, self.id = dataset, panel_id
        self.view = dataset.view() if view is None else view

    def call(self, method, **params):
        context = {"panel_id": self.id, "__method__": method, "panel_state": {}}
        done = foo.execute_operator(URI, view=self.view, params={**context, **params})
        self.asked = done.executor.to_json()["requests"]
        for request in self.asked:
            if request["operator_uri"] == "set_view":
                self.view = fo.DatasetView._build(self.dataset, request["params"]["view"])
            if request["operator_uri"] == "clear_view":
                self.view = self.dataset.view()
        return check(contract, method, done.result)

    def did(self, name):
        return next(one["params"] for one in self.asked if one["operator_uri"] == name)

    def show(self, start, stop, value="a"):
        return self.call("show", field="drive", value=value, start=start, stop=stop)


@pytest.fixture
def panel(simulated, request):
    return Panel(simulated, request.node.name)


def floats(text, kind="<f4"):
    return np.frombuffer(base64.b64decode(text), kind)


def hexes(text):
    raw = base64.b64decode(text).hex()
    return [raw[i : i + 24] for i in range(0, len(raw), 24)]


def test_open_lists_policies_and_the_sequences_that_the_view_holds(panel, simulated):
    opened = panel.call("open")
    assert opened["kind"] == "ready"
    assert [one["suffix"] for one in opened["simulations"]] == ["", "random"]
    assert [one["importance"] for one in opened["simulations"]] == [True, True]
    a, b = opened["sequences"]
    assert (a["value"], a["frames"], a["psnr"]) == ("a", FRAMES, {"": 20.0, "random": 18.0})
    assert b["psnr"] == {"": 30.0}
    panel.view = simulated.match((F("drive") == "b") & (F("turn") < 50))
    opened = panel.call("open")
    assert [(s["value"], s["frames"], s["whole"]) for s in opened["sequences"]] == [("b", 5, 12)]
    assert opened["total"] == 2


def test_curves_have_every_policy_in_the_order_of_the_frames(panel, simulated):
    found = panel.call("curves", field="drive", value="a")
    ordered = simulated.match(F("drive") == "a").sort_by("turn")
    assert hexes(found["ids"]) == ordered.values("id")
    np.testing.assert_array_equal(floats(found["numbers"], "<f8"), 10 * np.arange(FRAMES))
    np.testing.assert_allclose(floats(found["columns"][""]["psnr"]), ordered.values("psnr"))
    np.testing.assert_allclose(
        floats(found["columns"]["random"]["psnr"]), ordered.values("psnr_random")
    )
    assert set(panel.call("curves", field="drive", value="b")["columns"]) == {""}


def test_a_frame_that_was_not_simulated_has_no_value(panel, simulated):
    simulated.match(F("turn") == 30).clear_sample_field("psnr")
    simulated.reload()
    found = panel.call("curves", field="drive", value="a")
    assert np.flatnonzero(np.isnan(floats(found["columns"][""]["psnr"]))).tolist() == [3]


def test_a_grid_of_groups_made_by_a_field_holds_all_of_their_frames(panel, simulated):
    panel.view = simulated.match(F("drive") == "a").group_by("drive")
    (one,) = panel.call("open")["sequences"]
    assert (one["value"], one["frames"]) == ("a", FRAMES)
    assert panel.call("curves", field="drive", value="a")["n"] == FRAMES
    panel.show(2, 5)
    ordered = simulated.match(F("drive") == "a").sort_by("turn")
    assert panel.view.values("id") == ordered.values("id")[2:5]


def test_a_grid_without_some_fields_has_the_curves_of_one_with_all(panel, simulated):
    before = panel.call("curves", field="drive", value="a")
    panel.view = simulated.select_fields("tags")
    assert panel.call("open")["kind"] == "ready"
    assert panel.call("curves", field="drive", value="a") == before
    panel.show(2, 5)
    assert panel.view.values("id") == hexes(before["ids"])[2:5]


def test_curves_follow_the_view(panel, simulated):
    panel.view = simulated.match(F("turn") >= 60)
    assert panel.call("curves", field="drive", value="a")["n"] == 6
    panel.view = simulated.match(F("drive") == "b")
    assert "has no frames" in panel.call("curves", field="drive", value="a")["error"]


def test_policies_ordered_by_other_fields_meet_frame_by_frame(panel, simulated):
    simulated.set_values("back", [-turn for turn in simulated.values("turn")])
    simulate(simulated, "random", {"a": 18.0}, order_field="back")
    found = panel.call("curves", field="drive", value="a")
    ordered = simulated.match(F("drive") == "a").sort_by("turn")
    assert hexes(found["ids"]) == ordered.values("id")
    np.testing.assert_allclose(
        floats(found["columns"]["random"]["psnr"]), ordered.values("psnr_random")
    )


def test_scene_cuts_are_told_where_a_field_has_them(panel, simulated):
    cuts = [turn in (40, 90) and drive == "a" for drive, turn in zip(
        *simulated.values(["drive", "turn"]), strict=True)]  # fmt: skip
    simulated.set_values("scene_cut", cuts)
    assert panel.call("curves", field="drive", value="a")["cuts"] == [4, 9]
    assert panel.call("curves", field="drive", value="b")["cuts"] == []


def test_a_cut_that_any_policy_noticed_is_told_once(panel, simulated):
    turns = simulated.values("turn")
    simulated.set_values("scene_cut", [turn == 40 for turn in turns])
    simulated.set_values("scene_cut_random", [turn in (40, 70) for turn in turns])
    simulated.set_values("scene_cut_of_nobody", [turn == 20 for turn in turns])
    assert panel.call("curves", field="drive", value="a")["cuts"] == [4, 7]


def test_pictures_are_told_frame_by_frame_and_none_where_there_is_none(panel, simulated):
    ids = simulated.match(F("drive") == "a").sort_by("turn").values("id")
    simulated.select(ids[1]).clear_sample_field("importance")
    simulated.reload()
    asked = [ids[1], ids[0], "0" * 24]
    files = panel.call("pictures", ids=asked, suffixes=["", "random", "gone"])["files"]
    assert files["frame"] == ["/made/a_01.png", "/made/a_00.png", None]
    assert files["reconstruction:random"] == ["/made/randoma1.png", "/made/randoma0.png", None]
    assert files["importance:"] == [None, "/made/a0_map.png", None]
    assert "reconstruction:gone" not in files


def test_measured_pixels_come_back_where_they_were(panel, simulated):
    ids = simulated.limit(3).values("id")
    points = np.random.default_rng(0).uniform(0, 1, (40, 2))
    sample = simulated[ids[1]]
    sample["measured"] = fo.Keypoints(keypoints=[fo.Keypoint(points=points.tolist())])
    sample.save()
    answer = panel.call("measured", ids=ids, suffix="")
    assert answer["counts"] == [0, 40, 0]
    back = floats(answer["points"], "<u2").reshape(-1, 2) / 65535
    assert np.abs(back - points).max() <= 0.5 / 65535 + 1e-12


def test_a_sample_knows_its_sequence(panel, simulated):
    sample_id = simulated.match(F("drive") == "b").first().id
    home = panel.call("locate", ids=[sample_id])["home"]
    assert home == {"field": "drive", "value": "b"}
    simulated.add_sample(fo.Sample(filepath="/made/other.png"))
    assert panel.call("locate", ids=[simulated.last().id])["home"] is None


def test_a_slice_of_a_drive_is_told_from_a_drive_that_is_called_so(dataset):
    dataset.add_group_field("group", default="front")
    for drive, frames in (("night", 1), ("night front", 2)):
        for turn in range(frames):
            group, path = fo.Group(), f"/made/{drive} {turn}"
            dataset.add_samples(
                fo.Sample(f"{path} {of}.png", group=group.element(of), drive=drive, turn=turn)
                for of in ("front", "back")
            )
    found = ordered_sequences(dataset.select_group_slices(), "drive", "turn").sequences
    figures = {
        each.value: {"frames": len(each), "skipped": 0, "psnr": 20.0, "slice": each.slice}
        for each in found
    }
    told = {"policy": "random", "sequence_field": "drive", "order_field": "turn"}
    inputs, results = {"model": "default", "fingerprint": "f"}, {**told, "sequences": figures}
    runs.write(dataset, Names(), runs.Record("sparse", {"sample_count": 300}, inputs, results))
    panel = Panel(dataset)
    rows = {row["value"]: row["frames"] for row in panel.call("open")["sequences"]}
    assert rows == {each.value: len(each) for each in found}
    for each in found:
        homes = [panel.call("locate", ids=[one])["home"]["value"] for one in each.ids]
        assert set(homes) == {each.value}


def test_a_sequence_is_shown_in_its_order_and_the_curves_stay_whole(panel, simulated):
    before = panel.call("open")
    shown = panel.show(0, FRAMES)["shown"]
    assert panel.view.values("turn") == [10 * i for i in range(FRAMES)]
    assert set(panel.view.values("drive")) == {"a"}
    after = panel.call("open")
    assert after["shown"] == shown
    assert after["sequences"] == before["sequences"]
    panel.call("back")
    assert len(panel.view) == 2 * FRAMES
    assert panel.call("open")["shown"] is None


def test_a_range_is_counted_from_the_whole_sequence_even_while_a_range_is_shown(panel):
    panel.show(2, 6)
    assert panel.view.values("turn") == [20, 30, 40, 50]
    panel.show(5, 8)
    assert panel.view.values("turn") == [50, 60, 70]
    assert panel.call("curves", field="drive", value="a")["n"] == FRAMES


def test_back_gives_the_view_from_before(simulated):
    view = simulated.match(F("turn") < 80)
    panel = Panel(simulated, "back", view)
    panel.show(0, 3)
    panel.call("back")
    assert panel.view.values("id") == view.values("id")


def test_back_gives_all_samples_where_somebody_has_set_another_view_since(simulated):
    panel = Panel(simulated, "other", simulated.match(F("turn") < 80))
    panel.show(0, 3)
    panel.view = simulated.match(F("turn") > 1000)
    assert panel.call("open")["kind"] == "outside"
    panel.call("back")
    assert len(panel.view) == 2 * FRAMES


def test_frames_without_numbers_are_shown_by_their_files(simulated):
    simulated.match(F("turn") == 50).clear_sample_field("turn")
    simulated.reload()
    panel = Panel(simulated, "files")
    panel.show(0, FRAMES)
    assert panel.view.values("filepath") == sorted(panel.view.values("filepath"))


def test_frames_of_which_one_has_an_empty_text_are_shown_by_their_files(simulated):
    simulated.delete_sample_field("turn")
    simulated.set_values("turn", ["", *(f"{row:02}" for row in range(2 * FRAMES - 1))])
    panel = Panel(simulated, "texts")
    panel.show(0, FRAMES)
    assert panel.view.values("filepath") == sorted(panel.view.values("filepath"))


def test_frames_are_selected_and_opened_in_the_grid(panel, simulated):
    ids = simulated.match(F("drive") == "a").limit(3).values("id")
    assert panel.call("select", ids=ids)["selected"] == 3
    assert [one["id"] for one in panel.did("set_selected_samples")["samples"]] == ids
    panel.call("open_sample", ids=ids[:1])
    assert panel.did("open_sample")["id"] == ids[0]
    panel.view = simulated.match(F("drive") == "b")
    assert "does not have this frame" in panel.call("open_sample", ids=ids[:1])["error"]


def test_too_many_frames_at_once_are_refused(panel):
    assert "at once" in panel.call("select", ids=["0" * 24] * (contract.CHUNK + 1))["error"]
    assert "at once" in panel.call("pictures", ids=[])["error"]


def test_each_state_without_curves_has_its_name(dataset, simulated):
    panel = Panel(simulated, "faces")
    panel.view = simulated.match(F("turn") > 1000)
    assert panel.call("open")["kind"] == "outside"
    panel.view = simulated.view()
    simulated.rename_sample_field("drive", "trip")
    gone = panel.call("open")
    assert (gone["kind"], gone["fields"]) == ("gone", ["drive"])
    simulated.rename_sample_field("trip", "drive")
    runs.write(simulated, Names(), runs.Record("sparse", {"sample_count": 3}, {
        "model": "m", "fingerprint": "f"}, {"policy": "p", "sequence_field": "drive",
        "order_field": None, "sequences": {}}))  # fmt: skip
    simulated.delete_run(Names("random").run_key("sparse"))
    assert panel.call("open")["kind"] == "begun"
    simulated.delete_run(Names().run_key("sparse"))
    assert panel.call("open")["kind"] == "none"
    simulated.delete_samples(simulated.values("id"))
    panel.view = simulated.view()
    assert panel.call("open")["kind"] == "empty"


def test_one_simulation_whose_field_is_gone_does_not_take_the_others_away(panel, simulated):
    simulate(simulated, "old", {"a": 9.0}, sequence_field="lost")
    opened = panel.call("open")
    assert opened["unusable"] == 1
    assert [one["suffix"] for one in opened["simulations"]] == ["", "random"]


def test_the_pulse_tells_of_new_simulations_and_of_no_server(
    panel, simulated, tmp_path, monkeypatch
):
    monkeypatch.setattr(fo.config, "default_dataset_dir", str(tmp_path))
    stamp = panel.call("open")["stamp"]
    assert panel.call("pulse") == {
        "stamp": stamp,
        "server": None,
        "command": "gapsphere sparse serve",
        "work": [],
    }
    simulate(simulated, "jitter", {"a": 19.0})
    assert panel.call("pulse")["stamp"] != stamp


@pytest.mark.parametrize(
    "field",
    ["psnr", "turn", "drive", "importance", "reconstruction", "measured", "scene_cut"],
)
def test_a_field_that_holds_something_else_since_is_named(panel, simulated, field):
    ids = simulated.limit(2).values("id")
    for value in ("none", ["none"], {"of": "none"}, fo.Classification(label="none")):
        if simulated.has_field(field):
            simulated.delete_sample_field(field)
        simulated.set_values(field, [value] * len(simulated))
        said = [
            panel.call("open"),
            panel.call("curves", field="drive", value="a"),
            panel.show(0, 3),
            panel.call("locate", ids=ids[:1]),
            panel.call("pictures", ids=ids, suffixes=["", "random"]),
            panel.call("measured", ids=ids, suffix=""),
        ]
        for reply in said:
            assert "error" not in reply or re.search(
                f"'{field}'|(no|these) frames|or their field", reply["error"]
            )
