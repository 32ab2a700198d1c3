"""Every use of FiftyOne's private API, each as a function with the reason for it.

Nothing else in Gapsphere reaches for a name that begins with an underscore, so a new FiftyOne
breaks in this file or not at all; ``tests/dataset/store/test_fiftyone_internals.py`` has a contract
test for each function.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from inspect import signature
from itertools import accumulate
from operator import itemgetter
from typing import Any

import fiftyone as fo
import fiftyone.operators as foo
import mongoengine
import numpy as np
import pymongo
from bson import ObjectId
from fiftyone.core.odm import DatasetSampleDocument, get_db_conn
from fiftyone.core.odm.runs import RunDocument
from fiftyone.core.sample import get_default_sample_fields
from fiftyone.server.view import get_view
from numpy.typing import NDArray
from pymongo.collection import Collection
from pymongo.database import Database

from ...vectors.sample_ids import id_words
from .replies import batch_of

Stages = list[dict[str, Any]]
PLAIN = (fo.StringField, fo.BooleanField, fo.IntField, fo.FloatField, fo.ObjectIdField)
"""Fields whose values the database holds as ``values`` gives them."""
DRIVERS_HEARTBEAT = 10
"""Seconds between two looks at a server where nobody chose otherwise.  Not the driver's constant,
which :func:`~.connection.shorten_waits` changes."""
AT_ONCE = 20_000
"""Documents that are decoded at once."""
_SOCKET = "connect", "socket"
_impatience = threading.Lock()
_impatient: dict[int, tuple[set[object], Callable[[], None]]] = {}
"""Of each client, by its identity: who is impatient with it, and what makes it as it was."""


def database() -> Database[dict[str, Any]]:
    """FiftyOne's own MongoDB database."""
    found: Database[dict[str, Any]] = get_db_conn()
    return found


@contextmanager
def impatient(wait: float, beat: float) -> Iterator[None]:
    """Wait ``wait`` seconds for a server that does not answer, and look every ``beat`` whether.

    A client has no public way to change what it was made with, and FiftyOne made these two.  By the
    driver's defaults, half a minute goes by until a question to a server that stands still is given
    up: its heartbeat ends it.  Here that takes ``wait + beat``.  Of several users at once, in
    whatever order they leave, the last one restores what was before.

    Raises
    ------
    PyMongoError
        The server does not answer now.
    """
    with pymongo.timeout(wait):
        database().command("ping")
    clients = [database().client, mongoengine.get_connection()]
    mine = object()
    with _impatience:
        for client in clients:
            if id(client) not in _impatient:
                _impatient[id(client)] = set(), _hurried(client, wait, beat)
            _impatient[id(client)][0].add(mine)
    try:
        yield
    finally:
        with _impatience:
            for client in clients:
                users, restore = _impatient[id(client)]
                users.discard(mine)
                if not users:
                    del _impatient[id(client)]
                    restore()


def _hurried(client: pymongo.MongoClient[Any], wait: float, beat: float) -> Callable[[], None]:
    """Shorten what a client waits; what makes it as it was.

    A heartbeat that somebody chose, in the database's URI, is left alone.
    """
    settings = client._topology_settings
    shorter: list[tuple[Any, str, float]] = [(settings, "_server_selection_timeout", wait)]
    monitors: list[Any] = []
    if settings._heartbeat_frequency == DRIVERS_HEARTBEAT:
        shorter.append((settings, "_heartbeat_frequency", beat))
        monitors = [server._monitor for server in client._topology._servers.values()]
    for each in monitors:
        shorter += [(each._pool.opts, f"_PoolOptions__{what}_timeout", wait) for what in _SOCKET]
    before = [(of, name, getattr(of, name)) for of, name, _ in shorter]

    def put(values: Iterable[tuple[Any, str, float]]) -> None:
        for of, name, value in values:
            setattr(of, name, value)
        for each in monitors:
            each.cancel_check()  # it looks again at once, with these times

    put((of, name, min(value, getattr(of, name))) for of, name, value in shorter)
    return lambda: put(before)


def dataset_id(dataset: fo.Dataset) -> ObjectId:
    """What identifies a dataset for good: its name may change and be used again."""
    return dataset._doc.id


def exists(key: ObjectId) -> bool:
    """Whether the database still has the dataset of that id, whatever its name is now."""
    return database().datasets.find_one({"_id": key}, {"_id": True}) is not None


