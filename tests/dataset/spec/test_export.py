"""A spec from samples and the way back, with a real encoder on a real database."""

import json
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import fiftyone as fo
import jsonschema
import numpy as np
import pytest
from gapsphere.plugin.coverage.criterion import own_distances
from gapsphere.plugin.coverage.nearest.distances import nearest_distance
from gapsphere.plugin.coverage.verdict import level_of
from gapsphere.plugin.coverage.words import standing
from gapsphere.plugin.dataset.gaps.cards.card_records import gap_cards
from gapsphere.plugin.dataset.gaps.cards.cards import summarize_gaps
from gapsphere.plugin.dataset.gaps.coverage.coverage import compute_coverage
from gapsphere.plugin.dataset.gaps.vectors.embed import compute_embeddings
from gapsphere.plugin.dataset.spec import check, seen
from gapsphere.plugin.dataset.spec.check import check_files, check_vectors, check_view
from gapsphere.plugin.dataset.spec.export import export_visual_spec
from gapsphere.plugin.dataset.spec.turned_down import distances_ahead, turned_down
from gapsphere.plugin.dataset.store import runs
from gapsphere.plugin.dataset.store.names import Names
from gapsphere.plugin.dataset.store.vectors import vectors
from gapsphere.plugin.encoders.checkpoint.offline import is_offline
from gapsphere.plugin.errors import ArtifactError, EmptySetError, InputError, MismatchError
from gapsphere.plugin.report.spec.reading import read_spec
from gapsphere.plugin.report.spec.rule import other_rows
from gapsphere.plugin.settings.fields import make
from gapsphere.plugin.settings.spec import CheckSpecParams, SpecParams
from gapsphere.plugin.settings.steps import CoverageParams
from gapsphere.tests.support.copies import copied
from PIL import Image


@pytest.fixture(scope="module")
def once_coloured(once_measured):
    paths = once_measured.values("filepath")
    once_measured.set_values("colour", ["red" if "/red_" in path else "grey" for path in paths])
    return once_measured


@pytest.fixture
def analysed(once_coloured):
    """S of 20, U of 12, 8 of them red and far from S, with their metadata."""
    yield from copied(once_coloured)


def red(dataset):
    return dataset.match(fo.ViewField("colour") == "red")


def issue(samples, path, **values):
    return export_visual_spec(samples, make(SpecParams, {**values, "output": str(path)}))


def document(path):
    """``spec.json``, which fits the schema beside it."""
    with zipfile.ZipFile(path) as archive:
        folder = archive.namelist()[0].partition("/")[0]
        said = json.loads(archive.read(f"{folder}/spec.json"))
        jsonschema.validate(said, json.loads(archive.read(f"{folder}/spec.schema.json")))
        return said


def test_a_spec_says_what_is_missing_and_takes_its_numbers_from_the_analysis(analysed, tmp_path):
    issued = issue(red(analysed), tmp_path / "red.zip")
    said = document(issued.path)
    assert said["delta"] == 0.08
    assert [found["value"] for found in said["missing"]["found"]] == ["red"]
    assert said["missing"]["found"][0]["lift"] is None
    found = vectors.read(red(analysed), "embedding")
    owned = vectors.read(analysed.match_tags("S"), "embedding")
    near = nearest_distance(found.matrix, owned.matrix).distance
    assert [c["dist_to_S"] for c in said["candidates"]] == pytest.approx(near.tolist())
    stored = red(analysed).values("dist_percentile")
    assert [c["percentile"] for c in said["candidates"]] == pytest.approx(stored)
    assert said["encoder"]["fingerprint"] == "colour-1"
    assert runs.read(analysed, Names(), "visual_spec").results["id"] == issued.id


def test_distances_are_those_of_the_day_of_issue(analysed, tmp_path):
    before = document(issue(red(analysed), tmp_path / "a.zip").path)
    first = red(analysed).first()
    first.tags = ["S"]
    first.save()
    issued = issue(red(analysed), tmp_path / "b.zip")
    after = document(issued.path)
    assert "1 sample left out: in S already." in issued.warnings[0]
    assert len(after["candidates"]) == len(before["candidates"]) - 1
    by_id = {c["id"]: c["dist_to_S"] for c in before["candidates"]}
    assert all(c["dist_to_S"] <= by_id[c["id"]] for c in after["candidates"])


