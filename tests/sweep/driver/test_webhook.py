"""Webhooks, received by a real server."""

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

import sweep
from sweep.loggers.webhook import Webhook

MakeStudy = Callable[..., sweep.Study]
Inline = Callable[..., sweep.Run]


class Server(HTTPServer):
    """Keeps what it is sent, and answers with a code."""

    code = 200

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.received: list[tuple[str, str]] = []
        self.url = f"http://127.0.0.1:{self.server_port}/hook"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.received.append((self.headers["Content-Type"], body))
        self.send_response(self.server.code)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as made:
        thread = Thread(target=made.serve_forever, daemon=True)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def test_each_trial_is_sent_once_it_has_ended(
    server: Server, make_study: MakeStudy, inline: Inline
) -> None:
    run = inline(make_study(trials=3, callbacks=(Webhook(server.url),)))
    told = [json.loads(body) for _, body in server.received]
    assert [one["trial"] for one in told] == [0, 1, 2]
    record = run.records[1]
    assert told[1] | {"text": ""} == {
        "study": "toy",
        "trial": 1,
        "ending": "complete",
        "score": record.score,
        "epochs": 4,
        "params": record.params,
        "failure": None,
        "text": "",
    }
    assert told[1]["text"].startswith("toy: trial 1 complete, score ")
    assert "k=" in told[1]["text"]


@pytest.mark.parametrize(("sends", "kind"), [("slack", "application/json"), ("text", "text/plain")])
def test_slack_gets_its_form_and_ntfy_a_line(
    server: Server, make_study: MakeStudy, inline: Inline, sends: str, kind: str
) -> None:
    inline(make_study(trials=1, callbacks=(Webhook(server.url, sends),)))
    ((told_kind, body),) = server.received
    assert told_kind == f"{kind}; charset=utf-8"
    text = json.loads(body)["text"] if sends == "slack" else body
    assert text.startswith("toy: trial 0 complete, score ")


def test_an_answer_that_tells_of_an_error_does_not_stop_the_run(
    server: Server, make_study: MakeStudy, inline: Inline, capsys: pytest.CaptureFixture[str]
) -> None:
    server.code = 500
    run = inline(make_study(trials=2, callbacks=(Webhook(server.url),)))
    assert [record.ending.value for record in run.records] == ["complete"] * 2
    assert "HTTP Error 500" in capsys.readouterr().err


def test_what_is_no_url_or_no_form_is_refused() -> None:
    with pytest.raises(sweep.StudyError, match="Webhook: expected an http or https URL, got 'ntfy"):
        Webhook("ntfy.sh/cnn")
    with pytest.raises(sweep.StudyError, match="Webhook: expected sends to be 'json' or 'slack'"):
        Webhook("https://ntfy.sh/cnn", "xml")
