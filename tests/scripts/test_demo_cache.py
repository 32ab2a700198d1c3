"""The demo's cache says what a vote of the nearest owned images says, and imports."""

import fiftyone as fo
import numpy as np
import pytest
from gapsphere.plugin.dataset.rationales.import_cache import import_feature_cache
from gapsphere.plugin.dataset.store.vectors import vectors
from gapsphere.plugin.errors import InputError
from gapsphere.plugin.settings.rationales import FeatureCacheParams
from gapsphere.scripts.demo.cache import MODEL, cache_of


@pytest.fixture
def embedded(dataset, tmp_path):
    rng = np.random.default_rng(2)
    rows = rng.normal(size=(40, 6)).astype(np.float32)
    rows[:, 0] += np.where(np.arange(40) % 2, 4, -4)
    samples = []
    for row in range(40):
        (tmp_path / "images" / str(row % 4)).mkdir(parents=True, exist_ok=True)
        path = tmp_path / "images" / str(row % 4) / f"{row}.png"
        path.touch()
        word = ("dry", "fog")[row % 2]
        tags = ["S" if row < 25 else "U"]
        samples.append(fo.Sample(str(path), tags=tags, sequence=str(row % 5), weather=word))
    dataset.add_samples(samples)
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    vectors.write(dataset, "embedding", dataset.values("id"), unit)
    return dataset


def test_the_demo_cache_imports_with_the_vote_of_the_nearest(embedded, tmp_path):
    images = cache_of(embedded, tmp_path / "cache", label="weather")
    assert images == tmp_path / "images"
    other = fo.Dataset()
    try:
        params = FeatureCacheParams(
            cache_dir=str(tmp_path / "cache"),
            image_dir=str(images),
            mis_csv=f"mis_{MODEL}.csv",
            correct_csv=f"correct_{MODEL}.csv",
        )
        imported = import_feature_cache(other, params)
        assert (imported.added, imported.cards, imported.findings) == (40, 0, [])
        assert other.count_sample_tags() == {"S": 25, "U": 15}
        for sample in other:
            correct = sample.llm_prediction == sample.ground_truth.label
            assert (sample.prediction_status == "correct") == correct
        assert other.count_values("prediction_status").get("correct", 0) > 30
    finally:
        other.delete()


def test_a_table_of_somebody_else_is_not_replaced(embedded, tmp_path):
    (tmp_path / "metadata.csv").write_text("mine\n")
    with pytest.raises(InputError, match="choose another folder"):
        cache_of(embedded, tmp_path, label="weather")
    assert (tmp_path / "metadata.csv").read_text() == "mine\n"
    for _ in range(2):
        cache_of(embedded, tmp_path / "cache", label="weather")
