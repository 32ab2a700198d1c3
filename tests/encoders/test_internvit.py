"""The tower against an independent float64 reading of the published architecture, and mutants."""

import math

import numpy as np
import pytest
import torch
from gapsphere.plugin.encoders.checkpoint.internvl_checkpoint import load_tower

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


def forward(folder, pixels, dtype="float32"):
    """All that a checkpoint's tower makes, in float32; the embedding is the unit patch mean."""
    tower, _ = load_tower(folder, getattr(torch, dtype))
    tower.set_attn_implementation("eager")  # the fused kernels never form the maps
    pixels = torch.as_tensor(pixels).to(getattr(torch, dtype))
    with torch.inference_mode():
        found = tower(pixel_values=pixels, output_hidden_states=True, output_attentions=True)
        mean = found.last_hidden_state[:, 1:].mean(dim=1, dtype=torch.float32)
    return {
        "last_hidden_state": found.last_hidden_state.float().numpy(),
        "hidden_states": [hidden.float().numpy() for hidden in found.hidden_states],
        "attentions": [attention.float().numpy() for attention in found.attentions],
        "embedding": torch.nn.functional.normalize(mean).numpy(),
    }


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
    return shape, tower, folder, forward(folder, pixels)


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
    found = forward(save_checkpoint(tmp_path, shape, faint, "single"), pixels)
    assert largest_difference(found, oracle(faint, shape, pixels)) < 1e-5
    assert largest_difference(found, oracle(faint, shape, pixels, eps=1e-5)) > 1e-2


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_the_same_numbers(case, layout, save_checkpoint, tmp_path, pixels):
    shape, tower, _, found = case
    other = forward(save_checkpoint(tmp_path, shape, tower, layout), pixels)
    np.testing.assert_array_equal(other["embedding"], found["embedding"])


@pytest.mark.parametrize("size", [(28, 28), (42, 70), (70, 42)])
def test_another_size_interpolates_the_positions_and_nothing_else(case, size):
    """A tower whose stored positions are the interpolated ones gives the same, grid by grid."""
    shape, tower, folder, _ = case
    rows, columns = size[0] // 14, size[1] // 14
    stored = tower["embeddings.position_embedding"]
    square = stored[:, 1:].unflatten(1, (4, 4)).permute(0, 3, 1, 2)
    scaled = torch.nn.functional.interpolate(
        square, size=(rows, columns), mode="bicubic", align_corners=False
    )
    positions = torch.cat([stored[:, :1], scaled.flatten(2).transpose(1, 2)], dim=1)
    pixels = np.random.default_rng(1).standard_normal((2, 3, *size))
    expected = oracle(tower | {"embeddings.position_embedding": positions}, shape, pixels)
    assert largest_difference(forward(folder, pixels), expected) < 3e-6


def test_the_fused_attention_of_embedding_computes_the_same_function(case, pixels):
    _, _, folder, found = case
    tower, _ = load_tower(folder, torch.float32)
    assert tower.config._attn_implementation == "sdpa"
    with torch.inference_mode():
        fast = tower(torch.from_numpy(pixels).float()).last_hidden_state.numpy()
    assert relative(fast, found["last_hidden_state"]) < 3e-6


def test_the_norms_of_q_and_k_keep_the_configurations_epsilon(
    shapes, make_tower, save_checkpoint, tmp_path, pixels
):
    shape = shapes["6B"] | {"layer_norm_eps": 0.01}
    tower = make_tower(shape)
    folder = save_checkpoint(tmp_path, shape, tower, "standalone")
    assert largest_difference(forward(folder, pixels), oracle(tower, shape, pixels)) < 3e-6


@pytest.mark.parametrize(("dtype", "near"), [("bfloat16", 0.06), ("float16", 0.01)])
def test_half_precision_stays_near_and_comes_back_as_float32(case, pixels, dtype, near):
    _, _, folder, found = case
    half = forward(folder, torch.from_numpy(pixels), dtype)
    assert half["embedding"].dtype == half["attentions"][0].dtype == np.float32
    assert 0 < relative(half["embedding"], found["embedding"]) < near


def test_attention_rows_are_distributions_over_all_tokens(case):
    shape, _, _, found = case
    for attention in found["attentions"]:
        assert attention.shape == (2, shape["num_attention_heads"], 17, 17)
        np.testing.assert_allclose(attention.sum(-1), 1, atol=1e-5)


def test_the_released_300m_tower_at_448_costs_724_gflop_an_image():
    from gapsphere.scripts.bench.networks import INTERNVIT, flops_per_image, random_tower

    one_layer, two_layers = (
        flops_per_image(random_tower(INTERNVIT["internvl-300m"] | {"num_hidden_layers": layers}))
        for layers in (1, 2)
    )
    assert round((one_layer + 23 * (two_layers - one_layer)) / 1e9) == 724
