"""On a Ray cluster: the same bits, whoever dies; and sentences where there is none."""

import socket
import sys
from dataclasses import replace

import numpy as np
import pytest
from gapsphere.plugin.coverage.criterion import own_distances
from gapsphere.plugin.coverage.nearest import neighbors
from gapsphere.plugin.coverage.nearest.distances import nearest_distance
from gapsphere.plugin.coverage.picks import far_cover
from gapsphere.plugin.coverage.picks.kcenter import k_center_greedy
from gapsphere.plugin.coverage.support import _of_shard, nearest_and_support
from gapsphere.plugin.engine import cluster as connection
from gapsphere.plugin.engine import engine, ray_crew, ray_tasks
from gapsphere.plugin.engine.engine import LOCAL, Shard, opened, shards, together
from gapsphere.plugin.errors import (
    EngineError,
    InputError,
    MissingDependencyError,
)
from gapsphere.plugin.projection import place
from gapsphere.plugin.projection.place import Reducer
from gapsphere.tests.support.made_rows import frames
from gapsphere.tests.support.waiting import wait_for

S, U = frames(400, 32), frames(3000, 32, seed=1)
S[10], U[[3, 4]] = S[250], S[10]  # exact ties
DRIVE = np.arange(len(S)) // 40
ROW = 32 * 4


def same(left, right):
    for one, other in zip(left, right, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)


@pytest.mark.crash
def test_steps_in_a_row_share_one_connection_that_ends_with_the_last(cluster):
    import ray

    jobs = []

    def steps():
        with together("ray"):
            for _ in range(2):
                with opened("ray", cluster.address):
                    jobs.append(ray.get_runtime_context().get_job_id())
                assert ray.is_initialized()
            raise InputError("row 3 is blue")

    with pytest.raises(InputError, match="blue"):
        steps()
    assert jobs[0] == jobs[1]
    assert not ray.is_initialized()


def test_ray_that_is_not_installed_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    said = r'pip install "gapsphere\[ray\]"'
    with pytest.raises(MissingDependencyError, match=said), opened("ray"):
        pass


@pytest.mark.parametrize("address", ["nowhere", "ray://host:10001", "host:port", "host:0", ":1"])
def test_an_address_that_is_none_is_refused(address):
    with pytest.raises(InputError, match="give host:port"), opened("ray", address):
        pass


@pytest.mark.parametrize("listens", [False, True])
def test_a_cluster_that_does_not_answer_is_named(listens, monkeypatch):
    monkeypatch.setattr(connection, "PATIENCE", 0.2)
    other = socket.create_server(("127.0.0.1", 0))
    address = f"127.0.0.1:{other.getsockname()[1]}"
    if not listens:
        other.close()
    said = f"at {address} does not answer"
    with pytest.raises(EngineError, match=said), opened("ray", address):
        pass


@pytest.mark.crash
@pytest.mark.parametrize("workers", [1, 2, 3])
def test_distances_support_and_leave_one_out_are_those_of_this_process(
    on_cluster, small_shards, workers
):
    there = replace(on_cluster, window=workers)
    far, here = (nearest_and_support(U, S, DRIVE, 0.4, engine=e) for e in (there, LOCAL))
    same([far[0].distance, far[0].index, *far[1:]], [here[0].distance, here[0].index, *here[1:]])
    far, here = (own_distances(S, DRIVE.tolist(), engine=e) for e in (there, LOCAL))
    same([far.distance, far.nearest], [here.distance, here.nearest])


@pytest.mark.crash
def test_picks_are_those_of_this_process_while_members_of_the_crew_die(on_cluster, monkeypatch):
    monkeypatch.setattr(far_cover, "CREW_BYTES", 1100 * ROW)  # three of them
    d0 = nearest_distance(U, S, metric="euclidean").distance
    here = k_center_greedy(None, U, 500, d0)
    same(k_center_greedy(None, U, 500, d0, engine=on_cluster), here)
    call, rounds, killed = ray_crew.RayCrew.call, [], []

    def dying(crew, method, arguments):
        rounds.append(len(crew))
        if len(rounds) in (2, 3, 6):
            member = crew.members[len(rounds) % len(crew)]
            on_cluster.ray.kill(member)
            killed.append(member)
        return call(crew, method, arguments)

    monkeypatch.setattr(ray_crew.RayCrew, "call", dying)
    same(k_center_greedy(None, U, 500, d0, engine=on_cluster), here)
    assert len(killed) == 3
    assert set(rounds) == {3}


