"""Two runs on one analysis: who comes second waits, and is told who was first."""

import os
import threading
import time
from dataclasses import asdict, replace
from pathlib import Path

import fiftyone as fo
import pytest
from gapsphere.plugin.dataset.gaps.coverage.coverage import compute_coverage
from gapsphere.plugin.dataset.gaps.find_gaps import find_gaps
from gapsphere.plugin.dataset.gaps.images.load import load_images
from gapsphere.plugin.dataset.store import leases
from gapsphere.plugin.dataset.store.fiftyone_internals import dataset_id
from gapsphere.plugin.dataset.store.leases import Lease, lease
from gapsphere.plugin.errors import BusyError, DatabaseError
from gapsphere.plugin.settings.steps import CoverageParams, GapParams
from gapsphere.tests.support.waiting import PATIENCE, wait_for
from pymongo.errors import AutoReconnect


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(leases, "WAIT", 0.3)
    monkeypatch.setattr(leases, "POLL", 0.02)


def in_thread(work):
    """What came of ``work`` in a thread, which is another run."""
    found = []

    def caught():
        try:
            found.append(work())
        except BusyError as error:
            found.append(error)

    thread = threading.Thread(target=caught)
    thread.start()
    thread.join()
    return found[0]


def put(dataset, held: Lease):
    store = leases.ExecutionStore.create(leases.STORE, dataset_id(dataset))
    store.set("analysis/", asdict(held))


def test_a_second_run_is_told_who_runs_since_when(loaded):
    with lease(loaded, "analysis/", "find_gaps"):
        said = str(in_thread(lambda: compute_coverage(loaded)))
        begins = str(in_thread(lambda: find_gaps(loaded)))
    assert f"find_gaps, process {os.getpid()} on " in said
    assert "since" in said
    assert "suffix" not in said, "under which there are no embeddings"
    assert begins.endswith("or give this one a suffix.")
    assert leases.holder(loaded, "analysis/") is None


@pytest.mark.parametrize("where", [Path("/made/run.1"), Path("a.csv")])
def test_the_ending_of_a_path_is_no_suffix_of_an_analysis(dataset, where):
    @leases.holds_lease("import_artifacts")
    def work(samples, folder, params=None):
        assert leases.holder(samples, "analysis/night" if params else "analysis/")

    work(dataset, where)
    work(dataset, where, CoverageParams(suffix="night"))


@pytest.mark.parametrize("written", [False, True])
def test_a_run_shows_signs_of_life_again_when_the_database_is_back(dataset, monkeypatch, written):
    def away(*_):
        tried.append(1)
        if len(tried) > 2:
            return swap(*_)
        if written:  # and the answer is lost
            swap(*_)
        raise AutoReconnect("away")

    tried, swap = [], leases.ExecutionStore.compare_and_set
    monkeypatch.setattr(leases, "BEAT", 0.01)
    monkeypatch.setattr(leases.ExecutionStore, "compare_and_set", away)
    with lease(dataset, "analysis/", "find_gaps"):
        wait_for(lambda: len(tried) > 2)
        first = leases.holder(dataset, "analysis/")
        wait_for(lambda: leases.holder(dataset, "analysis/").beat != first.beat)


def test_a_lease_ends_as_soon_as_the_database_is_back(dataset, monkeypatch):
    away, deleted = threading.Event(), leases.ExecutionStore.delete

    def delete(*given):
        if away.is_set():
            raise AutoReconnect("away")
        return deleted(*given)

    monkeypatch.setattr(leases.ExecutionStore, "delete", delete)
    with lease(dataset, "analysis/", "find_gaps"):
        away.set()
    assert leases.holder(dataset, "analysis/")
    away.clear()
    monkeypatch.setattr(leases, "WAIT", PATIENCE)
    assert in_thread(lambda: take(dataset, "analysis/")) == "taken"


def test_a_lease_that_another_version_left_behind_is_taken_over(dataset):
    store = leases.ExecutionStore.create(leases.STORE, dataset_id(dataset))
    store.set("analysis/", asdict(replace(Lease.mine("gone"), pid=2**22 + 1)) | {"more": 1})
    assert take(dataset, "analysis/") == "taken"


def test_a_run_that_the_database_failed_lets_go_when_it_is_back_and_is_not_held_up(
    dataset, monkeypatch
):
    back, read, waited = threading.Event(), leases.ExecutionStore.get, []

    def away(*given):
        if not back.wait(PATIENCE):
            waited.append(1)
            raise AutoReconnect("away")
        return read(*given)

    @leases.holds_lease("failed")
    def work(samples):
        monkeypatch.setattr(leases.ExecutionStore, "get", away)
        raise DatabaseError("away")

    with pytest.raises(DatabaseError):
        work(dataset)
    assert not waited
    back.set()
    wait_for(lambda: leases.holder(dataset, "analysis/") is None)


