"""Make the oracles importable by the tests beside them, and share one small drive."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def drive():
    """S and U of one mixture: 300 and 900 rows of 48 numbers."""
    from coverage_oracles import clustered

    rows = clustered(1200, 48)
    return rows[:300], rows[300:]
