"""Paths that name fields: a folder a drive, and the like."""

import re

import pytest
from gapsphere.plugin.dataset.gaps.images.load import load_images
from gapsphere.plugin.errors import EmptySetError, InputError
from PIL import Image


@pytest.fixture
def drives(tmp_path):
    """Two drives of two cameras, each camera's frames in a folder below."""
    for number, drive in enumerate(("d 1", "0007")):
        for camera in ("front", "front_left"):
            folder = tmp_path / "raw" / drive / "images"
            folder.mkdir(parents=True, exist_ok=True)
            for frame in range(3):
                picture = Image.new("RGB", (16, 16), (90 * number, 40 * frame, len(camera)))
                picture.save(folder / f"{camera}_{frame:04d}.png")
    return tmp_path / "raw"


def test_each_folder_is_a_drive_whatever_lies_below_it(dataset, drives):
    loaded = load_images(dataset, pool=str(drives / "{sequence}"))
    assert dataset.count_values("sequence") == {"d 1": 6, "0007": 6}
    assert not loaded.notes


def test_parts_of_names_fill_fields(dataset, drives):
    (drives / "0007" / "images" / "front_last.png").write_bytes(b"")
    loaded = load_images(dataset, str(drives / "{sequence}/*/{camera}_{frame_number}.png"))
    assert dataset.count_values("camera") == {"front": 6, "front_left": 6}
    assert sorted(dataset.match({"camera": "front"}).values("frame_number")) == [0, 0, 1, 1, 2, 2]
    assert str(loaded.left_out) == "left out: 1 unmatched name (front_last.png)"


def test_a_name_that_comes_twice_is_the_same_twice(dataset, drives):
    (drives / "d 1" / "d 1.png").write_bytes((drives / "d 1/images/front_0000.png").read_bytes())
    (drives / "0007" / "d 1.png").write_bytes((drives / "d 1/images/front_0000.png").read_bytes())
    load_images(dataset, f"{drives}//./{{sequence}}/{{sequence}}.png")
    assert dataset.values("sequence") == ["d 1"]


def test_a_folder_of_folders_says_how_its_drives_are_named(dataset, drives):
    (drives / "d 1" / "beside.png").write_bytes((drives / "d 1/images/front_0000.png").read_bytes())
    loaded = load_images(dataset, drives / "d 1", str(drives / "0007"))
    assert not loaded.notes
    (drives / "d 1" / "beside.png").unlink()
    loaded = load_images(dataset.clone(), pool=drives)
    assert not loaded.notes  # nothing is new
    empty = dataset.clone()
    empty.clear()
    (note,) = load_images(empty, pool=drives).notes
    assert note == (
        "U: images of 2 folders that name no drives; where each folder is one, load "
        f"'{drives}/{{sequence}}'"
    )
    again = load_images(empty, pool=re.findall("'(.*)'", note)[0])
    assert (again.known["U"], again.changed.counts, again.notes) == (12, {"sequence": 12}, [])
    assert empty.count_values("sequence") == {"d 1": 6, "0007": 6}


@pytest.mark.parametrize("name", ["tags", "id", "is_gap", "embedding"])
def test_a_field_that_is_kept_for_something_else_is_refused(dataset, drives, name):
    with pytest.raises(InputError, match=f"'{name}' is kept for something else; .*{{sequence}}"):
        load_images(dataset, str(drives / f"{{{name}}}" / "*"))
    assert not len(dataset)


def test_a_field_of_another_type_is_refused(dataset, drives):
    load_images(dataset, drives / "d 1")
    dataset.set_values("camera", [1] * 6)
    with pytest.raises(InputError, match="a field 'camera' of its own"):
        load_images(dataset, str(drives / "*/*/{camera}_*.png"))


def test_a_folder_whose_name_has_braces_is_itself(dataset, drives):
    (drives / "d 1").rename(drives / "{sequence}")
    load_images(dataset, str(drives / "{sequence}"))
    assert len(dataset) == 6
    assert not dataset.has_field("sequence")


def test_what_no_path_fits_is_said(dataset, drives):
    with pytest.raises(EmptySetError, match=r"\{camera\}.* holds no image"):
        load_images(dataset, str(drives / "*/{camera}.bmp"))
    with pytest.raises(EmptySetError, match="12 unmatched names"):
        load_images(dataset, str(drives / "*/*/{frame_number}.png"))
