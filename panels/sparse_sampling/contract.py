"""What this panel's Python and TypeScript say to each other; ``web/contract.ts`` mirrors it.

A sequence is named by the field that groups it and its value as text.  Columns of numbers travel as
base64, ids as 12 bytes each: ten thousand frames of one policy are 160 KB.  Panel data only carries
``view``, another number for another view.
"""

from __future__ import annotations

COMPONENT = "GapsphereSparseSampling"
EVENTS = (
    "open",
    "curves",
    "pictures",
    "measured",
    "locate",
    "show",
    "back",
    "select",
    "open_sample",
    "pulse",
    "simulate",
    "serve",
)
"""What the component may call."""
METRICS = ("psnr", "ssim", "n_samples", "reconstruction_error")
CHUNK = 256
"""Most frames whose pictures are asked for at once."""
