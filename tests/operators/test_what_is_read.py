"""What an operator may read, and that it neither fetches anything nor starts a process."""

import ast
import os
import socket
import subprocess
import sys
import threading

import fiftyone.operators as foo
import numpy as np
import pytest
from fiftyone.operators.types import RiskLevel
from gapsphere.operators import OPERATORS
from gapsphere.operators.reading import MODELS, PATHS, check
from gapsphere.plugin.encoders.checkpoint import hub
from gapsphere.plugin.encoders.checkpoint.offline import is_offline, offline
from gapsphere.plugin.errors import CheckpointError, InputError
from gapsphere.plugin.settings.rationales import FeatureCacheParams
from gapsphere.plugin.settings.spec import CheckParams
from gapsphere.plugin.settings.steps import (
    CoverageParams,
    EmbeddingParams,
    ImportParams,
    LoadParams,
)
from gapsphere.tests.support.servers import ROOT

PREFIX = "@gapsphere/gap-explorer/"
READERS = [
    ("load_images", "owned_images"), ("load_images", "pool_images"), ("load_images", "csv"),
    ("import_feature_cache", "cache_dir"), ("import_feature_cache", "image_dir"),
    ("import_artifacts", "folder"), ("check_spec", "spec"), ("check_spec", "checkpoint"),
    ("compute_embeddings", "model_path"), ("find_gaps", "model_path"),
    ("summarize_gaps", "phrase_model"),
]  # fmt: skip


def call(operator, dataset, **params):
    return foo.execute_operator(PREFIX + operator, dataset=dataset, params=params)


@pytest.mark.parametrize(("operator", "name"), READERS)
@pytest.mark.parametrize(
    "path",
    ["/proc/self/environ", "/dev/zero", "/dev/../proc/1", "../other", "images", "./a", "LINK"],
)
def test_devices_the_system_and_relative_paths_are_refused(operator, name, path, dataset, tmp_path):
    if path == "LINK":
        (tmp_path / "link").symlink_to("/dev/zero")
        path = str(tmp_path / "link")
    others = {"cache_dir": str(tmp_path), "spec": str(tmp_path / "spec.zip")}
    given = {key: value for key, value in others.items() if operator.endswith(key[:5])}
    with pytest.raises(Exception, match=r"not an absolute path|neither a file nor a folder that"):
        call(operator, dataset, **{**given, name: path})
    assert not dataset.count()


def test_a_pipe_is_refused_before_it_is_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(InputError, match="neither a file nor a folder"):
        check(LoadParams(csv=str(tmp_path / "pipe.csv")))


@pytest.mark.parametrize("path", ["/made/a\0.csv", "\0", "~/\0"])
def test_a_null_character_is_a_sentence(path):
    with pytest.raises(InputError, match="holds a null character"):
        check(LoadParams(csv=path))


@pytest.mark.parametrize(
    ("cluster", "address", "refused"),
    [
        (None, None, "engine: In the App Ray is used where RAY_ADDRESS"),
        (None, "evil:6379", "engine: In the App Ray is used where RAY_ADDRESS"),
        ("head:6379", "evil:6379", "ray_address: In the App the Ray cluster is head:6379"),
        ("head:6379", None, None),
        ("head:6379", "head:6379", None),
    ],
)
def test_a_request_names_no_ray_cluster(monkeypatch, cluster, address, refused):
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    if cluster:
        monkeypatch.setenv("RAY_ADDRESS", cluster)
    params = CoverageParams(engine="ray", ray_address=address)
    if refused is None:
        check(params)
        return
    with pytest.raises(InputError, match=refused):
        check(params)


def test_every_setting_that_names_a_file_is_looked_at():
    named = {
        name
        for operator in OPERATORS
        for name, field in getattr(getattr(operator, "params", None), "model_fields", {}).items()
        if any(word in (field.description or "").lower() for word in ("folder", "path of", "zip"))
    }
    written = {operator.writes.path for operator in OPERATORS if getattr(operator, "writes", None)}
    others = {"image_root", "language"}  # an address, and a choice
    assert named <= {*PATHS, *MODELS} | written | others


@pytest.mark.parametrize(
    "params",
    [
        LoadParams(owned_images="/data/*.png", csv="/data/a.csv"),
        EmbeddingParams(model_path="OpenGVLab/InternVL2-8B"),
        EmbeddingParams(encoder="field", model_path="vector"),
        EmbeddingParams(encoder="zoo", model_path="mobilenet-v2"),
        ImportParams(folder="/data"),
        FeatureCacheParams(cache_dir="~/cache"),
        CheckParams(spec="/data/spec.zip"),
    ],
    ids=lambda params: type(params).__name__,
)
def test_what_a_person_could_choose_is_taken(params):
    check(params, folder=True)


