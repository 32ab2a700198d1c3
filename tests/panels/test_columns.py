"""Which points are shown, and what is sent of each."""

import base64
import struct
from typing import NamedTuple

import fiftyone as fo
import numpy as np
import pytest
from gapsphere.panels.gap_explorer import colours, columns
from gapsphere.plugin.dataset.gaps import analysis
from gapsphere.plugin.errors import InputError
from gapsphere.plugin.projection.sampling import draw_rows


class Points(NamedTuple):
    """What the draw looks at."""

    owned: np.ndarray
    gaps: np.ndarray
    pick: np.ndarray


def points(n=10_000, owned=0.7, gaps=0.02, picks=30):
    rng = np.random.default_rng(3)
    mine = rng.random(n) < owned
    gap = ~mine & (rng.random(n) < gaps)
    pick = np.zeros(n, int)
    pick[rng.choice(np.flatnonzero(~mine), picks, replace=False)] = np.arange(1, picks + 1)
    return Points(mine, gap, pick)


def sampled(cloud, limit):
    return draw_rows(cloud.owned, cloud.gaps, cloud.pick > 0, limit)


def read(text, dtype):
    return np.frombuffer(base64.b64decode(text), dtype)


@pytest.mark.parametrize("limit", [500, 2000, 9999])
def test_a_limit_keeps_every_pick_every_gap_and_the_ratio_of_s_to_u(limit):
    cloud = points()
    rows = sampled(cloud, limit)
    assert len(rows) == limit
    assert len(np.unique(rows)) == limit
    assert set(np.flatnonzero(cloud.gaps | (cloud.pick > 0))) <= set(rows)
    assert cloud.owned[rows].mean() == pytest.approx(cloud.owned.mean(), abs=1 / limit + 1e-9)


def test_more_gaps_than_the_limit_still_keep_every_pick():
    cloud = points(gaps=0.9)
    rows = sampled(cloud, 200)
    assert len(rows) == 200
    assert set(np.flatnonzero(cloud.pick)) <= set(rows)


@pytest.mark.parametrize("owned", [0.02, 0.3, 0.7])
@pytest.mark.parametrize("gaps", [0.3, 0.9, 1.0])
def test_more_gaps_than_the_limit_leave_room_for_what_is_owned_and_covered(owned, gaps):
    cloud = points(owned=owned, gaps=gaps)
    rows = sampled(cloud, 200)
    others = ~cloud.gaps & (cloud.pick == 0)
    assert len(np.unique(rows)) == 200
    assert set(np.flatnonzero(cloud.pick)) <= set(rows)
    assert others[rows].sum() == 40
    assert cloud.owned[rows].any()
    assert (~cloud.owned & others)[rows].any() or gaps == 1
    assert cloud.gaps[rows].sum() >= 130


def test_more_picks_than_the_limit_leave_room_for_nothing_else():
    cloud = points(picks=300)
    rows = sampled(cloud, 200)
    assert len(rows) == 200
    assert cloud.pick[rows].all()


def test_no_limit_and_few_points_show_everything():
    cloud = points(300, picks=3)
    assert sampled(cloud, 0).tolist() == list(range(300))
    assert sampled(cloud, 300).tolist() == list(range(300))


def test_the_draw_is_the_same_each_time():
    cloud = points()
    np.testing.assert_array_equal(sampled(cloud, 700), sampled(cloud, 700))


def test_an_analysis_says_what_the_samples_say(made):
    found = analysis.load(made)
    rows = {sample_id: row for row, sample_id in enumerate(found.ids.text())}
    for sample in made.take(40, seed=1):
        row = rows[sample.id]
        assert found.owned[row] == ("S" in sample.tags)
        np.testing.assert_allclose(found.sphere[row], sample.sphere, atol=1e-6)
        if sample.dist_to_S is not None:
            assert found.dist[row] == pytest.approx(sample.dist_to_S, rel=1e-6)
            assert bool(found.gaps[row]) == sample.is_gap
        assert found.pick[row] == (sample.kcenter_rank or 0)
        np.testing.assert_allclose(found.space.embeddings()[row], sample.embedding, atol=1e-6)


def test_an_analysis_is_read_once_while_its_runs_stand(made):
    assert analysis.load(made) is analysis.load(made)


