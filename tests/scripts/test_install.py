"""The three ways in which FiftyOne gets the plugin: an archive, a link, the folder itself."""

import functools
import http.server
import json
import os
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest
from gapsphere.tests.support.command_line import gapsphere
from gapsphere.tests.support.waiting import PATIENCE

pytestmark = pytest.mark.slow  # FiftyOne reads its plugins as it starts: each takes a new process
ROOT = Path(__file__).resolve().parents[2]
FIND = """
import json, fiftyone.plugins as fop
from fiftyone.operators.registry import OperatorRegistry
registry = OperatorRegistry()
print(json.dumps({
    "errors": registry.list_errors(),
    "operators": [o.name for o in registry.list_operators() if "gap-explorer" in o.uri],
}))
"""


def run(arguments, plugins, **kwargs):
    environment = {**os.environ, "FIFTYONE_PLUGINS_DIR": str(plugins)}
    return subprocess.run(
        [str(part) for part in arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        **kwargs,
    )


def found(plugins) -> dict:
    done = run([sys.executable, "-c", FIND], plugins, cwd=plugins)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def assert_complete(plugins):
    listing = found(plugins)
    assert listing["errors"] == []
    assert "find_gaps" in listing["operators"]


@pytest.fixture
def archive_url(tmp_path):
    """The tracked files as a zip, as a code host would serve it, on this machine."""
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    folder = tmp_path / "served"
    folder.mkdir()
    with zipfile.ZipFile(folder / "gapsphere.zip", "w") as archive:
        for name in names:
            if (ROOT / name).is_file():
                archive.write(ROOT / name, f"gapsphere-main/{name}")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/gapsphere.zip"
        server.shutdown()


def test_an_archive_can_be_downloaded_by_fiftyone(archive_url, tmp_path):
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    fiftyone = Path(sys.executable).with_name("fiftyone")
    done = run([fiftyone, "plugins", "download", archive_url], plugins)
    assert done.returncode == 0, done.stderr
    assert_complete(plugins)


@pytest.fixture
def plugins(tmp_path, monkeypatch):
    """A plugin folder of this process's own."""
    import fiftyone as fo

    monkeypatch.setattr(fo.config, "plugins_dir", str(tmp_path / "plugins"))
    return tmp_path / "plugins"


def test_install_plugin_links_again_and_undoes(plugins):
    for _ in range(2):
        done = gapsphere("install-plugin")
        assert done.returncode == 0, done.stderr
        assert (plugins / "gapsphere").resolve() == ROOT
    assert_complete(plugins)
    for _ in range(2):
        assert gapsphere("install-plugin", "--undo").returncode == 0
        assert list(plugins.iterdir()) == []


def test_install_plugin_does_not_replace_what_is_not_its_own(plugins):
    (plugins / "gapsphere").mkdir(parents=True)
    done = gapsphere("install-plugin")
    assert done.returncode == 2
    assert "is not a link to Gapsphere" in done.stderr
    (plugins / "gapsphere").rmdir()
    (plugins / "gapsphere").symlink_to(plugins)
    for more in [], ["--undo"]:
        done = gapsphere("install-plugin", *more)
        assert done.returncode == 2
        assert "is not a link to Gapsphere" in done.stderr
        assert (plugins / "gapsphere").readlink() == plugins


def test_the_folder_itself_can_be_the_plugins_folder():
    import fiftyone as fo
    from fiftyone.operators.registry import OperatorRegistry

    assert Path(fo.config.plugins_dir) == ROOT  # of all tests
    registry = OperatorRegistry()
    assert registry.list_errors() == []
    assert "find_gaps" in {one.name for one in registry.list_operators()}