def test_candidates_come_from_tags_views_fields_picks_and_places(analysed, tmp_path):
    red(analysed).tag_samples("wanted")
    red(analysed)[:3].tag_samples("kcenter")
    analysed.save_view("mine", red(analysed)[:5])
    rng = np.random.default_rng(0)
    places = rng.normal(size=(len(analysed), 3))
    places /= np.linalg.norm(places, axis=1, keepdims=True)
    vectors.write(analysed, "sphere", analysed.values("id"), places)
    pool = len(analysed.match_tags("U"))
    for word, count in (
        ("wanted", 8),
        ("tag:wanted", 8),
        ("field:colour=red", 8),
        ("view:mine", 5),
        ("kcenter", 3),
        (None, 3),
        ("place:0,0,2", pool),
    ):
        issued = issue(
            analysed, tmp_path / f"{count}-{word}.zip".replace(":", "_"), candidates=word
        )
        assert issued.candidates == count
        said = document(issued.path)
        assert said["estimated"] == (word == "place:0,0,2")
    assert said["place"] == [0, 0, 1]
    assert issue(red(analysed)[:2], tmp_path / "view.zip").candidates == 2


def test_a_card_of_gaps_is_asked_for_by_its_number_with_what_it_wants(driven, tmp_path):
    with pytest.raises(EmptySetError, match="run summarize_gaps"):
        issue(driven, tmp_path / "none.zip", candidates="card:1")
    found = summarize_gaps(driven).found
    card = found[0]
    for word in ("card:1", f"card:{card.key}"):
        issued = issue(driven, tmp_path / f"{len(word)}.zip", candidates=word)
        assert (issued.candidates, issued.quantity) == (card.images, card.wanted)
    said = document(issued.path)
    assert said["source"] == f"Gap card 1: {card.title}"
    assert said["quantity_source"] == "card"
    ids = set(driven.match(fo.ViewField("gap_card") == card.key).values("id"))
    assert {c["id"] for c in said["candidates"]} == ids
    own = issue(driven, tmp_path / "own.zip", candidates="card:1", quantity=7)
    assert own.quantity == 7
    with pytest.raises(InputError, match=f"no gap card '9'; the cards are 1 .{card.title}"):
        issue(driven, tmp_path / "nine.zip", candidates="card:9")


def test_without_the_field_of_cards_a_spec_knows_no_other_ones(driven, tmp_path):
    summarize_gaps(driven)
    driven.delete_sample_field("gap_card")
    issued = issue(driven.match(fo.ViewField("is_gap")), tmp_path / "gaps.zip")
    assert not document(issued.path)["others"]
    with pytest.raises(EmptySetError, match="no field 'gap_card' any more: run summarize_gaps"):
        issue(driven, tmp_path / "card.zip", candidates="card:1")


def test_images_of_the_cards_that_no_candidate_is_of_are_another_request_s(driven, tmp_path):
    summarize_gaps(driven)
    record = runs.read(driven, Names(), "cards")
    known = next(card for card in record.results["found"] if not card["by_metadata"])
    # Of all gaps: some are made another kind by hand.
    listed = [known, {**known, "key": "other", "number": 2, "title": "another kind"}]
    runs.write(driven, Names(), replace(record, results={**record.results, "found": listed}))
    gaps = driven.match(fo.ViewField("gap_card") == known["key"]).values("id")
    driven.select(gaps[::2]).set_values("gap_card", ["other"] * len(gaps[::2]))
    cards = gap_cards(driven)
    for asked in cards:
        issued = issue(driven, tmp_path / f"{asked.number}.zip", candidates=f"card:{asked.number}")
        rule, said = read_spec(issued.path).rule, document(issued.path)["others"]
        left = [card for card in cards if card is not asked]
        kept = []
        for card in left:
            gaps = driven.match(fo.ViewField("gap_card") == card.key)
            rows = vectors.read(gaps, "embedding").matrix
            kept.append(rows[other_rows(rows, rule)])
        listed = [(each["card"], each["title"], each["rows"]) for each in said]
        told = [(card.number, card.title, len(rows)) for card, rows in zip(left, kept, strict=True)]
        assert listed == [one for one in told if one[2]]
        assert np.array_equal(rule.others, np.concatenate(kept))


