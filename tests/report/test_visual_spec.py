"""The page, the archive and the way back: read by a real parser, a browser and another program."""

import csv
import io
import json
import re
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from string import Formatter

import html5lib
import numpy as np
import pytest
from gapsphere.plugin.coverage.criterion import Threshold
from gapsphere.plugin.coverage.named.ranges import NamedRange
from gapsphere.plugin.coverage.words import standing
from gapsphere.plugin.errors import ArtifactError, InputError
from gapsphere.plugin.report.spec.apart import set_apart
from gapsphere.plugin.report.spec.missing import Shared
from gapsphere.plugin.report.spec.package import candidates_csv, safe_name, write_spec
from gapsphere.plugin.report.spec.reading import read_spec
from gapsphere.plugin.report.spec.rule import Novelty, judge
from gapsphere.plugin.report.spec.visual_spec import MadeBy, OtherCard
from gapsphere.plugin.report.spec.words import words
from gapsphere.tests.support.made_rows import unit
from gapsphere.tests.support.servers import new_page
from gapsphere.tests.support.unpacked_spec import replace_arrays, unpacked
from PIL import Image as PillowImage

HOSTILE = [
    "<img src=x onerror=\"document.title='pwned'\">.jpg",
    'quote\'s "and" & ampersand.jpg',
    "new\nline\ttab.jpg",
    "right\u202eto\u2066left\u200f.jpg",
    "=cmd|' &C calc'!A0.jpg",
    "L" * 240 + ".jpg",
    "서울 해질녘.jpg",
]
NASTY = "</title></style><script>document.title='pwned'</script>\u202e=1+1"


def page_of(spec, tmp_path, language="en"):
    path = tmp_path / f"page.{language}.html"
    write_spec(path, spec, language=language, overwrite=True)
    return path


