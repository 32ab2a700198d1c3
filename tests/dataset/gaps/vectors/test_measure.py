"""Attributes on samples: measured with the vectors or later, never over a field of the user's."""

from functools import partial
from pathlib import Path

import fiftyone as fo
import pytest
from gapsphere.plugin.dataset.gaps.vectors.embed import compute_embeddings
from gapsphere.plugin.dataset.gaps.vectors.measure import compute_attributes
from gapsphere.plugin.dataset.store import runs
from gapsphere.plugin.dataset.store.names import Names
from gapsphere.plugin.embeddings.attributes import ATTRIBUTES, image_attributes
from gapsphere.plugin.embeddings.images import open_rgb
from gapsphere.plugin.errors import Cancelled, EmptySetError, InputError
from gapsphere.plugin.settings.steps import AttributeParams, EmbeddingParams


def attributes_of(dataset, field="attributes"):
    columns = dataset.values([f"{field}.{name}" for name in ATTRIBUTES])
    return [dict(zip(ATTRIBUTES, row, strict=True)) for row in zip(*columns, strict=True)]


def wanted(dataset):
    return [image_attributes(open_rgb(path)) for path in dataset.values("filepath")]


def test_embedding_measures_every_image_on_the_way(loaded, encoder):
    held = loaded.first()
    compute_embeddings(loaded, EmbeddingParams(batch_size=5), encoder=encoder)
    assert attributes_of(loaded) == wanted(loaded)
    for name, description in ATTRIBUTES.items():
        field = loaded.get_field(f"attributes.{name}")
        assert isinstance(field, fo.FloatField)
        assert field.description == description
    assert isinstance(held.attributes, fo.DynamicEmbeddedDocument)
    assert held.attributes.noise == wanted(loaded)[0]["noise"]
    assert loaded.match(fo.ViewField("attributes.brightness") >= 0).count() == len(loaded)


def test_embedding_without_attributes_writes_none(loaded, encoder):
    compute_embeddings(loaded, EmbeddingParams(attributes=False), encoder=encoder)
    assert not loaded.has_field("attributes")


def test_whatever_has_a_vector_has_its_attributes_when_embedding_stops(loaded, encoder):
    def stop(done, total):
        raise Cancelled("stop")

    with pytest.raises(Cancelled):
        compute_embeddings(loaded, EmbeddingParams(batch_size=4), encoder=encoder, progress=stop)
    assert loaded.exists("embedding").values("id") == loaded.exists("attributes").values("id")
    assert len(loaded.exists("attributes")) == 4


def test_a_field_of_the_users_stops_both_steps_before_they_write(loaded, encoder):
    loaded.add_sample_field("attributes", fo.DictField)
    loaded.set_values("attributes", [{"weather": "snow"}] * len(loaded))
    before = loaded.get_field_schema()
    for step in (compute_attributes, lambda samples: compute_embeddings(samples, encoder=encoder)):
        with pytest.raises(InputError, match=r"'attributes' of its own.*suffix"):
            step(loaded)
    assert list(loaded.get_field_schema()) == list(before)
    assert loaded.list_runs() == []
    assert encoder.calls == []
    compute_embeddings(loaded, EmbeddingParams(suffix="b"), encoder=encoder)
    assert attributes_of(loaded, "attributes_b") == wanted(loaded)
    compute_embeddings(loaded, EmbeddingParams(attributes=False), encoder=encoder)
    assert loaded.first()["attributes"] == {"weather": "snow"}


def test_images_embedded_before_are_measured_later_and_only_once(loaded, encoder):
    compute_embeddings(loaded[:10], EmbeddingParams(attributes=True), encoder=encoder)
    compute_embeddings(loaded, EmbeddingParams(attributes=False), encoder=encoder)
    result = compute_attributes(loaded)
    assert (result.done, result.known, result.skipped) == (22, 10, ())
    assert attributes_of(loaded) == wanted(loaded)
    assert compute_attributes(loaded).done == 0
    assert compute_attributes(loaded, AttributeParams(overwrite=True)).done == 32
    record = runs.read(loaded, Names(), "attributes")
    assert record.results["measured"] == 32
    assert loaded.has_run("gapsphere_attributes")


def test_an_unreadable_image_is_tagged_listed_and_retried(loaded):
    broken = loaded.first()
    good = Path(broken.filepath).read_bytes()
    Path(broken.filepath).write_bytes(good[:40])
    result = compute_attributes(loaded)
    assert result.done == 31
    assert [item.path for item in result.skipped] == [broken.filepath]
    assert broken.filepath in str(result)
    assert loaded.match_tags("skipped").values("id") == [broken.id]
    listed = runs.read(loaded, Names(), "attributes").results["skipped"]
    assert [item["id"] for item in listed] == [broken.id]
    Path(broken.filepath).write_bytes(good)
    assert compute_attributes(loaded).done == 1
    assert not len(loaded.match_tags("skipped"))


def test_a_corrected_path_takes_the_tag_off_where_nothing_is_left_to_do(loaded, encoder):
    compute_embeddings(loaded, encoder=encoder)
    moved = loaded.match_tags("U").first()
    path = moved.filepath
    loaded.set_values("filepath", {moved.id: f"{path}.gone"}, key_field="id")
    compute_attributes(loaded, AttributeParams(overwrite=True))
    assert loaded.match_tags("skipped").values("id") == [moved.id]
    assert compute_embeddings(loaded, encoder=encoder).done == 0  # the file is not there yet
    assert loaded.match_tags("skipped").values("id") == [moved.id]
    loaded.set_values("filepath", {moved.id: path}, key_field="id")
    field = loaded.get_field("tags")
    for read_only in (True, False):  # a tag that may not be taken off stops no step
        field.read_only = read_only
        field.save()
        assert compute_attributes(loaded).done == 0
        assert len(loaded.match_tags("skipped")) == read_only


def test_an_unreadable_image_ends_no_step_where_tags_are_read_only(loaded, encoder):
    broken = loaded.first()
    Path(broken.filepath).write_bytes(b"no image")
    field = loaded.get_field("tags")
    field.read_only = True
    field.save()
    for step in (partial(compute_embeddings, encoder=encoder), compute_attributes):
        assert [item.id for item in step(loaded).skipped] == [broken.id]
    assert not runs.read(loaded, Names(), "embeddings").running
    assert not len(loaded.match_tags("skipped"))
    field.read_only = False
    field.save()
    compute_embeddings(loaded, encoder=encoder)
    assert loaded.match_tags("skipped").values("id") == [broken.id]


def test_a_stopped_run_keeps_what_is_measured(loaded, monkeypatch):
    monkeypatch.setattr("gapsphere.plugin.dataset.gaps.vectors.measure.BATCH", 8)

    def stop(done, total):
        if done == 16:
            raise Cancelled("stop")

    with pytest.raises(Cancelled):
        compute_attributes(loaded, progress=stop)
    assert len(loaded.exists("attributes")) == 16
    assert compute_attributes(loaded).done == 16


def test_nothing_to_measure_is_a_sentence(dataset):
    with pytest.raises(EmptySetError, match="no sample to measure"):
        compute_attributes(dataset)