def test_nothing_is_foreseen_where_the_spec_will_judge_nothing(analysed):
    analysed.delete_sample_field("embedding")
    assert distances_ahead(analysed, SpecParams(candidates="U")) is None


@pytest.fixture
def driven(loaded, encoder):
    """As ``analysed``, with S of ten drives of two images, and δ read off them."""
    owned = loaded.match_tags("S").values("id")
    loaded.set_values("sequence", {i: f"d{n // 2}" for n, i in enumerate(owned)}, key_field="id")
    compute_embeddings(loaded, encoder=encoder)
    compute_coverage(loaded)
    return loaded


def test_a_spec_says_what_its_delta_is_worth(driven, tmp_path):
    covered = compute_coverage(driven)
    assert (covered.basis, covered.drives_owned) == ("level", 10)
    issued = issue(driven, tmp_path / "a.zip", candidates="U")
    assert issued.standing == standing(covered.threshold)
    assert issued.standing in str(issued)
    assert document(issued.path)["standing"]["level"] == 0.1
    given = issue(driven, tmp_path / "b.zip", candidates="U", spec_delta=0.12)
    level = document(given.path)["standing"]["level"]
    owned = vectors.read(driven.match_tags("S"), "embedding")
    drives = driven.select(owned.ids, ordered=True).values("sequence")
    own = own_distances(owned.matrix, drives)
    assert level == pytest.approx(level_of(0.12, own.distance, own.drive))
    assert "δ = 0.1200 cosine was given; over 10 owned drives" in given.standing


def test_a_spec_tells_what_is_new_as_the_run_did_unless_it_has_a_delta(driven, tmp_path):
    covered = compute_coverage(driven, CoverageParams(score="novelty", reset_delta=True))
    pool = driven.match_tags("U")
    issued = issue(driven, tmp_path / "a.zip", candidates="U")
    assert issued.standing == standing(covered.threshold)
    assert document(issued.path)["novelty"] == {"beyond": covered.threshold.cutoff}
    verdicts = check_vectors_of(issued.path, pool)
    gaps = pool.values("is_gap")
    assert [verdict != "covered already" for verdict in verdicts] == gaps
    assert 0 < sum(gaps) < len(gaps)
    _, ahead = distances_ahead(driven, SpecParams(candidates="U"))
    assert (ahead.count, ahead.total) == (gaps.count(False), len(gaps))
    assert str(ahead) in issued.warnings
    far = pool.values("dist_to_S")
    delta = float(np.median([value for value, gap in zip(far, gaps, strict=True) if gap]))
    given = issue(driven, tmp_path / "b.zip", candidates="U", spec_delta=delta)
    assert document(given.path)["novelty"] is None
    assert "cosine was given" in given.standing
    by_distance = [value > delta for value in far]
    told = check_vectors_of(given.path, pool)
    assert [verdict != "covered already" for verdict in told] == by_distance
    assert by_distance != gaps


def check_vectors_of(path, samples):
    there = vectors.read(samples, "embedding")
    spec = read_spec(path)
    items = list(zip(*samples.values(["id", "filepath"]), strict=True))
    answers = check_vectors(spec, items, dict(zip(there.ids, there.matrix, strict=True))).answers
    return [answer.verdict for answer in answers]


@pytest.mark.parametrize("delta", [None, 0.3])
def test_support_is_counted_within_the_delta_of_the_spec(driven, tmp_path, delta):
    said = document(issue(driven, tmp_path / "x.zip", candidates="U", spec_delta=delta).path)
    pool, owned = (vectors.read(driven.match_tags(tag), "embedding") for tag in "US")
    drives = np.array(driven.select(owned.ids, ordered=True).values("sequence"))
    within = 1 - pool.matrix.astype(float) @ owned.matrix.astype(float).T <= said["delta"]
    found = [(c["support"], c["support_drives"]) for c in said["candidates"]]
    assert found == [(row.sum(), len(set(drives[row]))) for row in within]
    assert any(count for count, _ in found)
    if delta is None:
        assert [c for c, _ in found] == driven.match_tags("U").values("support")


