"""Extraction keeps order, bounds memory, survives bad images and loses at most one batch."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from gapsphere.plugin.embeddings.attributes import image_attributes
from gapsphere.plugin.embeddings.batches import BATCHES_AHEAD
from gapsphere.plugin.embeddings.extract import Extraction, extract
from gapsphere.plugin.errors import Cancelled, DimensionError, InputError
from PIL import Image


class ColourEncoder:
    """The mean colour as a direction: real pixels in, a vector that tells whose it is out."""

    name = "mean colour"
    dimension = 3

    def __init__(self, fits: int | None = None, delay: float = 0.0) -> None:
        self.fits = fits
        self.delay = delay
        self.batches: list[int] = []

    def prepare(self, image: Image.Image) -> np.ndarray:
        pixels = np.asarray(image.resize((4, 4)), np.float32)
        if self.delay:  # later images are ready first
            time.sleep(self.delay * (1 + float(pixels[0, 0, 0]) % 7))
        return pixels

    def embed(self, batch: np.ndarray) -> np.ndarray:
        self.batches.append(len(batch))
        if self.fits is not None and len(batch) > self.fits:
            raise RuntimeError("CUDA out of memory. Tried to allocate 20.00 MiB")
        mean = batch.mean(axis=(1, 2)) + 1.0
        return (mean / np.linalg.norm(mean, axis=1, keepdims=True)).astype(np.float32)


class SpecFiles:
    """A sink that remembers."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.rows: list[np.ndarray] = []
        self.sizes: list[int] = []

    def __call__(self, ids: list[str], vectors: np.ndarray) -> None:
        assert vectors.dtype == np.float32
        assert vectors.shape == (len(ids), 3)
        self.ids += ids
        self.rows += list(vectors)
        self.sizes.append(len(ids))


def colour_of(index: int) -> tuple[int, int, int]:
    return (37 * index % 256, 91 * index % 256, 53 * index % 256)


@pytest.fixture
def make_items(tmp_path):
    def make(count: int) -> list[tuple[str, str]]:
        items = []
        for i in range(count):
            path = tmp_path / f"{i:03}.png"
            Image.new("RGB", (8, 6), colour_of(i)).save(path)
            items.append((f"id{i}", str(path)))
        return items

    return make


def assert_each_id_has_its_own_vector(written: SpecFiles) -> None:
    for sample_id, row in zip(written.ids, written.rows, strict=True):
        expected = np.array(colour_of(int(sample_id[2:])), np.float64) + 1.0
        np.testing.assert_allclose(row, expected / np.linalg.norm(expected), atol=1e-6)


def decode_threads() -> list[threading.Thread]:
    return [t for t in threading.enumerate() if t.name.startswith("gapsphere-decode")]


@pytest.mark.parametrize("batch_size", [1, 3, 8, 100])
def test_order_and_pairing_survive_threads_that_finish_in_any_order(make_items, batch_size):
    items, written = make_items(30), SpecFiles()
    result = extract(
        items, ColourEncoder(delay=0.001), written, batch_size=batch_size, num_workers=5
    )
    assert written.ids == [sample_id for sample_id, _ in items]
    assert_each_id_has_its_own_vector(written)
    assert (result.done, result.skipped, result.batch_size) == (30, (), batch_size)
    assert max(written.sizes) <= batch_size


def test_the_clocks_add_up_to_no_more_than_the_whole(make_items):
    result = extract(make_items(9), ColourEncoder(delay=0.001), SpecFiles(), batch_size=2)
    parts = (result.waiting, result.embedding, result.writing)
    assert min(parts) >= 0
    assert sum(parts) <= result.seconds


def test_no_items_is_an_empty_result():
    result = extract([], ColourEncoder(), SpecFiles())
    assert isinstance(result, Extraction)
    assert (result.done, result.skipped) == (0, ())


@pytest.mark.parametrize("wrong", [{"batch_size": 0}, {"num_workers": 0}])
def test_a_batch_size_or_worker_count_below_one_is_refused(make_items, wrong):
    with pytest.raises(InputError, match="at least 1"):
        extract(make_items(1), ColourEncoder(), SpecFiles(), **wrong)


def test_bad_images_are_skipped_with_a_reason_and_the_rest_goes_on(make_items):
    items = make_items(10)
    Path(items[2][1]).write_bytes(b"")
    Path(items[5][1]).unlink()
    Path(items[9][1]).write_bytes(Path(items[9][1]).read_bytes()[:40])
    written, calls = SpecFiles(), []
    result = extract(
        items, ColourEncoder(), written, batch_size=4, progress=lambda *call: calls.append(call)
    )
    assert [skip.id for skip in result.skipped] == ["id2", "id5", "id9"]
    assert all(skip.path in skip.reason for skip in result.skipped)
    assert result.done == 7
    assert written.ids == ["id0", "id1", "id3", "id4", "id6", "id7", "id8"]
    assert_each_id_has_its_own_vector(written)
    assert calls == [(4, 10), (8, 10), (10, 10)]


