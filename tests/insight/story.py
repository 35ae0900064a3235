"""A merchant to whom all happens that can change a figure, in a seeded order, with what was said after each act."""

import random
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from stocktower import catalog, exchange, insight, inventory, model, network, ordering, publication
from stocktower.exchange import Incoming, ProductDocument, StockDocument, StockLine
from stocktower.insight import AtpAnswers, AtsAnswer, GridAsked, GridRow
from stocktower.inventory import (
    DeliveredLine,
    Delivery,
    HoldRequest,
    Inbound,
    RuleRefused,
    StatedInbound,
    StepLine,
    TransferStep,
)
from stocktower.model import ChannelRule
from stocktower.platform import Transaction, take_due
from stocktower.publication import PreorderWord
from tests.ordering.world import World, document
from tests.publication.world import digest, measure, publish, watch

TEXT = """
[merchant]
code = "acme"
name = "Acme"

[publication]
buffer_percent = 95

[[preorders]]
sku = "CUP"

[[preorders]]
sku = "LID"

[[preorders]]
sku = "ROPE"

[[supply]]
supplier = "Mill"
site = "WEST"
skus = ["LID"]
lead_time_days = 9
spread_days = 2
promise = true

[[entities]]
code = "us"
name = "Acme Inc."
currency = "USD"

[[statuses]]
code = "outlet"
sellable = true

[[consignors]]
code = "ART"

[[groups]]
code = "COAST"

[[sites]]
code = "EAST"
name = "East"
kind = "warehouse"
country = "US"
group = "COAST"
priority = 10

[[sites]]
code = "WEST"
name = "West"
kind = "warehouse"
country = "US"
group = "COAST"
priority = 20

[[sites]]
code = "STORE"
name = "Store"
kind = "store"
country = "US"
safety_stock = 1
priority = 30

[[channels]]
code = "web"
name = "Web"
kind = "shopify"
currency = "USD"
live_from = 2026-01-01T00:00:00Z
sites = ["EAST", "WEST", "STORE"]
priority = 30
owners = ["*"]
takes_preorders = true

[[channels]]
code = "market"
name = "Market"
kind = "amazon"
currency = "USD"
live_from = 2026-01-01T00:00:00Z
sites = ["EAST", "WEST"]
min_shelf_life_days = 10
lag_minutes = 600
acknowledge_within_minutes = 30
priority = 20

[[channels]]
code = "b2b"
name = "Wholesale"
kind = "b2b"
currency = "USD"
live_from = 2026-01-01T00:00:00Z
sites = ["WEST", "STORE"]
priority = 60
terms_days = 30
"""
LATER = (
    TEXT.replace("sellable = true", "sellable = false")
    .replace('sites = ["WEST", "STORE"]', 'sites = ["WEST", "STORE", "EAST"]')
    .replace("spread_days = 2", "spread_days = 4")
)
PRODUCTS = (
    ProductDocument("CUP", "Cup", category="kitchen", cost_minor=250, listings=(("market", "CUPS", 1),)),
    ProductDocument("LID", "Lid", category="kitchen", cost_minor=50, listings=(("market", "LIDS", 3),)),
    ProductDocument("ROPE", "Rope", category="garden", cost_minor=900, listings=(("web", "ROPE-2", 2),)),
    ProductDocument("MILK", "Milk", category="food", cost_minor=100, tracking="lot"),
    ProductDocument("SET", "Cup with lids", components=(("CUP", 1), ("LID", 2)), listings=(("market", "SETS", 1),)),
    ProductDocument("BOX", "Box of sets", components=(("SET", 2), ("ROPE", 1))),
)
SKUS = tuple(one.sku for one in PRODUCTS)
STOCKED = ("CUP", "LID", "ROPE")
LOTS = ("A1", "B2", "C3")


