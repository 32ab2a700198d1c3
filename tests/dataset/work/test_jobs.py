"""Long work in a thread: told to everybody, stopped by anybody, and whole however it ends."""

import subprocess
import threading
from dataclasses import asdict, replace

import psutil
import pytest
from fiftyone.operators.store import ExecutionStore
from gapsphere.plugin.dataset.gaps.vectors.embed import compute_embeddings
from gapsphere.plugin.dataset.store import leases, runs
from gapsphere.plugin.dataset.store.leases import ANALYSIS, Lease, lease
from gapsphere.plugin.dataset.store.names import Names
from gapsphere.plugin.dataset.work import jobs, told
from gapsphere.plugin.errors import BusyError, Cancelled
from gapsphere.plugin.settings.steps import EmbeddingParams
from gapsphere.tests.support.held import held as held_at_first
from gapsphere.tests.support.waiting import PATIENCE, wait_for
from pymongo.errors import AutoReconnect


@pytest.fixture(autouse=True)
def often(monkeypatch):
    monkeypatch.setattr(jobs, "LOOK", 0.02)


@pytest.fixture
def held():
    """Work that goes on, batch by batch, until it is let go."""
    go = threading.Event()

    def work(report):
        progress = report("Counting")
        for batch in range(1000):
            progress(batch, 1000)
            if go.wait(0.02):
                break
        return "1,000 counted"

    work.let_go = go.set
    yield work
    go.set()


def only(dataset):
    (one,) = told.listed(dataset)
    return one


def test_everybody_sees_how_far_it_is_and_what_came_of_it(dataset, held):
    job = jobs.begin(dataset, "count", "Count", held, "Next: rest.")
    seen = wait_for(lambda: (one := only(dataset)).done > 2 and one)
    assert (seen.state, seen.label, seen.stage, seen.total) == (
        "running",
        "Count",
        "Counting",
        1000,
    )
    held.let_go()
    assert job.wait(PATIENCE)
    ended = only(dataset)
    assert (ended.state, ended.text, ended.then) == ("done", "1,000 counted", "Next: rest.")
    assert job.result == "1,000 counted"
    told.forget(dataset, ended.id)
    assert told.listed(dataset) == []


@pytest.mark.parametrize("which", ["this one", "all"])
def test_anybody_stops_it_and_what_is_done_is_kept(loaded, which, monkeypatch):
    def embed(report):
        return compute_embeddings(
            loaded, EmbeddingParams(batch_size=1, encoder="packaged"), progress=report("Embeddings")
        )

    name, label = "compute_embeddings", "Compute embeddings"
    with held_at_first(jobs, monkeypatch):
        job = jobs.begin(loaded, name, label, embed, "Next: coverage.")
        wait_for(lambda: job.now.done >= 1)
        told.stop(loaded, job.id if which == "this one" else None)
        assert job.wait(PATIENCE)
    assert isinstance(job.error, Cancelled)
    ended = only(loaded)
    assert (ended.state, ended.then) == ("stopped", "")
    assert "What was done so far is kept" in ended.text
    assert runs.read(loaded, Names(), "embeddings").running
    # Nothing is left in the way of the run that goes on.
    compute_embeddings(loaded, EmbeddingParams(encoder="packaged"))
    assert len(loaded.exists("embedding")) == len(loaded)


def test_an_old_stop_does_not_end_new_work(dataset, held):
    told.stop(dataset)
    job = jobs.begin(dataset, "count", "Count", held)
    wait_for(lambda: job.now.done > 3)
    held.let_go()
    assert job.wait(PATIENCE)
    assert only(dataset).state == "done"


def test_a_failure_is_told_in_a_sentence_and_a_defect_as_one(dataset):
    def refused(report):
        return compute_embeddings(dataset, progress=report("Embeddings"))

    def broken(report):
        raise ZeroDivisionError("division by zero")

    jobs.begin(dataset, "compute_embeddings", "Compute embeddings", refused).wait(PATIENCE)
    assert (only(dataset).state, only(dataset).text) == ("failed", "There is no sample to embed.")
    job = jobs.begin(dataset, "count", "Count", broken)
    job.wait(PATIENCE)
    assert isinstance(job.error, ZeroDivisionError)
    assert only(dataset).text.startswith("Count failed: division by zero.")  # the one before went


