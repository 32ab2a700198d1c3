"""One contract a function: what FiftyOne's private API has to go on doing."""

import io
import queue
import zlib
from datetime import datetime

import fiftyone as fo
import fiftyone.core.odm as foo
import numpy as np
import pymongo.monitoring
import pytest
from bson import ObjectId
from fiftyone import ViewField as F
from gapsphere.plugin.dataset.store import fiftyone_internals as internals
from gapsphere.tests.support.waiting import PATIENCE


@pytest.fixture
def boxes(dataset):
    """Three samples, the first with two detections."""
    dataset.add_samples([fo.Sample(filepath=f"/made/{n}.png", number=n) for n in range(3)])
    sample = dataset.first()
    sample["boxes"] = fo.Detections(
        detections=[fo.Detection(label="car", bounding_box=[0, 0, 1, 1]) for _ in range(2)]
    )
    sample.save()
    return dataset


def test_the_database_lists_the_datasets(boxes):
    names = internals.database().datasets.distinct("name")
    assert boxes.name in names


def test_binaries_are_what_the_field_gives_and_samples_in_memory_follow(boxes):
    boxes.add_sample_field("vector", fo.VectorField)
    sample, row = boxes.first(), np.arange(3, dtype=np.float32)
    before = sample.last_modified_at
    stored = fo.core.utils.serialize_numpy_array(row)
    internals.set_binaries(boxes, "vector", {sample.id: stored})
    assert sample.vector.tolist() == boxes.values("vector")[0].tolist() == row.tolist()
    assert boxes.values("last_modified_at")[0] >= before
    assert internals.stored_values(boxes, "vector", [sample.id]) == {sample.id: stored}


def test_several_fields_at_once_are_what_set_values_makes_of_each(boxes):
    kinds = {
        "vector": (fo.VectorField, np.arange(3, dtype=np.float32)),
        "nearest": (fo.ObjectIdField, boxes.first().id),
        "verdict": (fo.StringField, "gap"),
        "gap": (fo.BooleanField, True),
        "support": (fo.IntField, 3),
        "distance": (fo.FloatField, 0.5),
    }
    for name, (kind, _) in kinds.items():
        boxes.add_sample_field(name, kind)
    one, other, third = boxes.values("id")
    held, before = boxes[one], boxes[one].last_modified_at
    values = {name: value for name, (_, value) in kinds.items()}
    internals.set_fields(boxes, {one: values, third: {"support": None}})
    for name, value in values.items():
        boxes.set_values(name, {other: value}, key_field="id")
    stored = {each["_id"]: each for each in internals.collection(boxes).find()}
    first, second, _ = (stored[ObjectId(each)] for each in (one, other, third))
    names = [internals.stored_name(boxes, name) for name in kinds]
    assert [first[name] for name in names] == [second[name] for name in names]
    assert held.support == 3
    assert boxes[one].last_modified_at >= before
    with pytest.raises(Exception, match="StringField"):
        internals.set_fields(boxes, {one: {"verdict": 1}})


def test_raw_batches_are_the_documents_and_no_object_of_any_is_made(boxes, monkeypatch):
    from bson import decode_all, raw_bson

    samples = internals.collection(boxes)
    samples.insert_many({"number": at, "tags": ["x"] * (at % 3)} for at in range(3, 1500))
    pipeline = [{"$sort": {"number": 1}}]
    wanted = list(samples.aggregate(pipeline))
    made = []
    real = raw_bson.RawBSONDocument.__init__
    monkeypatch.setattr(
        raw_bson.RawBSONDocument,
        "__init__",
        lambda *args, **kwargs: (made.append(1), real(*args, **kwargs))[1],
    )
    batches = list(internals.raw_batches(samples, pipeline))
    assert [one for batch in batches for one in decode_all(batch)] == wanted
    assert len(made) < 20
    assert not list(internals.raw_batches(samples, [{"$match": {"number": -1}}]))


def test_a_datasets_id_outlives_its_name(boxes):
    before = internals.dataset_id(boxes)
    boxes.name = f"{boxes.name}-renamed"
    (document,) = foo.get_db_conn().datasets.find({"name": boxes.name})
    assert internals.dataset_id(boxes) == before == document["_id"]


