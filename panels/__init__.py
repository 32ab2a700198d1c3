"""The panels: one folder each, a Python side over ``plugin`` and a web side in ``web/``."""

from .gap_explorer.panel import GapExplorer
from .rationale_review.panel import RationaleReview
from .rationale_summary.panel import RationaleSummary
from .sparse_sampling.panel import SparseSampling

PANELS = (GapExplorer, RationaleReview, RationaleSummary, SparseSampling)
