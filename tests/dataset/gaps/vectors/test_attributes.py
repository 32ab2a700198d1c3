"""The named channel reads attributes and the user's own fields, and asks only what can separate."""

import json
from dataclasses import asdict

import fiftyone as fo
import numpy as np
import pytest
from gapsphere.plugin.coverage.named.channel import named
from gapsphere.plugin.dataset.gaps.vectors.attributes import MOST_FIELDS, named_channel, questions
from gapsphere.plugin.dataset.gaps.vectors.measure import compute_attributes
from gapsphere.plugin.dataset.store.fields import attributes, ownership
from gapsphere.plugin.dataset.store.fields.fields import declare
from gapsphere.plugin.dataset.store.names import Names
from gapsphere.plugin.embeddings.attributes import ATTRIBUTES
from gapsphere.plugin.errors import InputError
from gapsphere.plugin.settings.steps import AttributeParams
from PIL import Image

LIGHT = {"s0": 150, "s1": 120, "s2": 135, "day": 130, "dusk": 30}
FRAMES = 6


@pytest.fixture
def drives(dataset, tmp_path):
    """Three owned drives in daylight; candidates in daylight and at dusk."""
    rng = np.random.default_rng(4)
    samples = []
    for drive, light in LIGHT.items():
        for frame in range(FRAMES):
            path = str(tmp_path / f"{drive}_{frame}.png")
            pixels = np.full((40, 60, 3), light + rng.integers(-6, 6), np.uint8)
            Image.fromarray(pixels).save(path)
            sample = fo.Sample(path, tags=["S" if drive.startswith("s") else "U"])
            sample["sequence"] = drive
            samples.append(sample)
    dataset.add_samples(samples, progress=False)
    return dataset


def sides(dataset):
    own, pool = dataset.match_tags("S"), dataset.match_tags("U")
    return own.values("id"), own.values("sequence"), pool.values("id"), pool.values("sequence")


def compared(dataset, **how):
    """Every comparison by drive, also those that do not separate."""
    _, owned, _, pool = asked_of = sides(dataset)
    asked = questions(dataset, Names(), *asked_of, **how)
    cameras = {"owned_cameras": asked.owned_cameras, "pool_cameras": asked.pool_cameras}
    return named(asked.attributes, owned, pool, **cameras)


def test_the_dusk_drive_is_named_by_its_brightness_and_the_day_drive_is_not(drives):
    compute_attributes(drives)
    found = named_channel(drives, Names(), *sides(drives)).findings
    assert list(found) == ["day", "dusk"]
    assert found["day"] == []
    first = found["dusk"][0]
    assert first.attribute in ("brightness", "sky_brightness")
    light = next(row for row in found["dusk"] if row.attribute == "brightness")
    assert light.sentence.startswith("darker than every owned drive (median ")
    assert light.outside == 1.0
    means = dict(zip(drives.values("id"), drives.values("attributes.brightness"), strict=True))
    _, _, pool, labels = sides(drives)
    wanted = np.median([means[i] for i, drive in zip(pool, labels, strict=True) if drive == "dusk"])
    assert light.median == pytest.approx(wanted)
    json.dumps([asdict(row) for row in found["dusk"]])


def test_fields_of_the_users_are_asked_beside_the_attributes(drives):
    compute_attributes(drives)
    label = {"day": "sun", "dusk": "snow"}
    labels = drives.values("sequence")
    drives.set_values("weather", [label.get(drive, "sun") for drive in labels])
    drives.set_values("scene", [fo.Classification(label=f"c{i % 2}") for i in range(len(labels))])
    drives.set_values(
        "speed", [80.0 if drive == "dusk" else 20.0 + i for i, drive in enumerate(labels)]
    )
    found = named_channel(drives, Names(), *sides(drives)).findings
    said = {row.attribute: row.sentence for row in found["dusk"]}
    assert said["weather"] == "`weather` = snow: 0 of 3 owned drives, 1 of 2 candidate drives"
    assert said["speed"].startswith("higher `speed` than every owned drive (median 80; owned: ")
    asked = questions(drives, Names(), *sides(drives)).asked
    assert asked[-3:] == ["weather", "scene", "speed"]
    assert found["dusk"][0].asked == len(asked)


