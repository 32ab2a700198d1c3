"""Encoders that stay on a Ray cluster: the same batches as here, whoever dies."""

import threading
from dataclasses import replace

import numpy as np
import pytest
from gapsphere.plugin.embeddings import extract
from gapsphere.plugin.embeddings.extract import extract_with
from gapsphere.plugin.encoders import opening
from gapsphere.plugin.engine.engine import LOCAL, shards
from gapsphere.plugin.errors import Cancelled, CheckpointError, InputError, MismatchError
from gapsphere.tests.support.mixing import mixing
from PIL import Image


@pytest.fixture
def images(tmp_path, monkeypatch):
    """Sixty pictures in shards of two batches of three; two of them cannot be read."""
    monkeypatch.setattr(extract, "BATCHES_A_SHARD", 2)
    paths = [tmp_path / f"{at}.png" for at in range(60)]
    for at, path in enumerate(paths):
        Image.new("RGB", (8, 6), (37 * at % 256, 91 * at % 256, 53 * at % 256)).save(path)
    paths[7].unlink()
    paths[31].write_bytes(b"no picture")
    return [(f"id{at}", str(path)) for at, path in enumerate(paths)]


def embedded(engine, images, marks="/nowhere", progress=lambda *_: None):
    """What came out, batch by batch, and what was measured and left out."""
    came, measured = [], []
    with engine.keeping(mixing, [marks]) as kept:
        found = extract_with(
            kept,
            images,
            lambda ids, rows: came.append((ids, rows.tobytes())),
            batch_size=3,
            num_workers=2,
            keep_attributes=lambda ids, values: measured.append((ids, values)),
            fingerprint="f1",
            progress=progress,
        )
    return came, measured, found.done, found.skipped


@pytest.mark.crash
@pytest.mark.parametrize("workers", [1, 2, 3])
def test_the_same_batches_are_embedded_in_the_same_order(on_cluster, images, workers):
    here, seen = embedded(LOCAL, images), []
    there = embedded(
        replace(on_cluster, window=workers), images, progress=lambda *at: seen.append(at)
    )
    assert there == here
    assert [each.id for each in here[3]] == ["id7", "id31"]
    assert seen == [(done, 60) for done in range(3, 61, 3)]


@pytest.mark.crash
def test_encoders_that_die_lose_no_batch_and_repeat_none(on_cluster, images, tmp_path):
    marks = tmp_path / "marks"
    marks.mkdir()
    for at, times in {2: 2, 20: 1, 21: 1, 58: 1}.items():
        for time in range(times):
            (marks / f"{37 * at % 256}-{time}").touch()
    assert embedded(on_cluster, images, str(marks)) == embedded(LOCAL, images)
    assert not list(marks.iterdir())


@pytest.mark.crash
def test_work_that_is_stopped_frees_the_cores(on_cluster, images):
    def stop(done, _total):
        if done == 9:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        embedded(on_cluster, images, progress=stop)
    cut = shards([np.arange(9)], 1, at_most=3)
    assert [found for _, found in on_cluster.map(len, cut)] == [3, 3, 3]


@pytest.mark.crash
def test_an_encoder_that_cannot_be_sent_or_made_is_a_sentence(on_cluster):
    with (
        pytest.raises(InputError, match="cannot be sent there"),
        on_cluster.keeping(opening.given, [threading.Lock()]),
    ):
        pass

    def never(_given):
        raise CheckpointError("no weights in /models")

    with (
        pytest.raises(CheckpointError, match="no weights"),
        on_cluster.keeping(never, [0]) as kept,
    ):
        kept.ask(opening.about)


@pytest.mark.crash
def test_a_shard_too_large_for_who_keeps_an_encoder_is_halved_between_batches(on_cluster):
    def hungry(rows, _kept):
        if len(rows) > 12:
            raise MemoryError(f"{len(rows)} rows")
        yield from rows.tolist()

    with on_cluster.keeping(opening.given, [0]) as kept:
        found = list(kept.map(hungry, shards([np.arange(50)], 1, of=8, at_most=40)))
    assert [rows.stop for rows, _ in found] == [8, 16, 24, 32, 40, 50]
    assert [each for _, part in found for each in part] == list(range(50))


@pytest.mark.crash
@pytest.mark.slow  # a worker imports torch
def test_images_of_a_dataset_are_embedded_as_here_and_not_again(cluster, on_cluster, images):
    import fiftyone as fo
    from gapsphere.plugin.dataset.gaps.vectors.embed import compute_embeddings
    from gapsphere.plugin.settings.steps import EmbeddingParams

    dataset = fo.Dataset()
    dataset.add_samples([fo.Sample(path) for _, path in images], progress=False)
    told = {"encoder": "packaged", "batch_size": 4, "num_workers": 2}
    there = EmbeddingParams(**told, engine="ray", ray_address=cluster.address)
    found = compute_embeddings(dataset, there)
    assert (found.done, [each.path for each in found.skipped]) == (
        58,
        [images[7][1], images[31][1]],
    )
    written = dataset.exists("embedding").values(["embedding", "attributes"])
    assert compute_embeddings(dataset, EmbeddingParams(**told)).known == 58
    dataset.clear_sample_field("embedding")
    compute_embeddings(dataset, EmbeddingParams(**told))
    again = dataset.exists("embedding").values(["embedding", "attributes"])
    np.testing.assert_allclose(written[0], again[0], rtol=0, atol=1e-6)  # by as many threads: equal
    assert written[1] == again[1]
    dataset.delete()


@pytest.mark.crash
def test_vectors_of_another_encoder_are_not_mixed_in(on_cluster, images):
    with (
        on_cluster.keeping(mixing, ["/nowhere"]) as kept,
        pytest.raises(MismatchError, match="The encoder of one node is not that of the others"),
    ):
        extract_with(kept, images, lambda *_: None, fingerprint="f2")
