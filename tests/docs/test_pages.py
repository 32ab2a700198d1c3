"""What the pages promise: links lead somewhere, commands parse, modules are there."""

import re
import shlex
from pathlib import Path

import pytest
from gapsphere.scripts.cli.parser import _dashed, build_parser

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "skills").rglob("*.md")),
]
LINK = re.compile(r"\]\(([^)\s]+)\)")
SHELL = re.compile(r"```sh\n(.*?)```", re.DOTALL)
MODULE = re.compile(r"\bgapsphere\.(?:plugin|scripts)(?:\.\w+)+")


def anchors(page):
    """Of the headings, as GitHub makes them."""
    heads = re.findall(r"(?m)^#+ (.+)$", page.read_text())
    return {re.sub(r"[^\w\- ]", "", head).strip().lower().replace(" ", "-") for head in heads}


def links(page):
    """What a page links to in the project: the file and the anchor."""
    for link in LINK.findall(page.read_text()):
        if "://" not in link:
            place, _, anchor = link.partition("#")
            yield link, (page.parent / place).resolve() if place else page, anchor


def commands():
    """The commands of ``gapsphere`` in the pages' shell blocks."""
    for page in PAGES:
        for block in SHELL.findall(page.read_text()):
            for line in block.replace("\\\n", " ").splitlines():
                words = shlex.split(line, comments=True)
                if words and Path(words[0]).name == "gapsphere":
                    yield pytest.param(words[1:], id=f"{page.name}: {' '.join(words[1:4])}")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    lost = [
        link
        for link, file, anchor in links(page)
        if not file.exists() or (anchor and anchor not in anchors(file))
    ]
    assert lost == []


def test_every_page_is_one_click_from_the_readme():
    linked = {file for _, file, _ in links(ROOT / "README.md")}
    assert set(PAGES[1:]) <= linked


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text().split()) <= 1200


@pytest.mark.parametrize("words", commands())
def test_commands_have_the_options_that_the_pages_show(words):
    _, left = build_parser().parse_known_args([_dashed(word) for word in words])
    assert [word for word in left if "=" not in word] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_modules_are_where_the_pages_say(page):
    lost = []
    for name in sorted(set(MODULE.findall(page.read_text()))):
        place = ROOT.joinpath(*name.split(".")[1:])
        last = place.parent.with_suffix(".py")  # or a name in a module
        named = last.is_file() and re.search(rf"(?m)^(def|class) {place.name}\b", last.read_text())
        if not (place.is_dir() or place.with_suffix(".py").is_file() or named):
            lost.append(name)
    assert lost == []
