"""A cache as samples: fields, maps, cards, a second import, a kill, decisions out and in again."""

import csv
import json
import os
import signal
import unicodedata
import zipfile
from pathlib import Path
from urllib.parse import quote

import fiftyone as fo
import numpy as np
import pytest
from gapsphere.plugin.dataset.gaps.coverage.coverage import compute_coverage
from gapsphere.plugin.dataset.gaps.images.load import load_images
from gapsphere.plugin.dataset.gaps.picks.picks import select_kcenter
from gapsphere.plugin.dataset.gaps.vectors.embed import compute_embeddings
from gapsphere.plugin.dataset.rationales import map as cache_map
from gapsphere.plugin.dataset.rationales import samples
from gapsphere.plugin.dataset.rationales.decisions import decide, undo
from gapsphere.plugin.dataset.rationales.export import export_reviews
from gapsphere.plugin.dataset.rationales.failures import rank_gaps_by_failures
from gapsphere.plugin.dataset.rationales.import_cache import import_feature_cache
from gapsphere.plugin.dataset.spec.export import export_visual_spec
from gapsphere.plugin.dataset.store import runs
from gapsphere.plugin.dataset.store.database import counted
from gapsphere.plugin.dataset.store.insert import insert
from gapsphere.plugin.dataset.store.names import Names
from gapsphere.plugin.dataset.store.vectors.judged import failed_there
from gapsphere.plugin.errors import (
    ArtifactError,
    Cancelled,
    EmptySetError,
    InputError,
    MismatchError,
)
from gapsphere.plugin.interchange.files import checked
from gapsphere.plugin.settings.rationales import (
    FailureParams,
    FeatureCacheParams,
    ReviewExportParams,
)
from gapsphere.plugin.settings.spec import SpecParams
from gapsphere.plugin.settings.steps import CoverageParams, KCenterParams
from gapsphere.tests.support.killed import ended, forked
from gapsphere.tests.support.made_cache import CORRECT, EVERY, MIS, make_cache
from PIL import Image

CORRECT_SET = {
    "owned": "field:prediction_status=correct",
    "pool": "field:prediction_status=misclassified",
}
FIELDS = ("ground_truth.label", "prediction_status", "llm_score", "llm_rationale", "slope", "tags")
HEADER = "file_name,ground_truth_num_label,ground_truth_word_label,ground_truth_L2_num_label"


@pytest.fixture
def cache(tmp_path):
    return make_cache(tmp_path / "cache", 120, dimension=8)


def bring(dataset, cache, **settings):
    imported = import_feature_cache(dataset, FeatureCacheParams(cache_dir=str(cache), **settings))
    dataset.reload()
    return imported


def by_name(dataset, field):
    return dict(zip(*dataset.values(["file_name", field]), strict=True))


