"""A mongod that goes away under a command: said in time, and nothing is deleted on its tally."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pymongo
import pytest
from gapsphere.plugin.dataset.store import database
from gapsphere.plugin.errors import DatabaseError, InputError
from gapsphere.scripts.cli.datasets import opened
from gapsphere.tests.support.killed import ended, forked
from gapsphere.tests.support.servers import free_port, start_mongod
from gapsphere.tests.support.waiting import PATIENCE, seconds_idle, wait_for
from PIL import Image

NAME = "comes-back"


@pytest.fixture
def new():
    import fiftyone as fo

    yield NAME
    if fo.dataset_exists(NAME):
        fo.delete_dataset(NAME)


@pytest.fixture
def tally_of_long_ago(monkeypatch):
    """The server's own tally as it is after a crash: of the time before the samples came."""
    import fiftyone as fo

    monkeypatch.setattr(fo.Dataset, "_estimated_count", lambda self, frames=False: 0)


@pytest.mark.usefixtures("tally_of_long_ago")
@pytest.mark.parametrize("end", [None, InputError("refused"), KeyboardInterrupt()])
def test_a_new_dataset_that_holds_samples_stays_whatever_the_tally_says(new, end):
    import fiftyone as fo

    def work():
        with opened(new, create=True) as made:
            made.add_sample(fo.Sample("one.png"))
            assert not len(made)
            if end is not None:
                raise end

    if end is None:
        work()
    else:
        with pytest.raises(type(end)):
            work()
    assert database.counted(fo.load_dataset(new)) == 1


@pytest.mark.parametrize(
    ("end", "stays"),
    [(InputError("refused"), False), (KeyboardInterrupt(), False), (DatabaseError("away"), True)],
)
def test_an_empty_dataset_goes_where_the_work_was_refused_and_stays_where_nothing_is_known(
    new, end, stays
):
    import fiftyone as fo

    with pytest.raises(type(end)), opened(new, create=True):
        raise end
    assert fo.dataset_exists(new) is stays


def test_an_empty_dataset_that_another_process_has_opened_stays(new):
    import fiftyone as fo

    def meanwhile_opened_elsewhere():
        assert ended(forked(lambda: fo.load_dataset(new))) == 0
        raise InputError("refused")

    with pytest.raises(InputError), opened(new, create=True):
        meanwhile_opened_elsewhere()
    assert fo.dataset_exists(new)


def test_nothing_decides_by_the_tally_of_the_server(dataset, monkeypatch):
    import fiftyone as fo

    dataset.add_sample(fo.Sample("one.png"))
    assert not database.is_empty(dataset)
    assert not database.is_empty(dataset.view())
    assert database.is_empty(dataset.match_tags("S"))
    monkeypatch.setattr(fo.Dataset, "_estimated_count", lambda self, frames=False: 0)
    assert not database.is_empty(dataset)
    assert not database.is_empty(dataset.view())


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """Folders S and U of 60 images each."""
    folder, rng = tmp_path_factory.mktemp("images"), np.random.default_rng(5)
    for part in "SU":
        (folder / part).mkdir()
        for index in range(60):
            pixels = rng.integers(0, 256, (6, 6, 3)).astype(np.uint8)
            Image.fromarray(pixels).resize((48, 48)).save(folder / part / f"{index}.png")
    return folder


def idle_until_the_end(process):
    """Seconds, from now on, for which a process waits for something else than a core."""
    began, how = seconds_idle(process.pid), os.WEXITED | os.WNOWAIT | os.WNOHANG
    wait_for(lambda: os.waitid(os.P_PID, process.pid, how))
    return seconds_idle(process.pid) - began


class Database:
    """A mongod of a test's own, and ``find-gaps`` on it up to its first embeddings."""

    def __init__(self, folder, images):
        self.folder, self.port = folder / "server", free_port()
        self.server = start_mongod(self.folder, self.port)
        self.environment = os.environ | {
            "FIFTYONE_DATABASE_URI": f"mongodb://127.0.0.1:{self.port}"
        }
        self.command = [
            *(sys.executable, "-m", "gapsphere.scripts.cli.main", "find-gaps", "--dataset", NAME),
            *("--owned-images", str(images / "S"), "--pool-images", str(images / "U")),
            *("inference.batch_size=2", "umap.n_neighbors=5"),
        ]
        self.work = None

    def begin(self):
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        self.work = subprocess.Popen(self.command, env=self.environment, text=True, **pipes)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if b"Embeddings" in os.read(self.work.stderr.fileno(), 4096):
                return
        raise AssertionError("No embedding began.")

    def signal(self, number):
        self.server.send_signal(number)
        if number == signal.SIGKILL:
            self.server.wait()

    def ended(self, seconds):
        """Exit code and the lines of ``gapsphere`` itself, of a command that waits no longer."""
        assert idle_until_the_end(self.work) < seconds
        _, err = self.work.communicate()
        assert "Traceback" not in err, err
        return self.work.returncode, [
            line for line in err.splitlines() if line.startswith("gapsphere:")
        ]

    def close(self):
        for process in (self.work, self.server):
            if process is not None:
                process.kill()
                process.wait()


