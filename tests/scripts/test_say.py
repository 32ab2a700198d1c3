"""What names of a user's data can do to the terminal: nothing."""

import json
import logging

import fiftyone as fo
from gapsphere.scripts.cli.main import main
from gapsphere.scripts.cli.say import say

HOSTILE = "night\x1b[2J\r\x9b\u202e"
SHOWN = "night\\u001b[2J\\u000d\\u009b\\u202e"


def test_names_of_datasets_are_shown_and_not_obeyed(capsys):
    made = fo.Dataset(HOSTILE)
    try:
        assert main(["rounds", "--dataset", "no such dataset"]) == 2
    finally:
        made.delete()
    said = capsys.readouterr().err
    assert SHOWN in said
    assert said.rstrip("\n").replace("\n", " ").isprintable()


def test_what_is_logged_of_a_client_is_shown_and_not_obeyed(capsys, monkeypatch):
    monkeypatch.setattr(logging.root, "handlers", [])
    assert main(["rounds", "--dataset", "no such dataset"]) == 2
    logging.getLogger("gapsphere").warning("Client %s does not read.", HOSTILE)
    assert f"Client {SHOWN} does not read." in capsys.readouterr().err


def test_json_is_the_same_json_and_lines_stay_lines(capsys):
    text = json.dumps({"drive": HOSTILE, "gate": "東京\u200d"}, ensure_ascii=False, indent=2)
    say(text)
    said = capsys.readouterr().out
    assert json.loads(said) == json.loads(text)
    assert said.count("\n") == text.count("\n") + 1
    assert "東京\u200d" in said
