"""No command names more samples than a block: a list of a million ids is no BSON document.

The server itself says what it was asked (its profile), with blocks made small.
"""

import fiftyone as fo
import gapsphere
import numpy as np
import pytest
from bson import ObjectId
from gapsphere.plugin.dataset.gaps.cards.cards import summarize_gaps
from gapsphere.plugin.dataset.gaps.find_gaps import find_gaps
from gapsphere.plugin.dataset.gaps.images.tagging import Retagging
from gapsphere.plugin.dataset.store.fields import fields
from gapsphere.plugin.dataset.store.fields.skipped import tag_skipped
from gapsphere.plugin.dataset.store.fiftyone_internals import database
from gapsphere.plugin.dataset.store.names import Names
from gapsphere.plugin.dataset.store.vectors import stored
from gapsphere.plugin.settings.steps import GapParams

BLOCK = 4
OWNED, POOL = 24, 16


@pytest.fixture
def commands(monkeypatch):
    """What the server is asked while the test runs."""
    monkeypatch.setattr(fields, "WRITE_BLOCK", BLOCK)
    monkeypatch.setattr(stored, "BLOCK", BLOCK)
    database().command("profile", 0)
    database().drop_collection("system.profile")
    database().command("profile", 2)

    def asked():
        database().command("profile", 0)
        return [each["command"] for each in database()["system.profile"].find()]

    yield asked
    database().command("profile", 0)


def lists_of_ids(value):
    if isinstance(value, dict):
        for each in value.values():
            yield from lists_of_ids(each)
    elif isinstance(value, list):
        yield sum(isinstance(each, ObjectId) for each in value)
        for each in value:
            yield from lists_of_ids(each)


def rows(count, seed):
    found = np.random.default_rng(seed).standard_normal((count, 8)).astype(np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def add(dataset, tag, count, seed):
    dataset.add_samples(
        [
            fo.Sample(
                f"/{tag}/{seed}-{at}.png", tags=[tag], theirs=row, sequence=f"{seed}-{at // 4}"
            )
            for at, row in enumerate(rows(count, seed))
        ],
        progress=False,
    )


def longer(commands):
    """Commands that name more samples than a block, by their first letters."""
    found = {}
    for command in commands:
        most = max(lists_of_ids(command), default=0)
        # These name a few runs, and the living datasets, however many samples one has.
        of_datasets = set(command.get("filter", ())) == {"metadata.dataset"}
        if most > BLOCK and command.get("find") != "runs" and not of_datasets:
            found[str(command)[:400]] = most
    return found


@pytest.fixture(scope="module")
def laid():
    made = fo.Dataset()
    made.add_sample_field("theirs", fo.VectorField)
    add(made, "S", OWNED, 1)
    add(made, "U", POOL, 2)
    find_gaps(made, GapParams(encoder="field", model_path="theirs", attributes=False, k=3))
    yield made
    made.delete()


def test_every_list_of_ids_goes_in_blocks(dataset, commands):
    dataset.add_sample_field("theirs", fo.VectorField)
    add(dataset, "S", OWNED, 1)
    add(dataset, "U", POOL, 2)
    params = GapParams(encoder="field", model_path="theirs", attributes=False, k=3)
    find_gaps(dataset, params)
    add(dataset, "U", POOL // 2, 3)
    find_gaps(dataset, params)
    summarize_gaps(dataset)
    ids = dataset.values("id")
    tag_skipped(dataset, Names(), ids, ids[::2])
    tag_skipped(dataset, Names(), ids, ())
    Retagging.of(dataset, ids, "U").write(dataset)
    assert not longer(commands())
    assert dataset.count_sample_tags()["U"] == OWNED + POOL + POOL // 2


NAMING = {
    "tag_samples": lambda made, _: gapsphere.tag_samples(made, owned="not:U", pool="U"),
    "select_candidates": lambda made, _: gapsphere.select_candidates(
        made, k=9, skip_duplicates=False, progress=False
    ),
    "place_on_sphere": lambda made, _: gapsphere.place_on_sphere(made, progress=False),
    "ask": lambda made, _: gapsphere.ask(made, drive="2-0"),
    "budget_curve": lambda made, _: gapsphere.budget_curve(made, random_seeds=2, progress=False),
    "artifacts": lambda made, folder: (
        gapsphere.export_artifacts(made, folder / "out"),
        gapsphere.import_artifacts(made, folder / "out", suffix="again"),
    ),
}


@pytest.mark.parametrize("step", NAMING)
def test_whatever_names_samples_names_them_in_blocks(laid, commands, tmp_path, step):
    NAMING[step](laid, tmp_path)
    asked = commands()
    assert asked
    assert not longer(asked)
