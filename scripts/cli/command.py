"""What a command is: a function on parameters, with a name, whose docstring is its help.

The settings of its parameter classes become options, and reach the function as one object for each
class, in that order; further arguments reach it by name.
"""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ...plugin.settings.fields import Params
from .datasets import opened, viewed
from .say import say

Argument = tuple[tuple[str, ...], dict[str, Any]]
Run = Callable[..., None]


@dataclass(frozen=True)
class Command:
    """``group`` is the first word of a name of two, such as ``sparse``."""

    name: str
    run: Run
    params: tuple[type[Params], ...]
    arguments: tuple[Argument, ...]

    @property
    def help(self) -> str:
        """One line."""
        return (self.run.__doc__ or "").partition("\n")[0].rstrip(".")


COMMANDS: list[Command] = []
GROUPS = {
    "sparse": "Sparse sampling, few pixels of each frame: train a model, measure it, serve it"
}
"""Help of the first words that several commands share."""


def command(name: str, *params: type[Params], arguments: tuple[Argument, ...] = ()) -> Any:
    """Make a function a command."""

    def declare(run: Run) -> Run:
        COMMANDS.append(Command(name, run, params, arguments))
        return run

    return declare


def step_command(
    name: str,
    step: str,
    params: type[Params],
    text: str,
    *,
    arguments: tuple[Argument, ...] | None = None,
    create: bool = False,
) -> None:
    """Declare a command that runs a function of the API on a dataset and prints its result."""

    def run(params: Params, *, dataset: str, view: str | None = None) -> None:
        from ...plugin.dataset import api

        with opened(dataset, create=create) as data:
            say(getattr(api, step)(viewed(data, view), **dict(params)))

    run.__doc__ = text
    command(name, params, arguments=(DATASET,) if arguments is None else arguments)(run)


def argument(*flags: str, help: str, **keywords: Any) -> Argument:
    """An argument as argparse takes it; a default is shown in its help."""
    default = keywords.get("default")
    keywords["help"] = help if default in (None, "") else f"{help} [{default}]"
    return flags, keywords


DATASET = argument("--dataset", default="gapsphere", metavar="NAME", help="name of the dataset")
VIEW = argument("--view", metavar="NAME", help="only the samples of this saved view")


def port(text: str) -> int:
    """A port as an argument has it."""
    number = int(text)
    if not 1 <= number <= 65535:
        raise ArgumentTypeError(f"{text} is not a port: ports are 1 to 65535")
    return number


def count(text: str) -> int:
    """A number of things as an argument has it."""
    number = int(text)
    if number < 1:
        raise ArgumentTypeError(f"{text} is too few: give at least 1")
    return number


PORT = argument("--port", type=port, default=5151, help="App port")
LEFT_OUT = argument(
    "--left-out-file",
    metavar="FILE",
    help="write the path of every file that was left out to this file, as JSON by reason",
)
