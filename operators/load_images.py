"""``load_images``: folders, lists, a CSV or videos become samples tagged S and U."""

from __future__ import annotations

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.dataset.gaps.load import load_images, tag_samples
from ..plugin.progress import Reporter
from ..plugin.settings.steps import LoadParams
from .step import StepOperator

OWNED_WORD, POOL_WORD = "owned_samples", "pool_samples"


class LoadImages(StepOperator):
    operator = "load_images"
    label = "Load images"
    help = (
        "Add images to this dataset as S (owned) and U (candidates). Loading again adds only what "
        "is new. Or say which samples that are already here are S and U."
    )
    icon = "add_photo_alternate"
    params = LoadParams

    def extend_form(self, ctx: foo.ExecutionContext, inputs: types.Object) -> None:
        inputs.str(
            OWNED_WORD,
            label="Samples that are S",
            description="Tag samples already here: a tag, field:NAME=VALUE or view:NAME",
        )
        inputs.str(
            POOL_WORD,
            label="Samples that are U",
            description="Tag samples already here: a tag, field:NAME=VALUE or view:NAME",
        )

    def run(self, ctx: foo.ExecutionContext, params: LoadParams, report: Reporter) -> str:
        words = ctx.params.get(OWNED_WORD) or None, ctx.params.get(POOL_WORD) or None
        lines = []
        if any(words):
            counts = tag_samples(ctx.dataset, *words)
            lines += [f"{role}: {count} samples tagged" for role, count in counts.items()]
        if params.owned_images or params.pool_images or params.csv or not lines:
            loaded = load_images(
                ctx.dataset,
                params.owned_images,
                params.pool_images,
                csv=params.csv,
                frames_per_second=params.frames_per_second,
                num_workers=params.num_workers,
                progress=report("Loading"),
            )
            lines.append(str(loaded))
        return "\n".join(lines)
