"""The bench of sizes on a few images: what it prints, and what is left of runs that are killed."""

import json
import os
import re
import subprocess
import sys

import pytest


@pytest.mark.crash
@pytest.mark.slow  # a database and a process of its own for each of three runs
def test_a_run_that_is_killed_ends_in_the_same_result(tmp_path):
    command = [sys.executable, "-m", "gapsphere.scripts.bench.million", "400", "--kills", "1"]
    kept = ["--dimension", "8", "--folder", str(tmp_path)]
    ran = subprocess.run(
        [*command, *kept], capture_output=True, text=True, env=os.environ, check=True
    )
    assert "after 1 kills: the same to the last bit" in ran.stdout
    assert len(re.findall("^killed: [A-Z]", ran.stdout, re.MULTILINE)) == 1
    for step in ("Embeddings", "Coverage", "K-Center", "Sphere", "Naming cards", "Curve", "all"):
        assert re.search(rf"^{step} +(-?[\d.]+ +){{4}}", ran.stdout, re.MULTILINE), step
    assert json.loads((tmp_path / "whole-400.json").read_text())[0]["step"] == "Embeddings"
    assert (tmp_path / "kills-400.txt").read_text() == "1"