@pytest.mark.crash
def test_steps_on_a_dataset_write_the_same_and_are_not_run_again(cluster, on_cluster):
    import fiftyone as fo
    from gapsphere.plugin.dataset.gaps.coverage.coverage import compute_coverage
    from gapsphere.plugin.dataset.gaps.picks.picks import select_kcenter
    from gapsphere.plugin.settings.steps import CoverageParams, KCenterParams

    dataset = fo.Dataset()
    dataset.add_samples(
        [
            fo.Sample(f"/{tag}{at}.png", tags=[tag], embedding=row, sequence=f"{tag}{at // 40}")
            for tag, rows in (("S", S), ("U", U[:500]))
            for at, row in enumerate(rows)
        ],
        progress=False,
    )
    there = CoverageParams(engine="ray", ray_address=cluster.address)
    found = compute_coverage(dataset, there)
    names = ["dist_to_S", "nearest_S", "support", "support_drives", "gap_verdict"]
    written = dataset.match_tags("U").values(names)
    assert compute_coverage(dataset, CoverageParams()).reused
    dataset.delete_sample_field("support")
    assert compute_coverage(dataset, CoverageParams()).quantiles == found.quantiles
    assert dataset.match_tags("U").values(names) == written
    picks = KCenterParams(k=20, engine="ray", ray_address=cluster.address)
    found = select_kcenter(dataset, picks)
    assert select_kcenter(dataset, KCenterParams(k=20)).reused
    dataset.delete_sample_field("kcenter_rank")
    again = select_kcenter(dataset, KCenterParams(k=20))
    assert (again.ids, again.radii) == (found.ids, found.radii)
    dataset.delete()


@pytest.mark.crash
@pytest.mark.parametrize("work", [10, 1e12], ids=["by centres", "exact"])
def test_new_points_are_placed_as_here(on_cluster, work, monkeypatch):
    monkeypatch.setattr(neighbors, "EXACT_WORK", work)
    monkeypatch.setattr(place, "PLACED_AT_ONCE", 512)
    monkeypatch.setattr(engine, "SHARD_BYTES", 512 * ROW)
    fitted = Reducer(np.repeat(S, 2, axis=0), frames(800, 3, seed=5), np.zeros(3))
    same(fitted.place(U, engine=on_cluster), fitted.place(U))


@pytest.mark.crash
def test_killed_workers_lose_nothing_and_repeat_nothing(on_cluster, small_shards, tmp_path):
    shared = [S, DRIVE, 0.4, "cosine", 512]
    work, left = _of_shard, {0: 2, 7: 1, 8: 1, 19: 1}  # shard: how often its worker is killed
    for number, times in left.items():
        for time in range(times):
            (tmp_path / f"{number}-{time}").touch()

    def killed(rows, numbers, *given):
        import os

        number = int(numbers[0]) // 150
        found = work(rows, *given) if number % 2 else None  # some die after the work, some before
        for mark in tmp_path.glob(f"{number}-*"):
            mark.unlink()
            os.kill(os.getpid(), 9)
        return work(rows, *given) if found is None else found

    columns = [U, np.arange(len(U))]
    done = list(on_cluster.map(killed, shards(columns, ROW), shared))
    assert [rows for rows, _ in done] == [each.rows for each in shards(columns, ROW)]
    assert not list(tmp_path.iterdir())
    whole = [np.concatenate(parts) for parts in zip(*(part for _, part in done), strict=True)]
    same(whole, _of_shard(U, *shared))


@pytest.mark.crash
def test_a_shard_that_does_not_fit_is_worked_on_in_halves(on_cluster):
    def hungry(rows):
        if len(rows) > 100:
            raise MemoryError(f"{len(rows)} rows")
        return len(rows)

    cut = [Shard(slice(0, 300), (U[:300],)), Shard(slice(300, 350), (U[300:350],))]
    found = list(on_cluster.map(hungry, cut))
    assert [rows.stop for rows, _ in found] == [75, 150, 225, 300, 350]
    assert [count for _, count in found] == [75, 75, 75, 75, 50]

    def never(rows):
        raise MemoryError("none left")

    with pytest.raises(EngineError, match="too little memory even for one row"):
        list(on_cluster.map(never, cut))


@pytest.mark.crash
def test_an_error_of_the_work_is_raised_as_it_is_here(on_cluster):
    def refuse(_rows):
        from gapsphere.plugin.errors import InputError

        raise InputError("row 3 is blue")

    with pytest.raises(InputError, match="row 3 is blue"):
        list(on_cluster.map(refuse, shards([U], ROW)))


@pytest.mark.crash
def test_another_cluster_than_the_one_of_this_process_is_refused(on_cluster):
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        said = "is connected to the Ray cluster at"
        with pytest.raises(EngineError, match=said), opened("ray", address):
            pass


@pytest.mark.crash
def test_work_that_kills_its_worker_each_time_ends_with_a_sentence(on_cluster, monkeypatch):
    monkeypatch.setattr(ray_tasks, "TRIES", 2)

    def die(_rows):
        import os

        os._exit(1)

    with pytest.raises(EngineError, match="The same work was lost 2 times"):
        list(on_cluster.map(die, [Shard(slice(0, 1), (U[:1],))]))


@pytest.mark.crash
def test_work_that_is_given_up_ends_by_itself_and_costs_no_worker(on_cluster, tmp_path):
    """Ray 2.58 aborts this process where a task is cancelled in the moment in which it ends."""

    def slowly(numbers):
        import time

        if numbers[0]:
            (tmp_path / f"begun-{numbers[0]}").touch()
            time.sleep(3)
            (tmp_path / f"ended-{numbers[0]}").touch()
        return numbers

    cut = [Shard(slice(at, at + 1), (np.array([at]),)) for at in range(2)]
    work = on_cluster.map(slowly, cut)
    next(work)
    wait_for(lambda: list(tmp_path.glob("begun-1")))
    work.close()
    wait_for(lambda: list(tmp_path.glob("ended-1")))
