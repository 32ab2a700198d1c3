import base64
import json
import re

import numpy as np
import pytest
from gapsphere.plugin.errors import DimensionError, EmptySetError, InputError, NotFiniteError
from gapsphere.plugin.report.plot3d import plot_3d
from gapsphere.tests.support.servers import new_page

HOSTILE = [
    "/data/<img src=x onerror=\"window.pwned='name'\">.jpg",
    "/data/</script><script>window.pwned='script'</script>.jpg",
    "/data/%{x}\"quote's & <b>bold</b>\n\t\u202e.jpg",
    "/data/\udcff\udcfe 서울.jpg",
]


def sets(n_S=40, n_U=60, seed=0):
    rng = np.random.default_rng(seed)
    return {
        "umap3d_S": rng.normal(size=(n_S, 3)) + 9,
        "umap3d_U": rng.normal(size=(n_U, 3)) + 9,
        "dist_to_S": rng.random(n_U) * 0.4,
        "paths_S": [f"/data/s/{i:05}.jpg" for i in range(n_S)],
        "paths_U": [f"/data/u/{i:05}.jpg" for i in range(n_U)],
    }


def traces(document):
    """The plotly traces of a page, their coordinates as arrays."""
    start = document.index('Plotly.newPlot(                        "plot",')
    data = json.JSONDecoder().raw_decode(document[document.index("[", start) :])[0]
    for trace in data:
        for holder, key in [
            (trace, "x"),
            (trace, "y"),
            (trace, "z"),
            (trace.get("marker"), "size"),
        ]:
            if holder and isinstance(holder.get(key), dict):
                raw = base64.b64decode(holder[key]["bdata"])
                holder[key] = np.frombuffer(raw, dtype=holder[key]["dtype"])
    return {trace.get("name"): trace for trace in data}


def of(found, start):
    return next(trace for name, trace in found.items() if name and name.startswith(start))


def test_every_image_is_drawn_once_below_the_limit():
    found = traces(plot_3d(**sets(), picks=[3, 5]))
    assert len(of(found, "S")["x"]) == 40
    assert len(of(found, "U")["x"]) == 58
    assert len(of(found, "K-Center")["x"]) == 2


def test_points_are_on_the_unit_sphere_or_where_umap_put_them():
    data = sets()
    round_ = of(traces(plot_3d(**data)), "S")
    assert np.allclose(np.hypot(np.hypot(round_["x"], round_["y"]), round_["z"]), 1, atol=1e-3)
    flat = of(traces(plot_3d(**data, viz_mode="cartesian")), "S")
    assert np.allclose(np.stack([flat[a] for a in "xyz"], axis=1), data["umap3d_S"], atol=1e-4)


def test_farther_candidates_are_larger():
    data = sets()
    size = of(traces(plot_3d(**data)), "U")["marker"]["size"]
    below = data["dist_to_S"] < np.quantile(data["dist_to_S"], 0.99)
    order = np.argsort(data["dist_to_S"][below])
    assert (np.diff(size[below][order]) >= 0).all()
    assert size.max() > 1.5 * size.min()


def test_picks_are_larger_and_of_another_symbol():
    found = traces(plot_3d(**sets(), picks=[7]))
    pick, other = of(found, "K-Center")["marker"], of(found, "U")["marker"]
    assert pick["symbol"] == "diamond" != other.get("symbol", "circle")
    assert min(pick["size"]) > np.median(other["size"])


def test_past_the_limit_cells_are_drawn_and_every_pick_is_kept():
    picks = list(range(0, 4000, 40))
    document = plot_3d(**sets(1000, 4000), picks=picks, sample_limit=500)
    found = traces(document)
    drawn = len(of(found, "S")["x"]) + len(of(found, "U")["x"])
    assert 250 < drawn <= 500
    assert len(of(found, "K-Center")["x"]) == 100
    assert f"drawn as {drawn:,} marks" in document
    assert "K-Center picks: 100, each drawn singly" in document
    said = sum(
        int(more.replace(",", "")) + 1 if more else 1
        for text in of(found, "U")["text"]
        for more in [(re.search(r"and ([\d,]+) more", text) or [None, None])[1]]
    )
    assert said == 3900


def test_all_picked_no_owned_and_equal_distances_are_drawn():
    data = sets(0, 3)
    data["dist_to_S"] = np.full(3, 0.2)
    found = traces(plot_3d(**data, picks=[2, 0, 1]))
    assert not any(name and name.startswith(("S:", "U:")) for name in found)
    assert "colorbar" in of(found, "K-Center")["marker"]
    one = {**sets(1, 1), "umap3d_S": np.zeros((1, 3)), "umap3d_U": np.zeros((1, 3))}
    assert "U: candidates" in traces(plot_3d(**one))


def test_hover_text_says_name_distance_and_gap():
    data = sets(3, 2)
    data["dist_to_S"] = np.array([0.1, 0.3])
    text = of(traces(plot_3d(**data, delta=0.2)), "U")["text"]
    assert text[0] == "u/00000.jpg<br>cosine distance to S 0.1000, covered"
    assert text[1] == "u/00001.jpg<br>cosine distance to S 0.3000, <b>GAP</b>"
    said = ["gap", "cannot say"]
    text = of(traces(plot_3d(**data, delta=0.2, verdicts=said)), "U")["text"]
    assert text[0].endswith("0.1000, <b>GAP</b>")
    assert text[1].endswith("0.3000, cannot say")


