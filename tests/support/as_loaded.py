"""Modules as FiftyOne loads them: a plugin's classes are not those that Python imports."""

import sys

import fiftyone.operators as foo


def loaded(module):
    """A module of the plugin, such as ``panels.work``."""
    operator = foo.get_operator("@gapsphere/gap-explorer/compute_coverage")
    package = type(operator).__module__.partition(".operators.")
    return sys.modules[f"{package[0]}.{module}"]