def table(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def rewrite(path, change):
    rows = table(path)
    header = list(rows[0])
    change(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, header)
        writer.writeheader()
        writer.writerows(rows)


def test_every_cell_of_the_cache_is_on_its_sample(dataset, cache):
    bring(dataset, cache)
    rows = {row["file_name"]: row for row in table(cache / "metadata.csv")}
    assert len(dataset) == 120
    for sample in dataset:
        row = rows[sample.file_name]
        assert sample.ground_truth.label == row["ground_truth_word_label"]
        assert sample.ground_truth_num_label == int(row["ground_truth_num_label"])
        assert (sample.site or "") == row["site"]
        assert sample.year == int(row["year"])
        assert sample.slope == (float(row["slope"]) if row["slope"] else None)
        assert sample.surveyed == (row["surveyed"] == "True")
        assert (sample.remark or "") == row["remark"]
    for name, status in ((MIS, "misclassified"), (CORRECT, "correct")):
        for row in table(cache / name):
            sample = dataset.one(fo.ViewField("file_name") == row["file_name"])
            said = json.loads(row["rationale"])
            assert (sample.prediction_status, sample.llm_score, sample.llm_rationale) == (
                status,
                said["score"],
                said["rationale"],
            )
    assert dataset.count_values("prediction_status")["unknown"] == 12
    for row in table(cache / "scores_centroid.csv")[:20]:
        sample = dataset.one(fo.ViewField("file_name") == row["file_name"])
        assert sample.sim_to_centroid == float(row["sim_to_centroid"])
        assert sample.is_bottom_5pct == (row["is_bottom_5pct"] == "True")


def test_arrays_land_on_the_samples_of_their_rows(dataset, cache):
    import torch

    bring(dataset, cache)
    names = [row["file_name"] for row in table(cache / "metadata.csv")]
    vectors = torch.load(cache / "embeddings.pt", weights_only=True).numpy()
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    points = np.load(cache / "vis_umap_coords.npy")
    held = by_name(dataset, "embedding")
    np.testing.assert_allclose([held[name] for name in names], vectors, atol=1e-6)
    run = dataset.load_brain_results("feature_cache")
    of = by_name(dataset, "id")
    row = {sample_id: i for i, sample_id in enumerate(run.sample_ids)}
    np.testing.assert_allclose([run.points[row[of[name]]] for name in names], points, atol=1e-5)
    sphere = dataset.load_brain_results("gapsphere")
    places = by_name(dataset, "sphere")
    assert sphere.points.shape == (120, 3)
    id_of = {value: key for key, value in of.items()}
    for sample_id, place in zip(sphere.sample_ids, sphere.points, strict=True):
        np.testing.assert_allclose(places[id_of[sample_id]], place, atol=1e-6)


def test_three_coordinates_are_their_own_free_projection(dataset, tmp_path):
    bring(dataset, make_cache(tmp_path / "cache", 40, width=3, dimension=8))
    assert dataset.load_brain_results("feature_cache").points.shape == (40, 3)
    points = np.array(dataset.values("umap3d"))
    names = [row["file_name"] for row in table(tmp_path / "cache" / "metadata.csv")]
    free = dict(zip(names, np.load(tmp_path / "cache" / "vis_umap_coords.npy"), strict=True))
    np.testing.assert_allclose(points, [free[n] for n in dataset.values("file_name")], atol=1e-6)
    lengths = np.linalg.norm(dataset.values("sphere"), axis=1)
    np.testing.assert_allclose(lengths, 1, atol=1e-6)


def test_the_steps_run_on_an_imported_cache(dataset, cache):
    bring(dataset, cache)
    covered = compute_coverage(dataset, CoverageParams(**CORRECT_SET))
    statuses = dataset.count_values("prediction_status")
    assert (covered.owned, covered.candidates) == (
        statuses["correct"],
        statuses["misclassified"],
    )
    select_kcenter(dataset, KCenterParams(k=3, **CORRECT_SET))
    there = compute_embeddings(dataset)  # where find_gaps begins: no encoder may be opened
    assert (there.done, there.known) == (0, 120)


def test_a_split_column_becomes_the_two_sets(dataset, cache):
    rewrite(
        cache / "metadata.csv",
        lambda rows: [r.update(site="SU"[i % 2]) for i, r in enumerate(rows)],
    )
    text = (cache / "metadata.csv").read_text().replace(",site,", ",split,", 1)
    (cache / "metadata.csv").write_text(text)
    bring(dataset, cache)
    assert dataset.count_sample_tags() == {"S": 60, "U": 60}


def test_importing_again_updates_and_never_duplicates(dataset, cache):
    first = bring(dataset, cache)
    ids, labels = by_name(dataset, "id"), by_name(dataset, "ground_truth.id")
    changed = dataset.values("file_name")[0]

    def change(rows):
        rows[0]["ground_truth_word_label"], rows[0]["site"], rows[1]["slope"] = "Fen", "new", ""

    rewrite(cache / "metadata.csv", change)
    rewrite(cache / MIS, lambda rows: rows[0].update(rationale="gone"))
    again = bring(dataset, cache)
    assert (first.added, first.updated, again.added, again.updated) == (120, 0, 0, 120)
    assert by_name(dataset, "id") == ids
    assert by_name(dataset, "ground_truth.label")[changed] == "Fen"
    kept = by_name(dataset, "ground_truth.id")
    assert {n for n in kept if kept[n] != labels[n]} == {changed}
    assert by_name(dataset, "site")[changed] == "new"
    assert by_name(dataset, "slope")[dataset.values("file_name")[1]] is None
    name = table(cache / MIS)[0]["file_name"]
    assert by_name(dataset, "llm_score")[name] is None
    assert by_name(dataset, "llm_raw")[name] == "gone"


def test_a_kill_in_the_middle_is_mended_by_running_again(dataset, cache, monkeypatch):
    monkeypatch.setattr("gapsphere.plugin.dataset.rationales.samples.BLOCK", 50)

    def stop_after_one(done, total):
        if done >= 50 and total == 120:
            raise Cancelled("stop")

    params = FeatureCacheParams(cache_dir=str(cache))
    with pytest.raises(Cancelled):
        import_feature_cache(dataset, params, report=lambda stage: stop_after_one)
    assert 0 < len(dataset) < 120
    again = bring(dataset, cache)
    assert (again.added, again.updated) == (70, 50)
    assert len(dataset.exists("embedding")) == len(dataset.exists("sphere")) == 120
    assert dataset.load_brain_results("feature_cache").points.shape == (120, 2)


def die_at(module, name, number):
    """From now on, this process is killed as it calls a function for the ``number``-th time."""
    whole, calls = getattr(module, name), []

    def run(*given, **named):
        calls.append(name)
        if len(calls) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return whole(*given, **named)

    setattr(module, name, run)


@pytest.mark.crash
@pytest.mark.parametrize(
    ("moment", "left"),
    [
        ((checked.os, "replace", 70), 40),
        ((samples, "insert", 3), 80),
        ((cache_map, "register", 2), 120),
    ],
    ids=["a drawn card has no name yet", "two blocks are written", "the sphere is not there yet"],
)
def test_after_a_kill_at_any_moment_an_import_completes_it(dataset, cache, moment, left):
    def work():
        samples.BLOCK = 40
        die_at(*moment)
        bring(dataset, cache)

    assert ended(forked(work)) == -signal.SIGKILL
    dataset.reload()
    assert counted(dataset) == left
    again = bring(dataset, cache)
    assert (again.added, again.updated) == (120 - left, left)
    assert counted(dataset) == len(set(dataset.values("file_name"))) == 120
    plain = fo.Dataset()
    try:
        bring(plain, cache)
        for field in (*FIELDS, "embedding", "sphere"):
            held, wanted = by_name(dataset, field), by_name(plain, field)
            assert {n: str(v) for n, v in held.items()} == {n: str(v) for n, v in wanted.items()}
    finally:
        plain.delete()
    for run in ("feature_cache", "gapsphere"):
        ids = dataset.load_brain_results(run).sample_ids
        assert sorted(ids) == sorted(dataset.values("id"))
    shown = {Path(path) for path in dataset.values("filepath")}
    folder = Path(again.cards_folder)
    assert {path for path in folder.rglob("*") if path.is_file()} == shown


def test_decisions_survive_a_second_import_and_return_with_an_export(dataset, cache, tmp_path):
    bring(dataset, cache)
    first, second, third = dataset.match_tags("x", bool=False).limit(3).values("id")
    decide(dataset, first, "agree", note='=1+1, "quoted"\nline')
    decide(dataset, second, "relabel", "Fen")
    decide(dataset, third, "unsure")
    undo(dataset)
    bring(dataset, cache)
    assert dataset.count_values("review_decision") == {None: 118, "agree": 1, "relabel": 1}
    done = export_reviews(dataset, ReviewExportParams(folder=str(tmp_path / "out")))
    assert (done.decided, done.samples, len(done.files)) == (2, 120, 3)
    decided = by_name(dataset, "review_decision")
    for name in ("metadata.csv", MIS, CORRECT):
        before, after = table(cache / name), table(tmp_path / "out" / name)
        assert [row["file_name"] for row in after] == [row["file_name"] for row in before]
        for row in after:
            assert row["review_decision"] == (decided[row["file_name"]] or "")
    decide(dataset, first, "disagree")
    bring(dataset, tmp_path / "out")  # what was exported is older than what is decided here
    assert dataset[first].review_decision == "disagree"
    undo(dataset)
    other = fo.Dataset()
    try:
        bring(other, tmp_path / "out")
        fields = ("review_decision", "review_label", "review_note", "review_time", "remark")
        for field in fields:
            assert by_name(other, field) == by_name(dataset, field), field
        decide(other, other.first().id, "disagree")
        assert undo(other) is not None
    finally:
        other.delete()


def test_decisions_of_another_dataset_come_to_samples_that_nobody_decided_on(
    dataset, cache, tmp_path
):
    bring(dataset, cache)
    ids = by_name(dataset, "id")
    names = sorted(ids)[:4]
    for name in names[:3]:
        decide(dataset, ids[name], "relabel", "Fen", note=name)
    out = tmp_path / "out"
    export_reviews(dataset, ReviewExportParams(folder=str(out)))

    def told(rows):
        for row in rows:
            if row["file_name"] == names[3]:
                row["review_decision"] = "Agreed"

    rewrite(out / "metadata.csv", told)
    other = fo.Dataset()
    try:
        bring(other, cache)
        here = by_name(other, "id")
        decide(other, here[names[0]], "relabel", "Bog", note=names[0])
        found = bring(other, out).findings
        assert sum("another one here, which stays" in line for line in found) == 1
        assert sum(f"'{names[3]}: Agreed'" in line for line in found) == 1
        decided = dict.fromkeys(names[:3], "relabel") | {names[3]: None}
        assert {n: by_name(other, "review_decision")[n] for n in names} == decided
        assert by_name(other, "review_label")[names[0]] == "Bog"
        for field in ("review_label", "review_note", "review_time"):
            theirs = by_name(dataset, field)
            assert [by_name(other, field)[n] for n in names[1:3]] == [theirs[n] for n in names[1:3]]
        clear = {here[names[1]]: None}  # as an import leaves it that is stopped before the end
        other.set_values("review_decision", clear, key_field="id")
        bring(other, out)
        assert {n: by_name(other, "review_decision")[n] for n in names} == decided
    finally:
        other.delete()


def test_an_export_is_of_the_last_import_whatever_its_suffix(dataset, cache, tmp_path):
    bring(dataset, cache)
    second = make_cache(tmp_path / "second", 30, dimension=8)
    bring(dataset, second, suffix="b")
    last = dataset.match({"file_name": sorted(dataset.values("file_name"))[-1]}).first()
    decide(dataset, last.id, "agree")
    done = export_reviews(dataset, ReviewExportParams(folder=str(tmp_path / "out")))
    assert "1 decision is not written, of samples that these tables do not list" in str(done)
    assert len(table(tmp_path / "out" / "metadata.csv")) == 30
    bring(dataset, cache)
    done = export_reviews(dataset, ReviewExportParams(folder=str(tmp_path / "again")))
    assert (done.decided, done.unlisted) == (1, 0)
    assert len(table(tmp_path / "again" / "metadata.csv")) == 120


def test_an_export_is_never_written_over_a_table_that_is_there(dataset, cache, tmp_path):
    with pytest.raises(EmptySetError, match="No feature cache was imported"):
        export_reviews(dataset)
    bring(dataset, cache)
    for overwrite in (False, True):
        with pytest.raises(InputError, match="is the cache itself"):
            export_reviews(dataset, ReviewExportParams(folder=str(cache), overwrite=overwrite))
    out = ReviewExportParams(folder=str(tmp_path / "out"), reviewed_only=True)
    decide(dataset, dataset.first().id, "agree")
    export_reviews(dataset, out)
    assert len(table(tmp_path / "out" / "metadata.csv")) == 1
    with pytest.raises(InputError, match="is there already"):
        export_reviews(dataset, out)
    cache.rename(tmp_path / "moved")
    with pytest.raises(ArtifactError, match="the folder the cache is in now"):
        export_reviews(dataset, out.model_copy(update={"overwrite": True}))
    moved = {"overwrite": True, "cache_dir": str(tmp_path / "moved")}
    export_reviews(dataset, out.model_copy(update=moved))


def test_without_images_every_sample_has_a_card_that_follows_its_content(dataset, cache):
    bring(dataset, cache)
    before = by_name(dataset, "filepath")
    for path in before.values():
        with Image.open(path) as image:
            assert image.size == (320, 240)
    name = table(cache / MIS)[0]["file_name"]
    rewrite(cache / MIS, lambda rows: rows[0].update(rationale='{"score": 9, "rationale": ""}'))
    again = bring(dataset, cache)
    after = by_name(dataset, "filepath")
    assert {n for n in after if after[n] != before[n]} == {name}
    assert again.cards == 1
    with pytest.raises(FileNotFoundError):
        Image.open(before[name])


def test_images_take_the_place_of_their_cards_and_links_out_are_left_out(dataset, cache, tmp_path):
    bring(dataset, cache)
    names = dataset.values("file_name")
    images = tmp_path / "images"
    for name in names[:110]:
        path = images / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / "secret.jpg").touch()
    (images / names[0]).unlink()
    (images / names[0]).symlink_to(tmp_path / "secret.jpg")
    imported = bring(dataset, cache, image_dir=str(images))
    paths = by_name(dataset, "filepath")
    assert (imported.updated, imported.missing_images, imported.earlier) == (119, 10, 1)
    assert any("link that leads out" in line for line in imported.findings)
    assert paths[names[5]] == str(images / names[5])
    assert paths[names[115]].endswith(".png")
    assert len(dataset) == 120


