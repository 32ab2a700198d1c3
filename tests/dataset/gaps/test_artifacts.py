import json
from pathlib import Path

import fiftyone as fo
import numpy as np
import pytest
from gapsphere.plugin.dataset.gaps.artifacts.export import export_artifacts
from gapsphere.plugin.dataset.gaps.artifacts.import_folder import import_artifacts
from gapsphere.plugin.dataset.gaps.coverage.coverage import compute_coverage
from gapsphere.plugin.dataset.gaps.find_gaps import find_gaps
from gapsphere.plugin.dataset.gaps.images.load import load_images
from gapsphere.plugin.dataset.gaps.picks import picks
from gapsphere.plugin.dataset.gaps.results import show_results
from gapsphere.plugin.dataset.gaps.vectors.embed import compute_embeddings
from gapsphere.plugin.dataset.store.names import Names
from gapsphere.plugin.errors import ArtifactError, EmptySetError, InputError, MismatchError
from gapsphere.plugin.settings.steps import EmbeddingParams, GapParams

FIELDS = (
    "dist_to_S",
    "dist_percentile",
    "is_gap",
    "novelty",
    "kcenter_rank",
    "kcenter_radius",
)


@pytest.fixture
def other():
    made = fo.Dataset()
    yield made
    made.delete()


def by_path(dataset, field):
    return dict(zip(*dataset.values(["filepath", field]), strict=True))


def test_the_folder_holds_every_file_of_the_layout(analysed, tmp_path):
    folder = tmp_path / "outputs"
    export_artifacts(analysed, folder)
    assert {path.name for path in folder.iterdir()} == {
        "embed_S.npz",
        "embed_U.npz",
        "umap3d_S.npy",
        "umap3d_U.npy",
        "nn_U_to_S.npy",
        "coverage.json",
        "kcenter_indices.json",
        "paths_S.json",
        "paths_U.json",
        "plot_3d.html",
    }
    picks = json.loads((folder / "kcenter_indices.json").read_text())
    paths = json.loads((folder / "paths_U.json").read_text())
    assert [paths[i] for i in picks["indices"]] == picks["paths"]
    ranked = analysed.match_tags("kcenter").sort_by("kcenter_rank")
    assert picks["paths"] == ranked.values("filepath")
    distance = by_path(analysed, "dist_to_S")
    np.testing.assert_allclose(np.load(folder / "nn_U_to_S.npy"), [distance[p] for p in paths])
    analysed.delete_sample_field("kcenter_radius")
    export_artifacts(analysed, tmp_path / "without radii")
    again = json.loads((tmp_path / "without radii" / "kcenter_indices.json").read_text())
    assert again["paths"] == picks["paths"]


def test_what_is_exported_comes_back_the_same(analysed, other, tmp_path):
    export_artifacts(analysed, tmp_path / "outputs")
    imported = import_artifacts(other, tmp_path / "outputs")
    assert (imported.owned, imported.pool, imported.missing_files) == (20, 12, 0)
    for field in FIELDS:
        assert by_path(other, field) == pytest.approx(by_path(analysed, field), abs=1e-6), field
    for field in ("embedding", "umap3d", "sphere"):
        mine, theirs = by_path(analysed, field), by_path(other, field)
        for path in mine:
            np.testing.assert_allclose(theirs[path], mine[path], atol=1e-6)
    path_of = dict(zip(*analysed.values(["id", "filepath"]), strict=True))
    their_path_of = dict(zip(*other.values(["id", "filepath"]), strict=True))
    for path, nearest in by_path(analysed, "nearest_S").items():
        if nearest is not None:
            assert their_path_of[by_path(other, "nearest_S")[path]] == path_of[nearest]
    assert other.has_brain_run("gapsphere")


def test_provisional_verdicts_come_back_the_same(loaded, encoder, other, tmp_path):
    loaded.match_tags("S").set_values("sequence", ["a"] * 10 + ["b"] * 10)
    found = find_gaps(loaded, GapParams(k=2, alpha=0.4, score="novelty"), encoder=encoder)
    assert found.covered.score == "novelty"
    export_artifacts(loaded, tmp_path / "outputs")
    doc = json.loads((tmp_path / "outputs" / "coverage.json").read_text())
    assert doc["n_gaps"] == found.covered.gaps
    assert doc["drives"] == found.covered.drives
    assert import_artifacts(other, tmp_path / "outputs").gaps == found.covered.gaps
    assert "(2 owned drives)\n" in str(show_results(other))
    assert by_path(other, "gap_verdict") == by_path(loaded, "gap_verdict")