def run_config(dataset: fo.Dataset, key: str) -> dict[str, Any] | None:
    """Config of a custom run as the database has it now; None where there is no such run.

    ``get_run_info`` answers from memory, which does not see what other processes write.
    """
    wanted = {"_id": dataset_id(dataset)}
    listed = database().datasets.find_one(wanted, {f"runs.{key}": True}) or {}
    reference = listed.get("runs", {}).get(key)
    if reference is None:
        return None
    found = database().runs.find_one({"_id": reference}, {"config": True})
    return None if found is None else dict(found["config"])


def run_parts(dataset: fo.Dataset, *names: str) -> dict[str, dict[str, Any]]:
    """Some values of every custom run's config by its key, as the database has them now.

    Loading the runs one by one would bring their results as well.
    """
    listed = database().datasets.find_one({"_id": dataset_id(dataset)}, {"runs": True}) or {}
    keys = {reference: key for key, reference in listed.get("runs", {}).items()}
    wanted = {f"config.{name}": True for name in names}
    found = database().runs.find({"_id": {"$in": list(keys)}}, wanted)
    return {keys[each["_id"]]: each.get("config", {}) for each in found}


def run_configs(method: str, most: int) -> list[dict[str, Any]]:
    """Configs of the latest custom runs of a method in the database, whatever dataset they are of.

    FiftyOne lists the runs of one dataset only.
    """
    latest = database().runs.find({"config.method": method}, {"config": True})
    return [dict(each["config"]) for each in latest.sort("timestamp", -1).limit(most)]


def last_change(dataset: fo.Dataset) -> datetime | None:
    """When a sample was last written by FiftyOne, which keeps an index of that."""
    latest = [("last_modified_at", -1)]
    found = dataset._sample_collection.find_one({}, {"last_modified_at": True}, sort=latest)
    return (found or {}).get("last_modified_at")


def replace_run(
    dataset: fo.Dataset, key: str, config: fo.RunConfig, token: str | None = None
) -> bool:
    """Put ``config`` in place of a custom run's in one update; register it where there is none.

    ``register_run`` deletes the old run and then writes the new one: whoever is killed in between
    has lost the record.  With ``token``, only a run whose config has that ``token`` is replaced;
    whether it was.
    """
    wanted = {"_id": dataset_id(dataset)}
    listed = database().datasets.find_one(wanted, {f"runs.{key}": True}) or {}
    reference = listed.get("runs", {}).get(key)
    if reference is None:
        if token is None:
            dataset.reload()
            dataset.register_run(key, config)
        return token is None
    which = {"_id": reference} if token is None else {"_id": reference, "config.token": token}
    now = datetime.now(timezone.utc).replace(tzinfo=None)
    change = {"config": config.serialize(), "timestamp": now, "version": fo.__version__}
    done = database().runs.update_one(which, {"$set": change}).matched_count == 1
    held = dataset._doc.runs.get(key)
    if isinstance(held, RunDocument):
        held.reload()
    else:
        dataset.reload()
    return done


def ids_with(dataset: fo.Dataset, *fields: str) -> list[str]:
    """Ids of the samples with a value in a field; ``exists`` finds none in a field of ids."""
    where = {"$or": [{stored_name(dataset, field): {"$ne": None}} for field in fields]}
    stages = [{"$match": where}, {"$project": {"_id": True}}]
    return id_words(_packed(raw_batches(dataset._sample_collection, stages)))


def raw_batches(of: Collection[Any], pipeline: Sequence[Any]) -> Iterator[bytes]:
    """What an aggregation answers, documents as bytes.

    The driver, which has no public way to it, makes an object of every document before it joins
    them again: here batches after the first are taken off the reply as they are.
    """
    answer: Any = of.aggregate_raw_batches(pipeline, allowDiskUse=True)
    usual: Any = getattr(answer, "_unpack_response", None)

    def unpacked(reply: Any, *args: Any, **kwargs: Any) -> Any:
        found = batch_of(getattr(reply, "payload_document", b""))
        return [found] if found is not None else usual(reply, *args, **kwargs)

    if usual is not None:
        answer._unpack_response = unpacked
    return iter(answer)


def answers(dataset: fo.Dataset, asked: Sequence[Any], stages: Stages | None = None) -> list[Any]:
    """Ids of all samples, or of those that ``stages`` give, and a list for each thing ``asked``.

    ``asked`` are expressions of MongoDB (:func:`value_of`).  The documents are decoded in one go,
    ids as text: a fifth of ``values``' time.
    """
    found: list[list[Any]] = [[] for _ in range(len(asked) + 1)]
    for part in answers_in_parts(dataset, asked, stages):
        for column, more in zip(found, part, strict=True):
            column += more
    return found