def test_ids_are_found_in_any_order_and_strangers_left_out(made):
    found = analysis.load(made)
    wanted = found.ids.text(np.array([7, 3, 300]))
    assert found.ids.rows_of([*wanted, "0" * 24]).tolist() == [7, 3, 300]
    assert found.ids.rows_of([]).tolist() == []


def test_percentiles_are_those_on_the_samples(made):
    found = analysis.load(made)
    known = np.flatnonzero(np.isfinite(found.percentile))
    for row in known[:: max(1, len(known) // 30)]:
        mine = found.space.percentile_of(float(found.dist[row]))
        assert mine == pytest.approx(found.percentile[row], abs=1e-4)


def test_the_first_frame_costs_less_than_sixteen_bytes_a_point(made):
    found = analysis.load(made)
    rows = found.shown(0)
    sent = columns.payload(found, rows, "stamp", "panel")
    coordinates = read(sent["xyz"], "<f4").reshape(-1, 3)
    np.testing.assert_array_equal(coordinates, found.sphere)
    bits = np.unpackbits(read(sent["sets"], np.uint8), bitorder="little")[: len(rows)]
    np.testing.assert_array_equal(bits.astype(bool), found.owned)
    picks = read(sent["picks"], "<u4")
    assert found.pick[picks].tolist() == list(range(1, 13))
    assert read(sent["ranks"], "<u4").tolist() == list(range(1, 13))
    total = sum(len(base64.b64decode(sent[key])) for key in ("xyz", "sets"))
    total += len(base64.b64decode(sent["dist"]["values"]))
    assert total / len(rows) <= 16


def test_geometry_comes_from_the_route_only_where_all_points_are_shown(made):
    found = analysis.load(made)
    assert columns.source_of(found, found.shown(0)) == columns.SOURCE
    assert columns.source_of(found, found.shown(0), "routes") == "routes"
    assert columns.source_of(found, found.shown(100), "routes") == "panel"
    assert columns.payload(found, found.shown(0), "", "routes")["xyz"] is None


def test_both_sources_serve_the_same_points_in_the_same_order(made):
    """FiftyOne's routes as its App calls them, read by the layout that columns.ts expects."""
    from fiftyone.server.routes import embeddings_v2 as routes

    found = analysis.load(made)
    asked = {"datasetName": made.name, "brainKey": "gapsphere"}
    geometry = routes.EmbeddingsV2Geometry._post_sync(None, asked).body
    magic, version, dtype, width, n, _ = struct.unpack_from("<IHBBII", geometry)
    assert (magic, version, dtype, width, n) == (0x464F4531, 1, 1, 3, 400)
    planar = np.frombuffer(geometry, "<f4", offset=16).reshape(3, n)
    np.testing.assert_array_equal(planar.T, found.sphere)
    ids = routes.EmbeddingsV2Ids._post_sync(None, asked).body
    assert struct.unpack_from("<IHBBII", ids)[2:5] == (4, 1, 400)
    assert ids[16:] == found.ids.packed()


def test_a_field_becomes_a_column(made):
    found = analysis.load(made)
    rows = found.shown(0)
    column = colours.colour_column(found, rows, "weather")
    named = [column["classes"][value] for value in read(column["values"], "<u2")]
    assert named == made.select(found.ids.text(rows), ordered=True).values("weather")
    numeric = colours.colour_column(found, rows, "kcenter_radius")
    assert numeric["kind"] == "numeric"
    assert (read(numeric["values"], "<u2") == 65535).sum() == 400 - 12
    with pytest.raises(InputError, match="no field"):
        colours.colour_column(found, rows, "colour of the moon")


def test_lists_in_lists_count_by_the_word_that_is_most_frequent():
    """So the colours of detections are, a list for each of them."""
    column = colours.categorical_column("x", [[["red", "blue"], ["blue"], None], [], None])
    assert column["classes"] == ["blue"]


def test_rare_classes_share_the_last_colour():
    values = ["common"] * 5 + [f"rare{i}" for i in range(colours.CLASSES + 100)] + [None]
    column = colours.categorical_column("x", values)
    coded = read(column["values"], "<u2")
    assert column["classes"][0] == "common"
    assert column["classes"][-1] == "101 others"
    assert len(column["classes"]) == colours.CLASSES + 1
    assert coded[-1] == 65535
    assert (coded == colours.CLASSES).sum() == 101


def test_a_list_is_coloured_by_its_most_frequent_entry_the_first_of_equals():
    lists = [["U", "kcenter"], [], None, ["S"], ["car", "bus", None, "bus"], [None]]
    column = colours.categorical_column("tags", lists)
    coded = read(column["values"], "<u2").tolist()
    named = [None if c == 65535 else column["classes"][c] for c in coded]
    assert named == ["U", None, None, "S", "bus", None]


def test_labels_attributes_and_metadata_are_colours_and_each_field_is_one_once(fresh):
    first, second = fresh.limit(2)
    first["scene"] = fo.Classification(label="tunnel", confidence=0.5)
    boxes = [fo.Detection(label=name, bounding_box=[0, 0, 1, 1]) for name in ("car", "bus", "bus")]
    first["objects"] = fo.Detections(detections=boxes)
    first["risk"] = fo.Regression(value=2.0)
    first["weathers"] = ["fog", "rain"]
    second.compute_metadata()
    first.save()
    second.save()
    found = analysis.load(fresh)
    choices = {one["path"]: one for one in colours.colour_fields(fresh, found.names)}
    kinds = {path: (one["group"], one["kind"]) for path, one in choices.items()}
    assert kinds["scene.label"] == kinds["objects.detections.label"] == ("labels", "categorical")
    assert kinds["scene.confidence"] == kinds["risk.value"] == ("labels", "numeric")
    assert kinds["weathers"] == kinds["tags"] == ("fields", "categorical")
    assert kinds["metadata.size_bytes"] == ("metadata", "numeric")
    assert kinds["support"] == ("coverage", "numeric")
    assert choices["metadata.width"]["unit"] == "pixels"
    # The panel draws the distance itself; ids, paths, boxes and what labels are made of are none.
    assert not {"dist_to_S", "id", "filepath", "nearest_S", "embedding"} & set(kinds)
    assert not [path for path in kinds if path.endswith((".id", ".tags", ".bounding_box"))]
    rows = found.shown(0)
    at = found.ids.text(rows).index(first.id)
    column = colours.colour_column(found, rows, "objects.detections.label")
    assert column["classes"][read(column["values"], "<u2")[at]] == "bus"
    value = colours.colour_column(found, rows, "scene.confidence")
    assert (value["min"], value["max"]) == (0.5, 0.5)


def test_the_free_projection_is_in_the_order_of_the_points(made):
    found = analysis.load(made)
    rows = found.shown(150)
    np.testing.assert_allclose(columns.cartesian(found, rows), 5 * found.sphere[rows], rtol=1e-5)


def test_a_view_dims_the_others_and_the_whole_dataset_dims_nothing(made):
    found = analysis.load(made)
    rows = found.shown(0)
    assert columns.match_mask(found, rows, made) is None
    assert columns.match_mask(found, rows, made.view()) is None
    mask = columns.match_mask(found, rows, made.match_tags("S"))
    np.testing.assert_array_equal(mask, found.owned)
    assert columns.match_mask(found, rows, made.match_tags("nobody")).sum() == 0
    by_set = made.match_tags("S").group_by("tags")
    np.testing.assert_array_equal(columns.match_mask(found, rows, by_set), found.owned)


def test_deleted_samples_are_left_out_and_told(fresh):
    gone = fresh.take(5, seed=2).values("id")
    fresh.delete_samples(gone)
    found = analysis.load(fresh)
    assert len(found) == 395
    assert not found.whole
    assert found.stale == analysis.Stale(added=0, removed=5)
    assert not set(gone) & set(found.ids.text())


def test_new_candidates_are_told_and_other_samples_are_not(fresh, images):
    fresh.add_samples([fo.Sample(filepath=str(images[0]), tags=["U"]) for _ in range(3)])
    fresh.add_sample(fo.Sample(filepath=str(images[0])))
    assert analysis.load(fresh).stale == analysis.Stale(added=3, removed=0)


def test_without_a_sphere_there_is_a_sentence(dataset, images):
    dataset.add_sample(fo.Sample(filepath=str(images[0])))
    with pytest.raises(analysis.NoAnalysisError, match="find_gaps"):
        analysis.load(dataset)
