"""A dataset with a made-up sphere of any size, in seconds: for browser tests and benchmarks.

Clusters on the sphere play drives; S owns most of them and lacks some altogether.  The embedding is
the place on the sphere with a little noise, so that the map can be trusted, and the steps that
measure coverage are the real ones.  Samples are cloned in the database, since adding a million one
by one would take longer than everything that is measured on them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
CLUSTERS = 24
DIMENSION = 16
INSERT_BLOCK = 20_000
WEATHER = ("dry", "rain", "fog")


def made_points(n: int, *, seed: int = 51) -> tuple[Array, Array, Array]:
    """``n`` places, the cluster of each, and who owns it.

    Returns
    -------
    float32 (n, 3), int (n,), bool (n,)
        Every fourth cluster has no sample of S.
    """
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(CLUSTERS, 3))
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    share = rng.dirichlet(np.full(CLUSTERS, 2.0))
    cluster = np.sort(rng.choice(CLUSTERS, n, p=share))
    spread = rng.uniform(0.05, 0.2, CLUSTERS)[cluster, None]
    places = centres[cluster] + spread * rng.normal(size=(n, 3))
    places /= np.linalg.norm(places, axis=1, keepdims=True)
    owned = (cluster % 4 != 0) & (rng.random(n) < 0.6)
    return places.astype(np.float32), cluster, owned


def made_embeddings(places: Array, *, seed: int = 51) -> Array:
    """Unit rows, float32 (n, 16), whose neighbours are those of the places."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(len(places), DIMENSION)) * 0.01
    rows[:, :3] += places
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def make_dataset(
    dataset: Any, n: int, images: Sequence[str | Path], *, k: int = 40, embeddings: bool = True
) -> None:
    """Fill an empty dataset: samples, vectors, coverage, picks, sphere.

    Parameters
    ----------
    images
        Files that the samples show, in turn.
    embeddings
        False leaves the vectors and the measured steps out and writes the distances as they are
        made: what a panel needs to draw, at any size.
    """
    places, cluster, owned = made_points(n)
    ids = _insert(dataset, images, cluster, owned)
    from ...plugin.dataset.store.fields import fields
    from ...plugin.dataset.store.names import Names
    from ...plugin.dataset.store.vectors import vectors

    names = Names()
    if embeddings:
        vectors.write(dataset, names.embedding, ids, made_embeddings(places))
        vectors.write(dataset, names.umap3d, ids, 5 * places)
        vectors.write(dataset, names.sphere, ids, places)
        from ...plugin.dataset.gaps.coverage.coverage import compute_coverage
        from ...plugin.dataset.gaps.picks.picks import select_kcenter
        from ...plugin.settings.steps import CoverageParams, KCenterParams

        compute_coverage(dataset, CoverageParams())
        select_kcenter(dataset, KCenterParams(k=k))
    else:
        distance = np.abs(np.random.default_rng(51).normal(0.1, 0.05, n))
        pool = [sample_id for sample_id, mine in zip(ids, owned, strict=True) if not mine]
        fields.declare(dataset, names.dist_to_S, float, "made up")
        fields.write(dataset, names.dist_to_S, pool, distance[~owned].tolist())
    _register(dataset, names.brain_key, ids, places)


def name_encoder(dataset: Any) -> None:
    """Say that the packaged encoder made the vectors, so that heatmaps can be asked for."""
    from ...plugin.dataset.gaps.vectors import embed, embedding_run
    from ...plugin.dataset.store import runs
    from ...plugin.dataset.store.names import Names
    from ...plugin.settings.steps import EmbeddingParams

    params = EmbeddingParams(encoder="packaged")
    opened = embed.open_encoder(params)
    inputs = {"encoder": opened.name, "fingerprint": opened.fingerprint}
    runs.write(
        dataset, Names(), runs.Record(embedding_run.STEP, params.model_dump(mode="json"), inputs)
    )


def _register(dataset: Any, key: str, ids: list[str], places: Array) -> None:
    import fiftyone.brain as fob

    fob.compute_visualization(
        dataset, points=places, brain_key=key, num_dims=3, verbose=False, progress=False
    )
    results = dataset.load_brain_results(key)
    if list(results.sample_ids[:5]) != ids[:5]:
        raise RuntimeError("The brain run is not in the order of the samples.")


def _insert(dataset: Any, images: Sequence[str | Path], cluster: Array, owned: Array) -> list[str]:
    """Clone one sample's document for every point, with its own id, file, tag and fields."""
    import fiftyone as fo
    from bson import ObjectId

    paths = [str(Path(image).resolve()) for image in images]
    dataset.add_sample(
        fo.Sample(filepath=paths[0], tags=["S"], sequence="cluster00", weather="dry")
    )
    collection = dataset._sample_collection
    template = collection.find_one_and_delete({})
    now, ids = datetime.now(timezone.utc), []
    rand = np.random.default_rng(0).random(len(cluster))
    for start in range(0, len(cluster), INSERT_BLOCK):
        block = []
        for i in range(start, min(start + INSERT_BLOCK, len(cluster))):
            new = ObjectId()
            ids.append(str(new))
            block.append(
                {
                    **template,
                    "_id": new,
                    "filepath": paths[i % len(paths)],
                    "tags": ["S" if owned[i] else "U"],
                    "sequence": f"cluster{cluster[i]:02d}",
                    "weather": WEATHER[int(cluster[i]) % len(WEATHER)],
                    "_rand": float(rand[i]),
                    "created_at": now,
                    "last_modified_at": now,
                }
            )
        collection.insert_many(block, ordered=True)
    dataset.reload()
    return ids
