"""The operators as Python users call them, on a real database."""

import threading

import fiftyone.operators as foo
import pytest
from fiftyone import delete_dataset
from fiftyone.operators.executor import Executor
from gapsphere.operators import background
from gapsphere.operators.background import markdown
from gapsphere.operators.steps import ComputeEmbeddings, LoadImages
from gapsphere.plugin.dataset.store.fiftyone_internals import collection
from gapsphere.plugin.dataset.work import jobs
from gapsphere.tests.support.waiting import PATIENCE
from PIL import Image

PREFIX = "@gapsphere/gap-explorer/"


def call(name, dataset, **params):
    return foo.execute_operator(PREFIX + name, dataset=dataset, params=params)


@pytest.fixture
def folders(tmp_path):
    import numpy as np

    rng = np.random.default_rng(5)
    for name, count, tint in (("owned", 8, (1, 1, 1)), ("pool", 6, (1, 0.2, 0.2))):
        (tmp_path / name).mkdir()
        for index in range(count):
            pixels = (rng.integers(0, 256, (6, 6, 3)) * tint).astype(np.uint8)
            image = Image.fromarray(pixels).resize((48, 48))
            image.save(tmp_path / name / f"{index}.png")
    return tmp_path


@pytest.fixture
def loaded(dataset, folders):
    call(
        "load_images",
        dataset,
        owned_images=str(folders / "owned"),
        pool_images=str(folders / "pool"),
    )
    return dataset


def embed_by_ones(dataset):
    """Compute embeddings, image by image.

    As this package's operator, whose modules a test can reach: FiftyOne loads the plugin again.
    """
    params = {"encoder": "packaged", "batch_size": 1, "num_workers": 1}
    request = {"dataset_name": dataset.name, "params": params}
    list(ComputeEmbeddings().execute(foo.ExecutionContext(request, executor=Executor())))


@pytest.fixture
def once_embedding(loaded, monkeypatch):
    """``once_embedding(act)``: the work itself acts once, when its first vector is written."""
    samples, report = collection(loaded), jobs.Job._report

    def acts(act):
        acted = []

        def reporting(job, stage):
            progress = report(job, stage)

            def told(done, total):
                if not acted and samples.find_one({"embedding": {"$type": "binData"}}):
                    acted.append(job)
                    act(job)
                progress(done, total)

            return told

        monkeypatch.setattr(jobs.Job, "_report", reporting)
        return acted

    return acts


def test_a_result_is_shown_as_paragraphs_and_never_as_code():
    shown = markdown("coverage    0 of 3 gaps\n            Give delta.\ntime        2 s")
    assert shown.split("\n\n") == ["**coverage** 0 of 3 gaps", "Give delta\\.", "**time** 2 s"]


def test_the_main_job_runs_by_operators_alone(loaded):
    call("compute_embeddings", loaded, encoder="packaged")
    call("compute_coverage", loaded, delta=0.05)
    call("select_kcenter", loaded, k=3)
    call("compute_sphere", loaded, n_neighbors=5)
    assert len(loaded.exists("dist_to_S")) == 6
    assert loaded.match_tags("kcenter").count() == 3
    assert len(loaded.exists("sphere")) == 14


def test_find_gaps_is_all_five_in_a_row(loaded):
    call("find_gaps", loaded, k=2)
    steps = ["embeddings", "coverage", "rounds", "kcenter", "sphere", "cards", "tags", "find_gaps"]
    assert set(loaded.list_runs()) == {f"gapsphere_{step}" for step in steps}
    assert loaded.match_tags("kcenter").count() == 2


def test_a_short_run_from_the_app_opens_the_panel_as_a_long_one_does(loaded):
    uri = PREFIX + "find_gaps"
    request = {"operator_uri": uri, "dataset_name": loaded.name, "params": {"k": 2}}
    request["params"]["encoder"] = "packaged"
    context = foo.ExecutionContext(request, executor=Executor())
    said = [message.body.to_json() for message in foo.get_operator(uri).execute(context)]
    opened = [body["params"]["name"] for body in said if body["operator_uri"] == "open_panel"]
    assert opened == ["gap_explorer"]


def test_the_window_of_a_first_load_says_how_far_it_is_over_a_stop(dataset, folders, monkeypatch):
    monkeypatch.setattr(background, "POLL_SECONDS", 0.001)
    params = {"owned_images": str(folders / "owned"), "pool_images": str(folders / "pool")}
    request = {"operator_uri": PREFIX + "load_images", "dataset_name": dataset.name}
    context = foo.ExecutionContext({**request, "params": params}, executor=Executor())
    said = [message.body.to_json() for message in LoadImages().execute(context)]
    windows = [
        body["params"]["outputs"]["type"]["properties"]
        for body in said
        if body["operator_uri"] == "show_output"
    ]
    assert set(windows[0]) == {"share", "stop"}
    assert windows[0]["stop"]["view"]["operator"] == PREFIX + "stop"
    assert set(windows[-1]) == {"words"}


