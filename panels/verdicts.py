"""What the review and its summary share: the language models, and the import of their verdicts."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import fiftyone.operators as foo

from ..plugin import PLUGIN
from ..plugin.dataset.rationales import decisions
from ..plugin.dataset.store.database import is_empty
from .component import ViewPanel, can_prompt
from .event import answered

IMPORT = f"{PLUGIN}/import_feature_cache"


class VerdictPanel(ViewPanel):
    """A panel of language models' verdicts."""

    @answered
    def open(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """What is the same for all samples, or why there is nothing to show."""
        dataset = ctx.dataset
        if dataset is None or is_empty(dataset):
            return {"kind": "empty"}
        models = decisions.model_names(dataset)
        if not models:
            return {"kind": "no_verdicts", "can_import": can_prompt(IMPORT)}
        model = ctx.params.get("model")
        model = model if model in models else next(iter(models))
        named = [{"name": name, "label": label} for name, label in models.items()]
        return {"kind": "ready", "models": named, "model": model, **self.ready(ctx, model)}

    @abstractmethod
    def ready(self, ctx: foo.ExecutionContext, model: str) -> dict[str, Any]:
        """What the panel shows of the verdicts of one model."""

    def import_cache(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """Open the form of the import."""
        ctx.prompt(IMPORT)
        return {}


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
