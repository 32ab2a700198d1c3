"""Whether an event's answer is what the panel's contract says, field by field and nothing more."""

import json

from pydantic import TypeAdapter
from typing_extensions import TypedDict, is_typeddict


def check(contract, event, answer):
    """The answer of an event, as JSON; refusals and what FiftyOne itself calls pass."""
    if event in contract.EVENTS and "error" not in answer:
        matches(contract, contract.EVENTS[event][1], answer)
    return answer


def matches(contract, kind, value):
    """Raise where ``value`` does not have exactly the fields and types of ``kind``."""
    from gapsphere.panels import verdict_types, work_types

    if isinstance(kind, dict):
        kind = TypedDict("Answer", kind)
    for known in (
        kind,
        *vars(contract).values(),
        *vars(verdict_types).values(),
        *vars(work_types).values(),
    ):
        if is_typeddict(known):
            known.__pydantic_config__ = {"extra": "forbid", "strict": True}
    TypeAdapter(kind).validate_json(json.dumps(value))
