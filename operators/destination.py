"""Where an operator writes: the user gives a name, and the App's server decides on the folder.

The App's server takes requests from any web page, so a path in a request is never written to, and
nothing that exists is replaced.  Python and the command line take any path.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.dataset.store import places
from ..plugin.errors import InputError
from ..plugin.settings.fields import ParamsT
from . import widgets

NAME, ROOT, ENDING = "name", "root", "ending"


@dataclass(frozen=True)
class Destination:
    """How the path of what an operator writes is made.

    Parameters
    ----------
    kind
        See :func:`..plugin.dataset.store.places.named`.
    path, replace
        The settings that take a path, and that replace what is there: the App has neither.
    endings
        Of the file, by its default first; a folder has none.
    """

    kind: str
    path: str
    replace: str
    endings: tuple[str, ...] = ()

    def ask(self, ctx: foo.ExecutionContext, inputs: types.Object) -> None:
        """Add the name, the folder where there is a choice, and where that leads."""
        what = "file" if self.endings else "folder"
        inputs.str(
            NAME,
            label=f"Name of the {what}",
            description="Letters, digits, spaces, dots, underscores and hyphens; what exists is "
            "not replaced",
            default=self._proposed(ctx),
            required=False,
        )
        if self.endings:
            _choice(inputs, ENDING, "Kind of file", list(self.endings))
        try:
            roots = places.roots()
            if len(roots) > 1:
                _choice(inputs, ROOT, "Where to write", list(roots))
            path = self.path_of(ctx)
        except InputError as error:
            widgets.mark(inputs, error)
        else:
            inputs.view("where", types.Notice(), label="Will be written to", description=str(path))

    def path_of(self, ctx: foo.ExecutionContext) -> Path:
        """The absolute path; that of a folder where the file is to be named by its content.

        Raises
        ------
        InputError
            The name cannot be used or is taken, or the request holds a path of its own.
        """
        for name in (self.path, self.replace):
            if ctx.params.get(name):
                raise InputError(
                    f"The App takes no {name!r}: give a {NAME!r}. Python and the command line "
                    "write to any path."
                )
        name, root = self._name(ctx), str(ctx.params.get(ROOT) or places.OWN)
        return places.named(self.kind, name, root) if name else places.folder(self.kind, root)

    def fill(self, ctx: foo.ExecutionContext, params: ParamsT) -> ParamsT:
        """``params`` with the path; the folder it lies in is made."""
        path = self.path_of(ctx)
        folder = path.parent if self._name(ctx) else path
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{folder} cannot be made: {error.strerror}.") from error
        return params.model_copy(update={self.path: str(path)})

    def _name(self, ctx: foo.ExecutionContext) -> str:
        """With the ending; empty where the file is to be named by its content."""
        name = str(ctx.params.get(NAME, self._proposed(ctx)) or "").strip()
        if not self.endings:
            return name or self._proposed(ctx)
        ending = str(ctx.params.get(ENDING) or self.endings[0])
        if ending not in self.endings:
            raise InputError(f"{ending!r} is not one of {', '.join(self.endings)}.")
        if not name and ending != self.endings[0]:
            raise InputError(
                f"Give the {ending} file a name: only {self.endings[0]} files are named by what "
                "they hold."
            )
        return name.removesuffix(ending) + ending if name else ""

    def _proposed(self, ctx: foo.ExecutionContext) -> str:
        """The dataset's name with a number that is free; a file is named by its content."""
        if self.endings or ctx.dataset is None:
            return ""
        stem = re.sub(r"[^\w.-]+", "-", ctx.dataset.name).strip("-. ") or "dataset"
        for number in range(1, 1000):
            name = f"{stem[:90]}-{number}" if number > 1 else stem[:90]
            try:
                places.named(self.kind, name, str(ctx.params.get(ROOT) or places.OWN))
            except InputError:
                continue
            return name
        return stem


def _choice(inputs: types.Object, name: str, label: str, values: list[str]) -> None:
    choices = types.RadioGroup()
    for value in values:
        choices.add_choice(value, label=value)
    inputs.enum(name, choices.values(), view=choices, label=label, default=values[0])