def test_importing_twice_changes_nothing(analysed, other, tmp_path):
    export_artifacts(analysed, tmp_path / "outputs")
    import_artifacts(other, tmp_path / "outputs")
    import_artifacts(other, tmp_path / "outputs")
    assert len(other) == 32
    assert other.match_tags("kcenter").count() == 4


def test_picks_of_before_go_where_the_imported_folder_has_none(analysed, tmp_path):
    export_artifacts(analysed, tmp_path / "outputs")
    mine = analysed.match_tags("kcenter", bool=False).limit(1).values("id")
    analysed.select(mine).tag_samples("kcenter")
    (tmp_path / "outputs" / "kcenter_indices.json").unlink()
    imported = import_artifacts(analysed, tmp_path / "outputs")
    assert "those of the run before are taken back" in str(imported)
    assert not len(analysed.exists("kcenter_rank"))
    assert analysed.match_tags("kcenter").values("id") == mine
    with pytest.raises(EmptySetError, match="the folder that was imported has none"):
        picks.require(analysed, Names())
    assert not any(
        "picks" in line for line in import_artifacts(analysed, tmp_path / "outputs").warnings
    )


def test_the_smallest_folder_of_the_viewer_is_enough(other, make_images, tmp_path):
    folder = tmp_path / "outputs"
    folder.mkdir()
    rng = np.random.default_rng(2)
    for part, count in (("S", 5), ("U", 4)):
        images = sorted(str(path) for path in make_images(part, count).iterdir())
        (folder / f"paths_{part}.json").write_text(json.dumps(images))
        np.save(folder / f"umap3d_{part}.npy", rng.normal(size=(count, 3)))
    np.save(folder / "nn_U_to_S.npy", np.array([0.1, 0.2, 0.3, 0.78]))
    (folder / "coverage.json").write_text('{"delta": 0.78}')
    imported = import_artifacts(other, folder)
    assert "covering radius" in str(imported)
    assert imported.gaps == 1
    assert other.match({"is_gap": True}).values("dist_to_S") == [0.78]
    assert len(other.exists("sphere")) == 9
    assert not other.has_field("embedding")


@pytest.mark.parametrize("kept", ["", "S", "U"])
def test_an_analysis_without_embeddings_is_exported_and_comes_back(analysed, kept, tmp_path):
    made = [fo.Dataset(), fo.Dataset()]
    try:
        first, second = tmp_path / "first", tmp_path / "second"
        export_artifacts(analysed, first)
        for part in "SU":
            if part != kept:
                (first / f"embed_{part}.npz").unlink()
        import_artifacts(made[0], first)
        done = export_artifacts(made[0], second)
        gone = [part for part in "SU" if part != kept]
        said = [f"{part} has no embeddings, so embed_{part}.npz is not written." for part in gone]
        assert done.missing == said
        assert said[0] in str(done)
        assert {path.name for path in second.iterdir()} == {path.name for path in first.iterdir()}
        import_artifacts(made[1], second)
        for field in (*FIELDS, "gap_verdict", "umap3d", "sphere", *(["embedding"] if kept else [])):
            before, after = by_path(made[0], field), by_path(made[1], field)
            for path, value in before.items():
                if isinstance(value, (str, type(None))):
                    assert after[path] == value, field
                else:
                    np.testing.assert_allclose(after[path], value, atol=1e-6, err_msg=field)
    finally:
        for each in made:
            each.delete()


def test_embeddings_are_exported_where_all_that_was_placed_has_one(analysed, other, tmp_path):
    """Also where S has none, and another image of U came since and is embedded already."""
    export_artifacts(analysed, tmp_path / "first")
    (tmp_path / "first" / "embed_S.npz").unlink()
    import_artifacts(other, tmp_path / "first")
    new = fo.Sample("new.png", tags=["U"])
    new["embedding"] = other.exists("embedding").first().embedding
    other.add_sample(new)
    said = export_artifacts(other, tmp_path / "second").missing
    assert "1 image of U was not placed: left out." in said
    assert len(np.load(tmp_path / "second" / "embed_U.npz")["embeddings"]) == 12
    other.set_values(
        "embedding", {other.exists("sphere").match_tags("U").first().id: None}, key_field="id"
    )
    assert "U has 1 of 12 without embeddings" in str(export_artifacts(other, tmp_path / "third"))


