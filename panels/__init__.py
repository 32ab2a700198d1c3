"""The panels: one folder each, a Python side over ``plugin`` and a web side in ``web/``."""

from .gap_explorer.panel import GapExplorer

PANELS = (GapExplorer,)
