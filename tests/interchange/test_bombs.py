"""Arrays that unpack to more than they are, or claim to: refused before they take memory."""

import io
import json
import tracemalloc
import zipfile
from functools import partial

import numpy as np
import pytest
from gapsphere.plugin.errors import ArtifactError
from gapsphere.plugin.interchange.files.checked import (
    JSON_LIMIT,
    LIST_LIMIT,
    parse_json,
    read_json,
    read_npy,
    read_npz,
)


def header(shape, dtype="<f4"):
    content = io.BytesIO()
    about = {"descr": dtype, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(content, about)
    return content.getvalue()


def refusal(read, path):
    tracemalloc.start()
    with pytest.raises(ArtifactError) as refused:
        read(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 32 << 20
    return str(refused.value)


def read_one(path):
    return read_npz(path, "x")


def test_an_array_of_zeros_that_unpacks_to_gigabytes_is_refused(tmp_path):
    block = bytes(1 << 20)
    with (
        zipfile.ZipFile(tmp_path / "x.npz", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("x.npy", "w") as member,
    ):
        member.write(header((100 << 18,)))
        for _ in range(100):
            member.write(block)
    assert "would unpack to" in refusal(read_one, tmp_path / "x.npz")


def test_a_small_array_of_zeros_is_no_bomb(tmp_path):
    np.savez_compressed(tmp_path / "x.npz", x=np.zeros((1000, 1000), np.float32))
    assert not read_one(tmp_path / "x.npz").any()


@pytest.mark.parametrize("shape", [(1 << 40,), (1 << 32, 1 << 32), (-1,), (10, 10)])
def test_a_header_that_lies_is_refused(tmp_path, shape):
    (tmp_path / "x.npy").write_bytes(header(shape) + bytes(16))
    assert "claims" in refusal(read_npy, tmp_path / "x.npy")
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("x.npy", header(shape) + bytes(16))
    assert "claims" in refusal(read_one, tmp_path / "x.npz")


def test_a_header_that_is_long_is_refused_unread(tmp_path):
    start = b"\x93NUMPY\x02\x00"
    for claimed, content in ((64 << 20, b" " * (64 << 20)), (60_000, b"(" * 60_000)):
        (tmp_path / "x.npy").write_bytes(start + claimed.to_bytes(4, "little") + content)
        assert "header is too long" in refusal(read_npy, tmp_path / "x.npy")
    with zipfile.ZipFile(tmp_path / "x.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", start + (48 << 20).to_bytes(4, "little") + b" " * (48 << 20))
    assert "header is too long" in refusal(read_one, tmp_path / "x.npz")


def test_a_member_that_claims_another_size_takes_no_more_than_it_holds(tmp_path):
    size = 1 << 30
    content = header((size // 4,))
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("x.npy", content + bytes(64))
    changed = (tmp_path / "x.npz").read_bytes()
    held, lie = len(content) + 64, len(content) + size
    changed = changed.replace(held.to_bytes(4, "little"), lie.to_bytes(4, "little"))
    (tmp_path / "x.npz").write_bytes(changed)
    with pytest.raises(ArtifactError):
        read_one(tmp_path / "x.npz")


@pytest.mark.parametrize("content", [b"[" * 10**6, b'{"a":' * 10**5, b"[[" * 10**5 + b"]]" * 10**5])
def test_bottomless_json_is_a_sentence(content):
    with pytest.raises(ArtifactError, match=r"nested too deeply|cannot be read|more values"):
        parse_json(content, "x.json")


@pytest.mark.parametrize("value", [b"1", b"{}", b"[]", b"[[]]", b'{"a":1}', b'""', b"[1e9]"])
def test_a_list_of_more_than_a_file_of_paths_holds_is_refused_unread(tmp_path, value):
    (tmp_path / "x.json").write_bytes(b"[" + (value + b",") * 8_000_000 + b"0]")
    said = refusal(partial(read_json, limit=LIST_LIMIT), tmp_path / "x.json")
    assert "more values than such a file has" in said


@pytest.mark.parametrize("limit", [JSON_LIMIT, LIST_LIMIT])
def test_a_file_that_is_larger_than_allowed_is_refused_unread(tmp_path, limit):
    with (tmp_path / "x.json").open("wb") as file:
        file.truncate(limit + 1)
    assert "is larger than" in refusal(partial(read_json, limit=limit), tmp_path / "x.json")


def test_a_long_list_of_paths_is_read(tmp_path):
    paths = [f"day [{number}]/a.png" for number in range(300_000)]
    (tmp_path / "x.json").write_text(json.dumps(paths))
    assert read_json(tmp_path / "x.json", limit=LIST_LIMIT) == paths


@pytest.mark.parametrize("packing", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_a_packed_array_with_damaged_bytes_is_a_sentence(tmp_path, packing):
    rng = np.random.default_rng(0)
    content = io.BytesIO()
    np.save(content, rng.integers(0, 9, (2000, 50)))
    with zipfile.ZipFile(tmp_path / "x.npz", "w", packing) as archive:
        archive.writestr("x.npy", content.getvalue())
    whole = (tmp_path / "x.npz").read_bytes()
    for place in range(200, len(whole) - 200, len(whole) // 30):
        damaged = whole[:place] + b"\xff\0\xff\0" + whole[place + 4 :]
        (tmp_path / "x.npz").write_bytes(damaged)
        with pytest.raises(ArtifactError):
            read_one(tmp_path / "x.npz")


def test_a_member_whose_name_is_no_text_is_a_sentence(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("é.npy", header((1,)) + bytes(4))
    damaged = (tmp_path / "x.npz").read_bytes().replace("é".encode(), b"\xe9\xe9")
    (tmp_path / "x.npz").write_bytes(damaged)
    with pytest.raises(ArtifactError, match=r"cannot be read as \.npz"):
        read_one(tmp_path / "x.npz")