def test_without_named_drives_support_counts_images_alone(analysed, tmp_path):
    said = document(issue(analysed, tmp_path / "x.zip", candidates="U", spec_delta=0.3).path)
    assert {c["support_drives"] for c in said["candidates"]} == {None}
    assert any(c["support"] for c in said["candidates"])
    assert read_spec(tmp_path / "x.zip").drives is None


def test_what_sets_candidates_apart_in_light_and_colour_is_said(driven, tmp_path):
    driven.match_tags("U").set_values("colour", ["grey"] * 4 + ["red"] * 8)
    issued = issue(red(driven), tmp_path / "x.zip")
    said = document(issued.path)
    values = red(driven).values("attributes.brightness")
    assert [c["attributes"]["brightness"] for c in said["candidates"]] == values
    found = {(each["word"], each["here"], each["here_total"]) for each in said["apart"]}
    assert ("darker", 8, 8) in found
    assert any("darker: 8 of 8 below the range of S, " in line for line in issued.apart)
    (known,) = (each for each in said["ranges"] if each["attribute"] == "brightness")
    assert max(values) < known["low"]
    driven.delete_sample_field("attributes")
    bare = document(issue(red(driven), tmp_path / "bare.zip").path)
    assert (bare["apart"], bare["candidates"][0]["attributes"]) == ([], {})


def test_new_images_are_answered_with_support_and_what_they_are_outside_of(
    driven, encoder, tmp_path
):
    path = issue(driven, tmp_path / "x.zip", candidates="U", spec_delta=0.3).path
    files = check_files(path, driven.match_tags("S").values("filepath"), encoder=encoder)
    assert files.standing in str(files)
    owned = vectors.read(driven.match_tags("S"), "embedding")
    drives = np.array(driven.select(owned.ids, ordered=True).values("sequence"))
    within = 1 - owned.matrix.astype(float) @ owned.matrix.astype(float).T <= 0.3
    told = [(a.support, a.support_drives) for a in files.answers]
    assert told == [(row.sum(), len(set(drives[row]))) for row in within]
    assert f"({told[0][0]} images of " in str(files.answers[0])
    dark = [path for path in driven.values("filepath") if "/red_" in path]
    said = check_files(path, dark, encoder=encoder).answers
    assert all(a.outside[0] == "darker" for a in said)
    assert "outside the range of S: darker, " in str(said[0])
    viewed = check_view(driven, path, encoder=encoder)
    by_path = {a.path: a.outside for a in viewed.answers}
    assert [by_path[a.path] for a in said] == [a.outside for a in said]


@pytest.mark.parametrize(
    "word", ["place:1,2", "place:0,0,0", "place:a,b,c", "place:nan,0,1", "view:x"]
)
def test_a_word_that_names_nothing_is_a_sentence(analysed, tmp_path, word):
    with pytest.raises(InputError):
        issue(analysed, tmp_path / "x.zip", candidates=word)
    assert not list(tmp_path.glob("*.zip"))


def test_what_is_missing_is_said_in_sentences(loaded, encoder, tmp_path):
    with pytest.raises(EmptySetError, match="run compute_coverage"):
        issue(loaded, tmp_path / "x.zip", candidates="U")
    compute_embeddings(loaded, encoder=encoder)
    compute_coverage(loaded)
    with pytest.raises(EmptySetError, match="no candidate"):
        issue(loaded, tmp_path / "x.zip", candidates="nobody")
    with pytest.raises(EmptySetError, match="coverage run was of S 'S': give the same"):
        issue(loaded, tmp_path / "x.zip", candidates="U", owned="nobody")
    with pytest.raises(EmptySetError, match="Nothing was picked yet: run select_kcenter"):
        issue(loaded, tmp_path / "x.zip")
    with pytest.raises(EmptySetError, match="in S already"):
        issue(loaded, tmp_path / "x.zip", candidates="S")
    with pytest.raises(EmptySetError, match="compute_sphere"):
        issue(loaded, tmp_path / "x.zip", candidates="place:0,0,1")
    issue(loaded, tmp_path / "x.zip", candidates="U")
    with pytest.raises(ArtifactError, match="there already"):
        issue(loaded, tmp_path / "x.zip", candidates="U")
    issue(loaded, tmp_path / "x.zip", candidates="U", replace_file=True)