def test_a_second_run_waits_for_one_that_ends_soon(loaded, monkeypatch):
    monkeypatch.setattr(leases, "WAIT", PATIENCE)
    began = threading.Event()

    def brief():
        with lease(loaded, "analysis/", "brief"):
            began.set()
            time.sleep(0.3)

    thread = threading.Thread(target=brief)
    thread.start()
    began.wait()
    with lease(loaded, "analysis/", "late"):
        assert not thread.is_alive() or leases.holder(loaded, "analysis/").step == "late"
    thread.join()


def test_another_suffix_another_scope_and_another_dataset_are_free(loaded):
    other = fo.Dataset()
    with lease(loaded, "analysis/", "find_gaps"):
        for dataset, key in ((loaded, "analysis/b"), (loaded, "load"), (other, "analysis/")):
            assert in_thread(lambda d=dataset, k=key: take(d, k)) == "taken"
    other.delete()


def take(dataset, key):
    with lease(dataset, key, "step"):
        return "taken"


def test_a_step_inside_a_run_needs_no_lease_of_its_own(loaded, encoder):
    with lease(loaded, "analysis/", "outer"):
        found = find_gaps(loaded, GapParams(k=2, n_neighbors=5), encoder=encoder)
        assert leases.holder(loaded, "analysis/").step == "outer"
    assert len(found.picked.ids) == 2


def test_a_lease_ends_with_its_run_also_by_an_error(loaded):
    with pytest.raises(ZeroDivisionError), lease(loaded, "analysis/", "broken"):
        raise ZeroDivisionError
    assert leases.holder(loaded, "analysis/") is None


@pytest.mark.parametrize(
    ("change", "dead"),
    [
        ({}, False),
        ({"pid": 2**22 + 1}, True),  # no process has that id
        ({"started": 1.0}, True),  # the id was given to another process since
        ({"host": "elsewhere/", "beat": 0.0}, True),
        ({"host": "elsewhere/", "pid": 2**22 + 1}, False),  # it showed a sign of life
        ({"beat": 0.0}, False),  # here, the process itself tells
    ],
)
def test_the_lease_of_who_has_ended_is_taken_over_at_once(loaded, change, dead):
    put(loaded, replace(Lease.mine("gone"), **change))
    if dead:
        assert take(loaded, "analysis/") == "taken"
    else:
        with pytest.raises(BusyError, match="gone, process"):
            take(loaded, "analysis/")


def test_of_many_that_take_over_at_once_one_wins(loaded):
    put(loaded, replace(Lease.mine("gone"), pid=2**22 + 1))
    inside, most, taken = [0], [0], []

    def contend():
        try:
            with lease(loaded, "analysis/", "contender"):
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                time.sleep(0.05)
                inside[0] -= 1
                taken.append(1)
        except BusyError:
            pass

    threads = [threading.Thread(target=contend) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert taken
    assert most == [1]


def test_a_long_run_shows_signs_of_life(loaded, monkeypatch):
    monkeypatch.setattr(leases, "BEAT", 0.02)
    with lease(loaded, "analysis/", "long"):
        first = leases.holder(loaded, "analysis/").beat
        wait_for(lambda: leases.holder(loaded, "analysis/").beat > first)


def test_a_lease_goes_with_its_dataset(loaded):
    key = dataset_id(loaded)
    put(loaded, Lease.mine("gone"))
    loaded.delete()
    assert leases.ExecutionStore.create(leases.STORE, key).list_keys() == []


def test_settings_given_by_place_choose_the_suffix_too(loaded):
    with lease(loaded, "analysis/b", "other"):
        said = in_thread(lambda: compute_coverage(loaded, CoverageParams(suffix="b")))
    assert isinstance(said, BusyError)


def test_the_same_files_loaded_twice_at_once_are_added_once(dataset, make_images, monkeypatch):
    monkeypatch.setattr(leases, "WAIT", 60)
    folder, added = make_images("owned", 12), []
    runs = [
        threading.Thread(target=lambda: added.append(load_images(dataset, folder).added["S"]))
        for _ in range(3)
    ]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert sorted(added) == [0, 0, 12]
    assert len(dataset.distinct("filepath")) == dataset.count("filepath") == 12
