"""Why a channel may sell so many of a SKU, now or as of any instant: one answer for command line, API and page.

Each step names what it is made of: stock rows, orders and holds, rules, components, with addresses for those who have
pages.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from stocktower import catalog, inventory, model, publication
from stocktower.inventory import Basis, Moment
from stocktower.inventory import views as ledger
from stocktower.network import ChannelFacts, Network, load_network
from stocktower.ordering import views as orders
from stocktower.platform import Transaction, load_head

from .in_bins import BinLine, load_bins_of

PIECES = 20
"""Of a step; the rest is one number."""
Address = Callable[[str, int, str], str]
"""Of what a piece is about: its kind (order, stock, rule or sku), its id, the code of the SKU."""


def no_address(kind: str, id: int, code: str) -> str:
    """For those who have no pages."""
    return ""


class BadInstant(ValueError):
    """A text that names no instant of the past."""


class Piece(msgspec.Struct, frozen=True):
    """What a part of a step is made of."""

    kind: str
    """stock, order, hold, site, channel, sku."""
    id: int
    quantity: int
    """Signed as its step."""
    label: str
    href: str = ""
    rule: int = 0
    """The rule behind it, where there is one."""
    entry: str = ""
    """The entry of a ledger that says so: `row 1034, move 3: receipt`, `row 1034, reservation 7`, `shortage 2`; of
    what the configuration states its version."""


class ExplainedStep(msgspec.Struct, frozen=True):
    """One step down (or up) from what is on hand."""

    key: str
    label: str
    quantity: int
    running: int
    evidence: list[Piece]
    rest: int = 0
    """Units of the step that are made of more pieces than are listed."""


class ListingShown(msgspec.Struct, frozen=True):
    """What a listing shows, in whole packs, and what its channel was last told."""

    listing: str
    pack_quantity: int
    shown: int
    told: int | None
    told_at: str | None
    steps: list[ExplainedStep] | None = None
    """With explain: from what is available to sell to what is shown, in stock units."""


class ChannelAts(msgspec.Struct, frozen=True):
    """What one channel may sell of a SKU, in stock units; with explain, the way from on hand to it."""

    channel: str
    ats: int
    told: int | None
    """The last word about any of its listings."""
    told_at: str | None
    listings: list[ListingShown]
    steps: list[ExplainedStep] | None = None


class AtsAnswer(msgspec.Struct, frozen=True):
    """The ATS of a SKU in one channel or in all, as of a position of the event log."""

    sku: str
    name: str
    kind: str
    as_of: str | None
    """The instant that was asked for; nothing: now."""
    basis: Basis
    position: int
    """Of the last event that is in the figures."""
    configuration: int
    """The version that was applied."""
    channels: list[ChannelAts]
    bins: list[BinLine] = []
    """With explain: where units lie inside sites that keep bins."""


class Asked(msgspec.Struct, frozen=True):
    """The figures of some SKUs, now or as of a moment, and the network of that time."""

    availability: inventory.Availability
    network: Network
    moment: Moment | None

    def at(self, now: datetime) -> datetime:
        """The instant up to which ledgers count; what was recorded after a wait for a lock counts now too."""
        return self.moment.at if self.moment else now + timedelta(days=1)


def read_moment(tx: Transaction, text: str, zone: ZoneInfo, basis: Basis = Basis.RECORDED) -> Moment | None:
    """The moment that a text names: an instant, in the merchant's zone where it has no offset, or the end of a day.

    Nothing: now. Raises BadInstant.
    """
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
    except ValueError:
        raise BadInstant(
            f"{text} is not an instant; write it like 2026-06-08T10:05, or a day like 2026-06-08"
        ) from None
    if at.tzinfo is None:
        at = at.replace(tzinfo=zone)
    if len(text) == len("2026-06-08"):
        at = min(at + timedelta(days=1, microseconds=-1), max(at, tx.now))
    try:
        return inventory.load_moment(tx, at, basis)
    except (inventory.FutureInstant, model.NotAppliedThen) as error:
        raise BadInstant(str(error)) from error


def name_skus(tx: Transaction, skus: Iterable[catalog.Sku], moment: Moment | None) -> list[catalog.Sku]:
    """SKUs by the names and categories that they have now, or had at a moment."""
    return catalog.name_as_of(tx, skus, moment.at) if moment else list(skus)


def ask(tx: Transaction, sku_ids: Iterable[int], moment: Moment | None) -> Asked:
    """The figures of some SKUs as of a moment; None: now."""
    if moment is not None:
        return Asked(inventory.load_availability_at(tx, sku_ids, moment, explain=True), moment.network, moment)
    network = load_network(tx)
    return Asked(inventory.load_availability(tx, sku_ids, network, explain=True), network, None)


def explain_ats(
    tx: Transaction,
    sku: catalog.Sku,
    *,
    channel: str = "",
    moment: Moment | None = None,
    explain: bool = True,
    address: Address = no_address,
) -> AtsAnswer:
    """What channels may sell of a SKU and what they were told; with explain, each with its steps."""
    (sku,) = name_skus(tx, [sku], moment)
    asked = ask(tx, [sku.sku_id], moment)
    listings = load_listings(tx, sku.sku_id, moment)
    words = publication.load_told_at(tx, sku.sku_id, moment.at) if moment else publication.load_told(tx, sku.sku_id)
    told = {(word.channel_id, word.listing): word for word in words}
    last = {word.channel_id: word for word in sorted(words, key=lambda word: word.told_at)}
    shown = publication.load_shown(tx, asked.network, sku.sku_id, moment)
    explainer = Explainer(tx, sku, asked, address)
    channels: list[ChannelAts] = []
    for one in asked.network.channels.values():
        if not one.active or channel not in ("", one.code):
            continue
        ats = asked.availability.ats(sku.sku_id, one.channel_id)
        word = last.get(one.channel_id)
        own = [item for item in listings if item.channel_id == one.channel_id]
        channels.append(
            ChannelAts(
                channel=one.code,
                ats=ats,
                told=word.shown if word else None,
                told_at=word.told_at.isoformat() if word else None,
                listings=[
                    _shown(
                        item,
                        ats,
                        told,
                        shown,
                        asked.availability.terms(sku.sku_id, one.channel_id).floor,
                        explainer.listing(one, item, *shown.held_back(one.channel_id, sku.sku_id, ats))
                        if explain
                        else None,
                    )
                    for item in own
                ],
                steps=explainer.steps(one) if explain else None,
            )
        )
    return AtsAnswer(
        sku=sku.code, name=sku.name, kind=sku.kind, as_of=moment.at.isoformat() if moment else None,
        basis=moment.basis if moment else Basis.RECORDED, position=moment.position if moment else load_head(tx),
        configuration=asked.network.version, channels=channels,
        bins=load_bins_of(tx, sku, asked.availability.rows(sku.sku_id), asked.network, moment) if explain else [],
    )  # fmt: skip


def load_listings(tx: Transaction, sku_id: int, moment: Moment | None) -> list[catalog.Listing]:
    """The listings of a SKU with their packs, now or as of a moment, by channel and key."""
    if moment is not None:
        return catalog.listings_at(catalog.load_versions_of_sku(tx, sku_id), sku_id, moment.at)
    return catalog.load_listings_of(tx, [sku_id]).get(sku_id, [])


def _shown(
    listing: catalog.Listing,
    ats: int,
    told: dict[tuple[int, str], publication.Told],
    shown: publication.Shown,
    floor: int,
    steps: list[ExplainedStep] | None,
) -> ListingShown:
    word = told.get((listing.channel_id, listing.key))
    now, _ = shown.offered(listing.channel_id, listing.sku_id, ats, listing.pack_quantity, floor)
    return ListingShown(
        listing.key, listing.pack_quantity, now,
        word.shown if word else None, word.told_at.isoformat() if word else None, steps,
    )  # fmt: skip


class Explainer:
    """Steps of one SKU with what they are made of, by name and address."""

    def __init__(self, tx: Transaction, sku: catalog.Sku, asked: Asked, address: Address = no_address) -> None:
        self._tx = tx
        self._sku = sku
        self._asked = asked
        self._address = address
        self._rows = {row.stock_id: row for row in asked.availability.rows(sku.sku_id)}
        components = asked.availability.facts.kits.get(sku.sku_id, ())
        self._parts = catalog.load_skus(tx, [part for part, _ in components])
        self._holders: list[ledger.Holder] | None = None
        self._waiters: list[ledger.Waiter] | None = None
        self._numbers: dict[int, str] = {}
        self._names: dict[int, str] = {}
        self._moves: dict[int, tuple[int, str]] | None = None
        self._rules: dict[int, inventory.RuleView] = {}

    def steps(self, channel: ChannelFacts) -> list[ExplainedStep]:
        """The way from what is on hand to what a channel may sell."""
        steps = self._asked.availability.waterfall(self._sku.sku_id, channel.channel_id)
        self._learn_rules(steps)
        return [self._explained(step) for step in steps]

    def listing(
        self, channel: ChannelFacts, listing: catalog.Listing, held_back: int, why: str
    ) -> list[ExplainedStep]:  # fmt: skip
        """The way from what a channel may sell to what it is shown of a listing."""
        steps = self._asked.availability.shown_waterfall(
            self._sku.sku_id, channel.channel_id, listing.pack_quantity, held_back
        )
        self._learn_rules(steps)
        labels = {"ats": f"what {channel.name} may sell", "buffer": f"held back of {channel.name}"}
        made: list[ExplainedStep] = []
        for step in steps:
            pieces = [
                Piece("channel", channel.channel_id, one.quantity, labels.get(step.key, f"listing {listing.key}"))
                if one.kind == "channel"
                else self._piece(step.key, one)
                for one in step.evidence
            ]
            label = why if step.key == "buffer" else step.label
            made.append(ExplainedStep(step.key, label, step.quantity, step.running, pieces))
        return made

    def _learn_rules(self, steps: Iterable[inventory.Step]) -> None:
        wanted = {one.rule_id for step in steps for one in step.evidence if one.rule_id} - self._rules.keys()
        if wanted:
            self._rules |= inventory.load_rule_views(self._tx, wanted)

    def _explained(self, step: inventory.Step) -> ExplainedStep:
        if step.key in ("allocated", "held"):
            pieces = self._allocated({piece.id for piece in step.evidence}, step.key)
        elif step.key == "waiting":
            pieces = self._waiting({piece.id: piece.quantity for piece in step.evidence})
        else:
            pieces = [self._piece(step.key, one) for one in step.evidence]
        shown = sorted(pieces, key=lambda piece: -abs(piece.quantity))[:PIECES]
        rest = step.quantity - sum(piece.quantity for piece in shown) if step.evidence else 0
        return ExplainedStep(step.key, self._label(step), step.quantity, step.running, shown, rest)

    def _label(self, step: inventory.Step) -> str:
        if step.key == "component" and step.evidence and step.evidence[0].id in self._parts:
            return f"Limited by {self._parts[step.evidence[0].id].code}"
        return step.label

    def _allocated(self, stock_ids: set[int], key: str) -> list[Piece]:
        """Who has units: orders and holds apart, where it is known which is which."""
        if self._holders is None:
            sites = {row.stock_id: row.site_id for row in self._rows.values()}
            self._holders = ledger.load_holders_at(self._tx, sites, self._asked.at(self._tx.now)) if sites else []
            self._name(one.order_id for one in self._holders)
            self._names = ledger.load_names(self._tx, {one.order_id for one in self._holders if one.kind != "order"})
        pieces = [
            self._holder(one, f"at {self._site(one.site_id)}") for one in self._holders if one.stock_id in stock_ids
        ]
        if not self._asked.availability.facts.held:
            return pieces
        return [one for one in pieces if (one.kind == "hold") == (key == "held")]

    def _holder(self, one: ledger.Holder, where: str) -> Piece:
        entry = f"row {one.stock_id}, reservation {one.sequence}"
        if one.kind == "order":
            return self._order(one.order_id, -one.quantity, where, entry)
        name = self._names.get(one.order_id, f"{one.kind} {one.order_id}")
        return Piece(one.kind, one.order_id, -one.quantity, f"{name} {where}", "", 0, entry)

    def _waiting(self, channels: dict[int, int]) -> list[Piece]:
        """Who waits, as far as it counts here: a channel's own aside takes up a part of what it waits for."""
        if self._waiters is None:
            self._waiters = ledger.load_waiters_at(self._tx, self._sku.sku_id, self._asked.at(self._tx.now))
            self._name(one.order_id for one in self._waiters)
        pieces: list[Piece] = []
        for channel_id, quantity in channels.items():
            own = [one for one in self._waiters if one.channel_id == channel_id]
            pieces += [
                self._order(one.order_id, -one.units, f"of {self._channel(channel_id)}", f"shortage {one.sequence}")
                for one in own
            ]
            covered = quantity + sum(one.units for one in own)
            if covered:
                pieces.append(
                    Piece(
                        "channel", channel_id, covered, f"served by what is set aside for {self._channel(channel_id)}"
                    )
                )
        return pieces

    def _name(self, order_ids: Iterable[int]) -> None:
        wanted = sorted(set(order_ids) - self._numbers.keys())[: 50 * PIECES]
        self._numbers |= {
            row.order_id: row.number for row in orders.load_rows(self._tx, load_network(self._tx), wanted)
        }

    def _order(self, order_id: int, quantity: int, where: str, entry: str) -> Piece:
        number = self._numbers.get(order_id, str(order_id))
        href = self._address("order", order_id, "")
        return Piece("order", order_id, quantity, f"order {number} {where}", href, 0, entry)

    def _move_of(self, stock_id: int) -> str:
        """The last move of a row, which made it what it is."""
        if self._moves is None:
            self._moves = ledger.load_last_moves_at(self._tx, sorted(self._rows), self._asked.at(self._tx.now))
        sequence, reason = self._moves.get(stock_id, (0, ""))
        return f"row {stock_id}, move {sequence}: {reason.replace('_', ' ')}" if sequence else f"row {stock_id}"

    def _piece(self, key: str, one: inventory.Evidence) -> Piece:
        if one.kind == "stock" and one.id in self._rows:
            row = self._rows[one.id]
            words = (self._site(row.site_id), row.status.replace("_", " "), row.owner, row.lot and f"lot {row.lot}")
            label = ", ".join(word for word in words if word)
            href = self._address("stock", one.id, self._sku.code)
            return Piece(one.kind, one.id, one.quantity, label, href, 0, self._move_of(one.id))
        if one.kind == "sku" and one.id in self._parts:
            code = self._parts[one.id].code
            return Piece(one.kind, one.id, one.quantity, code, self._address("sku", one.id, code))
        if one.kind == "site":
            label = f"kept at {self._site(one.id)}" if key == "safety_stock" else self._site(one.id)
            ruled = key == "safety_stock"
        elif one.kind == "channel":
            words = {"exclusive": "sold by {} alone", "own": "used by {}"}.get(key, "set aside for {}")
            label, ruled = words.format(self._channel(one.id)), True
        else:
            label, ruled = f"{one.kind} {one.id}", True
        if one.rule_id:
            label = self._rule_words(one.rule_id) if one.kind == "rule" else f"{label}, rule {one.rule_id}"
        href = self._address("rule", one.rule_id, self._sku.code) if ruled else ""
        # Safety stock that no rule speaks of is the default of its site.
        entry = f"configuration {self._asked.network.version}" if ruled and not one.rule_id else ""
        return Piece(one.kind, one.id, one.quantity, label, href, one.rule_id, entry)

    def _rule_words(self, rule_id: int) -> str:
        """What a rule says, and of what."""
        rule = self._rules.get(rule_id)
        if rule is None:
            return f"rule {rule_id}"
        of = " ".join(word for word in (rule.what or "everything", rule.where) if word)
        return f"rule {rule_id}: {rule.says} ({of})"

    def _site(self, site_id: int) -> str:
        site = self._asked.network.sites.get(site_id)
        return site.code if site else f"site {site_id}"

    def _channel(self, channel_id: int) -> str:
        channel = self._asked.network.channels.get(channel_id)
        return channel.name if channel else f"channel {channel_id}"