def test_without_a_name_the_file_is_named_by_its_id(analysed):
    issued = export_visual_spec(red(analysed))
    assert issued.path.name == f"{issued.id}.zip"
    assert issued.path.is_relative_to(fo.config.default_dataset_dir)
    issued.path.unlink()


def test_a_spec_that_turns_its_candidates_down_says_with_which_delta_they_pass(analysed, tmp_path):
    distances = sorted(red(analysed).values("dist_to_S"))
    some = issue(red(analysed), tmp_path / "some.zip", spec_delta=distances[2])
    (said,) = (warning for warning in some.warnings if "covered already" in warning)
    assert said.startswith("3 of 8 candidates are within δ")
    path = tmp_path / "none.zip"
    with pytest.raises(InputError, match=r"8 of 8 candidates .* a δ of ") as refused:
        issue(red(analysed), path, spec_delta=2.0)
    assert not path.exists()
    proposed = float(re.search(r"a δ of ([\d.]+) or less", str(refused.value))[1])
    assert distances[0] - 2e-4 < proposed < distances[0]
    passing = issue(red(analysed), path, spec_delta=proposed)
    assert not any("covered already" in warning for warning in passing.warnings)
    verdicts = check_view(red(analysed), path).counts
    assert verdicts["accepted"] == 8


@pytest.mark.parametrize("given", [{}, {"spec_delta": 2.0}, {"spec_delta": 0.01}])
def test_what_is_foreseen_is_what_the_export_says(analysed, tmp_path, given):
    analysed.match_tags("S").limit(2).set_values("colour", ["red", "red"])
    values = {**given, "candidates": "field:colour=red"}
    known, ahead = distances_ahead(analysed, SpecParams(**values))
    if given:
        ahead = turned_down(known, given["spec_delta"])
    try:
        said = "\n".join(issue(analysed, tmp_path / "x.zip", **values).warnings)
    except InputError as error:
        said = str(error)
    assert (ahead is None) == ("covered already" not in said)
    assert ahead is None or str(ahead) in said


def test_one_drive_alone_is_warned_about_and_a_radius_may_be_given(analysed, tmp_path):
    analysed.set_values("sequence", ["drive 7"] * len(analysed))
    issued = issue(red(analysed), tmp_path / "x.zip", spec_delta=0.1)
    assert any("one drive (drive 7)" in warning for warning in issued.warnings)
    analysed.set_values("sequence", {red(analysed).first().id: "drive 8"}, key_field="id")
    both = issue(red(analysed), tmp_path / "both.zip", spec_delta=0.1)
    assert not any("one drive" in warning for warning in both.warnings)
    analysed.set_values("sequence", ["drive 7"] * len(analysed))
    wide = issue(red(analysed), tmp_path / "wide.zip", spec_delta=0.1, spec_radius=0.5)
    assert not any("one drive" in warning for warning in wide.warnings)
    assert (document(wide.path)["radius"], document(wide.path)["radius_source"]) == (0.5, "given")
    assert read_spec(wide.path).rule.near_radius == 0.75


def test_heatmaps_of_the_candidates_are_drawn(analysed, tmp_path):
    for sample in red(analysed).iter_samples(autosave=True):
        sample["heatmap"] = fo.Heatmap(map=np.arange(16, dtype=np.uint8).reshape(4, 4) * 16)
    issued = issue(red(analysed), tmp_path / "x.zip", images=3)
    assert (issued.shown, issued.heatmaps) == (3, 3)
    names = zipfile.ZipFile(issued.path).namelist()
    assert sum(name.endswith("_overlay.png") for name in names) == 3


