"""The columns kept as one binary: always what the samples say, read off them when it must be."""

import fiftyone as fo
import numpy as np
import pytest
from bson import ObjectId
from fiftyone.core.odm import get_db_conn
from gapsphere.panels.gap_explorer import colours
from gapsphere.plugin.dataset.gaps import analysis
from gapsphere.plugin.dataset.gaps.coverage.coverage import compute_coverage
from gapsphere.plugin.dataset.store import binaries, runs
from gapsphere.plugin.dataset.store.fiftyone_internals import detached
from gapsphere.plugin.dataset.store.names import Names
from gapsphere.plugin.dataset.store.vectors import points
from gapsphere.plugin.settings.steps import CoverageParams
from gapsphere.plugin.vectors.sample_ids import id_words

NAMES = Names()


@pytest.fixture
def no_scan(monkeypatch):
    """From here on nothing may read all samples."""

    def scan(*_):
        raise AssertionError("all samples were read")

    def forbid():
        monkeypatch.setattr(points, "_scan", scan)

    return forbid


@pytest.fixture
def kept(fresh):
    """A copy whose columns are kept."""
    points.read(fresh, NAMES)
    return fresh


def same(one, other):
    for name in points.COLUMNS:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
    return one.added == other.added and one.digest == other.digest


def scanned(dataset, names=NAMES):
    """The oracle: everything read off the samples."""
    made_by, mark = points.run_stamp(dataset, names), points.mark_of(dataset)
    return points._scan(dataset, names, made_by, mark, None)


def test_the_binary_gives_back_what_was_read(kept, no_scan):
    direct = scanned(kept)
    no_scan()
    assert same(points.read(kept, NAMES), direct)


def test_memory_is_used_while_nothing_changed(kept):
    known = points.read(kept, NAMES)
    assert points.read(kept, NAMES, known=known) is known


def test_an_edited_distance_is_read_again_alone(kept, no_scan):
    known = points.read(kept, NAMES)
    sample = kept.exists("dist_to_S").first()
    sample["dist_to_S"] = 1.5
    sample["kcenter_rank"] = 99
    sample.save()
    cleared = kept.exists("dist_to_S").last()
    cleared["dist_to_S"] = None
    cleared.save()
    direct = scanned(kept)
    no_scan()
    for now in (points.read(kept, NAMES), points.read(kept, NAMES, known=known)):
        assert same(now, direct)
        assert now.digest != known.digest
        assert (now.dist == 1.5).sum() == (now.pick == 99).sum() == 1


def test_a_tag_changes_no_column_and_no_stamp(kept, no_scan):
    before = analysis.load(kept)
    no_scan()
    kept.take(20, seed=1).tag_samples("dusk")
    assert analysis.load(kept) is before


def test_a_field_made_since_is_a_colour_though_no_column_changed(kept):
    before = analysis.load(kept)
    elsewhere = detached(kept)
    elsewhere.add_sample_field("eval", fo.BooleanField)
    now = analysis.load(elsewhere)
    assert now is before
    kinds = {choice["path"]: choice["kind"] for choice in colours.colour_fields(now.dataset)}
    assert kinds["eval"] == "categorical"
    assert colours.colour_column(now, now.shown(0), "eval")["classes"] == []


def test_deleted_and_added_samples_are_noticed_even_in_equal_number(kept, images):
    points.read(kept, NAMES)
    kept.delete_samples(kept.take(3, seed=1).values("id"))
    kept.add_samples([fo.Sample(filepath=str(images[0]), tags=["U"]) for _ in range(3)])
    now = points.read(kept, NAMES)
    assert (~now.present).sum() == 3
    assert (len(now.others), now.added) == (3, 3)
    assert same(now, scanned(kept))


def test_a_newcomer_counts_once_it_is_tagged(kept, images, no_scan):
    newcomer = fo.Sample(filepath=str(images[0]))
    kept.add_sample(newcomer)
    assert points.read(kept, NAMES).added == 0
    no_scan()
    newcomer.tags.append("U")
    newcomer.save()
    assert points.read(kept, NAMES).added == 1


def test_a_run_made_again_is_read_again(kept):
    """Even where the samples carry no sign of it."""
    collection = kept._sample_collection
    collection.update_many({"dist_to_S": {"$ne": None}}, {"$set": {"dist_to_S": 0.25}})
    runs.write(kept, NAMES, runs.Record("coverage", {}, {}, {"delta": 0.1}))
    now = points.read(kept, NAMES)
    assert np.nanmin(now.dist) == np.nanmax(now.dist) == 0.25