def parsed(path):
    """The page's tree by a strict HTML5 parser: any parse error is raised."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    return parser.parse(path.read_bytes().decode("utf-8"))


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("heat", [False, True])
def test_the_page_is_valid_html_with_every_picture_inline(make_spec, tmp_path, language, heat):
    tree = parsed(page_of(make_spec(heat=heat), tmp_path, language))
    assert tree.attrib["lang"] == language
    pictures = [img.attrib["src"] for img in tree.iter("img")]
    assert len(pictures) == (2 if heat else 1) * 3 + 1
    assert all(src.startswith("data:image/jpeg;base64,") for src in pictures)
    assert not list(tree.iter("script"))
    assert not [a for e in tree.iter() for a in e.attrib if a.startswith("on") or a == "href"]


def test_the_page_says_what_is_missing_in_words_and_counts(make_spec, tmp_path):
    text = " ".join("".join(parsed(page_of(make_spec(), tmp_path)).itertext()).split())
    for said in ("40", "3 of 3", "2 of 50", "25.0×", "light: night", "0.400", "percentile 99"):
        assert said in text
    assert "No heatmap was computed" in text
    warm = "".join(parsed(page_of(make_spec(heat=True), tmp_path)).itertext())
    assert "Collect in surroundings that show visual patterns like the highlighted" in warm
    assert "No heatmap was computed" not in warm


def test_candidates_that_their_own_rule_would_turn_down_are_said_aloud(make_spec, tmp_path):
    spec = make_spec()
    near = replace(spec.candidates[0], to_owned=0.1)
    text = "".join(
        parsed(page_of(replace(spec, candidates=(near, *spec.candidates[1:])), tmp_path)).itertext()
    )
    assert "1 of the 3 candidates is within δ" in text


def read(spec, tmp_path, language="en"):
    return " ".join("".join(parsed(page_of(spec, tmp_path, language)).itertext()).split())


WORTH = [
    (Threshold(0.2, "", basis="level", drives=31, level=0.1), "level 10 %", "at most 10 % of the"),
    (Threshold(0.2, "", basis="given", drives=31, level=0.25), "level 25 %", "δ was given; over"),
    (Threshold(0.2, "", basis="kept", drives=31, level=0.12), "level 12 %", "the first analysis"),
    (Threshold(0.2, "", basis="given"), "error rate unknown", "mistake is unknown"),
    (Threshold(0.2, "", basis="unrated"), "error rate unknown", "mistake is unknown"),
    (Threshold(0.2, "", basis="provisional", drives=2), "provisional", "needs 9"),
    (Threshold(0.2, "", basis="none", drives=2), "supports no verdict", "supports no verdict: S"),
]


@pytest.mark.parametrize(("threshold", "tile", "said"), WORTH)
def test_the_page_says_beside_delta_what_it_is_worth(make_spec, tmp_path, threshold, tile, said):
    spec = make_spec(threshold=threshold)
    text = read(spec, tmp_path)
    assert f"counts as new · {tile}" in text
    assert said in text
    settled = threshold.basis not in ("provisional", "none")
    assert ("S already has this. Drive on." in text) == settled
    assert ("whether that is enough cannot be said" in text) == (not settled)
    korean = read(spec, tmp_path, "ko")
    assert str(threshold.drives) in korean or threshold.level is None
    assert ("충분한지는 판단할 수 없으며" in korean) == (not settled)


def test_the_page_says_how_much_of_s_lies_within_delta(make_spec, tmp_path):
    def supported(*counts, drives=True):
        spec = make_spec()
        each = zip(spec.candidates, counts, strict=True)
        return replace(
            spec,
            candidates=tuple(
                replace(c, support=n, support_drives=min(n, 2) if drives else None) for c, n in each
            ),
        )

    assert "No image of S lies within δ of any candidate." in read(supported(0, 0, 0), tmp_path)
    text = read(supported(0, 5, 9), tmp_path)
    assert "within δ of 2 of the 3 candidates (median: 5; their drives: 2)." in text
    assert "images of S within δ: 9" in text  # below that candidate's picture
    unnamed = read(supported(0, 5, 9, drives=False), tmp_path)
    assert "within δ of 2 of the 3 candidates (median: 5)." in unnamed
    assert "within δ" not in read(make_spec(), tmp_path).split("What is missing")[1].split("Do")[0]
    rows = list(csv.DictReader(io.StringIO(candidates_csv(supported(0, 5, 9)), newline="")))
    assert [(row["support"], row["support_drives"]) for row in rows] == [
        ("0", "0"),
        ("5", "2"),
        ("9", "2"),
    ]


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_page_names_what_sets_the_candidates_apart(make_spec, tmp_path, language):
    ranges = (
        NamedRange("brightness", 71.2, 140, 0.1, of=" of 255"),
        NamedRange("contrast", 20, 60),
    )
    apart = tuple(set_apart({"brightness": [38] * 3, "contrast": [90] * 3}, ranges, [None] * 3))
    spec = make_spec(apart=apart, ranges=ranges)
    text = read(spec, tmp_path, language)
    shares = ("10 %)", "99 %") if language == "en" else ("10%)", "99%")
    for said in ("darker", "higher contrast", *shares):
        assert said in text
    assert ("71 to 140" if language == "en" else "71~140") in text
    measured = tuple(replace(c, attributes={"brightness": 90.0}) for c in spec.candidates)
    inside = read(replace(spec, apart=(), candidates=measured), tmp_path, "en")
    assert "lie within the ranges of S" in inside
    assert "ranges of S" not in read(make_spec(), tmp_path)
    assert "attributes.brightness" in candidates_csv(replace(spec, candidates=measured))


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_radius_that_is_one_drives_own_is_said_aloud(make_spec, tmp_path, language):
    spec = make_spec(drive="0001TP")
    given = replace(spec, rule=replace(spec.rule, radius_source="given"))
    assert "0001TP" in read(spec, tmp_path, language)
    assert "0001TP" not in read(replace(spec, drive=""), tmp_path, language)
    assert "0001TP" not in read(given, tmp_path, language)


def test_where_delta_comes_from_is_said_in_the_language_of_the_page(make_spec, tmp_path):
    spec = make_spec()
    assert "(leave-one-out)" in read(spec, tmp_path, "en")
    text = read(spec, tmp_path, "ko")
    assert "leave-one-out" not in text
    assert "0.2 (수준 10%)" in text


def test_both_languages_say_the_same_things():
    def names(sentence):
        return {field for _, field, _, _ in Formatter().parse(sentence) if field}

    english, korean = words("en")["sentences"], words("ko")["sentences"]
    assert english.keys() == korean.keys()
    assert {k: names(v) for k, v in english.items()} == {k: names(v) for k, v in korean.items()}
    untranslated = {key for key, said in korean.items() if not re.search("[가-힣]", said)}
    assert untranslated == {"trace_delta", "shared_owned", "apart_span"}
    assert all(words("ko")["terms"].values())


def test_one_image_is_said_in_the_singular(make_spec, tmp_path):
    spec = make_spec()
    one = replace(spec, quantity=1, candidates=spec.candidates[:1], shown=(0,))
    text = read(one, tmp_path)
    assert "Collect 1 image like these" in text
    assert "1 accepted image is needed" in text
    assert "1 of 1 is beyond δ" in text
    many = read(replace(spec, quantity=1200), tmp_path)
    assert "Collect 1,200 images like these" in many
    assert "1,200 accepted images are needed" in many


def test_a_page_alone_names_no_archive(make_spec, tmp_path):
    spec = make_spec()
    assert "check-spec" not in read(spec, tmp_path)
    write_spec(tmp_path / "all.zip", spec)
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        page = archive.read(f"{spec.id}/visual-spec.en.html").decode()
    assert f"gapsphere check-spec {spec.id}.zip" in page


def test_hostile_names_stay_text(make_spec, tmp_path, chromium):
    spec = make_spec(HOSTILE, heat=True, title=NASTY, note=NASTY)
    spec = replace(
        spec,
        dataset=NASTY,
        source=NASTY,
        encoder=MadeBy(NASTY, "f00d"),
        missing=(Shared(NASTY, NASTY, 3, 3, 0, 50, None, 0.001),),
        candidates=tuple(replace(c, facts=((NASTY, NASTY),)) for c in spec.candidates),
    )
    for language in ("en", "ko"):
        path = page_of(spec, tmp_path, language)
        tree = parsed(path)
        assert not list(tree.iter("script"))
        assert len(list(tree.iter("img"))) == 2 * len(HOSTILE) + 1
        content = path.read_text(encoding="utf-8")
        assert not set("\u202e\u2066\u200f") & set(content)
        assert "onerror=&#34;" in content
        view = new_page(chromium)
        view.goto(path.as_uri())
        assert "pwned" not in view.title() or view.title().startswith("</title>")
        assert view.evaluate("document.querySelectorAll('script').length") == 0
        assert view.evaluate("document.documentElement.scrollWidth <= innerWidth")
        view.close()


def text_of(spec, tmp_path):
    return " ".join("".join(parsed(page_of(spec, tmp_path)).itertext()).split())


def test_numbers_are_no_words_below_a_picture_and_a_field_may_be_called_as_one_of_ours(
    make_spec, tmp_path
):
    facts = (("failure_rate", "often"), ("time", "1.7e+09"), ("slope", "-3.25"), ("light", "night"))
    spec = make_spec()
    changed = tuple(replace(c, facts=facts) for c in spec.candidates)
    said = text_of(replace(spec, candidates=changed, owned=changed[:1]), tmp_path)
    assert "often · night" in said
    assert "1.7e+09" not in said
    assert "-3.25" not in said
    for rate, told in (("0.25", "25 % of neighbours fail"), ("0.998", "99 % of neighbours fail")):
        facts = (("failure_rate", rate),)
        rated = tuple(replace(c, facts=facts) for c in spec.candidates)
        assert told in text_of(replace(spec, candidates=rated), tmp_path)
    facts = (("failure_rate", "12.5"),)
    theirs = tuple(replace(c, facts=facts) for c in spec.candidates)
    assert "neighbours fail" not in text_of(replace(spec, candidates=theirs), tmp_path)


def test_lists_in_sentences_are_told_to_the_end(make_spec, tmp_path):
    fields = [f"field {number} of {NASTY[:9]}" for number in range(16)]
    cards = tuple(OtherCard(at, f"<b>kind {at}</b> of a long name", 1) for at in range(7))
    spec = make_spec(tried=tuple(fields), missing=(), others=cards)
    said = text_of(spec, tmp_path)
    assert ", ".join(fields) in said
    assert "; ".join(card.title for card in cards[:5]) + "; + 2" in said


def test_a_note_of_several_lines_and_a_long_title_are_told_whole(make_spec, tmp_path):
    title = " ".join(f"word{number}" for number in range(30))
    said = text_of(make_spec(title=title, note="At night.\n\n\tIn the rain\u3000too."), tmp_path)
    assert "At night. In the rain too." in said
    assert f"{title} Collect" in said


def test_spaces_of_other_scripts_are_spaces(make_spec, tmp_path):
    names = ("9.41\u202fAM.jpg", "서울\u3000거리.jpg", "a\xa0b.jpg")
    said = text_of(make_spec(names), tmp_path)
    assert "\ufffd" not in said
    assert "서울 거리.jpg" in said


def test_a_percentile_of_nothing_and_of_all_is_told(make_spec, tmp_path):
    spec = make_spec()
    nearest = tuple(replace(c, percentile=0.0) for c in spec.candidates)
    said = text_of(replace(spec, candidates=nearest), tmp_path)
    assert "(percentile 0)" in said
    farthest = tuple(replace(c, percentile=100.0) for c in spec.candidates)
    said = text_of(replace(spec, candidates=farthest), tmp_path)
    assert "farther from S than any image of S is from the rest" in said


def test_a_picture_that_cannot_be_read_leaves_a_sentence(make_spec, tmp_path):
    spec = make_spec()
    (tmp_path / "images" / "b.jpg").write_bytes(b"nothing")
    written = write_spec(tmp_path / "p.html", spec)
    assert len(written.unreadable) == 1
    assert "b.jpg" in written.unreadable[0]
    assert "could not be read" in "".join(parsed(tmp_path / "p.html").itertext())


def test_the_page_needs_no_network_and_fits_screen_phone_and_paper(make_spec, tmp_path, chromium):
    path = page_of(make_spec(heat=True), tmp_path, "ko")
    asked, said = [], []
    for width, scheme in ((1180, "light"), (1180, "dark"), (390, "light")):
        view = new_page(chromium, viewport={"width": width, "height": 800}, color_scheme=scheme)
        view.on("request", lambda request: asked.append(request.url))
        view.on("console", lambda message: said.append(message.text))
        view.goto(path.as_uri())
        assert view.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert view.evaluate("[...document.querySelectorAll('td')].every(t => t.clientWidth > 60)")
        assert view.evaluate("[...document.images].every(i => i.complete && i.naturalWidth > 0)")
        paper = view.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        assert paper == ("rgb(20, 24, 29)" if scheme == "dark" else "rgb(255, 255, 255)")
        if scheme == "dark":
            view.emulate_media(media="print")
            printed = view.evaluate("getComputedStyle(document.documentElement).backgroundColor")
            assert printed == "rgb(255, 255, 255)"
        pdf = view.pdf(prefer_css_page_size=True)
        assert pdf.startswith(b"%PDF")
        assert 1 <= len(re.findall(rb"/Type /Page\b", pdf)) <= 4
        view.close()
    assert said == []
    assert {url.split(":")[0] for url in asked} <= {"file", "data"}


def test_another_program_opens_the_archive_and_it_holds_everything(make_spec, tmp_path):
    spec = make_spec(HOSTILE, heat=True)
    path = tmp_path / "spec.zip"
    write_spec(path, spec)
    subprocess.run([sys.executable, "-m", "zipfile", "-t", path], check=True, capture_output=True)
    if shutil.which("unzip"):
        subprocess.run(["unzip", "-q", path, "-d", tmp_path / "out"], check=True)
    names = zipfile.ZipFile(path).namelist()
    assert all(re.fullmatch(rf"{spec.id}/(do/|dont/)?[A-Za-z0-9_.-]+", name) for name in names)
    assert not any(".." in name for name in names)
    ends = [name.rsplit("_", 1)[-1] for name in names if "/do/" in name]
    count = len(HOSTILE)
    assert sorted(ends) == sorted(["original.png", "thumbnail.png", "overlay.png"] * count)
    for rest in ("spec.json", "candidates.csv", "reference.npz", "visual-spec.en.html"):
        assert f"{spec.id}/{rest}" in names
    with zipfile.ZipFile(path) as archive:
        original = next(
            name
            for name in names
            if name.endswith("1_img_src_x_onerror_document_title_pwned_original.png")
        )
        assert PillowImage.open(io.BytesIO(archive.read(original))).size == (320, 240)


def test_no_cell_of_the_table_is_a_formula(make_spec):
    spec = make_spec(HOSTILE)
    spec = replace(
        spec,
        candidates=tuple(
            replace(c, facts=(("=field", "＝1+1"), ("°C", "-0.5"))) for c in spec.candidates
        ),
    )
    rows = list(csv.reader(io.StringIO(candidates_csv(spec), newline="")))
    assert len(rows) == len(HOSTILE) + 1
    assert [row[2] for row in rows[1:]] == [c.path for c in spec.candidates]
    assert {row[-1] for row in rows[1:]} == {"-0.5"}  # a number stays one
    for cell in (cell for row in rows for cell in row[:-1]):
        assert cell[:1] not in ("=", "+", "-", "@", "＝", "\t", "\r", "\n")


def test_names_in_the_archive_keep_only_letters_and_digits():
    assert safe_name("../../etc/passwd") == "passwd"
    assert safe_name("C:\\evil\\..\\x.jpg") == "x"
    assert safe_name("....") == safe_name("") == "image"
    assert len(safe_name("y" * 300)) <= 48


def test_a_file_that_is_there_is_not_replaced_without_being_asked(make_spec, tmp_path):
    path = tmp_path / "spec.zip"
    path.write_text("mine")
    with pytest.raises(ArtifactError, match="there already"):
        write_spec(path, make_spec())
    assert path.read_text() == "mine"
    write_spec(path, make_spec(), overwrite=True)
    assert zipfile.is_zipfile(path)


def test_a_stop_half_way_leaves_no_file(make_spec, tmp_path):
    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_spec(tmp_path / "spec.zip", make_spec(), progress=stop)
    assert [path.name for path in tmp_path.iterdir()] == ["images"]


@pytest.mark.parametrize("kind", ["zip", "html"])
def test_a_full_disk_is_said_and_leaves_the_old_file_and_no_half_one(
    make_spec, tmp_path, small_disk, kind
):
    path = tmp_path / f"spec.{kind}"
    write_spec(path, make_spec())
    before, files = path.read_bytes(), set(tmp_path.iterdir())
    with (
        small_disk(len(before) // 2),
        pytest.raises(ArtifactError, match=r"too large\); make room"),
    ):
        write_spec(path, make_spec(), overwrite=True)
    assert path.read_bytes() == before
    assert set(tmp_path.iterdir()) == files


@pytest.mark.parametrize("name", ["spec.txt", "spec", "missing/spec.zip"])
def test_a_path_that_cannot_be_written_is_a_sentence(make_spec, tmp_path, name):
    with pytest.raises(InputError):
        write_spec(tmp_path / name, make_spec())


def test_what_was_written_is_read_back_exactly(make_spec, tmp_path):
    folder = unpacked(spec := make_spec(), tmp_path)
    for source in (tmp_path / "spec.zip", folder, folder / "spec.json"):
        found = read_spec(source)
        assert (found.id, found.quantity, found.encoder.fingerprint) == (spec.id, 40, "f00d")
        assert np.array_equal(found.rule.centre, spec.rule.centre)
        assert found.rule.radius == spec.rule.radius
        assert found.rule.delta == spec.rule.delta
        assert np.array_equal(found.reference, spec.reference)
    images = unit(np.random.default_rng(9).normal(size=(200, 16)) + 1)
    again = judge(images, found.rule, found.reference)
    assert again.verdict == judge(images, spec.rule, spec.reference).verdict


def test_spec_json_carries_what_the_rule_needs(make_spec, tmp_path):
    spec = make_spec()
    write_spec(tmp_path / "spec.zip", spec)
    with zipfile.ZipFile(tmp_path / "spec.zip") as archive:
        document = json.loads(archive.read(f"{spec.id}/spec.json"))
    for key in ("id", "created", "metric", "delta", "centre", "radius", "quantity", "parameters"):
        assert document[key] is not None
    assert document["encoder"]["fingerprint"] == "f00d"
    assert [c["path"] for c in document["candidates"]] == [c.path for c in spec.candidates]
    assert [c["id"] for c in document["candidates"]] == ["id0", "id1", "id2"]


def test_spec_json_says_what_delta_is_worth_and_what_is_needed_to_say_more(make_spec, tmp_path):
    ranges = (NamedRange("brightness", 71.2, 140, 0.1),)
    spec = make_spec(ranges=ranges, apart=tuple(set_apart({"brightness": [9]}, ranges, [None])))
    drives = np.arange(len(spec.reference)) % 3
    write_spec(tmp_path / "spec.zip", replace(spec, reference_drives=drives))
    with zipfile.ZipFile(tmp_path / "spec.zip") as archive:
        document = json.loads(archive.read(f"{spec.id}/spec.json"))
    assert document["standing"] == {
        "sentence": standing(spec.threshold),
        "basis": "level",
        "alpha": 0.1,
        "level": 0.1,
        "drives": 31,
    }
    assert document["apart"][0]["word"] == "darker"
    found = read_spec(tmp_path / "spec.zip")
    assert found.standing == standing(spec.threshold)
    assert found.ranges == ranges
    assert np.array_equal(found.drives, drives)


def test_a_spec_of_before_there_were_levels_is_read(make_spec, tmp_path):
    folder = unpacked(make_spec(), tmp_path)  # its reference names no drives, as then
    document = json.loads((folder / "spec.json").read_text(encoding="utf-8"))
    for key in ("standing", "ranges", "apart"):
        del document[key]
    (folder / "spec.json").write_text(json.dumps(document), encoding="utf-8")
    found = read_spec(folder)
    assert (found.standing, found.ranges, found.drives) == ("", (), None)


def test_a_spec_of_version_1_keeps_its_rule(make_spec, tmp_path):
    folder = unpacked(make_spec(), tmp_path)
    arrays = dict(np.load(folder / "reference.npz"))
    candidates = arrays.pop("candidates")
    replace_arrays(folder, arrays)
    document = json.loads((folder / "spec.json").read_text(encoding="utf-8"))
    for key in ("radius_drives", "radius_level"):
        del document[key]
    document |= {"version": 1, "radius": 0.1, "radius_source": "candidates"}
    (folder / "spec.json").write_text(json.dumps(document), encoding="utf-8")
    rule = read_spec(folder).rule
    centre, off = rule.centre[None], unit(candidates[:1] - rule.centre)
    images = np.concatenate([unit(centre + by * off) for by in (0.0, 0.4, 0.55, 2.0)])
    judged = judge(images, rule, images[:0])
    assert judged.verdict == ["accepted", "accepted", "near miss", "off target"]
    assert np.allclose(judged.to_request, 1 - images @ rule.centre, atol=1e-6)


def novel(make_spec):
    owned = unit(np.random.default_rng(4).normal(size=(30, 16)))
    spec = make_spec(others=(OtherCard(2, "night", 3), OtherCard(5, "fog", 1)))
    return replace(spec, rule=replace(spec.rule, novelty=Novelty.of(owned, 0.7), others=owned[:4]))


def test_novelty_and_other_requests_come_back(make_spec, tmp_path):
    spec = novel(make_spec)
    write_spec(tmp_path / "spec.zip", spec)
    found = read_spec(tmp_path / "spec.zip").rule
    images = unit(np.random.default_rng(6).normal(size=(50, 16)) * 0.5 + 1)
    assert np.array_equal(found.novelty(images), spec.rule.novelty(images))
    assert found.novelty.beyond == 0.7
    assert np.array_equal(found.others, spec.rule.others)
    for language in ("en", "ko"):
        write_spec(tmp_path / f"{language}.html", spec, language=language)
        page = (tmp_path / f"{language}.html").read_text(encoding="utf-8")
        assert "night; fog" in page
        assert "n ≤ 0.7" in page


@pytest.mark.parametrize(
    "damaged",
    [
        {"mean": np.zeros(15)},
        {"components": np.eye(16)[0]},
        {"components": np.ones((2, 16))},
        {"mean": np.full(16, np.nan)},
        {"others": np.ones((3, 15), np.float32)},
    ],
)
def test_arrays_of_version_3_that_do_not_fit_are_refused(make_spec, tmp_path, damaged):
    folder = unpacked(novel(make_spec), tmp_path)
    replace_arrays(folder, {**np.load(folder / "reference.npz"), **damaged})
    with pytest.raises(ArtifactError, match=r"reference\.npz has"):
        read_spec(folder)


def test_a_spec_of_version_2_without_its_candidates_is_refused(make_spec, tmp_path):
    spec = make_spec()
    rule = replace(spec.rule, candidates=np.empty((0, 16), np.float32))
    write_spec(tmp_path / "spec.zip", replace(spec, rule=rule))
    with pytest.raises(ArtifactError, match="no candidates"):
        read_spec(tmp_path / "spec.zip")


@pytest.mark.parametrize("drives", [np.zeros(3, int), np.zeros(1), np.array(["a"])])
def test_drives_that_do_not_fit_the_reference_are_refused(make_spec, tmp_path, drives):
    spec = make_spec()
    if drives.dtype.kind == "f":
        drives = np.zeros(len(spec.reference))
    write_spec(tmp_path / "spec.zip", replace(spec, reference_drives=drives))
    with pytest.raises(ArtifactError, match=r"reference\.npz h"):
        read_spec(tmp_path / "spec.zip")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("format", "something"),
        ("version", 4),
        ("novelty", {"beyond": "much"}),
        ("metric", "manhattan"),
        ("delta", -0.1),
        ("delta", "0.1"),
        ("delta", True),
        ("radius", 1e400),
        ("radius", None),
        ("radius_source", "me"),
        ("quantity", 0),
        ("centre", []),
        ("centre", [1, 2, 3]),
        ("centre", ["a"]),
        ("centre", [10**400]),
        ("centre", [1.0] + [0.0] * 20),
        ("encoder", "x"),
        ("encoder", {"name": 3}),
        ("reference", {"blake2b": "0"}),
        ("id", {}),
        ("standing", "good"),
        ("standing", {"sentence": 3}),
        ("ranges", [{"attribute": "brightness", "low": "dark", "high": 3.0}]),
        ("ranges", [{"attribute": "brightness"}]),
    ],
)
def test_a_spec_with_a_wrong_value_is_refused_by_name(make_spec, tmp_path, key, value):
    folder = unpacked(make_spec(), tmp_path)
    document = json.loads((folder / "spec.json").read_text(encoding="utf-8"))
    document[key] = value
    (folder / "spec.json").write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(ArtifactError):
        read_spec(folder)


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff\xfe", b"[" * 100_000, b'{"a": NaN}'])
def test_content_that_is_not_json_is_refused(tmp_path, content):
    (tmp_path / "spec.json").write_bytes(content)
    with pytest.raises(ArtifactError):
        read_spec(tmp_path / "spec.json")


def test_arrays_are_never_unpickled_and_belong_to_their_spec(make_spec, tmp_path):
    folder = unpacked(make_spec(), tmp_path)
    whole = (folder / "reference.npz").read_bytes()
    (folder / "reference.npz").unlink()
    with pytest.raises(ArtifactError, match="missing beside"):
        read_spec(folder)
    (folder / "reference.npz").write_bytes(whole[:-5])
    with pytest.raises(ArtifactError, match="do not belong together"):
        read_spec(folder)

    class Evil:
        def __reduce__(self):
            return (print, ("unpickled",))

    replace_arrays(folder, {"embeddings": np.array([Evil()], dtype=object)})
    with pytest.raises(ArtifactError, match="not numbers"):
        read_spec(folder)


def test_an_archive_that_is_a_bomb_or_lies_is_refused(make_spec, tmp_path):
    folder = unpacked(make_spec(), tmp_path)
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(folder / "reference.npz", "reference.npz")
        archive.writestr("spec.json", b" " * (64 << 20))
    with pytest.raises(ArtifactError, match="would unpack"):
        read_spec(bomb)
    twice = tmp_path / "twice.zip"
    with zipfile.ZipFile(twice, "w") as archive:
        for place in ("a", "b"):
            archive.write(folder / "spec.json", f"{place}/spec.json")
    with pytest.raises(ArtifactError, match="has 2 of"):
        read_spec(twice)
    with zipfile.ZipFile(tmp_path / "none.zip", "w") as archive:
        archive.writestr("../../spec.json", "{}")
    with pytest.raises(ArtifactError, match="has no spec"):
        read_spec(tmp_path / "none.zip")
    cut = tmp_path / "cut.zip"
    cut.write_bytes((tmp_path / "spec.zip").read_bytes()[:2000])
    with pytest.raises(ArtifactError):
        read_spec(cut)
    with pytest.raises(InputError, match="There is no"):
        read_spec(tmp_path / "gone.zip")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["bomb.zip", "cut.zip", "images", "none.zip", "out", "spec.zip", "twice.zip"]
    )
