"""The fields of a form, read within bounds and only if our own page sent them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from safetycase.monitor.bodies import Limits, Rejected, Room, read_body

if TYPE_CHECKING:
    from starlette.requests import Request

    from safetycase.web.guard import Door

__all__ = ["Fields", "form_of"]

LIMITS: Final = Limits(body=256 * 2**10, buffered=8 * 2**20)
MOST_FIELDS: Final = 200
_FORM: Final = "application/x-www-form-urlencoded"


class Fields:
    """What a form holds, by the names of its fields."""

    def __init__(self, words: list[tuple[str, str]]) -> None:
        self.words = words

    def __getitem__(self, name: str) -> str:
        """The first value of a field without the space around it; empty if there is none."""
        return next((value.strip() for field, value in self.words if field == name), "")

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a field that holds anything."""
        return tuple(v.strip() for field, v in self.words if field == name and v.strip())

    def plain(self) -> Mapping[str, str]:
        """The first value of each field."""
        return {name: self[name] for name, _ in self.words}


async def form_of(request: Request, door: Door, room: Room) -> Fields:
    """The fields of a form of this server.

    Raises `Rejected`: 403 without the secret of the server, 413, 415 and 400 for what is no form.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().casefold()
    if kind != _FORM:
        raise Rejected(415, f"A form is sent as {_FORM}.")
    body = await read_body(request.scope, request.receive, LIMITS, room)
    try:
        words = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            encoding="utf-8",
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError:
        raise Rejected(400, "The form cannot be read.") from None
    finally:
        room.give(len(body))
    fields = Fields([(name, value.replace("\r\n", "\n")) for name, value in words])
    door.form(fields["csrf"])
    return fields
