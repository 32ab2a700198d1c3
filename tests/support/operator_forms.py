"""Operators' forms as the App gets them, without a browser."""

import asyncio
from typing import Any

from .as_loaded import loaded

PREFIX = "@gapsphere/gap-explorer/"


def form(name: str, dataset: Any, view: Any = None, selected: Any = (), **params: Any) -> dict:
    """The inputs of an operator, about a view and a selection of samples, filled in so far."""
    from fiftyone.operators.executor import resolve_type
    from fiftyone.operators.registry import OperatorRegistry

    loaded("operators.estimate").WAIT = 60  # a form that came before its count has other words
    request = {"dataset_name": dataset.name, "params": params, "selected": list(selected)}
    if view is not None:
        request["view"] = view._serialize()
    schema = asyncio.run(resolve_type(OperatorRegistry(), PREFIX + name, request))
    return schema.to_json()["type"]["properties"] if schema else {}


def choices(question: dict) -> dict:
    """What an input offers: words by value."""
    return {choice["value"]: choice["label"] for choice in question["view"]["choices"]}


def marked(asked: dict) -> dict:
    """The sentences at inputs that are marked as wrong."""
    return {name: each["error_message"] for name, each in asked.items() if each["invalid"]}
