"""Webhooks: alerts of an Alertmanager come in as events, signals go out signed.

Both sides speak the payload of Alertmanager (version 4), so that what receives its alerts receives
ours. What goes out is signed as Standard Webhooks say (specification 1.0): the headers
`webhook-id`, `webhook-timestamp` and `webhook-signature`, the latter over `id.timestamp.body` with
HMAC-SHA256 (`v1,...`) or Ed25519 (`v1a,...`). Nothing is sent unless a `Hook` is given.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from safetycase.monitor.events import Reading, Refusal, event_of
from safetycase.monitor.records import Event, Signal

__all__ = [
    "Answer",
    "Hook",
    "alerts_of",
    "is_loopback",
    "message_id",
    "payload",
    "send",
    "send_body",
    "signed",
    "verified",
]

TOLERANCE_SECONDS: Final = 300.0
_MOST_ANSWER: Final = 65_536
_MOST_WAIT: Final = 3600.0

Outcome = Literal["delivered", "again", "gone"]


def alerts_of(value: object, *, now: float, reading: Reading) -> Iterator[Event | Refusal]:
    """The alerts of a decoded webhook of Alertmanager (or Grafana), one result for each.

    The metric is the label `safetycase_metric`, else `alertname`; the source the label
    `safetycase_source`, else `alertmanager/RECEIVER`. An alert that fires has the value 1 at
    `startsAt`, a resolved one the value 0 at `endsAt`: their sum counts what fired. The
    notification of an alert that still fires is the same event again.
    """
    alerts = value.get("alerts") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(alerts, list):
        yield Refusal(reason="it is not a webhook of Alertmanager: it has no list of `alerts`")
        return
    receiver = value.get("receiver")
    for alert in alerts:
        yield _alert(alert, receiver, now, reading)
    cut = value.get("truncatedAlerts")
    if type(cut) is int and 0 < cut < 1_000_000:
        for _ in range(min(cut, 10_000)):
            yield Refusal(reason="Alertmanager cut the alert off (max_alerts of its receiver)")


def _alert(alert: object, receiver: object, now: float, reading: Reading) -> Event | Refusal:
    labels = alert.get("labels") if isinstance(alert, dict) else None
    if not isinstance(alert, dict) or not isinstance(labels, dict):
        return Refusal(reason="an alert has no labels")
    status = alert.get("status")
    if status not in ("firing", "resolved"):
        return Refusal(reason="an alert is neither firing nor resolved")
    start, fired = alert.get("startsAt"), status == "firing"
    mark = alert.get("fingerprint")
    if not isinstance(mark, str) or not mark:
        said = sorted((str(key), str(value)) for key, value in labels.items())
        mark = hashlib.sha256(repr(said).encode("utf-8", "replace")).hexdigest()[:16]
    body: dict[str, Any] = {
        "source": labels.get("safetycase_source", f"alertmanager/{receiver or 'webhook'}"),
        "id": f"{mark}/{start}/{status}",
        "metric": labels.get("safetycase_metric", labels.get("alertname")),
        "at": start if fired else alert.get("endsAt"),
        "value": 1 if fired else 0,
        "details": {
            key: labels[key]
            for key in ("alertname", "severity")
            if isinstance(labels.get(key), str)
        },
    }
    return event_of(body, now=now, reading=reading)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """Where signals go, and with which key they are signed: exactly one of the two.

    `secret` are at least 24 bytes for HMAC-SHA256, `seed` the 32 bytes of an Ed25519 private key.
    Raises `ValueError` for an address that is neither https nor on this machine: a signature
    hides nothing.
    """

    url: str
    secret: bytes = b""
    seed: bytes = b""
    timeout: float = 10.0

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("a webhook needs an address that starts with https://")
        if parts.username is not None or parts.password is not None:
            raise ValueError("the address of a webhook holds no name and no password")
        if parts.scheme == "http" and not is_loopback(parts.hostname):
            raise ValueError("a webhook to another machine needs https")
        if bool(self.secret) == bool(self.seed):
            raise ValueError("a webhook is signed with either a secret or an Ed25519 seed")
        if self.secret and len(self.secret) < 24:
            raise ValueError("the secret of a webhook needs at least 24 bytes")
        if self.seed and len(self.seed) != 32:
            raise ValueError("the Ed25519 seed of a webhook has 32 bytes")


def is_loopback(host: str) -> bool:
    """Whether a name or address is this machine's own."""
    if host.casefold() == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def message_id(signal: Signal) -> str:
    """The id of the message about a signal: the same whenever it is sent."""
    said = json.dumps(signal.body(), sort_keys=True, separators=(",", ":"))
    return "msg_" + hashlib.sha256(said.encode()).hexdigest()[:32]