def test_a_dataset_exists_under_any_name_until_it_is_deleted(boxes):
    key = internals.dataset_id(boxes)
    boxes.name = f"{boxes.name}-renamed"
    assert internals.exists(key)
    boxes.delete()
    assert not internals.exists(key)


def test_a_run_is_replaced_in_one_update_and_is_never_absent(boxes):
    def config(number):
        return boxes.init_run(method="gapsphere/made", number=number, token=f"t{number}")

    assert internals.run_config(boxes, "made") is None
    assert internals.replace_run(boxes, "made", config(1))
    assert boxes.get_run_info("made").config.number == 1
    before = boxes.get_run_info("made").timestamp
    database = internals.database()
    documents = database.runs.count_documents({})
    assert internals.replace_run(boxes, "made", config(2))
    assert database.runs.count_documents({}) == documents
    assert boxes.get_run_info("made").config.number == 2
    assert boxes.get_run_info("made").timestamp >= before
    assert internals.run_config(boxes, "made")["number"] == 2


def test_a_run_of_another_token_stays(boxes):
    def config(token):
        return boxes.init_run(method="gapsphere/made", token=token)

    assert not internals.replace_run(boxes, "made", config("a"), "b")
    assert not boxes.has_run("made")
    internals.replace_run(boxes, "made", config("a"))
    assert not internals.replace_run(boxes, "made", config("c"), "b")
    assert internals.run_config(boxes, "made")["token"] == "a"
    assert internals.replace_run(boxes, "made", config("c"), "a")
    assert internals.run_config(boxes, "made")["token"] == "c"


def test_what_another_process_did_to_a_run_is_seen(boxes):
    """Their changes reach the database and not our memory."""
    internals.replace_run(boxes, "made", boxes.init_run(method="gapsphere/made", token="a"))
    other = internals.detached(boxes)
    other.delete_run("made")
    assert boxes.has_run("made")
    assert internals.run_config(boxes, "made") is None
    assert internals.replace_run(boxes, "made", boxes.init_run(method="gapsphere/made", token="b"))
    assert internals.run_config(other, "made")["token"] == "b"
    assert boxes.get_run_info("made").config.token == "b"


def test_samples_with_a_value_are_found_also_in_a_field_of_ids(boxes):
    boxes.add_sample_field("nearest", fo.ObjectIdField)
    first, second, _ = boxes.values("id")
    boxes.set_values("nearest", {first: second}, key_field="id")
    assert internals.ids_with(boxes, "nearest") == [first]
    boxes.set_values("nearest", {first: None}, key_field="id")
    assert internals.ids_with(boxes, "nearest") == []
    assert internals.ids_with(boxes, "number") == boxes.values("id")


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        (lambda d: d.limit(1).set_values("number", [7]), True),
        (lambda d: d.limit(1).set_values("number", [None]), True),
        (lambda d: d.limit(1).tag_samples("mine"), True),
        (lambda d: d.delete_samples(d.limit(1)), True),
        (lambda d: d.limit(1).tag_samples("other"), False),
        (lambda d: d.set_values("elsewhere", [1.0, 2.0, 3.0]), False),
        (lambda d: d.add_sample(fo.Sample(filepath="/made/9.png")), False),
    ],
)
def test_the_digest_follows_ids_values_and_tags_and_nothing_else(boxes, change, differs):
    before = internals.columns_digest(boxes, ["number"], ["mine"])
    change(boxes)
    assert (internals.columns_digest(boxes, ["number"], ["mine"]) != before) == differs


def test_the_collection_holds_a_document_a_sample_with_its_fields(boxes):
    found = internals.collection(boxes).find({}, {"number": 1, "last_modified_at": 1})
    assert [document["number"] for document in found] == boxes.values("number")
    assert internals.collection(boxes).find_one()["last_modified_at"] is not None


def test_what_mongodb_is_asked_gives_the_samples_of_a_view(boxes):
    for view in (boxes, boxes.match(F("number") > 0), boxes[:1].concat(boxes[2:])):
        found = internals.collection(boxes).aggregate(internals.pipeline(view))
        assert [str(document["_id"]) for document in found] == view.values("id")


