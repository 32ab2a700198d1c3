import json
import math
import time

import pytest
from gapsphere.plugin.interchange.features.rationales import parse_rationale
from hypothesis import given
from hypothesis import strategies as st

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@given(st.floats(allow_nan=False, allow_infinity=False), TEXT)
def test_what_was_asked_for_is_read_without_loss(score, text):
    read = parse_rationale(json.dumps({"score": score, "rationale": text}, ensure_ascii=False))
    assert (read.score, read.text, read.raw, read.problem) == (score, text, None, "")


ODDS = [
    '{"score": ', '"rationale": "', "'rationale': '", "<think>", "</think>", "```json\n", "```",
    "{", "}", "[", "]", '"', "'", "\\", "\\ud83d", "\ud83d", "...", "b'x'", "nan", "1e999", "85%",
    "9" * 5000, "0,85", "8/10", ",", ": ", "{1}", "(1,)", "-", "\x00", "null", "true",
]  # fmt: skip


@given(
    st.one_of(
        st.text(st.characters(), max_size=200),
        st.lists(st.sampled_from(ODDS), max_size=30).map("".join),
        st.recursive(
            st.one_of(st.none(), st.booleans(), st.floats(), st.integers(), st.text(), st.binary()),
            lambda inner: st.one_of(
                st.lists(inner, max_size=3),
                st.dictionaries(st.sampled_from(["score", "rationale", "x"]), inner, max_size=3),
                st.tuples(inner),
            ),
        ).map(repr),
    )
)
def test_any_text_is_either_understood_or_kept(sent):
    """Never an exception; nothing is lost; what comes out is what a database takes."""
    read = parse_rationale(sent)
    assert read.raw == sent or not sent or not read.problem
    assert read.score is None or math.isfinite(read.score)
    (read.text or "").encode()
    assert (read.problem or read.score is not None) or not sent.strip()


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
        ('{"score": "4/0", "rationale": "x"}', None, "x", "score is not a number"),
        ('{"score": "1,250", "rationale": "x"}', None, "x", "score is not a number"),
        ('{"score": "0.8 or so", "rationale": "x"}', None, "x", "score is not a number"),
        ('{"score": [0.8], "rationale": "x"}', None, "x", "score is not a number"),
        ('{"score": 0.8, "rationale": ...}', 0.8, "...", "rationale is not text"),
        ('{"score": 0.8, "rationale": ["a", ...]}', 0.8, '["a", "..."]', "rationale is not text"),
        ("{'score': 0.8, 'rationale': b'x'}", 0.8, "\"b'x'\"", "rationale is not text"),
        ("{'score': 0.8, 'rationale': {1}}", 0.8, '"{1}"', "rationale is not text"),
        ("{'score': 0.8, 'rationale': (1, 'a')}", 0.8, '[1, "a"]', "rationale is not text"),
        ("{'score': 0.8, 'rationale': {(1,): 2}}", 0.8, "{(1,): 2}", "rationale is not text"),
        ("{'score': nan, 'rationale': 'x'}", None, "x", "broken JSON"),
        ('{"score": 1, "rationale": "car \\ud83d"}', 1.0, "car \ufffd", "half a character in it"),
        ('{"score": 0.8, "rationale": "the "cat" sign"}', 0.8, 'the "cat" sign', "broken JSON"),
        ("{'rationale': 'it's a fence', 'score': 0.8}", 0.8, "it's a fence", "broken JSON"),
        ('<think>{"score": 1, "rationale": "x"}', None, None, "no answer"),
        ('<think>{"score": 1, "rationale": "x"}</think>', None, None, "no answer"),
        ('{"a": 1}', None, None, "no score"),
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


@pytest.mark.parametrize(
    "sent",
    [
        "[" * 100_000,
        "{" * 100_000,
        '{"a":' * 100_000,
        "```" * 50_000,
        "{'a':" * 50_000,
        "{'a" * 50_000,
        '{"score": ' + "[" * 900 + "]" * 900 + ', "rationale": ' + "[" * 900 + "]" * 900 + "}",
        "{'score': " + "-" * 15_000 + "1}",
        '{"rationale": "' + '" ' * 100_000,
        "<think>" * 50_000,
        '{"rationale": {}} ' * 50_000,
        '"score": "' + "0" * 100_000,
    ],
)
def test_a_text_made_to_hurt_costs_little(sent):
    started = time.process_time()
    assert parse_rationale(sent).raw == sent
    assert time.process_time() - started < 5  # seconds, where a tenth is usual


FINAL, DRAFT = '{"score": 0.9, "rationale": "final"}', '{"score": 0.1, "rationale": "draft"}'


@pytest.mark.parametrize(
    "sent",
    [
        f"<think>Maybe {DRAFT}? No.</think>\n{FINAL}",
        f"{DRAFT} hmm.</think>{FINAL}",
        f"<thinking>{DRAFT}</thinking>{FINAL}",
        f"[THINK]{DRAFT}[/THINK]{FINAL}",
        f"<think>{FINAL[:-3]}</think>{FINAL}",
        f"{FINAL}<think>was that right? {DRAFT}",
        f"<think>a</think>{DRAFT}<think>{DRAFT}</think>{FINAL}",
        f"```json\n{DRAFT}\n```\nOn reflection:\n```json\n{FINAL}\n```",
        f"{DRAFT}\n{FINAL}",
        f"[{DRAFT}, {FINAL}]",
        f"{DRAFT} {FINAL} {{'confidence': 1}}",
        f'{{"answer": {FINAL}}}',
        f'{{"draft": {DRAFT}, "answer": [{FINAL}]}}',
        f"Use {{score}} as asked: {FINAL}",
        f"{DRAFT} {FINAL.replace(chr(34), chr(39))}",
        f"<|channel|>analysis {DRAFT}<|channel|>final<|message|>{FINAL}",
        '{"Score": 0.9, "Rationale": "final"}',
    ],
)
def test_the_answer_is_the_last_complete_object(sent):
    read = parse_rationale(sent)
    assert (read.score, read.text, read.problem, read.raw) == (0.9, "final", "", sent)


def test_tags_inside_a_rationale_are_its_text():
    for text in ("a </think> tag", "a <think> tag", "<think>x</think>"):
        sent = json.dumps({"score": 1, "rationale": text})
        assert parse_rationale(f"Here: {sent}").text == text


def test_an_answer_that_breaks_off_after_a_draft_is_told():
    read = parse_rationale(f'{DRAFT} no: {{"score": 0.9, "rationale": "fin')
    assert (read.score, read.problem) == (0.1, "a later object is broken")


@pytest.mark.parametrize(
    ("written", "score"),
    [
        ("85%", 0.85), ("85 %", 0.85), ("8/10", 0.8), ("4 out of 5", 0.8), ("0,85", 0.85),
        ("12,5 %", 0.125), ("-5%", -0.05), ("0,850", 0.85), ("1,5", 1.5),
    ],
)  # fmt: skip
def test_a_score_in_another_notation_is_read_and_noted(written, score):
    sent = json.dumps({"score": written, "rationale": "x"})
    read = parse_rationale(sent)
    assert read.score == pytest.approx(score)
    assert read.note == f"scores read from another notation ({written!r})"
    assert read.raw == sent
