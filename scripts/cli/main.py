"""``gapsphere``: the command line, one command a step, read off the same settings as the forms.

A command's options are the fields of its parameter classes; ``--config`` reads the same names from
a YAML file, and an option given on the command line wins.  Exit code 0, or one line and 2.
"""

from __future__ import annotations

import argparse
import logging
import re
import sys
from collections.abc import Callable, Sequence
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from ...plugin.errors import GapsphereError
from ...plugin.settings import steps as config
from ...plugin.settings.yaml import read

DEFAULT_DATASET = "gapsphere"
SHORT = {"k": "--k", "viz_mode": "--viz"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    parser = build_parser()
    given = sys.argv[1:] if arguments is None else arguments
    options = vars(parser.parse_args(list(map(_dashed, given))))
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    run: Callable[..., None] = options.pop("run")
    params: Sequence[type[config.Params]] = options.pop("params")
    try:
        run(_settings(params, options), **options)
    except GapsphereError as error:
        print(f"gapsphere: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("gapsphere: stopped; what was done is kept, run it again to go on.", file=sys.stderr)
        return 2
    return 0


def _dashed(argument: str) -> str:
    """``--cache_dir`` as ``--cache-dir``: scripts that our users come from spell options so.

    A value such as ``-1,0,0`` gets a space before it: argparse would take it for an option.
    """
    if re.match(r"-[\d.]", argument):
        return f" {argument}"
    flag, equals, value = argument.partition("=")
    return flag.replace("_", "-") + equals + value if flag.startswith("--") else argument


def build_parser() -> argparse.ArgumentParser:
    """The parser with all commands; importing a command's work waits until it runs."""
    from . import commands

    parser = argparse.ArgumentParser(
        prog="gapsphere",
        description="Find what your driving images do not cover, and what to add.",
    )
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    groups: dict[str, Any] = {}
    for command in commands.COMMANDS:
        group, _, name = command.name.rpartition(" ")
        if group and group not in groups:
            made = subparsers.add_parser(group, help=commands.GROUPS[group])
            groups[group] = made.add_subparsers(metavar="COMMAND", required=True)
        sub = groups.get(group, subparsers).add_parser(
            name, help=command.help, description=command.help, allow_abbrev=False
        )
        for flags, keywords in command.arguments:
            sub.add_argument(*flags, **keywords)
        for params in command.params:
            _add_settings(sub, params)
        if command.params:
            sub.add_argument("--config", metavar="FILE", help="settings from a YAML file")
        sub.set_defaults(run=command.run, params=command.params)
    return parser


def _add_settings(parser: argparse.ArgumentParser, params: type[config.Params]) -> None:
    known = {option for action in parser._actions for option in action.option_strings}
    for name, field in params.model_fields.items():
        flag = SHORT.get(name, f"--{name.replace('_', '-')}")
        if flag in known:
            continue
        kind = _kind(field.annotation)
        default = "" if field.default in (None, "", False) else f" [{field.default}]"
        text = f"{field.description}{default}".replace("%", "%%")
        if kind is bool:
            parser.add_argument(
                flag, dest=name, action=argparse.BooleanOptionalAction, default=None, help=text
            )
        elif get_origin(kind) is Literal:
            choices = [str(choice) for choice in get_args(kind)]
            parser.add_argument(flag, dest=name, choices=choices, default=None, help=text)
        else:
            metavar = {int: "N", float: "X"}.get(kind, "TEXT")
            parser.add_argument(flag, dest=name, metavar=metavar, default=None, help=text)


def _kind(annotation: Any) -> Any:
    if get_origin(annotation) in (Union, UnionType):
        return next(part for part in get_args(annotation) if part is not NoneType)
    return annotation


def _settings(params: Sequence[type[config.Params]], options: dict[str, Any]) -> dict[str, Any]:
    """Take the settings out of ``options``: the file's, then what the command line says."""
    names = {name for cls in params for name in cls.model_fields}
    path = options.pop("config", None)
    values = read(params, path)
    for name in names:
        value = options.pop(name, None)
        if value is not None:
            values[name] = value
    return values


if __name__ == "__main__":
    sys.exit(main())
