"""Every figure as of any instant: a random history, kept in plain Python beside it, and asked at every instant."""

import random
from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

import pytest

from stocktower import inventory, model, network
from stocktower.inventory import Basis, HoldRequest, Posting, Step
from stocktower.inventory import views as ledger
from stocktower.platform import Database, FrozenClock, Transaction
from tests.inventory.world import TEXT, World, broken

CODES = ("CUP", "LID", "ROPE", "SET")
LATER_TEXT = TEXT.replace("quantity = 2", "quantity = 7").replace('sites = ["EAST"]', 'sites = ["EAST", "WEST"]')
Figures = dict[str, Any]


def entry_times(tx: Transaction) -> list[tuple[int, float]]:
    """(sequence, recorded at) of every entry of every row."""
    rows = tx.connection.execute(
        "SELECT stock_id, sequence, recorded_at FROM inventory.reservation WHERE merchant_id = %s "
        "UNION ALL SELECT stock_id, sequence, recorded_at FROM inventory.move WHERE merchant_id = %s ORDER BY 1, 2",
        (tx.merchant_id, tx.merchant_id),
    ).fetchall()
    return [(sequence, recorded_at.timestamp()) for _, sequence, recorded_at in rows]


def test_who_waited_for_a_lock_is_recorded_after_who_had_it(database: Database, clock: FrozenClock) -> None:
    merchant_id = database.ensure_merchant("acme")
    with database.transaction(merchant_id, actor="tester") as tx:
        world = World(tx)
        world.count(tx, "EAST", {"CUP": 10}, opening=True)
    clock.at += timedelta(seconds=1)
    with database.transaction(merchant_id, actor="early") as early:
        clock.at += timedelta(seconds=1)
        with database.transaction(merchant_id, actor="late") as late:
            world.order(late, 1, "CUP", 2)
        world.order(early, 2, "CUP", 3)
        world.ship(early, 2, "CUP", 3)
    with database.reading(merchant_id) as tx:
        times = entry_times(tx)
        assert [at for _, at in times] == sorted(at for _, at in times)
        assert broken(tx) == []


def test_what_demand_is_short_of_is_a_ledger(tx: Transaction) -> None:
    world = World(tx)
    world.count(tx, "EAST", {"CUP": 3}, opening=True)
    world.order(tx, 1, "CUP", 5)
    world.order(tx, 2, "CUP", 4, channel="b2b")
    world.ship(tx, 1, "CUP", 4)
    world.count(tx, "EAST", {"CUP": 0}, message_id=2)
    rows = tx.connection.execute(
        "SELECT sequence, channel_id, order_id, delta, waiting_after FROM inventory.shortage WHERE merchant_id = %s "
        "ORDER BY sequence",
        (tx.merchant_id,),
    ).fetchall()
    web, b2b = world.channel["web"], world.channel["b2b"]
    assert rows == [(1, web, 1, 2, 2), (2, b2b, 2, 4, 4), (3, web, 1, -1, 1)]
    assert broken(tx) == []
    tx.connection.execute("UPDATE inventory.demand SET short = 0, cancelled = 1 WHERE order_id = 1")
    assert broken(tx) == ["short_is_the_sum_of_its_shortages"]
    assert inventory.load_waiting(tx, [world.sku["CUP"]])


def figures(availability: inventory.Availability, world: World) -> Figures:
    """Everything that can be asked of a moment; a row that never held anything has no history."""
    rows = [
        (row.stock_id, row.site_id, row.status, row.owner, row.lot, row.quantity, row.allocated, row.sequence)
        for code in CODES
        for row in availability.rows(world.sku[code])
        if row.sequence
    ]
    ats: dict[tuple[str, str], int] = {}
    steps: dict[tuple[str, str], list[Step]] = {}
    for code in CODES:
        for channel, channel_id in world.channel.items():
            ats[code, channel] = availability.ats(world.sku[code], channel_id)
            steps[code, channel] = availability.waterfall(world.sku[code], channel_id)
    return {"rows": rows, "ats": ats, "steps": steps}


