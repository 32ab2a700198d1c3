import io

import numpy as np
from gapsphere.plugin.report.card import BAND, HEIGHT, WIDTH, Card, draw_card, paint
from PIL import Image


def ink(image, box):
    """Share of pixels that differ from the most frequent colour of a box."""
    pixels = np.asarray(image.convert("L").crop(box))
    return (pixels != np.bincount(pixels.ravel()).argmax()).mean()


def test_a_card_says_what_the_image_would_be():
    blank = paint(Card("", "", "unknown"))
    card = paint(Card("plots/0001.jpg", "Heath", "misclassified", 0.5))
    label, name = (0, BAND, WIDTH, BAND + 60), (0, BAND + 80, WIDTH, HEIGHT - 30)
    assert ink(blank, label) == ink(blank, name) == 0
    assert ink(card, label) > 0.01
    assert ink(card, name) > 0.01
    bands = {tuple(paint(Card("a", "b", s)).convert("RGB").getpixel((1, 1))) for s in STATUSES}
    assert len(bands) == len(STATUSES)


STATUSES = ("correct", "misclassified", "ambiguous", "unknown")


def test_the_name_of_a_card_follows_its_content():
    cards = [
        Card("a", "b", "correct", 0.5),
        Card("a", "b", "correct", None),
        Card("a", "b", "misclassified", 0.5),
        Card("ab", "", "correct", 0.5),
    ]
    assert len({card.file_name() for card in cards}) == len(cards)
    assert cards[0].file_name() == Card("a", "b", "correct", 0.5).file_name()


def test_text_of_any_kind_and_length_stays_inside():
    texts = [
        "서울 초지",
        "مرحبا",
        "हिन्दी",
        "日本",
        "x" * 5000,
        "a\nb\tc\0d",
        "\u202eabc",
        "👩‍🌾",
        "",
    ]
    for text in texts:
        card = paint(Card(text, text, "correct", 1e300))
        edge = np.asarray(card)[BAND:, -6:]
        assert (edge == edge[0, 0]).all(), text
        assert card.size == (WIDTH, HEIGHT)


def test_a_card_is_a_small_file_that_reads_back(tmp_path):
    path = tmp_path / "ab" / "card.png"
    draw_card(Card("a.jpg", "Heath", "correct", 0.25), path)
    assert [entry.name for entry in path.parent.iterdir()] == ["card.png"]
    content = path.read_bytes()
    assert len(content) < 6000
    with Image.open(io.BytesIO(content)) as image:
        assert image.size == (WIDTH, HEIGHT)
        assert image.mode == "P"