def test_the_candidates_themselves_come_back_accepted_and_s_covered(analysed, encoder, tmp_path):
    path = issue(red(analysed), tmp_path / "red.zip", quantity=16).path
    files = check_files(path, red(analysed).values("filepath"), encoder=encoder)
    pairs = zip(*red(analysed).values(["filepath", "dist_to_S"]), strict=True)
    new = {file for file, distance in pairs if distance > 0.08}
    assert {a.path for a in files.answers if a.verdict == "accepted"} == new
    assert (files.met, files.copies) == (0, len(new))  # the spec shows them: they are here already
    assert "0 of 16 wanted images" in str(files)
    assert f"{len(new)} accepted images are copies" in str(files)
    few = issue(red(analysed), tmp_path / "few.zip", images=1, owned_images_shown=0).path
    assert check_files(few, red(analysed).values("filepath"), encoder=encoder).met == 0
    owned = check_files(path, analysed.match_tags("S").values("filepath"), encoder=encoder)
    assert owned.counts["covered already"] == 20


def test_an_unpacked_spec_judges_as_the_zip_does_and_as_all_of_s(analysed, encoder, tmp_path):
    path = issue(red(analysed), tmp_path / "red.zip").path
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path)
    folder = tmp_path / document(path)["id"]
    everything = analysed.values("filepath")
    both = [check_files(p, everything, encoder=encoder) for p in (path, folder / "spec.json")]
    assert both[0].answers == both[1].answers
    rule = read_spec(path).rule
    owned = vectors.read(analysed.match_tags("S"), "embedding").matrix
    rows = vectors.read(analysed, "embedding").matrix
    covered = nearest_distance(rows, owned).distance.astype(float) <= rule.delta
    inside = nearest_distance(rows, rule.centre[None]).distance.astype(float) <= rule.near_radius
    told = np.array([a.verdict == "covered already" for a in both[0].answers])
    assert np.array_equal(told[inside], covered[inside])


def test_a_check_on_a_view_writes_verdicts_and_embeds_nothing_twice(analysed, encoder, tmp_path):
    path = issue(red(analysed), tmp_path / "red.zip").path
    calls = len(encoder.calls)
    checked = check_view(analysed, path, encoder=encoder)
    assert len(encoder.calls) == calls
    assert analysed.count_values("spec_verdict") == {
        verdict: count for verdict, count in checked.counts.items() if count
    }
    record = runs.read(analysed, Names(), "spec_check")
    assert record.inputs["spec"] == checked.id
    check_view(red(analysed), path, encoder=encoder)
    assert len(analysed.exists("spec_verdict")) == 8  # what an earlier check said is gone
    other = CheckSpecParams(suffix="b")
    check_view(red(analysed)[:2], path, other, encoder=encoder)  # no vectors there: embedded
    assert len(encoder.calls) > calls
    assert len(analysed.exists("spec_verdict_b")) == 2
    assert not analysed.has_field("embedding_b")


@pytest.mark.parametrize("kind", ["zip", "folder", "view"])
def test_a_picture_that_was_saved_again_counts_once(analysed, encoder, tmp_path, kind, dataset):
    path = Path(issue(red(analysed), tmp_path / "red.zip").path)
    good = red(analysed).match(fo.ViewField("dist_to_S") > 0.08).first().filepath
    folder = tmp_path / "new"
    folder.mkdir()
    example = Image.open(good)
    other = example.point(lambda level: min(level + 6, 255))
    for name, picture in (("example", example), ("near", other)):
        for quality in (95, 80):
            picture.save(folder / f"{name}{quality}.jpg", quality=quality, subsampling=0)
    other.save(folder / "plain.png")
    if kind == "folder":
        with zipfile.ZipFile(path) as archive:
            archive.extractall(tmp_path / "unpacked")
        path = tmp_path / "unpacked"
    if kind == "view":
        dataset.add_images_dir(str(folder))
        new = dataset.match(fo.ViewField("filepath").starts_with(str(folder)))
        checked = check_view(new.sort_by("filepath", reverse=True), path, encoder=encoder)
    else:
        files = sorted(folder.iterdir(), reverse=True)
        checked = check_files(path, files, encoder=encoder)
    assert checked.counts["accepted"] == 5
    assert (checked.met, checked.copies) == (1, 4)
    assert [Path(a.path).name for a in checked.answers if not a.copy] == ["plain.png"]


