"""Images to heatmaps: what fails is reported and the rest goes on; what does not fit is halved."""

import numpy as np
import pytest
import torch
from gapsphere.plugin.attention.draw import HeatmapRequest, draw
from gapsphere.plugin.attention.explain import Explainer, Question
from gapsphere.plugin.errors import Cancelled, InputError
from PIL import Image


@pytest.fixture
def files(tmp_path):
    rng = np.random.default_rng(0)
    for index in range(7):
        pixels = rng.integers(0, 256, (40, 60, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{index}.png")
    return [HeatmapRequest(str(index), str(tmp_path / f"{index}.png")) for index in range(7)]


class Shelf:
    """A sink that remembers, and in what portions it came."""

    def __init__(self):
        self.maps, self.portions = {}, []

    def __call__(self, ids, maps):
        self.maps |= dict(zip(ids, maps, strict=True))
        self.portions.append(len(ids))


@pytest.fixture
def explainer(random_vit):
    return Explainer(random_vit(), Question())


def test_every_image_gets_the_map_it_gets_alone(files, explainer):
    shelf = Shelf()
    seen = []
    result = draw(files, explainer, shelf, batch_size=3, progress=lambda *p: seen.append(p))
    assert (result.done, result.skipped, result.notes) == (7, (), ())
    assert seen == [(3, 7), (6, 7), (7, 7)]
    for item in files:
        alone = Shelf()
        draw([item], explainer, alone)
        difference = alone.maps[item.id].astype(int) - shelf.maps[item.id]
        assert np.abs(difference).max() <= 1
        assert alone.maps[item.id].dtype == np.uint8


def test_unusable_images_are_named_and_the_rest_goes_on(files, explainer, tmp_path):
    (tmp_path / "1.png").write_bytes(b"")
    (tmp_path / "4.png").unlink()
    shelf = Shelf()
    result = draw(files, explainer, shelf, batch_size=2)
    assert set(shelf.maps) == {"0", "2", "3", "5", "6"}
    assert [item.id for item in result.skipped] == ["1", "4"]
    assert all(item.path in item.reason for item in result.skipped)


def test_an_image_the_network_makes_nan_of_does_not_spoil_its_batch(files, explainer, monkeypatch):
    def nan_for_second(batch, queries, patches):
        maps = np.random.default_rng(0).random((len(batch), 4, 4))
        maps[1] = np.nan
        return maps

    monkeypatch.setattr(explainer, "maps", nan_for_second)
    result = draw(files[:3], explainer, Shelf(), batch_size=3)
    assert result.done == 2
    assert "NaN" in result.skipped[0].reason


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("CUDA out of memory. Tried")])
def test_the_batch_is_halved_when_memory_runs_out_and_it_is_said(
    files, explainer, monkeypatch, error
):
    whole = explainer.maps

    def small_memory(batch, queries, patches):
        if len(batch) > 2:
            raise error
        return whole(batch, queries, patches)

    monkeypatch.setattr(explainer, "maps", small_memory)
    shelf = Shelf()
    result = draw(files, explainer, shelf, batch_size=6)
    assert result.done == 7
    assert max(shelf.portions) <= 2
    assert result.batch_size <= 2
    assert "memory ran out with 6 images at once" in result.notes[0]


def test_a_device_that_does_not_hold_one_image_is_left_for_the_cpu(files, explainer, monkeypatch):
    encoder, whole = explainer.encoder, explainer.maps
    encoder.device = torch.device("meta")  # stands for a GPU: there is none here

    def gpu_is_full(batch, queries, patches):
        if explainer.encoder.device.type != "cpu":
            raise torch.OutOfMemoryError("CUDA out of memory")
        return whole(batch, queries, patches)

    monkeypatch.setattr(explainer, "maps", gpu_is_full)
    result = draw(files, explainer, Shelf(), batch_size=2)
    assert result.done == 7
    assert "on the CPU" in result.notes[-1]
    assert encoder.device.type == "meta", "another user of the encoder goes on where it was"


def test_a_copy_on_another_device_gives_the_same_vectors_and_leaves_the_first_alone(random_vit):
    first = random_vit()
    copy = first.on(torch.device("cpu"))
    batch = np.random.default_rng(0).integers(0, 256, (2, 56, 56, 3), dtype=np.uint8)
    np.testing.assert_array_equal(copy.embed(batch), first.embed(batch))
    assert copy.fingerprint == first.fingerprint
    away = first.on(torch.device("meta"))
    assert {w.device.type for w in away.module.parameters()} == {"meta"}
    assert {w.device.type for w in first.module.parameters()} == {"cpu"}
    np.testing.assert_array_equal(copy.embed(batch), first.embed(batch))


def test_where_the_cpu_has_no_room_either_smaller_images_are_read_and_it_is_said(
    files, random_vit, monkeypatch
):
    explainer = Explainer(random_vit(grid=8), Question())
    network = explainer.encoder.module.forward

    def small_memory(pixels, **rest):
        if len(pixels) * pixels.shape[2] > 4 * 14:  # one image of 4 x 4 patches fits
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate")
        return network(pixels, **rest)

    monkeypatch.setattr(explainer.encoder.module, "forward", small_memory)
    shelf = Shelf()
    result = draw(files, explainer, shelf, batch_size=2)
    assert (result.done, result.skipped) == (7, ())
    assert {heat.shape for heat in shelf.maps.values()} == {(4, 4)}
    assert result.notes[-1].endswith("going on with smaller ones, maps of 4 x 4")


def test_memory_that_does_not_hold_one_image_anywhere_skips_it(files, explainer, monkeypatch):
    def full(batch, queries, patches):
        raise MemoryError

    monkeypatch.setattr(explainer, "maps", full)
    result = draw(files[:2], explainer, Shelf())
    assert result.done == 0
    assert all("memory ran out even for it alone" in item.reason for item in result.skipped)


def test_another_error_of_the_network_is_not_swallowed(files, explainer, monkeypatch):
    def broken(batch, queries, patches):
        raise RuntimeError("shapes cannot be multiplied")

    monkeypatch.setattr(explainer, "maps", broken)
    with pytest.raises(RuntimeError, match="multiplied"):
        draw(files, explainer, Shelf())


def test_stopping_keeps_what_is_made(files, explainer):
    shelf = Shelf()

    def stop(done, total):
        if done >= 4:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        draw(files, explainer, shelf, batch_size=2, progress=stop)
    assert set(shelf.maps) == {"0", "1", "2", "3"}


def test_a_place_outside_what_was_seen_is_a_reason(files, random_vit):
    from gapsphere.plugin.encoders.preprocessing import Region

    explainer = Explainer(random_vit(region=Region(roi=(0.5, 0, 1, 1))), Question(start="point"))
    assert draw(files, explainer, Shelf(), point=(0.75, 0.5)).done == 7
    result = draw(files, explainer, Shelf(), point=(0.25, 0.5))
    assert result.done == 0
    assert "did not see the place" in result.skipped[0].reason
    assert files[0].path in result.skipped[0].reason


def test_no_image_and_no_batch(explainer):
    assert draw([], explainer, Shelf()).done == 0
    with pytest.raises(InputError, match="at least 1"):
        draw([], explainer, Shelf(), batch_size=0)