def test_samples_already_there_are_tagged(loaded):
    loaded.save_view("first", loaded.match_tags("U")[:2])
    call("load_images", loaded, owned_samples="view:first")
    assert loaded.match_tags("S").count() == 10


def test_a_mistake_is_the_sentence_and_an_error(loaded):
    with pytest.raises(Exception, match="No image here is 'nobody': choose other images"):
        call("compute_coverage", loaded, owned="nobody")
    with pytest.raises(Exception, match="Path: k"):
        call("select_kcenter", loaded, k=0)


def test_the_work_can_run_in_the_background(loaded):
    queued = foo.execute_operator(
        PREFIX + "find_gaps", dataset=loaded, params={"k": 2}, request_delegation=True
    )
    assert queued.delegated
    from fiftyone.operators.delegated import DelegatedOperationService

    service = DelegatedOperationService()
    service.execute_queued_operations(limit=1, log=False)
    loaded.reload()
    assert loaded.match_tags("kcenter").count() == 2
    (ran,) = service.list_operations(dataset_name=loaded.name)
    assert "K-Center    2 picks" in ran.result.result["summary"]
    assert list(ran.metadata["outputs_schema"]["type"]["properties"]) == ["words"]
    assert ran.status.progress == 1, "whole, however short the work was"
    assert ran.status.label == "Find gaps: done"


def test_stop_ends_the_work_after_its_batch_and_keeps_what_is_done(loaded, once_embedding):
    def press(job):
        call("stop", loaded)
        assert job._stopping.wait(PATIENCE), "the work was told"

    pressed = once_embedding(press)
    with pytest.raises(Exception, match=r"Stopped\. What was done so far is kept"):
        embed_by_ones(loaded)
    assert pressed
    done = len(loaded.exists("embedding"))
    assert 0 < done < 14
    call("compute_embeddings", loaded, encoder="packaged")
    assert len(loaded.exists("embedding")) == 14


def test_a_dataset_deleted_under_the_work_is_an_error_not_a_hang(loaded, once_embedding):
    name = loaded.name
    deleted = once_embedding(lambda job: delete_dataset(name))
    with pytest.raises(Exception, match=rf"The dataset '{name}' was deleted while 'Compute emb"):
        embed_by_ones(loaded)
    assert deleted


def test_work_keeps_its_fields_while_the_app_reloads_the_dataset_under_it(loaded):
    ended = threading.Event()

    def reload_as_the_app_does():
        while not ended.is_set():
            loaded.reload()

    reloading = threading.Thread(target=reload_as_the_app_does)
    reloading.start()
    try:
        for run in range(2):
            call("compute_embeddings", loaded, encoder="packaged", suffix=f"run{run}")
            call("compute_coverage", loaded, delta=0.05, suffix=f"run{run}")
    finally:
        ended.set()
        reloading.join()
    loaded.reload()
    assert [len(loaded.exists(f"dist_to_S_run{run}")) for run in range(2)] == [6] * 2


@pytest.mark.parametrize("name", ["find_gaps", "compute_coverage"])
def test_the_fields_that_can_name_drives_are_offered_and_any_other_text_is_taken(dataset, name):
    import fiftyone as fo
    from gapsphere.plugin.dataset.store.fields.fields import declare

    for tag, route in (("S", "north"), ("U", "south")):
        scene = fo.Classification(label=route)
        dataset.add_sample(fo.Sample(f"{tag}.png", tags=[tag], route=route, scene=scene, speed=1.5))
    declare(dataset, "gap_verdict", str, "written by a step")
    operator = foo.get_operator(PREFIX + name)
    ctx = foo.ExecutionContext(request_params={"dataset_name": dataset.name, "params": {}})
    asked = operator.resolve_input(ctx).type.properties["sequence_field"]
    offered = [choice.value for choice in asked.view.choices]
    assert {"route", "scene"} <= set(offered)
    assert not {"speed", "gap_verdict"} & set(offered)
    assert asked.view.to_json()["allow_user_input"]
    assert asked.default is None
    assert "each image counts as a drive" in asked.view.description
    assert list(operator.resolve_input(ctx).type.properties)[-1] != "sequence_field"
    dataset.set_values("sequence", ["one", "two"])
    ctx = foo.ExecutionContext(request_params={"dataset_name": dataset.name, "params": {}})
    asked = operator.resolve_input(ctx).type.properties["sequence_field"]
    assert asked.default == "sequence"
    assert "each image counts as a drive" not in asked.view.description