def test_nothing_but_bad_images_is_not_an_error(tmp_path):
    items = [(str(i), str(tmp_path / f"gone{i}.jpg")) for i in range(5)]
    written = SpecFiles()
    result = extract(items, ColourEncoder(), written, batch_size=2)
    assert (result.done, len(result.skipped), written.ids) == (0, 5, [])


# ------------------------------------------------------------------------- memory runs out


@pytest.mark.parametrize(
    ("batch_size", "fits", "final"), [(8, 8, 8), (8, 5, 4), (8, 1, 1), (7, 2, 1), (100, 3, 2)]
)
def test_a_batch_that_does_not_fit_is_halved_and_the_smaller_size_stays(
    make_items, caplog, batch_size, fits, final
):
    items, written, encoder = make_items(20), SpecFiles(), ColourEncoder(fits=fits)
    with caplog.at_level(logging.WARNING):
        result = extract(items, encoder, written, batch_size=batch_size)
    assert written.ids == [sample_id for sample_id, _ in items]
    assert_each_id_has_its_own_vector(written)
    assert result.done == 20
    assert result.batch_size == final
    failures = [size for size in encoder.batches if size > fits]
    assert len(set(failures)) == len(failures), "a size that failed is not tried again"
    assert len([r for r in caplog.records if "going on with" in r.message]) == len(failures)


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        type("OutOfMemoryError", (RuntimeError,), {})("HIP"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate"),
        RuntimeError("MPS backend out of memory"),
    ],
)
def test_every_wording_of_out_of_memory_is_known(make_items, error):
    class Small(ColourEncoder):
        def embed(self, batch):
            if len(batch) > 2:
                raise error
            return super().embed(batch)

    assert extract(make_items(6), Small(), SpecFiles(), batch_size=4).batch_size == 2


def test_an_image_that_does_not_fit_even_alone_is_skipped(make_items):
    class Picky(ColourEncoder):
        def embed(self, batch):
            if (batch[:, 0, 0, 0] == colour_of(4)[0]).any():
                raise MemoryError
            return super().embed(batch)

    written = SpecFiles()
    result = extract(make_items(8), Picky(), written, batch_size=4)
    assert [skip.id for skip in result.skipped] == ["id4"]
    assert "memory ran out" in result.skipped[0].reason
    assert written.ids == ["id0", "id1", "id2", "id3", "id5", "id6", "id7"]
    assert result.batch_size == 1


def test_memory_that_runs_out_while_decoding_skips_the_image(make_items):
    class Huge(ColourEncoder):
        def prepare(self, image):
            if image.getpixel((0, 0)) == colour_of(1):
                raise MemoryError
            return super().prepare(image)

    result = extract(make_items(3), Huge(), SpecFiles())
    assert [skip.id for skip in result.skipped] == ["id1"]
    assert "does not fit into memory" in result.skipped[0].reason


def test_any_other_runtime_error_is_a_defect_and_is_raised(make_items):
    class Broken(ColourEncoder):
        def embed(self, batch):
            raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    with pytest.raises(RuntimeError, match="mat1"):
        extract(make_items(3), Broken(), SpecFiles())
    assert not decode_threads()


# ----------------------------------------------------------------------- what encoders return


@pytest.mark.parametrize(
    ("value", "reason"), [(np.nan, "NaN or Inf"), (np.inf, "NaN or Inf"), (0.0, "length 0")]
)
def test_a_vector_that_is_no_unit_vector_is_not_written(make_items, value, reason):
    class Faulty(ColourEncoder):
        def embed(self, batch):
            vectors = super().embed(batch)
            vectors[1] = value
            return vectors

    written = SpecFiles()
    result = extract(make_items(4), Faulty(), written, batch_size=4)
    assert written.ids == ["id0", "id2", "id3"]
    assert [skip.id for skip in result.skipped] == ["id1"]
    assert reason in result.skipped[0].reason


@pytest.mark.parametrize("shape", [(4, 2), (3, 3), (3,), (4, 3, 1)])
def test_an_array_of_the_wrong_shape_is_refused_and_not_written(make_items, shape):
    class Wrong(ColourEncoder):
        def embed(self, batch):
            return np.ones(shape, np.float32)

    written = SpecFiles()
    with pytest.raises(DimensionError, match="mean colour returned an array of shape"):
        extract(make_items(4), Wrong(), written, batch_size=4)
    assert written.ids == []


def test_an_image_prepared_to_another_shape_is_skipped(make_items):
    class Uneven(ColourEncoder):
        def prepare(self, image):
            pixels = super().prepare(image)
            return pixels[:2] if image.getpixel((0, 0)) == colour_of(2) else pixels

    result = extract(make_items(4), Uneven(), SpecFiles())
    assert [skip.id for skip in result.skipped] == ["id2"]


def test_half_precision_rows_are_written_as_float32(make_items):
    class Half(ColourEncoder):
        def embed(self, batch):
            return super().embed(batch).astype(np.float16)

    assert extract(make_items(3), Half(), SpecFiles()).done == 3


