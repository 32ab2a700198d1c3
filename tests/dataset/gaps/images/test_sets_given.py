"""The public functions with what FiftyOne users have: names, views, dicts, expressions, ids."""

import fiftyone as fo
import gapsphere
import numpy as np
import pytest
from fiftyone import ViewField as F
from gapsphere.plugin.dataset.store import runs
from gapsphere.plugin.dataset.store.names import Names
from gapsphere.plugin.errors import InputError


@pytest.fixture(scope="module")
def embedded():
    """12 samples of split "train", 8 of "new", 4 of "old", with vectors and places."""
    rng = np.random.default_rng(2)
    dataset = fo.Dataset()
    dataset.add_samples(
        [
            fo.Sample(
                f"/made/{n}.png",
                split="train" if n < 12 else "new" if n < 20 else "old",
                vec=rng.normal(size=8).astype(np.float32),
            )
            for n in range(24)
        ],
        progress=False,
    )
    gapsphere.compute_embeddings(dataset, encoder="field", model_path="vec", progress=False)
    dataset.save_view("new ones", dataset.match(F("split") == "new"))
    yield dataset
    dataset.delete()


GIVEN = {
    "dicts": lambda d: ({"split": "train"}, {"split": "new"}),
    "a saved view by its name": lambda d: ({"split": "train"}, "new ones"),
    "a saved view": lambda d: ("field:split=train", d.load_saved_view("new ones")),
    "views": lambda d: (d.limit(12), d.match(F("split") == "new")),
    "expressions": lambda d: (F("split") == "train", F("split") == "new"),
    "ids": lambda d: (d[:12].values("id"), np.array(d[12:20].values("id"))),
    "the dataset": lambda d: ({"split": ["train", "old"]}, d),
}


@pytest.mark.parametrize("make", GIVEN.values(), ids=GIVEN)
def test_coverage_takes_s_and_u_in_every_form(embedded, make):
    owned, pool = make(embedded)
    found = gapsphere.compute_coverage(embedded, owned=owned, pool=pool, progress=False)
    assert (found.candidates, len(embedded.exists("dist_to_S"))) == (8, 8)
    assert set(embedded.exists("dist_to_S").values("split")) == {"new"}


def test_a_step_with_the_same_view_is_skipped_and_with_other_samples_runs_again(embedded):
    def record():
        return runs.read(embedded, Names(), "kcenter")

    def pick(view):
        return gapsphere.select_kcenter(
            embedded, owned={"split": "train"}, pool=view, k=2, progress=False
        )

    view = embedded.match(F("split") == "new")
    pick(view)
    first = record()
    pick(embedded.select(view.values("id")))
    assert record() == first
    pick(view.limit(5))
    assert record().token != first.token
    assert record().inputs["pool_count"] == 5


def test_later_steps_find_the_samples_of_a_view_again_by_the_run_alone(embedded):
    sets = {"owned": embedded.limit(12), "pool": embedded[12:20]}
    gapsphere.compute_sphere(embedded, n_neighbors=5, **sets, progress=False)
    gapsphere.compute_coverage(embedded, **sets, progress=False)
    answer = gapsphere.ask(embedded, sample=embedded[12:13].first().id, search="both")
    assert len(answer.nearest) == 8


def test_every_function_that_takes_sets_takes_views(embedded, tmp_path):
    sets = {"owned": embedded.limit(12), "pool": embedded[12:20]}
    quiet = {"progress": False}
    found = gapsphere.find_gaps(
        embedded, k=2, encoder="field", model_path="vec", n_neighbors=5, **sets, **quiet
    )
    assert (found.owned, found.pool) == (12, 8)
    gapsphere.summarize_gaps(embedded, **sets, **quiet)
    gapsphere.select_candidates(embedded, k=2, **sets, **quiet)
    written = gapsphere.export_artifacts(embedded, tmp_path / "out", **sets)
    assert written


def test_tag_samples_takes_views_and_the_rest(dataset):
    dataset.add_samples([fo.Sample(f"/{n}.png", split=n % 2) for n in range(6)], progress=False)
    assert gapsphere.tag_samples(dataset, {"split": 1}, dataset) == {"S": 3, "U": 3}
    assert gapsphere.tag_samples(dataset.name, pool=dataset.limit(2)) == {"U": 2}
    assert sorted(dataset.match_tags("U").values("filepath")) == [
        "/0.png", "/1.png", "/2.png", "/4.png",
    ]  # fmt: skip


def test_a_dataset_goes_by_its_name(embedded):
    found = gapsphere.compute_coverage(
        embedded.name, owned={"split": "train"}, pool="new ones", progress=False
    )
    assert found.candidates == 8
    assert "coverage" in str(gapsphere.show_results(embedded.name))
    with pytest.raises(InputError, match=r"Unknown dataset 'not-there'"):
        gapsphere.find_gaps("not-there")
    with pytest.raises(InputError, match="Unknown dataset 'nor-this'"):
        gapsphere.tag_samples("nor-this", "S")


def test_what_is_no_set_is_a_sentence_and_nothing_runs(embedded):
    for wrong, sentence in [(3, "cannot be named by int"), ([], "An empty list")]:
        with pytest.raises(InputError, match=sentence):
            gapsphere.find_gaps(embedded, owned=wrong)
    with pytest.raises(InputError, match="cannot both be the whole dataset"):
        gapsphere.find_gaps(embedded, owned=embedded, pool=embedded)
