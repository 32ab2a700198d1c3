"""A checkpoint that does not fit is refused by name before one vector is made of it."""

import json
import os

import pytest
import torch
from gapsphere.plugin.encoders.registry import load_encoder
from gapsphere.plugin.errors import CheckpointError, InputError
from safetensors.torch import load_file, save_file

FIRST, SECOND = "model-00001-of-00003.safetensors", "model-00002-of-00003.safetensors"
INDEX = "model.safetensors.index.json"


@pytest.fixture
def folder(shapes, make_tower, save_checkpoint, tmp_path):
    return save_checkpoint(
        tmp_path / "broken", shapes["300M"], make_tower(shapes["300M"]), "sharded"
    )


def load(folder, **options):
    return load_encoder("internvl", model_path=folder, image_size=56, device="cpu", **options)


def change_json(file, **values):
    file.write_text(json.dumps(json.loads(file.read_text()) | values))


def change_vision(folder, **values):
    vision = json.loads((folder / "config.json").read_text())["vision_config"]
    change_json(folder / "config.json", vision_config=vision | values)


def change_tensor(folder, name, value):
    for shard in (FIRST, SECOND):
        tensors = load_file(folder / shard)
        if name in tensors:
            save_file(tensors | {name: value(tensors[name])}, folder / shard)


def change_index(folder, change):
    where = json.loads((folder / INDEX).read_text())["weight_map"]
    change(where)
    (folder / INDEX).write_text(json.dumps({"weight_map": where}))


def test_the_folder_loads_before_it_is_broken_and_without_the_language_model(folder):
    assert not (folder / "model-00003-of-00003.safetensors").exists()
    assert load(folder).dimension == 48


def test_a_missing_key_is_named(folder):
    change_index(folder, lambda where: where.pop("vision_model.encoder.layers.1.ls1"))
    with pytest.raises(CheckpointError, match=r"1 missing \(encoder\.layers\.1\.ls1\)"):
        load(folder)


def test_a_left_over_key_is_named(folder):
    tensors = load_file(folder / FIRST)
    save_file(tensors | {"vision_model.post_norm.weight": torch.ones(48)}, folder / FIRST)
    change_index(folder, lambda where: where.update({"vision_model.post_norm.weight": FIRST}))
    with pytest.raises(CheckpointError, match=r"no place for \(post_norm\.weight\)"):
        load(folder)


@pytest.mark.parametrize(
    "flags",
    [
        {"qk_normalization": True},
        {"qkv_bias": False},
        {"norm_type": "rms_norm"},
        {"num_hidden_layers": 2},
        {"num_hidden_layers": 4},
        {"intermediate_size": 95},
        {"image_size": 70},
        {"hidden_size": 44},
    ],
    ids=str,
)
def test_every_configuration_that_the_weights_do_not_fit_is_refused(folder, flags):
    change_vision(folder, **flags)
    with pytest.raises(CheckpointError, match=r"does not fit its config\.json"):
        load(folder)


def test_a_wrong_shape_is_named_with_both_shapes(folder):
    change_tensor(folder, "vision_model.encoder.layers.0.ls2", lambda t: t[:40].clone())
    with pytest.raises(CheckpointError, match=r"layers\.0\.ls2 has shape \(40,\).*\(48,\)"):
        load(folder)


def test_a_quantised_tower_is_refused(folder):
    change_tensor(folder, "vision_model.encoder.layers.0.ls2", lambda t: t.to(torch.int8))
    with pytest.raises(CheckpointError, match=r"torch\.int8"):
        load(folder)


@pytest.mark.parametrize("poison", [float("nan"), float("inf")])
def test_nan_or_infinity_in_a_weight_is_named(folder, poison):
    change_tensor(folder, "vision_model.encoder.layers.2.norm1.bias", lambda t: t.fill_(poison))
    with pytest.raises(
        CheckpointError, match=r"NaN or infinity in encoder\.layers\.2\.norm1\.bias"
    ):
        load(folder)


@pytest.mark.parametrize("keep", [0, 7, 200, -64])
def test_a_truncated_shard_is_named(folder, keep):
    whole = (folder / SECOND).read_bytes()
    (folder / SECOND).write_bytes(whole[:keep])
    with pytest.raises(CheckpointError, match=rf"{SECOND} is damaged"):
        load(folder)


def test_a_shard_that_is_not_there_is_named(folder):
    (folder / FIRST).unlink()
    with pytest.raises(CheckpointError, match=rf"{FIRST} is missing"):
        load(folder)


def test_a_named_pipe_in_place_of_a_shard_is_no_file(folder):
    (folder / FIRST).unlink()
    os.mkfifo(folder / FIRST)
    with pytest.raises(CheckpointError, match=rf"{FIRST} is not a file"):
        load(folder)


def test_a_shard_without_the_tensor_that_the_index_promises_is_named(folder):
    change_index(folder, lambda where: where.update({"vision_model.encoder.layers.0.ls1": SECOND}))
    with pytest.raises(CheckpointError, match=r"layers\.0\.ls1, which its index promises"):
        load(folder)


@pytest.mark.parametrize(
    "shard",
    [
        "../model.safetensors",
        "/etc/passwd",
        "a/b.safetensors",
        "..\\x.safetensors",
        "weights.bin",
        ".safetensors",
        7,
        None,
    ],
    ids=str,
)
def test_an_index_that_points_outside_its_folder_is_refused(folder, shard):
    change_index(folder, lambda where: where.update({"vision_model.encoder.layers.0.ls1": shard}))
    with pytest.raises(CheckpointError, match=r"plain \.safetensors file name"):
        load(folder)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"weight_map": []}', "\x00"])
def test_an_index_that_is_no_index_is_refused(folder, content):
    (folder / INDEX).write_text(content)
    with pytest.raises(CheckpointError, match=r"model\.safetensors\.index\.json"):
        load(folder)


