"""Whether an event's answer is what the panel's contract says, field by field and nothing more."""

import json
import sys

from pydantic import TypeAdapter
from typing_extensions import TypedDict, is_typeddict

PANELS = "gapsphere.panels."


def check(contract, event, answer):
    """The answer of an event, as JSON; refusals and what FiftyOne itself calls pass."""
    if event in contract.EVENTS and "error" not in answer:
        matches(contract.EVENTS[event][1], answer)
    return answer


def matches(kind, value):
    """Raise where ``value`` does not have exactly the fields and types of ``kind``."""
    if isinstance(kind, dict):
        kind = TypedDict("Answer", kind)
    loaded = list(sys.modules.items())  # work in another thread may be importing
    modules = [vars(module) for name, module in loaded if name.startswith(PANELS)]
    for known in (kind, *(value for names in modules for value in names.values())):
        if is_typeddict(known):
            known.__pydantic_config__ = {"extra": "forbid", "strict": True}
    TypeAdapter(kind).validate_json(json.dumps(value))