def answers_in_parts(
    dataset: fo.Dataset, asked: Sequence[Any], stages: Stages | None = None
) -> Iterator[list[Any]]:
    """The same of some samples at a time, as the server sends them."""
    wanted = {"_id": False, "id": {"$toString": "$_id"}}
    wanted |= {f"v{at}": each for at, each in enumerate(asked)}
    names = ["id", *(f"v{at}" for at in range(len(asked)))]
    stages = [*(stages or []), {"$project": wanted}]
    read = dataset._sample_collection.aggregate(stages, allowDiskUse=True, batchSize=AT_ONCE)
    while found := read.to_list(AT_ONCE):
        yield [list(map(itemgetter(name), found)) for name in names]


def value_of(samples: fo.Dataset | fo.DatasetView, path: str) -> Any:
    """What a sample holds at a path, None without a value; ids are text."""
    held = {"$ifNull": [f"${stored_name(samples, path)}", None]}
    if isinstance(samples.get_field(path), fo.ObjectIdField):
        return {"$convert": {"input": held, "to": "string", "onError": None}}
    return held


def column_values(samples: fo.Dataset | fo.DatasetView, paths: Sequence[str]) -> list[list[Any]]:
    """What ``values`` gives of fields that hold text, numbers, bools or ids, in less time."""
    if not all(_is_plain(samples, path) for path in paths):
        return list(samples.values(list(paths)))
    asked = [value_of(samples, path) for path in paths]
    return answers(samples._dataset, asked, pipeline(samples))[1:]


def _is_plain(samples: fo.Dataset | fo.DatasetView, path: str) -> bool:
    """Whether each sample has one plain value at a path."""
    *parents, _ = accumulate(path.split("."), "{}.{}".format)
    inside = all(isinstance(samples.get_field(each), fo.EmbeddedDocumentField) for each in parents)
    return inside and isinstance(samples.get_field(path), PLAIN)


def counts_with(dataset: fo.Dataset, fields: Sequence[str]) -> list[int]:
    """How many samples have a value in each field: all are counted in one scan."""
    if not fields:
        return []
    sums: dict[str, Any] = {"_id": None}
    for at, field in enumerate(fields):
        there = {"$gt": [f"${stored_name(dataset, field)}", None]}  # neither absent nor null
        sums[f"n{at}"] = {"$sum": {"$cond": [there, 1, 0]}}
    groups = dataset._sample_collection.aggregate([{"$group": sums}])
    found: dict[str, int] = next(iter(groups), {})
    return [found.get(f"n{at}", 0) for at in range(len(fields))]


def columns_digest(dataset: fo.Dataset, fields: Sequence[str], tags: Sequence[str] = ()) -> str:
    """Changes with the samples that have a value in one of the fields, or one of the tags.

    Their ids, values and those tags are compared as the database holds them, without decoding.
    """
    stored = [stored_name(dataset, field) for field in fields]
    some: Stages = [{name: {"$ne": None}} for name in stored]
    some += [{"tags": tag} for tag in tags]
    values: dict[str, Any] = {
        f"v{at}": {"$ifNull": [f"${name}", None]} for at, name in enumerate(stored)
    }
    carried = {"$ifNull": ["$tags", []]}
    values |= {f"t{at}": {"$in": [tag, carried]} for at, tag in enumerate(tags)}
    pipeline = [{"$match": {"$or": some}}, {"$sort": {"_id": 1}}, {"$project": values}]
    digest = hashlib.blake2b(repr((fields, tags)).encode(), digest_size=16)
    for batch in raw_batches(dataset._sample_collection, pipeline):
        digest.update(batch)
    return digest.hexdigest()


def stored_name(samples: fo.Dataset | fo.DatasetView, path: str) -> str:
    """What a field is called in the database: one of ids has an underscore before its name."""
    parent, dot, last = path.rpartition(".")
    return f"{parent}{dot}{samples.get_field(path).db_field or last}"


def collection(dataset: fo.Dataset) -> Collection[dict[str, Any]]:
    """The MongoDB collection of the samples: raw documents cost a third of ``values``' time."""
    found: Collection[dict[str, Any]] = dataset._sample_collection
    return found


def stored_values(dataset: fo.Dataset, field: str, ids: Sequence[str]) -> dict[str, Any]:
    """What the database holds of a field, by id: arrays as their bytes.

    ``values`` takes ten times as long for vectors.
    """
    name = stored_name(dataset, field)
    which = {"_id": {"$in": [ObjectId(each) for each in ids]}}
    found = dataset._sample_collection.find(which, {name: True}, batch_size=len(ids))
    return {str(document["_id"]): _inside(document, name) for document in found}