def test_images_loaded_before_are_found_by_their_path(dataset, cache, tmp_path):
    name = table(cache / "metadata.csv")[3]["file_name"]
    path = tmp_path / "images" / name
    path.parent.mkdir(parents=True)
    path.touch()
    dataset.add_sample(fo.Sample(str(path), tags=["U"]))
    imported = bring(dataset, cache, image_dir=str(tmp_path / "images"))
    assert (imported.added, imported.updated) == (119, 1)
    assert dataset[str(path)].tags == ["U"]
    assert dataset[str(path)].file_name == name


def test_images_that_were_loaded_through_a_link_are_found_and_keep_their_path(
    dataset, cache, tmp_path
):
    folder = tmp_path / "images" / "2019_2023"
    folder.mkdir(parents=True)
    for row in table(cache / "metadata.csv")[:5]:
        Image.new("RGB", (8, 8)).save(tmp_path / "images" / row["file_name"])
    (tmp_path / "linked").symlink_to(tmp_path / "images")
    load_images(dataset, str(tmp_path / "linked"))
    before = dataset.values("filepath")
    imported = bring(dataset, cache, image_dir=str(tmp_path / "linked"))
    assert (imported.updated, imported.added) == (5, 115)
    assert dataset.limit(5).values("filepath") == before


