"""The settings of the last run, which a form starts from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import fiftyone as fo

from ..plugin.dataset.store import fiftyone_internals as internals
from ..plugin.dataset.store.names import Names
from ..plugin.dataset.store.sets.kept_samples import described
from ..plugin.dataset.store.sets.resolve import KEPT
from ..plugin.errors import InputError
from ..plugin.settings.fields import Params, Setting, make, settings_of

ANEW = frozenset(
    ["overwrite", "replace_file", "reset_delta", "suffix", "output", "folder", "update_known"]
)
"""Settings of one run alone: no form starts from those of the run before."""


@dataclass(frozen=True)
class LastRun:
    """Settings that a form starts from, by name; ``when`` the run was, "" where there was none."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    when: str = ""

    @classmethod
    def of(
        cls, dataset: fo.Dataset, params: type[Params], steps: Sequence[str], suffix: str
    ) -> LastRun:
        """Settings as the records of ``steps`` have them; the first that has one wins."""
        records = internals.run_parts(dataset, "params", "created")
        found: dict[str, Any] = {}
        times = []
        for step in steps:
            record = records.get(Names(suffix).run_key(step), {})
            told = record.get("params") or {}
            here = {name: told[name] for name in params.model_fields if name in told}
            times += [str(record.get("created", ""))] * bool(here)
            found = {**here, **found}
        found = {name: value for name, value in found.items() if name not in ANEW}
        try:
            made = make(params, found)
        except InputError:  # of another version
            return cls()
        kept = {name: getattr(made, name) for name in found}
        return cls(kept, max(times, default="")[:16].replace("T", " "))

    def differing(self, params: type[Params]) -> dict[str, Setting]:
        """The settings whose value is not the default."""
        return {
            each.name: each
            for each in settings_of(params)
            if each.name in self.settings and self.settings[each.name] != each.default
        }

    def said(self, dataset: fo.Dataset, params: type[Params]) -> str:
        """Which settings are taken over, for the top of the form."""
        if not self.when:
            return ""
        named = [
            f"{setting.label}: {self._value(dataset, name)}"
            for name, setting in self.differing(params).items()
        ]
        if not named:
            return f"The last run ({self.when} UTC) had the defaults."
        return f"Filled in as in the last run ({self.when} UTC): {'; '.join(named)}."

    def _value(self, dataset: fo.Dataset, name: str) -> str:
        value = self.settings[name]
        if isinstance(value, str) and value.startswith(KEPT):
            return described(dataset, value.removeprefix(KEPT))
        return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