def _inside(document: dict[str, Any], name: str) -> Any:
    """The value at a path with dots; None where there is none."""
    value: Any = document
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def set_binaries(dataset: fo.Dataset, field: str, values: Mapping[str, bytes]) -> None:
    """Write values as the database holds them, by id; the field is declared.

    ``set_values`` takes the arrays alone, and what it makes of them is not known.
    """
    name, now = stored_name(dataset, field), datetime.now(timezone.utc).replace(tzinfo=None)
    changes = [
        pymongo.UpdateOne(
            {"_id": ObjectId(sample_id)}, {"$set": {name: value, "last_modified_at": now}}
        )
        for sample_id, value in values.items()
    ]
    dataset._bulk_write(changes, ids=list(values))


def set_fields(dataset: fo.Dataset, values: Mapping[str, Mapping[str, Any]]) -> None:
    """Write values of several fields, by id and field; the fields are declared.

    ``set_values`` takes one field, and the server writes the whole sample for each.
    """
    now = datetime.now(timezone.utc).replace(tzinfo=None)
    names = {name for each in values.values() for name in each}
    known = {name: dataset.get_field(name) for name in names}
    stored = {name: stored_name(dataset, name) for name in known}
    changes = []
    for sample_id, each in values.items():
        change: dict[str, Any] = {"last_modified_at": now}
        for name, value in each.items():
            if value is not None:
                known[name].validate(value)
                value = known[name].to_mongo(value)
            change[stored[name]] = value
        changes.append(pymongo.UpdateOne({"_id": ObjectId(sample_id)}, {"$set": change}))
    dataset._bulk_write(changes, ids=list(values))


def pipeline(samples: fo.Dataset | fo.DatasetView) -> Stages:
    """What MongoDB is asked for the samples of a dataset or view."""
    return list(samples._pipeline())


def root_dataset(view: fo.DatasetView) -> fo.Dataset:
    """The dataset that a view starts from, also one of patches, clips or frames.

    ``dataset_name`` gives the name only, and loading by it may meet another object.
    """
    return view._root_dataset


def is_generated(view: fo.DatasetView) -> bool:
    """Whether a view's entries are patches, clips or frames rather than samples."""
    return bool(view._is_generated)


def generated_kind(view: fo.DatasetView) -> str | None:
    """``patches``, ``clips`` or ``frames`` where a view's entries are those, None for samples."""
    kinds = {"patches": view._is_patches, "clips": view._is_clips, "frames": view._is_frames}
    return next((kind for kind, holds in kinds.items() if holds), None)


def is_dynamic_groups(samples: fo.Dataset | fo.DatasetView) -> bool:
    """Whether the entries are groups made by a field or an expression."""
    return bool(samples._is_dynamic_groups)


def is_whole(view: fo.DatasetView) -> bool:
    """Whether a view leaves nothing of its dataset out."""
    return bool(view == view._dataset.view())


def with_all_fields(view: fo.Dataset | fo.DatasetView) -> fo.Dataset | fo.DatasetView:
    """The view without stages that select or exclude fields: the same samples, whole.

    What is written to a field that a view leaves out could not be read through it.
    """
    if isinstance(view, fo.Dataset) or is_generated(view):
        return view
    hiding = fo.SelectFields, fo.ExcludeFields
    if not any(isinstance(stage, (*hiding, fo.Concat)) for stage in view._stages):
        return view
    whole = view._dataset.view()
    for stage in view._stages:
        if isinstance(stage, fo.Concat):
            stage = fo.Concat(with_all_fields(stage.samples))
        if not isinstance(stage, hiding):
            whole = whole.add_stage(stage)
    return whole


def may_repeat(view: fo.DatasetView) -> bool:
    """Whether a stage of the view can put a sample into it twice."""
    return any(isinstance(stage, (fo.Concat, fo.Mongo)) for stage in view._stages)


def stages(view: fo.DatasetView) -> Stages:
    """The view as the App sends it, without the uuids, which differ each time."""
    return list(view._serialize(include_uuids=False))


def conditions(view: fo.DatasetView) -> Stages | None:
    """What a view asks of each sample, where that is all that its stages do; None elsewhere."""
    if view._dataset.media_type != "image":  # stages of a flat view of groups have no group field
        return None
    steps = [step for stage in view._stages for step in stage.to_mongo(view)]
    if any(list(step) != ["$match"] for step in steps):
        return None
    return [step["$match"] for step in steps]


