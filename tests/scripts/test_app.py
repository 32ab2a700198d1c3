"""What ``gapsphere app`` prints while FiftyOne's server starts."""

import socket
import sys
import threading

import fiftyone as fo
from gapsphere.scripts.cli import app
from gapsphere.tests.support.servers import free_port


class Session:
    def wait(self, _seconds):
        sys.stdout.write("the session waits\n")


def test_the_address_is_the_first_word_and_comes_once_the_server_answers(monkeypatch, capsys):
    port, listening = free_port(), []

    def launched(_data, *, address, port, **_):
        sys.stdout.write("\r\nCould not connect session, trying again in 10 seconds\r\n")

        def answer():
            listening.append(socket.create_server((address, port)))

        threading.Timer(0.5, answer).start()
        return Session()

    monkeypatch.setattr(fo, "launch_app", launched)
    app.wait_for_app(None, "127.0.0.1", port)
    assert listening, "the address was printed before anybody answers there"
    listening[0].close()
    assert capsys.readouterr().out.splitlines() == [
        f"App: http://127.0.0.1:{port}/ (Ctrl-C ends it)",
        "the session waits",
    ]


def test_a_server_that_never_answers_is_not_waited_for_forever(monkeypatch, capsys):
    monkeypatch.setattr(app, "STARTS_IN", 0.3)
    monkeypatch.setattr(fo, "launch_app", lambda *_, **__: Session())
    app.wait_for_app(None, "127.0.0.1", free_port())
    assert "the session waits" in capsys.readouterr().out