def test_its_last_word_is_told_once_the_database_is_back(dataset, held, monkeypatch):
    away, written = threading.Event(), ExecutionStore.set

    def write(*given, **more):
        if away.is_set():
            raise AutoReconnect("away")
        return written(*given, **more)

    monkeypatch.setattr(ExecutionStore, "set", write)
    job = jobs.begin(dataset, "count", "Count", held)
    wait_for(lambda: job.now.done > 1)
    away.set()
    held.let_go()
    assert job.wait(PATIENCE)
    assert only(dataset).state == "running"
    away.clear()
    assert wait_for(lambda: only(dataset).state == "done")


def test_a_second_start_is_refused_by_the_lease_and_the_first_goes_on(dataset, held, monkeypatch):
    monkeypatch.setattr(leases, "WAIT", 0.1)
    key = f"{ANALYSIS}/"

    def first(report):
        with lease(dataset, key, "find_gaps"):
            return held(report)

    def second(report):
        with lease(dataset, key, "compute_coverage"):
            pass

    running = jobs.begin(dataset, "find_gaps", "Find gaps", first)
    wait_for(lambda: leases.holder(dataset, key))
    refused = jobs.begin(dataset, "compute_coverage", "Compute coverage", second)
    assert refused.wait(PATIENCE)
    assert isinstance(refused.error, BusyError)
    assert "find_gaps, process" in str(refused.error)
    states = {one.id: (one.state, one.text) for one in told.listed(dataset)}
    assert states[running.id][0] == "running"
    assert states[refused.id] == ("failed", str(refused.error))


def test_work_whose_server_has_ended_is_interrupted_and_says_how_to_go_on(dataset):
    gone = subprocess.Popen(["sleep", "60"])
    started = psutil.Process(gone.pid).create_time()
    by = replace(Lease.mine("find_gaps"), pid=gone.pid, started=started)
    told.tell(
        told.store_of(dataset), told.Told(by, "Find gaps", stage="Embeddings", done=3, total=9)
    )
    assert only(dataset).state == "running"
    gone.kill()
    gone.wait()
    found = only(dataset)
    assert found.state == "interrupted"
    assert "run it again to go on" in found.text
    assert (found.done, found.total) == (3, 9)


def test_the_deleted_dataset_ends_the_work_and_leaves_nothing_behind(dataset, held):
    job = jobs.begin(dataset, "count", "Count", held)
    store = told.store_of(dataset)
    wait_for(lambda: job.now.done > 1)
    name = dataset.name
    dataset.delete()
    assert job.wait(PATIENCE)
    assert str(job.error) == f"The dataset {name!r} was deleted while 'Count' ran on it."
    assert store.list_keys() == []


def test_the_oldest_work_stays_first_whoever_wrote_last(dataset):
    store = told.store_of(dataset)
    first, second = (told.Told(Lease.mine("count"), label) for label in ("First", "Second"))
    for one in (second, replace(first, by=replace(first.by, beat=first.by.beat + 60))):
        told.tell(store, one)
    assert [one.label for one in told.listed(dataset)] == ["First", "Second"]


def test_what_another_version_told_is_read(dataset):
    entry = told.Told(Lease.mine("count"), "Count", done=1)
    other = asdict(entry) | {"more": 1, "by": asdict(entry.by) | {"more": 1}}
    told.store_of(dataset).set(told.WORK + entry.id, other)
    assert only(dataset) == entry


def test_the_time_left_follows_the_pace_so_far():
    entry = told.Told(Lease.mine("count"), "Count", done=100, total=400, seconds=20)
    assert entry.left == 60
    assert replace(entry, seconds=0.5).left is None
    assert told.Told.read(asdict(entry)) == entry
