"""What a heatmap costs, and how far it can be trusted.

``python -m gapsphere.scripts.bench.heatmaps cost`` runs attention rollout on an InternViT of the
300M size (random weights: the cost does not depend on them), each variant in a process of its own:
the plain forward pass; rollout as it is done here; all heads kept and full matrices multiplied.

``python -m gapsphere.scripts.bench.heatmaps faithfulness --images FOLDER`` blurs the patches away,
most important first (deletion), or brings them back into a blurred image (insertion), and averages
the cosine to the reference embedding on the way (Petsiuk et al. 2018, RISE), beside a random order,
the centre of the image, and a transformer's last layer alone.  ``--about shared`` and ``new`` do so
for the cosine (distance) to another image.  At the end, the network's weights are drawn at random
and the maps compared with the real ones (Adebayo et al. 2018): a map that stays is one of the
image.
"""

from __future__ import annotations

import argparse
import copy
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gapsphere.plugin.attention.explain import Explainer, Question
from gapsphere.plugin.attention.rollout import FusedAttention
from gapsphere.plugin.attention.towers import Tower
from gapsphere.plugin.embeddings.images import open_rgb
from gapsphere.plugin.encoders.registry import load_encoder
from gapsphere.plugin.encoders.torch_encoder import TorchEncoder
from gapsphere.scripts.bench.networks import INTERNVIT, flops_per_image, random_tower
from gapsphere.tests.support.real_vit import write_checkpoint
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from scipy.stats import spearmanr

Maps = NDArray[np.float64]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    commands = parser.add_subparsers(dest="command", required=True)
    cost = commands.add_parser("cost")
    cost.add_argument("--layers", type=int, default=24)
    faith = commands.add_parser("faithfulness")
    faith.add_argument("--images", required=True, help="folder with images, searched through")
    faith.add_argument("--encoder", choices=["vit", "packaged"], default="vit")
    faith.add_argument("--pooling", choices=["mean", "rows"], help="[the encoder's default]")
    faith.add_argument("--about", choices=["attention", "new", "shared"], default="attention")
    faith.add_argument("--count", type=int, default=100)
    faith.add_argument("--steps", type=int, default=6, help="parts in which patches are taken")
    faith.add_argument("--precision", choices=["fp32", "bf16"], default=None)
    faith.add_argument("--seed", type=int, default=51)
    for sub in (cost, faith):
        sub.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    {"cost": print_cost, "faithfulness": print_faithfulness}[options.command](options)


# Cost


def print_cost(options: argparse.Namespace) -> None:
    config = INTERNVIT["internvl-300m"] | {"num_hidden_layers": options.layers}
    encoder = random_tower(config)
    layers, heads = options.layers, config["num_attention_heads"]
    tokens = encoder.patch_grid[0] * encoder.patch_grid[1] + 1
    fusing = layers * heads * tokens**2
    # Row sums, one vector-matrix product; against normalising and a matrix-matrix product.
    sweep = fusing + layers * 3 * tokens**2
    full = fusing + layers * 3 * tokens**2 + (layers - 1) * 2 * tokens**3
    print(f"N = {tokens} tokens, L = {layers} layers, H = {heads} heads, float32")
    print(
        f"arithmetic beside the forward pass ({flops_per_image(encoder) / 1e9:.0f} GFLOP): full "
        f"matrices {full / 1e9:.2f} GFLOP, row vector {sweep / 1e9:.2f}: {full / sweep:.0f} times "
        f"less; the product alone {(layers - 1) * 2 * tokens**3 / (layers * 3 * tokens**2):.0f} "
        "times less"
    )
    print("variant                    CPU s   x plain   peak over plain, MB   kept, MB")
    spawn = multiprocessing.get_context("spawn")
    first: tuple[float, float] | None = None
    for name in ("plain", "row vector", "full matrices"):
        with spawn.Pool(1) as pool:
            seconds, peak, kept = pool.apply(_variant, (name, config, options.threads))
        first = first or (seconds, peak)
        over = peak - first[1]
        print(f"{name:24} {seconds:7.1f} {seconds / first[0]:9.2f} {over:21.0f} {kept:10.1f}")


