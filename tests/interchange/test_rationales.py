import json

import pytest
from gapsphere.plugin.interchange.rationales import parse_rationale
from hypothesis import given
from hypothesis import strategies as st

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@given(st.floats(allow_nan=False, allow_infinity=False), TEXT)
def test_what_was_asked_for_is_read_without_loss(score, text):
    read = parse_rationale(json.dumps({"score": score, "rationale": text}, ensure_ascii=False))
    assert (read.score, read.text, read.raw, read.problem) == (score, text, None, "")


@given(st.text(max_size=200))
def test_any_text_is_either_understood_or_kept(sent):
    read = parse_rationale(sent)
    assert read.raw == sent or not sent or not read.problem


@pytest.mark.parametrize(
    "sent",
    [
        '```json\n{"score": 4, "rationale": "가시나무"}\n```',
        '```\n{"score": 4, "rationale": "가시나무"}```',
        '  {"rationale": "가시나무", "score": "4"}\n',
        "{'score': 4, 'rationale': '가시나무'}",
        '```json\n{"score": 4, "rationale": "가시나무"}',
    ],
)
def test_a_code_block_quotes_and_python_are_understood(sent):
    read = parse_rationale(sent)
    assert (read.score, read.text, read.raw, read.problem) == (4.0, "가시나무", None, "")


def test_words_around_the_object_are_kept():
    sent = 'Sure! {"score": 1, "rationale": "bog"} Anything else?'
    read = parse_rationale(sent)
    assert (read.score, read.text, read.raw, read.problem) == (1.0, "bog", sent, "")


def test_a_code_block_inside_a_rationale_is_text():
    text = "as in ```{}``` above"
    assert parse_rationale(json.dumps({"score": 1, "rationale": text})).text == text


@pytest.mark.parametrize(
    ("sent", "score", "text", "problem"),
    [
        (
            '{"score": 0.7, "rationale": "The sward \\"is\\" sh',
            0.7,
            'The sward "is" sh',
            "broken JSON",
        ),
        ('{"score": 0.7, "ration', 0.7, None, "broken JSON"),
        ("no idea", None, None, "broken JSON"),
        ("[1, 2]", None, None, "not an object"),
        ('"text"', None, None, "not an object"),
        ("3", None, None, "not an object"),
        ('{"score": "high", "rationale": "x"}', None, "x", "score is not a number"),
        ('{"score": "4/5", "rationale": "x"}', None, "x", "score is not a number"),
        ('{"score": true, "rationale": "x"}', None, "x", "score is not a number"),
        ('{"score": NaN, "rationale": "x"}', None, "x", "score is not a number"),
        ('{"score": 1e999, "rationale": "x"}', None, "x", "score is not a number"),
        ('{"score": ' + "9" * 400 + ', "rationale": "x"}', None, "x", "score is not a number"),
        ('{"rationale": "x"}', None, "x", "no score"),
        ('{"score": 2}', 2.0, None, "no rationale"),
        ('{"score": 2, "rationale": ["a"]}', 2.0, '["a"]', "rationale is not text"),
        ("  ", None, None, "empty"),
    ],
)
def test_what_cannot_be_understood_is_named_and_kept(sent, score, text, problem):
    read = parse_rationale(sent)
    assert (read.score, read.text, read.raw, read.problem) == (score, text, sent, problem)


def test_more_keys_than_asked_for_are_kept():
    sent = '{"score": 1, "rationale": "bog", "label": "Bog"}'
    assert parse_rationale(sent).raw == sent


@pytest.mark.parametrize("sent", ["[" * 100_000, "{" * 100_000, '{"a":' * 100_000, "```" * 50_000])
def test_a_text_made_to_hurt_costs_nothing(sent):
    assert parse_rationale(sent).raw == sent
