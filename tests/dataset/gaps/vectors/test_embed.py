import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import fiftyone as fo
import numpy as np
import pytest
from gapsphere.plugin.dataset.gaps.coverage.coverage import compute_coverage
from gapsphere.plugin.dataset.gaps.find_gaps import find_gaps
from gapsphere.plugin.dataset.gaps.images.load import load_images
from gapsphere.plugin.dataset.gaps.vectors import embed
from gapsphere.plugin.dataset.gaps.vectors.embed import compute_embeddings
from gapsphere.plugin.dataset.store import runs
from gapsphere.plugin.dataset.store.names import Names
from gapsphere.plugin.dataset.store.vectors import mapped, vectors
from gapsphere.plugin.errors import (
    Cancelled,
    DimensionError,
    EmptySetError,
    InputError,
    MismatchError,
    NotFiniteError,
)
from gapsphere.plugin.settings.steps import CoverageParams, EmbeddingParams, GapParams
from gapsphere.tests.support.killed import ended, forked
from gapsphere.tests.support.waiting import wait_for
from PIL import Image


def test_every_sample_gets_the_vector_of_its_own_image(loaded, encoder):
    result = compute_embeddings(loaded, encoder=encoder)
    assert (result.done, result.known, result.skipped) == (32, 0, ())
    for sample in loaded:
        with Image.open(sample.filepath) as image:
            wanted = encoder.embed(encoder.prepare(image.convert("RGB"))[None])[0]
        np.testing.assert_array_equal(sample.embedding, wanted)


def test_a_second_run_embeds_nothing_and_new_samples_only(loaded, encoder, make_images):
    from gapsphere.plugin.dataset.gaps.images.load import load_images

    compute_embeddings(loaded, encoder=encoder)
    encoder.calls.clear()
    assert compute_embeddings(loaded, encoder=encoder).done == 0
    assert encoder.calls == []
    load_images(loaded, pool=make_images("late", 3))
    assert compute_embeddings(loaded, encoder=encoder).done == 3


def test_a_cancelled_run_keeps_what_is_done_and_goes_on(loaded, encoder):
    def stop(done, total):
        if done >= 8:
            raise Cancelled("stop")

    params = EmbeddingParams(batch_size=4)
    with pytest.raises(Cancelled):
        compute_embeddings(loaded, params, encoder=encoder, progress=stop)
    assert len(loaded.exists("embedding")) == 8
    assert compute_embeddings(loaded, params, encoder=encoder).done == 24


def test_images_that_come_while_others_are_embedded_are_not_called_lost(
    loaded, encoder, make_images
):
    more, usual = make_images("later", 3), encoder.embed

    def embed_and_load(batch):
        if loaded.count() == 32:
            load_images(loaded, pool=more)
        return usual(batch)

    encoder.embed = embed_and_load
    assert compute_embeddings(loaded, encoder=encoder).done == 32
    assert not runs.read(loaded, Names(), "embeddings").running
    assert compute_embeddings(loaded, encoder=encoder).done == 3


def test_vectors_of_two_encoders_never_share_a_field(loaded, encoder):
    compute_embeddings(loaded[:5], encoder=encoder)
    other = replace(encoder, name="test:other", fingerprint="colour-2")
    with pytest.raises(MismatchError, match=r"5 samples have.*test:colour"):
        compute_embeddings(loaded, encoder=other)
    compute_embeddings(loaded, EmbeddingParams(suffix="other"), encoder=other)
    assert len(loaded.exists("embedding_other")) == 32
    compute_embeddings(loaded, EmbeddingParams(overwrite=True), encoder=other)
    record = runs.read(loaded, Names(), "embeddings")
    assert record.inputs == {"encoder": "test:other", "fingerprint": "colour-2"}
    assert record.results["embedded"] == 32