def test_stored_arrays_are_bytes_that_numpy_reads_when_unpacked(boxes):
    boxes.add_sample_field("vector", fo.VectorField)
    boxes.set_values("vector", {boxes.last().id: np.arange(3.0)}, key_field="id")
    ids = boxes.values("id")
    found = internals.stored_values(boxes, "vector", ids)
    assert list(found) == ids
    assert found[ids[0]] is None
    read = np.load(io.BytesIO(zlib.decompress(found[ids[2]])))
    np.testing.assert_array_equal(read, np.arange(3.0))


def test_the_root_of_a_view_is_the_dataset_itself(boxes):
    assert internals.root_dataset(boxes.limit(1)) is boxes
    assert internals.root_dataset(boxes.to_patches("boxes")) is boxes


def test_patches_are_generated_and_samples_are_not(boxes):
    assert internals.is_generated(boxes.to_patches("boxes"))
    assert not internals.is_generated(boxes.limit(1))


def test_a_view_is_whole_until_a_stage_is_added(boxes):
    assert internals.is_whole(boxes.view())
    assert not internals.is_whole(boxes.limit(1))
    assert not internals.is_whole(boxes.to_patches("boxes"))


def test_stages_are_equal_for_equal_views(boxes):
    view = boxes.match(F("number") > 0)
    assert internals.stages(view) == internals.stages(boxes.match(F("number") > 0))
    assert internals.stages(view) != internals.stages(boxes.match(F("number") > 1))
    assert internals.stages(boxes.view()) == []


def test_a_view_of_matches_alone_is_what_it_asks_of_each_sample(boxes):
    view = boxes.match(F("number") > 0).match_tags("none", bool=False)
    asked = internals.conditions(view)
    assert boxes.match({"$and": asked}).values("number") == view.values("number") == [1, 2]
    assert internals.conditions(boxes.view()) == []
    for other in (boxes.limit(1), view.sort_by("number"), boxes.filter_labels("boxes", F("x") > 0)):
        assert internals.conditions(other) is None


def test_a_view_is_built_again_from_its_stages(boxes):
    view = boxes.match(F("number") > 0).sort_by("number", reverse=True)
    assert internals.view_of(boxes, internals.stages(view)).values("number") == [2, 1]


def test_a_view_is_built_from_stages_and_the_sidebars_filters(boxes):
    stages = internals.stages(boxes.match(F("number") > 0))
    filters = {"number": {"_CLS": "int", "range": [2, 5], "exclude": False, "isMatching": True}}
    assert internals.filtered_view_of(boxes, stages, filters).values("number") == [2]
    assert internals.filtered_view_of(boxes, stages, None).values("number") == [1, 2]
    assert internals.filtered_view_of(boxes, None, None).values("number") == [0, 1, 2]


def test_ids_come_raw_and_in_the_order_asked_for(boxes):
    def hexed(*args):
        return [row.tobytes().hex() for row in internals.view_ids(*args)]

    assert hexed(boxes) == boxes.values("id")
    assert hexed(boxes.skip(1)) == boxes.skip(1).values("id")
    assert hexed(boxes.view(), {"$sort": {"number": -1}}) == boxes.values("id")[::-1]
    assert hexed(boxes.match(F("number") > 9)) == []
    patches = boxes.to_patches("boxes")
    assert hexed(patches) == patches.values("id")


def test_documents_are_what_adding_samples_writes(boxes):
    sample = fo.Sample(filepath="/made/3.png", number=3, tags=["S"])
    now = datetime(2026, 1, 2, 3, 4, 5)
    (made,) = internals.documents(boxes, [sample], now)
    boxes.add_sample(sample)
    (written,) = internals.collection(boxes).find({"number": 3})
    own = {"_id", "created_at", "last_modified_at", "_rand"}
    assert {k: v for k, v in made.items() if k not in own} == {
        k: v for k, v in written.items() if k not in own
    }
    assert made["created_at"] == made["last_modified_at"] == now


def test_a_detached_dataset_keeps_its_new_field_while_the_shared_one_is_reloaded(boxes):
    own = internals.detached(boxes)
    assert own is not fo.load_dataset(boxes.name)
    assert internals.dataset_id(own) == internals.dataset_id(boxes)
    own.add_sample_field("mine", fo.IntField)
    boxes.reload()
    assert own.has_field("mine")
    own.set_values("mine", [1, 2, 3])
    assert boxes.values("mine") == [1, 2, 3]