def test_a_split_tags_what_is_in_neither_set_and_says_what_is_in_the_other(dataset, tmp_path):
    names = ["a.jpg", "b.jpg", "c.jpg"]
    text = "\n".join(["file_name", *names, ""])
    (tmp_path / "metadata.csv").write_text(text)
    bring(dataset, tmp_path)
    dataset.limit(1).tag_samples("U")
    rows = [f"{name},{split}" for name, split in zip(names, "SSU", strict=True)]
    (tmp_path / "metadata.csv").write_text("\n".join(["file_name,split", *rows, ""]))
    for _ in range(2):
        found = bring(dataset, tmp_path).findings
        assert dataset.values("tags") == [["U"], ["S"], ["U"]]
        assert any("1 split left out" in line and "'a.jpg'" in line for line in found)
    field = dataset.get_field("tags")
    dataset.limit(2).untag_samples(["S", "U"])
    for read_only in (True, False):  # no import ends half way for that
        field.read_only = read_only
        field.save()
        found = bring(dataset, tmp_path).findings
        assert any("2 splits left out: the tags" in line for line in found) == read_only
    assert dataset.values("tags") == [["S"], ["S"], ["U"]]


def test_tables_that_nobody_named_are_said(dataset, cache):
    (cache / MIS).rename(cache / "mis_other.csv")
    found = bring(dataset, cache).findings
    assert sum("1 table of rationales not read" in line for line in found) == 1
    assert any("'mis_other.csv'" in line for line in found)
    assert not bring(dataset, cache, mis_csv="mis_other.csv", correct_csv=CORRECT).findings


