"""``compute_heatmaps`` on a real database: which samples, when again, what is recorded."""

import io
from dataclasses import replace

import fiftyone as fo
import fiftyone.operators as foo
import numpy as np
import pytest
from fiftyone.operators.delegated import DelegatedOperationService
from gapsphere.plugin.dataset.gaps.heatmaps import compute_heatmaps
from gapsphere.plugin.dataset.gaps.vectors.embed import compute_embeddings
from gapsphere.plugin.dataset.store import runs
from gapsphere.plugin.dataset.store.fields import tags
from gapsphere.plugin.dataset.store.names import Names
from gapsphere.plugin.errors import Cancelled, EmptySetError, InputError, MismatchError
from gapsphere.plugin.settings.fields import make
from gapsphere.plugin.settings.steps import EmbeddingParams, HeatmapParams
from gapsphere.tests.support.copies import copied
from PIL import Image

OPERATOR = "@gapsphere/gap-explorer/compute_heatmaps"
PACKAGED = EmbeddingParams(encoder="packaged", device="cpu")


@pytest.fixture(scope="module")
def once_loaded(make_shared_images):
    """Three images of S, five of U; tests take a copy."""
    from gapsphere.plugin.dataset.gaps.images.load import load_images

    made, red = fo.Dataset(), make_shared_images("red", 5, tint=(1.0, 0.1, 0.1))
    load_images(made, make_shared_images("owned", 3), red)
    yield made
    made.delete()


@pytest.fixture(scope="module")
def once_embedded(once_loaded):
    """Embedded by the packaged network; one pick and two gaps marked; tests take a copy."""
    from gapsphere.plugin.dataset import api

    made = once_loaded.clone()
    compute_embeddings(made, PACKAGED)
    api.compute_coverage(made, progress=False)
    api.select_kcenter(made, k=1, progress=False)
    for sample in made.match_tags("U"):
        sample["is_gap"] = sample.filename in ("red_000.png", "red_001.png")
        sample.save()
    yield made
    made.delete()


@pytest.fixture
def loaded(once_loaded):
    yield from copied(once_loaded)


@pytest.fixture
def embedded(once_embedded):
    yield from copied(once_embedded)


def few(dataset):
    return dataset.match_tags("U")[:3]


def test_a_heatmap_is_a_small_uint8_map_with_its_range(embedded):
    result = compute_heatmaps(few(embedded))
    assert (result.method, result.done, result.known, result.skipped) == ("Grad-CAM", 3, 0, ())
    assert len(embedded.exists("heatmap")) == 3
    heatmap = embedded.exists("heatmap").first().heatmap
    assert isinstance(heatmap, fo.Heatmap)
    assert heatmap.map.dtype == np.uint8
    assert heatmap.map.shape == (7, 7)
    assert (heatmap.map.min(), heatmap.map.max()) == (0, 255)
    assert heatmap.range == [0, 255]
    assert "3 made" in str(result)


def test_the_run_tells_how_the_maps_were_made(embedded):
    compute_heatmaps(few(embedded), HeatmapParams(about="shared"))
    record = runs.read(embedded, Names(), "heatmaps")
    made_by = runs.read(embedded, Names(), "embeddings")
    assert record.inputs["fingerprint"] == made_by.inputs["fingerprint"]
    assert record.params["about"] == "shared"
    assert record.results["method"] == "Grad-CAM"
    assert record.results["layers"]
    assert record.results["made"] == 3


def test_what_is_up_to_date_is_not_made_again_and_no_network_is_loaded(embedded, monkeypatch):
    compute_heatmaps(few(embedded))
    from gapsphere.plugin.dataset.gaps.vectors import embed

    def loading(params):
        raise AssertionError("a network was loaded")

    opened = embed.open_encoder
    monkeypatch.setattr(embed, "open_encoder", loading)
    again = compute_heatmaps(few(embedded))
    assert (again.done, again.known, again.method) == (0, 3, "Grad-CAM")
    monkeypatch.setattr(embed, "open_encoder", opened)
    more = compute_heatmaps(embedded.match_tags("U")[:5])
    assert (more.done, more.known) == (2, 3)


