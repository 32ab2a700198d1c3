"""Vectors that samples bring from another dataset are used and said, not taken for our own."""

import fiftyone as fo
import numpy as np
import pytest
from gapsphere.plugin.dataset.gaps.coverage.coverage import compute_coverage
from gapsphere.plugin.dataset.gaps.find_gaps import find_gaps
from gapsphere.plugin.dataset.gaps.vectors.embed import compute_embeddings
from gapsphere.plugin.dataset.store.steps import step
from gapsphere.plugin.settings.steps import EmbeddingParams, GapParams

SAID = "that no run of this analysis wrote"


def unit(count, seed):
    rows = np.random.default_rng(seed).normal(size=(count, 8)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def samples(name, rows, field):
    return [
        fo.Sample(filepath=f"/made/{name}{n}.png", tags=["S" if n % 2 else "U"], **{field: row})
        for n, row in enumerate(rows)
    ]


@pytest.fixture
def another(dataset):
    """A dataset whose ``embedding`` another model made, in vectors of the same length."""
    made = fo.Dataset()
    made.add_sample_field("embedding", fo.VectorField)
    made.add_samples(samples("other", unit(4, 7), "embedding"), progress=False)
    yield made
    made.delete()


def test_added_samples_with_a_vector_of_another_model_are_counted(dataset, another):
    dataset.add_samples(samples("ours", unit(30, 1), "theirs"), progress=False)
    params = GapParams(k=2, encoder="field", model_path="theirs", n_neighbors=5)
    assert SAID not in str(find_gaps(dataset, params))
    dataset.add_collection(another)
    found = find_gaps(dataset, params)
    assert found.embedded.by_others == 4
    assert f"4 images have a vector {SAID}" in str(found)
    assert find_gaps(dataset, params).embedded.by_others == 4  # said as long as they are there
    assert str(find_gaps(dataset, params)).count(SAID) == 1
    (said,) = compute_coverage(dataset).notes
    assert f"4 images have a vector {SAID}" in said
    others = dataset.match(fo.ViewField("filepath").contains_str("other"))
    others.set_values("embedding", [None] * 4)
    assert find_gaps(dataset, params).embedded.by_others == 0
    assert not compute_coverage(dataset).notes


def test_what_samples_brought_is_kept_after_a_run_was_interrupted(dataset, another, monkeypatch):
    params = EmbeddingParams(encoder="field", model_path="theirs")
    dataset.add_samples(samples("ours", unit(4, 1), "theirs"), progress=False)
    compute_embeddings(dataset, params)
    dataset.add_collection(another)
    dataset.add_samples(samples("late", unit(2, 2), "theirs"), progress=False)

    def ends(point):
        if point == "embeddings:copied":
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(step, "reached", ends)
        with pytest.raises(KeyboardInterrupt):
            compute_embeddings(dataset, params)
    cleared = dataset.first()
    cleared.theirs = None
    cleared.save()
    assert len(compute_embeddings(dataset, params).skipped) == 5
    assert dataset.exists("embedding", False).values("id") == [cleared.id]


def test_vectors_that_a_merge_replaced_are_counted(loaded, encoder, another):
    compute_embeddings(loaded, encoder=encoder)
    assert compute_embeddings(loaded, encoder=encoder).by_others == 0
    paths = loaded.values("filepath")[:3]
    for sample, path in zip(another.limit(3), paths, strict=True):
        sample.filepath = path
        row = np.resize(sample.embedding, 48)
        sample.embedding = row / np.linalg.norm(row)
        sample.save()
    loaded.merge_samples(another.limit(3))
    found = compute_embeddings(loaded, encoder=encoder)
    assert (found.done, found.by_others) == (0, 3)
    assert compute_embeddings(loaded, encoder=encoder).by_others == 3
    # Where only some are asked for, only these count; cleared, they are made anew.
    assert (
        compute_embeddings(loaded.select_by("filepath", paths[:1]), encoder=encoder).by_others == 1
    )
    loaded.select_by("filepath", paths).set_values("embedding", [None] * 3)
    found = compute_embeddings(loaded, encoder=encoder)
    assert (found.done, found.by_others) == (3, 0)
    assert compute_embeddings(loaded, encoder=encoder).by_others == 0


def test_what_no_run_has_noted_is_not_called_anothers(loaded, encoder):
    compute_embeddings(loaded, encoder=encoder)
    clone = loaded.clone()
    found = compute_embeddings(clone, EmbeddingParams(batch_size=3), encoder=encoder)
    assert (found.done, found.by_others) == (0, 0)
    first = clone.first()
    first.embedding = np.roll(first.embedding, 1)
    first.save()
    assert compute_embeddings(clone, encoder=encoder).by_others == 1  # noted by the run before
    clone.delete()


def test_vectors_of_a_model_are_followed_by_copies_and_copies_by_a_model(loaded, encoder):
    compute_embeddings(loaded, encoder=encoder)
    loaded.set_values("theirs", list(unit(32, 3)))
    copied = EmbeddingParams(encoder="field", model_path="theirs", overwrite=True)
    assert [compute_embeddings(loaded, copied).by_others for _ in range(2)] == [0, 0]
    made = EmbeddingParams(overwrite=True)
    found = [compute_embeddings(loaded, made, encoder=encoder) for _ in range(2)]
    assert [(each.done, each.by_others) for each in found] == [(32, 0), (0, 0)]
