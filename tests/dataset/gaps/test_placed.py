"""New images go on the sphere that is there; the others do not move."""

from dataclasses import replace

import fiftyone as fo
import numpy as np
import pytest
from gapsphere.plugin.dataset.gaps import sphere
from gapsphere.plugin.dataset.gaps.sphere import compute_sphere, place_on_sphere
from gapsphere.plugin.dataset.store import runs
from gapsphere.plugin.dataset.store.names import Names
from gapsphere.plugin.dataset.store.vectors import vectors
from gapsphere.plugin.settings.steps import SphereParams


def add(dataset, tag, count, seed):
    rows = np.random.default_rng(seed).normal(size=(count, 6))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    dataset.add_samples(
        [
            fo.Sample(f"/{tag}/{seed}-{at}.png", tags=[tag], embedding=row.astype(np.float32))
            for at, row in enumerate(rows)
        ],
        progress=False,
    )


@pytest.fixture
def laid(dataset):
    """Forty images on a sphere."""
    vectors.declare(dataset, "embedding")
    add(dataset, "S", 25, 0)
    add(dataset, "U", 15, 1)
    compute_sphere(dataset, SphereParams(n_neighbors=5))
    return dataset


@pytest.fixture
def fits(monkeypatch):
    """Counts fits."""
    made = []
    real = sphere.fit_sphere

    def counting(*args, **more):
        made.append(1)
        return real(*args, **more)

    monkeypatch.setattr(sphere, "fit_sphere", counting)
    return made


def places(dataset, field="sphere"):
    found = vectors.read(dataset, field)
    return dict(zip(found.ids, found.matrix.tolist(), strict=True))


PARAMS = SphereParams(n_neighbors=5)


def test_what_is_new_is_placed_and_nothing_moves_until_much_came(laid, fits):
    before, flat = places(laid), places(laid, "umap3d")
    add(laid, "U", 2, 2)
    add(laid, "S", 1, 3)
    found = compute_sphere(laid, PARAMS)
    assert not fits
    after = places(laid)
    assert {i: after[i] for i in before} == before
    assert {i: place for i, place in places(laid, "umap3d").items() if i in flat} == flat
    assert (found.count, found.fitted, found.placed) == (43, 40, 3)
    assert found.placed_trustworthiness is not None
    assert "3 of them (7.0 %) placed since the fit" in str(found)
    run = laid.load_brain_results("gapsphere", cache=False)
    assert dict(zip(run.sample_ids, run.points.tolist(), strict=True)) == after
    assert compute_sphere(laid, PARAMS).reused
    add(laid, "U", 1, 4)
    assert compute_sphere(laid, PARAMS).placed == 4
    add(laid, "U", 1, 5)  # 5 of 45 are more than a tenth
    again = compute_sphere(laid, PARAMS)
    assert fits
    assert (again.count, again.fitted, again.placed) == (45, 45, 0)
    assert "placed" not in str(again)


def test_they_go_where_place_on_sphere_puts_them(laid, fits):
    add(laid, "new", 2, 2)
    assert place_on_sphere(laid) == 2
    by_hand = places(laid.match_tags("new"))
    laid.match_tags("new").tag_samples("U")
    laid.match_tags("new").clear_sample_field("sphere")
    compute_sphere(laid, PARAMS)
    assert not fits
    found = places(laid.match_tags("new"))
    np.testing.assert_allclose([found[i] for i in by_hand], list(by_hand.values()), atol=1e-6)


def test_images_that_are_gone_take_their_places_with_them(laid, fits):
    left, gone = laid.match_tags("U").values("id")[0], laid.match_tags("S").values("id")[0]
    laid.select(left).untag_samples("U")
    laid.delete_samples(gone)
    before = places(laid)
    found = compute_sphere(laid, PARAMS)
    assert not fits
    assert (found.count, found.fitted, found.placed) == (38, 38, 0)
    assert places(laid) == {i: place for i, place in before.items() if i != left}


def test_a_place_that_was_changed_is_put_right_and_another_vector_placed_again(laid, fits):
    before = places(laid)
    first, second = laid.match_tags("U").values("id")[:2]
    moved = np.array([0, 0, 1], np.float32)
    laid.set_values("sphere", {first: moved}, key_field="id")
    twin = laid.match_tags("S").first()
    laid.set_values("embedding", {second: twin.embedding}, key_field="id")
    assert compute_sphere(laid, PARAMS).placed == 1
    assert not fits
    after = places(laid)
    assert after[first] == before[first]
    np.testing.assert_allclose(after[second], after[twin.id], atol=1e-4)


@pytest.mark.parametrize(
    "params",
    [
        SphereParams(n_neighbors=5, place_share=0),
        SphereParams(n_neighbors=6),
        SphereParams(n_neighbors=5, seed=7),
    ],
    ids=["asked for", "other neighbours", "another seed"],
)
def test_a_fit_is_made_where_it_is_asked_for_or_would_be_another(laid, fits, params):
    add(laid, "U", 1, 2)
    compute_sphere(laid, params)
    assert fits


def test_a_sphere_of_an_earlier_version_still_holds(laid, fits):
    record = runs.read(laid, Names(), "sphere")
    params = {name: value for name, value in record.params.items() if name != "place_share"}
    runs.write(laid, Names(), replace(record, params=params))
    assert compute_sphere(laid, PARAMS).reused
    assert not fits