def saved_views_said(dataset: fo.Dataset) -> list[str]:
    """Every saved view with its stages, as the database has them now; ``info`` tells no stages."""
    of_it = {"_dataset_id": dataset_id(dataset)}
    return sorted(map(str, database().views.find(of_it, {"name": True, "view_stages": True})))


def saved_view(dataset: fo.Dataset, name: str) -> fo.DatasetView:
    """A saved view, whose stages can be run on the dataset as it is now.

    Raises
    ------
    ValueError
        A stage names a field, slice or run that is gone, or is of another version of FiftyOne.
    """
    try:
        view = dataset.load_saved_view(name)
        view._pipeline()
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise ValueError(str(error)) from error
    return view


def view_of(dataset: fo.Dataset, stages: Stages) -> fo.DatasetView:
    """The view that :func:`stages` describes."""
    return fo.DatasetView._build(dataset, stages)


def filtered_view_of(dataset: fo.Dataset, stages: Stages | None, filters: Any) -> fo.DatasetView:
    """The view that the App's grid shows: ``stages`` under the sidebar's filters."""
    return get_view(dataset, stages=stages, filters=filters)


def view_ids(view: fo.Dataset | fo.DatasetView, *order: Mapping[str, Any]) -> NDArray[np.uint8]:
    """Sample ids, uint8 (n, 12), in the view's order or as MongoDB's stages ``order`` them.

    The documents are not decoded: a quarter of ``values('id')``' time.
    """
    pipeline = view._pipeline(post_pipeline=[*order, {"$project": {"_id": 1}}])
    collection = view._dataset._sample_collection
    return _packed(raw_batches(collection, pipeline))


def _packed(batches: Iterable[bytes]) -> NDArray[np.uint8]:
    """The ids, uint8 (n, 12), of documents that hold nothing else.

    Such a document is 22 bytes, the last 13 of them id and end.
    """
    return np.frombuffer(b"".join(batches), np.uint8).reshape(-1, 22)[:, 9:21]


def documents(dataset: fo.Dataset, samples: Sequence[fo.Sample], now: datetime) -> Stages:
    """What ``add_samples`` would write of samples, made at ``now`` (UTC, without a time zone)."""
    return [dataset._make_dict(sample, created_at=now, last_modified_at=now) for sample in samples]


def describe_brain_run(dataset: fo.Dataset, key: str, **facts: int) -> None:
    """Note facts of a brain run beside it: the Embeddings panel then does not load its results."""
    run = dataset._doc.brain_methods[key]
    run.results_meta = facts
    run.save()


def add_fields(dataset: fo.Dataset, fields: Mapping[str, fo.core.fields.Field]) -> None:
    """Add fields to the samples' schema in one write; those that are there have to be alike.

    ``add_sample_field`` writes and reads the whole document of the dataset for each.
    """
    if fields and dataset._sample_doc_cls.merge_field_schema(fields):
        dataset._reload()


def detached(dataset: fo.Dataset) -> fo.Dataset:
    """The same dataset as an object that no other thread holds.

    FiftyOne keeps one object a dataset and process, and the App's server reloads it whenever an
    operator or panel runs: a field that long work is just declaring would be forgotten.
    """
    own: fo.Dataset = fo.Dataset.__new__(fo.Dataset)
    fo.Dataset.__init__(own, dataset.name, _create=False)
    return own


def work_on(ctx: foo.ExecutionContext, dataset: fo.Dataset) -> None:
    """Make ``dataset`` what an operator's context gives; its view is built again from it."""
    ctx._dataset, ctx._view = dataset, None


def reserved_names(dataset: fo.Dataset | None = None) -> frozenset[str]:
    """Names that a sample of ``dataset`` keeps for itself, so that no table may fill them.

    Attributes and constructor arguments of ``fo.Sample`` and of the document behind it (``self``,
    ``pk``, ``media_type``, ``dataset``, ...), the default fields, and the field of groups.
    """
    arguments = signature(fo.Sample.__init__).parameters
    attributes = {*dir(fo.Sample), *dir(DatasetSampleDocument)}
    default = get_default_sample_fields(include_private=True, use_db_fields=True)
    fields = {*get_default_sample_fields(include_private=True), *default}
    group = [dataset.group_field] if dataset is not None else []
    return frozenset(str(name) for name in {*arguments, *attributes, *fields, *group} if name)