def _variant(name: str, shape: dict[str, Any], threads: int) -> tuple[float, float, float]:
    """CPU seconds, peak memory of the process and memory kept for rollout, in MB."""
    torch.set_num_threads(threads)
    encoder = random_tower(shape)
    tower = Tower.of(encoder)
    images = torch.zeros(1, 3, encoder.pixels.height, encoder.pixels.width)
    patches = encoder.patch_grid[0] * encoder.patch_grid[1]
    start = np.zeros((1, patches + 1))
    start[:, 1:] = 1 / patches
    started, kept = time.process_time(), 0
    with torch.inference_mode():
        if name == "plain":
            encoder.features(images)
        elif name == "row vector":
            fused = FusedAttention(patches)
            with tower.watched(fused.add):
                encoder.features(images)
            kept = sum(one.nbytes for one in fused.maps)
            fused.rollout(start)
        else:
            scores: list[torch.Tensor] = []
            with tower.watched(scores.append):
                encoder.features(images)
            kept = sum(one.nbytes for one in scores)
            product = torch.eye(patches + 1)
            for one in scores:
                mixed = 0.5 * one[0].mean(0) + 0.5 * torch.eye(patches + 1)
                product = (mixed / mixed.sum(-1, keepdim=True)) @ product
    seconds = time.process_time() - started
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, kept / 1e6


# Faithfulness


