"""The saved workspace that shows the panel as it is meant: grid left, sphere right."""

from __future__ import annotations

from typing import Any

import fiftyone as fo

WORKSPACE = "Gap Explorer"
SLUG = "gap-explorer"
"""What the App's address takes: ``/datasets/<name>?workspace=gap-explorer``."""


def save_workspace(dataset: fo.Dataset) -> str:
    """Save the workspace on a dataset; returns the part of the address that opens it.

    One of that name stays: a person may have arranged it.
    """
    spaces = fo.Space(
        children=[_space("Samples", pinned=True), _space("gap_explorer")],
        orientation="horizontal",
        sizes=[0.4, 0.6],
    )
    dataset.reload()
    if not dataset.has_workspace(WORKSPACE):
        dataset.save_workspace(WORKSPACE, spaces)
    return f"/datasets/{dataset.name}?workspace={SLUG}"


def _space(kind: str, **settings: Any) -> fo.Space:
    # Without an active child the App leaves both panels blank.
    panel = fo.Panel(type=kind, **settings)
    return fo.Space(children=[panel], active_child=panel.component_id)
