"""A user's own fields under the names of decisions: never read, cast or overwritten."""

import csv

import fiftyone as fo
import pytest
from gapsphere.panels.rationale_summary import picks
from gapsphere.plugin.dataset.rationales import decisions, queue
from gapsphere.plugin.dataset.rationales.export import _add_decisions
from gapsphere.plugin.dataset.rationales.failures import rank_gaps_by_failures
from gapsphere.plugin.dataset.rationales.import_cache import import_feature_cache
from gapsphere.plugin.dataset.store import runs
from gapsphere.plugin.dataset.store.fields.fields import is_ours
from gapsphere.plugin.dataset.store.fields.metadata import scene_paths
from gapsphere.plugin.dataset.store.names import Names, ReviewNames
from gapsphere.plugin.dataset.store.vectors.judged import _verdicts
from gapsphere.plugin.errors import InputError
from gapsphere.plugin.settings.rationales import FeatureCacheParams
from gapsphere.tests.support.made_review import add_verdicts
from PIL import Image

NAMES = ReviewNames()
FIRST_VERSION = {
    NAMES.decision: fo.StringField,
    NAMES.label: fo.StringField,
    NAMES.note: fo.StringField,
    NAMES.time: fo.DateTimeField,
}


@pytest.fixture
def judged(dataset):
    dataset.add_samples([fo.Sample(filepath=f"/made/{i}.png") for i in range(6)])
    add_verdicts(dataset)
    return dataset


def schema_of(dataset):
    return {name: str(field) for name, field in dataset.get_field_schema().items()}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("review_decision", "agree"),
        ("review_decision", 3),
        ("review_label", "fen"),
        ("review_note", "from the office"),
        ("review_note", ["a", "b"]),
        ("review_time", "yesterday"),
        ("review_history", ["a"]),
    ],
)
def test_a_field_of_the_users_stops_a_decision_before_anything_is_written(judged, name, value):
    judged.set_values(name, [value] * 6)
    schema, before = schema_of(judged), judged.values(name)
    with pytest.raises(InputError, match=f"a field '{name}' of its own") as refused:
        decisions.decide(judged, judged.first().id, "disagree")
    assert "suffix" not in str(refused.value)
    assert schema_of(judged) == schema
    assert judged.values(name) == before
    assert decisions.undo(judged) is None


def test_a_rate_of_the_users_stops_the_ranking_with_what_helps(judged):
    judged.set_values("failure_rate", [0.5] * 6)
    with pytest.raises(InputError, match="a field 'failure_rate' of its own") as refused:
        rank_gaps_by_failures(judged)
    assert "suffix" not in str(refused.value)
    assert judged.values("failure_rate") == [0.5] * 6


def test_a_field_of_the_users_is_not_read_as_decisions(judged):
    judged.set_values("review_decision", ["disagree"] * 6)
    ids = judged.values("id")
    assert queue.decided(judged) == queue.counts(judged).decided == 0
    assert queue.first_undecided(judged, ids) == ids[0]
    assert decisions.standing(judged, ids[0]) == decisions.Decision()
    assert not _verdicts(judged, NAMES)[1]
    cells = {}
    _add_decisions(judged, NAMES, NAMES.decided, cells)
    assert not cells
    undecided = picks.expression(judged, {"decision": None}, "")
    assert len(judged.match(undecided)) == 6


def test_decisions_of_a_version_that_marked_no_field_go_on(judged):
    first, second = judged.limit(2).values("id")
    for name, kind in FIRST_VERSION.items():
        judged.add_sample_field(name, kind)
    judged.add_sample_field(NAMES.history, fo.ListField, subfield=fo.DictField)
    judged.set_values(NAMES.decision, {first: "unsure"}, key_field="id")
    assert decisions.standing(judged, first).decision == "unsure"
    assert queue.decided(judged) == 1
    decisions.decide(judged, second, "agree")
    assert queue.decided(judged) == 2
    assert decisions.undo(judged).sample_id == second


