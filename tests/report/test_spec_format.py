"""``spec.json`` as another program reads it: by the schema beside it and by docs/spec.md."""

import json
import re
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from gapsphere.plugin.report.spec.format import schema
from gapsphere.plugin.report.spec.rule import Novelty, Rule, judge, make_rule, reference_rows
from gapsphere.plugin.report.spec.visual_spec import OtherCard
from gapsphere.tests.support.made_rows import unit
from gapsphere.tests.support.unpacked_spec import unpacked

DOCS = Path(__file__).resolve().parents[2] / "docs"


def by_novelty(rule):
    owned = unit(np.random.default_rng(5).normal(size=(40, rule.candidates.shape[1])))
    return replace(rule, novelty=Novelty.of(owned, 0.4), others=owned[:1])


def test_every_kind_of_spec_fits_its_schema(make_spec, tmp_path):
    bare = Rule.without_embeddings(0.2, "cosine")
    long = Rule.without_embeddings(31.4, "euclidean")  # of an analysis without unit vectors
    jsonschema.Draft202012Validator.check_schema(schema())
    for number, spec in enumerate(
        (
            make_spec(heat=True),
            make_spec(place=(0.0, 0.6, 0.8), title="t", note="n"),
            make_spec(rule=bare, reference=np.empty((0, 0), np.float32)),
            make_spec(rule=long, reference=np.empty((0, 0), np.float32)),
            make_spec(rule=by_novelty(make_spec().rule), others=(OtherCard(2, "night", 1),)),
        )
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        place = unpacked(spec, folder)
        said = json.loads((place / "spec.json").read_text())
        jsonschema.validate(said, json.loads((place / "spec.schema.json").read_text()))


@pytest.mark.parametrize(
    ("key", "value"),
    [("format", "other"), ("version", 4), ("metric", "l1"), ("delta", -1), ("quantity", 0)],
)
def test_another_value_does_not_fit(make_spec, tmp_path, key, value):
    said = json.loads((unpacked(make_spec(), tmp_path) / "spec.json").read_text())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**said, key: value}, schema())


def test_the_schema_in_the_docs_is_this_one():
    assert json.loads((DOCS / "spec.schema.json").read_text()) == schema()


@pytest.mark.parametrize("novel", [False, True])
@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_the_few_lines_of_the_docs_judge_as_the_product_does(
    make_spec, tmp_path, monkeypatch, metric, novel
):
    rng = np.random.default_rng(3)
    rows, owned = unit(rng.normal(size=(4, 8)) * 0.3 + 1), unit(rng.normal(size=(60, 8)) + 0.5)
    delta, radius = (0.1, 0.2) if metric == "cosine" else (0.45, 0.63)
    novelty = Novelty.of(owned, 0.3) if novel else None
    others = unit(rng.normal(size=(20, 8)) * 0.6 + 1)
    more = {"novelty": novelty, "others": others} if novel else {}
    rule = make_rule(rows, delta=delta, metric=metric, radius=radius, **more)
    spec = replace(
        make_spec(names=("a.jpg", "b.jpg", "c.jpg", "d.jpg")),
        rule=rule,
        reference=owned[reference_rows(owned, rule)],
    )
    monkeypatch.chdir(unpacked(spec, tmp_path))
    (code,) = re.findall(r"```python\n(.*?)```", (DOCS / "spec.md").read_text(), re.DOTALL)
    there = {}
    exec(code, there)
    images = unit(rng.normal(size=(600, 8)) * rng.uniform(0.1, 1.5, size=(600, 1)) + 0.8)
    found = judge(images, rule, owned).verdict
    assert set(found) == {"accepted", "near miss", "off target", "covered already"}
    assert [there["verdict"](image.astype(float)) for image in images] == found
