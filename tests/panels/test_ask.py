"""``ask`` in Python says what the panel says, word for word."""

from dataclasses import asdict, replace

import fiftyone as fo
import numpy as np
import pytest
from gapsphere.panels.gap_explorer import answers
from gapsphere.plugin.dataset.gaps import analysis, ask
from gapsphere.plugin.dataset.gaps.analysis import NoAnalysisError
from gapsphere.plugin.errors import InputError
from gapsphere.plugin.projection import questions
from gapsphere.plugin.settings.fields import make
from gapsphere.plugin.settings.questions import AskParams
from gapsphere.scripts.cli.main import main


@pytest.fixture(scope="module")
def found(made):
    return analysis.load(made)


def asked(dataset, **values):
    return ask.ask(dataset, make(AskParams, values))


def panels_reply(found, query, **choices):
    """What the panel's event sends to the browser."""
    question = answers.read_question(found, found.shown(0), {"query": query, **choices})
    given = questions.answer(found.space, question)
    return answers.reply(found, found.shown(0), query, "stamp", question, given)


def assert_same(result, reply):
    assert asdict(result.words) == reply["words"]
    cards = [card for card in reply["cards"] if card["id"] != reply["query"].get("id")]
    shown = [(card["id"], card["set"], card["distance"]) for card in cards]
    assert [tuple(neighbor) for neighbor in result.nearest] == shown
    assert [result.paths[card["id"]] for card in cards] == [card["filepath"] for card in cards]
    for sentence in (reply["words"]["headline"], *reply["words"]["evidence"]):
        assert sentence in str(result)


@pytest.mark.parametrize("owned", [True, False])
def test_an_image_gets_the_panels_answer_by_id_and_by_path(found, made, owned):
    row = int(np.flatnonzero(found.owned == owned)[7])
    (sample_id,) = found.ids.text([row])
    reply = panels_reply(found, {"kind": "point", "id": sample_id})
    assert_same(asked(made, sample=sample_id), reply)


def test_an_empty_place_gets_the_panels_answer(found, made):
    for choices in ({}, {"search": "both", "k": 3}, {"metric": "euclidean", "delta": 0.01}):
        reply = panels_reply(found, {"kind": "place", "direction": [0.1, -2, 0.3]}, **choices)
        assert_same(asked(made, place=(0.1, -2, 0.3), **choices), reply)
        assert_same(asked(made, place="0.1, -2, 0.3", **choices), reply)


def test_a_cap_counts_what_the_panel_counts(found, made):
    query = {"kind": "cap", "direction": [0, 0, 1], "angle": np.radians(40)}
    reply = panels_reply(found, query)
    result = asked(made, cap=(0, 0, 1, 40))
    assert result.verdict.around.count == reply["total"]
    assert asdict(result.words) == reply["words"]
    assert [neighbor.sample_id for neighbor in result.nearest] == [
        card["id"] for card in reply["cards"]
    ]
    assert str(result).startswith(f"{reply['total']} samples inside a 40° cap")


def test_a_drive_gets_the_panels_answer_and_what_the_run_says_of_it(found, made):
    row = found.covered.drives[0]
    reply = panels_reply(found, {"kind": "drive", "drive": row["drive"]})
    result = asked(made, drive=row["drive"])
    assert asdict(result.words) == reply["words"]
    assert f"Its p-value is {row['p']:.2g}." in result.words.evidence
    assert result.title == f"Drive {row['drive']}: {row['frames']} images of U"


def test_the_text_names_each_neighbour_with_its_file(made):
    result = asked(made, place=(1, 0, 0), k=2)
    first = result.nearest[0]
    path, lines = made[first.sample_id].filepath, str(result).splitlines()
    assert lines[0] == "An empty place"
    assert f"  {first.distance:.3f}  U  {first.sample_id}  {path}" in lines


def test_a_file_is_found_by_its_path_or_the_end_of_it(fresh):
    sample = fresh.match_tags("U").first()
    sample["filepath"] = "/drives/tuesday/frame (1).png"
    sample.save()
    for path in ("/drives/tuesday/frame (1).png", "frame (1).png", "tuesday/frame (1).png"):
        assert asked(fresh, sample=path).title == "frame (1).png"
    with pytest.raises(InputError, match="no sample 'rame"):
        asked(fresh, sample="rame (1).png")


def test_a_sample_in_a_view_is_looked_up_in_its_dataset(found, made):
    (sample_id,) = found.ids.text([3])
    view = made.take(5, seed=1)
    assert asked(view, sample=sample_id).words == asked(made, sample=sample_id).words


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "Give one of sample, place, cap and drive; given: none"),
        ({"sample": "a", "place": (0, 0, 1)}, "given: sample and place"),
        ({"place": (0, 0, 0)}, "not a direction"),
        ({"place": (0, float("nan"), 1)}, "not a direction"),
        ({"place": (0, 1)}, "place"),
        ({"cap": (0, 0, 1, 0)}, "cap's angle is 0"),
        ({"cap": (0, 0, 1, float("nan"))}, "cap's angle"),
        ({"sample": "f" * 24}, "no sample"),
        ({"sample": "nowhere.png"}, "no sample"),
        ({"sample": "frame_000.png"}, r"\d+ samples have the file"),
        ({"place": (0, 0, 1), "k": 0}, "k:"),
    ],
)
def test_what_is_not_a_question_is_refused_with_a_sentence(made, values, words):
    with pytest.raises(InputError, match=words):
        asked(made, **values)


def test_a_sample_that_came_later_is_sent_to_the_sphere(fresh, images):
    late = fo.Sample(filepath=str(images[0]))
    fresh.add_sample(late)
    with pytest.raises(InputError, match="not on the sphere: run compute_sphere"):
        asked(fresh, sample=late.id)


def test_a_dataset_without_a_sphere_says_so(dataset, made):
    with pytest.raises(NoAnalysisError, match="no sphere on this dataset: run find_gaps"):
        asked(dataset, place=(0, 0, 1))
    with pytest.raises(NoAnalysisError, match="no analysis with the suffix 'dino'"):
        asked(made, place=(0, 0, 1), suffix="dino")


def test_without_an_image_of_s_there_is_no_verdict(found, made):
    result = asked(made, place=(0, 0, 1))
    assert ask.NO_VERDICT in str(replace(result, verdict=None, words=None))


def test_the_command_line_prints_the_same(made, capsys):
    for option, value in (("place", "-1,0.5,0"), ("cap", "0,0,-1,60"), ("k", " 3")):
        asks = ["ask", "--dataset", made.name, f"--{option}", value]
        if option == "k":
            asks += ["--place", "0,0,1"]
        assert main(asks) == 0
        values = {"place": "0,0,1", "k": 3} if option == "k" else {option: value}
        assert capsys.readouterr().out == f"{asked(made, **values)}\n"
    assert main(["ask", "--dataset", made.name, "--sample", "nowhere.png"]) == 2
    assert capsys.readouterr().err.startswith("gapsphere: The dataset has no sample 'nowhere.png'")


def test_the_python_api_takes_tuples_and_arrays(made):
    import gapsphere

    result = gapsphere.ask(made, place=np.array([0.1, -2, 0.3]), k=3)
    assert result.words == asked(made, place=(0.1, -2, 0.3)).words
    assert len(result.nearest) == 3
    with pytest.raises(InputError, match="Give one of"):
        gapsphere.ask(made)