@pytest.mark.parametrize("change", [{"about": "new"}, {"overwrite": True}])
def test_another_question_or_overwrite_makes_them_again(embedded, change):
    compute_heatmaps(few(embedded))
    assert compute_heatmaps(few(embedded), HeatmapParams(**change)).done == 3


def test_what_is_new_is_made_again_when_the_nearest_image_changes(embedded):
    params = HeatmapParams(about="new")
    compute_heatmaps(few(embedded), params)
    sample = few(embedded).first()
    others = embedded.match_tags("S").values("id")
    other = next(i for i in others if i != sample["nearest_S"])
    embedded.set_values("nearest_S", {sample.id: other}, key_field="id")
    again = compute_heatmaps(few(embedded), params)
    assert (again.done, again.known) == (1, 2)


def test_picks_and_gaps_are_targets(embedded):
    compute_heatmaps(embedded, HeatmapParams(only="picks"))
    assert embedded.exists("heatmap").values("id") == embedded.match_tags("kcenter").values("id")
    result = compute_heatmaps(embedded, HeatmapParams(only="gaps"))
    assert result.done + result.known == 2
    gaps = {s.filename for s in embedded.exists("heatmap") if s.is_gap}
    assert gaps == {"red_000.png", "red_001.png"}


def test_a_suffix_keeps_two_analyses_apart(embedded):
    compute_embeddings(embedded, PACKAGED.model_copy(update={"suffix": "b"}))
    compute_heatmaps(few(embedded), HeatmapParams(suffix="b"))
    assert embedded.has_field("heatmap_b")
    assert not embedded.has_field("heatmap")
    assert embedded.has_run("gapsphere_heatmaps_b")


def test_the_map_covers_the_box_the_encoder_saw(loaded):
    params = PACKAGED.model_copy(update={"roi": (0.5, 0.5, 1.0, 1.0)})
    compute_embeddings(loaded, params)
    compute_heatmaps(few(loaded))
    heat = loaded.exists("heatmap").first().heatmap.map
    assert heat.shape == (14, 14)
    assert not heat[:7].any()
    assert not heat[:, :7].any()
    assert heat[7:, 7:].max() == 255


def test_a_sample_that_fails_is_reported_and_the_rest_goes_on(embedded, tmp_path):
    first = few(embedded).first()
    first["filepath"] = str(tmp_path / "broken.png")
    first.save()
    (tmp_path / "broken.png").write_bytes(b"no image")
    result = compute_heatmaps(few(embedded))
    assert result.done == 2
    assert [item.id for item in result.skipped] == [first.id]
    assert first.filepath in str(result)
    record = runs.read(embedded, Names(), "heatmaps")
    assert record.results["skipped"][0]["id"] == first.id
    assert embedded.match_tags("skipped").values("id") == [first.id]


def test_an_image_that_works_again_loses_the_tag_unless_it_has_no_embedding(embedded):
    first, second = few(embedded).values("id")[:2]
    tags.change(embedded, Names(), "skipped", add=[first, second], remove=[])
    embedded.set_values("embedding", {second: None}, key_field="id")
    compute_heatmaps(few(embedded))
    assert embedded.match_tags("skipped").values("id") == [second]