def test_a_table_of_rationales_is_found_by_an_address_and_in_either_form_of_unicode(dataset, cache):
    names = {}
    for table_name, kind in ((MIS, "mis"), (CORRECT, "correct")):
        names[kind] = cache / f"{kind}_{unicodedata.normalize('NFD', '답')}.csv"
        (cache / table_name).rename(names[kind])
    named = {
        "mis_csv": unicodedata.normalize("NFC", names["mis"].name),
        "correct_csv": f"file://{quote(unicodedata.normalize('NFC', str(names['correct'])))}",
    }
    bring(dataset, cache, **named)
    counts = dataset.count_values("prediction_status")
    assert counts["unknown"] == 12
    assert {"correct", "misclassified"} < set(counts)


def test_an_address_becomes_a_media_field_and_a_bad_one_is_refused(dataset, cache):
    bring(dataset, cache, image_root="https://images.example/a b/".replace(" ", "%20"))
    name = dataset.first().file_name
    assert dataset.first().image_url == f"https://images.example/a%20b/{name}"
    assert dataset.app_config.media_fields == ["filepath", "image_url"]
    assert dataset.app_config.grid_media_field == "image_url"
    for root in ("file:///etc", "javascript:alert(1)", "//host/x", "https://", "https://a b/"):
        with pytest.raises(InputError, match="not an address"):
            bring(dataset, cache, image_root=root)
    with pytest.raises(InputError, match="password"):
        bring(dataset, cache, image_root="https://me:secret@host/")


def test_colours_and_shown_fields_are_those_asked_for(dataset, cache):
    bring(dataset, cache, color_by="site", hover="file_name, year")
    config = dataset.app_config
    assert config.color_scheme.fields[0]["path"] == "site"
    assert config.active_fields.paths == ["year"]  # the cards say the file's name themselves
    assert dataset.list_workspaces() == ["Feature cache"]


def test_colours_of_an_import_stay_its_own_where_the_next_is_interrupted(dataset, cache):
    def stop(stage):
        def report(done, total):
            if stage == "Samples":
                raise Cancelled("stop")

        return report

    def colours():
        return dataset.app_config.color_scheme.fields[0]["path"]

    bring(dataset, cache, color_by="site")
    for other in ("year", "slope"):
        with pytest.raises(Cancelled):
            import_feature_cache(
                dataset, FeatureCacheParams(cache_dir=str(cache), color_by=other), report=stop
            )
    assert colours() == "site"
    bring(dataset, cache, color_by="year")
    assert colours() == "year"
    dataset.app_config.color_scheme = fo.ColorScheme(color_pool=["#123456"])
    dataset.save()
    bring(dataset, cache, color_by="site")
    assert dataset.app_config.color_scheme.color_pool == ["#123456"]