class History:
    """A random history, with what was true after each of its steps."""

    def __init__(self, tx: Transaction, seed: int) -> None:
        self.tx = tx
        self.dice = random.Random(seed)
        self.world = World(tx)
        self.seen: dict[datetime, Figures] = {}
        self.orders: list[tuple[int, str, int]] = []
        self.holds: list[str] = []
        self.number = 0

    def live(self, steps: int) -> None:
        """Let so many things happen, some of them at the same instant."""
        for step in range(steps):
            self.tx.now += timedelta(seconds=self.dice.choice((0, 1, 60, 3_600)))
            self.number += 1
            if step == steps // 2:
                self.apply(LATER_TEXT)
            self.dice.choice((self.count, self.order, self.order, self.ship, self.hold, self.release, self.post))()
            now = inventory.load_availability(self.tx, self.world.sku.values(), network.load_network(self.tx))
            self.seen[self.tx.now] = figures(now, self.world)
        self.tx.write_events()

    def apply(self, text: str) -> None:
        outcome = model.apply_configuration(self.tx, text, base_version=None, author="tester", file="stocktower.toml")
        network.apply_network(self.tx, outcome.configuration)
        applied = network.load_network(self.tx)
        inventory.apply_rules(self.tx, outcome.configuration, applied, self.world.sku)
        self.world.network, self.world.reach = applied, inventory.Reach(applied)

    def count(self) -> None:
        site = self.dice.choice(("EAST", "WEST", "STORE"))
        status = self.dice.choice(("available", "available", "quarantine"))
        found = {code: self.dice.randrange(0, 30) for code in ("CUP", "LID", "ROPE")}
        self.world.count(self.tx, site, found, status=status, message_id=self.number, factors=dict.fromkeys(found, 1))

    def order(self) -> None:
        code, channel = self.dice.choice(CODES), self.dice.choice(("web", "b2b"))
        units = self.dice.randrange(1, 9)
        self.world.order(self.tx, self.number, code, units, channel=channel)
        if code != "SET":
            self.orders.append((self.number, code, units))

    def ship(self) -> None:
        if self.orders:
            order_id, code, units = self.orders.pop(self.dice.randrange(len(self.orders)))
            late = self.tx.now - timedelta(minutes=self.dice.choice((0, 30)))
            self.world.ship(self.tx, order_id, code, units, at=late)

    def hold(self) -> None:
        reference = f"cart-{self.number}"
        lines = ((self.world.sku[self.dice.choice(CODES)], self.dice.randrange(1, 4)),)
        until = self.tx.now + timedelta(hours=1)
        inventory.hold(self.tx, [HoldRequest(self.world.channel["web"], reference, lines, until)])
        self.holds.append(reference)

    def release(self) -> None:
        if self.holds:
            reference = self.holds.pop(0)
            inventory.release_holds(self.tx, [inventory.EndHold(self.world.channel["web"], reference)])

    def post(self) -> None:
        code = self.dice.choice(("CUP", "LID", "ROPE"))
        posting = Posting(self.world.sku[code], self.world.site["WEST"], self.dice.randrange(-3, 9), self.tx.now)
        inventory.adjust(self.tx, [posting])


def replay(tx: Transaction, at: datetime) -> tuple[dict[tuple[int, int], tuple[int, int]], dict[Any, int]]:
    """The ledgers added up to an instant, in plain Python: (SKU, row) -> quantity, allocated; and who waited."""

    def rows(text: str) -> list[tuple[Any, ...]]:
        return tx.connection.execute(text.encode(), (tx.merchant_id,)).fetchall()

    skus = dict(rows("SELECT stock_id, sku_id FROM inventory.stock WHERE merchant_id = %s"))
    quantity: defaultdict[int, int] = defaultdict(int)
    allocated: defaultdict[int, int] = defaultdict(int)
    waiting: defaultdict[tuple[int, int], int] = defaultdict(int)
    touched: set[int] = set()
    for stock_id, delta, when in rows("SELECT stock_id, delta, recorded_at FROM inventory.move WHERE merchant_id = %s"):
        if when <= at:
            quantity[stock_id] += delta
            touched.add(stock_id)
    for stock_id, delta, when in rows(
        "SELECT stock_id, delta, recorded_at FROM inventory.reservation WHERE merchant_id = %s"
    ):
        if when <= at:
            allocated[stock_id] += delta
            touched.add(stock_id)
    for sku_id, channel_id, delta, when in rows(
        "SELECT sku_id, channel_id, delta, recorded_at FROM inventory.shortage WHERE merchant_id = %s"
    ):
        if when <= at:
            waiting[sku_id, channel_id] += delta
    return {(skus[one], one): (quantity[one], allocated[one]) for one in touched}, waiting