# ---------------------------------------------------------------------- stopping and failing


@pytest.mark.parametrize("reason", [Cancelled, KeyboardInterrupt])
def test_stopping_keeps_every_finished_batch_and_leaves_no_thread(make_items, reason):
    def stop_at_8(done: int, total: int) -> None:
        if done >= 8:
            raise reason

    written = SpecFiles()
    encoder = ColourEncoder(delay=0.001)
    with pytest.raises(reason):
        extract(make_items(40), encoder, written, batch_size=4, progress=stop_at_8)
    assert written.ids == [f"id{i}" for i in range(8)]
    assert sum(encoder.batches) == len(written.ids), "whatever was embedded was handed on"
    assert not decode_threads()


def test_stopping_does_not_decode_what_is_still_queued(make_items):
    class Counting(ColourEncoder):
        prepared = 0

        def prepare(self, image):
            Counting.prepared += 1
            return super().prepare(image)

    def stop(done: int, total: int) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        extract(
            make_items(60),
            Counting(delay=0.005),
            SpecFiles(),
            batch_size=10,
            num_workers=1,
            progress=stop,
        )
    assert Counting.prepared < 10 + BATCHES_AHEAD * 10


def test_stopping_inside_the_model_keeps_the_batches_before(make_items):
    class Interrupted(ColourEncoder):
        def embed(self, batch):
            if len(self.batches) == 3:
                raise KeyboardInterrupt
            return super().embed(batch)

    written = SpecFiles()
    with pytest.raises(KeyboardInterrupt):
        extract(make_items(40), Interrupted(), written, batch_size=4)
    assert len(written.ids) == 12
    assert not decode_threads()


def test_a_sink_that_fails_ends_the_run_with_its_own_error(make_items):
    kept: list[str] = []

    def full_disk(ids: list[str], vectors: np.ndarray) -> None:
        if len(kept) >= 6:
            raise OSError(28, "No space left on device")
        kept.extend(ids)

    with pytest.raises(OSError, match="No space left"):
        extract(make_items(30), ColourEncoder(), full_disk, batch_size=3)
    assert len(kept) == 6
    assert not decode_threads()


# ------------------------------------------------------------------------------ bounded memory


class Counted(np.ndarray):
    """An array that counts how many of its kind are alive."""

    alive = 0
    peak = 0
    lock = threading.Lock()

    @classmethod
    def of(cls, pixels: np.ndarray) -> Counted:
        counted = pixels.copy().view(cls)
        with cls.lock:
            cls.alive += 1
            cls.peak = max(cls.peak, cls.alive)
        return counted

    def __del__(self) -> None:
        if type(self.base) is np.ndarray:  # the array itself, not a view of it
            with Counted.lock:
                Counted.alive -= 1


@pytest.mark.parametrize("slow", ["model", "sink"])
def test_decoding_never_runs_more_than_a_few_batches_ahead(make_items, slow):
    Counted.alive = Counted.peak = 0

    class Slow(ColourEncoder):
        def prepare(self, image):
            return Counted.of(super().prepare(image))

        def embed(self, batch):
            if slow == "model":
                time.sleep(0.01)
            return super().embed(np.asarray(batch))

    written = SpecFiles()

    def sink(ids: list[str], vectors: np.ndarray) -> None:
        if slow == "sink":
            time.sleep(0.01)
        written(ids, vectors)

    extract(make_items(60), Slow(), sink, batch_size=4, num_workers=3)
    assert len(written.ids) == 60
    ahead, at_the_model = BATCHES_AHEAD * 4, 4
    assert ahead <= Counted.peak <= ahead + at_the_model


def test_attributes_are_of_the_decoded_image_and_come_before_the_vectors(make_items):
    items, came = make_items(7), []
    measured: dict[str, dict[str, float]] = {}

    def keep(ids, attributes):
        came.append(("attributes", ids))
        measured.update(zip(ids, attributes, strict=True))

    encoder = ColourEncoder(delay=0.001)
    prepare = encoder.prepare
    encoder.prepare = lambda image: prepare(image.crop((0, 0, 1, 1)))
    extract(
        items,
        encoder,
        lambda ids, _: came.append(("vectors", ids)),
        batch_size=3,
        keep_attributes=keep,
    )
    assert came[::2] == [("attributes", ids) for _, ids in came[1::2]]
    assert [kind for kind, _ in came[1::2]] == ["vectors"] * 3
    for sample_id, path in items:
        with Image.open(path) as image:
            assert measured[sample_id] == image_attributes(image.convert("RGB"))


def test_an_image_without_a_vector_keeps_no_attributes(make_items):
    class Blind(ColourEncoder):
        def embed(self, batch):
            rows = super().embed(batch)
            rows[1] = np.nan
            return rows

    kept: list[str] = []
    extract(
        make_items(3),
        Blind(),
        lambda ids, _: None,
        batch_size=3,
        keep_attributes=lambda ids, _: kept.extend(ids),
    )
    assert kept == ["id0", "id2"]