def test_a_map_made_coarser_for_want_of_memory_is_made_again(embedded, monkeypatch):
    from gapsphere.plugin.attention.explain import Explainer

    whole = Explainer.maps

    def small_memory(self, batch, *rest):
        if self.grid == (7, 7):
            raise MemoryError
        return whole(self, batch, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(Explainer, "maps", small_memory)
        result = compute_heatmaps(few(embedded))
    assert result.done == 3
    assert "maps of 3 x 3" in result.notes[-1]
    assert runs.read(embedded, Names(), "heatmaps").results["notes"] == list(result.notes)
    assert embedded.exists("heatmap").first().heatmap.map.shape == (3, 3)
    again = compute_heatmaps(few(embedded))
    assert (again.done, again.known, again.notes) == (3, 0, ())
    assert embedded.exists("heatmap").first().heatmap.map.shape == (7, 7)


def test_images_of_s_have_nothing_to_be_new_against(embedded):
    mixed = embedded.select([embedded.match_tags("S").first().id, few(embedded).first().id])
    result = compute_heatmaps(mixed, HeatmapParams(about="new"))
    assert result.done == 1
    assert "no nearest image of S" in result.skipped[0].reason
    with pytest.raises(EmptySetError, match="no nearest image of S"):
        compute_heatmaps(embedded.match_tags("S"), HeatmapParams(about="new"))


def test_stopping_keeps_what_is_written_and_the_next_run_goes_on(embedded):
    def stop(done, total):
        raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        compute_heatmaps(few(embedded), HeatmapParams(batch_size=1), progress=stop)
    assert len(embedded.exists("heatmap")) == 1
    result = compute_heatmaps(few(embedded))
    assert (result.done, result.known) == (2, 1)


def test_without_embeddings_the_default_encoder_is_looked_into_and_named(loaded):
    made = compute_heatmaps(few(loaded), HeatmapParams(batch_size=2))
    assert (made.done, made.method) == (3, "Grad-CAM")
    assert f"what {made.encoder} looks at" in str(made)
    assert compute_heatmaps(few(loaded)).known == 3
    with pytest.raises(MismatchError, match="there are none: run compute_embeddings first"):
        compute_heatmaps(loaded, HeatmapParams(about="new"))


def test_a_model_can_be_named_beside_the_embeddings_own(embedded):
    compute_heatmaps(few(embedded))
    own = runs.read(embedded, Names(), "heatmaps").inputs["fingerprint"]
    same = compute_heatmaps(few(embedded), HeatmapParams(encoder="packaged"))
    assert (same.known, same.notes) == (3, ())
    record = runs.read(embedded, Names(), "embeddings")
    other = replace(record, inputs=dict(record.inputs) | {"encoder": "x:y", "fingerprint": "z"})
    runs.write(embedded, Names(), other)
    with pytest.raises(MismatchError, match="no longer what made the embeddings"):
        compute_heatmaps(few(embedded))
    # The same network as before, now as one that did not make the embeddings.
    params = HeatmapParams(model_path=None, encoder="auto")
    made = compute_heatmaps(few(embedded), params)
    assert made.known == 3
    assert "x:y made the embeddings" in str(made)
    assert runs.read(embedded, Names(), "heatmaps").inputs["fingerprint"] == own


def test_an_encoder_without_attention_or_layers_is_refused(loaded, encoder):
    compute_embeddings(loaded, encoder=encoder)
    with pytest.raises(InputError, match="gives vectors only"):
        compute_heatmaps(loaded, encoder=encoder)


def test_vectors_of_before_pooling_could_be_chosen_are_read_by_their_mean(loaded):
    compute_embeddings(loaded, PACKAGED.model_copy(update={"pooling": "mean"}))
    record = runs.read(loaded, Names(), "embeddings")
    old = {name: value for name, value in record.params.items() if name != "pooling"}
    runs.write(loaded, Names(), replace(record, params=old))
    assert compute_heatmaps(few(loaded)).done == 3
    made = runs.read(loaded, Names(), "heatmaps").inputs
    assert made["fingerprint"] == record.inputs["fingerprint"]


def test_an_encoder_that_is_not_the_embeddings_own_is_refused(embedded, encoder):
    record = runs.read(embedded, Names(), "embeddings")
    changed = runs.Record(
        record.step,
        dict(record.params),
        dict(record.inputs) | {"fingerprint": "of other weights"},
        {},
    )
    runs.write(embedded, Names(), changed)
    with pytest.raises(MismatchError, match="no longer what made the embeddings"):
        compute_heatmaps(few(embedded))
    with pytest.raises(MismatchError, match="embed with it first"):
        compute_heatmaps(few(embedded), HeatmapParams(about="new"), encoder=encoder)


def test_vectors_of_a_field_have_no_encoder_to_look_into(embedded):
    compute_embeddings(
        embedded, EmbeddingParams(encoder="field", model_path="embedding", suffix="copy")
    )
    made = compute_heatmaps(few(embedded), HeatmapParams(suffix="copy"))
    assert "field:embedding made the embeddings" in str(made)
    with pytest.raises(MismatchError, match="was made by field:embedding, not by packaged"):
        compute_heatmaps(few(embedded), HeatmapParams(suffix="copy", about="new"))


def test_an_empty_target_is_a_sentence(embedded):
    with pytest.raises(EmptySetError, match="holds none"):
        compute_heatmaps(embedded.match_tags("nobody"))
    with pytest.raises(EmptySetError, match="none of them is a pick"):
        compute_heatmaps(embedded.match_tags("S"), HeatmapParams(only="picks"))
    embedded.delete_sample_field("is_gap")
    with pytest.raises(EmptySetError, match="run compute_coverage"):
        compute_heatmaps(embedded, HeatmapParams(only="gaps"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"start": "point"},
        {"point": "0.5,0.5"},
        {"start": "point", "point": "0.5"},
        {"start": "point", "point": "a,b"},
        {"start": "point", "point": "0.5,1.5"},
        {"discard_ratio": 1},
        {"residual": -0.1},
        {"only": "some"},
        {"batch_size": 0},
    ],
    ids=str,
)
def test_a_wrong_setting_is_a_sentence(wrong):
    with pytest.raises(InputError):
        make(HeatmapParams, wrong)


