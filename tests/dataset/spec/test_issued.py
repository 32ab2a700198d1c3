"""What has come for the Visual Specs of a dataset, told with its rounds."""

import fiftyone as fo
import pytest
from gapsphere.plugin.dataset.gaps.images.load import load_images
from gapsphere.plugin.dataset.gaps.rounds import progress
from gapsphere.plugin.dataset.gaps.vectors.embed import compute_embeddings
from gapsphere.plugin.dataset.spec import issued
from gapsphere.plugin.dataset.spec.check import check_view
from gapsphere.plugin.dataset.spec.export import export_visual_spec
from gapsphere.plugin.dataset.spec.issued import with_specs
from gapsphere.plugin.errors import InputError
from gapsphere.plugin.settings.spec import SpecParams
from gapsphere.plugin.settings.steps import EmbeddingParams
from gapsphere.tests.support.copies import copied


@pytest.fixture
def analysed(once_measured):
    yield from copied(once_measured)


def issue(dataset, path, **values):
    red = dataset.match(fo.ViewField("filepath").contains_str("red_"))
    return export_visual_spec(red, SpecParams(output=str(path), **values))


def standing(dataset):
    return with_specs(progress.read(dataset), dataset).specs


def test_a_run_of_the_users_under_the_key_of_the_list_stops_the_export(analysed, tmp_path):
    analysed.register_run("gapsphere_specs", fo.RunConfig(mine=1))
    with pytest.raises(InputError, match="gapsphere_specs"):
        issue(analysed, tmp_path / "a.zip")
    assert not (tmp_path / "a.zip").exists()


def test_only_the_last_specs_are_judged(analysed, tmp_path, monkeypatch):
    monkeypatch.setattr(issued, "SHOWN", 2)
    made = [issue(analysed, tmp_path / f"{i}.zip", quantity=i).id for i in (1, 2, 3)]
    assert [one.id for one in standing(analysed)] == made[:0:-1]


def test_images_that_come_later_count_and_those_known_before_do_not(
    analysed, make_images, encoder, tmp_path, monkeypatch
):
    first = issue(analysed, tmp_path / "a.zip", quantity=3, spec_title="red ones")
    (known,) = standing(analysed)
    assert (known.images, known.met, known.state) == (0, 0, "open")
    assert known.line() == f"{first.id} red ones (open): 0 of 3; no image has come since"

    before = analysed.values("id")
    load_images(analysed, pool=make_images("later", 5, seed=3, tint=(1.0, 0.1, 0.1)))
    load_images(analysed, pool=make_images("grey", 4, seed=4))
    waiting = standing(analysed)[0]
    assert (waiting.images, waiting.said) == (0, "9 images without an embedding since")
    compute_embeddings(analysed, encoder=encoder)
    second = issue(analysed, tmp_path / "b.zip", quantity=9)
    newer, now = standing(analysed)
    assert (newer.id, newer.images) == (second.id, 0)

    with monkeypatch.context() as patch:  # looking again judges nothing again
        patch.setattr(issued, "check_vectors", None)
        patch.setattr(issued, "read_spec", None)
        assert standing(analysed) == [newer, now]
    one = analysed.exclude(before).first()
    one["embedding"] = -one["embedding"]
    one.save()
    assert standing(analysed)[1].off_target == now.off_target + 1, "its vector is another one"
    one["embedding"] = -one["embedding"]
    one.save()

    checked = check_view(analysed.exclude(before), tmp_path / "a.zip", encoder=encoder)
    counts = {"accepted": now.accepted, "near miss": now.near_miss}
    counts |= {"off target": now.off_target, "covered already": now.covered}
    assert (now.images, counts, now.met) == (9, checked.counts, checked.met)
    assert now.met >= 3
    assert now.state == "met"
    said = with_specs(progress.read(analysed), analysed)
    assert f"spec {now.line()}" in str(said)
    assert said.record()["specs"][1]["met"] == now.met


@pytest.mark.parametrize("case", ["page", "gone", "replaced", "damaged", "encoder"])
def test_a_spec_that_cannot_be_checked_says_why(analysed, tmp_path, encoder, case):
    path = tmp_path / ("a.html" if case == "page" else "a.zip")
    issue(analysed, path)
    if case == "gone":
        path.unlink()
    elif case == "damaged":
        path.write_bytes(b"PK\x03\x04 half")
    elif case == "replaced":
        issue(analysed, path, replace_file=True, quantity=77)
    elif case == "encoder":
        encoder.fingerprint = "colour-2"
        compute_embeddings(analysed, EmbeddingParams(overwrite=True), encoder=encoder)
    found = standing(analysed)[-1]
    assert found.state == "unknown"
    assert "0 of" not in found.line()
    assert {
        "page": "a page alone",
        "gone": "There is no",
        "replaced": "another spec is in a.zip",
        "damaged": "a.zip",
        "encoder": "another encoder",
    }[case] in found.problem
