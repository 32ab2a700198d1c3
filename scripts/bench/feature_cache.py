"""What an import costs: ``python -m gapsphere.scripts.bench.feature_cache --rows 100000``.

Against it stands the least that anybody would do with the same ``metadata.csv``:
``pandas.read_csv``, a sample a row, ``dataset.add_samples``.  The import also joins the rationale
tables and the centroid scores, types the columns, and registers the coordinates twice.  Both find
the images in place (empty files: neither opens them).  Embeddings and cards are extra lines, since
the other side has nothing like them.

Seconds are of the clock; CPU seconds are this process's and the database's together, and tell more
on a machine that others use.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ...plugin.settings.rationales import FeatureCacheParams
from ...tests.support.made_cache import make_cache


def cpu_seconds() -> float:
    """CPU time of this process and of the database server so far."""
    import fiftyone.core.odm as foo

    status = foo.get_db_conn().client.admin.command("serverStatus")
    extra = status.get("extra_info", {})
    server = extra.get("user_time_us", 0) + extra.get("system_time_us", 0)
    return time.process_time() + float(server) / 1e6


@contextmanager
def timed(label: str, seconds: dict[str, tuple[float, float]]) -> Iterator[None]:
    started, cpu = time.perf_counter(), cpu_seconds()
    yield
    seconds[label] = time.perf_counter() - started, cpu_seconds() - cpu
    print(f"{label:<58}{seconds[label][0]:8.1f} s {seconds[label][1]:8.1f} CPU s", flush=True)


def with_pandas(dataset: Any, folder: Path, images: Path) -> None:
    """The plain way: read the table, make samples, add them."""
    import fiftyone as fo
    import pandas as pd

    table = pd.read_csv(folder / "metadata.csv")
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    dataset.add_samples(
        [
            fo.Sample(
                filepath=str(images / row["file_name"]),
                ground_truth=fo.Classification(label=row["ground_truth_word_label"]),
                **row,
            )
            for row in rows
        ],
        progress=False,
    )


def with_import(**settings: Any) -> Callable[[Any], None]:
    from ...plugin.dataset.rationales.import_cache import import_feature_cache

    def run(dataset: Any) -> None:
        import_feature_cache(dataset, FeatureCacheParams(**settings))

    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--cards", type=int, default=2_000, help="rows imported without images")
    options = parser.parse_args()

    import fiftyone as fo

    seconds: dict[str, tuple[float, float]] = {}

    def measure(label: str, work: Callable[[Any], None], *, again: bool = False) -> None:
        dataset = fo.Dataset()
        try:
            if again:
                work(dataset)
            with timed(label, seconds):
                work(dataset)
        finally:
            dataset.delete()

    with tempfile.TemporaryDirectory() as place:
        folder, images = make_cache(Path(place) / "cache", options.rows), Path(place) / "images"
        (folder / "embeddings.pt").rename(folder / "embeddings.later")
        names = [line.split(",", 1)[0] for line in (folder / "metadata.csv").open()]
        for name in names:
            if name.endswith(".jpg"):
                target = images / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.touch()
        settings = {"cache_dir": str(folder), "image_dir": str(images)}
        print(f"{options.rows:,} rows")
        first, whole = "pandas.read_csv + add_samples", "import: tables, rationales, coordinates"
        measure(first, lambda dataset: with_pandas(dataset, folder, images))
        measure(whole, with_import(**settings))
        measure("import of the same once more (an update)", with_import(**settings), again=True)
        (folder / "embeddings.later").rename(folder / "embeddings.pt")
        measure("import with embeddings (32 numbers a row)", with_import(**settings))
        few = make_cache(Path(place) / "few", options.cards)
        cards = f"import of {options.cards:,} rows without images: cards drawn"
        measure(cards, with_import(cache_dir=str(few)))
    for what, place_ in (("clock", 0), ("CPU", 1)):
        ratio = seconds[whole][place_] / seconds[first][place_]
        print(f"import over pandas and add_samples, {what}: {ratio:.2f} (at most 1.50 is wanted)")
    print(f"a card with its sample: {1e3 * seconds[cards][1] / options.cards:.2f} CPU ms")


if __name__ == "__main__":
    main()
