import errno
import json
import os
import socket

import pytest
from gapsphere.plugin.errors import ArtifactError
from gapsphere.plugin.interchange.features.tensors import read_pt
from gapsphere.plugin.interchange.files import walk as walking
from gapsphere.plugin.interchange.files.checked import read_json, read_npy, read_npz
from gapsphere.plugin.interchange.files.file_names import RealPaths
from gapsphere.plugin.interchange.files.left_out import LeftOut
from gapsphere.plugin.interchange.files.walk import walk
from gapsphere.plugin.interchange.tables.csv_stream import open_csv


@pytest.fixture
def drive(tmp_path):
    (tmp_path / "drive").mkdir()
    for name in ("a.png", "b.PNG"):
        (tmp_path / "drive" / name).write_bytes(b"x")
    return tmp_path / "drive"


def found(folder):
    listed = walk(folder, {".png"})
    names = [os.path.relpath(path, folder) for path in listed.files]
    return names, listed.left_out.counts


OTHER_ENDINGS = {
    "p.heic q.HEIC r.HeIc": {".heic": 3},
    "r.dng s.3gp t.mts": {".dng": 1, ".3gp": 1, ".mts": 1},
    "IMG001 frame.0001": {walking.NO_ENDING: 2},
    "x." + "y" * 90: {walking.NO_ENDING: 1},
    "c.png.bak d.png~": {".bak": 1, walking.NO_ENDING: 1},
}


@pytest.mark.parametrize("names", OTHER_ENDINGS, ids=lambda names: names[:20])
def test_endings_in_any_case_are_taken_and_others_counted(drive, names):
    for name in names.split():
        (drive / name).touch()
    assert found(drive) == (["a.png", "b.PNG"], OTHER_ENDINGS[names])


def test_names_that_differ_in_case_alone_are_two_files(drive):
    (drive / "A.png").touch()
    assert found(drive)[0] == ["A.png", "a.png", "b.PNG"]


def test_hidden_names_are_counted_and_folders_called_like_images_walked(drive):
    for name in (".git/a.png", "._a.png", "sub.png/c.png"):
        (drive / name).parent.mkdir(exist_ok=True)
        (drive / name).touch()
    (drive / "Thumbs.db").touch()
    assert found(drive) == (["a.png", "b.PNG", "sub.png/c.png"], {walking.HIDDEN: 2, ".db": 1})


@pytest.mark.parametrize("target", ["nas", "drive/deep"])
def test_linked_folders_are_walked_once(drive, tmp_path, target):
    (tmp_path / target).mkdir()
    (tmp_path / target / "c.png").touch()
    for name in ("link1", "link2"):
        (drive / name).symlink_to(tmp_path / target)
    names, left = found(drive)
    inside = target.startswith("drive")
    assert names == ["a.png", "b.PNG", "deep/c.png" if inside else "link1/c.png"]
    assert left == {walking.FOLDER_TWICE: 2 if inside else 1}


@pytest.mark.parametrize("target", [".", "..", "/", "deep/up"])
def test_links_in_circles_end(drive, target):
    (drive / "deep").mkdir()
    (drive / "deep" / "up").symlink_to(drive)
    (drive / "circle").symlink_to(target)
    names, left = found(drive)
    assert names == ["a.png", "b.PNG"]
    assert left == {walking.AROUND: 2}


def test_a_linked_file_keeps_its_own_name_where_it_has_one(drive, tmp_path):
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs" / "0a1b").touch()
    (drive / "0.png").symlink_to("a.png")
    for name in ("x.png", "y.png"):  # a hub keeps two files of one content as one blob
        (drive / name).symlink_to("../blobs/0a1b")
    (drive / "z.png").symlink_to("nowhere")
    (drive / "self.png").symlink_to("self.png")
    names, left = found(drive)
    assert names == ["a.png", "b.PNG", "x.png"]
    assert left == {walking.TWICE: 2, walking.BROKEN_LINK: 2}


def test_what_is_no_file_is_named_and_never_opened(drive, monkeypatch):
    os.mkfifo(drive / "c.png")
    (drive / "d.png").symlink_to(drive / "c.png")
    (drive / "e.png").symlink_to("/dev/zero")
    monkeypatch.chdir(drive)  # the address of a socket is short
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("f.png")
        names, left = found(drive)
    assert names == ["a.png", "b.PNG"]
    assert left == {"named pipes": 2, "devices": 1, "sockets": 1}


@pytest.mark.parametrize(
    ("name", "encoding"), [("야간", "cp949"), ("Köln", "latin-1"), ("夜", "shift-jis")]
)
def test_names_of_another_encoding_are_left_out_and_can_be_printed_and_written(
    drive, tmp_path, name, encoding
):
    foreign = b"/" + name.encode(encoding)
    for ending in (b".png", b""):
        path = os.fsencode(drive) + foreign + ending
        (os.mkdir if not ending else lambda p: open(p, "w").close())(path)
    listed = walk(drive, {".png"})
    assert len(listed.files) == 2
    assert listed.left_out.counts == {walking.FOREIGN_NAME: 2}
    str(listed.left_out).encode("utf-8")
    listed.left_out.write(tmp_path / "out" / "left.json")
    written = json.loads((tmp_path / "out" / "left.json").read_text(encoding="utf-8"))
    assert [len(paths) for paths in written.values()] == [2]


@pytest.mark.parametrize("code", [errno.EACCES, errno.EIO, errno.ESTALE, errno.ENOENT])
def test_a_folder_that_cannot_be_read_is_named(drive, monkeypatch, code):
    (drive / "locked").mkdir()
    scandir = os.scandir

    def refuse(path):  # the tests may run as root, whom no mode keeps out
        if str(path).endswith("locked"):
            raise OSError(code, os.strerror(code))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    listed = walk(drive, {".png"})
    assert str(listed.left_out) == "left out: 1 unreadable folder (locked)"
    assert len(listed.files) == 2


def test_the_summary_is_short_whatever_was_left_out():
    left = LeftOut()
    for number in range(300):
        left.add(f".e{number}", *[f"/x/{index}\n.e" for index in range(10)])
    assert len(str(left)) < 1000
    assert str(left).endswith("and 288 reasons more")
    assert "\n" not in str(left)
    assert len(left) == 3000


def test_a_linked_folder_is_the_same_place(drive, tmp_path):
    (tmp_path / "link").symlink_to(drive)
    real = RealPaths()
    assert real(str(tmp_path / "link" / "a.png")) == real(str(drive / "a.png"))


@pytest.mark.parametrize(
    "read",
    [
        read_json,
        read_npy,
        lambda path: read_npz(path, "x"),
        lambda path: open_csv(path, required=("a",)),
        lambda path: read_pt(path, preferred="x"),
    ],
)
@pytest.mark.parametrize(("kind", "make"), [("named pipe", os.mkfifo), ("folder", os.mkdir)])
def test_a_pipe_or_folder_in_place_of_a_file_is_a_sentence(tmp_path, read, kind, make):
    make(tmp_path / "x")
    with pytest.raises(ArtifactError, match=f"is a {kind}, not a file"):
        read(tmp_path / "x")