def test_nothing_is_written_where_something_is_wrong(dataset, cache):
    with pytest.raises(InputError, match="color_by: there is no 'nobody'; known: file_name"):
        bring(dataset, cache, color_by="nobody")
    with pytest.raises(InputError, match="hover: there is no 'nobody'"):
        bring(dataset, cache, hover="file_name,nobody")
    np.save(cache / "vis_umap_coords.npy", np.zeros((3, 2)))
    with pytest.raises(ArtifactError, match="120 rows"):
        bring(dataset, cache)
    assert len(dataset) == 0
    assert not dataset.list_runs()


def test_columns_that_bear_our_names_get_others(dataset, tmp_path):
    header = f"{HEADER},embedding,filepath,llm_score,ground_truth,tags,2nd,a b,a-b"
    (tmp_path / "metadata.csv").write_text(f"{header}\na.jpg,1,x,1" + ",7" * 8 + "\n")
    bring(dataset, tmp_path)
    sample = dataset.first()
    for field in ("embedding", "filepath", "llm_score", "ground_truth", "tags", "2nd"):
        assert sample[f"csv_{field}"] == 7
    assert (sample["a_b"], sample["a_b_2"]) == (7, 7)
    assert sample.prediction_status == "unknown"


def test_a_field_of_another_type_is_refused_and_a_narrower_one_widened(dataset, cache):
    bring(dataset, cache)
    rewrite(cache / "metadata.csv", lambda rows: rows[0].update(site="7"))
    rewrite(cache / "metadata.csv", lambda rows: [row.update(slope="3") for row in rows])
    bring(dataset, cache)
    assert set(dataset.values("slope")) == {3.0}
    rewrite(cache / "metadata.csv", lambda rows: rows[0].update(year="unknown"))
    with pytest.raises(InputError, match="'year' of another type"):
        bring(dataset, cache)


def test_vectors_of_an_encoder_are_not_replaced_in_silence(loaded, encoder, cache):
    compute_embeddings(loaded, encoder=encoder)
    with pytest.raises(MismatchError, match="Import with a suffix"):
        bring(loaded, cache)
    bring(loaded, cache, suffix="cache")
    assert len(loaded.exists("embedding_cache")) == 120
    assert loaded.has_brain_run("feature_cache_cache")


def test_vectors_of_another_cache_never_mix(dataset, cache, tmp_path):
    bring(dataset, cache)
    fingerprint = runs.read(dataset, Names(), "embeddings").inputs["fingerprint"]
    other = make_cache(tmp_path / "other", 60, dimension=5, seed=7)
    imported = bring(dataset, other)
    assert imported.earlier == 60
    assert {len(v) for v in dataset.exists("embedding").values("embedding")} == {5}
    assert runs.read(dataset, Names(), "embeddings").inputs["fingerprint"] != fingerprint


def test_two_models_stand_side_by_side(dataset, cache):
    for name in (MIS, CORRECT):
        (cache / name.replace("Qwen_Qwen3-VL-4B-Instruct", "Gemma-3")).write_bytes(
            (cache / name).read_bytes()
        )
    bring(
        dataset,
        cache,
        mis_csv=f"{MIS},mis_Gemma-3.csv",
        correct_csv=f"{CORRECT},correct_Gemma-3.csv",
    )
    for field in ("prediction_status", "llm_score", "llm_rationale"):
        assert dataset.values(field) == dataset.values(f"{field}_gemma_3")
    assert runs.read(dataset, Names(), "feature_cache").inputs["models"][1]["suffix"] == "gemma_3"


def test_the_cache_with_every_defect_imports_what_can_be_used(dataset, tmp_path):
    imported = bring(dataset, make_cache(tmp_path / "cache", 2000, defects=EVERY))
    assert imported.added == len(dataset) == 2000 - EVERY.duplicates - EVERY.escaping
    assert imported.embedded == imported.added - EVERY.nan_vectors
    assert len(dataset.exists("sphere")) == imported.placed == imported.added - EVERY.nan_places
    assert dataset.count_values("prediction_status")["ambiguous"] == EVERY.ambiguous
    kept = dataset.exists("llm_raw").match(fo.ViewField("prediction_status") != "ambiguous")
    assert len(kept) == EVERY.broken - 9  # nine cells are empty
    assert "metadata.csv  7 rows left out" in str(imported)
    assert f"cards drawn in place of images, in {imported.cards_folder}" in str(imported)