def test_an_operators_context_works_on_the_dataset_given(boxes):
    from fiftyone.operators.executor import ExecutionContext

    ctx = ExecutionContext({"dataset_name": boxes.name, "view": internals.stages(boxes.limit(1))})
    shared, own = ctx.dataset, internals.detached(boxes)
    assert len(ctx.view) == 1
    internals.work_on(ctx, own)
    assert ctx.dataset is own is not shared
    assert internals.root_dataset(ctx.view) is own
    assert len(ctx.view) == 1


def test_the_embeddings_panel_reads_the_facts_of_a_brain_run_and_not_its_results(
    boxes, monkeypatch
):
    import fiftyone.brain as fob
    from fiftyone.server.routes import embeddings_v2 as routes

    points = np.zeros((3, 3))
    fob.compute_visualization(boxes, points=points, brain_key="made", num_dims=3, verbose=False)
    internals.describe_brain_run(boxes, "made", num_points=3, num_dims=3)
    monkeypatch.delattr(routes, "_load_results")
    asked = {"datasetName": boxes.name, "brainKey": "made"}
    told = routes.EmbeddingsV2RunInfo._post_sync(None, asked)
    assert (told["n"], told["dims"]) == (3, 3)


class Looks(pymongo.monitoring.ServerHeartbeatListener):
    """How long the driver let its server wait with an answer, look by look."""

    def __init__(self):
        self.seconds = queue.Queue()

    def started(self, event): ...

    def failed(self, event): ...

    def succeeded(self, event):
        if event.awaited:
            self.seconds.put(event.duration)


def test_a_hurried_client_looks_at_its_server_more_often_until_it_is_as_before(dataset):
    looks = Looks()
    chosen = {"heartbeatFrequencyMS": 1000 * internals.DRIVERS_HEARTBEAT}
    address = internals.database().client.address
    with pymongo.MongoClient(*address, event_listeners=[looks], **chosen) as client:
        client.admin.command("ping")
        settings, opts = (
            client._topology_settings,
            [server._monitor._pool.opts for server in client._topology._servers.values()],
        )
        before = settings.heartbeat_frequency, [each.connect_timeout for each in opts]
        restore = internals._hurried(client, 3, 0.5)
        assert [each.connect_timeout for each in opts] == [3]
        assert [each.socket_timeout for each in opts] == [3]
        assert looks.seconds.get(timeout=PATIENCE) < internals.DRIVERS_HEARTBEAT / 2
        restore()
        assert (settings.heartbeat_frequency, [each.connect_timeout for each in opts]) == before


def test_a_heartbeat_that_a_uri_chooses_stays(dataset):
    address = internals.database().client.address
    with pymongo.MongoClient(*address, heartbeatFrequencyMS=20_000) as client:
        client.admin.command("ping")
        internals._hurried(client, 3, 0.5)
        assert client._topology_settings.heartbeat_frequency == 20
        assert client._topology_settings.server_selection_timeout == 3


def test_no_other_file_reaches_for_a_private_name():
    """Names of FiftyOne with an underscore stay in the one module."""
    import re
    from pathlib import Path

    import gapsphere

    private = re.compile(
        r"(?<!self)(?<!cls)\._(doc|sample_collection|frame_collection|serialize|is_generated|"
        r"root_dataset|dataset|view|pipeline|make_dict|build)\b|\b__new__\(|_create="
    )
    root = Path(gapsphere.__file__).parent
    rooms = ("plugin", "operators", "panels")
    files = [path for room in rooms for path in (root / room).rglob("*.py")]
    assert len(files) > 100
    found = {
        str(path.relative_to(root))
        for path in files
        if path.name != "fiftyone_internals.py" and private.search(path.read_text())
    }
    assert found == set()


@pytest.mark.parametrize("name", ["self", "pk", "media_type", "_id", "filepath", "dataset", "rig"])
def test_the_names_that_a_sample_keeps_are_known(dataset, name):
    dataset.add_group_field("rig")
    assert name in internals.reserved_names(dataset)
    assert not {"speed", "sequence", "weather"} & internals.reserved_names(dataset)


def test_settings_of_every_run_are_read_without_its_results(dataset):
    assert internals.run_parts(dataset, "params") == {}
    dataset.register_run("mine", fo.RunConfig(method="mine"))
    dataset.register_run("ours", fo.RunConfig(method="ours", params={"owned": "S"}, results=[1]))
    expected = {"mine": {}, "ours": {"params": {"owned": "S"}}}
    assert internals.run_parts(dataset, "params", "created") == expected
    assert internals.run_parts(dataset, "method") == {k: {"method": k} for k in expected}


