"""Fetching from a hub that runs on this machine: what travels, what is refused, what is left."""

import json
import re
import threading
import tracemalloc
import unicodedata
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
import torch
from gapsphere.plugin.encoders.checkpoint import hub, repository, tower
from gapsphere.plugin.encoders.registry import load_encoder
from gapsphere.plugin.errors import ArtifactError, CheckpointError
from safetensors.torch import load_file, save_file

COMMIT = "0123456789abcdef0123456789abcdef01234567"
MODEL = "maker/InternVL-tiny"


class Hub(ThreadingHTTPServer):
    """The three endpoints a model is fetched by.  ``tamper`` changes a reply on its way out."""

    daemon_threads = True

    def __init__(self, folder: Path):
        super().__init__(("127.0.0.1", 0), Handler)
        self.folder = folder
        self.commit = COMMIT
        self.sent = {}
        self.requests = []
        self.tamper = lambda file, span, body: body
        self.ignore_ranges = False


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        hub = self.server
        hub.requests.append((self.command, self.path, self.headers.get("Range")))
        api = re.fullmatch(rf"/api/models/{MODEL}(/revision/([^/?]+))?(\?.*)?", self.path)
        tree = re.fullmatch(rf"/api/models/{MODEL}/tree/{COMMIT}(\?.*)?", self.path)
        file = re.fullmatch(rf"/{MODEL}/resolve/{COMMIT}/([\w.-]+)", self.path)
        if api:
            known = api[2] in (None, "main", COMMIT)
            files = [{"rfilename": f.name} for f in hub.folder.iterdir()]
            reply = {"id": MODEL, "modelId": MODEL, "sha": hub.commit, "siblings": files}
            if known:
                self.answer(200, json.dumps(reply).encode())
            else:
                self.answer(404, b"{}", {"X-Error-Code": "RevisionNotFound"})
        elif tree:
            files = [
                {"type": "file", "path": f.name, "size": f.stat().st_size, "oid": "0" * 40}
                for f in hub.folder.iterdir()
            ]
            self.answer(200, json.dumps(files).encode())
        elif file and (hub.folder / file[1]).is_file():
            self.send_part(file[1], (hub.folder / file[1]).read_bytes())
        else:
            self.answer(404, b"{}", {"X-Error-Code": "EntryNotFound" if file else "RepoNotFound"})

    def send_part(self, name, body):
        span = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range") or "")
        headers = {"X-Repo-Commit": COMMIT, "ETag": f'"{name}"'}
        if not span or self.server.ignore_ranges:
            self.answer(200, body, headers, name)
            return
        start, last = int(span[1]), min(int(span[2]), len(body) - 1)
        headers["Content-Range"] = f"bytes {start}-{last}/{len(body)}"
        self.answer(206, body[start : last + 1], headers, name, start)

    def answer(self, status, body, headers=None, name=None, start=None):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for key, value in (headers or {}).items():
            self.send_header(key, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        sent = self.server.tamper(name, start, body)
        self.server.sent[name] = self.server.sent.get(name, 0) + len(sent)
        self.wfile.write(sent)
        if len(sent) < len(body):
            self.close_connection = True


@pytest.fixture
def server(shapes, make_tower, save_checkpoint, tmp_path, monkeypatch):
    folder = save_checkpoint(
        tmp_path / "remote", shapes["300M"], make_tower(shapes["300M"]), "sharded"
    )
    # A real language model's shard is large: nothing may ever ask for it.
    save_file(
        {"language_model.model.norm.weight": torch.ones(8)},
        folder / "model-00003-of-00003.safetensors",
    )
    server = Hub(folder)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("GAPSPHERE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(repository, "PAUSE", 0.0)
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def load(model=MODEL, encoder="internvl"):
    return load_encoder(encoder, model_path=model, image_size=56, device="cpu", precision="fp32")


def fetched(tmp_path):
    return sorted((tmp_path / "cache").rglob("model.safetensors"))


def left_behind(tmp_path):
    return [p for p in (tmp_path / "cache").rglob("*") if ".partial" in p.name]


def test_a_fetched_tower_gives_the_vectors_of_the_whole_checkpoint(server, pictures):
    remote, local = load(), load(server.folder)
    assert remote.fingerprint == local.fingerprint
    assert remote.name == f"internvl:{MODEL}"
    assert remote.revision == COMMIT
    batch = np.stack([local.prepare(picture) for picture in pictures])
    np.testing.assert_array_equal(remote.embed(batch), local.embed(batch))


def test_only_the_towers_bytes_travel(server, tmp_path):
    load()
    assert not any("model-00003" in path for _, path, _ in server.requests)
    tensors = load_file(fetched(tmp_path)[0])
    assert all(name.startswith("vision_model.") for name in tensors)
    size = sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())
    headers = 0
    for file in ("model-00001-of-00003.safetensors", "model-00002-of-00003.safetensors"):
        headers += 8 + int.from_bytes((server.folder / file).read_bytes()[:8], "little")
    sent = sum(size for file, size in server.sent.items() if file and file.endswith(".safetensors"))
    assert sent == size + headers


def test_touching_tensors_are_fetched_in_one_request(server):
    load()
    spans = [r for _, path, r in server.requests if r and path.endswith(".safetensors")]
    assert len(spans) == 6  # length, header and one span of each of the two shards


def test_a_second_load_asks_only_which_commit_it_is(server):
    load()
    server.requests.clear()
    load()
    assert [path for _, path, _ in server.requests if "/api/" not in path] == []


def test_a_commit_in_the_id_is_used_without_asking(server):
    load(f"{MODEL}@{COMMIT}")
    assert not any("/api/" in path for _, path, _ in server.requests)


def test_without_the_hub_the_last_known_commit_is_used(server, monkeypatch, caplog):
    load()
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert load().revision == COMMIT
    assert "cannot be reached" in caplog.text


def test_without_the_hub_and_without_a_copy_the_sentence_says_so(server, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(CheckpointError, match="cannot be reached"):
        load()


def test_auto_reads_the_remote_configuration_to_choose_the_encoder(server):
    assert load(encoder="auto").name == f"internvl:{MODEL}"


def test_single_file_and_standalone_repositories_are_fetched_too(
    server, shapes, make_tower, save_checkpoint, tmp_path
):
    for layout in ("single", "standalone"):
        for file in server.folder.iterdir():
            file.unlink()
        save_checkpoint(server.folder, shapes["6B"], make_tower(shapes["6B"]), layout)
        remote = load()
        assert remote.fingerprint == load(server.folder).fingerprint
        for file in fetched(tmp_path):
            assert not any("language" in name for name in load_file(file))
            file.unlink()
            (file.parent / "config.json").unlink()
            file.parent.rmdir()


def test_a_model_for_the_transformers_encoder_is_fetched_at_its_commit(
    server, tmp_path, monkeypatch
):
    from transformers import ViTConfig, ViTModel

    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hf"))
    for file in server.folder.iterdir():
        file.unlink()
    ViTModel(
        ViTConfig(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
                  image_size=28, patch_size=7)
    ).save_pretrained(server.folder)  # fmt: skip
    (server.folder / "preprocessor_config.json").write_text(
        json.dumps({"size": 28, "resample": 2, "image_mean": [0.5] * 3, "image_std": [0.5] * 3})
    )
    remote = load(MODEL, "transformers")
    assert remote.fingerprint == load(server.folder, "transformers").fingerprint
    assert (remote.dimension, remote.revision) == (16, COMMIT)
    assert remote.name == f"transformers:{MODEL}"


def test_a_full_disk_under_the_hubs_own_cache_is_said(server, tmp_path, monkeypatch, small_disk):
    from gapsphere.plugin.encoders.checkpoint.hub import snapshot

    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hf"))
    with small_disk(5000), pytest.raises(CheckpointError, match=f"{tmp_path}/hf .* set HF_HOME"):
        snapshot(MODEL)
    assert snapshot(MODEL).revision == COMMIT


def test_a_dropped_connection_is_resumed_where_it_broke(server):
    dropped = []

    def tamper(file, start, body):
        if start and len(body) > 4000 and file.endswith(".safetensors") and len(dropped) < 2:
            dropped.append(start)
            return body[:1000]
        return body

    server.tamper = tamper
    assert load().fingerprint == load(server.folder).fingerprint
    assert len(dropped) == 2


def test_a_connection_that_always_breaks_leaves_nothing_behind(server, tmp_path):
    server.tamper = lambda file, start, body: body[: len(body) // 2] if start else body
    with pytest.raises(CheckpointError, match=r"short|cannot be reached"):
        load()
    assert fetched(tmp_path) == left_behind(tmp_path) == []


@pytest.mark.parametrize("room", [10, 20_000], ids=["of a byte", "of half the tower"])
def test_a_full_disk_is_said_leaves_nothing_behind_and_a_second_try_works(
    server, tmp_path, small_disk, room
):
    with small_disk(room), pytest.raises((CheckpointError, ArtifactError), match="make room"):
        load()
    assert fetched(tmp_path) == left_behind(tmp_path) == []
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file() and room == 10]
    assert load().fingerprint == load(server.folder).fingerprint


def test_a_disk_that_the_tower_does_not_fit_on_is_said_before_it_is_fetched(server, monkeypatch):
    little = tower.shutil.disk_usage("/")._replace(free=1000)
    monkeypatch.setattr(tower.shutil, "disk_usage", lambda _: little)
    with pytest.raises(CheckpointError, match=r"takes .* GB; .* less room: free some, or set GAPS"):
        load()
    sent = sum(size for name, size in server.sent.items() if name and "safetensors" in name)
    assert sent < sum(f.stat().st_size for f in server.folder.glob("*.safetensors")) / 2


def test_a_server_that_ignores_ranges_is_refused(server, tmp_path):
    server.ignore_ranges = True
    with pytest.raises(CheckpointError, match="status 200"):
        load()
    assert fetched(tmp_path) == left_behind(tmp_path) == []


@pytest.mark.parametrize("length", [0, 1, 1 << 40, (1 << 64) - 1])
def test_a_header_of_an_absurd_length_is_refused_before_it_is_fetched(server, length):
    server.tamper = lambda file, start, body: (
        length.to_bytes(8, "little") if start == 0 and len(body) == 8 else body
    )
    with pytest.raises(CheckpointError, match="header of"):
        load()


@pytest.mark.parametrize(
    "entry",
    [
        {"data_offsets": [0, 4]},
        {"data_offsets": [8, 4]},
        {"data_offsets": [-4, 188]},
        {"data_offsets": [0, 1 << 60]},
        {"shape": [48, 1 << 62]},
        {"shape": "48"},
        {"shape": None},
        {"data_offsets": [0]},
    ],
    ids=str,
)
def test_a_header_that_lies_about_a_tensor_is_refused(server, entry, tmp_path):
    file = server.folder / "model-00001-of-00003.safetensors"
    body = file.read_bytes()
    length = int.from_bytes(body[:8], "little")
    table = json.loads(body[8 : 8 + length])
    name = next(n for n in table if n.endswith("ls1"))
    table[name] |= entry
    lie = json.dumps(table).encode()
    file.write_bytes(len(lie).to_bytes(8, "little") + lie + body[8 + length :])
    with pytest.raises(CheckpointError, match="broken header"):
        load()
    assert fetched(tmp_path) == []


def test_a_header_that_nests_without_an_end_is_refused(server, tmp_path):
    file = server.folder / "model-00001-of-00003.safetensors"
    nested = 100_000 * b"["
    file.write_bytes(len(nested).to_bytes(8, "little") + nested)
    with pytest.raises(CheckpointError, match="broken header"):
        load()
    assert fetched(tmp_path) == []


@pytest.mark.parametrize("shard", ["../../etc/passwd", "sub/model.safetensors", "model.bin"])
def test_an_index_that_points_elsewhere_is_refused(server, shard):
    index = server.folder / "model.safetensors.index.json"
    where = json.loads(index.read_text())
    where["weight_map"]["vision_model.encoder.layers.0.ls1"] = shard
    index.write_text(json.dumps(where))
    with pytest.raises(CheckpointError, match="plain"):
        load()


def test_a_configuration_without_end_is_refused(server, monkeypatch):
    monkeypatch.setattr(tower, "CONFIG_LIMIT", 1000)
    (server.folder / "config.json").write_text(json.dumps({"padding": "x" * 5000}))
    with pytest.raises(CheckpointError, match="larger than"):
        load()


def test_a_commit_that_is_no_commit_is_refused(server):
    server.commit = "../../../elsewhere"
    with pytest.raises(CheckpointError, match="as the commit"):
        load()


def test_a_model_or_revision_that_is_not_there_is_named(server):
    with pytest.raises(CheckpointError, match="no such model"):
        load("maker/no-such-model")
    with pytest.raises(CheckpointError, match="no such model or revision"):
        load(f"{MODEL}@no-such-branch")


def test_a_repository_without_safetensors_is_refused(server):
    for file in server.folder.glob("*.safetensors*"):
        file.unlink()
    with pytest.raises(CheckpointError, match=MODEL):
        load()


def test_a_folder_of_the_hubs_own_cache_knows_its_model_and_commit(server, tmp_path):
    folder = tmp_path / "models--maker--Model" / "snapshots" / COMMIT
    folder.parent.mkdir(parents=True)
    folder.symlink_to(server.folder)
    source = hub.vision_tower(folder)
    assert (source.name, source.revision) == ("maker/Model", COMMIT)


def test_a_folder_is_found_by_an_address_and_in_either_form_of_unicode(tmp_path):
    folder = tmp_path / unicodedata.normalize("NFD", "우리 모델")
    folder.mkdir()
    given = str(tmp_path / unicodedata.normalize("NFC", folder.name))
    for path in (given, f"file://{quote(given)}"):
        assert hub.snapshot(path).folder == folder


def test_fetching_reports_bytes(server):
    seen = []
    hub.vision_tower(MODEL, progress=lambda done, total: seen.append((done, total)))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1][0] == seen[-1][1] > 10_000


BOMB = 300 << 20
"""Bytes that some 300 KB unpack to."""


@pytest.fixture
def packing(server):
    """The hub packs every answer that ``server.packed`` names, whatever it was asked for."""
    server.packed = ""

    def answer(self, status, body, headers=None, name=None, start=None):
        headers = dict(headers or {})
        if server.packed and re.search(server.packed, self.path):
            packer = zlib.compressobj(9, zlib.DEFLATED, 31)
            zeros = bytes(1 << 20)
            body = b"".join(packer.compress(zeros) for _ in range(BOMB >> 20)) + packer.flush()
            headers["Content-Encoding"] = "gzip"
        return Handler.plain_answer(self, status, body, headers, name, start)

    Handler.plain_answer, Handler.answer = Handler.answer, answer
    yield server
    Handler.answer = Handler.plain_answer


@pytest.mark.parametrize(
    ("packed", "encoder"),
    [
        *(("/api/", "internvl"), ("/resolve/.*config.json", "internvl")),
        *(("index.json", "internvl"), ("model-0000", "internvl"), ("/api/", "transformers")),
    ],
)
def test_what_the_hub_packs_is_not_unpacked(packing, packed, encoder, tmp_path):
    packing.packed = packed
    tracemalloc.start()
    with pytest.raises(CheckpointError, match="the hub packed"):
        load(encoder=encoder)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < BOMB / 4
    assert fetched(tmp_path) == left_behind(tmp_path) == []


@pytest.mark.parametrize("encoder", ["internvl", "transformers"])
def test_a_description_without_end_is_refused(server, encoder, monkeypatch):
    monkeypatch.setattr(repository, "INFO_LIMIT", 1000)
    server.commit = COMMIT + "0" * 5000
    with pytest.raises(CheckpointError, match=r"the description of .* is larger than"):
        load(encoder=encoder)


@pytest.mark.parametrize("told", [b"[]", b"{}", b"[" * 100_000, b'{"sha": 7}', b"no JSON"])
def test_a_description_that_is_none_is_refused(server, told):
    server.tamper = lambda file, start, body: told.ljust(len(body)) if file is None else body
    with pytest.raises(CheckpointError, match=r"description|as the commit"):
        load()


def test_an_error_without_end_is_not_read(server, monkeypatch):
    plain, read = Handler.answer, []
    monkeypatch.setattr(
        Handler, "answer", lambda self, *_: plain(self, 403, b"x" * (8 << 20), {"X-Error": "no"})
    )
    original = repository._first

    def first(blocks, limit):
        for block in original(blocks, limit):
            read.append(len(block))
            yield block

    monkeypatch.setattr(repository, "_first", first)
    with pytest.raises(CheckpointError):
        load()
    assert sum(read) < 4 << 20