def test_answers_that_were_not_read_in_full_can_be_found_and_are_counted(dataset, tmp_path):
    answers = {
        "fine.png": '{"score": 0.5, "rationale": "x"}',
        "bytes.png": "{'score': 0.8, 'rationale': b'x'}",
        "half.png": '{"score": 0.8, "rationale": "car \\ud83d"}',
        "cut.png": '{"score": 0.7, "ration',
        "percent.png": '{"score": "85%", "rationale": "x"}',
        "scale.png": '{"score": 85, "rationale": "x"}',
    }
    (tmp_path / "metadata.csv").write_text(
        HEADER + "".join(f"\n{name},0,x,0" for name in answers), encoding="utf-8"
    )
    for name, said in ((MIS, answers), (CORRECT, {"cut.png": "{'score': 0.1}"})):
        with (tmp_path / name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("file_name", "rationale"), *said.items()])
    imported = bring(dataset, tmp_path)
    problems = by_name(dataset, "llm_problem")
    assert problems == dict.fromkeys(answers) | {
        "bytes.png": "rationale is not text",
        "half.png": "half a character in it",
        "cut.png": "broken JSON; no rationale",
    }
    assert len(dataset.exists("llm_problem")) == 3
    assert by_name(dataset, "llm_raw")["half.png"] == answers["half.png"]
    said = str(imported)
    assert "say why in the field 'llm_problem'" in said
    assert "1 score read from another notation" in said
    assert "1 score outside 0 to 1, which order the review as they are" in said


def ranked(dataset, cache):
    bring(dataset, cache)
    compute_coverage(dataset, CoverageParams(**CORRECT_SET, delta=0.001))
    return rank_gaps_by_failures(dataset, FailureParams(neighbors=9))


def test_gaps_are_ranked_by_the_failures_around_them(dataset, cache):
    result = ranked(dataset, cache)
    dataset.reload()
    rows = {s.id: s for s in dataset}
    judged = [s for s in rows.values() if s.prediction_status in ("correct", "misclassified")]
    overall = np.mean([s.prediction_status == "misclassified" for s in judged])
    for sample in dataset.exists("dist_to_S"):
        others = [s for s in judged if s.id != sample.id]
        others.sort(key=lambda s, v=sample.embedding: float(np.linalg.norm(s.embedding - v)))
        wrong = sum(s.prediction_status == "misclassified" for s in others[:9])
        assert sample.failure_rate == pytest.approx((wrong + 2 * overall) / 11)
    gaps = dataset.exists("failure_rank").sort_by("failure_rank")
    assert gaps.values("failure_rank") == list(range(1, result.gaps + 1))
    order = [(-s.failure_rate, -s.dist_to_S) for s in gaps]
    assert order == sorted(order)
    assert set(gaps.values("is_gap")) == {True}
    assert result.judged == len(judged)


def test_a_persons_decision_corrects_what_the_tables_say(dataset, cache):
    before = ranked(dataset, cache)
    wrong = fo.ViewField("prediction_status") == "misclassified"
    for sample_id in dataset.match(wrong).values("id"):
        decide(dataset, sample_id, "disagree")
    after = rank_gaps_by_failures(dataset)
    assert before.overall > 0
    assert (after.overall, after.corrected) == (0.0, before.candidates)
    assert failed_there("correct", "agree") is False
    assert failed_there("ambiguous", "agree") is None
    assert failed_there("correct", "unsure") is None


def test_what_is_missing_for_a_ranking_is_said(dataset, cache):
    with pytest.raises(InputError, match="import a feature cache first"):
        rank_gaps_by_failures(dataset)
    bring(dataset, cache)
    with pytest.raises(EmptySetError, match="run compute_coverage first"):
        rank_gaps_by_failures(dataset)


def test_inserted_documents_are_those_that_add_samples_writes(dataset):
    def made():
        label = fo.Classification(label="bog")
        return fo.Sample("/a.jpg", tags=["S"], label=label, vector=np.ones(3, np.float32))

    other = fo.Dataset()
    try:
        for one in (dataset, other):
            one.add_sample_field(
                "label", fo.EmbeddedDocumentField, embedded_doc_type=fo.Classification
            )
            one.add_sample_field("vector", fo.VectorField)
        dataset.add_samples([made(), made()])
        assert [*insert(other, [made(), made()])] == other.values("id")
        plain, inserted = (d._sample_collection.find().to_list() for d in (dataset, other))
        for expected, document in zip(plain, inserted, strict=True):
            assert expected.keys() == document.keys()
            for moment in ("_id", "_dataset_id", "created_at", "last_modified_at", "_rand"):
                assert type(expected.pop(moment)) is type(document.pop(moment))
            assert expected.pop("label")["label"] == document.pop("label")["label"]
            assert expected == document
    finally:
        other.delete()


