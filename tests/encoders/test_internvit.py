"""The tower against an independent float64 reading of the published architecture, and mutants."""

import math

import numpy as np
import pytest
import torch
from gapsphere.plugin.encoders.internvit import InternViT, InternViTConfig
from gapsphere.plugin.encoders.internvl import forward_checkpoint
from gapsphere.plugin.errors import DimensionError, InputError

KINDS = ("300M", "6B")
LAYOUTS = ("sharded", "single", "standalone")
erf = np.vectorize(math.erf)


def oracle(tensors, shape, pixels, *, swap_qk=False, tanh_gelu=False, eps=None, cls_in_mean=False):
    """InternViT in float64 numpy, at its trained size; the keywords break it on purpose."""
    w = {name: value.double().numpy() for name, value in tensors.items()}
    eps = shape["layer_norm_eps"] if eps is None else eps
    heads, patch = shape["num_attention_heads"], shape["patch_size"]

    def rms(x, weight):
        return x / np.sqrt((x**2).mean(-1, keepdims=True) + eps) * weight

    def norm(x, name):
        if shape["norm_type"] == "rms_norm":
            return rms(x, w[f"{name}.weight"])
        centred = x - x.mean(-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + eps)
        return scaled * w[f"{name}.weight"] + w[f"{name}.bias"]

    def gelu(x):
        if tanh_gelu:
            return x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))
        return x / 2 * (1 + erf(x / np.sqrt(2)))

    def softmax(x):
        x = np.exp(x - x.max(-1, keepdims=True))
        return x / x.sum(-1, keepdims=True)

    batch, _, height, width = pixels.shape
    tokens = np.stack(
        [
            np.einsum(
                "bcij,dcij->bd",
                pixels[:, :, y : y + patch, x : x + patch],
                w["embeddings.patch_embedding.weight"],
            )
            + w["embeddings.patch_embedding.bias"]
            for y in range(0, height, patch)
            for x in range(0, width, patch)
        ],
        axis=1,
    )
    cls = np.broadcast_to(w["embeddings.class_embedding"], (batch, 1, tokens.shape[2]))
    x = np.concatenate([cls, tokens], axis=1) + w["embeddings.position_embedding"]
    hidden, attentions = [x], []
    for i in range(shape["num_hidden_layers"]):
        at = f"encoder.layers.{i}."
        qkv = norm(x, at + "norm1") @ w[at + "attn.qkv.weight"].T
        if shape["qkv_bias"]:
            qkv = qkv + w[at + "attn.qkv.bias"]
        q, k, v = np.split(qkv, 3, axis=2)
        if swap_qk:
            q, k = k, q
        if shape["qk_normalization"]:
            q, k = rms(q, w[at + "attn.q_norm.weight"]), rms(k, w[at + "attn.k_norm.weight"])
        q, k, v = (a.reshape(batch, a.shape[1], heads, -1).transpose(0, 2, 1, 3) for a in (q, k, v))
        attention = softmax(q @ k.transpose(0, 1, 3, 2) / np.sqrt(q.shape[-1]))
        mixed = (attention @ v).transpose(0, 2, 1, 3).reshape(x.shape)
        mixed = mixed @ w[at + "attn.proj.weight"].T + w[at + "attn.proj.bias"]
        x = x + mixed * w[at + "ls1"]
        inner = gelu(norm(x, at + "norm2") @ w[at + "mlp.fc1.weight"].T + w[at + "mlp.fc1.bias"])
        x = x + (inner @ w[at + "mlp.fc2.weight"].T + w[at + "mlp.fc2.bias"]) * w[at + "ls2"]
        hidden.append(x)
        attentions.append(attention)
    mean = (x if cls_in_mean else x[:, 1:]).mean(axis=1)
    return {
        "hidden_states": hidden,
        "attentions": attentions,
        "embedding": mean / np.linalg.norm(mean, axis=1, keepdims=True),
    }


@pytest.fixture(scope="module")
def pixels():
    return np.random.default_rng(3).standard_normal((2, 3, 56, 56))


def relative(found, expected):
    return np.linalg.norm(found - expected) / np.linalg.norm(expected)


def largest_difference(found, expected):
    return max(
        relative(found["embedding"], expected["embedding"]),
        *(
            relative(a, b)
            for part in ("hidden_states", "attentions")
            for a, b in zip(found[part], expected[part], strict=True)
        ),
    )


@pytest.fixture(scope="module", params=KINDS)
def case(request, shapes, make_tower, save_checkpoint, tmp_path_factory, pixels):
    shape = shapes[request.param]
    tower = make_tower(shape)
    folder = save_checkpoint(tmp_path_factory.mktemp("tower"), shape, tower, "sharded")
    return shape, tower, folder, forward_checkpoint(folder, pixels)


def test_every_hidden_state_attention_and_embedding_equals_the_float64_oracle(case, pixels):
    shape, tower, _, found = case
    assert len(found["hidden_states"]) == shape["num_hidden_layers"] + 1
    assert all(a.dtype == np.float32 for a in (*found["hidden_states"], *found["attentions"]))
    assert largest_difference(found, oracle(tower, shape, pixels)) < 3e-6
    np.testing.assert_array_equal(found["last_hidden_state"], found["hidden_states"][-1])


