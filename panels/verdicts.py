"""The language models whose verdicts a dataset holds, and the operator that imports them."""

from __future__ import annotations

import fiftyone.operators as foo

from ..plugin.dataset.rationales import decisions

IMPORT = "@gapsphere/gap-explorer/import_feature_cache"


def named(models: dict[str, str]) -> list[dict[str, str]]:
    """Language models in the order of their fields."""
    return [{"name": name, "label": label} for name, label in models.items()]


def model_of(ctx: foo.ExecutionContext) -> str:
    """The language model that an event is about.

    Raises
    ------
    InputError
        The dataset has no verdicts of it.
    """
    model = str(ctx.params.get("model") or "")
    decisions.require_verdicts(ctx.dataset, model)
    return model
