"""Decoding runs ahead, in order, no further than it may, and stops when the caller does."""

import threading
import time
from contextlib import closing
from itertools import islice

import pytest
from gapsphere.plugin.embeddings.decode_ahead import decode_ahead
from gapsphere.plugin.errors import ImageError, InputError

PATHS = [f"{index}.png" for index in range(20)]


def running():
    return [t for t in threading.enumerate() if t.name.startswith("gapsphere-decode")]


def test_files_come_in_order_whichever_thread_ends_first():
    def slow_for_even(path):
        time.sleep(0.004 * (int(path[:-4]) % 2))
        return path.upper()

    decoded = list(decode_ahead(PATHS, slow_for_even, ahead=lambda: 5, workers=4))
    assert decoded == [path.upper() for path in PATHS]
    assert not running()


def test_an_error_about_a_file_becomes_its_sentence_and_the_rest_goes_on():
    def decode(path):
        if path == "1.png":
            raise ImageError("1.png is empty (0 bytes): copy it again from its source.")
        if path == "2.png":
            raise InputError("too long and narrow")
        if path == "3.png":
            raise MemoryError
        return 0

    assert list(decode_ahead(PATHS[:5], decode, ahead=lambda: 2, workers=2)) == [
        0,
        "1.png is empty (0 bytes): copy it again from its source.",
        "2.png: too long and narrow",
        "3.png does not fit into memory when it is decoded: scale it down.",
        0,
    ]


def test_another_error_is_raised_at_the_files_turn():
    decoded = decode_ahead(["1", "2", "x", "4"], int, ahead=lambda: 4, workers=2)
    assert list(islice(decoded, 2)) == [1, 2]
    with pytest.raises(ValueError, match="x"):
        next(decoded)
    assert not running()


@pytest.mark.parametrize("ahead", [1, 3, 50])
def test_no_more_files_are_submitted_than_may_wait(ahead):
    begun = []
    with closing(decode_ahead(PATHS, begun.append, ahead=lambda: ahead, workers=4)) as decoded:
        for taken, _ in enumerate(decoded, start=1):
            assert len(begun) < taken + ahead


def test_a_window_that_shrinks_is_kept_to_from_then_on():
    begun, window = [], [8]
    with closing(decode_ahead(PATHS, begun.append, ahead=lambda: window[0], workers=1)) as decoded:
        next(decoded)
        window[0] = 2
        for taken, _ in enumerate(islice(decoded, 10), start=2):
            assert len(begun) <= max(8, taken + 1)


def test_closing_it_leaves_no_thread_and_does_not_decode_what_waits():
    begun = []

    def decode(path):
        begun.append(path)
        time.sleep(0.005)

    with closing(decode_ahead(PATHS, decode, ahead=lambda: 20, workers=1)) as decoded:
        next(decoded)
    assert len(begun) < len(PATHS)
    assert not running()
