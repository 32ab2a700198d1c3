import os
from datetime import datetime

import fiftyone as fo
import pytest
from gapsphere.panels.sparse_sampling import sequences
from gapsphere.plugin.dataset.sparse.sequences import (
    fields_to_group,
    frames_of,
    in_order,
    ordered_sequences,
)
from gapsphere.plugin.dataset.store.sets.drives import read_drives


@pytest.mark.parametrize(
    "numbers",
    [
        ["1", "2", "10", "11"],
        ["0001", "2", "010", "11"],
        ["frame 1", "frame 2", "frame 10", "frame 11"],
        ["0.25", "0.5", "1.5", "1.75"],
        ["-2", "-1", "1", "10"],
        ["1234567890123456788", "1234567890123456789", "1234567890123456790", "2e0"],
        [1.5, 2.0, 10.0, 11.0],
        [datetime(2024, 1, day) for day in (1, 2, 10, 11)],
        [None] * 4,
    ],
)
def test_frames_come_in_the_order_of_their_numbers(numbers):
    files = [f"/pool/frame_{n}.png" for n in (1, 2, 10, 11)]
    shuffled = [2, 0, 3, 1]
    if numbers[-1] == "2e0":  # no number: the whole column is ordered as text with numbers in it
        numbers = [*numbers[:3], "x"]
    found = in_order([numbers[at] for at in shuffled], [files[at] for at in shuffled])
    assert [shuffled[at] for at in found] == [0, 1, 2, 3]


def test_text_numbers_files_and_names_of_sequences_are_all_read_so(dataset):
    samples = [
        fo.Sample(f"/pool/x{i:02d}.png", sequence=f"drive {d}", frame_number=str(12 - i))
        for d in (10, 9)
        for i in (2, 1, 11, 10)
    ]
    dataset.add_samples(samples)
    found = ordered_sequences(dataset, "sequence", "frame_number")
    assert [sequence.value for sequence in found.sequences] == ["drive 9", "drive 10"]
    names = [os.path.basename(path) for path in found.sequences[0].paths]
    assert names == ["x11.png", "x10.png", "x02.png", "x01.png"]


def test_a_sequence_whose_name_ends_as_a_slice_is_not_taken_for_one_of_it(dataset):
    dataset.add_group_field("group", default="front")
    for drive in ("night", "night front", "day"):
        group = fo.Group()
        dataset.add_samples(
            fo.Sample(f"/pool/{drive} {name}.png", group=group.element(name), sequence=drive)
            for name in ("front", "back")
        )
    front = dataset.select_group_slices("front")
    for drive in ("night", "night front"):  # of an earlier version, which named no single slice
        wanted = front.match({"sequence": drive}).values("id")
        assert frames_of(front, "sequence", drive).values("id") == wanted
    both = dataset.match({"sequence": {"$ne": "night front"}}).select_group_slices()
    for each in ordered_sequences(both, "sequence", "frame_number").sequences:
        assert frames_of(both, "sequence", each.value).values("id") == list(each.ids)
    for view in (front, both, dataset.select_group_slices()):
        for each in ordered_sequences(view, "sequence", "frame_number").sequences:
            frames = frames_of(view, "sequence", each.value, each.slice)
            assert frames.values("id") == list(each.ids)


@pytest.mark.parametrize(("field", "none"), [("drive", ""), ("number", float("nan"))])
def test_an_empty_text_and_nan_name_no_sequence(dataset, field, none):
    some = "a" if field == "drive" else 1.0
    dataset.add_samples(
        fo.Sample(f"/made/{row}.png", **{field: value}) for row, value in enumerate([some, none])
    )
    found = ordered_sequences(dataset, field, "frame_number")
    assert [(one.value, len(one)) for one in found.sequences] == [(str(some), 1)]
    assert "1 sample has no" in found.notes[0]


def test_frames_without_a_number_are_told_of_whatever_stands_for_none(dataset):
    dataset.add_samples(
        fo.Sample(f"/made/{row}.png", at=at) for row, at in enumerate([2.0, float("nan"), 1.0])
    )
    found = ordered_sequences(dataset, "", "at")
    assert found.notes[-1] == "Frames without a 'at': ordered by their files."


@pytest.mark.parametrize("number", [None, float("nan"), ""])
def test_frames_of_which_one_has_no_number_come_in_the_order_of_their_files(number):
    some = str if number == "" else float
    assert in_order([some(3), number, some(1)], ["b", "c", "a"]) == [2, 0, 1]


def test_frames_of_videos_are_grouped_by_the_video_that_they_are_of(dataset):
    for name in "ab":
        video = fo.Sample(f"/made/{name}.mp4")
        for number in (1, 2, 3):
            video.frames[number] = fo.Frame(filepath=f"/made/{name}{number}.png")
        dataset.add_sample(video)
    frames = dataset.to_frames().clone()
    assert "sample_id" in fields_to_group(frames)
    found = ordered_sequences(frames, "sample_id", "frame_number").sequences
    assert sorted(one.value for one in found) == sorted(dataset.values("id"))
    counts = sequences._counts(frames.view(), "sample_id")
    assert [counts[one.value, None] for one in found] == [3, 3]
    for one in found:
        assert one.ids == tuple(frames_of(frames, "sample_id", one.value).values("id"))
    frames.delete()


def test_drives_are_in_the_same_order(dataset):
    dataset.add_samples(
        fo.Sample(f"/pool/{name}.png", sequence="d", frame_number=number)
        for name, number in (("a", "10"), ("b", "2"), ("c", "1"))
    )
    drives = read_drives(dataset, "sequence", dataset.values("id"), [])
    assert drives.order.tolist() == [2, 1, 0]


def test_numbers_that_come_again_in_a_drive_order_nothing(dataset):
    dataset.add_samples(
        fo.Sample(f"/pool/{name}.png", sequence=drive, frame_number=number)
        for name, drive, number in (
            ("left_10", "d", 2),
            ("front_2", "d", 2),
            ("front_1", "d", 1),
            ("left_9", "d", 1),
            ("a", "e", 2),
            ("b", "e", 1),
        )
    )
    drives = read_drives(dataset, "sequence", dataset.values("id"), [])
    assert drives.order.tolist() == [2, 1, 3, 0, 5, 4]
