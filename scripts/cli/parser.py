"""Arguments to a command and its settings.

A setting comes from an option, else from ``KEY=VALUE``, else from the ``--config`` file, else it
is the default.
"""

from __future__ import annotations

import argparse
import logging
import re
from collections.abc import Sequence
from typing import Any

from ... import __version__
from ...plugin.errors import InputError
from ...plugin.interchange.files.listed_paths import local_path
from ...plugin.settings.fields import Params, Setting, make, settings_of, unknown
from ...plugin.settings.headings import FEW, headed
from ...plugin.settings.serving import TOKEN_VARIABLE
from ...plugin.settings.yaml import read
from . import commands, exchange_commands, sparse_commands
from .command import COMMANDS, GROUPS, Command
from .say import plain

__all__ = ["COMMANDS", "build_parser", "commands", "exchange_commands", "run", "sparse_commands"]


def run(arguments: Sequence[str]) -> None:
    """Parse the arguments and run the command.

    Raises
    ------
    GapsphereError
        What the command line prints as one line.
    """
    parser = build_parser()
    parsed, overrides = parser.parse_known_args([_dashed(text) for text in arguments])
    options = vars(parsed)
    command: Command = options.pop("command")
    of_command: argparse.ArgumentParser = options.pop("parser")
    wrong = [text for text in overrides if text.startswith("-") or "=" not in text]
    if wrong or (overrides and not command.params):
        known = [flags[0] for flags, _ in command.arguments]
        known += [each.flag for cls in command.params for each in settings_of(cls)]
        of_command.error(unknown("argument", (wrong or overrides)[0].partition("=")[0], known))
    logging.basicConfig(level=logging.WARNING)
    for handler in logging.root.handlers:
        handler.setFormatter(_Plain("%(message)s"))
    command.run(*_params(command, options, overrides), **options)


class _Plain(logging.Formatter):
    """What is logged names files and clients too."""

    def format(self, record: logging.LogRecord) -> str:
        return plain(super().format(record))


def build_parser() -> argparse.ArgumentParser:
    """The parser with all commands; importing a command's work waits until it runs."""
    parser = argparse.ArgumentParser(
        prog="gapsphere",
        description="Find what your driving images do not cover, and what to add.",
    )
    parser.add_argument("--version", action="version", version=f"gapsphere {__version__}")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    groups: dict[str, Any] = {}
    for command in COMMANDS:
        group, _, name = command.name.rpartition(" ")
        if group and group not in groups:
            made = subparsers.add_parser(group, help=GROUPS[group])
            groups[group] = made.add_subparsers(metavar="COMMAND", required=True)
        sub = groups.get(group, subparsers).add_parser(
            name, help=command.help, description=command.help, allow_abbrev=False
        )
        _fill(sub, command)
        sub.set_defaults(command=command, parser=sub)
    return parser


def _dashed(argument: str) -> str:
    """``--cache_dir`` as ``--cache-dir``: scripts that our users come from spell options so.

    A value such as ``-1,0,0`` gets a space before it: argparse would take it for an option.
    """
    if re.match(r"-[\d.]", argument):
        return f" {argument}"
    flag, equals, value = argument.partition("=")
    return flag.replace("_", "-") + equals + value if flag.startswith("--") else argument


def _fill(parser: argparse.ArgumentParser, command: Command) -> None:
    """The command's arguments, then its settings: the main ones, and many others by kind."""
    given = []
    for flags, keywords in command.arguments:
        parser.add_argument(*flags, **keywords)
        if not flags[0].startswith("-"):
            given.append(keywords["metavar"] + " ..." * ("nargs" in keywords))
    settings: dict[str, Setting] = {}
    for setting in (each for cls in command.params for each in settings_of(cls)):
        settings.setdefault(setting.name, setting)
    for setting in settings.values():
        if not setting.advanced:
            _add(parser, setting)
    for heading, group in headed([each for each in settings.values() if each.advanced]).items():
        into = parser.add_argument_group(heading) if heading else parser
        for setting in group:
            _add(into, setting)
    if len(settings) > FEW:  # a list of them all is no summary
        parser.usage = " ".join(["%(prog)s", *given, "[OPTION ...] [KEY=VALUE ...]"])
    if command.params:
        parser.add_argument("--config", metavar="FILE", help="settings from a YAML file")
        keys = ", ".join(each.key for each in settings.values() if each.key)
        parser.epilog = f"Settings of the file may also be given as KEY=VALUE; keys: {keys}."


def _add(parser: argparse._ActionsContainer, setting: Setting) -> None:
    default = "" if setting.written in (None, "", False) else f" [{setting.written}]"
    keywords: dict[str, Any] = {"help": f"{setting.text}{default}".replace("%", "%%")}
    if setting.kind is bool:
        keywords["action"] = argparse.BooleanOptionalAction
    elif setting.choices:
        keywords["choices"] = [str(choice) for choice in setting.choices]
    else:
        keywords["metavar"] = {int: "N", float: "X"}.get(setting.kind, "TEXT")
    parser.add_argument(setting.flag, dest=setting.name, default=None, **keywords)


def _refuse_secrets(options: dict[str, Any], overrides: Sequence[str]) -> None:
    """Every user of a machine can read the arguments of its processes; names of variables may."""
    given = [text.partition("=")[2] for text in overrides if text.startswith("server.token=")]
    shown = [text for text in given if text and not text.startswith("$")]
    if shown or options.get("token"):
        raise InputError(
            "A token on the command line can be read by every user of this machine: set the "
            f"environment variable {TOKEN_VARIABLE}, or write `server: {{token: ...}}` into a "
            "file that only you can read and give it with --config."
        )


def _params(command: Command, options: dict[str, Any], overrides: Sequence[str]) -> list[Params]:
    """Take the settings out of ``options``, and make the parameters of each class of them."""
    if not command.params:
        return []
    _refuse_secrets(options, overrides)
    config = options.pop("config")
    values = read(command.params, None if config is None else local_path(config), overrides)
    for name in {name for cls in command.params for name in cls.model_fields}:
        value = options.pop(name)
        if value is not None:
            values[name] = value
    return [
        make(cls, {name: value for name, value in values.items() if name in cls.model_fields})
        for cls in command.params
    ]