def test_a_deleted_field_takes_its_column_along(kept):
    kept.delete_sample_field("kcenter_rank")
    assert not points.read(kept, NAMES).pick.any()


def test_a_deleted_run_leaves_no_analysis_behind(kept):
    kept.delete_brain_run("gapsphere")
    with pytest.raises(analysis.NoAnalysisError, match="find_gaps"):
        analysis.load(kept)


def test_each_suffix_has_its_own_binary(kept, no_scan):
    import fiftyone.brain as fob

    sphere = np.random.default_rng(0).normal(size=(400, 3))
    fob.compute_visualization(
        kept, points=sphere, brain_key="gapsphere_dino", num_dims=3, verbose=False
    )
    kept.set_values("dist_to_S_dino", [0.5] * 100 + [None] * 300, dynamic=True)
    points.read(kept, Names("dino"))
    no_scan()
    assert np.isfinite(points.read(kept, Names("dino")).dist).sum() == 100
    assert np.isfinite(points.read(kept, NAMES).dist).sum() > 100


def test_a_clone_and_a_forgotten_binary_are_read_off_the_samples(kept):
    direct = points.read(kept, NAMES)
    copy = kept.clone()
    try:
        np.testing.assert_array_equal(points.read(copy, NAMES).dist, direct.dist)
    finally:
        copy.delete()
    points.forget(kept, NAMES)
    assert same(points.read(kept, NAMES), direct)


def test_a_broken_binary_is_made_again(kept, caplog):
    direct, bucket = points.read(kept, NAMES), binaries.bucket()
    (file,) = bucket.find({"filename": points._filename(kept, NAMES)})
    bucket.delete(file._id)
    bucket.upload_from_stream(file.filename, b"PK\x03\x04 cut short", metadata=file.metadata)
    assert same(points.read(kept, NAMES), direct)
    assert "making them again" in caplog.text


def test_binaries_of_deleted_datasets_go_with_the_next_one_written(made):
    gone = made.clone()
    points.read(gone, NAMES)
    filename = points._filename(gone, NAMES)
    assert get_db_conn()["gapsphere.files"].count_documents({"filename": filename}) == 1
    gone.delete()
    other = made.clone()
    try:
        points.read(other, NAMES)
    finally:
        other.delete()
    assert get_db_conn()["gapsphere.files"].count_documents({"filename": filename}) == 0


def test_ids_of_a_view_are_those_fiftyone_gives(made):
    for view in (made, made.match_tags("S"), made.sort_by("filepath", reverse=True).limit(50)):
        assert id_words(points.view_ids(view)) == view.values("id")
    assert len(points.view_ids(made.match_tags("nobody"))) == 0


def test_rows_are_found_in_any_order_and_strangers_are_not():
    ids = np.frombuffer(b"".join(ObjectId().binary for _ in range(9)), np.uint8).reshape(-1, 12)
    wanted = np.concatenate([ids[[5, 0, 8]], np.zeros((1, 12), np.uint8)])
    assert points._places(ids, wanted).tolist() == [5, 0, 8, -1]
    assert points._places(ids[:0], wanted).tolist() == [-1] * 4
    assert points._places(ids, ids[:0]).tolist() == []


def test_samples_in_neither_set_are_no_points(fresh):
    fresh.match_tags("U").limit(30).tag_samples("part")
    compute_coverage(fresh, CoverageParams(pool="part", delta=0.1))
    seen = analysis.load(fresh)
    owned = fresh.match_tags("S").values("id")
    assert sorted(seen.ids.text(seen.owned)) == sorted(owned)
    assert sorted(seen.ids.text(~seen.owned)) == sorted(fresh.match_tags("part").values("id"))
    assert seen.stale is None
    gone = fresh.match_tags("U").match_tags("part", bool=False).first()
    assert len(seen.ids.rows_of([gone.id])) == 0
    fresh.delete_samples([owned[0]])
    again = analysis.load(fresh)
    assert sorted(again.ids.text(again.owned)) == sorted(owned[1:])
    assert again.stale.removed == 1


def test_no_lock_is_kept_once_the_points_are_read(fresh):
    points.read(fresh, NAMES)
    assert not dict(points._locks)
