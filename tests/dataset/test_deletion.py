"""Deleting an analysis takes away what it wrote and nothing else."""

from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import fiftyone as fo
import numpy as np
import pytest
from gapsphere.plugin.dataset import api
from gapsphere.plugin.dataset.deletion import analysis_of, delete_analysis
from gapsphere.plugin.dataset.store import binaries, runs
from gapsphere.plugin.dataset.store.fields import fields, ownership
from gapsphere.plugin.dataset.store.fiftyone_internals import collection, dataset_id
from gapsphere.plugin.dataset.store.leases import lease
from gapsphere.plugin.dataset.store.names import Names
from gapsphere.plugin.dataset.store.vectors import mapped
from gapsphere.plugin.errors import BusyError, InputError
from gapsphere.plugin.settings.steps import AnalysisParams


@pytest.fixture
def driven():
    """Drives with vectors and fields of the user's, no analysis yet."""
    random = np.random.default_rng(0)
    dataset = fo.Dataset()
    samples = []
    for drive in range(14):
        centre = random.normal(size=8)
        for frame in range(4):
            vector = (centre + 0.05 * random.normal(size=8)).astype(np.float32)
            sample = fo.Sample(f"/{drive}/{frame}.png", tags=["S" if drive < 10 else "U", "mine"])
            sample["sequence"], sample["vector"] = f"d{drive}", vector / np.linalg.norm(vector)
            samples.append(sample)
    dataset.add_samples(samples, progress=False)
    yield dataset
    dataset.delete()


def documents(dataset):
    """All that the database holds of the samples, but when they were written."""
    found = list(collection(dataset).find({}, {"last_modified_at": False}).sort("_id"))
    return [{name: value for name, value in each.items() if value is not None} for each in found]


def gaps(dataset, suffix=""):
    return api.find_gaps(
        dataset, encoder="field", model_path="vector", k=4, suffix=suffix, progress=False
    )


def left_behind(dataset, suffix):
    """Everything whose name is of the analysis."""
    names = Names(suffix)
    dataset.reload()
    found = [name for name in names.fields() if dataset.has_field(name)]
    found += [tag for tag in names.tags() if tag in dataset.distinct("tags")]
    found += runs.steps(dataset, names)
    found += [key for key in dataset.list_brain_runs() if key == names.brain_key]
    files = binaries.bucket().find({"metadata.dataset": dataset_id(dataset)})
    found += [file.filename for file in files if file.filename.endswith(f"/{suffix}")]
    return found


def test_all_of_an_analysis_goes_and_all_else_stays(driven):
    before, schema = documents(driven), set(driven.get_field_schema())
    workspaces = driven.list_workspaces()
    gaps(driven)
    said = str(api.delete_analysis(driven, dry_run=True))
    assert "would be deleted" in said
    assert left_behind(driven, "")
    found = api.delete_analysis(driven)
    assert "is deleted" in str(found)
    assert {"embedding", "dist_to_S", "gap_card", "sphere"} <= set(found.fields)
    assert found.tags["kcenter"] == 4
    assert {"gapsphere", "gapsphere_coverage", "gapsphere_embeddings"} <= set(found.runs)
    assert left_behind(driven, "") == []
    assert documents(driven) == before
    assert set(driven.get_field_schema()) == schema
    assert set(workspaces) <= set(driven.list_workspaces())
    again = api.delete_analysis(driven)
    assert not again
    assert "nothing of an analysis" in str(again)


def test_another_analysis_stays_and_can_be_asked(driven):
    gaps(driven)
    gaps(driven, "b")
    kept = api.show_results(driven, suffix="b")
    api.delete_analysis(driven)
    assert left_behind(driven, "") == []
    again = api.show_results(driven, suffix="b")
    assert again.covered == kept.covered
    assert gaps(driven, "b").laid.reused
    api.delete_analysis(driven, suffix="b")
    assert left_behind(driven, "b") == []


