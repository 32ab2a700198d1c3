"""The demo drive: driving scenes rendered with numpy and Pillow, and what picks found in them.

A small software renderer.  ``plan`` says which drives exist and what S lacks; ``scene`` puts road,
surroundings and traffic of one drive together and renders its frames from ``backdrop`` (per pixel),
``scenery`` and ``actors`` (solids on a ``canvas``), ``light`` and ``lens``; ``writing`` makes the
files; ``found`` counts what picks found against chance.
"""

from .found import Found, combinations_found
from .plan import COVERED, MISSING_IN_S, Combination
from .writing import DriveSummary, render_drive

__all__ = [
    "COVERED",
    "MISSING_IN_S",
    "Combination",
    "DriveSummary",
    "Found",
    "combinations_found",
    "render_drive",
]
