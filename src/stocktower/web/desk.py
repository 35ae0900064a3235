"""The desk: who asks, what time it is, and how an answer becomes a page."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any, TypeVar
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import msgspec
from litestar import MediaType, Request, Response
from litestar.di import NamedDependency
from litestar.exceptions import PermissionDeniedException
from markupsafe import Markup

from stocktower import access, model, network, worklist
from stocktower.platform import Transaction, run_again
from stocktower.web import formats, security
from stocktower.web.asking import Askings
from stocktower.web.services import Services
from stocktower.web.templating import environment

T = TypeVar("T")
THEMES = ("auto", "light", "dark")


class Place(msgspec.Struct, frozen=True):
    """An entry of the rail."""

    name: str
    href: str
    key: str
    """After g."""
    icon: str
    """The path of a 16 x 16 drawing."""


RAIL = (
    Place("Today", "/", "t", "M2 12.5h12M4 10V8M8 10V3M12 10V6"),
    Place("Orders", "/orders", "o", "M3 2.5h10v11H3zM5.5 6h5M5.5 8.5h5M5.5 11h3"),
    Place("Stock", "/stock", "s", "M2 5l6-3 6 3v6l-6 3-6-3zM2 5l6 3 6-3M8 8v6"),
    Place("Cases", "/cases", "c", "M8 2l6 11H2zM8 6.5v3M8 11v.5"),
    Place("Books", "/books", "b", "M3 2.5h8.5a1.5 1.5 0 0 1 1.5 1.5v9.5H4.5A1.5 1.5 0 0 1 3 12zM3 11.5h10M6 5.5h4"),
    Place("Partners", "/imports", "p", "M8 10V2M5 5l3-3 3 3M2.5 9.5v4h11v-4"),
)


class Tab(msgspec.Struct, frozen=True):
    """A page of a place that has several."""

    label: str
    href: str
    """Pages below it belong to it too."""
    also: tuple[str, ...] = ()
    """Other addresses that belong to it."""


STOCK_TABS = (
    Tab("Availability", "/stock", also=("/history",)),
    Tab("Lots", "/lots"),
    Tab("Bins", "/bins"),
    Tab("Rules", "/rules"),
    Tab("Publication", "/publication"),
    Tab("Moves", "/moves", also=("/assemblies",)),
    Tab("Inbound", "/inbound", also=("/transfers", "/receipts")),
    Tab("Counts", "/counts"),
    Tab("Reorder", "/reorder"),
    Tab("Reconciliation", "/reconciliation"),
    Tab("Data quality", "/quality", also=("/listings",)),
)  # fmt: skip
"""The pages of the place Stock. Addresses of their own: what follows /stock/ is the code of a SKU."""


class Clock(msgspec.Struct, frozen=True):
    """The instant and the zone that a page is written for."""

    now: datetime
    zone: ZoneInfo

    def ago(self, at: datetime | None) -> Markup:
        """Relative, exact on hover."""
        return formats.time_tag(at, formats.relative(at, self.now) if at else "", self.zone)

    def brief(self, at: datetime | None) -> Markup:
        """As short as can be read, exact on hover."""
        return formats.time_tag(at, formats.brief(at, self.zone, self.now) if at else "", self.zone)

    def due(self, at: datetime | None) -> Markup:
        """By when something is expected, exact on hover."""
        return formats.time_tag(at, formats.due(at, self.zone, self.now) if at else "", self.zone)

    def day(self, on: date) -> str:
        """A day of the calendar."""
        return formats.day(on, self.now.astimezone(self.zone).date())

    def exact(self, at: datetime | None) -> Markup:
        """With zone."""
        return formats.time_tag(at, formats.exact(at, self.zone) if at else "", self.zone)


class Desk:
    """One request: its services, its person, and its answer."""

    def __init__(self, request: Request[Any, Any, Any], services: Services, askings: Askings) -> None:
        self.request = request
        self.ask = askings.ask
        self.services = services
        self.entry: security.Entry | None = security.entry_of(request)
        self._allowed_by: list[str] = []

    @property
    def person(self) -> access.Person:
        """Who asks; the gate has let them in."""
        if self.entry is None:
            raise PermissionDeniedException("sign in first")
        return self.entry.person

    @contextmanager
    def reading(self) -> Generator[Transaction]:
        """One consistent view of everything."""
        with self.services.database.reading(self.services.merchant_id) as tx:
            yield tx

    @contextmanager
    def writing(self, *, dry_run: bool = False) -> Generator[Transaction]:
        """One command of this person; a dry run is rolled back at its end."""
        try:
            with self.services.database.transaction(
                self.services.merchant_id, actor=self.person.name, allowed_by=self.allowed_by
            ) as tx:
                yield tx
                if dry_run:
                    raise _DryRun
        except _DryRun:
            pass

    def carry_out(self, command: Callable[[Transaction], T], *, dry_run: bool = False) -> T:
        """A command of this person in a transaction of its own, again where it met a deadlock or moving stock."""

        def once() -> T:
            with self.writing(dry_run=dry_run) as tx:
                done = command(tx)
            return done

        return run_again(once)

    @property
    def allowed_by(self) -> str:
        """The stated rules by which this person may do what was required of them, for the records."""
        return "; ".join(dict.fromkeys(self._allowed_by))

    def require(self, permission: access.Permission) -> None:
        """Refuse a person who may not do it; a refusal by what the operating model states is on record."""
        try:
            stated = access.require(self.person, permission)
        except access.PermissionDenied as refusal:
            if refusal.override is not None:
                with self.services.database.transaction(self.services.merchant_id, actor=self.person.name) as tx:
                    access.record_refusal(tx, refusal)
            raise
        if stated:
            self._allowed_by.append(stated)

    def may(self, permission: access.Permission) -> bool:
        """Whether this person may do it."""
        return access.may(self.person, permission)

    def network(self, tx: Transaction) -> network.Network:
        """Sites and channels under the applied configuration."""
        return network.load_network(tx)

    def book_currency(self, tx: Transaction) -> str:
        """The currency in which money of several channels is added up: the first legal entity's."""
        return model.load_applied(tx).configuration.entities[0].currency

    def show(self, tx: Transaction, template: str, *, status: int = 200, **context: Any) -> Response[str]:
        """A page inside the frame."""
        configuration = model.load_applied(tx).configuration
        facts = network.load_network(tx)
        clock = Clock(tx.now, formats.zone_of(facts.timezone))
        counts = {"Cases": worklist.load_cases(tx, worklist.CaseFilter(), limit=1).total}
        return self.page(
            template,
            status=status,
            merchant=configuration.merchant,
            clock=clock,
            frozen=configuration.demo is not None,
            counts=counts,
            network=facts,
            book_currency=configuration.entities[0].currency,
            **context,
        )

    def page(self, template: str, *, status: int = 200, **context: Any) -> Response[str]:
        """A page as it is."""
        path = self.request.url.path
        theme = self.request.cookies.get(security.THEME, "auto")
        text = (
            environment()
            .get_template(template)
            .render(
                person=self.entry.person if self.entry else None,
                form_token=self.entry.form_token if self.entry else "",
                rail=RAIL,
                place=place_of(path),
                tabs=STOCK_TABS,
                tab=tab_of(path),
                path=path,
                here=_address(self.request),
                theme=theme if theme in THEMES else "auto",
                link=link_from(path, self.request),
                **context,
            )
        )
        return Response(text, media_type=MediaType.HTML, status_code=status)


