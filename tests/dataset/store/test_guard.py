"""What another process does to a dataset while a step runs on it, and what the disk refuses."""

import errno

import fiftyone as fo
import pytest
from gapsphere.plugin.dataset import api
from gapsphere.plugin.dataset.store.fields.ownership import Column, Writes, declare
from gapsphere.plugin.dataset.store.fiftyone_internals import collection, database, dataset_id
from gapsphere.plugin.dataset.store.names import Names
from gapsphere.plugin.dataset.store.steps import guard
from gapsphere.plugin.dataset.store.steps.guard import disk_failures, guarded
from gapsphere.plugin.dataset.store.steps.step import Step
from gapsphere.plugin.errors import Cancelled, InputError


def delete(dataset):
    """As another process does it: this one's objects know nothing."""
    database().datasets.delete_one({"_id": dataset_id(dataset)})
    collection(dataset).drop()


def delete_field(dataset, name):
    without = {"$pull": {"sample_fields": {"name": name}}}
    database().datasets.update_one({"_id": dataset_id(dataset)}, without)


def rename(dataset):
    change = {"$set": {"name": f"{dataset.name}-other", "slug": f"{dataset.name}-other"}}
    database().datasets.update_one({"_id": dataset_id(dataset)}, change)


@pytest.fixture
def tagged(dataset, tmp_path):
    from PIL import Image

    for number in range(6):
        path = tmp_path / f"{number}.png"
        Image.new("RGB", (32, 24), (40 * number, 90, 200)).save(path)
        dataset.add_sample(fo.Sample(str(path), tags=["U" if number % 2 else "S"]))
    return dataset


def run(dataset, act, **settings):
    """``compute_embeddings`` with something done to the dataset after its first batch."""
    from gapsphere.plugin.settings.steps import EmbeddingParams

    waiting = [act]

    def report(stage):
        def progress(done, total):
            if done and waiting:
                waiting.pop()(dataset)

        return progress

    params = EmbeddingParams(encoder="packaged", batch_size=1, num_workers=1, **settings)
    with guarded(dataset, "compute_embeddings", params.suffix) as watch:
        return api.run("compute_embeddings", dataset, params, watch.reporter(report))


@pytest.mark.parametrize("every", [0.0, 1e9])
def test_a_dataset_deleted_under_a_step_is_a_sentence(tagged, monkeypatch, every):
    monkeypatch.setattr(guard, "EVERY", every)  # seen during the work, and at its end
    with pytest.raises(InputError, match=rf"'{tagged.name}' was deleted while compute_embeddings"):
        run(tagged, delete)


@pytest.mark.parametrize("name", ["embedding", "embedding_dino"])
def test_a_field_deleted_under_a_step_is_a_sentence(tagged, name):
    with pytest.raises(InputError, match=f"while '{name}' was deleted or renamed"):
        run(tagged, lambda dataset: delete_field(dataset, name), suffix=name[10:])


def test_a_field_that_the_step_does_not_write_may_go(tagged):
    tagged.add_sample_field("weather", fo.StringField)
    assert run(tagged, lambda dataset: delete_field(dataset, "weather")).done == 6


def test_a_dataset_renamed_under_a_step_costs_nothing_or_is_a_sentence(tagged):
    name = tagged.name

    def renamed_and_read_again(dataset):
        rename(dataset)
        dataset.reload()

    assert run(tagged, rename).done == 6
    same = fo.load_dataset(f"{name}-other")
    assert len(same.exists("embedding")) == 6
    same.name = name
    with pytest.raises(InputError, match=f"'{name}' was renamed to '{name}-other' while"):
        run(tagged, renamed_and_read_again, suffix="again")
    fo.load_dataset(f"{name}-other").delete()


def test_a_stop_stays_a_stop(tagged):
    def stopped_after_a_deletion():
        delete(tagged)
        raise Cancelled("Stopped.")

    with pytest.raises(Cancelled), guarded(tagged, "step"):
        stopped_after_a_deletion()


def test_the_functions_of_the_api_are_guarded(tagged, monkeypatch):
    monkeypatch.setattr(
        "gapsphere.plugin.dataset.gaps.vectors.embed.compute_embeddings",
        lambda samples, *_, **__: delete(samples),
    )
    with pytest.raises(InputError, match="was deleted while compute_embeddings ran"):
        api.compute_embeddings(tagged, progress=False)


@pytest.mark.parametrize(
    "number",
    [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT, errno.ENAMETOOLONG, errno.EFBIG],
)
def test_what_the_disk_refuses_is_a_sentence_and_other_errors_pass(number):
    said = r"/full/file cannot be read or written \(refused\): free"
    with pytest.raises(InputError, match=said), disk_failures():
        raise OSError(number, "refused", "/full/file")
    with pytest.raises(ConnectionResetError), disk_failures():
        raise OSError(errno.ECONNRESET, "reset")


def read_only(dataset, name):
    field = dataset.get_field(name)
    field.read_only = True
    field.save()


@pytest.mark.parametrize("name", ["dist_to_S", "is_gap", "tags"])
def test_a_step_stops_before_it_writes_where_a_field_is_read_only(tagged, name):
    columns = (Column("dist_to_S", float, "made"), Column("is_gap", bool, "made"))
    declare(tagged, *columns)
    read_only(tagged, name)
    plan = Writes("made", columns, tags=("made",))
    with pytest.raises(InputError, match=f"The field '{name}' is read-only: set read_only to"):
        Step("made", tagged, Names(), {}, {}, plan).begin()
    assert tagged.list_runs() == []


@pytest.mark.parametrize(
    "write",
    [
        lambda samples: samples.tag_samples("S"),
        lambda samples: samples.set_values("note", ["x"] * len(samples)),
        lambda samples: samples.untag_samples("S"),
    ],
)
def test_what_a_read_only_field_refuses_is_a_sentence(tagged, write):
    tagged.set_values("note", ["a"] * len(tagged))
    read_only(tagged, "note")
    read_only(tagged, "tags")
    said = "is read-only: set read_only to False on"
    with pytest.raises(InputError, match=said), guarded(tagged, "step"):
        write(tagged)


def test_waits_are_as_before_after_a_step(dataset):
    from gapsphere.plugin.dataset.store.fiftyone_internals import impatient

    settings = database().client._topology_settings
    before = settings._server_selection_timeout
    with impatient(0.5, 2):
        assert settings._server_selection_timeout == 0.5
        with impatient(2, 2):
            assert settings._server_selection_timeout == 0.5
    assert settings._server_selection_timeout == before
    first, second = impatient(0.5, 2), impatient(0.5, 2)  # two jobs, and the first one ends first
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert settings._server_selection_timeout == 0.5
    second.__exit__(None, None, None)
    assert settings._server_selection_timeout == before