def test_images_that_came_after_an_import_without_embeddings_are_left_out_and_said(
    analysed, other, tmp_path
):
    export_artifacts(analysed, tmp_path / "first")
    for name in ("embed_S.npz", "embed_U.npz", "kcenter_indices.json"):
        (tmp_path / "first" / name).unlink()
    import_artifacts(other, tmp_path / "first")
    other.add_samples([fo.Sample("new1.png", tags=["U"]), fo.Sample("new2.png", tags=["U"])])
    said = str(export_artifacts(other, tmp_path / "second"))
    assert "2 images of U were not placed" in said
    assert "kcenter_indices.json is not written" in said
    assert len(json.loads((tmp_path / "second" / "paths_U.json").read_text())) == 12


def test_an_imported_delta_is_kept_by_the_next_coverage(analysed, other, tmp_path):
    export_artifacts(analysed, tmp_path / "outputs")
    document = json.loads((tmp_path / "outputs" / "coverage.json").read_text())
    document["delta"] = 0.0123
    (tmp_path / "outputs" / "coverage.json").write_text(json.dumps(document))
    import_artifacts(other, tmp_path / "outputs")
    assert compute_coverage(other).delta == 0.0123


def test_exporting_before_a_step_ran_says_which(loaded, encoder, tmp_path):
    with pytest.raises(EmptySetError, match="run compute_embeddings first"):
        export_artifacts(loaded, tmp_path / "o")
    compute_embeddings(loaded, encoder=encoder)
    with pytest.raises(EmptySetError, match="run compute_sphere first"):
        export_artifacts(loaded, tmp_path / "o")


def test_distances_to_an_image_of_s_that_is_gone_are_said_to_be_of_before(analysed, tmp_path):
    assert not export_artifacts(analysed, tmp_path / "whole").missing
    owned, pool = analysed.match_tags("S"), analysed.match_tags("U")
    analysed.delete_samples(pool.first())
    assert not export_artifacts(analysed, tmp_path / "without a candidate").missing
    analysed.delete_samples(owned.first())
    (said,) = export_artifacts(analysed, tmp_path / "without an owned image").missing
    assert "nn_U_to_S.npy holds distances to S as it was. Run compute_coverage again" in said


def test_distances_of_a_candidate_that_was_embedded_again_are_said_to_be_of_before(
    analysed, tmp_path
):
    sample = analysed.match_tags("U").first()
    for attempt in ("first", "second"):
        sample.embedding = np.roll(sample.embedding, 1)
        sample.save()
        if attempt == "second":
            (said,) = export_artifacts(analysed, tmp_path / "o").missing
            assert "1 candidate has another vector than compute_coverage saw" in said
        compute_coverage(analysed)
        assert not export_artifacts(analysed, tmp_path / attempt).missing


def test_a_file_of_two_samples_is_said_since_an_import_refuses_it(analysed, other, tmp_path):
    owned, pool = analysed.match_tags("S").first(), analysed.match_tags("U").first()
    pool.filepath = owned.filepath
    pool.save()
    (said,) = export_artifacts(analysed, tmp_path / "outputs").missing
    assert said.startswith(f"1 file belongs to more than one sample, such as {owned.filepath}")
    with pytest.raises(InputError, match="both S and U"):
        import_artifacts(other, tmp_path / "outputs")


def test_an_analysis_is_replaced_only_when_asked(analysed, tmp_path):
    export_artifacts(analysed, tmp_path / "o")
    with pytest.raises(ArtifactError, match="allow overwriting"):
        export_artifacts(analysed, tmp_path / "o")
    export_artifacts(analysed, tmp_path / "o", overwrite=True)


def test_a_folder_that_does_not_fit_together_changes_nothing(analysed, other, tmp_path):
    folder = Path(tmp_path / "o")
    export_artifacts(analysed, folder)
    np.save(folder / "umap3d_U.npy", np.zeros((3, 3), np.float32))
    with pytest.raises(ArtifactError, match=r"umap3d_U\.npy has 3 rows"):
        import_artifacts(other, folder)
    assert len(other) == 0


def test_vectors_of_an_encoder_are_not_replaced_in_silence(analysed, tmp_path):
    folder = tmp_path / "o"
    export_artifacts(analysed, folder)
    before, places = by_path(analysed, "embedding"), by_path(analysed, "sphere")
    rows = np.load(folder / "embed_U.npz")["embeddings"]
    np.savez(folder / "embed_U.npz", embeddings=np.roll(rows, 1, axis=1))
    (folder / "nn_U_to_S.npy").unlink()
    np.save(
        folder / "nn_U_to_S.npy",
        (1 - np.roll(rows, 1, axis=1) @ np.load(folder / "embed_S.npz")["embeddings"].T).min(1),
    )
    with pytest.raises(MismatchError, match=r"holds vectors of test:colour, .* with a suffix"):
        import_artifacts(analysed, folder)
    for path, vector in before.items():
        np.testing.assert_array_equal(by_path(analysed, "embedding")[path], vector)
        np.testing.assert_array_equal(by_path(analysed, "sphere")[path], places[path])
    import_artifacts(analysed, folder, suffix="theirs")
    assert len(analysed.exists("embedding_theirs")) == 32


