"""What a worker of a cluster does with what it is sent."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from inspect import isgenerator
from typing import Any


def found(function: Callable[..., Any] | str) -> Callable[..., Any]:
    """A function that was sent, or the one of that name.

    >>> found("gapsphere.plugin.engine.there:found") is found
    True
    """
    if not isinstance(function, str):
        return function
    module, _, name = function.partition(":")
    named: Callable[..., Any] = getattr(import_module(module), name)
    return named


def called(function: Callable[..., Any] | str, *given: Any) -> Any:
    """What a function gives; in a list, where it yields.

    >>> called(max, 1, 2), called(lambda text: (each for each in text), "ab")
    (2, ['a', 'b'])
    """
    given_back = found(function)(*given)
    return list(given_back) if isgenerator(given_back) else given_back
