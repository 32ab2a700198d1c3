"""Images and phrases in one space, beside the transformers library's own way."""

import json

import numpy as np
import pytest
import torch
import transformers
from gapsphere.plugin.encoders.image_text import load_image_text
from gapsphere.plugin.errors import CheckpointError, InputError
from PIL import Image
from tokenizers import Tokenizer, models, pre_tokenizers, processors

SIZE = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2}
SIZE |= {"num_attention_heads": 4}
WORDS = ["<pad>", "<s>", "</s>", "a", "wet", "road", "snow", "night", "with", "cones"]
TEXT = SIZE | {"vocab_size": len(WORDS), "max_position_embeddings": 12}
TEXT |= {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
VISION = SIZE | {"image_size": 28, "patch_size": 7}
PROCESSOR = {"size": {"height": 28, "width": 28}, "resample": 2, "image_processor_type": "Siglip"}
PROCESSOR |= {"image_mean": [0.5] * 3, "image_std": [0.5] * 3}


def tokenizer():
    made = Tokenizer(models.WordLevel({w: at for at, w in enumerate(WORDS)}, unk_token="<pad>"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    ends = [("<s>", 1), ("</s>", 2)]
    made.post_processor = processors.TemplateProcessing("<s> $A </s>", special_tokens=ends)
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=made, pad_token="<pad>", bos_token="<s>", eos_token="</s>"
    )


@pytest.fixture(params=["clip", "siglip"])
def folder(request, tmp_path):
    torch.manual_seed(3)
    kind = {"clip": "CLIP", "siglip": "Siglip"}[request.param]
    more = {"projection_dim": 16} if kind == "CLIP" else {}
    text = TEXT | ({"projection_size": 32} if kind == "Siglip" else {})
    config = getattr(transformers, f"{kind}Config")(text_config=text, vision_config=VISION, **more)
    getattr(transformers, f"{kind}Model")(config).eval().save_pretrained(tmp_path)
    tokenizer().save_pretrained(tmp_path)
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(PROCESSOR))
    return tmp_path


def test_vectors_are_those_of_the_library_at_unit_length(folder):
    model = load_image_text(folder, device="cpu", precision="fp32")
    phrases = ["a wet road", "snow", "night"]
    pixels = np.random.default_rng(0).integers(0, 256, (5, 28, 28, 3), np.uint8)
    images = np.stack([model.images.prepare(Image.fromarray(each)) for each in pixels])
    found, said = model.images.embed(images), model.texts(phrases)
    theirs = transformers.AutoModel.from_pretrained(folder).eval()
    with torch.inference_mode():
        inputs = torch.from_numpy(pixels).permute(0, 3, 1, 2) / 127.5 - 1
        seen = theirs.get_image_features(pixel_values=inputs).pooler_output.numpy()
        words = tokenizer()(phrases, padding="max_length", max_length=12, return_tensors="pt")
        words.pop("token_type_ids", None)
        read = theirs.get_text_features(**words).pooler_output.numpy()
    for ours, wanted in ((found, seen), (said, read)):
        wanted /= np.linalg.norm(wanted, axis=1, keepdims=True)
        np.testing.assert_allclose(ours, wanted, atol=1e-5)
    assert found.shape[1] == said.shape[1] == model.images.dimension


def test_a_long_phrase_is_cut_and_an_unknown_word_does_no_harm(folder):
    found = load_image_text(folder, device="cpu").texts(["road " * 100, "xylophone", ""])
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("tokenizer.json", "has no tokenizer.json"),
        ("model.safetensors", "has no .safetensors"),
        ("preprocessor_config.json", "has no preprocessor_config.json"),
        ("config.json", "has no config.json"),
    ],
)
def test_what_is_missing_is_named(folder, file, said):
    (folder / file).unlink()
    with pytest.raises(CheckpointError, match=said):
        load_image_text(folder, device="cpu")


def test_a_tokenizer_that_is_no_json_is_refused(folder):
    (folder / "tokenizer.json").write_text("[" * 1000)
    with pytest.raises(CheckpointError, match="transformers cannot load"):
        load_image_text(folder, device="cpu")


def test_a_model_of_images_alone_is_refused(tmp_path):
    config = transformers.ViTConfig(**VISION)
    transformers.ViTModel(config).save_pretrained(tmp_path)
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(PROCESSOR))
    with pytest.raises(CheckpointError, match="does not put images and text into one space"):
        load_image_text(tmp_path, device="cpu")


def test_nothing_is_fetched_and_no_name_is_guessed(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("GAPSPHERE_CACHE", str(tmp_path))
    with pytest.raises(CheckpointError, match="is not on this machine"):
        load_image_text("maker/Model")
    with pytest.raises(InputError, match="neither a folder nor a model id"):
        load_image_text(tmp_path / "gone")