def test_a_visual_spec_tells_the_failures_beside_each_candidate(dataset, cache, tmp_path):
    ranked(dataset, cache)
    compute_coverage(dataset, CoverageParams(**CORRECT_SET, delta=0.001))
    gaps = dataset.exists("failure_rank").sort_by("failure_rank").limit(3)
    params = SpecParams(output=str(tmp_path / "spec.zip"), owned=CORRECT_SET["owned"])
    issued = export_visual_spec(gaps, params)
    unsaid = ("failure_", "prediction_status", "_num_label", "_word_label")
    assert not any(word in line for line in issued.missing for word in unsaid)
    with zipfile.ZipFile(issued.path) as archive:
        names = [name for name in archive.namelist() if name.endswith((".csv", ".html"))]
        read = {name.rsplit("/", 1)[1]: archive.read(name).decode() for name in names}
    rows = list(csv.DictReader(read["candidates.csv"].removeprefix("\ufeff").splitlines()))
    told = sorted(float(row["failure_rate"]) for row in rows)
    assert told == pytest.approx(sorted(gaps.values("failure_rate")), abs=1e-5)
    assert "llm_rationale" not in rows[0]
    pages = [page for name, page in read.items() if name.endswith(".html")]
    assert any("% of neighbours fail" in page for page in pages)


SEEDS = "file_name,ground_truth_word_label,ground_truth_num_label"


@pytest.mark.parametrize("header", ["file_name", SEEDS, "ground_truth_num_label,file_name"])
def test_a_table_needs_no_more_than_the_names(dataset, tmp_path, header):
    cells = {"file_name": "{}.jpg", "ground_truth_word_label": "Bog", "ground_truth_num_label": "4"}
    lines = [",".join(cells[name].format(i) for name in header.split(",")) for i in range(6)]
    (tmp_path / "metadata.csv").write_text("\n".join([header, *lines]) + "\n")
    np.save(tmp_path / "vis_umap_coords.npy", np.random.default_rng(0).normal(size=(6, 2)))
    for _ in range(2):
        bring(dataset, tmp_path)
        assert len(dataset) == 6
        labels = set(dataset.values("ground_truth.label"))
        assert labels == ({"Bog"} if "word_label" in header else {None})
        assert set(dataset.app_config.active_fields.paths) <= {
            *header.split(","),
            "prediction_status",
        }
    with pytest.raises(InputError, match="color_by: there is no 'site'"):
        bring(dataset, tmp_path, color_by="site")


def test_no_drive_of_a_cache_is_called_by_a_word_for_missing(dataset, tmp_path):
    (tmp_path / "metadata.csv").write_text("file_name,sequence\na.jpg,nan\nb.jpg,007\n")
    for _ in range(2):
        bring(dataset, tmp_path)
        assert by_name(dataset, "sequence") == {"a.jpg": None, "b.jpg": "007"}


def test_frame_numbers_of_a_cache_are_read_as_those_of_a_table(dataset, tmp_path):
    for name in ("a.jpg", "b.jpg"):
        Image.new("RGB", (8, 8)).save(tmp_path / name)
    (tmp_path / "t.csv").write_text("filename,split,frame\na.jpg,S,000001\nb.jpg,S,2.0\n")
    load_images(dataset, csv=str(tmp_path / "t.csv"))
    (tmp_path / "metadata.csv").write_text("file_name,frame_number\na.jpg,000003\nb.jpg,4.0\n")
    assert bring(dataset, tmp_path, image_dir=str(tmp_path)).updated == 2
    assert dataset.values("frame_number") == [3, 4]
    other = fo.Dataset()
    try:
        for last, values in (("4.0", [3, 4]), ("nan", [3, None])):
            text = f"file_name,frame_number\na.jpg,000003\nb.jpg,{last}\n"
            (tmp_path / "metadata.csv").write_text(text)
            bring(other, tmp_path)
            assert other.values("frame_number") == values
        (tmp_path / "metadata.csv").write_text("file_name,frame_number\na.jpg,front\n")
        with pytest.raises(InputError, match="'frame_number' of another type"):
            bring(other, tmp_path)
    finally:
        other.delete()


def test_a_table_without_labels_leaves_those_of_the_dataset(dataset, cache):
    bring(dataset, cache)
    before = by_name(dataset, "ground_truth.label")
    header = "file_name"
    names = [row["file_name"] for row in table(cache / "metadata.csv")]
    (cache / "metadata.csv").write_text("\n".join([header, *names]) + "\n")
    bring(dataset, cache)
    assert by_name(dataset, "ground_truth.label") == before


def test_an_address_is_shown_also_where_a_folder_is_named(dataset, cache, tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    bring(dataset, cache, image_dir=str(folder), image_root="https://images.example/plots")
    assert dataset.app_config.grid_media_field == "image_url"
    assert "filepath" in dataset.app_config.media_fields