def test_unusable_images_are_tagged_listed_and_retried(loaded, encoder):
    broken = loaded.match_tags("U").first()
    good = Path(broken.filepath).read_bytes()
    Path(broken.filepath).write_bytes(good[:40])
    result = compute_embeddings(loaded, encoder=encoder)
    assert [item.path for item in result.skipped] == [broken.filepath]
    assert loaded.match_tags("skipped").values("id") == [broken.id]
    assert broken.filepath in runs.read(loaded, Names(), "embeddings").results["skipped"][0]["path"]
    Path(broken.filepath).write_bytes(good)
    assert compute_embeddings(loaded, encoder=encoder).done == 1
    assert len(loaded.match_tags("skipped")) == 0


def test_vectors_of_a_field_are_taken_over_as_unit_rows(loaded):
    rng = np.random.default_rng(3)
    rows = rng.normal(size=(len(loaded), 6)).astype(np.float32)
    loaded.set_values("theirs", list(rows))
    params = EmbeddingParams(encoder="field", model_path="theirs")
    assert compute_embeddings(loaded, params).done == 32
    read = vectors.read(loaded, "embedding", unit=True)
    np.testing.assert_allclose(
        read.matrix, rows / np.linalg.norm(rows, axis=1, keepdims=True), rtol=1e-6
    )


def test_vectors_that_cannot_be_used_are_refused_with_the_sample(loaded):
    params = EmbeddingParams(encoder="field", model_path="theirs")
    with pytest.raises(InputError, match="no field 'theirs': name a field with vectors"):
        compute_embeddings(loaded, params)
    loaded.set_values("theirs", [np.ones(4, np.float32)] * 31 + [np.ones(5, np.float32)])
    with pytest.raises(DimensionError, match=r"5 numbers in .* where others have 4"):
        compute_embeddings(loaded, params)
    loaded.set_values("theirs", [np.ones(4, np.float32)] * 31 + [np.full(4, np.nan, np.float32)])
    with pytest.raises(NotFiniteError, match=loaded.last().id):
        compute_embeddings(loaded, params)
    loaded.set_values("theirs", [np.ones(4, np.float32)] * 31 + [np.zeros(4, np.float32)])
    with pytest.raises(NotFiniteError, match=rf"1 sample .* no direction.* {loaded.last().id}"):
        compute_embeddings(loaded, params)


@pytest.mark.parametrize("path", ["about.numbers", "about.array", "label.logits"])
def test_vectors_may_lie_in_a_document(dataset, path):
    rows = np.random.default_rng(3).normal(size=(6, 8)).astype(np.float32)
    dataset.add_samples(
        [
            fo.Sample(
                filepath=f"/made/{at}.png",
                about=fo.DynamicEmbeddedDocument(numbers=row.tolist()),
                label=fo.Classification(logits=row),
            )
            for at, row in enumerate(rows)
        ],
        dynamic=True,
        progress=False,
    )
    if path == "about.array":
        dataset.add_sample_field(path, fo.VectorField)
        dataset.set_values(path, list(rows))
    params = EmbeddingParams(encoder="field", model_path=path)
    assert compute_embeddings(dataset, params).done == 6
    assert compute_embeddings(dataset, params).done == 0
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    np.testing.assert_allclose(np.stack(dataset.values("embedding")), unit, rtol=1e-6)


def test_a_vector_of_each_object_is_none_of_the_image(dataset):
    box = fo.Detection(label="car", bounding_box=[0.1, 0.1, 0.5, 0.5])
    sample = fo.Sample(filepath="/made/0.png", boxes=fo.Detections(detections=[box]))
    dataset.add_sample(sample)
    params = EmbeddingParams(encoder="field", model_path="boxes.detections.bounding_box")
    with pytest.raises(InputError, match="a vector for each object, not one for the image"):
        compute_embeddings(dataset, params)


@pytest.fixture
def of_before(loaded):
    """Part of it embedded by the packaged network, recorded as before `pooling` could be chosen."""
    compute_embeddings(
        loaded[:5], EmbeddingParams(encoder="packaged", pooling="mean", attributes=False)
    )
    record = runs.read(loaded, Names(), "embeddings")
    later = ("pooling", "attributes")
    old = {name: value for name, value in record.params.items() if name not in later}
    runs.write(loaded, Names(), replace(record, params=old))
    return loaded


