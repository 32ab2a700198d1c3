"""What a killed process was writing is found and removed; whatever else is there stays."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from gapsphere.plugin.interchange.files import temporary
from gapsphere.plugin.interchange.files.checked import write_text, write_whole

KILLED = """
import os, signal, sys, tempfile
from pathlib import Path
from gapsphere.plugin.interchange.files import temporary
from gapsphere.plugin.interchange.files.checked import write_whole

def kill(file):
    file.write(b"half")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)

folder = Path(sys.argv[1])
tempfile.mkdtemp(prefix=temporary.prefix(".partial-"), dir=folder)
write_whole(folder / "a name.json", kill)
"""


@pytest.fixture(autouse=True)
def not_looked_at_yet():
    temporary.sweep.cache_clear()


def test_what_a_killed_process_left_goes_with_the_next_writing(tmp_path):
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    assert killed.returncode == -signal.SIGKILL
    left = sorted(os.listdir(tmp_path))
    assert len(left) == 2
    assert all("gapsphere_" in name for name in left)
    write_text(tmp_path / "other.txt", "whole")
    assert os.listdir(tmp_path) == ["other.txt"]


def test_what_others_are_writing_and_all_else_stays(tmp_path):
    living = Path(tempfile.mkdtemp(prefix=temporary.prefix(".partial-"), dir=tmp_path))
    elsewhere = tmp_path / ".a.json.gapsphere_00000000_999999999_x"  # another machine's
    kept = [living, elsewhere, tmp_path / "gapsphere_notes", tmp_path / ".a.json.tmp"]
    for path in kept[1:]:
        path.write_text("mine")
    write_text(tmp_path / "other.txt", "whole")
    assert sorted(os.listdir(tmp_path)) == sorted([*(path.name for path in kept), "other.txt"])


def test_a_link_is_removed_and_not_what_it_leads_to(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").write_text("mine")
    work = tmp_path / "work"
    work.mkdir()
    start = temporary.prefix(".partial-").replace(f"_{os.getpid()}_", "_999999999_")
    (work / f"{start}x").symlink_to(tmp_path / "mine")
    temporary.sweep(work)
    assert os.listdir(work) == []
    assert (tmp_path / "mine" / "file").read_text() == "mine"


@pytest.mark.parametrize("letter", ["x", "밤", "🚗"])
def test_a_name_as_long_as_the_system_allows_is_written(tmp_path, letter):
    name = letter * (255 // len(letter.encode()))
    write_whole(tmp_path / name, lambda file: file.write(b"whole"))
    assert os.listdir(tmp_path) == [name]