def test_an_import_refuses_what_its_decisions_would_overwrite(dataset, tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    header = ["file_name", "review_decision", "review_note", "review_site"]
    with (tmp_path / "metadata.csv").open("w", newline="") as file:
        csv.writer(file).writerows([header, ["a.png", "agree", "clear", "north"]])
    cache = FeatureCacheParams(cache_dir=str(tmp_path), image_dir=str(tmp_path))
    dataset.add_sample(fo.Sample(filepath=str(tmp_path / "a.png"), review_note="mine"))
    with pytest.raises(InputError, match="'review_note' of its own"):
        import_feature_cache(dataset, cache)
    assert not dataset.has_field("review_decision")
    assert dataset.values("review_note") == ["mine"]
    dataset.rename_sample_field("review_note", "remark")
    dataset.set_values("image_url", ["mine"])
    served = cache.model_copy(update={"image_root": "https://host/a"})
    with pytest.raises(InputError, match="'image_url' of its own"):
        import_feature_cache(dataset, served)
    import_feature_cache(dataset, cache)
    assert dataset.values("image_url") == ["mine"]
    assert dataset.values("csv_review_site") == ["north"]  # no decision: a column like others


def test_an_earlier_import_of_decisions_without_marks_is_taken_on(dataset, tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    with (tmp_path / "metadata.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["file_name", "review_decision"], ["a.png", "agree"]])
    cache = FeatureCacheParams(cache_dir=str(tmp_path), image_dir=str(tmp_path))
    import_feature_cache(dataset, cache)
    record = dataset.get_run_info("gapsphere_feature_cache").config
    record.token = ""
    dataset.update_run_config("gapsphere_feature_cache", record)
    field = dataset.get_field("review_decision")
    field.info = None
    field.save()
    assert queue.decided(dataset) == 1
    import_feature_cache(dataset, cache)
    assert dataset.values("review_decision") == ["agree"]
    assert dataset.get_field("review_decision").info["written_by"] == "gapsphere"


def test_an_import_keeps_the_images_and_the_values_of_samples_that_are_there(dataset, tmp_path):
    header, rows = ["file_name", "weather"], [["a.png", "rain"], ["b.png", ""], ["c.png", "sun"]]
    with (tmp_path / "metadata.csv").open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    paths = [str(tmp_path / name) for name, _ in rows]
    dataset.add_samples(
        fo.Sample(filepath=path, file_name=name, weather=weather)
        for path, (name, _), weather in zip(paths, rows, ["fog", "fog", None], strict=True)
    )
    imported = import_feature_cache(dataset, FeatureCacheParams(cache_dir=str(tmp_path)))
    assert dataset.values("filepath") == paths
    assert (imported.cards, imported.updated) == (0, 3)
    assert dataset.values("weather") == ["rain", "fog", "sun"]
    said = "1 value of the dataset's own field 'weather' replaced ('a.png')"
    assert any(said in line for line in imported.findings)


def test_a_name_that_several_samples_have_is_refused_before_anything_is_written(dataset, tmp_path):
    (tmp_path / "metadata.csv").write_text("file_name\n0.png\n")
    paths = [str(tmp_path / drive / "0.png") for drive in "ab"]
    dataset.add_samples(fo.Sample(filepath=path, file_name="0.png") for path in paths)
    before = list(dataset.get_field_schema())
    with pytest.raises(InputError, match="1 value of the field 'file_name' on several samples"):
        import_feature_cache(dataset, FeatureCacheParams(cache_dir=str(tmp_path)))
    assert list(dataset.get_field_schema()) == before
    assert not dataset.list_runs()


def test_a_name_that_several_samples_have_and_no_row_keeps_no_cache_out(dataset, tmp_path):
    (tmp_path / "metadata.csv").write_text("file_name,site\na/0.png,1\nb/0.png,2\n")
    for drive in "ab":
        (tmp_path / drive).mkdir()
        Image.new("RGB", (8, 8)).save(tmp_path / drive / "0.png")
    paths = [str(tmp_path / drive / "0.png") for drive in "ab"]
    dataset.add_samples(fo.Sample(filepath=path, file_name="0.png") for path in paths)
    params = FeatureCacheParams(cache_dir=str(tmp_path), image_dir=str(tmp_path))
    assert import_feature_cache(dataset, params).updated == 2
    assert dataset.values(["filepath", "site"]) == (paths, [1, 2])


def test_a_file_that_a_user_named_is_not_changed_for_one_of_the_same_name(dataset, tmp_path):
    (tmp_path / "metadata.csv").write_text("file_name\n0.png\n1.png\n")
    (tmp_path / "a").mkdir()
    for path in ("0.png", "1.png", "a/0.png"):
        Image.new("RGB", (8, 8)).save(tmp_path / path)
    paths = [str(tmp_path / "a" / "0.png"), str(tmp_path / "gone" / "1.png")]
    dataset.add_samples(
        fo.Sample(filepath=path, file_name=f"{row}.png") for row, path in enumerate(paths)
    )
    params = FeatureCacheParams(cache_dir=str(tmp_path), image_dir=str(tmp_path))
    for _ in range(2):
        import_feature_cache(dataset, params)
        assert dataset.values("filepath") == [paths[0], str(tmp_path / "1.png")]


def test_two_rows_that_mean_one_sample_are_no_loss_in_silence(dataset, tmp_path):
    (tmp_path / "metadata.csv").write_text("file_name,site\na.png,1\nb.png,2\n")
    for name in ("a.png", "b.png"):
        Image.new("RGB", (8, 8)).save(tmp_path / name)
    dataset.add_sample(fo.Sample(filepath=str(tmp_path / "a.png"), file_name="b.png"))
    params = FeatureCacheParams(cache_dir=str(tmp_path), image_dir=str(tmp_path))
    imported = import_feature_cache(dataset, params)
    assert (imported.added, imported.updated, imported.earlier) == (0, 1, 0)
    assert any("1 row left out: an earlier row" in line for line in imported.findings)
    assert dataset.values(["file_name", "site"]) == (["a.png"], [1])
    assert import_feature_cache(dataset, params).added == 1  # its name is its own now
    assert dataset.values(["file_name", "site"]) == (["a.png", "b.png"], [1, 2])


def test_a_read_only_field_stops_an_import_before_anything_is_written(dataset, tmp_path):
    params = FeatureCacheParams(cache_dir=str(tmp_path))
    (tmp_path / "metadata.csv").write_text("file_name,site\na.png,x\n")
    import_feature_cache(dataset, params)
    field = dataset.get_field("site")
    field.read_only = True
    field.save()
    (tmp_path / "metadata.csv").write_text("file_name,site,weather\na.png,z,rain\n")
    with pytest.raises(InputError, match="The field 'site' is read-only"):
        import_feature_cache(dataset, params)
    assert not dataset.has_field("weather")
    assert not runs.read(dataset, Names(), "feature_cache").running


def test_values_for_read_only_fields_are_left_out_and_said_and_the_rest_comes(dataset, tmp_path):
    names = ["a.png", "b.png"]
    dataset.add_samples(fo.Sample(str(tmp_path / name), file_name=name, site="x") for name in names)
    params = FeatureCacheParams(cache_dir=str(tmp_path))
    header = "file_name,site,review_decision,weather\n"
    (tmp_path / "metadata.csv").write_text(f"{header}a.png,x,,fog\nb.png,x,,fog\n")
    import_feature_cache(dataset, params)
    for name in ("site", "review_decision"):
        field = dataset.get_field(name)
        field.read_only = True
        field.save()
    (tmp_path / "metadata.csv").write_text(f"{header}a.png,y,agree,rain\nb.png,x,,rain\n")
    found = import_feature_cache(dataset, params).findings
    assert any("1 decision left out: their fields" in line and "a.png" in line for line in found)
    assert any("1 value of the dataset's own field 'site' left" in line for line in found)
    assert dataset.values(["site", "review_decision"]) == (["x", "x"], [None, None])
    assert dataset.values("weather") == ["rain", "rain"]


def look(dataset):
    """What colours are by, the colours, and the fields that are shown."""
    colours, shown = dataset.app_config.color_scheme, dataset.app_config.active_fields
    return colours.fields[0]["path"], colours.color_pool or None, list(shown.paths)


@pytest.mark.parametrize("theirs", [["day", "night"] * 3, [1, 2] * 3, ["correct", "no"] * 3])
def test_a_field_that_begins_as_a_verdict_is_of_no_other_model(judged, theirs):
    judged.set_values("prediction_status_x", theirs)
    assert decisions.models(judged) == [""]
    assert "prediction_status_x" in scene_paths(judged)


def test_verdicts_that_a_user_wrote_are_of_another_model(judged):
    judged.set_values("prediction_status_x", ["correct", "misclassified"] * 2 + [None] * 2)
    assert decisions.models(judged) == ["", "x"]
    assert "prediction_status_x" not in scene_paths(judged)


def test_an_import_keeps_colours_and_shown_fields_that_a_person_chose(dataset, tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    with (tmp_path / "metadata.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["file_name", "year", "site"], ["a.png", "2024", "north"]])
    folders = {"cache_dir": str(tmp_path), "image_dir": str(tmp_path)}
    cache = FeatureCacheParams(**folders, color_by="year", hover="year")
    import_feature_cache(dataset, cache)
    assert look(dataset) == ("year", None, ["year", "prediction_status"])
    import_feature_cache(dataset, cache.model_copy(update={"color_by": "site", "hover": "site"}))
    assert look(dataset) == ("site", None, ["site", "prediction_status"])
    dataset.app_config.color_scheme.color_pool = ["#ff0000"]
    dataset.app_config.active_fields = fo.ActiveFields(paths=["tags"], exclude=False)
    dataset.save()
    import_feature_cache(dataset, cache)
    assert look(dataset) == ("site", ["#ff0000"], ["tags"])


def test_columns_of_a_cache_tell_of_the_scene_whatever_they_are_called_and_reviews_do_not(
    dataset, tmp_path
):
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    header = ["file_name", "support_x", "review_decision", "review_site", "speed"]
    with (tmp_path / "metadata.csv").open("w", newline="") as file:
        csv.writer(file).writerows([header, ["a.png", "tripod", "agree", "north", "3"]])
    with (tmp_path / "mis_qwen.csv").open("w", newline="") as file:
        row = ["a.png", '{"score": 1, "rationale": "x"}', "fen"]
        csv.writer(file).writerows([["file_name", "rationale", "guess"], row])
    cache = FeatureCacheParams(
        cache_dir=str(tmp_path), image_dir=str(tmp_path), mis_csv="mis_qwen.csv"
    )
    import_feature_cache(dataset, cache)
    dataset.set_values("review_team", ["b"])
    dataset.set_values("llm_route", ["c"])
    assert dataset.values("llm_guess") == ["fen"]
    wanted = {"ground_truth", "support_x", "csv_review_site", "speed", "review_team", "llm_route"}
    assert scene_paths(dataset).keys() == wanted
    for name in dataset.get_field_schema():  # as the first version left them
        if is_ours(dataset, name):
            field = dataset.get_field(name)
            field.info = None
            field.save()
    assert "llm_guess" not in scene_paths(dataset)
