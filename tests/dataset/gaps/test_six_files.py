"""A folder of coordinates and distances without embeddings: asked, looked into, handed on."""

import json
import shutil
import zipfile
from pathlib import Path

import fiftyone as fo
import numpy as np
import pytest
from gapsphere.panels.gap_explorer import answers, columns
from gapsphere.plugin.dataset import api
from gapsphere.plugin.dataset.gaps import analysis
from gapsphere.plugin.dataset.gaps.artifacts.import_folder import import_artifacts
from gapsphere.plugin.dataset.gaps.vectors.embed import compute_embeddings
from gapsphere.plugin.errors import ArtifactError, InputError, MismatchError
from gapsphere.plugin.projection import questions
from gapsphere.plugin.settings.steps import EmbeddingParams
from gapsphere.tests.support.copies import copied
from gapsphere.tests.support.six_files import write_six_files

DELTA = 0.05
NONE = "there are no embeddings"


@pytest.fixture(scope="module")
def once_written(once_analysed, tmp_path_factory):
    return write_six_files(once_analysed, tmp_path_factory.mktemp("six") / "outputs", DELTA)


@pytest.fixture(scope="module")
def once_imported(once_written):
    made = fo.Dataset()
    import_artifacts(made, once_written)
    yield made
    made.delete()


@pytest.fixture
def folder(once_written, tmp_path):
    """The six files, to change."""
    return Path(shutil.copytree(once_written, tmp_path / "outputs"))


@pytest.fixture
def other():
    made = fo.Dataset()
    yield made
    made.delete()


@pytest.fixture
def imported(once_imported):
    """A dataset that the six files were imported into, to change."""
    yield from copied(once_imported)


def of(dataset, tag):
    return dataset.match_tags(tag).first()


def said(result):
    return " ".join([result.words.headline, *result.words.evidence, result.words.advice])


def test_the_import_says_what_is_missing_and_what_that_costs(folder, other):
    text = str(import_artifacts(other, folder))
    for part in ("no embed_S.npz and embed_U.npz", "re-rank", "trust", "Heatmaps", "Visual Spec"):
        assert part in text
    assert "run compute_embeddings on this dataset and then compute_coverage" in text
    assert not other.has_run("gapsphere_embeddings")


@pytest.mark.parametrize("rerank", [True, False])
@pytest.mark.parametrize("search", ["S", "U", "both"])
def test_every_click_is_answered_from_coordinates_and_says_so(imported, rerank, search):
    found = analysis.load(imported)
    rows = found.shown(0)
    how = {"rerank": rerank, "search": search, "k": 5}
    for query in (
        {"kind": "point", "id": of(imported, "U").id},
        {"kind": "point", "id": of(imported, "S").id},
        {"kind": "place", "direction": [0.3, -0.2, 1]},
        {"kind": "cap", "direction": [0, 0, 1], "angle": 1.0},
    ):
        question = answers.read_question(found, rows, {"query": query, **how})
        given = questions.answer(found.space, question)
        reply = answers.reply(found, rows, query, "stamp", question, given)
        assert NONE in reply["words"]["evidence"][0]
        assert reply["words"]["trust"] is None
        assert all(card["percentile"] is None for card in reply["cards"])
        assert not [line for line in reply["words"]["evidence"] if "han any image" in line]
        for card in reply["cards"]:
            if card["set"] == "U":
                assert (card["verdict"] == "gap") == (card["dist_to_S"] > DELTA)
        if query["kind"] != "cap":
            on_sphere = questions.on_sphere(found.space, question)[0]
            assert [card["id"] for card in reply["cards"]] == found.ids.text(on_sphere)


def test_a_candidate_has_the_distance_of_the_folder_and_delta_decides(imported, folder):
    paths = json.loads((folder / "paths_U.json").read_text())
    distance = dict(zip(paths, np.load(folder / "nn_U_to_S.npy"), strict=True))
    for sample in imported.match_tags("U"):
        result = api.ask(imported, sample=sample.id)
        assert result.verdict.distance == pytest.approx(distance[sample.filepath])
        assert result.verdict.status == ("gap" if distance[sample.filepath] > DELTA else "covered")
        assert result.verdict.percentile is None
        assert "level unknown" in result.words.headline
    tried = api.ask(imported, sample=sample.id, delta=0.0)
    assert tried.verdict.status == "gap"


def test_the_neighbours_of_an_answer_carry_distance_and_verdict(imported):
    text = str(api.ask(imported, place=(0.3, -0.2, 1), k=4))
    assert "Nearest on the sphere:" in text
    assert text.count(" from owned images)") == 4
    assert "nan" not in text


def test_a_drive_that_the_folder_does_not_know_is_asked_for_with_what_helps(imported):
    with pytest.raises(InputError, match=r"knows no drives: run compute_coverage .*sequence_field"):
        api.ask(imported, drive="d1")


def test_of_an_owned_image_nothing_is_made_up(imported):
    result = api.ask(imported, sample=of(imported, "S").id)
    assert result.verdict.kind == "S"
    assert result.verdict.distance is None
    assert "no distance" in result.words.headline
    assert "unknown" in result.words.apart
    assert "No verdict" not in str(result)


def test_the_panel_notes_it_beside_the_figures(imported):
    found = analysis.load(imported)
    run = columns.run_info(found, "stamp", "panel", "")
    assert any(NONE in note for note in run["notes"])
    assert run["own_quantiles"] == ""
    assert run["level"] is None


