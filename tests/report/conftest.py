import os

import pytest
from gapsphere.tests.support import servers


@pytest.fixture(scope="module")  # while Playwright runs, so does its event loop
def chromium():
    if servers.CHROMIUM is None:
        reason = "BROWSER TESTS NOT RUN: there is no chromium (apt-get install chromium)"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    with servers.chromium() as browser:
        yield browser