def test_a_folder_with_the_vectors_that_are_there_leaves_their_encoder(analysed, encoder, tmp_path):
    export_artifacts(analysed, tmp_path / "o")
    analysed.match_tags("U").limit(1).untag_samples("U")
    moved = analysed.match_tags(["S", "U"], bool=False).first()
    moved.tags.append("S")
    moved.save()
    said = str(import_artifacts(analysed, tmp_path / "o"))
    assert "1 image moved to U from the other set." in said
    assert compute_embeddings(analysed, EmbeddingParams(), encoder=encoder).known == 32
    assert compute_coverage(analysed).delta_source.startswith("the run of")


def test_a_folder_of_more_images_fills_up_vectors_that_are_the_same(
    analysed, other, encoder, tmp_path
):
    export_artifacts(analysed, tmp_path / "o")
    files = analysed.values("filepath")
    load_images(other, files[:19], files[20:30])
    compute_embeddings(other, encoder=encoder)
    import_artifacts(other, tmp_path / "o")
    vectors, there = by_path(analysed, "embedding"), by_path(other, "embedding")
    for path, vector in vectors.items():
        np.testing.assert_allclose(there[path], vector, atol=1e-6)
    again = compute_embeddings(other, EmbeddingParams(), encoder=encoder)
    assert (again.known, again.by_others) == (32, 3)


@pytest.mark.parametrize("damaged", [[np.nan] * 48, [1.0, 0.0]])
def test_a_second_import_puts_right_what_was_damaged(analysed, other, tmp_path, damaged):
    export_artifacts(analysed, tmp_path / "o")
    import_artifacts(other, tmp_path / "o")
    sample = other.first()
    sample.embedding = np.array(damaged, np.float32)
    sample.save()
    import_artifacts(other, tmp_path / "o")
    before = by_path(analysed, "embedding")[sample.filepath]
    np.testing.assert_array_equal(by_path(other, "embedding")[sample.filepath], before)


def test_vectors_of_two_folders_never_share_a_field(analysed, other, tmp_path):
    folder = tmp_path / "o"
    export_artifacts(analysed, folder)
    import_artifacts(other, folder)
    analysed.delete_samples(analysed.match_tags("U").limit(3))
    analysed.set_values("embedding", [-1 * each for each in analysed.values("embedding")])
    compute_coverage(analysed)
    export_artifacts(analysed, tmp_path / "second")
    assert "3 images not listed in the folder lost" in str(
        import_artifacts(other, tmp_path / "second")
    )
    assert len(other.exists("embedding")) == 29
    assert len(other) == 32


def test_a_folder_among_the_images_is_refused_before_anything_is_written(analysed, other, tmp_path):
    export_artifacts(analysed, tmp_path / "o")
    listed = json.loads((tmp_path / "o" / "paths_U.json").read_text())
    (tmp_path / "o" / "paths_U.json").write_text(
        json.dumps([str(Path(listed[0]).parent), *listed[1:]])
    )
    (tmp_path / "o" / "kcenter_indices.json").unlink()
    with pytest.raises(ArtifactError, match=r"paths_U\.json lists .*no image file \(folders\)"):
        import_artifacts(other, tmp_path / "o")
    assert len(other) == 0


@pytest.mark.parametrize("row", ["linked", "front.mp4"])
def test_a_row_is_an_image_that_no_other_row_is(analysed, other, tmp_path, row):
    folder = Path(tmp_path / "o")
    export_artifacts(analysed, folder)
    _, *rest = json.loads((folder / "paths_U.json").read_text())
    (tmp_path / "linked").symlink_to(Path(rest[0]).parent)
    (tmp_path / "front.mp4").write_bytes(b"")
    path = tmp_path / row / Path(rest[0]).name if row == "linked" else tmp_path / row
    (folder / "paths_U.json").write_text(json.dumps([str(path), *rest]))
    with pytest.raises(ArtifactError, match=r"paths_U\.json lists .*: one row per image"):
        import_artifacts(other, folder)
    assert len(other) == 0
