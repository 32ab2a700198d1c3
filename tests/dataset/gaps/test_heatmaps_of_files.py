"""Kinds of image files under a vision transformer: each gets the heatmap of what it shows."""

import json

import fiftyone as fo
import numpy as np
import pytest
import torch
import transformers
from gapsphere.plugin.dataset.gaps.heatmaps import compute_heatmaps
from gapsphere.plugin.settings.steps import HeatmapParams
from PIL import Image

SIDE, PATCH = 56, 14


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """A random DINOv2 of 4 x 4 patches, as the library saves it."""
    folder = tmp_path_factory.mktemp("dinov2")
    torch.manual_seed(0)
    config = transformers.Dinov2Config(
        hidden_size=32,
        num_hidden_layers=3,
        num_attention_heads=4,
        image_size=SIDE,
        patch_size=PATCH,
    )
    model = transformers.Dinov2Model(config)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(torch.randn_like(weight) * 0.1)
    model.save_pretrained(folder)
    processor = {
        "image_processor_type": "BitImageProcessor",
        "size": {"height": SIDE, "width": SIDE},
        "do_center_crop": False,
        "resample": 2,
        "image_mean": [0.5] * 3,
        "image_std": [0.5] * 3,
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(processor))
    return folder


def picture():
    """A ramp with a bright and a dark spot, other in each corner, of few colours."""
    values = np.tile(np.linspace(40, 160, 112), (84, 1))
    values[10:30, 70:100], values[60:80, 10:30] = 255, 0
    grey = (values // 8 * 8).astype(np.uint8)
    return Image.fromarray(np.stack([grey, grey, grey], axis=-1))


def turned(image, path):
    exif = Image.Exif()
    exif[0x0112] = 6
    image.transpose(Image.Transpose.ROTATE_90).save(path, quality=98, exif=exif)


def sixteen(bits):
    def save(image, path):
        values = np.asarray(image.convert("L"), np.float64) / 255 * (2**bits - 1)
        Image.fromarray(np.rint(values).astype(np.uint16)).save(path)

    return save


KINDS = {
    "sixteen.png": sixteen(16),
    "twelve.tif": sixteen(12),
    "cmyk.jpg": lambda image, path: image.convert("CMYK").save(path, quality=98),
    "palette.png": lambda image, path: image.quantize(64).save(path),
    "grey.png": lambda image, path: image.convert("L").save(path),
    "alpha.png": lambda image, path: image.convert("RGBA").save(path),
    "turned.jpg": turned,
}


def test_every_kind_of_file_gets_the_map_of_its_picture(dataset, checkpoint, tmp_path):
    image = picture()
    image.save(tmp_path / "plain.png")
    image.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "sideways.png")
    for name, save in KINDS.items():
        save(image, tmp_path / name)
    names = ["plain.png", "sideways.png", *KINDS]
    dataset.add_samples([fo.Sample(str(tmp_path / name)) for name in names])
    params = HeatmapParams(encoder="transformers", model_path=str(checkpoint), device="cpu")
    made = compute_heatmaps(dataset, params)
    assert (made.done, made.skipped) == (len(names), ())
    assert made.method == "attention rollout"
    maps = {s.filename: np.asarray(s.heatmap.map, float) for s in dataset}

    def apart(name):
        return np.abs(maps[name] - maps["plain.png"]).mean()

    assert {name: maps[name].shape for name in names} == dict.fromkeys(names, (4, 4))
    assert apart("sideways.png") > 20  # the network tells a picture from one that lies
    for name in KINDS:
        assert apart(name) < 4, name
