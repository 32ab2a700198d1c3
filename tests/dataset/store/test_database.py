"""A database whose disk is full: a real mongod that may not grow its files any further.

Below a limit of file size mongod ends as it does on a full disk, and no rights are needed for it.
"""

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import textwrap
from contextlib import contextmanager
from pathlib import Path

import fiftyone as fo
import pytest
from gapsphere.plugin.dataset.store.database import database_failures
from gapsphere.plugin.errors import DatabaseError
from gapsphere.tests.support.waiting import PATIENCE
from pymongo.errors import AutoReconnect, BulkWriteError, OperationFailure

COUNT = 240
EMBED = """
    import json, os, sys, time
    import fiftyone as fo
    import numpy as np
    from PIL import Image
    from gapsphere.plugin.settings.steps import EmbeddingParams
    from gapsphere.plugin.dataset.store.vectors import vectors
    from gapsphere.plugin.dataset.gaps.vectors.embed import compute_embeddings
    from gapsphere.plugin.errors import DatabaseError

    class Wide:
        \"\"\"Vectors that do not compress, so that a few hundred fill a small disk.\"\"\"

        name, fingerprint, dimension, patch_grid = "test:wide", "wide-1", 8192, (1, 1)

        def prepare(self, image):
            return np.asarray(image)[0, 0]

        def embed(self, batch):
            time.sleep(0.15)  # mongod's journal reaches the disk every 0.1 s
            rows = np.stack([np.random.default_rng(pixel).normal(size=8192) for pixel in batch])
            return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)

    made = not fo.dataset_exists("d")
    dataset = fo.Dataset("d", persistent=True) if made else fo.load_dataset("d")
    if made:
        dataset.add_samples([fo.Sample(filepath=path) for path in json.load(open(sys.argv[1]))])
    try:
        print(compute_embeddings(dataset, EmbeddingParams(batch_size=20), encoder=Wide()))
    except DatabaseError as error:
        print(error, file=sys.stderr, flush=True)
        os._exit(1)  # FiftyOne's own clean-up would wait for the database
    found = vectors.read(dataset, "embedding")
    pixels = [Wide().prepare(Image.open(path)) for path in dataset.values("filepath")]
    assert np.array_equal(found.matrix, Wide().embed(pixels)), "a vector is not its image's"
"""


@contextmanager
def mongod(folder: Path, port: int, largest_file: int | None = None):
    binary = Path(fo.__file__).parent / "db" / "bin" / "mongod"

    def limit():
        if largest_file is not None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))

    folder.mkdir(exist_ok=True)
    server = subprocess.Popen(
        [
            *(binary, "--dbpath", folder, "--port", str(port), "--bind_ip", "127.0.0.1"),
            *("--quiet", "--nounixsocket", "--wiredTigerCacheSizeGB", "0.25"),
            *("--wiredTigerEngineConfigString", "log=(file_max=1MB,prealloc=false)"),
        ],
        stdout=subprocess.DEVNULL,
        preexec_fn=limit,
    )
    try:
        yield server
    finally:
        server.kill()
        server.wait()


@pytest.mark.crash
def test_a_full_disk_is_said_keeps_what_was_written_and_a_rerun_goes_on(tmp_path, make_images):
    paths = sorted(map(str, make_images("many", COUNT).iterdir()))
    (tmp_path / "paths.json").write_text(json.dumps(paths))
    (tmp_path / "embed.py").write_text(textwrap.dedent(EMBED))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {"FIFTYONE_DATABASE_URI": f"mongodb://127.0.0.1:{port}"}

    def embed():
        return subprocess.run(
            [sys.executable, tmp_path / "embed.py", tmp_path / "paths.json"],
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )

    with mongod(tmp_path / "db", port, largest_file=3 << 20):
        stopped = embed()
    assert stopped.returncode == 1
    assert "Traceback" not in stopped.stderr
    assert "disk it writes to is not full" in stopped.stderr
    assert "run it again to go on" in stopped.stderr
    with mongod(tmp_path / "db", port):
        again = embed()
    assert again.returncode == 0, again.stderr
    done, known = (int(again.stdout.split(word)[0].split()[-1]) for word in (" emb", " already"))
    assert done + known == COUNT
    assert known >= 20
    assert done >= 20


@pytest.mark.parametrize(
    "error",
    [
        AutoReconnect("127.0.0.1:1: connection closed (configured timeouts: connect: 20000.0ms)"),
        OperationFailure("available disk space of 12 bytes is less than required", 14031),
    ],
)
def test_a_failure_of_the_driver_is_one_sentence(error):
    whole = r"(connection closed|less than required)\)\. See that its server runs"
    with pytest.raises(DatabaseError, match=whole), database_failures():
        raise error


def test_a_bulk_write_that_the_server_refuses_is_said_and_other_errors_pass():
    refused = BulkWriteError({"writeErrors": [{"errmsg": "no space"}]})
    with pytest.raises(DatabaseError, match="no space"), database_failures():
        raise ValueError("no space") from refused
    with pytest.raises(ValueError, match="ours"), database_failures():
        raise ValueError("ours")


def test_a_database_on_this_machine_names_its_full_disk(monkeypatch, tmp_path):
    from gapsphere.plugin.dataset.store import database

    monkeypatch.setattr(fo.config, "database_uri", None)
    monkeypatch.setattr(fo.config, "database_dir", str(tmp_path))
    with pytest.raises(DatabaseError, match=r"GB are free"), database_failures():
        raise AutoReconnect("closed")
    monkeypatch.setattr(database, "LITTLE", 1 << 62)
    with pytest.raises(DatabaseError, match=f"disk of {tmp_path} is full"), database_failures():
        raise AutoReconnect("closed")