def test_vectors_of_before_are_told_apart_by_their_pooling_and_stay_as_they_are(of_before):
    before = of_before.values("embedding")
    with pytest.raises(
        MismatchError,
        match=r"5 samples have .* with pooling mean, and this run makes rows\. Set pooling to mean",
    ):
        find_gaps(of_before, GapParams(encoder="packaged"))
    assert str(before) == str(of_before.values("embedding"))
    assert "pooling" not in runs.read(of_before, Names(), "embeddings").params
    mean = EmbeddingParams(encoder="packaged", pooling="mean")
    assert compute_embeddings(of_before, mean).done == 27
    np.testing.assert_array_equal(of_before.values("embedding")[:5], before[:5])
    with pytest.raises(MismatchError, match="Set pooling to mean"):
        compute_embeddings(of_before, EmbeddingParams(encoder="packaged"))
    rows = EmbeddingParams(encoder="packaged", suffix="rows")
    assert compute_embeddings(of_before, rows).done == 32
    with pytest.raises(MismatchError, match=r"makes mean\. Set pooling to rows"):
        compute_embeddings(of_before, rows.model_copy(update={"pooling": "mean"}))
    assert compute_embeddings(of_before, EmbeddingParams(overwrite=True)).done == 32
    np.testing.assert_array_equal(of_before.values("embedding"), of_before.values("embedding_rows"))


def test_vectors_of_before_are_complete_without_loading_a_network(of_before, monkeypatch):
    def no_network(params):
        raise AssertionError("a network was opened")

    monkeypatch.setattr(embed, "open_encoder", no_network)
    mean = EmbeddingParams(encoder="packaged", pooling="mean")
    assert compute_embeddings(of_before[:5], mean).known == 5
    record = runs.read(of_before, Names(), "embeddings")
    elsewhere = {**record.inputs, "encoder": "internvl:InternVL2-8B"}
    runs.write(of_before, Names(), replace(record, inputs=elsewhere))
    assert compute_embeddings(of_before[:5], EmbeddingParams(encoder="packaged")).known == 5


def test_vectors_without_a_patch_grid_have_no_rows(loaded):
    loaded.set_values("theirs", [np.ones(4, np.float32)] * 32)
    with pytest.raises(InputError, match="without a patch grid: leave pooling empty"):
        compute_embeddings(
            loaded, EmbeddingParams(encoder="field", model_path="theirs", pooling="rows")
        )


def test_nothing_to_embed_is_a_sentence(dataset, encoder):
    with pytest.raises(EmptySetError, match="no sample to embed"):
        compute_embeddings(dataset, encoder=encoder)


@pytest.mark.crash
def test_a_kill_loses_at_most_one_batch_and_nothing_is_embedded_twice(loaded, encoder):
    def work():
        class Stuck(type(encoder)):
            def embed(self, batch):
                if len(self.calls) == 5:
                    time.sleep(600)  # for the kill
                return super().embed(batch)

        compute_embeddings(loaded, EmbeddingParams(batch_size=2), encoder=Stuck())

    def written():
        loaded.reload()
        return loaded.has_field("embedding") and len(loaded.exists("embedding")) >= 8

    child = forked(work)
    wait_for(written)
    os.kill(child, signal.SIGKILL)
    assert ended(child) == -signal.SIGKILL
    loaded.reload()
    kept = dict(zip(*loaded.exists("embedding").values(["id", "embedding"]), strict=True))
    assert 8 <= len(kept) <= 10  # a kill may meet the batch half written
    result = compute_embeddings(loaded, encoder=encoder)
    assert (result.done, result.known) == (32 - len(kept), len(kept))
    for sample_id, row in kept.items():
        np.testing.assert_array_equal(loaded[sample_id].embedding, row)


def copied(dataset, rows):
    """The result of copying ``rows`` from a field of the user's."""
    for sample, row in zip(dataset[: len(rows)], rows, strict=True):
        sample["theirs"] = row
        sample.save()
    params = EmbeddingParams(encoder="field", model_path="theirs")
    return compute_embeddings(dataset, params)


