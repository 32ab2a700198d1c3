"""The demo drive is reproducible, and shows what its metadata says."""

from __future__ import annotations

import json
from collections import Counter
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from gapsphere.plugin.coverage.verdict import drives_needed
from gapsphere.plugin.embeddings.images import open_rgb
from gapsphere.plugin.errors import Cancelled, InputError
from gapsphere.scripts.demo.drive import combinations_found, read_metadata, render_drive
from gapsphere.scripts.demo.drive.plan import COVERED, MISSING_IN_S, Combination, Drive, plan_drives
from gapsphere.scripts.demo.drive.scene import build_scene, render_frame

SMALL = (96, 54)
FEW = (12, 32)


@pytest.fixture(scope="module")
def drive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drive")
    render_drive(folder, size=SMALL, images=FEW)
    return folder


def bytes_of(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def frame(shown: str, *, index: int = 2, seed: int = 5) -> np.ndarray:
    drive = Drive("test", "U", Combination(*shown.split()), "medium", 12, (51, seed))
    return np.asarray(render_frame(build_scene(drive), index, SMALL), np.float64)


# ------------------------------------------------------------------------------------- the plan


def test_s_never_shows_what_it_is_said_to_lack():
    shown = {split: set() for split in "SU"}
    for planned in plan_drives((240, 360), seed=51):
        shown[planned.split].add(planned.combination)
    assert shown["S"] == set(COVERED)
    assert shown["U"] == set(COVERED) | set(MISSING_IN_S)
    assert not set(COVERED) & set(MISSING_IN_S)
    assert len(MISSING_IN_S) == 8


@pytest.mark.parametrize("images", [(240, 360), (12, 32), (100, 77), (51, 1000)])
def test_every_image_asked_for_is_planned_and_a_quarter_of_u_is_missing_in_s(images):
    drives = plan_drives(images, seed=1)
    counts = Counter()
    for planned in drives:
        assert planned.frames >= 1
        counts[planned.split] += planned.frames
        counts["missing"] += planned.frames * planned.missing_in_S
    assert (counts["S"], counts["U"]) == images
    assert counts["missing"] == round(images[1] / 4)
    assert len({planned.name for planned in drives}) == len(drives)


def test_missing_combinations_come_in_several_short_sequences():
    missing = [d for d in plan_drives((240, 360), seed=51) if d.missing_in_S]
    assert len(missing) == 2 * len(MISSING_IN_S)
    assert max(d.frames for d in missing) <= 6


def test_s_has_the_drives_that_a_verdict_at_level_five_percent_needs():
    owned = [d for d in plan_drives((240, 360), seed=51) if d.split == "S"]
    assert Counter(d.combination for d in owned) == dict.fromkeys(COVERED, 2)
    assert len(owned) >= drives_needed(0.05)


def test_another_seed_gives_every_drive_another_scene():
    seeds = [{d.seed for d in plan_drives(FEW, seed=seed)} for seed in (51, 52)]
    assert not seeds[0] & seeds[1]


@pytest.mark.parametrize("images", [(11, 360), (240, 29), (0, 0)])
def test_too_few_images_for_every_combination_are_refused(images):
    with pytest.raises(InputError, match="to show every combination"):
        plan_drives(images, seed=51)


# ------------------------------------------------------------------------------------- the files


def test_the_metadata_lists_every_file_and_nothing_else(drive):
    rows = read_metadata(drive / "metadata.csv")
    assert {row["filename"] for row in rows} == {
        str(path.relative_to(drive)) for path in drive.rglob("*.jpg")
    }
    assert Counter(row["split"] for row in rows) == {"S": FEW[0], "U": FEW[1]}
    for row in rows:
        combination = Combination(row["time_of_day"], row["weather"], row["environment"])
        assert (row["missing_in_S"] == "1") == (combination in MISSING_IN_S)
        assert row["traffic"] in {"low", "medium", "high"}
        assert row["filename"].startswith(row["split"] + "/")
        assert open_rgb(drive / row["filename"]).size == SMALL


def test_frames_of_a_sequence_are_numbered_from_zero(drive):
    numbers: dict[str, list[int]] = {}
    for row in read_metadata(drive / "metadata.csv"):
        numbers.setdefault(row["sequence"], []).append(int(row["frame_number"]))
    assert all(found == list(range(len(found))) for found in numbers.values())


def test_a_stopped_run_leaves_whole_files_and_continues_to_the_same_pictures(drive, tmp_path):
    calls: list[tuple[int, int]] = []

    def stop(done: int, total: int) -> None:
        calls.append((done, total))
        if len(calls) == 5:
            raise Cancelled

    with pytest.raises(Cancelled):
        render_drive(tmp_path, size=SMALL, images=FEW, progress=stop)
    assert not (tmp_path / "metadata.csv").exists()
    there = list(tmp_path.rglob("*.jpg"))
    assert len(there) == calls[-1][0] < calls[-1][1] == sum(FEW)
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == len(there) + 1
    assert render_drive(tmp_path, size=SMALL, images=FEW) == sum(FEW) - len(there)
    assert render_drive(tmp_path, size=SMALL, images=FEW) == 0
    assert bytes_of(tmp_path) == bytes_of(drive)


def test_two_different_drives_are_not_mixed_in_a_folder(drive):
    with pytest.raises(InputError, match="holds a demo drive of another seed"):
        render_drive(drive, size=SMALL, images=FEW, seed=52)
    assert json.loads((drive / "drive.json").read_text())["seed"] == 51


def test_a_table_of_somebody_else_is_not_replaced(tmp_path):
    (tmp_path / "metadata.csv").write_text("mine\n")
    with pytest.raises(InputError, match="choose another folder"):
        render_drive(tmp_path, size=SMALL, images=FEW)
    assert [path.name for path in tmp_path.iterdir()] == ["metadata.csv"]
    assert (tmp_path / "metadata.csv").read_text() == "mine\n"


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match=r"file.*could not be written"):
        render_drive(tmp_path / "file", size=SMALL, images=FEW)


