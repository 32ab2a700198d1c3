"""Gapsphere: find what your driving images do not cover, inside FiftyOne.

This file is two doors.  FiftyOne calls :func:`register` when the folder is loaded as a plugin;
Python users reach the API as attributes (``gapsphere.find_gaps``), resolved on first use.  Nothing
is imported at import time: FiftyOne re-executes this file at every operator call, and pytest
imports it as well.
"""

from __future__ import annotations

from typing import Any

__version__ = "0.1.0"

_API = dict.fromkeys(
    [
        "load_images",
        "tag_samples",
        "compute_embeddings",
        "compute_attributes",
        "compute_coverage",
        "summarize_gaps",
        "export_gap_cards",
        "select_kcenter",
        "select_candidates",
        "budget_curve",
        "export_budget_curve",
        "compute_sphere",
        "place_on_sphere",
        "find_gaps",
        "show_results",
        "delete_analysis",
        "rounds",
        "ask",
        "compute_heatmaps",
        "export_artifacts",
        "import_artifacts",
        "export_visual_spec",
        "check_spec",
        "import_feature_cache",
        "export_reviews",
        "rank_gaps_by_failures",
        "import_sparse_recording",
        "simulate_adaptive_sampling",
        "train_sparse_transformer",
    ],
    ".plugin.dataset.api",
)


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in _API:
        return getattr(import_module(_API[name], __name__), name)
    raise AttributeError(f"module 'gapsphere' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*_API, "__version__", "register"])


def register(plugin: Any) -> None:
    """Register every operator and panel; FiftyOne calls this when it loads the plugin."""
    from .operators import OPERATORS
    from .panels import PANELS

    for operator in (*OPERATORS, *PANELS):
        plugin.register(operator)
