"""Who may come in, and how: sessions and tokens, forms that only our own pages can send, headers on every answer.

The gate stands before everything else, so that a page nobody thought of is closed too.
"""

import hashlib
import hmac
import time
from collections.abc import Callable, Sequence
from http.cookies import CookieError, SimpleCookie
from typing import Any, Literal, cast

import msgspec
from litestar.connection import ASGIConnection
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from stocktower import access
from stocktower.platform import Transaction
from stocktower.web.asking import Asking
from stocktower.web.services import Services

SESSION = "stocktower_session"
THEME = "stocktower_theme"
SESSION_SECONDS = 14 * 86_400
ENTRY = "stocktower_entry"
REMEMBERED = 1.0
"""Seconds for which a good token of the API is not looked up again; so long it may outlive its end."""
MOST_REMEMBERED = 10_000
OPEN = ("/health", "/sign-in", "/favicon.ico")
API = "/api/"
OPEN_BELOW = ("/static/", "/sign-in/")

HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        b"form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)
NOT_KEPT = (b"cache-control", b"no-store")


class Entry(msgspec.Struct, frozen=True):
    """Who is in, and by what: the session of a browser, or a token of the API."""

    person: access.Person
    kind: Literal["session", "api"]
    form_token: str
    """What a form of this session carries; empty for tokens."""


Credentials = tuple[str, Literal["session", "api"]]
"""A secret, and what it was sent as."""
Refuse = Callable[[Scope], ASGIApp]
"""Makes the answer to somebody who is not let in."""


SAFE = ("GET", "HEAD", "OPTIONS")


class Gate:
    """Lets people and systems in, turns others away, and puts the security headers on every answer.

    Writes of the API need a token: a browser's session is for pages, whose forms are protected.

    A token of the API that was found to be good is taken as good for REMEMBERED seconds: a system that asks for each
    page it shows is looked up once a second, not each time. Sessions of people are looked up always.
    """

    def __init__(self, app: ASGIApp, services: Services, refuse: Refuse) -> None:
        self.app = app
        self.services = services
        self.refuse = refuse
        self._entries = Asking(services.database, services.merchant_id, find_entries)
        self._remembered: dict[bytes, tuple[Entry, float]] = {}
        """Hash of a token of the API -> whom it lets in, and until when on the monotonic clock."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its entry, or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        found = credentials(scope)
        entry = await self._find(found) if found else None
        cast(dict[str, Any], scope)[ENTRY] = entry
        target = self.app if may_pass(scope, entry) else self.refuse(scope)
        await target(scope, receive, with_headers(send))

    async def _find(self, asked: Credentials) -> Entry | None:
        secret, kind = asked
        if kind == "session":
            return await self._entries.ask(asked)
        key = hashlib.sha256(secret.encode()).digest()
        entry, until = self._remembered.get(key, (None, 0.0))
        now = time.monotonic()
        if now < until:
            return entry
        entry = await self._entries.ask(asked)
        if len(self._remembered) >= MOST_REMEMBERED:
            self._remembered.clear()
        if entry is not None:
            self._remembered[key] = entry, now + REMEMBERED
        else:
            self._remembered.pop(key, None)
        return entry


def find_entries(tx: Transaction, asked: Sequence[Credentials]) -> list[Entry | None]:
    """The entry that each secret opens, if any."""
    people = {one: access.ask_person(tx, one[0], (one[1],)) for one in asked}
    entries: dict[Credentials, Entry | None] = {}
    for (secret, kind), answer in people.items():
        person = answer.get()
        token = form_token(secret) if kind == "session" else ""
        entries[secret, kind] = Entry(person, kind, token) if person else None
    return [entries[one] for one in asked]


def entry_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Entry | None:
    """Who sent a request, as the gate found."""
    return entry_in(connection.scope)


def entry_in(scope: Scope) -> Entry | None:
    """The same, of a request that is not let on."""
    return cast(dict[str, Any], scope).get(ENTRY)


def may_pass(scope: HTTPScope, entry: Entry | None) -> bool:
    """Whether a request goes on to what answers it."""
    if entry is None:
        return is_open(scope["path"])
    return entry.kind == "api" or scope["method"] in SAFE or not scope["path"].startswith(API)


def is_open(path: str) -> bool:
    """Whether anybody may ask for a path: health, the sign-in page, and our own style and script."""
    return path in OPEN or path.startswith(OPEN_BELOW)


def credentials(scope: Any) -> Credentials | None:
    """The secret that came with a request: a bearer token, else the session cookie."""
    headers = {name.lower(): value for name, value in scope["headers"]}
    scheme, _, token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip(), "api"
    if scheme:
        return None
    try:
        session = SimpleCookie(headers.get(b"cookie", b"").decode("latin-1")).get(SESSION)
    except CookieError:
        return None
    return (session.value, "session") if session and session.value else None


def form_token(secret: str) -> str:
    """What every form of a session carries; it cannot be made without the session's secret."""
    return hmac.new(secret.encode(), b"stocktower form", hashlib.sha256).hexdigest()[:40]


def is_own_form(entry: Entry | None, token: str) -> bool:
    """Whether a form was made by one of our pages for this very session."""
    return (
        entry is not None and entry.kind == "session" and hmac.compare_digest(entry.form_token.encode(), token.encode())
    )


def with_headers(send: Send) -> Send:
    """Sends the head of an answer with the security headers; nothing is kept by caches unless it says so itself."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message["headers"])
            named = {name.lower() for name, _ in headers}
            headers += [header for header in (*HEADERS, NOT_KEPT) if header[0] not in named]
            message = {**message, "headers": headers}
        await send(message)

    return sending