def test_page_asks_nothing_of_the_network():
    document = plot_3d(**sets())
    outside = document[: document.index("<script")] + document[document.rindex("</script>") :]
    assert "http" not in outside
    assert not re.search(r"<script[^>]+src=", document)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"viz_mode": "flat"}, InputError, "flat"),
        ({"sample_limit": 1}, InputError, "sample_limit 1"),
        ({"picks": [60]}, InputError, "60 rows"),
        ({"picks": [-1]}, InputError, "not a row"),
        ({"picks": [1, 1]}, InputError, "twice"),
        ({"paths_S": ["a"]}, DimensionError, "1 paths of S"),
        ({"dist_to_S": np.full(60, np.nan)}, NotFiniteError, "dist_to_S"),
        ({"sphere_U": np.eye(3)}, DimensionError, "sphere_U"),
        ({"umap3d_S": np.zeros((40, 2))}, DimensionError, "umap3d_S"),
        (
            {"umap3d_U": np.empty((0, 3)), "dist_to_S": [], "paths_U": []},
            EmptySetError,
            "no image",
        ),
    ],
)
def test_bad_input_is_named(change, error, words):
    with pytest.raises(error, match=words):
        plot_3d(**{**sets(), **change})


def open_page(browser, document, folder, scheme="light", size=(1000, 700)):
    (folder / "plot.html").write_text(document, encoding="utf-8")
    viewport = dict(zip(("width", "height"), size, strict=True))
    page = new_page(browser, viewport=viewport, color_scheme=scheme)
    problems, asked = [], []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto((folder / "plot.html").as_uri())
    page.wait_for_function("document.querySelector('#plot')?._fullLayout?.scene?._scene?.glplot")
    return page, problems, [url for url in asked if not url.startswith(("file:", "data:", "blob:"))]


# Where the last trace's first point is on the canvas, as shares of its width and height.
PLACE_OF_PICK = """() => {
  const plot = document.querySelector('#plot'), scene = plot._fullLayout.scene._scene;
  const last = plot._fullData[plot._fullData.length - 1];
  let p = ['x', 'y', 'z'].map((axis, i) => last[axis][0] * scene.dataScale[i]).concat(1);
  const {model, view, projection} = scene.glplot.cameraParams;
  for (const m of [model, view, projection]) {
    p = [0, 1, 2, 3].map(r => p.reduce((sum, v, c) => sum + m[4 * c + r] * v, 0));
  }
  return [(1 + p[0] / p[3]) / 2, (1 - p[1] / p[3]) / 2];
}"""


def test_buttons_switch_the_projection_in_a_browser(chromium, tmp_path):
    data = sets()
    page, problems, asked = open_page(chromium, plot_3d(**data, picks=[1]), tmp_path)
    read = """document.querySelector('#plot')._fullData.map(
        t => [t.name, t.visible, Array.from(t.x ?? [])])"""
    before = page.evaluate(read)
    page.get_by_text("3D UMAP", exact=True).click()
    page.wait_for_function("!document.querySelector('#plot')._fullData[0].visible")
    after = page.evaluate(read)
    assert np.allclose(after[2][2], data["umap3d_S"][:, 0], atol=1e-4)
    page.get_by_text("Sphere", exact=True).click()
    page.wait_for_function("document.querySelector('#plot')._fullData[0].visible")
    assert page.evaluate(read)[2:] == before[2:]
    page.close()
    assert (problems, asked) == ([], [])


EYE = "Math.hypot(...Object.values(plot._fullLayout.scene.camera.eye))"


def test_on_a_phone_the_globe_is_seen_from_farther_away_after_each_button_too(chromium, tmp_path):
    document = plot_3d(**sets())
    page, problems, _ = open_page(chromium, document, tmp_path)
    wide = page.evaluate(EYE)
    page.close()
    page, problems, _ = open_page(chromium, document, tmp_path, size=(390, 844))
    page.wait_for_function(f"{EYE} > {1.5 * wide}")
    for name in ("3D UMAP", "Sphere"):
        page.get_by_text(name, exact=True).click()
        page.wait_for_function(f"plot._fullData[0].visible === {str(name == 'Sphere').lower()}")
    assert page.evaluate(EYE) > 1.5 * wide
    page.close()
    assert problems == []


def test_hostile_names_are_shown_and_not_run(chromium, tmp_path):
    data = {**sets(1, 4), "paths_U": HOSTILE}
    data["umap3d_U"] = np.eye(4, 3) * 5
    document = plot_3d(**data, picks=[0], title="<script>window.pwned='title'</script>")
    page, problems, asked = open_page(chromium, document, tmp_path)
    box = page.locator("#plot canvas").first.bounding_box()
    x, y = page.evaluate(PLACE_OF_PICK)
    label = page.locator(".hovertext")
    page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
    label.wait_for()
    assert "pick 1" in label.text_content()
    assert "<img src=x onerror=\"window.pwned='name'\">.jpg" in label.text_content()
    assert page.evaluate("window.pwned") is None
    assert "<script>" in page.title()
    page.close()
    assert (problems, asked) == ([], [])


def test_page_follows_the_readers_theme(chromium, tmp_path):
    document = plot_3d(**sets(), picks=[1])
    color = "document.querySelector('#plot')._fullLayout.font.color"
    page, problems, _ = open_page(chromium, document, tmp_path, "dark")
    page.wait_for_function(f"{color} === '#e6eaf0'")
    page.emulate_media(color_scheme="light")
    page.wait_for_function(f"{color} === '#1b2430'")
    page.close()
    assert problems == []
