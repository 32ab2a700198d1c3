"""The operator that deletes an analysis says what goes before it goes."""

import fiftyone as fo
import fiftyone.operators as foo
import numpy as np
from fiftyone.operators.executor import ExecutionContext
from gapsphere.operators.deletion import DeleteAnalysis
from gapsphere.plugin.dataset import api

URI = "@gapsphere/gap-explorer/delete_analysis"


def form(dataset, **params):
    ctx = ExecutionContext({"dataset_name": dataset.name, "params": params})
    return DeleteAnalysis().resolve_input(ctx).to_json()


def test_the_form_says_what_goes_and_the_run_deletes_it(dataset):
    dataset.add_sample(fo.Sample("/one.png", vector=np.ones(4, np.float32)))
    api.compute_embeddings(dataset, encoder="field", model_path="vector", progress=False)
    asked = form(dataset)
    notice = str(asked["type"]["properties"])
    assert "would be deleted" in notice
    assert "fields: embedding" in notice
    assert asked["view"]["submit_button_label"] == "Delete"
    wrong = form(dataset, suffix="dino")["type"]["properties"]["suffix"]
    assert "There is no such analysis" in str(wrong)
    for half_typed in ("dino.", "\0"):  # no path of a field, which the database refuses
        wrong = form(dataset, suffix=half_typed)["type"]["properties"]["suffix"]
        assert "String should match pattern" in str(wrong)
    foo.execute_operator(URI, dataset=dataset.name, params={})
    dataset.reload()
    assert not dataset.has_field("embedding")
