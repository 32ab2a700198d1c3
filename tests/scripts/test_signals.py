"""Ctrl-C and SIGTERM at several moments, closed pipes, terminals without our letters."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest
from gapsphere.tests.support.waiting import PATIENCE, wait_for
from PIL import Image

PROGRAM = [sys.executable, "-m", "gapsphere.scripts.cli.main"]
NAME = "cli-signals"


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    folder, rng = tmp_path_factory.mktemp("images"), np.random.default_rng(5)
    for part in "SU":
        (folder / part).mkdir()
        for index in range(30):
            Image.fromarray(rng.integers(0, 256, (48, 64, 3), np.uint8)).save(
                folder / part / f"{index}.png"
            )
    return folder


@pytest.fixture
def name():
    import fiftyone as fo

    yield NAME
    if fo.dataset_exists(NAME):
        fo.delete_dataset(NAME)


def find_gaps(images, *more):
    return [
        *(*PROGRAM, "find-gaps", "--dataset", NAME, "inference.batch_size=1"),
        *("--owned-images", str(images / "S"), "--pool-images", str(images / "U"), *more),
    ]


def catches(process, number):
    """Whether a process has a handler of its own for a signal, from the system's own table."""
    (told,) = re.findall(r"SigCgt:\s*(\w+)", Path(f"/proc/{process}/status").read_text())
    return int(told, 16) >> (number - 1) & 1


def mapped(process):
    """The files that a process has loaded."""
    return Path(f"/proc/{process}/maps").read_text()


@pytest.mark.crash
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("moment", ["listens", "imports", "Embeddings"])
def test_a_stop_at_any_moment_is_one_line_its_code_and_no_process(images, name, number, moment):
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "start_new_session": True}
    work, said = subprocess.Popen(find_gaps(images), **pipes), b""
    if moment == "Embeddings":
        while moment.encode() not in said and work.poll() is None:
            said += os.read(work.stderr.fileno(), 4096)
    else:
        wait_for(lambda: catches(work.pid, signal.SIGTERM), every=0.01)
        wait_for(lambda: moment == "listens" or "numpy" in mapped(work.pid), every=0.01)
    children = psutil.Process(work.pid).children(recursive=True)
    work.send_signal(number)
    said += work.communicate(timeout=PATIENCE)[1]
    assert work.returncode == {signal.SIGINT: 130, signal.SIGTERM: 143}[number], said
    assert b"Traceback" not in said
    assert said.count(b"gapsphere: stopped; finished work is kept") == 1
    assert not [child for child in children if child.is_running()]


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "latin-1"])
def test_letters_that_a_terminal_lacks_are_replaced(encoding):
    done = subprocess.run(
        [*PROGRAM, "check-spec", "δ/中.zip", "δ/中"],
        env=os.environ | {"PYTHONIOENCODING": encoding},
        capture_output=True,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == 2, done.stderr
    assert b"Traceback" not in done.stderr
    assert b"?/?" in done.stderr


@pytest.mark.parametrize("arguments", [("--help",), ("find-gaps", "--help")])
def test_a_reader_that_goes_away_is_no_error(arguments):
    work = subprocess.Popen([*PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    work.stdout.close()
    said = work.communicate(timeout=PATIENCE)[1]
    assert work.returncode in (0, 141)  # argparse takes no notice of it
    assert said == b""


def test_the_program_takes_its_signals_before_it_imports_what_takes_time():
    code = "import sys, gapsphere.scripts.cli.main\nprint(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"pydantic", "numpy", "fiftyone", "yaml"} & set(loaded)