@pytest.mark.parametrize("scale", [1e25, 1e-30])
def test_copies_have_unit_length_however_long_the_vectors_are(dataset, scale):
    dataset.add_samples([fo.Sample(filepath=f"/made/{n}.png") for n in range(6)], progress=False)
    rows = np.random.default_rng(4).normal(size=(6, 8))
    copied(dataset, (rows * scale).astype(np.float32))
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    np.testing.assert_allclose(np.stack(dataset.values("embedding")), unit, atol=1e-5)


def test_the_fingerprint_of_a_copied_field_follows_its_vectors(dataset):
    rng = np.random.default_rng(4)
    dataset.add_samples([fo.Sample(filepath=f"/made/{n}.png") for n in range(6)], progress=False)
    rows = rng.normal(size=(6, 8)).astype(np.float32)
    first = copied(dataset, rows[:4])
    assert [item.path for item in first.skipped] == ["/made/4.png", "/made/5.png"]
    # More samples, and the same vectors in another length: still the same model.
    grown = copied(dataset, rows * 2)
    assert grown.fingerprint == first.fingerprint
    assert not grown.skipped
    other = copied(dataset, rows + rng.normal(size=(6, 8)).astype(np.float32))
    assert other.fingerprint != first.fingerprint
    dataset.delete_sample_field("theirs")
    shorter = copied(dataset, rows[:, :5])
    assert shorter.fingerprint not in (first.fingerprint, other.fingerprint)
    assert shorter.dimension == 5
    dataset.delete_sample_field("theirs")
    assert "field:theirs (1 number)" in str(copied(dataset, rows[:, :1]))


@pytest.mark.parametrize("again", ["as it was", "cloned", "renamed"])
def test_copies_of_other_samples_stay_where_new_ones_are_copied_alone(dataset, again):
    rows = np.random.default_rng(4).normal(size=(8, 8)).astype(np.float32)
    dataset.add_samples([fo.Sample(filepath=f"/made/{n}.png") for n in range(8)], progress=False)
    dataset.set_values("theirs", list(rows))
    params = EmbeddingParams(encoder="field", model_path="theirs")
    first = compute_embeddings(dataset[:5], params)
    if again == "cloned":
        dataset = dataset.clone()
    if again == "renamed":
        dataset.rename_sample_field("theirs", "renamed")
        params = EmbeddingParams(encoder="field", model_path="renamed")
    second = compute_embeddings(dataset[5:], params)
    assert (second.done, second.fingerprint) == (3, first.fingerprint)
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    np.testing.assert_allclose(np.stack(dataset.values("embedding")), unit, rtol=1e-6)


def test_new_samples_of_another_length_or_model_are_told_apart(dataset):
    rows = np.random.default_rng(4).normal(size=(8, 8)).astype(np.float32)
    dataset.add_samples([fo.Sample(filepath=f"/made/{n}.png") for n in range(8)], progress=False)
    dataset.set_values("theirs", [*rows[:5], *rows[5:, :6]])
    params = EmbeddingParams(encoder="field", model_path="theirs")
    first = compute_embeddings(dataset[:5], params)
    with pytest.raises(DimensionError, match="6 numbers in 'theirs' where those copied before h"):
        compute_embeddings(dataset[5:], params)
    assert len(dataset.exists("embedding")) == 5
    dataset.set_values("theirs", list(rows[::-1]))
    second = compute_embeddings(dataset[5:], params)
    assert second.fingerprint != first.fingerprint
    assert dataset.exists("embedding").values("id") == dataset[5:].values("id")