@pytest.mark.parametrize("size", [(63, 36), (64, 35)])
def test_too_small_a_picture_is_refused(tmp_path, size):
    with pytest.raises(InputError, match="at least 64 x 36"):
        render_drive(tmp_path, images=FEW, size=size)


# ---------------------------------------------------------------------------------- the pictures


def test_night_is_darker_than_dusk_and_dusk_than_day():
    day, dusk, night = (frame(f"{time} dry highway").mean() for time in ("day", "dusk", "night"))
    assert night < 0.6 * dusk
    assert dusk < 0.8 * day


def test_snow_whitens_the_ground_and_fog_hides_what_is_far():
    below, horizon = slice(40, None), slice(20, 26)
    dry, snow, fog = (frame(f"day {weather} rural") for weather in ("dry", "snow", "fog"))
    assert snow[below].mean() > 1.3 * dry[below].mean()
    assert fog[horizon].std() < 0.7 * dry[horizon].std()


def test_neighbouring_frames_are_more_alike_than_distant_ones_and_than_other_scenes():
    first, second, later = (frame("day dry city", index=i, seed=8) for i in (0, 1, 10))
    near = np.abs(first - second).mean()
    assert near < np.abs(first - later).mean()
    assert near < np.abs(first - frame("day dry city", index=0, seed=9)).mean()
    assert near > 1, "the camera moves"


# ------------------------------------------------------------------------------------ what counts


def table(sizes: list[int], others: int) -> list[dict[str, str]]:
    """U with one missing combination of each size, and others."""
    rows = []
    for combination, size in zip(MISSING_IN_S, sizes, strict=False):
        for _ in range(size):
            rows.append({**combination._asdict(), "split": "U", "missing_in_S": "1"})
    for split, count in (("U", others), ("S", 3)):
        for _ in range(count):
            rows.append({**COVERED[0]._asdict(), "split": split, "missing_in_S": "0"})
    return [{**row, "filename": str(i)} for i, row in enumerate(rows)]


@pytest.mark.parametrize("picks", range(8))
def test_the_expectation_is_the_average_over_every_possible_selection(picks):
    rows = table([1, 2, 2], others=2)
    names = [row["filename"] for row in rows if row["split"] == "U"]
    every = [combinations_found(rows, chosen) for chosen in combinations(names, picks)]
    assert every[0].missing == 3
    assert every[0].expected == pytest.approx(np.mean([len(f.combinations) for f in every]))
    assert every[0].expected_hits == pytest.approx(np.mean([f.hits for f in every]))


def test_combinations_are_listed_in_the_order_of_finding(drive):
    rows = read_metadata(drive / "metadata.csv")
    snow = next(r["filename"] for r in rows if r["sequence"].endswith("day_snow_city"))
    tunnel = next(r["filename"] for r in rows if r["environment"] == "tunnel")
    found = combinations_found(rows, [snow, tunnel])
    assert [str(c) for c in found.combinations] == ["day snow city", "day dry tunnel"]
    assert (found.missing, found.hits) == (len(MISSING_IN_S), 2)
    assert found.expected < 1


@pytest.mark.parametrize("picks", [["nowhere"], ["0", "0"], ["8"]])
def test_a_pick_that_is_not_in_u_or_is_there_twice_is_refused(picks):
    with pytest.raises(InputError, match="is not an image of U, or was picked more than once"):
        combinations_found(table([1, 2], others=4), picks)
