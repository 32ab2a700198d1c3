r"""What commands print.  Names of drives, datasets and values are data: none steers the terminal.

Control characters, escape codes among them, and those that turn the direction of text are printed
as ``\u001b``, so that a JSON text stays what it was.  Line ends stay: they are of the sentences,
and one in a name cannot be told from those.
"""

from __future__ import annotations

import re
from typing import TextIO

_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def plain(text: object) -> str:
    r"""Text that a terminal shows and does not obey.

    >>> plain("night\x1b[2J, a\tb")
    'night\\u001b[2J, a\tb'
    """
    return _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", str(text))


def say(text: object, file: TextIO | None = None, *, flush: bool = False) -> None:
    """Print text; every command prints with this."""
    print(plain(text), file=file, flush=flush)
