"""An operator that the manifest does not name is dropped without a word: compare every list."""

import re
from pathlib import Path

import fiftyone as fo
import pytest
import yaml
from fiftyone.operators.registry import OperatorRegistry
from gapsphere.tests.support.operator_forms import PREFIX, form, marked

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def manifest():
    return yaml.safe_load((ROOT / "fiftyone.yml").read_text())


def test_every_name_of_the_manifest_is_registered_and_no_other(manifest):
    registry = OperatorRegistry()
    assert registry.list_errors() == []
    registered = {o.uri for o in registry.list_operators() if o.uri.startswith(PREFIX)}
    named = {PREFIX + name for name in manifest["operators"] + manifest["panels"]}
    assert registered == named


def test_the_readme_lists_the_operators_of_the_manifest(manifest):
    readme = (ROOT / "README.md").read_text()
    table = "".join(re.findall(r"^\| (`[a-z_`, ]+) \|", readme, re.MULTILINE))
    listed = set(re.findall(r"`([a-z_]+)`", table))
    assert listed == set(manifest["operators"])


def test_manifest_and_distribution_have_one_version(manifest):
    import gapsphere

    project = (ROOT / "pyproject.toml").read_text()
    versions = {manifest["version"], gapsphere.__version__}
    assert versions == set(re.findall(r'^version = "(.+)"$', project, re.MULTILINE))


@pytest.fixture
def tagged(dataset):
    dataset.add_samples([fo.Sample(f"/made/{tag}.png", tags=[tag]) for tag in "SU"], progress=False)
    return dataset


def test_every_operator_has_a_form_that_opens(manifest, tagged):
    registry = OperatorRegistry()
    for name in manifest["operators"]:
        asked = form(name, tagged, more_settings=True)
        operator = registry.get_operator(PREFIX + name)
        assert operator.config.description
        if isinstance(operator.config.dynamic, bool) and operator.config.dynamic:
            assert "more_settings" in asked or name == "delete_analysis"  # it has one, in sight


def test_a_value_the_step_would_refuse_is_marked_in_the_form(tagged):
    wrong = marked(form("compute_coverage", tagged, delta=-1, more_settings=True))
    assert "greater than or equal to 0" in wrong["delta"]


def test_markdown_takes_no_character_from_the_text_of_a_form(manifest, tagged):
    for name in manifest["operators"]:
        for field in form(name, tagged, more_settings=True).values():
            text = re.sub(r"`[^`]+`|\\.", "", (field["view"] or {}).get("description") or "")
            assert text.count("*") < 2, text
            assert not re.search(r"(?<!\w)_\S", text), text
