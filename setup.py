"""The packages of the wheel: the repository root as ``gapsphere``, without tests and benches."""

from setuptools import find_packages, setup

found = find_packages(
    include=["operators", "panels*", "plugin*", "scripts*"], exclude=["scripts.bench*"]
)
setup(packages=["gapsphere", *(f"gapsphere.{name}" for name in found)])
