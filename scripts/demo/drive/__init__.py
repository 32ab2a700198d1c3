"""The demo drive: driving scenes rendered with numpy and Pillow, and what picks found in them.

``plan`` says which drives exist and what S lacks; ``scene`` renders a drive's frames from
``backdrop`` (per pixel), ``roadside`` and ``traffic`` (``solids``), ``light`` and ``lens``;
``writing`` makes the files; ``found`` counts what picks found against chance.
"""

from .found import combinations_found, read_metadata
from .writing import render_drive

__all__ = ["combinations_found", "read_metadata", "render_drive"]