@pytest.mark.parametrize("part", ["S", "U"])
def test_embeddings_of_one_set_alone_do_not_help(folder, other, part):
    rows = {"S": 20, "U": 12}[part]
    vectors = np.eye(32, dtype=np.float32)[:rows]
    np.savez(folder / f"embed_{part}.npz", embeddings=vectors)
    assert "There is no embed_" in str(import_artifacts(other, folder))
    result = api.ask(other, sample=of(other, "U").id)
    assert "of the 32 images on the sphere have no 'embedding'" in said(result)


def test_embeddings_that_were_cleared_are_missed_in_the_same_words(analysed):
    analysed.delete_sample_field("embedding")
    result = api.ask(analysed, sample=of(analysed, "U").id)
    assert f"From the sphere's coordinates and the stored distances; {NONE}." in said(result)


# What an encoder that comes later changes --------------------------------------------------------


def test_imported_distances_are_stale_once_images_are_embedded(imported, encoder):
    before = api.ask(imported, sample=of(imported, "U").id)
    compute_embeddings(imported, encoder=encoder)
    result = api.ask(imported, sample=of(imported, "U").id)
    assert result.verdict.distance == before.verdict.distance
    assert "not made from the embeddings that the samples have now (test:colour)" in said(result)
    assert "Run compute_coverage" in said(result)
    owned = api.ask(imported, sample=of(imported, "S").id)
    assert owned.verdict.distance is None
    with pytest.raises(MismatchError, match="run compute_coverage again"):
        api.export_visual_spec(imported.match_tags("U").limit(3), progress=False)


@pytest.mark.parametrize("asked", [{}, {"target_covered": 0.5}, {"support": 2}], ids=str)
def test_delta_of_the_folder_judges_no_picks_of_the_new_encoder(imported, encoder, asked):
    compute_embeddings(imported, encoder=encoder)
    if asked:
        with pytest.raises(InputError, match="of these embeddings: run compute_coverage first"):
            api.select_candidates(imported, k=2, progress=False, **asked)
    else:
        made = api.select_candidates(imported, k=2, progress=False)
        assert made.delta is None
        assert "within δ" not in str(made)
    measured = api.compute_coverage(imported, progress=False)
    made = api.select_candidates(imported, k=2, progress=False, **asked)
    assert made.delta == measured.delta


def test_results_of_the_folder_say_that_other_embeddings_came_since(imported, encoder):
    assert api.show_results(imported).newer is None
    compute_embeddings(imported, encoder=encoder)
    found = api.show_results(imported)
    assert found.newer == found.record()["newer_embeddings"] == "test:colour"
    assert "embeddings  by test:colour are newer than coverage, which used others" in str(found)
    api.compute_coverage(imported, progress=False)
    assert api.show_results(imported).newer is None


def test_delta_of_the_folder_is_not_kept_for_the_new_encoder(imported, encoder):
    compute_embeddings(imported, encoder=encoder)
    measured = api.compute_coverage(imported, progress=False)
    assert measured.basis == "level"
    assert measured.delta != DELTA
    result = api.ask(imported, sample=of(imported, "S").id)
    assert result.verdict.distance is not None
    assert "From the sphere's coordinates" not in said(result)


def test_vectors_of_another_encoder_are_not_measured_against_the_old_run(analysed, encoder):
    assert "not made from" not in said(api.ask(analysed, sample=of(analysed, "U").id))
    encoder.name, encoder.fingerprint = "test:grey", "colour-2"
    compute_embeddings(analysed, EmbeddingParams(overwrite=True), encoder=encoder)
    result = api.ask(analysed, sample=of(analysed, "U").id)
    assert "the embeddings that the samples have now (test:grey)" in said(result)


# Heatmaps and the Visual Spec --------------------------------------------------------------------


def test_a_heatmap_takes_a_model_not_an_embedding(imported):
    made = api.compute_heatmaps(imported.match_tags("U").limit(2), encoder="packaged")
    assert made.done == 2
    assert "what made the distances is not known here" in str(made)


@pytest.mark.parametrize("candidates", ["view", "place:0,0,1"])
def test_a_spec_lists_the_imported_distances_and_cannot_be_checked(imported, tmp_path, candidates):
    api.compute_heatmaps(imported.match_tags("U").limit(2), progress=False)
    samples, how = imported.match_tags("U").limit(5), {}
    if candidates != "view":
        samples, how = imported, {"candidates": candidates}
    made = api.export_visual_spec(samples, tmp_path / "night.zip", progress=False, **how)
    assert made.radius is None
    assert made.heatmaps
    assert "cannot check images" in str(made)
    with zipfile.ZipFile(made.path) as archive:
        names = {name.split("/", 1)[1]: name for name in archive.namelist()}
        document = json.loads(archive.read(names["spec.json"]))
        pages = [archive.read(names[f"visual-spec.{each}.html"]).decode() for each in ("en", "ko")]
    distance = dict(zip(*imported.values(["id", "dist_to_S"]), strict=True))
    assert document["checkable"] is False
    assert document["delta"] == DELTA
    assert document["candidates"]
    for listed in document["candidates"]:
        assert listed["dist_to_S"] == distance[listed["id"]]
        assert listed["dist_to_centre"] is listed["percentile"] is None
    assert document["owned"]
    assert "cannot be checked with this sheet" in pages[0]
    assert not [page for page in pages if "check-spec" in page or "nan" in page]
    with pytest.raises(ArtifactError, match="issued without embeddings"):
        api.check_spec(str(made.path), imported.match_tags("U"), progress=False)


def test_a_radius_cannot_be_asked_of_coordinates(imported, tmp_path):
    with pytest.raises(InputError, match="A radius needs embeddings"):
        api.export_visual_spec(
            imported.match_tags("U"), tmp_path / "x.html", spec_radius=0.1, progress=False
        )
