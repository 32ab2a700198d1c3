"""Measures what the choices for the sphere rest on; not a test, run it as a script.

Prints, for a mixture of clusters or for ``--embeddings FILE.npz`` (array ``embeddings``): CPU
seconds, trustworthiness and recall of the radial and of UMAP's native sphere, and of held-out
points placed by our rule and by UMAP's own ``transform`` on the same fit.  ``--fresh`` prints CPU
seconds of whole processes that lay out 600 x 768: the first on a machine, which compiles, and the
next ones.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from gapsphere.plugin.coverage.nearest.neighbors import nearest, self_first
from gapsphere.plugin.projection.place import Reducer
from gapsphere.plugin.projection.sphere import robust_centre, to_unit_sphere
from gapsphere.plugin.projection.trust import sphere_quality
from gapsphere.plugin.projection.umap3d import fit_sphere
from numpy.typing import NDArray

Array = NDArray[Any]


def mixture(n: int = 3000, d: int = 256, clusters: int = 40, seed: int = 1) -> Array:
    rng = np.random.default_rng(seed)
    size = 1 / np.arange(1, clusters + 1)
    label = rng.choice(clusters, n, p=size / size.sum())
    rows = (
        rng.normal(size=(clusters, d))[label]
        + 3 * rng.normal(size=(n, d)) * np.arange(1, d + 1) ** -0.5
    )
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def measured(name: str, work: Callable[[], Array], vectors: Array) -> None:
    start = time.process_time()
    sphere = work()
    seconds = time.process_time() - start
    quality = sphere_quality(vectors, sphere)
    print(
        f"{name:<28}{seconds:7.1f} CPU s   trustworthiness {quality.trustworthiness:.3f}   "
        f"recall {quality.recall:.3f}"
    )


def umap_sphere(vectors: Array, **options: Any) -> tuple[Any, Array]:
    import umap

    model = umap.UMAP(
        n_components=3, metric="cosine", n_neighbors=30, random_state=51, n_jobs=1, **options
    )
    return model, to_unit_sphere(model.fit_transform(vectors))


def held_out(vectors: Array) -> None:
    """Both placings on one and the same UMAP fit, judged on the held-out fifth alone."""
    rows = np.random.default_rng(0).permutation(len(vectors))
    old, new = rows[len(rows) // 5 :], rows[: len(rows) // 5]
    model, _ = umap_sphere(vectors[old])
    centre = robust_centre(model.embedding_)
    fitted = to_unit_sphere(model.embedding_, centre)
    for name, placed in (
        (
            "held out, our rule",
            Reducer(vectors[old], model.embedding_, centre).place(vectors[new])[1],
        ),
        ("held out, UMAP transform", to_unit_sphere(model.transform(vectors[new]), centre)),
    ):
        k, n = 15, len(old)
        rank = np.argsort(np.argsort(-vectors[new] @ vectors[old].T, axis=1), axis=1) + 1
        shown = np.argsort(-placed @ fitted.T, axis=1)[:, :k]
        wrong = np.take_along_axis(rank, shown, 1) - k
        trust = 1 - 2 * np.maximum(wrong, 0).sum(axis=1).mean() / (k * (2 * n - 3 * k + 1))
        print(f"{name:<44}trustworthiness {trust:.3f}   recall {(wrong <= 0).mean():.3f}")


def fresh() -> None:
    """CPU seconds of four processes, all with one folder to keep compiled loops in."""
    work = (
        "from gapsphere.scripts.bench.sphere import mixture;"
        "from gapsphere.plugin.projection.umap3d import fit_sphere;"
        "fit_sphere(mixture(600, 768))"
    )
    with tempfile.TemporaryDirectory() as folder:
        for name in ("first", *["next"] * 3):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            kept = {**os.environ, "NUMBA_CACHE_DIR": folder}
            subprocess.run([sys.executable, "-c", work], env=kept, check=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            print(f"{name:<6}{seconds:6.1f} CPU s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--embeddings")
    parser.add_argument("--fresh", action="store_true")
    given = parser.parse_args()
    if given.fresh:
        fresh()
        return
    vectors = mixture() if given.embeddings is None else np.load(given.embeddings)["embeddings"]
    print(f"{vectors.shape[0]} x {vectors.shape[1]}")
    warnings.simplefilter("ignore", UserWarning)
    fit_sphere(vectors[:200])  # compile first
    fit_sphere(vectors[:200], native=True)
    for seed in (51, 1, 2):
        measured(f"radial, seed {seed}", lambda: fit_sphere(vectors, seed=seed).sphere, vectors)  # noqa: B023
    measured("native", lambda: fit_sphere(vectors, native=True).sphere, vectors)
    measured("radial, PCA to 50", lambda: fit_sphere(vectors, pca_dim=50).sphere, vectors)
    squared, row = self_first(*nearest(vectors, vectors, 30))
    umap_sphere(vectors[:500], force_approximation_algorithm=True)
    graph = (row, squared / 2)
    measured(
        "umap-learn, faiss graph", lambda: umap_sphere(vectors, precomputed_knn=graph)[1], vectors
    )
    measured(
        "umap-learn, own search",
        lambda: umap_sphere(vectors, force_approximation_algorithm=True)[1],
        vectors,
    )
    held_out(vectors)


if __name__ == "__main__":
    main()