def payload(signal: Signal, *, case: str, link: str = "") -> bytes:
    """A signal as a webhook of Alertmanager, with the whole signal under `safetycase`.

    A quiet signal resolves the alerts of its monitor; every other state fires. `case` is the id of
    the case, `link` where a person reads more.
    """
    fires = signal.state != "quiet"
    labels = {
        "alertname": "SafetycaseMonitor",
        "case": case,
        "monitor": signal.monitor,
        "severity": {"alarm": "critical", "quiet": "none"}.get(signal.state, "warning"),
    }
    shared = {key: labels[key] for key in ("alertname", "case", "monitor")}
    alert = {
        "status": "firing" if fires else "resolved",
        "labels": {**labels, "state": signal.state},
        "annotations": {"summary": signal.says},
        "startsAt": signal.since,
        "endsAt": "0001-01-01T00:00:00Z" if fires else signal.until,
        "generatorURL": link,
        "fingerprint": hashlib.sha256(repr(shared).encode()).hexdigest()[:16],
    }
    message = {
        "version": "4",
        "groupKey": f"safetycase/{case}/{signal.monitor}",
        "truncatedAlerts": 0,
        "status": alert["status"],
        "receiver": "safetycase",
        "groupLabels": shared,
        "commonLabels": alert["labels"],
        "commonAnnotations": alert["annotations"],
        "externalURL": link,
        "alerts": [alert],
        "safetycase": signal.body(),
    }
    return json.dumps(message, separators=(",", ":")).encode()


def signed(hook: Hook, name: str, now: float, body: bytes) -> dict[str, str]:
    """The headers that sign a message; `name` is its id, `now` in seconds since 1970 in UTC."""
    when = str(int(now))
    content = b".".join((name.encode(), when.encode(), body))
    if hook.secret:
        mark, proof = "v1", hmac.new(hook.secret, content, hashlib.sha256).digest()
    else:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        mark, proof = "v1a", Ed25519PrivateKey.from_private_bytes(hook.seed).sign(content)
    return {
        "webhook-id": name,
        "webhook-timestamp": when,
        "webhook-signature": f"{mark},{base64.b64encode(proof).decode()}",
    }


def verified(
    headers: Mapping[str, str], body: bytes, *, now: float, secret: bytes = b"", public: bytes = b""
) -> bool:
    """Whether a message is signed by who has the key, at most five minutes ago or ahead.

    For those who receive: `secret` as in the `Hook`, or the 32 bytes of the public key.
    """
    given = {name.casefold(): value for name, value in headers.items()}
    name, when = given.get("webhook-id", ""), given.get("webhook-timestamp", "")
    if not when.isascii() or not when.isdigit() or abs(now - int(when[:20])) > TOLERANCE_SECONDS:
        return False
    content = b".".join((name.encode(), when.encode(), body))
    return any(
        _proves(each, content, secret, public)
        for each in given.get("webhook-signature", "").split(" ")
    )


def _proves(signature: str, content: bytes, secret: bytes, public: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    mark, _, text = signature.partition(",")
    try:
        proof = base64.b64decode(text, validate=True)
        if mark == "v1" and secret:
            return hmac.compare_digest(proof, hmac.new(secret, content, hashlib.sha256).digest())
        if mark == "v1a" and public:
            Ed25519PublicKey.from_public_bytes(public).verify(proof, content)
            return True
    except (ValueError, InvalidSignature):
        return False
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of one attempt: `again` may be tried after `wait` seconds, if that is given."""

    outcome: Outcome
    says: str
    wait: float | None = None


def send(signal: Signal, hook: Hook, *, case: str, now: float, link: str = "") -> Answer:
    """Send a signal once; `monitor.outbox` tries again. Raises nothing that the network does."""
    return send_body(payload(signal, case=case, link=link), hook, message_id(signal), now=now)


def send_body(body: bytes, hook: Hook, name: str, *, now: float) -> Answer:
    """Send one message, follow no redirect, and read at most 64 KiB of the answer."""
    import http.client

    parts = urlsplit(hook.url)
    secure = parts.scheme == "https"
    make = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = make(parts.hostname or "", parts.port, timeout=hook.timeout)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {"content-type": "application/json", "user-agent": "safetycase"}
    try:
        connection.request("POST", path, body, headers | signed(hook, name, now, body))
        response = connection.getresponse()
        response.read(_MOST_ANSWER)
    except (OSError, ValueError, http.client.HTTPException) as error:
        return Answer(outcome="again", says=type(error).__name__)
    finally:
        connection.close()
    says = f"status {response.status}"
    if 200 <= response.status < 300:
        return Answer(outcome="delivered", says=says)
    if response.status == 410:
        return Answer(outcome="gone", says=says)
    wait = response.headers.get("retry-after", "")
    seconds = min(float(wait), _MOST_WAIT) if wait.isascii() and wait.isdigit() else None
    return Answer(outcome="again", says=says, wait=seconds)