def by_hand(
    world: World, rows: list[Any], waiting: dict[Any, int], code: str, channel: str, safety: int, east_only: bool
) -> int:
    """What a channel may sell of a stocked SKU, from domain.md in plain Python: one aside, of ROPE for b2b."""
    serving = {"web": ("EAST", "WEST", "STORE", "DROP"), "b2b": ("EAST",) if east_only else ("EAST", "WEST")}
    pools: defaultdict[str, int] = defaultdict(int)
    sites = {site_id: name for name, site_id in world.site.items()}
    for row in rows:
        if row[0] == world.sku[code] and row[2] == "available":
            pools[sites[row[1]]] += row[3] - row[4]
    for name in list(pools):
        kept = safety if (code, name) == ("ROPE", "EAST") else 1 if name == "STORE" else 0
        pools[name] = max(0, pools[name] - kept)
    aside = 5 if code == "ROPE" else 0
    net = sum(pools[name] for name in serving[channel])
    for other in ("web", "b2b"):
        waits = waiting.get((world.sku[code], world.channel[other]), 0)
        net -= waits if other == channel or other == "web" else max(0, waits - aside)
    if channel == "web":
        # Every site of b2b serves the web shop too: nothing of the aside is out of its reach.
        net -= aside
    return max(0, net)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_any_figure_as_of_any_instant_is_what_it_was_then(tx: Transaction, seed: int) -> None:
    history = History(tx, seed)
    history.live(70)
    world = history.world
    instants = sorted(history.seen)
    changed = next(at for at in instants if model.load_applied_at(tx, at).version == 2)
    for number, at in enumerate(instants):
        between = at + (instants[number + 1] - at) / 2 if number + 1 < len(instants) else at
        for asked in (at, between):
            moment = inventory.load_moment(tx, asked)
            then = inventory.load_availability_at(tx, world.sku.values(), moment)
            assert figures(then, world) == history.seen[at], f"seed {seed}, {number} of {len(instants)}"
        added, waiting = replay(tx, at)
        rows = [row for code in CODES for row in then.rows(world.sku[code])]
        assert {(row.sku_id, row.stock_id): (row.quantity, row.allocated) for row in rows} == added
        plain = [(row.sku_id, row.site_id, row.status, row.quantity, row.allocated) for row in rows]
        for code in ("CUP", "LID", "ROPE"):
            for channel in ("web", "b2b"):
                safety, east_only = (2, True) if at < changed else (7, False)
                expected = by_hand(world, plain, waiting, code, channel, safety, east_only)
                assert then.ats(world.sku[code], world.channel[channel]) == expected
    assert broken(tx) == []


def test_as_it_was_counts_what_was_learned_later(tx: Transaction) -> None:
    world = World(tx)
    morning = tx.now
    world.count(tx, "EAST", {"CUP": 40}, opening=True)
    tx.now = morning + timedelta(minutes=5)
    world.order(tx, 1, "CUP", 2)
    tx.now = morning + timedelta(hours=2)
    world.ship(tx, 1, "CUP", 2, at=morning + timedelta(hours=1))
    inventory.receive(tx, [Posting(world.sku["CUP"], world.site["WEST"], 8, morning + timedelta(minutes=30))])

    def rows(at: datetime, basis: Basis) -> dict[int, tuple[int, int]]:
        moment = inventory.load_moment(tx, at, basis)
        found = inventory.load_rows_at(tx, [world.sku["CUP"]], moment)
        return {row.site_id: (row.quantity, row.allocated) for row in found}

    east, west = world.site["EAST"], world.site["WEST"]
    asked = morning + timedelta(minutes=90)
    assert rows(asked, Basis.RECORDED) == {east: (40, 2)}
    assert rows(asked, Basis.OCCURRED) == {east: (38, 0), west: (8, 0)}
    before = morning + timedelta(minutes=20)
    assert rows(before, Basis.OCCURRED) == rows(before, Basis.RECORDED) == {east: (40, 2)}
    assert rows(tx.now, Basis.OCCURRED) == rows(tx.now, Basis.RECORDED) == {east: (38, 0), west: (8, 0)}


def test_the_future_and_what_was_before_everything_are_refused(tx: Transaction) -> None:
    World(tx)
    with pytest.raises(inventory.FutureInstant, match="still to come"):
        inventory.load_moment(tx, tx.now + timedelta(seconds=1))
    with pytest.raises(model.NotApplied, match="the first configuration is of 2026-06-01T12:00:00"):
        inventory.load_moment(tx, tx.now - timedelta(seconds=1))


def test_the_history_of_rows_pages_without_a_gap(tx: Transaction) -> None:
    history = History(tx, 5)
    history.live(60)
    world = history.world
    rows = inventory.load_availability(tx, [world.sku["CUP"]], world.network).rows(world.sku["CUP"])
    stock_ids = [row.stock_id for row in rows]
    whole = ledger.load_history(tx, stock_ids, limit=10_000)
    assert whole.before is None
    assert len(whole.entries) > 15
    for limit in (1, 2, 7):
        entries, before = [], None
        while True:
            page = ledger.load_history(tx, stock_ids, before=before, limit=limit)
            assert limit <= len(page.entries) <= limit + 1 or page.before is None
            entries += page.entries
            before = page.before
            if before is None:
                break
        assert entries == whole.entries
    for row in rows:
        own = [entry for entry in reversed(whole.entries) if entry.stock_id == row.stock_id]
        assert [entry.sequence for entry in own] == sorted(entry.sequence for entry in own)
        assert (own[-1].quantity_after, own[-1].allocated_after) == (row.quantity, row.allocated)
        quantity = allocated = 0
        for entry in own:
            quantity += entry.delta if entry.is_move else 0
            allocated += 0 if entry.is_move else entry.delta
            if [other.is_move for other in own if other.sequence == entry.sequence] in ([True], [False]):
                assert (entry.quantity_after, entry.allocated_after) == (quantity, allocated)
        assert (quantity, allocated) == (row.quantity, row.allocated)
