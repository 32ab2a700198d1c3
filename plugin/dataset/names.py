"""Names of every field, tag and run that Gapsphere writes, in one place.

One ``suffix`` applies to them all (``embedding_dino``, ``kcenter_dino``), so that two analyses
live side by side on one dataset.
"""

from __future__ import annotations

OWNED_TAG = "S"
POOL_TAG = "U"
SEQUENCE = "sequence"
FRAME_NUMBER = "frame_number"


class Names:
    """The names of one analysis.

    >>> Names("dino").embedding
    'embedding_dino'
    """

    def __init__(self, suffix: str = "") -> None:
        self.suffix = suffix
        self.embedding = self._named("embedding")
        self.umap3d = self._named("umap3d")
        self.sphere = self._named("sphere")
        self.dist_to_S = self._named("dist_to_S")
        self.dist_percentile = self._named("dist_percentile")
        self.is_gap = self._named("is_gap")
        self.nearest_S = self._named("nearest_S")
        self.kcenter_rank = self._named("kcenter_rank")
        self.kcenter_radius = self._named("kcenter_radius")
        self.kcenter_tag = self._named("kcenter")
        self.heatmap = self._named("heatmap")
        self.spec_verdict = self._named("spec_verdict")
        self.skipped_tag = self._named("skipped")
        self.brain_key = self._named("gapsphere")

    def run_key(self, step: str) -> str:
        """Key of the custom run that records ``step`` (``embeddings``, ``coverage``, ...)."""
        return self._named(f"gapsphere_{step}")

    def _named(self, name: str) -> str:
        return f"{name}_{self.suffix}" if self.suffix else name
