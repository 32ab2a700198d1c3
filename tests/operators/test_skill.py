"""The skill is followed literally: each of its calls runs, in its order, on a real database."""

import ast
import re
from pathlib import Path

import fiftyone.operators as foo
import fiftyone.plugins as fop
import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
SKILL = ROOT / "skills" / "gapsphere" / "SKILL.md"
PREFIX = "@gapsphere/gap-explorer/"


def calls():
    """The operator calls of the skill as ``(name, params)``."""
    for block in re.findall(r"```python\n(.*?)```", SKILL.read_text(), re.DOTALL):
        for node in ast.parse(block).body:
            given = {word.arg: ast.literal_eval(word.value) for word in node.value.keywords}
            if node.value.func.id == "execute_operator":
                yield given["operator_uri"].removeprefix(PREFIX), given["params"]


@pytest.fixture
def places(tmp_path):
    rng = np.random.default_rng(3)
    for folder, count in (("OWNED_FOLDER", 8), ("POOL_FOLDER", 6)):
        (tmp_path / folder).mkdir()
        for index in range(count):
            pixels = rng.integers(0, 256, (6, 6, 3), dtype=np.uint8)
            Image.fromarray(pixels).resize((48, 48)).save(tmp_path / folder / f"{index}.png")
    sample = str(tmp_path / "POOL_FOLDER" / "0.png")
    return {"SAMPLE_ID_OR_PATH": sample} | {
        name: str(tmp_path / name) for name in ("OWNED_FOLDER", "POOL_FOLDER")
    }


def test_the_plugin_offers_the_skill():
    (skill,) = fop.list_skills(plugin="@gapsphere/gap-explorer")
    assert skill.name == "gapsphere"
    assert "missing" in skill.description


def test_every_operator_that_the_skill_names_is_there():
    named = set(re.findall(rf"{PREFIX}(\w+)", SKILL.read_text()))
    assert named == {name for name, _ in calls()}
    assert named <= set(fop.get_plugin("@gapsphere/gap-explorer").operators)


def test_its_calls_do_the_main_job(dataset, places):
    results = {}
    for name, params in calls():
        given = {key: places.get(value, value) for key, value in params.items()}
        done = foo.execute_operator(PREFIX + name, dataset=dataset.name, params=given)
        results[name] = done.result
    dataset.reload()
    again = foo.execute_operator(PREFIX + "show_results", dataset=dataset, params={}).result
    assert Path(again["guide"]).is_file()
    found = results["show_results"]
    assert found["candidates"] == 6 == found["gaps"] + found["covered"] + found["cannot_say"]
    assert [pick["id"] for pick in found["picks"]] == dataset.match_tags("kcenter").sort_by(
        "kcenter_rank"
    ).values("id")
    assert (
        max(dataset.values("dist_to_S"), key=lambda d: d or 0) == found["farthest"][0]["distance"]
    )
    asked = results["ask"]
    assert asked["verdict"] in ("gap", "covered", "cannot say")
    assert asked["nearest"]
    assert "0.png" in asked["summary"]


def test_the_results_of_no_analysis_are_a_sentence(dataset):
    with pytest.raises(Exception, match="has no analysis of suffix 'x': run find_gaps first"):
        foo.execute_operator(PREFIX + "show_results", dataset=dataset, params={"suffix": "x"})
