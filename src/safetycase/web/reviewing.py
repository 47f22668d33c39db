"""Review from a page: a form, a page that shows what would be signed and changed, a record.

The key is that of who started the server, in a file on this machine; no part of it and no
passphrase goes through a browser. What was shown is what is signed, or nothing is.
"""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from safetycase.assess.records import Assessment
from safetycase.ledger import LedgerError
from safetycase.ledger.record import stamp
from safetycase.monitor.bodies import Rejected
from safetycase.review.entries import Entry, ReviewRefused, with_entry
from safetycase.review.would import would_change
from safetycase.web import frames
from safetycase.web.forms import Fields
from safetycase.web.review_forms import FORMS, entry_of
from safetycase.web.shared import wall
from safetycase.workspace.folder import Workspace, open_case
from safetycase.workspace.policies import about_policy
from safetycase.workspace.signing import CannotSign, Signer, may_sign, sign, signer_of

if TYPE_CHECKING:
    from safetycase.web.pages import Pages

__all__ = ["Reviewing"]

_MOST_CHANGES = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What a page before signing shows, and the digest that says so."""

    space: Workspace
    entry: Entry
    signer: Signer
    changes: tuple[tuple[str, str, str], ...]
    notes: tuple[str, ...]

    @property
    def head(self) -> str:
        """The digest of the last record."""
        return self.space.log.records[-1].digest if self.space.log.records else ""

    @property
    def digest(self) -> str:
        """What is shown, as one value: the entry, who signs it, and after which record."""
        shown = [self.entry.kind, dict(self.entry.body), self.signer.key.keyid, self.head]
        return hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()


class Reviewing:
    """The forms of one server."""

    def __init__(self, pages: Pages) -> None:
        self.pages, self.shared = pages, pages.shared

    async def form(self, request: Request) -> Response:
        """`/review/VERB?on=ID`: an empty form."""
        verb, query = self._verb(request), request.query_params
        on = (query.get("on") or query.get("challenge") or "")[:400]
        if not on.strip():
            return self._pick(verb)
        about = self._about(verb, on.strip())
        if about is None:
            raise Rejected(404, f"The case has no {FORMS[verb].about} `{on[:100]}`.")
        try:
            signer = await asyncio.to_thread(self._signer)
        except CannotSign as error:
            return self.pages.refused(409, f"Nothing can be signed here: {error}.")
        return self._form(verb, about, Fields([]), signer)

    async def post(self, request: Request, fields: Fields) -> Response:
        """A filled form: what it would change; and once that was confirmed, the record."""
        verb = self._verb(request)
        about = self._about(verb, fields["on"])
        if about is None:
            raise Rejected(404, "What this is about is not in the case any more.")
        try:
            return await self._taken(verb, about, fields)
        except CannotSign as error:
            return self.pages.refused(409, f"Nothing was signed: {error}.")
        except LedgerError as error:
            return self.pages.refused(503, f"Nothing was signed: {error}.")

    async def _taken(self, verb: str, about: str, fields: Fields) -> Response:
        signer = await asyncio.to_thread(self._signer)
        try:
            seen = await asyncio.to_thread(self._look, verb, about, fields, signer)
        except ReviewRefused as error:
            return self._form(verb, about, fields, signer, wrong=str(error))
        if fields["seen"] != seen.digest:
            return self._confirm(verb, about, fields, seen)
        folder, at = self.shared.wanted.folder, wall()
        await asyncio.to_thread(
            sign, folder, seen.entry.kind, seen.entry.body, signer, at, after=seen.head
        )
        await self.shared.keeper.renew()
        address = "/review"
        if FORMS[verb].about == "element" and self.pages.named(about):
            address = self.pages.address(about)
        return RedirectResponse(address, status_code=303)

    def _verb(self, request: Request) -> str:
        verb = str(request.path_params["verb"])
        if verb not in FORMS:
            raise Rejected(404, f"There is no form `{verb[:60]}`: there are {', '.join(FORMS)}.")
        return verb

    def _about(self, verb: str, word: str) -> str | None:
        """The element or the challenge that a form is about."""
        if FORMS[verb].about == "element":
            return self.pages.named(word)
        _, source = self.pages.shown()
        known = {c.id for c in source.assessment.review.challenges}
        return word if word in known else None

    def _opened(self) -> Workspace:
        """The case as it is at this moment; what is signed is not taken from what was kept."""
        with self.shared.keeper.lock:
            space = open_case(self.shared.wanted.folder, self.shared.wanted.clock())
        if space.case is None:
            raise CannotSign("the case file cannot be read as it is now")
        if space.log.problems:
            raise CannotSign(f"the record is damaged: {space.log.problems[0].says}")
        return space

    def _signer(self) -> Signer:
        good = self.shared.good
        assert good is not None
        assert good.space is not None
        return signer_of(good.space)

    def _look(self, verb: str, about: str, fields: Fields, signer: Signer) -> _Seen:
        """What would be signed and what it would change; on a thread of its own."""
        space, at = self._opened(), wall()
        before = space.assess()
        by = fields["by"] or signer.owner
        entry = entry_of(verb, before, space.history, about, fields, by)
        entry = about_policy(entry, space.folder)
        may_sign(space, entry.kind, entry.body, signer, at)
        history = with_entry(
            space.history,
            entry,
            seq=len(space.log.records) + 1,
            at=stamp(at),
            keyid=signer.key.keyid,
        )
        after = dataclasses.replace(space, history=history).assess()
        return _Seen(
            space=space,
            entry=entry,
            signer=signer,
            changes=tuple((n, *words) for n, words in would_change(before, after).items()),
            notes=_notes(entry, after),
        )

    def _form(
        self, verb: str, about: str, fields: Fields, signer: Signer, wrong: str = ""
    ) -> Response:
        form = FORMS[verb]
        body = frames.body_of(
            "review_form.html",
            verb=verb,
            form=form,
            about=about,
            says=self._says(verb, about),
            back=self._back(verb, about),
            given=fields,
            signer=signer,
            wrong=wrong,
            live=self.pages.live(),
        )
        return self.pages.framed(f"{form.title} {about}", body, 422 if wrong else 200)

    def _pick(self, verb: str) -> Response:
        """Ask what a form is to be about."""
        _, source = self.pages.shown()
        challenges = source.assessment.review.standing if FORMS[verb].about == "challenge" else ()
        body = frames.body_of(
            "review_pick.html", verb=verb, form=FORMS[verb], challenges=challenges
        )
        return self.pages.framed(FORMS[verb].title, body)

    def _confirm(self, verb: str, about: str, fields: Fields, seen: _Seen) -> Response:
        kept = {n: v for n, v in fields.plain().items() if n not in ("csrf", "seen")}
        body = frames.body_of(
            "review_confirm.html",
            verb=verb,
            form=FORMS[verb],
            about=about,
            says=self._says(verb, about),
            back=self._back(verb, about),
            kept=kept,
            again=bool(fields["seen"]),
            seen=seen,
            body=_shown(seen.entry.body),
            changes=seen.changes[:_MOST_CHANGES],
            more=len(seen.changes) - _MOST_CHANGES,
            live=self.pages.live(),
        )
        return self.pages.framed(f"Sign: {FORMS[verb].title} {about}", body)

    def _says(self, verb: str, about: str) -> str:
        _, source = self.pages.shown()
        if FORMS[verb].about == "challenge":
            return next(c.says for c in source.assessment.review.challenges if c.id == about)
        from safetycase.report.outline import says_of

        return says_of(source.assessment, about)

    def _back(self, verb: str, about: str) -> str:
        return self.pages.address(about) if FORMS[verb].about == "element" else "/review"


def _shown(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The body of a record for reading, field by field."""
    return [
        (name, "; ".join(map(str, value)) if isinstance(value, list | tuple) else str(value))
        for name, value in body.items()
        if value not in (None, [], ())
    ]


def _notes(entry: Entry, after: Assessment) -> tuple[str, ...]:
    """What else a reader should know before signing."""
    if entry.kind == "override" and (because := after.review.overrides[-1].because):
        return (f"It will have no force: {because}.",)
    if entry.kind == "ruling":
        name = entry.body["challenge"]
        ruled = next(c for c in after.review.challenges if c.id == name).rulings[-1]
        return () if ruled.counts else (f"It will not count: {ruled.because}.",)
    if entry.kind != "sign-off" or not after.review.sign_offs:
        return ()
    signed, element = after.review.sign_offs[-1], entry.body["element"]
    state = after.states[element]
    notes = [f"{element} is {state.support} now."]
    standing = [c.id for c in after.review.standing if c.element == element]
    if standing:
        notes.append(f"Challenges stand against it: {', '.join(standing)}.")
    if not signed.counts:
        notes.append(f"It will not count: {signed.because}.")
    return tuple(notes)
