"""A mongod that is killed under a command and comes back: nothing is deleted on its tally."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from gapsphere.plugin.dataset.store import database
from gapsphere.plugin.errors import DatabaseError, InputError
from gapsphere.scripts.cli.datasets import opened
from gapsphere.tests.support.servers import free_port, start_mongod
from PIL import Image

NAME = "comes-back"
COUNT = """
import fiftyone as fo
from gapsphere.plugin.dataset.store.database import counted
print(counted(fo.load_dataset({name!r})) if fo.dataset_exists({name!r}) else "deleted")
"""


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
        subprocess.run(
            [sys.executable, "-c", f"import fiftyone as fo; fo.load_dataset({new!r})"], check=True
        )
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


@pytest.mark.crash
def test_a_killed_database_that_is_back_in_time_costs_no_dataset(tmp_path):
    rng = np.random.default_rng(5)
    for part, count in (("S", 60), ("U", 60)):
        (tmp_path / part).mkdir()
        for index in range(count):
            pixels = rng.integers(0, 256, (6, 6, 3)).astype(np.uint8)
            Image.fromarray(pixels).resize((48, 48)).save(tmp_path / part / f"{index}.png")
    folder, port = tmp_path / "server", free_port()
    server = start_mongod(folder, port)
    environment = os.environ | {"FIFTYONE_DATABASE_URI": f"mongodb://127.0.0.1:{port}"}
    command = [sys.executable, "-m", "gapsphere.scripts.cli.main", "find-gaps", "--dataset", NAME]
    command += ["--owned-images", str(tmp_path / "S"), "--pool-images", str(tmp_path / "U")]
    command += ["inference.batch_size=2", "umap.n_neighbors=5"]
    work = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        embedding = False
        deadline = time.monotonic() + 120
        while not embedding and time.monotonic() < deadline:
            embedding = "Embeddings" in os.read(work.stderr.fileno(), 4096).decode(errors="replace")
        assert embedding
        server.send_signal(signal.SIGKILL)
        server.wait()
        server = start_mongod(folder, port)
        work.communicate(timeout=300)
        counted = subprocess.run(
            [sys.executable, "-c", COUNT.format(name=NAME)],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        assert counted.stdout.strip() == "120"
    finally:
        work.kill()
        server.kill()
        server.wait()
