"""Import, ranking and export as the App calls them, and as the command line does."""

import csv

import fiftyone as fo
import fiftyone.operators as foo
import pytest
from gapsphere.plugin.dataset.rationales.decisions import decide
from gapsphere.plugin.dataset.store import places
from gapsphere.tests.support.command_line import gapsphere
from gapsphere.tests.support.made_cache import MIS, make_cache

PREFIX = "@gapsphere/gap-explorer/"


def call(operator, dataset, **params):
    result = foo.execute_operator(PREFIX + operator, dataset=dataset, params=params)
    dataset.reload()
    return result


@pytest.fixture
def cache(tmp_path):
    return make_cache(tmp_path / "cache", 60, dimension=6)


def test_a_cache_is_imported_measured_ranked_decided_on_and_exported(dataset, cache):
    call("import_feature_cache", dataset, cache_dir=str(cache))
    assert len(dataset) == 60
    sets = {
        "owned": "field:prediction_status=correct",
        "pool": "field:prediction_status=misclassified",
    }
    call("compute_coverage", dataset, delta=0.001, **sets)
    call("rank_gaps_by_failures", dataset, neighbors=5)
    assert dataset.match(fo.ViewField("failure_rank") == 1).count() == 1
    decide(dataset, dataset.first().id, "agree")
    call("export_reviews", dataset, name=dataset.name, reviewed_only=True)
    table = places.folder("reviews") / dataset.name / "metadata.csv"
    rows = list(csv.DictReader(table.open(newline="")))
    assert [row["review_decision"] for row in rows] == ["agree"]


def test_the_import_can_run_in_the_background(dataset, cache):
    params = {"cache_dir": str(cache)}
    uri = PREFIX + "import_feature_cache"
    queued = foo.execute_operator(uri, dataset=dataset, params=params, request_delegation=True)
    assert queued.delegated
    from fiftyone.operators.delegated import DelegatedOperationService

    DelegatedOperationService().execute_queued_operations(limit=1, log=False)
    dataset.reload()
    assert len(dataset.exists("embedding")) == 60


@pytest.mark.parametrize(
    ("name", "params", "sentence"),
    [
        ("import_feature_cache", {}, "Name the cache"),
        (
            "import_feature_cache",
            {"cache_dir": "/nowhere"},
            "There is no file or folder '/nowhere'",
        ),
        ("export_reviews", {}, "No feature cache was imported here"),
        ("rank_gaps_by_failures", {}, "import a feature cache first"),
    ],
)
def test_a_mistake_is_its_sentence(dataset, name, params, sentence):
    with pytest.raises(Exception, match=sentence):
        call(name, dataset, **params)


def test_the_seeds_command_with_our_name_in_front(cache, tmp_path):
    name = "cli-cache"
    try:
        done = gapsphere(
            "import-features",
            *("--cache_dir", cache, "--coords_file", "vis_umap_coords.npy"),
            *("--color_by", "site", "--hover", "file_name,site", "--dataset", name),
        )
        assert done.returncode == 0, done.stderr
        assert "60 samples added" in done.stdout
        assert "gapsphere app --dataset cli-cache" in done.stdout
        done = gapsphere("export-reviews", "--folder", tmp_path / "out", "--dataset", name)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "out" / MIS).is_file()
    finally:
        if fo.dataset_exists(name):
            fo.delete_dataset(name)


def test_a_cache_that_is_none_leaves_one_line_and_no_dataset(tmp_path):
    done = gapsphere("import-features", "--cache-dir", tmp_path, "--dataset", "cli-none")
    assert done.returncode == 2
    assert "has no metadata.csv" in done.stderr
    assert not fo.dataset_exists("cli-none")
