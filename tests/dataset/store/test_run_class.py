"""Records under FiftyOne's own tools for runs."""

import logging

import fiftyone as fo
import numpy as np
import pytest
from gapsphere.plugin.dataset.gaps.coverage.coverage import compute_coverage
from gapsphere.plugin.dataset.gaps.vectors.embed import compute_embeddings
from gapsphere.plugin.dataset.store.run_class import StepRunConfig
from gapsphere.plugin.settings.steps import EmbeddingParams

KEY = "gapsphere_coverage"


@pytest.fixture
def covered(dataset):
    rng = np.random.default_rng(8)
    dataset.add_samples(
        [
            fo.Sample(filepath=f"/made/{n}.png", tags=["SU"[n % 2]], vec=row)
            for n, row in enumerate(rng.normal(size=(8, 4)).astype(np.float32))
        ],
        progress=False,
    )
    compute_embeddings(dataset, EmbeddingParams(encoder="field", model_path="vec"))
    compute_coverage(dataset)
    return dataset


def test_fiftyone_knows_the_fields_of_a_run(covered):
    config = covered.get_run_info(KEY).config
    assert isinstance(config, StepRunConfig)
    shown = covered.load_run_view(KEY, select_fields=True).get_field_schema()
    assert "dist_to_S" in shown
    assert "embedding" not in shown  # of another run


def test_what_stays_of_a_deleted_run_is_said(covered, caplog):
    with caplog.at_level(logging.WARNING):
        covered.delete_run(KEY)
    assert "its fields stay on the samples (dist_to_S, " in caplog.text
    assert len(covered.exists("dist_to_S")) == 4
    assert not covered.has_run(KEY)


def test_what_a_new_name_means_is_said(covered, caplog):
    with caplog.at_level(logging.WARNING):
        covered.rename_run(KEY, "mine")
    assert "'gapsphere_coverage' is now 'mine'" in caplog.text
    assert covered.get_run_info("mine").config.step == "coverage"


def test_a_record_is_plain_where_the_package_is_not_installed(monkeypatch):
    monkeypatch.setattr("gapsphere.plugin.dataset.store.run_class.find_spec", lambda name: None)
    assert StepRunConfig(method="gapsphere/coverage").cls == "fiftyone.core.runs.RunConfig"