@pytest.mark.parametrize("again", ["as it was", "cloned", "renamed"])
def test_a_vector_that_was_cleared_is_not_kept_as_a_copy(dataset, again):
    dataset.add_samples([fo.Sample(filepath=f"/made/{n}.png") for n in range(6)], progress=False)
    rows = np.random.default_rng(4).normal(size=(6, 8)).astype(np.float32)
    first, name = copied(dataset, rows), "theirs"
    if again == "cloned":
        dataset = dataset.clone()
    if again == "renamed":
        name = "renamed"
        dataset.rename_sample_field("theirs", name)
    cleared, *rest = dataset.values("id")
    dataset.set_values(name, {cleared: None}, key_field="id")
    params = EmbeddingParams(encoder="field", model_path=name)
    found = compute_embeddings(dataset, params)
    assert [item.id for item in found.skipped] == [cleared]
    assert found.fingerprint == first.fingerprint
    assert dataset.exists("embedding").values("id") == rest
    assert compute_embeddings(dataset, params).done == 0
    dataset.set_values(name, {cleared: rows[0]}, key_field="id")
    assert compute_embeddings(dataset, params).done == 1
    assert len(dataset.exists("embedding")) == 6


OTHER_MODELS = {
    "other values": lambda rows: rows + 0.35 * np.roll(rows, 1, axis=0),
    "turned": lambda rows: rows[:, ::-1],
    "of the other sign": lambda rows: -rows,
    "shorter": lambda rows: rows[:, :5],
    "longer": lambda rows: np.hstack([rows, rows[:, :3]]),
}


@pytest.mark.parametrize("made", OTHER_MODELS)
def test_delta_is_read_again_where_another_model_filled_the_field(dataset, made):
    rows = np.random.default_rng(4).normal(size=(24, 8)).astype(np.float32)
    dataset.add_samples(
        [fo.Sample(filepath=f"/made/{n}.png", tags=["S" if n < 12 else "U"]) for n in range(24)],
        progress=False,
    )
    first = copied(dataset, rows)
    before = compute_coverage(dataset)
    dataset.delete_sample_field("theirs")
    other = copied(dataset, np.ascontiguousarray(OTHER_MODELS[made](rows)))
    assert other.fingerprint != first.fingerprint
    found = compute_coverage(dataset)
    whole = compute_coverage(dataset, CoverageParams(reset_delta=True))
    assert found.delta == whole.delta
    same = made in ("turned", "of the other sign")  # the same angles between vectors
    assert (found.delta == pytest.approx(before.delta)) == same


def test_a_field_of_another_name_with_the_same_vectors_is_of_the_same_model(dataset):
    rng = np.random.default_rng(4)
    dataset.add_samples([fo.Sample(filepath=f"/made/{n}.png") for n in range(6)], progress=False)
    rows = rng.normal(size=(6, 8)).astype(np.float32)
    first = copied(dataset, rows)
    dataset.rename_sample_field("theirs", "renamed")
    again = compute_embeddings(dataset, EmbeddingParams(encoder="field", model_path="renamed"))
    assert again.fingerprint == first.fingerprint
    assert again.encoder == "field:renamed"
    other = [row.astype(np.float32) for row in rng.normal(size=(6, 8))]
    dataset.set_values("others", other)
    with pytest.raises(MismatchError, match="overwrite"):
        compute_embeddings(dataset, EmbeddingParams(encoder="field", model_path="others"))


@pytest.mark.parametrize("large", [False, True], ids=["in memory", "in a file"])
def test_vectors_are_copied_from_a_field_that_is_mapped(dataset, large, monkeypatch, tmp_path):
    monkeypatch.setattr(fo.config, "default_dataset_dir", str(tmp_path))
    monkeypatch.setattr(mapped, "SMALL", 1)
    monkeypatch.setattr(mapped, "IN_MEMORY", 0 if large else 1 << 20)
    monkeypatch.setattr(vectors, "FEW", 0)
    dataset.add_samples([fo.Sample(filepath=f"/made/{n}.png") for n in range(6)], progress=False)
    rows = np.random.default_rng(4).normal(size=(6, 8)).astype(np.float32)
    first = copied(dataset, rows)
    assert mapped.there(dataset, "embedding")
    params = EmbeddingParams(encoder="field", model_path="embedding", suffix="again")
    assert compute_embeddings(dataset, params).done == first.done == 6
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    np.testing.assert_allclose(vectors.read(dataset, "embedding_again").matrix, unit, rtol=1e-6)
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".arrow"]