def test_what_is_ours_or_constant_or_numbers_images_is_not_asked(drives):
    count = len(drives)
    declare(drives, "dist_to_S", float)
    drives.set_values("dist_to_S", list(np.arange(count) / count))
    drives.set_values("gap_note", ["the same"] * count)
    drives.set_values("uuid", [f"id {i}" for i in range(count)])
    drives.set_values("index", list(range(count)))
    drives.set_values("frame_number", list(range(count)))
    drives.set_values("drive_id", drives.values("sequence"))
    drives.set_values("lens", ["wide" if i % 2 else "long" for i in range(count)])
    drives.add_sample_field("nothing", fo.StringField)
    assert questions(drives, Names(), *sides(drives)).asked == ["lens"]
    assert questions(drives, Names(), *sides(drives), drive_field="lens").asked == []
    assert questions(drives, Names(), *sides(drives), without=["lens"]).asked == []


def test_fields_of_the_users_whose_names_begin_as_ours_are_asked(drives):
    theirs = ["measured_lux", "sphere_side", "support_vehicle", "review_site", "llm_route"]
    for name in theirs:
        drives.set_values(name, ["wide" if i % 2 else "long" for i in range(len(drives))])
    # Of an earlier version, which marked no field: the analysis has a record.
    drives.set_values("support_dino", [i % 2 for i in range(len(drives))])
    drives.register_run("gapsphere_coverage_dino", drives.init_run(method="gapsphere/coverage"))
    assert questions(drives, Names(), *sides(drives)).asked == theirs


def test_fields_of_the_users_whose_names_are_ours_are_asked(drives):
    """An analysis with a suffix leaves the plain names to the user."""
    compute_attributes(drives, AttributeParams(suffix="b"))
    for name in ("novelty", "support"):
        drives.set_values(name, ["wide" if i % 2 else "long" for i in range(len(drives))])
    declare(drives, "novelty_b", float)
    drives.set_values("novelty_b", [float(i % 2) for i in range(len(drives))])
    asked = questions(drives, Names("b"), *sides(drives)).asked
    assert [name for name in asked if name not in ATTRIBUTES] == ["novelty", "support"]


def test_of_many_fields_the_first_are_asked(drives):
    rng = np.random.default_rng(1)
    for number in range(MOST_FIELDS + 2):
        drives.set_values(f"f{number:02}", rng.normal(size=len(drives)).tolist())
    asked = questions(drives, Names(), *sides(drives)).asked
    assert asked == [f"f{number:02}" for number in range(MOST_FIELDS)]


def test_numbers_are_compared_camera_by_camera(drives):
    """A dark camera is no dark drive."""
    ownership.declare(drives, attributes.column(Names()))
    rows = zip(drives.values("id"), drives.values("sequence"), strict=True)
    dark = {}
    for position, (sample_id, drive) in enumerate(rows):
        rear = position % 2 == 0 or drive == "dusk"
        dark[sample_id] = ("rear", 30.0) if rear else ("front", 200.0)
    drives.set_values("camera", {i: name for i, (name, _) in dark.items()}, key_field="id")
    rng = np.random.default_rng(6)
    values = [dict.fromkeys(ATTRIBUTES, light + rng.normal()) for _, light in dark.values()]
    attributes.write(drives, Names(), list(dark), values)
    together, apart = compared(drives)["dusk"], compared(drives, camera_field="camera")["dusk"]
    by_camera = named_channel(drives, Names(), *sides(drives), camera_field="camera")
    assert {each["camera"] for each in by_camera.ranges} == {"rear", "front"}
    light = next(row for row in together if row.attribute == "brightness")
    assert light.median < light.lowest
    (rear,) = [row for row in apart if row.attribute == "brightness"]
    assert (rear.camera, rear.owned_drives) == ("rear", 3)
    assert rear.highest < 40
    with pytest.raises(InputError, match=r"'lens'.*camera_field"):
        named_channel(drives, Names(), *sides(drives), camera_field="lens")


def test_an_analysis_with_a_suffix_reads_its_own_attributes_or_the_plain_ones(drives):
    compute_attributes(drives)
    assert "brightness" in questions(drives, Names("b"), *sides(drives)).asked
    compute_attributes(drives, AttributeParams(suffix="b"))
    drives.clear_sample_field("attributes")
    assert "brightness" in questions(drives, Names("b"), *sides(drives)).asked


def test_attributes_of_the_users_are_not_taken_for_ours(drives):
    document = fo.DynamicEmbeddedDocument(brightness=1.0)
    drives.set_values("attributes", [document] * len(drives), dynamic=True)
    assert questions(drives, Names(), *sides(drives)).asked == []
    assert named_channel(drives, Names(), *sides(drives)).findings == {"day": [], "dusk": []}
