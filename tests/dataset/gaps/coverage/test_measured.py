"""Steps start from what coverage has measured, and only where that still holds."""

import fiftyone as fo
import numpy as np
import pytest
from gapsphere.plugin.coverage.nearest.distances import nearest_distance
from gapsphere.plugin.dataset.gaps.coverage import measured
from gapsphere.plugin.dataset.gaps.coverage.coverage import compute_coverage
from gapsphere.plugin.dataset.gaps.picks.picks import select_candidates, select_kcenter
from gapsphere.plugin.dataset.store import runs
from gapsphere.plugin.dataset.store.names import Names
from gapsphere.plugin.dataset.store.steps.inputs import read_inputs
from gapsphere.plugin.dataset.store.vectors import vectors
from gapsphere.plugin.settings.steps import CandidateParams, CoverageParams, KCenterParams


@pytest.fixture
def drives(dataset):
    """S: 30 images of three drives; U: 40, the last an exact copy of one of S."""
    random = np.random.default_rng(5)
    rows = random.normal(size=(70, 16)) + 1
    rows[-1] = rows[7]
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    samples = [
        fo.Sample(f"/made/{at:03}.png", tags=["S" if at < 30 else "U"], sequence=f"d{at // 10}")
        for at in range(70)
    ]
    dataset.add_samples(samples, progress=False)
    vectors.write(dataset, "embedding", dataset.values("id"), rows)
    return dataset


@pytest.fixture
def products(monkeypatch):
    """Counts how often all of U is compared with all of S."""
    made = []

    def counting(*args, **kwargs):
        made.append(1)
        return nearest_distance(*args, **kwargs)

    monkeypatch.setattr(measured, "nearest_distance", counting)
    return made


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_picks_after_coverage_are_those_without_it_and_cost_no_second_product(
    drives, products, metric
):
    params = KCenterParams(k=15, metric=metric)
    alone = select_kcenter(drives, params)
    assert len(products) == 1
    compute_coverage(drives, CoverageParams(metric=metric))
    other = select_candidates(drives, CandidateParams(k=15, metric=metric))
    again = select_kcenter(drives, params)
    assert not again.reused
    assert len(products) == 1
    assert (again.ids, again.radii) == (alone.ids, alone.radii), "bit for bit"
    assert other.ids
    inputs = read_inputs(drives, params)
    whole = nearest_distance(inputs.pool.matrix, inputs.owned.matrix, metric="euclidean").distance
    assert np.array_equal(measured.distances(drives, Names(), inputs), whole)
    assert whole[-1] == 0


def changed_vector(dataset):
    first = dataset.match_tags("S").first()
    first["embedding"] = dataset.match_tags("U").first()["embedding"]
    first.save()


def smaller_set(dataset):
    dataset.delete_samples(dataset.match_tags("S").limit(1))


def changed_column(dataset):
    far = dataset.match_tags("S").last().id
    dataset.match_tags("U").set_values("nearest_S", [far] * 40)


def empty_column(dataset):
    dataset.match_tags("U").limit(1).clear_sample_field("nearest_S")


def deleted_nearest(dataset):
    dataset.delete_sample_field("nearest_S")


def deleted_distance(dataset):
    dataset.delete_sample_fields(["dist_to_S", "support"])


def interrupted(dataset):
    record = runs.read(dataset, Names(), "coverage")
    runs.write(dataset, Names(), runs.Record("coverage", {}, record.inputs, running=True))


@pytest.mark.parametrize(
    "change",
    [
        changed_vector,
        smaller_set,
        changed_column,
        empty_column,
        deleted_nearest,
        deleted_distance,
        interrupted,
    ],
)
def test_what_no_longer_holds_is_measured_again(drives, products, change):
    compute_coverage(drives)
    change(drives)
    inputs = read_inputs(drives, KCenterParams())
    found = measured.distances(drives, Names(), inputs)
    assert len(products) == 1
    whole = nearest_distance(inputs.pool.matrix, inputs.owned.matrix, metric="euclidean").distance
    assert np.array_equal(found, whole)
    if change in (changed_vector, smaller_set, deleted_distance, interrupted):
        assert measured.support(drives, Names(), inputs) is None