@pytest.fixture
def database_of_its_own(tmp_path, images):
    made = Database(tmp_path, images)
    yield made
    made.close()


@pytest.mark.crash
def test_a_killed_database_that_is_back_in_time_costs_no_dataset(database_of_its_own):
    it = database_of_its_own
    it.begin()
    it.signal(signal.SIGKILL)
    it.server = start_mongod(it.folder, it.port)
    it.work.communicate(timeout=PATIENCE)
    with pymongo.MongoClient(port=it.port) as client:
        made = client.fiftyone.datasets.find_one({"name": NAME})
        assert client.fiftyone[made["sample_collection_name"]].count_documents({}) == 120


@pytest.mark.crash
@pytest.mark.parametrize("gone", [signal.SIGKILL, signal.SIGSTOP])
def test_a_database_that_goes_away_is_said_within_ten_seconds(database_of_its_own, gone):
    it = database_of_its_own
    it.begin()
    it.signal(gone)
    code, lines = it.ended(10)
    assert code == 2
    assert len(lines) == 1
    assert "The database failed" in lines[0]


@pytest.mark.crash
def test_a_database_that_is_not_there_is_said_within_ten_seconds():
    environment = os.environ | {"FIFTYONE_DATABASE_URI": f"mongodb://127.0.0.1:{free_port()}"}
    command = [sys.executable, "-m", "gapsphere.scripts.cli.main", "find-gaps"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    work = subprocess.Popen(command, env=environment, text=True, **pipes)
    assert idle_until_the_end(work) < 10
    _, err = work.communicate()
    assert work.returncode == 2
    assert err.count("\n") == 1
    assert "cannot connect to its database" in err


IN_PYTHON = """
import json, os, signal, sys
import fiftyone as fo  # waits as long as the driver does by itself
import gapsphere
from gapsphere.plugin.dataset.store.steps.guard import guarded
from gapsphere.plugin.errors import DatabaseError
from gapsphere.tests.support.waiting import PATIENCE, seconds_idle, stop_process

dataset, server = fo.Dataset("away"), int(sys.argv[1])
gapsphere.compute_coverage  # imports torch and others: no time that the database takes

def said(act):
    began = seconds_idle()
    try:
        act()
    except DatabaseError as error:
        return str(error), seconds_idle() - began

def in_a_step():
    with guarded(dataset, "step"):
        stop_process(server)
        dataset.count()

def by_functions():
    return [
        said(lambda: gapsphere.compute_coverage(dataset)),
        said(lambda: gapsphere.compute_embeddings(dataset, progress=False)),
        said(lambda: gapsphere.tag_samples(dataset, owned="x")),
    ]

def goes_on():
    os.kill(server, signal.SIGCONT)
    assert dataset.count() == 0

found = {"in a step": [said(in_a_step)]}
goes_on()
stop_process(server)
found["SIGSTOP"] = by_functions()
goes_on()
os.kill(server, signal.SIGKILL)
found["SIGKILL"] = by_functions()
print(json.dumps(found), flush=True)
os._exit(0)
"""


@pytest.fixture(scope="module")
def said_in_python(tmp_path_factory):
    """What Python functions say, and in how long, where the server hangs twice and is killed."""
    port = free_port()
    server = start_mongod(tmp_path_factory.mktemp("python"), port)
    try:
        done = subprocess.run(
            [sys.executable, "-c", IN_PYTHON, str(server.pid)],
            env=os.environ | {"FIFTYONE_DATABASE_URI": f"mongodb://127.0.0.1:{port}"},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    finally:
        server.kill()
        server.wait()
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.crash
@pytest.mark.parametrize("gone", [signal.SIGKILL, signal.SIGSTOP])
def test_python_functions_say_it_too(said_in_python, gone):
    found = said_in_python[gone.name]
    assert len(found) == 3
    for sentence, seconds in found:
        assert "The database failed" in sentence
        assert seconds < 10


@pytest.mark.crash
def test_a_database_that_hangs_in_the_middle_of_a_step_is_said_too(said_in_python):
    ((sentence, seconds),) = said_in_python["in a step"]
    assert "The database failed" in sentence
    assert seconds < 10
