"""One distance has one percentile: in the fields, the panel and a Visual Spec."""

import base64

import fiftyone as fo
import numpy as np
import pytest
from gapsphere.panels.gap_explorer import columns
from gapsphere.plugin.coverage.nearest.distances import leave_one_out
from gapsphere.plugin.coverage.yardstick import Yardstick
from gapsphere.plugin.dataset.gaps import analysis
from gapsphere.plugin.dataset.gaps.coverage import coverage
from gapsphere.plugin.dataset.store import runs
from gapsphere.plugin.dataset.store.names import Names
from gapsphere.plugin.dataset.store.vectors import vectors
from gapsphere.tests.support.made_rows import unit

ASKED = np.array([0.06, 0.10, 0.15, 0.30, 0.50])


def add(dataset, tag, rows):
    samples = [fo.Sample(filepath=f"/{tag}/{i}.png", tags=[tag]) for i in range(len(rows))]
    ids = dataset.add_samples(samples)
    for field in ("embedding", "umap3d", "sphere"):
        vectors.write(dataset, field, ids, rows if field == "embedding" else unit(rows[:, :3]))
    return ids


@pytest.fixture(scope="module", params=[200, 400])
def measured(request):
    """So many images of S, 40 candidates, and the distances inside S."""
    import fiftyone.brain as fob

    rng = np.random.default_rng(51)
    owned = unit(rng.normal(size=(request.param, 6)))
    dataset = fo.Dataset()
    ids = add(dataset, "S", owned) + add(dataset, "U", unit(rng.normal(size=(40, 6))))
    coverage.compute_coverage(dataset)
    fob.compute_visualization(
        dataset,
        points=dict(zip(ids, dataset.values("sphere"), strict=True)),
        brain_key="gapsphere",
        num_dims=3,
        verbose=False,
    )
    yield dataset, leave_one_out(owned)
    dataset.delete()


def exact(distance, inside):
    distance = np.asarray(distance, np.float32)[:, None]
    return 100 * ((inside < distance).mean(axis=1) + (inside == distance).mean(axis=1) / 2)


def sliders(table, distance):
    """What the panel's slider reads off the table: ``shareAbove`` of ``math.ts``."""
    low = np.clip(np.searchsorted(table, distance, side="right") - 1, 0, len(table) - 2)
    step = table[low + 1] - table[low]
    inside = np.where(step > 0, (distance - table[low]) / np.where(step > 0, step, 1), 0)
    share = 100 * (low + inside) / (len(table) - 1)
    return np.where(distance < table[0], 0, np.where(distance >= table[-1], 100, share))


def test_fields_are_exact(measured):
    dataset, inside = measured
    distance, percentile = dataset.match_tags("U").values(["dist_to_S", "dist_percentile"])
    np.testing.assert_allclose(percentile, exact(distance, inside), atol=1e-9)


def test_panel_visual_spec_and_fields_agree(measured):
    dataset, inside = measured
    found = analysis.load(dataset)
    truth = exact(ASKED, inside)
    # S of 200 is kept whole; of 400 there are 257 quantiles, right to a step and a rank.
    tolerance = 1e-9 if len(inside) == 200 else 100 / 256 + 100 / 400
    panel = [found.space.percentile_of(distance) for distance in ASKED]
    spec = coverage.yardstick(dataset, Names()).percentile(ASKED)
    np.testing.assert_allclose(panel, truth, atol=tolerance)
    np.testing.assert_array_equal(spec, panel)
    sent = columns.run_info(found, "", "panel", "")["own_quantiles"]
    table = np.frombuffer(base64.b64decode(sent), "<f4")
    np.testing.assert_allclose(sliders(table, ASKED), truth, atol=100 / 256 + 100 / len(inside))


def test_a_run_recorded_before_there_was_a_yardstick_is_read_off_u(measured):
    dataset, _ = measured
    record = runs.read(dataset, Names(), "coverage")
    old = {name: value for name, value in record.results.items() if name != "yardstick"}
    runs.write(dataset, Names(), runs.Record("coverage", record.params, record.inputs, old))
    try:
        assert coverage.read(dataset, Names()).yardstick is None
        distance, percentile = dataset.match_tags("U").values(["dist_to_S", "dist_percentile"])
        found = analysis.load(dataset)
        mine = [found.space.percentile_of(value) for value in distance]
        np.testing.assert_allclose(mine, percentile, atol=1e-4)  # the panel holds float32
        spec = coverage.yardstick(dataset, Names())
        np.testing.assert_allclose(spec.percentile(distance), percentile, atol=1e-9)
        assert spec.percentile(0.0) == 0
    finally:
        runs.write(dataset, Names(), record)


def test_a_run_keeps_all_of_a_small_s_and_quantiles_of_a_large_one(measured):
    dataset, inside = measured
    kept = runs.read(dataset, Names(), "coverage").results["yardstick"]
    assert kept["size"] == len(inside)
    assert len(kept["distances"]) == min(len(inside), 257)
    if len(inside) == 200:
        scale = Yardstick.from_record(kept)
        np.testing.assert_array_equal(scale.distances, np.sort(inside))