def test_a_folder_without_a_configuration_is_refused(folder):
    (folder / "config.json").unlink()
    with pytest.raises(CheckpointError, match=r"has no config\.json"):
        load(folder)


def test_a_folder_without_weights_is_refused(folder):
    for file in folder.glob("*.safetensors*"):
        file.unlink()
    with pytest.raises(CheckpointError, match="neither"):
        load(folder)


def test_pickled_weights_are_refused_without_reading_them(folder):
    for file in folder.glob("*.safetensors*"):
        file.unlink()
    (folder / "pytorch_model.bin").write_bytes(b"cos\nsystem\n")
    with pytest.raises(CheckpointError, match="convert them to safetensors"):
        load(folder)


def test_another_architecture_is_refused(folder):
    change_json(folder / "config.json", model_type="llava")
    with pytest.raises(CheckpointError, match="'llava'"):
        load(folder)


@pytest.mark.parametrize(
    "flags",
    [
        {"hidden_act": "gelu_pytorch_tanh"},
        {"norm_type": "batch_norm"},
        {"num_channels": 4},
        {"num_attention_heads": 5},
        {"patch_size": 57},
        {"hidden_size": "48"},
        {"layer_norm_eps": -1e-6},
        {"num_hidden_layers": True},
    ],
    ids=str,
)
def test_a_configuration_that_no_internvit_has_is_refused(folder, flags):
    change_vision(folder, **flags)
    with pytest.raises(CheckpointError, match=r"config\.json"):
        load(folder)


def test_the_name_in_the_configuration_decides_nothing(folder):
    plain = load(folder)
    change_vision(folder, _name_or_path="OpenGVLab/InternViT-300M-448px")
    assert load(folder).fingerprint == plain.fingerprint


@pytest.mark.parametrize("size", [0, 13, 50, -14, True])
def test_an_image_size_off_the_patch_grid_is_refused(folder, size):
    with pytest.raises(InputError, match="multiple of 14"):
        load_encoder("internvl", model_path=folder, image_size=size, device="cpu")


def test_another_image_size_than_the_trained_one_interpolates_positions(folder):
    encoder = load_encoder("internvl", model_path=folder, image_size=84, device="cpu")
    assert encoder.patch_grid == (6, 6)


def test_unknown_names_and_options_are_refused_with_what_there_is(folder):
    with pytest.raises(InputError, match="auto, internvl, packaged, transformers"):
        load_encoder("resnet")
    with pytest.raises(InputError, match="fp32, bf16, fp16"):
        load(folder, precision="int4")
    with pytest.raises(InputError, match="neither a folder nor a model id"):
        load("no such folder")
    with pytest.raises(InputError, match="brings its own weights"):
        load_encoder("packaged", model_path=folder)
    with pytest.raises(InputError, match="not available"):
        load_encoder("packaged", device="cuda:99")
    with pytest.raises(InputError, match="unknown"):
        load_encoder("packaged", device="abacus")


VIT = {
    "model_type": "vit",
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "image_size": 28,
    "patch_size": 7,
}
PREPARED = {
    "image_processor_type": "ViTImageProcessor",
    "size": {"height": 28, "width": 28},
    "image_mean": [0.5, 0.5, 0.5],
    "image_std": [0.5, 0.5, 0.5],
    "resample": 2,
}


@pytest.fixture
def vit(tmp_path):
    from transformers import ViTConfig, ViTModel

    ViTModel(ViTConfig(**VIT)).save_pretrained(tmp_path / "vit")
    (tmp_path / "vit" / "preprocessor_config.json").write_text(json.dumps(PREPARED))
    load_encoder("transformers", model_path=tmp_path / "vit", device="cpu")
    return tmp_path / "vit"


CLAIMS = [
    {"num_hidden_layers": 10**6},
    {"num_hidden_layers": 10**12},
    {"hidden_size": 1 << 20},
    {"intermediate_size": 1 << 40},
    {"image_size": 10**9},
]


@pytest.mark.parametrize("claim", CLAIMS, ids=str)
@pytest.mark.parametrize("name", ["transformers", "internvl"])
def test_a_configuration_that_claims_more_than_its_weights_is_refused_before_it_is_built(
    name, claim, request
):
    place = request.getfixturevalue("vit" if name == "transformers" else "folder")
    (change_json(place / "config.json", **claim) if name == "transformers"
     else change_vision(place, **claim))  # fmt: skip
    with pytest.raises(CheckpointError, match="more than its weights can hold"):
        load_encoder(name, model_path=place, device="cpu")


@pytest.mark.parametrize(
    "content",
    [b"[" * 10**6, b'{"a":' * 10**5, b"[" + b"{}," * 10**6 + b"0]", bytes((16 << 20) + 1), b"\xff"],
    ids=["lists", "objects", "many", "large", "no text"],
)
@pytest.mark.parametrize("file", ["config.json", "preprocessor_config.json"])
def test_json_without_bottom_or_end_beside_the_weights_is_a_sentence(vit, file, content):
    (vit / file).write_bytes(content)
    with pytest.raises(CheckpointError, match=file):
        load_encoder("transformers", model_path=vit, device="cpu")


@pytest.mark.parametrize(
    "start",
    [(1 << 40).to_bytes(8, "little"), (10**6).to_bytes(8, "little") + b"[" * 10**6, b"", b"GGUF"],
    ids=["claims a terabyte", "nested", "empty", "another format"],
)
def test_weights_whose_header_lies_are_a_sentence(vit, start):
    (vit / "model.safetensors").write_bytes(start + bytes(50_000))
    with pytest.raises(CheckpointError, match="cannot load"):
        load_encoder("transformers", model_path=vit, device="cpu")