def print_faithfulness(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as folder:
        if options.encoder == "vit":
            path = write_checkpoint(Path(folder) / "dinov2-small-focus")
            encoder = load_encoder(
                "transformers",
                model_path=path,
                device="cpu",
                precision=options.precision,
                pooling=options.pooling,
            )
        else:
            encoder = load_encoder("packaged", device="cpu", pooling=options.pooling)
    assert isinstance(encoder, TorchEncoder)
    batch = np.stack([encoder.prepare(open_rgb(p)) for p in spread(options.images, options.count)])
    explainer = Explainer(encoder, Question(about=options.about))
    embeddings = in_parts(encoder.embed, batch)
    reference = embeddings if options.about == "attention" else nearest_other(embeddings)
    sign = -1.0 if options.about == "new" else 1.0
    ours = maps_of(explainer, batch, reference)
    rng = np.random.default_rng(options.seed)
    orders = {
        explainer.method: ours,
        "last layer's attention": last_layer(explainer, batch),
        "centre prior": np.broadcast_to(centre(encoder.patch_grid), ours.shape),
        "random": rng.random(ours.shape),
    }
    print(
        f"{encoder.name}, {encoder.precision}, {encoder.pooling}, about {options.about}: "
        f"{len(batch)} images, patches "
        f"{encoder.patch_grid[0]} x {encoder.patch_grid[1]} taken in {options.steps} parts; mean "
        "and 95 % interval over images"
    )
    print(f"{'order':30} {'deletion':>16} {'insertion':>16} {'insertion - deletion':>22}")
    gains: dict[str, NDArray[np.float64]] = {}
    for name, order in orders.items():
        if order is None:
            continue
        out, back = curves(encoder, batch, reference, order, options.steps)
        out, back = sign * out, sign * back
        gains[name] = back - out
        print(f"{name:30} {mean(out):>16} {mean(back):>16} {mean(gains[name]):>22}", flush=True)
    for name in list(gains)[1:]:
        print(f"{explainer.method} over {name}: {mean(gains[explainer.method] - gains[name])}")
    half, whole = randomised(encoder, 0.5), randomised(encoder, 1.0)
    for word, other in (("last half of", half), ("all", whole)):
        maps = maps_of(Explainer(other, explainer.question), batch, reference)
        same = np.array([spearmanr(a, b, axis=None)[0] for a, b in zip(ours, maps, strict=True)])
        print(f"rank correlation with maps after randomising {word} the weights: {mean(same)}")


def spread(folder: str, count: int) -> list[Path]:
    """``count`` images spread evenly over a folder in name order."""
    kinds = (".jpg", ".jpeg", ".png")
    paths = sorted(p for p in Path(folder).rglob("*") if p.suffix.lower() in kinds)
    if len(paths) < 2:
        raise SystemExit(f"{folder} holds no images to measure on")
    chosen = np.unique(np.linspace(0, len(paths) - 1, count).round().astype(int))
    return [paths[i] for i in chosen]


def in_parts(work: Callable[..., Any], *arrays: NDArray[Any], size: int = 4) -> NDArray[Any]:
    starts = range(0, len(arrays[0]), size)
    return np.concatenate([work(*(a[s : s + size] for a in arrays)) for s in starts])


def nearest_other(embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
    """The embedding nearest to each, itself left out."""
    cosine = embeddings @ embeddings.T
    np.fill_diagonal(cosine, -np.inf)
    nearest: NDArray[np.float32] = embeddings[cosine.argmax(axis=1)]
    return nearest


def maps_of(explainer: Explainer, batch: NDArray[np.uint8], reference: NDArray[Any]) -> Maps:
    return in_parts(explainer.maps, batch, reference)


def last_layer(explainer: Explainer, batch: NDArray[np.uint8]) -> Maps | None:
    """Attention of the last layer alone, mean over heads and over the patches that read."""
    if explainer.method == "Grad-CAM":
        return None
    tower, encoder = explainer.tower, explainer.encoder

    def one(images: NDArray[np.uint8]) -> Maps:
        kept: list[torch.Tensor] = []

        def keep(scores: torch.Tensor) -> None:
            kept[:] = [scores]

        pixels = encoder.pixels.normalise(torch.from_numpy(images), encoder.dtype)
        with torch.no_grad(), tower.watched(keep):
            encoder.features(pixels)
        read = kept[0].double().mean(1)[:, tower.front :, tower.front :].mean(1)
        result: Maps = read.numpy().reshape(-1, *encoder.patch_grid)
        return result

    return in_parts(one, batch)


def centre(grid: tuple[int, int]) -> Maps:
    """Nearer to the centre is more important."""
    y, x = (np.linspace(-1, 1, cells) for cells in grid)
    nearness: Maps = -np.hypot(y[:, None], x[None])
    return nearness


def curves(
    encoder: TorchEncoder,
    batch: NDArray[np.uint8],
    reference: NDArray[np.float32],
    order: Maps,
    steps: int,
) -> tuple[Maps, Maps]:
    """Areas under the deletion and the insertion curve of each image, by the trapezoid rule."""
    rows, columns = encoder.patch_grid
    cell = (encoder.pixels.height // rows, encoder.pixels.width // columns)
    out, back = np.empty((2, len(batch), steps + 1))
    for i, picture in enumerate(batch):
        # A blur of about a patch takes what is in it and leaves light and colour.
        soft = Image.fromarray(picture).filter(ImageFilter.GaussianBlur(cell[0]))
        blurred = np.asarray(soft)
        rank = np.argsort(np.argsort(-order[i], axis=None, kind="stable")).reshape(rows, columns)
        frames = []
        for step in range(steps + 1):
            taken = (rank < round(rows * columns * step / steps)).astype(np.uint8)
            mask = np.kron(taken, np.ones(cell, np.uint8))[..., None].astype(bool)
            frames += [np.where(mask, blurred, picture), np.where(mask, picture, blurred)]
        cosines = in_parts(encoder.embed, np.stack(frames)).astype(np.float64) @ reference[i]
        out[i], back[i] = cosines[::2], cosines[1::2]
    return tuple((c[:, 1:] + c[:, :-1]).mean(axis=1) / 2 for c in (out, back))


def randomised(encoder: TorchEncoder, share: float) -> TorchEncoder:
    """The encoder with the last ``share`` of its weight tensors drawn anew, each at its spread."""
    module: Any = copy.deepcopy(encoder.module)
    weights: Sequence[tuple[str, torch.Tensor]] = list(module.named_parameters())
    generator = torch.Generator().manual_seed(1)
    for _, weight in weights[round(len(weights) * (1 - share)) :]:
        if weight.numel() > 1:
            wide = weight.float()
            drawn = torch.randn(weight.shape, generator=generator) * wide.std() + wide.mean()
            weight.copy_(drawn)

    return replace(encoder, module=module)


def mean(values: NDArray[np.float64]) -> str:
    """Mean and half the 95 % interval of it."""
    half = 1.96 * values.std(ddof=1) / len(values) ** 0.5
    return f"{values.mean():+.4f} ±{half:.4f}"


if __name__ == "__main__":
    main()