def test_the_operator_takes_the_selection_the_view_or_the_dataset(embedded):
    chosen = few(embedded).values("id")[:2]
    ctx = {"dataset": embedded, "params": {"view_target": "SELECTED_SAMPLES"}}
    foo.execute_operator(OPERATOR, ctx={**ctx, "selected": chosen})
    assert set(embedded.exists("heatmap").values("id")) == set(chosen)
    view = few(embedded)
    foo.execute_operator(OPERATOR, ctx={"view": view, "params": {"view_target": "CURRENT_VIEW"}})
    assert len(embedded.exists("heatmap")) == 3
    foo.execute_operator(OPERATOR, dataset=embedded, params={"only": "gaps", "about": "new"})
    record = runs.read(embedded, Names(), "heatmaps")
    assert (record.params["about"], record.results["made"]) == ("new", 2)


def test_the_operator_runs_delegated(embedded):
    queued = foo.execute_operator(
        OPERATOR, dataset=embedded, params={"only": "picks"}, request_delegation=True
    )
    assert queued.delegated
    DelegatedOperationService().execute_queued_operations(limit=1, log=False)
    embedded.reload()
    assert len(embedded.exists("heatmap")) == 1


def test_the_command_line_prints_what_was_made(embedded, capsys):
    from gapsphere.scripts.cli.main import main

    embedded.save_view("three", few(embedded))
    assert main(["heatmap", "--dataset", embedded.name, "--view", "three"]) == 0
    assert "3 made" in capsys.readouterr().out
    assert main(["heatmap", "--dataset", embedded.name, "--view", "nothing"]) == 2
    assert "saved views: three" in capsys.readouterr().err


def test_the_map_and_its_overlay_survive_the_database(embedded):
    from gapsphere.plugin.attention.overlay import overlay

    compute_heatmaps(few(embedded))
    sample = embedded.exists("heatmap").first()
    drawn = overlay(Image.open(sample.filepath), sample.heatmap.map)
    assert drawn.size == (32, 24)
    drawn.save(io.BytesIO(), "PNG")
