"""Measures what the choices for the sphere rest on; not a test, run it as a script.

Prints, for a mixture of clusters (``--size N D``) or for ``--embeddings FILE.npz`` (array
``embeddings``), means over ``--seeds`` seeds and their standard errors: CPU seconds of the layout,
trustworthiness and recall of our layout and of umap-learn's of one and the same graph, which starts
from the principal components and ours, of many points, from the layout of a few; then of the
native sphere, and of held-out points placed by our rule and by UMAP's own ``transform`` on the same
fit.  ``--parts`` prints CPU seconds by parts, and peak memory over what the process had with the
vectors read.  ``--against`` prints seconds by the clock and of all cores, of ours and of
``umap.UMAP(n_components=3)``.  ``--fresh`` prints CPU seconds of whole processes
that lay out 600 x 768: the first on a machine, which compiles, and the next ones.
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
from gapsphere.plugin.projection.graph import fuzzy_graph
from gapsphere.plugin.projection.place import Reducer
from gapsphere.plugin.projection.sphere import robust_centre, to_unit_sphere
from gapsphere.plugin.projection.trust import sphere_quality
from gapsphere.plugin.projection.umap3d import (
    FEW,
    LayoutSettings,
    _boxed,
    _spread,
    first_places,
    fit_sphere,
    principal_components,
    relaxed,
)
from gapsphere.scripts.bench.timing import forget_peak, memory
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


def measured(name: str, seeds: int, work: Callable[[int], Array], vectors: Array) -> None:
    """Print what ``work`` costs, and how good the spheres are that it makes of seeds."""
    work(99)  # compiles
    spent = 0.0
    found: list[tuple[Any, Any]] = []
    for seed in range(seeds):
        start = time.process_time()
        sphere = work(seed)
        spent += time.process_time() - start
        quality = sphere_quality(vectors, sphere, seed=seed)
        found.append((quality.trustworthiness, quality.recall))
    mean, error = np.mean(found, axis=0), np.std(found, axis=0) / np.sqrt(seeds)
    print(
        f"{name:<28}{spent / seeds:7.2f} CPU s   trustworthiness {mean[0]:.4f} +- {error[0]:.4f}   "
        f"recall {mean[1]:.4f} +- {error[1]:.4f}",
        flush=True,
    )


def layouts(vectors: Array, seeds: int) -> None:
    """Ours and umap-learn's, of umap-learn's graph."""
    from umap.umap_ import find_ab_params, fuzzy_simplicial_set, simplicial_set_embedding

    k, few = min(30, len(vectors) - 1), len(vectors) <= FEW
    squared, row = self_first(*nearest(vectors, vectors, k))
    graph, *_ = fuzzy_simplicial_set(
        *(vectors, k, None, "euclidean"),
        knn_indices=row,
        knn_dists=(squared / 2).astype(np.float32),
        return_dists=False,
    )
    components, curve = principal_components(vectors, 3, 51), find_ab_params(1.0, 0.1)

    def of_umap(seed: int) -> Array:
        first = _boxed(_spread(components, seed))
        found, _ = simplicial_set_embedding(
            *(vectors, graph.copy(), 3, 1.0, *curve, 1.0, 5, 500 if few else 200, first),
            *(np.random.RandomState(seed), "euclidean", {}, False, {}, False),
            parallel=False,
        )
        return to_unit_sphere(found)

    own = fuzzy_graph(row, squared / 2)

    def of_ours(seed: int) -> Array:
        settings = LayoutSettings(seed=seed)
        return to_unit_sphere(
            relaxed(own, first_places(vectors, components, own, settings), settings)
        )

    measured("our layout", seeds, of_ours, vectors)
    measured("umap-learn's layout", seeds, of_umap, vectors)


def parts(vectors: Array) -> None:
    """What ``fit_sphere`` does, one after another."""
    fit_sphere(vectors[:99])  # compiles
    forget_peak()
    base = memory("VmRSS")

    def timed(name: str, work: Callable[[], Any]) -> Any:
        start, clock = time.process_time(), time.perf_counter()
        found = work()
        spent, clock = time.process_time() - start, time.perf_counter() - clock
        over = (memory("VmHWM") - base) / vectors.nbytes
        print(f"{name:<28}{spent:7.2f} CPU s{clock:8.2f} s   peak +{over:.2f} matrices", flush=True)
        return found

    components = timed("principal components", lambda: principal_components(vectors, 3, 51))
    found = timed("neighbours", lambda: self_first(*nearest(vectors, vectors, 30)))
    graph = timed("graph", lambda: fuzzy_graph(found[1], found[0] / 2))
    first = timed(
        "first places", lambda: first_places(vectors, components, graph, LayoutSettings())
    )
    timed("layout", lambda: relaxed(graph, first, LayoutSettings()))
    timed("fit_sphere", lambda: fit_sphere(vectors))


def against(vectors: Array) -> None:
    """Whole fits, in one process and by all cores, compiled before."""
    import umap

    def ours(rows: Array) -> Array:
        return fit_sphere(rows).sphere

    def theirs(rows: Array) -> Array:
        model = umap.UMAP(n_components=3, metric="cosine", n_neighbors=30, n_jobs=-1)
        return to_unit_sphere(model.fit_transform(rows))

    for name, work in (("fit_sphere", ours), ("umap.UMAP(n_components=3)", theirs)):
        work(vectors[:5000])
        start, clock = time.process_time(), time.perf_counter()
        places = work(vectors)
        spent, clock = time.process_time() - start, time.perf_counter() - clock
        quality = sphere_quality(vectors, places)
        print(
            f"{name:<28}{clock:7.1f} s{spent:8.1f} CPU s   trustworthiness "
            f"{quality.trustworthiness:.4f}   recall {quality.recall:.4f}",
            flush=True,
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
    parser.add_argument("--size", type=int, nargs=2, default=(3000, 256), metavar=("N", "D"))
    parser.add_argument("--seeds", type=int, default=8)
    for name in ("--fresh", "--parts", "--against", "--layouts"):
        parser.add_argument(name, action="store_true")
    given = parser.parse_args()
    if given.fresh:
        fresh()
        return
    vectors = (
        mixture(*given.size)
        if given.embeddings is None
        else np.load(given.embeddings)["embeddings"]
    )
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    print(f"{vectors.shape[0]} x {vectors.shape[1]}")
    warnings.simplefilter("ignore", UserWarning)
    if given.parts:
        parts(vectors)
        return
    if given.against:
        against(vectors)
        return
    layouts(vectors, given.seeds)
    if given.layouts:
        return
    measured(
        "native",
        given.seeds,
        lambda seed: fit_sphere(vectors, seed=seed, native=True).sphere,
        vectors,
    )
    held_out(vectors)


if __name__ == "__main__":
    main()
