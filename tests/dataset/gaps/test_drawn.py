"""Cards after a change are those that are made without what the last run knew."""

from dataclasses import replace
from math import prod

import fiftyone as fo
import numpy as np
import pytest
from gapsphere.plugin.cards import near_drives, stability
from gapsphere.plugin.dataset.gaps.cards import drawn
from gapsphere.plugin.dataset.gaps.cards.cards import summarize_gaps
from gapsphere.plugin.dataset.gaps.coverage.coverage import compute_coverage
from gapsphere.plugin.dataset.gaps.find_gaps import find_gaps
from gapsphere.plugin.dataset.store.steps.step import Step
from gapsphere.plugin.dataset.store.vectors import vectors
from gapsphere.plugin.settings.steps import CardParams, CoverageParams, GapParams

RUNS = CardParams(card_runs=5)
PLACES = np.random.default_rng(0).normal(size=(5, 8))


def add(dataset, tag, drive, kinds, each=5, start=0, field="embedding"):
    random = np.random.default_rng(drive + start)
    rows = PLACES[random.choice(kinds)] + 0.2 * random.normal(size=(each, 8))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    samples = [
        fo.Sample(f"/{tag}/{drive}/{start + at:03}.png", tags=[tag], sequence=f"d{drive}")
        for at in range(each)
    ]
    vectors.write(dataset, field, dataset.add_samples(samples, progress=False), rows)


def other_vector(dataset, tag):
    sample = dataset.match_tags(tag).first()
    dataset.set_values("embedding", {sample.id: np.eye(8, dtype=np.float32)[0]}, key_field="id")


CHANGES = {
    "candidates": lambda d: add(d, "U", 60, [4]),
    "a drive of S": lambda d: add(d, "S", 61, [1]),
    "more of a drive of S": lambda d: add(d, "S", 3, [2], each=2, start=50),
    "candidates gone": lambda d: d.delete_samples(d.match_tags("U")[:2].values("id")),
    "images of S gone": lambda d: d.delete_samples(d.match_tags("S")[8:10].values("id")),
    "another vector in S": lambda d: other_vector(d, "S"),
    "another vector in U": lambda d: other_vector(d, "U"),
    "a drive of another name": lambda d: d.set_values(
        "sequence", {d.first().id: "d7"}, key_field="id"
    ),
}


@pytest.fixture
def asked(monkeypatch):
    """Pairs of images that lists of near drives were asked of."""
    pairs = []
    real = near_drives.near_drives

    def counting(images, owned, *args, **more):
        pairs.append((len(images), len(owned)))
        return real(images, owned, *args, **more)

    monkeypatch.setattr(near_drives, "near_drives", counting)
    monkeypatch.setattr(stability, "near_drives", counting)
    return pairs


@pytest.fixture(scope="module")
def carded():
    dataset = fo.Dataset()
    for drive in range(20):
        add(dataset, "S", drive, [0, 1, 2])
    for drive in range(20, 32):
        add(dataset, "U", drive, [3, 4])
    compute_coverage(dataset, CoverageParams(delta=0.25))
    assert summarize_gaps(dataset, RUNS).count
    yield dataset
    dataset.delete()


@pytest.mark.parametrize("name", CHANGES)
def test_cards_after_a_change_are_those_made_anew(carded, name, asked, monkeypatch):
    CHANGES[name](carded)
    compute_coverage(carded, CoverageParams(delta=0.25))
    found = summarize_gaps(carded, RUNS)
    known, asked[:] = sum(map(prod, asked)), []
    monkeypatch.setattr(Step, "current", lambda _: None)
    monkeypatch.setattr(drawn, "recall", lambda *_: None)
    whole = summarize_gaps(carded, RUNS)
    assert known < sum(map(prod, asked)) or name == "a drive of another name"
    assert found.found
    assert any(card.held for card in found.found)
    assert replace(found, seconds=0) == replace(whole, seconds=0)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_runs_of_the_main_job_compare_no_candidate_with_s_again(metric, asked, monkeypatch):
    dataset = fo.Dataset()
    for drive in np.random.default_rng(0).permutation(32).tolist():
        kinds = [0, 1, 2] if drive < 20 else [3, 4]
        add(dataset, "S" if drive < 20 else "U", drive, kinds, field="vector")
    params = GapParams(
        encoder="field", model_path="vector", metric=metric, card_runs=5, attributes=False
    )
    found = find_gaps(dataset, params).carded
    assert asked
    assert (60, 100) not in asked
    asked.clear()
    monkeypatch.setattr(Step, "current", lambda _: None)
    monkeypatch.setattr(drawn, "recall", lambda *_: None)
    alone = summarize_gaps(dataset, CardParams(card_runs=5))
    assert (60, 100) in asked
    assert any(card.held for card in found.found)
    assert replace(found, seconds=0) == replace(alone, seconds=0)
    dataset.delete()