def test_an_operator_fetches_no_model_and_opens_no_connection(dataset, tmp_path, monkeypatch):
    import fiftyone as fo
    from PIL import Image

    Image.new("RGB", (32, 24)).save(tmp_path / "one.png")
    dataset.add_sample(fo.Sample(str(tmp_path / "one.png")))
    monkeypatch.setenv("GAPSPHERE_CACHE", str(tmp_path / "cache"))
    connected, connect = [], socket.socket.connect

    def watched(self, address):
        connected.append(address)
        return connect(self, address)

    with socket.create_server(("127.0.0.1", 0)) as trap:
        port = trap.getsockname()[1]
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{port}")
        monkeypatch.setattr(socket.socket, "connect", watched)
        for encoder in ("internvl", "transformers", "auto"):
            with pytest.raises(Exception, match="not on this machine, and the App fetches nothing"):
                call("compute_embeddings", dataset, encoder=encoder, model_path="maker/Model")
        zoo = {"encoder": "zoo", "model_path": "mobilenet-v2-imagenet-torch"}
        with pytest.raises(Exception, match="not on this machine, and the App fetches nothing"):
            call("compute_embeddings", dataset, **zoo)
    assert not [address for address in connected if address[1] == port]


def test_another_thread_may_still_ask_the_hub():
    found = []
    with offline():
        assert is_offline()
        asking = threading.Thread(target=lambda: found.append(is_offline()))
        asking.start()
        asking.join()
        with pytest.raises(CheckpointError, match="the App fetches nothing"):
            hub.vision_tower("maker/Model")
    assert found == [False]
    assert not is_offline()


def test_an_operator_starts_no_process(dataset, tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("A process was started.")

    from PIL import Image

    for number in range(4):
        Image.new("RGB", (32, 24), (60 * number, 9, 9)).save(tmp_path / f"{number}.png")
    monkeypatch.setattr(subprocess, "Popen", refuse)
    monkeypatch.setattr(os, "system", refuse)
    call("load_images", dataset, owned_images=str(tmp_path))
    call("compute_embeddings", dataset, encoder="packaged")
    assert len(dataset.exists("embedding")) == 4


@pytest.mark.parametrize("cluster", [None, "", "local", "127.0.0.1:1", "ray://127.0.0.1:1"])
@pytest.mark.parametrize(
    "operator", ["compute_embeddings", "compute_coverage", "select_kcenter", "find_gaps"]
)
def test_no_operator_starts_ray_itself(dataset, monkeypatch, operator, cluster):
    import fiftyone as fo

    dataset.add_samples(
        [
            fo.Sample(f"/made/{n}.png", tags=["S" if n < 8 else "U"], theirs=np.eye(16)[n])
            for n in range(16)
        ],
        progress=False,
    )
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    call("compute_embeddings", dataset, encoder="field", model_path="theirs")
    if cluster is not None:
        monkeypatch.setenv("RAY_ADDRESS", cluster)
    started = []
    monkeypatch.setattr(subprocess.Popen, "__init__", lambda _, *args, **__: started.append(args))
    with pytest.raises(Exception, match=r"RAY_ADDRESS|ray\.address is|does not answer|pip install"):
        call(operator, dataset, engine="ray", **FROM_FIELD.get(operator, {}))
    assert not started
    assert "ray" not in sys.modules or not sys.modules["ray"].is_initialized()


FROM_FIELD = {
    "compute_embeddings": {"encoder": "packaged"},
    "find_gaps": {"encoder": "field", "model_path": "theirs", "attributes": False},
}
FORBIDDEN = {"subprocess", "socket", "urllib.request", "http.client", "pickle", "multiprocessing"}
LIVE = "plugin/sparse/live/"
NAMES_OF_ERRORS = "plugin/interchange/features/tensors.py"
CLUSTER = "plugin/engine/cluster.py"
"""A request names no cluster (:func:`test_a_request_names_no_ray_cluster`)."""


def test_no_code_of_an_operator_or_panel_imports_what_starts_connects_or_unpickles():
    for room in ("operators", "panels", "plugin"):
        for path in (ROOT / room).rglob("*.py"):
            place = path.relative_to(ROOT).as_posix()
            if place.startswith(LIVE) or place in (NAMES_OF_ERRORS, CLUSTER):
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    assert not FORBIDDEN & {each.name for each in node.names}, place
                if isinstance(node, ast.ImportFrom):
                    assert node.module not in FORBIDDEN, place
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                    assert node.func.id not in ("eval", "exec", "__import__"), place


def test_risk_levels_say_what_an_operator_does():
    levels = {cls().config.name: cls().config.risk_level for cls in OPERATORS}
    low = {name for name, level in levels.items() if level == RiskLevel.LOW}
    assert low == {"stop", "show_results", "ask"}
    high = {name for name, level in levels.items() if level == RiskLevel.HIGH}
    assert high == {"train_sparse_transformer", "simulate_adaptive_sampling", "delete_analysis"}
    assert {levels[name] for name in levels.keys() - low - high} == {RiskLevel.MEDIUM}