@pytest.mark.parametrize(
    "mutant",
    [{"swap_qk": True}, {"tanh_gelu": True}, {"cls_in_mean": True}],
    ids=lambda mutant: next(iter(mutant)),
)
def test_the_comparison_notices_each_way_to_get_the_architecture_wrong(case, pixels, mutant):
    shape, tower, _, found = case
    assert largest_difference(found, oracle(tower, shape, pixels, **mutant)) > 2e-5


def test_epsilon_is_the_one_of_the_configuration(case, save_checkpoint, tmp_path, pixels):
    """Seen only where activations are small: there 1e-5 in place of 1e-6 is another function."""
    shape, tower, _, _ = case
    faint = {k: v * 1e-3 if k.startswith("embeddings.") else v for k, v in tower.items()}
    found = forward_checkpoint(save_checkpoint(tmp_path, shape, faint, "single"), pixels)
    assert largest_difference(found, oracle(faint, shape, pixels)) < 1e-5
    assert largest_difference(found, oracle(faint, shape, pixels, eps=1e-5)) > 1e-2


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_the_same_numbers(case, layout, save_checkpoint, tmp_path, pixels):
    shape, tower, _, found = case
    other = forward_checkpoint(save_checkpoint(tmp_path, shape, tower, layout), pixels)
    np.testing.assert_array_equal(other["embedding"], found["embedding"])


@pytest.mark.parametrize("size", [(56, 56), (28, 28), (42, 70), (70, 42)])
def test_the_tower_equals_the_one_in_transformers_at_any_size(case, size):
    """Second opinion on interpolation and layout; keys are renamed as published."""
    from transformers import InternVLVisionConfig, InternVLVisionModel

    shape, tower, folder, _ = case
    other = InternVLVisionModel(
        InternVLVisionConfig(
            **{k: v for k, v in shape.items() if k not in ("qk_normalization", "qkv_bias")},
            use_qk_norm=shape["qk_normalization"],
            attention_bias=shape["qkv_bias"],
        )
    )
    renamed = {}
    for name, value in tower.items():
        if ".attn.qkv." in name:
            for part, third in zip("qkv", value.chunk(3), strict=True):
                renamed[name.replace("attn.qkv", f"attention.{part}_proj")] = third
        else:
            renamed[name] = value
    words = {
        "class_embedding": "cls_token",
        "position_embedding": "position_embeddings",
        "patch_embedding.": "patch_embeddings.projection.",
        "encoder.layers.": "encoder.layer.",
        "attn.proj": "attention.projection_layer",
        "attn.": "attention.",
        "norm1": "layernorm_before",
        "norm2": "layernorm_after",
        ".ls1": ".lambda_1",
        ".ls2": ".lambda_2",
    }
    for old, new in words.items():
        renamed = {name.replace(old, new): value for name, value in renamed.items()}
    other.load_state_dict(renamed, strict=True)
    pixels = torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        expected = other.eval()(pixels).last_hidden_state
    assert (
        relative(forward_checkpoint(folder, pixels)["last_hidden_state"], expected.numpy()) < 3e-6
    )


def test_the_fast_route_computes_the_same_function_as_the_exact_one(case, pixels):
    shape, tower, _, found = case
    network = InternViT(InternViTConfig(**shape))
    network.load_state_dict(tower, strict=True)
    with torch.inference_mode():
        fast = network(torch.from_numpy(pixels).float()).numpy()
    assert relative(fast, found["last_hidden_state"]) < 3e-6


@pytest.mark.parametrize(("dtype", "near"), [("bfloat16", 0.06), ("float16", 0.01)])
def test_half_precision_stays_near_and_comes_back_as_float32(case, pixels, dtype, near):
    _, _, folder, found = case
    half = forward_checkpoint(folder, torch.from_numpy(pixels), dtype)
    assert half["embedding"].dtype == half["attentions"][0].dtype == np.float32
    assert 0 < relative(half["embedding"], found["embedding"]) < near


def test_attention_rows_are_distributions_over_all_tokens(case):
    shape, _, _, found = case
    for attention in found["attentions"]:
        assert attention.shape == (2, shape["num_attention_heads"], 17, 17)
        np.testing.assert_allclose(attention.sum(-1), 1, atol=1e-5)


def test_a_side_that_is_no_multiple_of_the_patch_is_refused(case):
    _, _, folder, _ = case
    with pytest.raises(DimensionError, match="multiples of 14"):
        forward_checkpoint(folder, np.zeros((1, 3, 57, 56)))


def test_an_unknown_dtype_is_refused(case):
    with pytest.raises(InputError, match="bfloat16"):
        forward_checkpoint(case[2], np.zeros((1, 3, 56, 56)), "int8")


def test_the_released_300m_tower_at_448_costs_724_gflop_an_image():
    released = InternViTConfig(
        hidden_size=1024, num_hidden_layers=24, num_attention_heads=16, intermediate_size=4096
    )
    assert round(released.flops(32, 32) / 1e9) == 724