class Answers(NamedTuple):
    """What is said at an instant."""

    of: dict[str, tuple[AtsAnswer, AtpAnswers]]
    """What every channel can sell of every SKU, and why, and what it can promise by when."""
    kitchen: list[GridRow]
    """What lies where of one category, by the names of then."""
    ahead: list[PreorderWord]
    """What may be ordered ahead, and what was told of it."""


class Story:
    """What happens to one merchant in one transaction."""

    def __init__(self, tx: Transaction, seed: int) -> None:
        self.tx = tx
        self.dice = random.Random(seed)
        self.world = World(tx, TEXT, PRODUCTS)
        inventory.apply_rules(tx, model.load_applied(tx).configuration, self.world.network, self.world.sku)
        publication.begin_watching(tx, self.world.network)
        self.told: dict[datetime, Answers] = {}
        """As it was said at that instant."""
        self.done: list[str] = []
        self._orders: list[str] = []
        self._carts: list[tuple[int, str]] = []
        self._number = 0
        self._acts = (
            self._stock, self._stock, self._milk, self._milk, self._order, self._order, self._order, self._ship,
            self._ship, self._cart, self._end_cart, self._recall, self._release, self._correct, self._kit, self._kit,
            self._pack, self._category, self._category, self._rule, self._rule, self._rule, self._end_rule,
            self._measure, self._measure, self._status, self._cancel, self._expect, self._expect, self._expect,
            self._bring, self._bring, self._bring, self._close, self._transfer, self._transfer,
            self._terms, self._terms,
        )  # fmt: skip

    def live(self, acts: int) -> None:
        """Let so many things happen; some at one instant, some days apart."""
        for rule in (
            ChannelRule("share", channel="market", category="kitchen", percent=60),
            ChannelRule("set_aside", channel="b2b", category="garden", mode="quota", quantity=9),
            ChannelRule("safety_stock", sku="ROPE", mode="days", quantity=1, days=3, over_days=5),
        ):
            inventory.act_set_rule(self.tx, rule, None)
        self._stock()
        self._milk()
        for number in range(acts):
            self.tx.now += timedelta(seconds=self.dice.choice((0, 1, 60, 3_600, 20_000, 90_000)))
            self._number += 1
            self._time_passes()
            if number == acts // 2:
                self._apply(LATER)
            act = self.dice.choice(self._acts)
            act()
            self.done.append(act.__name__.removeprefix("_"))
            self.world.work()
            if self.dice.random() < 0.4:
                self._publish()
            digest(self.tx)
            self.told[self.tx.now] = self.ask()

    def ask(self, at: datetime | None = None) -> Answers:
        """What is said of every SKU now, or of an instant."""
        moment = inventory.load_moment(self.tx, at) if at else None
        skus = catalog.find_skus(self.tx, SKUS)
        kitchen = GridAsked(inventory.Wanted(), category="kitchen", detail=True)
        figures = {
            code: (
                insight.explain_ats(self.tx, skus[code], moment=moment),
                insight.answer_atp(self.tx, skus[code], quantity=30, moment=moment),
            )
            for code in SKUS
        }
        ids = list(self.world.sku.values())
        if moment:
            ahead = publication.load_preorders_at(self.tx, ids, moment.at)
        else:
            ahead = [replace(one, publication_id=None) for one in publication.load_preorders(self.tx, ids)]
        return Answers(figures, insight.load_grid(self.tx, kitchen, moment).rows, ahead)

    def _time_passes(self) -> None:
        """Lots expire, rules begin and end, channels are watched."""
        for kind, handle in (
            (inventory.LOOK, ordering.look_at_lots), (inventory.WINDOW, inventory.turn_rules),
            (inventory.COVER, inventory.measure_cover), (inventory.EXPIRY, inventory.expire_holds),
            (ordering.PROMISE, ordering.resume_orders),
        ):  # fmt: skip
            keys = take_due(self.tx, kind, 100)
            if keys:
                handle(self.tx, keys)
        watch(self.tx)
        self.world.work()

    def _apply(self, text: str) -> None:
        outcome = model.apply_configuration(self.tx, text, base_version=None, author="tester", file="stocktower.toml")
        network.apply_network(self.tx, outcome.configuration)
        self.world.network = network.load_network(self.tx)
        inventory.apply_rules(self.tx, outcome.configuration, self.world.network, self.world.sku)

    def _snapshot(self, site: str, lines: Sequence[StockLine]) -> None:
        body = msgspec.json.encode(StockDocument(site, self.tx.now, tuple(lines)))
        key = f"{site}/{self._number}"
        exchange.receive(self.tx, site, [Incoming("stock", key, body)], origin="test")
        self.world.work()

    def _stock(self) -> None:
        site = self.dice.choice(("EAST", "WEST", "STORE"))
        owner = self.dice.choice(("", "", "consignor:ART"))
        status = self.dice.choice(("available", "available", "outlet", "quarantine"))
        found = [code for code in STOCKED if self.dice.random() < 0.8]
        self._snapshot(
            site,
            [
                StockLine(code, self.dice.randrange(0, 40), status=status, owner=owner, row=row)
                for row, code in enumerate(found, start=2)
            ],
        )

    def _milk(self) -> None:
        """Lots with the dates that they were first stated with; a lot's date is stated once."""
        lots = {lot: number for number, lot in enumerate(LOTS)}
        day = date(2026, 6, 4)
        self._snapshot(
            self.dice.choice(("EAST", "WEST")),
            [
                StockLine("MILK", self.dice.randrange(0, 15), lot=lot, row=row,
                          expires_on=None if self._knows(lot) else day + timedelta(days=9 * lots[lot]))
                for row, lot in enumerate(self.dice.sample(LOTS, 2), start=2)
            ],
        )  # fmt: skip

    def _knows(self, lot: str) -> bool:
        return any(one.lot == lot for one in inventory.load_lots(self.tx, code=lot, sku_id=self.world.sku["MILK"]))

    def _order(self) -> None:
        channel = self.dice.choice(("web", "market", "b2b"))
        lines = [(code, self.dice.randrange(1, 7)) for code in self.dice.sample(SKUS, 2)]
        placed = {"placed_at": self.tx.now - timedelta(hours=self.dice.choice((0, 0, 30)))}
        self._orders.append(f"N{self._number}")
        self.world.order(channel, document(self._orders[-1], *lines, **placed))

    def _cancel(self) -> None:
        row = self._some_order("open", "backordered", "reserved", "partially_reserved")
        if row is not None:
            self.world.order(row.channel, document(row.number, ("CUP", 1), cancelled_at=self.tx.now))

    def _some_order(self, *states: str) -> ordering.OrderRow | None:
        """One of the orders that stand so, if one of a few is found that does."""
        for number in self.dice.sample(self._orders, min(5, len(self._orders))):
            rows = ordering.find_orders(self.tx, self.world.network, number)
            if rows and rows[0].fulfillment_state in states:
                return rows[0]
        return None

    def _ship(self) -> None:
        row = self._some_order("released")
        if row is not None:
            request = self.world.find(row.number).fulfillments[0]
            lines = [(line.sku, line.quantity) for line in request.lines]
            self.world.confirm(request.number, "shipped", lines, source=request.site, tracking=f"T{self._number}")

    def _cart(self) -> None:
        reference, channel_id = f"cart-{self._number}", self.world.network.channel_ids["web"]
        lines = ((self.world.sku[self.dice.choice(SKUS)], self.dice.randrange(1, 4)),)
        inventory.hold(self.tx, [HoldRequest(channel_id, reference, lines, self.tx.now + timedelta(hours=1))])
        self._carts.append((channel_id, reference))

    def _end_cart(self) -> None:
        if self._carts:
            inventory.release_holds(self.tx, [inventory.EndHold(*self._carts.pop(0))])

    def _recall(self) -> None:
        lot = self.dice.choice(LOTS)
        if self._knows(lot):
            try:
                ordering.hold_lot(self.tx, self.world.sku["MILK"], lot, "smells")
            except ordering.NotPossible:
                ordering.release_lot(self.tx, self.world.sku["MILK"], lot, "it was the cat")

    def _release(self) -> None:
        held = inventory.load_lots(self.tx, sku_id=self.world.sku["MILK"], state=inventory.HELD)
        if held:
            ordering.release_lot(self.tx, self.world.sku["MILK"], held[0].lot, "it was the cat")

    def _correct(self) -> None:
        lot, day = self.dice.choice(LOTS), date(2026, 6, 2) + timedelta(days=self.dice.randrange(40))
        if self._knows(lot):
            inventory.correct_lot(
                self.tx, self.world.sku["MILK"], lot, self.world.network, expires_on=day, made_on=None
            )

    def _kit(self) -> None:
        code = self.dice.choice(("SET", "BOX"))
        parts = (("CUP", 1), ("LID", self.dice.randrange(1, 4))) if code == "SET" else (
            ("SET", self.dice.randrange(1, 3)), (self.dice.choice(("ROPE", "CUP")), 1))  # fmt: skip
        catalog.take_products(self.tx, [ProductDocument(code, "", components=parts)])

    def _pack(self) -> None:
        channel, key, code = self.dice.choice((("web", "ROPE-2", "ROPE"), ("market", "SETS", "SET")))
        channel_id = self.world.network.channel_ids[channel]
        catalog.map_listing(self.tx, channel_id, key, self.world.sku[code], self.dice.randrange(1, 5), "ann")

    def _category(self) -> None:
        code = self.dice.choice(STOCKED)
        category = self.dice.choice(("kitchen", "garden"))
        name = f"{code.title()} of the {category}"
        catalog.take_products(self.tx, [ProductDocument(code, name, category=category)])
        inventory.recount(self.tx, [self.world.sku[code]])

    def _rule(self) -> None:
        kind = self.dice.choice(("set_aside", "set_aside", "share", "cap", "floor", "exclusive", "safety_stock"))
        mode: Any = self.dice.choice({"set_aside": ("level", "quota"), "safety_stock": ("", "days")}.get(kind, ("",)))
        what: Any = self.dice.choice(
            ({"sku": self.dice.choice(SKUS)}, {"category": "kitchen"}, {"category": "garden"}, {})
        )
        placed = kind in ("cap", "exclusive", "safety_stock") or mode == "level"
        where: Any = self.dice.choice(({}, {"site": "WEST"}, {"group": "COAST"})) if placed else {}
        window = self.dice.choice(((None, None), (None, None), (timedelta(hours=1), timedelta(days=2))))
        starts_at, ends_at = (None if one is None else self.tx.now + one for one in window)
        rule = ChannelRule(
            kind=kind, channel="" if kind == "safety_stock" else self.dice.choice(("web", "market", "b2b")),
            mode=mode, quantity={"share": None, "exclusive": 1}.get(kind, self.dice.randrange(0, 9)),
            percent=self.dice.choice((30, 50, 80)) if kind == "share" else 100, starts_at=starts_at, ends_at=ends_at,
            days=5 if mode == "days" else 0, **what, **where,
        )  # fmt: skip
        try:
            inventory.act_set_rule(self.tx, rule, None)
        except RuleRefused:
            return

    def _end_rule(self) -> None:
        listed = inventory.list_rules(self.tx, inventory.RulesAsked())
        meant = [one.rule_id for one in listed.rules if one.by_person]
        if meant:
            inventory.act_end_rule(self.tx, self.dice.choice(meant), None)

    def _publish(self) -> None:
        made = publish(self.tx)
        if "market" in made and self.dice.random() < 0.2:
            publication.acknowledge(
                self.tx, self.world.network, by="market", publication_ids=[made["market"].publication_id]
            )

    def _measure(self) -> None:
        """Sales are counted, and with the lags they give other buffers."""
        for code in self.dice.sample(SKUS, 3):
            line = publication.Accepted(
                10_000 + self._number, SKUS.index(code), self.world.network.channel_ids["web"], code,
                self.world.sku[code], 1, self.dice.randrange(1, 60), self.tx.now, self.tx.now,
            )  # fmt: skip
            publication.note_accepted(self.tx, [line])
        measure(self.tx)

    def _status(self) -> None:
        site, code = self.dice.choice(("EAST", "WEST")), self.dice.choice(STOCKED)
        try:
            ordering.change_status(self.tx, sku=code, site=site, to_status=self.dice.choice(("damaged", "outlet")),
                                   why="dropped", units=self.dice.randrange(1, 4), cut=True)  # fmt: skip
        except inventory.NotUsable:
            return

    def _coming(self, *kinds: str) -> list[Inbound]:
        found = inventory.load_inbound(self.tx, [self.world.sku[code] for code in STOCKED])
        return [one for one in found if one.kind in kinds]

    def _expect(self) -> None:
        """Goods are announced, or something else is said of what was."""
        known = self._coming(inventory.PURCHASE)
        site = self.world.network.site_ids[self.dice.choice(("EAST", "WEST", "STORE"))]
        at = None if self.dice.random() < 0.1 else self.tx.now + timedelta(hours=self.dice.randrange(1, 200))
        stated = StatedInbound(
            f"PO-{self._number}", self.world.sku[self.dice.choice(STOCKED)], site, self.dice.randrange(1, 30), at,
            self.dice.random() < 0.8, supplier=self.dice.choice(("Mill", "Yard")),
        )  # fmt: skip
        if known and self.dice.random() < 0.6:
            one = self.dice.choice(known)
            stated = replace(stated, reference=one.reference, sku_id=one.sku_id, site_id=one.site_id)
        inventory.record_inbound(self.tx, [stated])

    def _bring(self) -> None:
        """Some or all of what was announced comes, told a little later."""
        known = self._coming(inventory.PURCHASE)
        if known:
            one = self.dice.choice(known)
            units = self.dice.choice((1, one.open, one.open, one.open + 1))
            at = self.tx.now - timedelta(minutes=self.dice.choice((0, 90)))
            line = DeliveredLine(one.sku_id, units)
            inventory.receive_deliveries(
                self.tx, [Delivery(f"D{self._number}", one.site_id, at, (line,), inbound=one.reference)]
            )

    def _close(self) -> None:
        known = self._coming(inventory.PURCHASE)
        if known:
            inventory.close_inbound(self.tx, [self.dice.choice(known).inbound_id], "it will not come")

    def _transfer(self) -> None:
        """A transfer is ordered, or the last goes a step further."""
        under_way = self._coming(inventory.TRANSFER)
        if under_way and self.dice.random() < 0.6:
            step = TransferStep(under_way[0].reference, self.dice.choice(("shipped", "arrived", "cancelled")))
        else:
            sites = self.world.network.site_ids
            line = StepLine(self.world.sku[self.dice.choice(STOCKED)], self.dice.randrange(1, 5))
            step = TransferStep(
                f"T-{self._number}", "ordered", (line,), from_site_id=sites["EAST"], to_site_id=sites["WEST"],
                expected_at=self.tx.now + timedelta(hours=self.dice.randrange(2, 90)),
            )  # fmt: skip
        inventory.take_steps(self.tx, [step])

    def _terms(self) -> None:
        """A product states how it is ordered."""
        code, days = self.dice.choice(("LID", "ROPE")), self.dice.randrange(2, 20)
        supplier = self.dice.choice(("", "Mill", "Yard"))
        catalog.take_products(self.tx, [ProductDocument(code, "", supplier=supplier, lead_time_days=days)])