AtDesk = NamedDependency[Desk]
"""The desk as handlers ask for it."""


class _DryRun(Exception):
    """Ends a transaction that must leave nothing."""


def place_of(path: str) -> str:
    """The name of the place in the rail that a page belongs to; nothing where none is."""
    if tab_of(path) is not None:
        return "Stock"
    return next((place.name for place in RAIL if _is_under(path, place.href)), "")


def tab_of(path: str) -> Tab | None:
    """The tab of Stock that a page belongs to, the nearest one."""
    found = [(len(href), tab) for tab in STOCK_TABS for href in (tab.href, *tab.also) if _is_under(path, href)]
    return max(found, key=lambda one: one[0])[1] if found else None


def _is_under(path: str, href: str) -> bool:
    return path == href or (href != "/" and path.startswith(f"{href}/"))


def _address(request: Request[Any, Any, Any]) -> str:
    query = request.url.query
    return f"{request.url.path}?{query}" if query else request.url.path


def link_from(path: str, request: Request[Any, Any, Any]) -> Callable[..., str]:
    """Addresses of this page with some of its parameters changed; None or nothing takes one out."""
    given = dict(request.query_params.items())

    def link(**changes: Any) -> str:
        query = {**given, **changes}
        text = urlencode({name: str(value) for name, value in query.items() if value not in (None, "")})
        return f"{path}?{text}" if text else path

    return link


def is_safe_path(path: str) -> bool:
    """Whether a path given in a form stays on this site."""
    return path.startswith("/") and not path.startswith(("//", "/\\")) and not any(ord(char) < 32 for char in path)