def test_runs_of_a_method_are_read_whatever_dataset_they_are_of(dataset):
    other = fo.Dataset()
    for each, pace in ((dataset, 1), (other, 2)):
        each.register_run("ours", fo.RunConfig(method="ours/step", pace=pace))
    assert [one["pace"] for one in internals.run_configs("ours/step", 9)] == [2, 1]
    assert len(internals.run_configs("ours/step", 1)) == 1
    other.delete()


def test_the_last_change_of_a_sample_follows_tags_values_and_new_samples(boxes):
    seen = {internals.last_change(boxes)}
    boxes.first().save()
    for change in (
        lambda: boxes.tag_samples("S"),
        lambda: boxes.set_values("number", [3, 2, 1]),
        lambda: boxes.add_sample(fo.Sample("/made/new.png")),
    ):
        change()
        seen.add(internals.last_change(boxes))
    assert len(seen) == 4
    indexes = boxes._sample_collection.index_information().values()
    assert any(index["key"][0][0] == "last_modified_at" for index in indexes)


def test_columns_are_what_values_gives_of_plain_fields_and_of_others(boxes):
    other = fo.Sample("/made/other.png", tags=["there"])
    other["label"] = fo.Classification(label="night")
    boxes.add_sample(other)
    boxes.add_sample_field("near", fo.ObjectIdField)
    boxes.set_values("near", {other.id: boxes.first().id}, key_field="id")
    paths = ["id", "filepath", "number", "near", "label.label"]
    for samples in (boxes, boxes.match(F("number") > 0), boxes.match_tags("there")):
        for asked in (paths, [*paths, "boxes.detections.label"], ["tags"]):
            assert internals.column_values(samples, asked) == list(samples.values(asked))


def test_a_question_of_the_database_is_answered_with_ids_as_text(boxes):
    asked = [internals.value_of(boxes, "number"), {"$gt": ["$boxes", None]}]
    ids, numbers, there = internals.answers(boxes, asked)
    assert ids == boxes.values("id")
    assert numbers == boxes.values("number")
    assert there == [True, False, False]


def test_values_of_every_kind_are_counted_and_what_is_absent_or_none_is_not(dataset):
    held = [False, 0, "", [], {}, b"", None]
    dataset.add_samples([fo.Sample(filepath=f"/made/{n}.png") for n in range(len(held) + 1)])
    for name in ("any", "single"):
        dataset.add_sample_field(name, fo.DictField)
    for sample_id, value in zip(dataset.values("id"), held, strict=False):
        where = {"_id": internals.ObjectId(sample_id)}
        internals.collection(dataset).update_one(where, {"$set": {"any": value}})
    internals.collection(dataset).update_one({}, {"$set": {"single": 1}})
    assert internals.counts_with(dataset, ["any", "id", "single"]) == [6, 8, 1]
    assert internals.counts_with(dataset, []) == []
    dataset.clear()
    assert internals.counts_with(dataset, ["any", "single"]) == [0, 0]


def test_fields_are_added_at_once_as_one_by_one(dataset):
    wanted = {
        "far": (fo.FloatField, {"description": "How far"}),
        "why": (fo.ListField, {"subfield": fo.StringField, "info": {"a": 1}}),
        "box": (fo.EmbeddedDocumentField, {"embedded_doc_type": fo.Detections}),
    }
    made = {name: foo.create_field(name, kind, **more) for name, (kind, more) in wanted.items()}
    internals.add_fields(dataset, made)
    internals.add_fields(dataset, {})
    other = fo.Dataset()
    for name, (kind, more) in wanted.items():
        other.add_sample_field(name, kind, **more)
    told = "name", "ftype", "subfield", "embedded_doc_type", "description", "info", "read_only"
    held, beside = (
        [[field.to_dict()[each] for each in told] for field in of._doc.sample_fields]
        for of in (dataset, other)
    )
    assert held == beside
    other.delete()
    assert {*wanted} <= {*internals.detached(dataset).get_field_schema()}
    with pytest.raises(ValueError, match="far"):
        internals.add_fields(dataset, {"far": foo.create_field("far", fo.StringField)})
