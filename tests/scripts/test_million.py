"""The bench of sizes on a few images: what it prints, and what is left of runs that are killed."""

import os
import re
import subprocess
import sys

import pytest


@pytest.mark.crash
@pytest.mark.slow  # a database and a process of its own for each of three runs
def test_a_run_that_is_killed_ends_in_the_same_result():
    command = [sys.executable, "-m", "gapsphere.scripts.bench.million", "400", "--kills", "1"]
    ran = subprocess.run(
        [*command, "--dimension", "8"], capture_output=True, text=True, env=os.environ, check=True
    )
    assert "after 1 kills: the same to the last bit" in ran.stdout
    assert len(re.findall("^killed: [A-Z]", ran.stdout, re.MULTILINE)) == 1
    for step in ("Embeddings", "Coverage", "K-Center", "Sphere", "Naming cards", "Curve", "all"):
        assert re.search(rf"^{step} +(-?[\d.]+ +){{4}}", ran.stdout, re.MULTILINE), step
