"""``ask`` in Python says what the panel says, word for word."""

import re
from dataclasses import asdict, replace

import fiftyone as fo
import numpy as np
import pytest
from gapsphere.panels.gap_explorer import answers
from gapsphere.plugin.dataset.gaps import analysis, ask
from gapsphere.plugin.dataset.gaps.analysis import NoAnalysisError
from gapsphere.plugin.dataset.gaps.coverage.coverage import compute_coverage
from gapsphere.plugin.dataset.store import runs
from gapsphere.plugin.dataset.store.names import Names
from gapsphere.plugin.errors import InputError
from gapsphere.plugin.projection import questions
from gapsphere.plugin.settings.fields import make
from gapsphere.plugin.settings.questions import AskParams
from gapsphere.scripts.cli.main import main
from gapsphere.tests.support.open_panel import OpenPanel


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
    told = [(one.sample_id, one.set, one.distance) for one in result.nearest]
    assert [(*one[:2], None if np.isnan(one[2]) else one[2]) for one in told] == shown
    assert [result.paths[card["id"]] for card in cards] == [card["filepath"] for card in cards]
    beside = reply["owned"] + ([reply["beside"]] if reply["beside"] else [])
    assert [one.sample_id for one in result.owned] == [card["id"] for card in beside]
    for sentence in (reply["words"]["headline"], *reply["words"]["evidence"]):
        assert sentence in str(result)


@pytest.mark.parametrize("owned", [True, False])
def test_an_image_gets_the_panels_answer_by_id_and_by_path(found, made, owned):
    row = int(np.flatnonzero(found.owned == owned)[7])
    (sample_id,) = found.ids.text([row])
    reply = panels_reply(found, {"kind": "point", "id": sample_id})
    assert_same(asked(made, sample=sample_id), reply)


def test_an_empty_place_gets_the_panels_answer(found, made):
    wide = {"metric": "euclidean", "delta": 0.01, "spread": True}
    for choices in ({}, {"search": "both", "k": 3}, wide):
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
    assert str(result).startswith(f"A cap of 40°: {reply['total']} images")


def test_a_drive_gets_the_panels_answer_and_what_the_run_says_of_it(found, made):
    row = found.covered.drives[0]
    reply = panels_reply(found, {"kind": "drive", "drive": row["drive"]})
    result = asked(made, drive=row["drive"])
    assert asdict(result.words) == reply["words"]
    assert f"Its p-value is {row['p']:.2g}." in result.words.evidence
    assert result.title == f"Drive {row['drive']}: {row['frames']} candidates"


def test_the_text_names_each_neighbour_with_its_file(found, made):
    result = asked(made, place=(1, 0, 0), k=2)
    first, lines = result.nearest[0], str(result).splitlines()
    assert lines[0] == "A place on the sphere"
    path = made[first.sample_id].filepath
    (row,) = found.ids.rows_of([first.sample_id])
    far = f"{found.dist[row]:.3f} from owned images"
    assert any(
        line.startswith(f"  candidate  {first.sample_id}  {path}  (") and line.endswith(f"{far})")
        for line in lines
    )
    assert "Owned images around it:" in lines


def test_an_image_stands_beside_the_owned_image_nearest_to_it(found, made):
    pool = np.flatnonzero(~found.owned)
    (sample_id,) = found.ids.text([pool[7]])
    result = asked(made, sample=sample_id)
    (other,) = result.owned
    assert (other.sample_id, other.set) == (made[sample_id].nearest_S, "S")
    assert other.distance == pytest.approx(float(found.dist[pool[7]]))
    assert f"  {other.distance:.3f}  owned  {other.sample_id}  " in str(result)
    told = asked(made, sample=sample_id, metric="euclidean")
    assert told.owned[0].distance == pytest.approx(np.sqrt(2 * other.distance))
    assert told.words.apart == (
        f"{told.owned[0].distance:.3f} from the nearest owned image (Euclidean distance)"
    )


def test_an_owned_image_stands_beside_one_of_another_drive(found, made):
    row = int(np.flatnonzero(found.owned)[7])
    (sample_id,) = found.ids.text([row])
    (other,) = asked(made, sample=sample_id).owned
    assert made[other.sample_id].sequence != made[sample_id].sequence
    assert "S" in made[other.sample_id].tags


def test_what_differs_is_named_with_how_many_owned_images_have_it(fresh):
    """A word that no owned image has comes first, then one that only its neighbour lacks."""
    pool = fresh.match_tags("U")
    sample_id = pool.first().id
    near = fresh[pool.first().nearest_S]
    owned = fresh.match_tags("S")
    fresh.set_values("weather", ["dry"] * len(fresh))
    fresh.set_values("slope", [0.5] * len(fresh))
    fresh.set_values("light", ["day"] * len(fresh))
    fresh.set_values("new", [False] * len(fresh))
    changed = fresh[sample_id]
    changed["weather"], changed["light"], changed["slope"], changed["new"] = (
        "fog",
        "dusk",
        0.9,
        True,
    )
    changed.save()
    other = next(one for one in owned if one.id != near.id)
    other["weather"] = "fog"
    other.save()
    ask_for(fresh, ["new", "weather", "light", "slope"])
    words = asked(fresh, sample=sample_id).words
    total = len(owned)
    assert [line for line in words.evidence if line.startswith("`")] == [
        f"`light` dusk: 0 of {total:,} owned images.",
        "`slope` 0.9; owned images have 0.5.",
        f"`weather` fog, the one beside it dry (fog: 1 of {total:,} owned images).",
    ]


def ask_for(dataset, fields):
    """Put into the record of the run in which fields drives were compared."""
    record = runs.read(dataset, Names(), "coverage")
    results = {**record.results, "asked": fields}
    runs.write(dataset, Names(), runs.Record("coverage", record.params, record.inputs, results))


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
        ({"place": (0, float("nan"), 1)}, "place: Input should be a finite number"),
        ({"place": (0, 1)}, "place"),
        ({"cap": (0, 0, 1, 0)}, "cap's angle is 0"),
        ({"cap": (0, 0, 1, float("nan"))}, "cap: Input should be a finite number"),
        ({"sample": "f" * 24}, "no sample"),
        ({"sample": "nowhere.png"}, "no sample"),
        ({"sample": "no\0where.png"}, "no sample"),
        ({"sample": 40_000 * "x"}, "no sample"),
        (
            {"sample": "frame_000.png"},
            r"\d+ samples have the .*: give one of the ids [0-9a-f]{24}, ",
        ),
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


@pytest.mark.parametrize("change", ["delete_sample_field", "clear_sample_field"])
def test_distances_that_are_gone_are_named_here_and_in_the_panel(fresh, change):
    sample = fresh.match_tags("U").first().id
    getattr(fresh, change)("dist_to_S")
    gone = "No candidate has a 'dist_to_S' any more.*Run compute_coverage again"
    with pytest.raises(NoAnalysisError, match=gone):
        asked(fresh, sample=sample)
    status = OpenPanel.loaded(fresh).data["status"]
    assert status["kind"] == "failed"
    assert re.search(gone, status["message"])
    compute_coverage(fresh)
    assert "from the nearest owned image" in str(asked(fresh, sample=sample))


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
