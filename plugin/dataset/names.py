"""Names of every field, tag and run that Gapsphere writes, in one place.

One ``suffix`` applies to them all (``embedding_dino``, ``kcenter_dino``), so that two analyses
live side by side on one dataset.
"""

from __future__ import annotations

from dataclasses import dataclass

OWNED_TAG = "S"
POOL_TAG = "U"
SEQUENCE = "sequence"
FRAME_NUMBER = "frame_number"


@dataclass(frozen=True)
class Names:
    """The names of one analysis.

    >>> Names("dino").embedding
    'embedding_dino'
    """

    suffix: str = ""

    def __call__(self, name: str) -> str:
        return f"{name}_{self.suffix}" if self.suffix else name

    embedding = property(lambda self: self("embedding"))
    umap3d = property(lambda self: self("umap3d"))
    sphere = property(lambda self: self("sphere"))
    dist_to_S = property(lambda self: self("dist_to_S"))  # noqa: N815
    dist_percentile = property(lambda self: self("dist_percentile"))
    is_gap = property(lambda self: self("is_gap"))
    nearest_S = property(lambda self: self("nearest_S"))  # noqa: N815
    kcenter_rank = property(lambda self: self("kcenter_rank"))
    kcenter_radius = property(lambda self: self("kcenter_radius"))
    kcenter_tag = property(lambda self: self("kcenter"))
    skipped_tag = property(lambda self: self("skipped"))
    brain_key = property(lambda self: self("gapsphere"))

    def run_key(self, step: str) -> str:
        """Key of the custom run that records ``step`` (``embeddings``, ``coverage``, ...)."""
        return self(f"gapsphere_{step}")
