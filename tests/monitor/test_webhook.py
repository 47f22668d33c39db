"""Alerts that come in, and signals that go out signed until they have arrived."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.monitor.serving import NOW, serving

from safetycase.monitor.events import Reading, Refusal
from safetycase.monitor.outbox import GIVE_UP_SECONDS, MOST_WAITING, Outbox, delay
from safetycase.monitor.records import Event, Signal
from safetycase.monitor.store import Store
from safetycase.monitor.webhook import (
    Answer,
    Hook,
    alerts_of,
    message_id,
    payload,
    send,
    signed,
    verified,
)

SECRET = b"s" * 32
START = "2026-11-29T00:00:00Z"


def alert(**more: Any) -> dict[str, Any]:
    return {
        "status": "firing",
        "labels": {"alertname": "HighVolume", "severity": "page", "user": "alice"},
        "annotations": {"summary": "what alice wrote"},
        "startsAt": START,
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus",
        "fingerprint": "c6eadffa33fcdf37",
    } | more


def hook_of(*alerts: Any, **more: Any) -> dict[str, Any]:
    return {
        "version": "4",
        "groupKey": "{}",
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "safety",
        "alerts": list(alerts),
    } | more


def read(body: object) -> list[Event | Refusal]:
    return list(alerts_of(body, now=NOW, reading=Reading()))


def test_an_alert_is_an_event_of_a_count() -> None:
    (event,) = read(hook_of(alert()))
    assert isinstance(event, Event)
    assert event.id == f"c6eadffa33fcdf37/{START}/firing"
    assert (event.source, event.metric, event.value) == ("alertmanager/safety", "HighVolume", 1.0)
    assert event.details == {"alertname": "HighVolume", "severity": "page"}
    assert read(hook_of(alert())) == [event]  # it still fires
    done = alert(status="resolved", endsAt="2026-11-29T01:00:00Z")
    (after,) = read(hook_of(done))
    assert isinstance(after, Event)
    assert (after.value, after.at) == (0.0, event.at + 3600)
    assert after.id != event.id


def test_labels_name_source_and_metric_and_a_mark_is_made_where_there_is_none() -> None:
    labels = {"alertname": "A", "safetycase_metric": "volume", "safetycase_source": "prom-2"}
    (event,) = read(hook_of(alert(labels=labels, fingerprint="")))
    assert isinstance(event, Event)
    assert (event.source, event.metric) == ("prom-2", "volume")
    (other,) = read(hook_of(alert(labels=labels | {"pod": "b"}, fingerprint="")))
    assert isinstance(other, Event)
    assert other.id != event.id


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ([], "it is not a webhook of Alertmanager: it has no list of `alerts`"),
        ({"alerts": {}}, "it is not a webhook of Alertmanager: it has no list of `alerts`"),
        (hook_of(3), "an alert has no labels"),
        (hook_of(alert(labels=[])), "an alert has no labels"),
        (hook_of(alert(status="odd")), "an alert is neither firing nor resolved"),
        (hook_of(alert(labels={})), "`metric` is missing"),
        (hook_of(alert(startsAt="0001-01-01T00:00:00Z")), "`at` is before 1970"),
        (hook_of(alert(status="resolved")), "`at` is before 1970"),
        (hook_of(alert(startsAt="2036-01-01T00:00:00Z")), "`at` lies in the future"),
    ],
)
def test_what_is_no_alert_is_refused(body: object, says: str) -> None:
    (refusal,) = read(body)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == says


@pytest.mark.slow
def test_alerts_that_were_cut_off_are_counted(tmp_path: Path) -> None:
    with serving(tmp_path / "events.sqlite") as server:
        told = server.ask("/alerts", hook_of(alert(), truncatedAlerts=3))[1]
        assert (told["accepted"], told["refused"]) == (1, 3)
        assert server.ask("/alerts", hook_of(alert()))[1]["known"] == 1
        assert sum(server.refused().values()) == 3


def signal(**more: Any) -> Signal:
    given: dict[str, Any] = {
        "monitor": "RECALL",
        "indicator": "0" * 64,
        "state": "alarm",
        "since": START,
        "until": "2026-11-29T01:00:00Z",
        "events": 40,
        "lost": 0,
        "says": "recall < 0.8: <b>e = 31</b>",
        "e_value": 31.0,
        "alarm_at": 20.0,
    }
    return Signal(**given | more)


def test_what_goes_out_is_what_an_alertmanager_sends() -> None:
    told = json.loads(payload(signal(), case="assistant", link="https://case.example/M"))
    assert (told["version"], told["status"]) == ("4", "firing")
    (only,) = told["alerts"]
    assert only["labels"] == {
        "alertname": "SafetycaseMonitor",
        "case": "assistant",
        "monitor": "RECALL",
        "severity": "critical",
        "state": "alarm",
    }
    assert told["safetycase"] == signal().body()
    (event,) = read(told)
    assert isinstance(event, Event)
    assert event.value == 1.0
    quiet = json.loads(payload(signal(state="quiet"), case="assistant"))
    assert quiet["status"] == "resolved"
    assert quiet["alerts"][0]["fingerprint"] == only["fingerprint"]


def test_a_signature_is_that_of_standard_webhooks() -> None:
    headers = signed(Hook(url="https://x.example", secret=SECRET), "msg_1", 1614265330.9, b"{}")
    proof = hmac.new(SECRET, b"msg_1.1614265330.{}", hashlib.sha256).digest()
    assert headers == {
        "webhook-id": "msg_1",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1," + base64.b64encode(proof).decode(),
    }


def test_a_signature_of_the_published_example() -> None:
    # Standard Webhooks, specification 1.0: the example of its reference libraries.
    hook = Hook(
        url="https://x.example", secret=base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    )
    headers = signed(hook, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_who_has_the_key_can_tell_a_message_from_a_forgery() -> None:
    key = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
    public = key.public_key().public_bytes_raw()
    for hook, known in (
        (Hook(url="https://x.example", secret=SECRET), {"secret": SECRET}),
        (Hook(url="https://x.example", seed=b"k" * 32), {"public": public}),
    ):
        headers = signed(hook, "msg_1", NOW, b"body")
        assert verified(headers, b"body", now=NOW + 200, **known)
        two = headers | {"Webhook-Signature": "v1,AAAA " + headers["webhook-signature"]}
        assert verified(two, b"body", now=NOW, **known)
        assert not verified(headers, b"bodY", now=NOW, **known)
        assert not verified(headers, b"body", now=NOW + 301, **known)
        assert not verified(headers | {"webhook-id": "msg_2"}, b"body", now=NOW, **known)
        assert not verified(headers | {"webhook-timestamp": "9" * 400}, b"body", now=NOW, **known)
        assert not verified({}, b"body", now=NOW, **known)
        assert not verified(headers, b"body", now=NOW, secret=b"t" * 32, public=b"\x01" * 32)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"url": "ftp://x", "secret": SECRET}, "starts with https"),
        ({"url": "https://", "secret": SECRET}, "starts with https"),
        ({"url": "http://x.example/", "secret": SECRET}, "needs https"),
        ({"url": "https://a:b@x.example/", "secret": SECRET}, "no password"),
        ({"url": "https://x.example/"}, "signed with either"),
        ({"url": "https://x.example/", "secret": SECRET, "seed": b"k" * 32}, "signed with either"),
        ({"url": "https://x.example/", "secret": b"short"}, "at least 24 bytes"),
        ({"url": "https://x.example/", "seed": b"short"}, "32 bytes"),
    ],
)
def test_a_hook_that_would_be_unsafe_is_none(given: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Hook(**given)


class Receiver(http.server.BaseHTTPRequestHandler):
    got: list[tuple[dict[str, str], bytes]]
    answers: list[tuple[int, dict[str, str]]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.got.append((dict(self.headers), body))
        status, headers = self.answers.pop(0) if self.answers else (200, {})
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[tuple[str, type[Receiver]]]:
    handler = type("Fresh", (Receiver,), {"got": [], "answers": []})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/in?x=1", handler
        finally:
            server.shutdown()
            thread.join()


def test_a_signal_arrives_signed(receiver: tuple[str, type[Receiver]]) -> None:
    url, handler = receiver
    hook = Hook(url=url, secret=SECRET)
    assert send(signal(), hook, case="c", now=NOW) == Answer(outcome="delivered", says="status 200")
    ((headers, body),) = handler.got
    assert verified(headers, body, now=NOW, secret=SECRET)
    assert body == payload(signal(), case="c")


@pytest.mark.parametrize(
    ("status", "headers", "answer"),
    [
        (500, {}, Answer(outcome="again", says="status 500")),
        (302, {"location": "http://127.0.0.1/"}, Answer(outcome="again", says="status 302")),
        (429, {"retry-after": "7"}, Answer(outcome="again", says="status 429", wait=7.0)),
        (503, {"retry-after": "9" * 400}, Answer(outcome="again", says="status 503", wait=3600.0)),
        (503, {"retry-after": "soon"}, Answer(outcome="again", says="status 503")),
        (410, {}, Answer(outcome="gone", says="status 410")),
    ],
)
def test_other_answers_say_whether_to_try_again(
    receiver: tuple[str, type[Receiver]], status: int, headers: dict[str, str], answer: Answer
) -> None:
    url, handler = receiver
    handler.answers.append((status, headers))
    assert send(signal(), Hook(url=url, secret=SECRET), case="c", now=NOW) == answer
    assert len(handler.got) == 1  # a redirect is not followed


def test_a_receiver_that_is_not_there_is_tried_again() -> None:
    hook = Hook(url="http://127.0.0.1:1/", secret=SECRET)
    assert send(signal(), hook, case="c", now=NOW).outcome == "again"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "events.sqlite", durable="process") as opened:
        yield opened


HOOK = Hook(url="https://x.example", secret=SECRET)


class Net:
    """Stands where the network is: what it answers, and what it was given when."""

    def __init__(self, *answers: str) -> None:
        self.answers, self.got = list(answers), []  # type: ignore[var-annotated]

    def __call__(self, body: bytes, hook: Hook, name: str, now: float) -> Answer:
        self.got.append((name, now))
        word = self.answers.pop(0) if self.answers else "delivered"
        return Answer(outcome=word, says=word)  # type: ignore[arg-type]


def test_a_message_is_sent_until_it_arrives_ever_more_seldom(store: Store) -> None:
    net = Net(*["again"] * 12)
    box = Outbox(store, HOOK, case="c", send=net)
    box.post(signal(), NOW)
    box.post(signal(), NOW)
    now, pause = NOW, 0.0
    while (wait := box.step(now)) is not None:
        assert box.step(now + wait / 2) is not None  # nothing is due yet
        pause = wait
        now += wait
    assert len(net.got) == 13
    assert {name for name, _ in net.got} == {message_id(signal())}
    gaps = [b - a for (_, a), (_, b) in zip(net.got, net.got[1:], strict=False)]
    assert gaps == [pytest.approx(delay(n, message_id(signal()))) for n in range(1, 13)]
    assert 600 <= pause <= 720
    assert box.counts() == {"waiting": 0, "delivered": 1, "given_up": 0}


def test_what_waits_survives_the_end_of_the_process(store: Store) -> None:
    Outbox(store, HOOK, case="c", send=Net("again")).post(signal(), NOW)
    net = Net()
    box = Outbox(store, HOOK, case="c", send=net)
    assert box.counts()["waiting"] == 1
    assert box.step(NOW + 1) is None
    assert net.got == [(message_id(signal()), NOW + 1)]
    assert Outbox(store, HOOK, case="c", send=net).step(NOW + 2) is None


def test_nobody_is_called_for_ever_and_a_receiver_that_is_gone_no_more(store: Store) -> None:
    box = Outbox(store, HOOK, case="c", send=Net("gone"))
    box.post(signal(), NOW)
    assert box.step(NOW) is None
    old = Outbox(store, HOOK, case="c", send=Net("again", "again"))
    old.post(signal(), NOW)
    assert old.step(NOW) is not None
    assert old.step(NOW + GIVE_UP_SECONDS) is None
    assert old.counts()["given_up"] == 1


def test_the_queue_is_bounded_and_what_falls_out_is_counted(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("safetycase.monitor.outbox.MOST_WAITING", 5)
    box = Outbox(store, HOOK, case="c", send=Net())
    for n in range(8):
        box.post(signal(events=n), NOW)
    assert box.counts() == {"waiting": 5, "delivered": 0, "given_up": 3}
    assert MOST_WAITING == 1000


def test_a_message_that_cannot_be_sent_holds_up_none_behind_it(store: Store) -> None:
    got: list[str] = []

    def odd(body: bytes, hook: Hook, name: str, now: float) -> Answer:
        got.append(name)
        if len(got) == 1:
            raise UnicodeError("a name that no network has")
        return Answer(outcome="delivered", says="")

    box = Outbox(store, HOOK, case="c", send=odd)
    box.post(signal(), NOW)
    box.post(signal(events=1), NOW)
    assert box.step(NOW) is not None
    assert box.counts() == {"waiting": 1, "delivered": 1, "given_up": 0}
    assert box.step(NOW + 10) is None
    assert len(got) == 3


def test_a_disk_that_fails_keeps_no_message_from_being_sent(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(store, "add", fail)
    net = Net()
    box = Outbox(store, HOOK, case="c", send=net)
    box.post(signal(), NOW)
    assert box.step(NOW) is None
    assert len(net.got) == 1


def test_posting_never_waits_for_the_network(store: Store) -> None:
    started, go = threading.Event(), threading.Event()

    def slow(body: bytes, hook: Hook, name: str, now: float) -> Answer:
        started.set()
        assert go.wait(20)
        return Answer(outcome="delivered", says="")

    box = Outbox(store, HOOK, case="c", send=slow)
    box.start(clock=lambda: NOW)
    box.post(signal(), NOW)
    assert started.wait(20)
    box.post(signal(events=1), NOW)  # returns although a message is under way
    assert box.counts()["waiting"] == 2
    go.set()
    while box.counts()["delivered"] < 2:
        pass
    box.stop()