def test_what_is_the_users_stays_whatever_its_name(driven):
    driven.register_run("gapsphere_notes", driven.init_run(method="mine"))
    mine = driven.match_tags("U").limit(3).values("id")
    driven.select(mine).tag_samples(["kcenter_b", "skipped"])
    driven.add_sample_field("novelty_b", fo.StringField)
    driven.set_field("novelty_b", "new").save()
    gaps(driven)
    kept = set(driven.match_tags("kcenter").values("id"))
    free = next(each for each in driven.match_tags("S").values("id"))
    driven.select([free]).tag_samples("kcenter")
    found = api.delete_analysis(driven)
    assert found.tags["kcenter"] == len(kept) == 4
    assert driven.match_tags("kcenter").values("id") == [free]
    assert driven.match_tags("skipped").values("id") == mine
    assert "gapsphere_notes" in driven.list_runs()
    found = api.delete_analysis(driven, suffix="b", dry_run=True)
    assert found.kept == ("novelty_b",)
    assert not found
    gaps(driven, "c")
    driven.reload()
    field = driven.get_field("novelty_c")
    field.info = {}
    field.save()
    found = api.delete_analysis(driven, suffix="c")
    assert found.kept == ("novelty_c",)
    assert "novelty_c: not written by Gapsphere" in str(found)
    assert driven.has_field("novelty_c")
    assert not api.delete_analysis(driven, suffix="b")
    assert driven.count("novelty_b") == len(driven)
    assert len(driven.match_tags("kcenter_b")) == 3


def test_a_field_of_two_analyses_stays_with_the_other(driven, monkeypatch):
    gaps(driven)
    monkeypatch.setattr(ownership, "shared_field", lambda _: "")  # as in earlier versions
    gaps(driven, "drives")
    found = api.delete_analysis(driven, suffix="drives")
    assert "support_drives_drives" in found.fields
    assert "support_drives" not in found.fields
    assert driven.count("support_drives")


def test_measured_pixels_of_the_first_version_go_with_their_record(driven):
    measured = Names().measured
    driven.add_sample_field(measured, fo.EmbeddedDocumentField, embedded_doc_type=fo.Keypoints)
    assert analysis_of(driven).kept == (measured,)
    runs.write(driven, Names(), runs.Record("sparse", {"keypoints": True}, {}))
    found = api.delete_analysis(driven)
    assert (found.fields, found.runs) == ((measured,), ("gapsphere_sparse",))
    assert left_behind(driven, "") == []


POINTS = ["tags", "brain", "fields", "columns", "a run"]


@pytest.mark.parametrize("point", POINTS)
def test_killed_in_between_the_next_call_deletes_the_rest(driven, point, monkeypatch):
    gaps(driven)

    def stop(*_, **__):
        raise KeyboardInterrupt

    first = {
        "tags": (fo.Dataset, "delete_brain_run"),
        "brain": (fo.Dataset, "delete_sample_fields"),
        "fields": (mapped, "forget"),
        "columns": (binaries, "delete"),
        "a run": (fo.Dataset, "delete_run"),
    }[point]
    with monkeypatch.context() as patched:
        patched.setattr(*first, stop)
        with pytest.raises(KeyboardInterrupt):
            delete_analysis(driven)
    assert api.delete_analysis(driven)
    assert left_behind(driven, "") == []


def test_nothing_is_deleted_where_a_field_is_read_only_or_a_run_works(driven):
    gaps(driven)
    driven.reload()
    field = driven.get_field("sphere")
    field.read_only = True
    field.save()
    before = documents(driven)
    with pytest.raises(InputError, match="'sphere' is read-only"):
        api.delete_analysis(driven)
    assert documents(driven) == before
    field.read_only = False
    field.save()
    for scope in ("analysis", "spec", "sparse"):
        other = ThreadPoolExecutor(1)  # the lease of this thread would let it in
        with lease(driven, f"{scope}/", "a step"), other, pytest.raises(BusyError) as busy:
            other.submit(delete_analysis, driven, AnalysisParams()).result()
        assert "suffix" not in str(busy.value)  # which would delete another analysis
    assert analysis_of(driven)


def test_every_name_is_a_field_or_a_tag_or_a_key():
    names = Names("x")
    keys = {names.brain_key, names.map_key}
    assert set(names.fields()) | set(names.tags()) | keys | {"x"} == set(vars(names).values())
    assert not set(names.fields()) & set(names.tags())
    assert fields.MARK["written_by"] == "gapsphere"
    assert all(name.endswith("_x") for name in chain(names.fields(), names.tags()))