@pytest.mark.parametrize("encoder_name", ["internvl", "transformers"])
@pytest.mark.parametrize("model", ["stranger/model", "stranger/model@main"])
def test_a_model_that_a_spec_names_is_not_fetched(
    analysed, encoder, tmp_path, monkeypatch, encoder_name, model
):
    path = issue(red(analysed), tmp_path / "red.zip").path
    files = red(analysed).values("filepath")
    spec = read_spec(path)
    parameters = {"encoder": encoder_name, "model_path": model}
    named = replace(spec, encoder=replace(spec.encoder, parameters=parameters))
    monkeypatch.setattr(check, "read_spec", lambda path: named)
    monkeypatch.setenv("GAPSPHERE_CACHE", str(tmp_path / "cache"))
    with pytest.raises(InputError, match=f"names the model '{model}', and nothing is fetched"):
        check_files(path, files)
    opened = []
    monkeypatch.setattr(seen, "open_encoder", lambda params: opened.append(is_offline()) or encoder)
    check_files(path, files)
    check_files(path, files, CheckSpecParams(checkpoint=model))
    monkeypatch.setenv("INTERNVL2_PATH", model)
    check_files(path, files)
    assert opened == [True, False, False]


def test_skipped_images_are_counted_and_copies_count_once(analysed, encoder, tmp_path, make_images):
    path = issue(red(analysed), tmp_path / "red.zip").path
    good = red(analysed).match(fo.ViewField("dist_to_S") > 0.08).first().filepath
    folder = tmp_path / "new"
    folder.mkdir()
    other = Image.open(good).point(lambda level: min(level + 6, 255))
    other.save(folder / "a.png"), other.save(folder / "b.png")
    (folder / "broken\u202e\n.png").write_bytes(b"no image")
    checked = check_files(path, folder, encoder=encoder)
    assert len(checked.skipped) == 1
    assert (checked.counts["accepted"], checked.met, checked.copies) == (2, 1, 1)
    assert "1 skipped" in str(checked)
    assert "1 accepted image is a copy" in str(checked)
    with pytest.raises(EmptySetError):
        check_files(path, make_images("none", 0), encoder=encoder)


def test_another_encoder_is_refused_with_both_fingerprints(analysed, encoder, tmp_path):
    path = issue(red(analysed), tmp_path / "red.zip").path
    encoder.fingerprint = "colour-2"
    with pytest.raises(MismatchError, match=r"colour-1.*colour-2"):
        check_files(path, red(analysed).values("filepath"), encoder=encoder)


def test_vectors_of_unknown_source_are_refused_in_words(analysed, tmp_path):
    analysed.delete_run("gapsphere_embeddings")
    analysed.delete_run("gapsphere_coverage")
    compute_coverage(analysed, CoverageParams(delta=0.08))
    issued = issue(red(analysed), tmp_path / "red.zip")
    assert any("do not say which encoder" in warning for warning in issued.warnings)
    with pytest.raises(InputError, match="unknown source"):
        check_files(issued.path, red(analysed).values("filepath"))


def test_coverage_of_another_encoder_is_refused(analysed, encoder, tmp_path):
    encoder.fingerprint = "colour-2"
    analysed.clear_sample_field("embedding")
    compute_embeddings(analysed, encoder=encoder)
    with pytest.raises(MismatchError, match="compute_coverage again"):
        issue(red(analysed), tmp_path / "x.zip")


def test_the_packaged_encoder_is_opened_from_what_the_spec_says(loaded, tmp_path):
    compute_embeddings(loaded)
    compute_coverage(loaded, CoverageParams(delta=0.0))
    path = issue(loaded, tmp_path / "x.zip", candidates="U").path
    assert document(path)["encoder"]["parameters"]["encoder"] == "packaged"
    files = loaded.match_tags("U").values("filepath")[:3]
    checked = check_files(path, files)
    assert [answer.verdict for answer in checked.answers] == ["accepted"] * 3


def test_a_request_is_not_met_in_full_by_all_but_one():
    answer = check.Answer("id", "new.png", "accepted", 0.0, 1.0)
    all_but_one = check.SpecCheckResult("spec", "", 200, 0.1, 0.2, "cosine", (answer,) * 199, ())
    assert "199 of 200 wanted images are here (99 %)" in str(all_but_one)
    one = replace(all_but_one, answers=(answer,))
    assert "1 of 200 wanted images are here (1 %)" in str(one)
    assert "0 of 200 wanted images are here (0 %)" in str(replace(one, answers=()))
