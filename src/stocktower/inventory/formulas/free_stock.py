"""What one batch may still take: a working view of locked supply, kept true as its orders take and give back. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime

from msgspec import Struct, structs

from .model import Grant, Supply, SupplyRow, Waiting
from .reach import Cell, Reach
from .rules import Claims, by_site, leave_claims, net, positive

_NOTHING: dict[int, int] = {}
_EVER = datetime.max.replace(tzinfo=UTC)


class Limits(Struct, frozen=True):
    """How much a channel may take of SKUs that others lay claim to; of what is not named, all that is free."""

    units: dict[int, int]
    """SKU -> units in all."""
    at: dict[tuple[int, int], int]
    """(sku_id, site_id) -> units there."""

    def __bool__(self) -> bool:
        return bool(self.units)

    def with_own(self, own: Mapping[int, int]) -> "Limits":
        """The limits of an order that has just given units back (by SKU): so many it may take again."""
        return Limits(
            {sku_id: max(units, own.get(sku_id, 0)) for sku_id, units in self.units.items()},
            {key: max(units, own.get(key[0], 0)) for key, units in self.at.items()},
        )


UNLIMITED = Limits({}, {})


class FreeStock:
    """What is free by (SKU, site), and how much of it a channel may take when others have a claim to it.

    New orders take only what is not needed by demand that waits already nor set aside for other channels, and of it
    only what their channel may sell (owner, shelf life). To fill waiting demand by priority: `stop_waiting` for all of
    it, then serve one after the other, and let what is still short `wait` again: it is then ahead of the next.
    """

    def __init__(self, supply: Supply, reach: Reach) -> None:
        self._reach = reach
        self._asides = {sku_id: dict(channels) for sku_id, channels in supply.asides.items()}
        self._quotas = supply.quotas
        self._bound = supply.bound
        self._waiting = {sku_id: dict(channels) for sku_id, channels in supply.waiting.items()}
        self._claimed = {*supply.asides, *supply.waiting, *supply.bound}
        self._known = supply.rows.keys() | supply.giving
        self.free: dict[tuple[int, int], int] = {}
        """(sku_id, site_id) -> units; the view that sourcing decides on. Only `take` and `give` change it."""
        self._rows: dict[tuple[int, int], SupplyRow] = {}
        self._more: dict[tuple[int, int], dict[int, int]] = {}
        """Of places with several rows: row -> units free, the first to be taken before the others."""
        self._of: dict[int, SupplyRow] = {}
        """The rows of such places."""
        self._parts: set[int] = set()
        """SKUs of which some channels may not sell all that lies at their sites."""
        self._closed: set[int] = set()
        """Rows that units can be given back to, and not taken from."""
        self._missing: dict[int, int] = {}
        """Row -> units that it lacks, and that are given back first."""
        for rows in supply.rows.values():
            for row in rows:
                self._add(row)
        for key, units in self._more.items():
            self._more[key] = dict(sorted(units.items(), key=lambda item: self._turn(self._of[item[0]])))

    def _add(self, row: SupplyRow) -> None:
        if row.missing:
            self._missing[row.stock_id] = row.missing
        if not row.sellable:
            self._closed.add(row.stock_id)
            return
        key = (row.sku_id, row.site_id)
        units = row.quantity - row.allocated
        if not isinstance(self._cell(row), int):
            self._parts.add(row.sku_id)
            self._claimed.add(row.sku_id)
        first = self._rows.get(key)
        if first is None:
            self._rows[key] = row
            self.free[key] = units
            return
        # Several rows of one SKU at one site (owners, lots): each keeps its own count.
        if key not in self._more:
            self._more[key] = {first.stock_id: self.free[key]}
            self._of[first.stock_id] = first
        self._more[key][row.stock_id] = units
        self._of[row.stock_id] = row
        self.free[key] += units

    def _cell(self, row: SupplyRow) -> Cell:
        return self._reach.cell(row.site_id, row.owner, row.expires_at)

    def _turn(self, row: SupplyRow) -> tuple[bool, datetime, int, int]:
        """First expired, first out; then what the fewest channels may sell."""
        cell = self._cell(row)
        sellers = self._reach.channels(row.site_id) if isinstance(cell, int) else cell.channel_ids
        return row.expires_at is None, row.expires_at or _EVER, len(sellers), row.stock_id

    def limits(self, channel_id: int, sku_ids: Collection[int], own: Mapping[int, int] = _NOTHING) -> Limits:
        """What a channel may take of some SKUs when others lay claim to them, or it may not sell all of them; `own`:
        units by SKU that wait in this channel and are not counted, because they are who asks."""
        claimed = self._claimed
        if not claimed or claimed.isdisjoint(sku_ids):
            return UNLIMITED
        units: dict[int, int] = {}
        at: dict[tuple[int, int], int] = {}
        for sku_id in claimed.intersection(sku_ids):
            claims = self.claims(sku_id)
            if waits := own.get(sku_id, 0):
                left = max(0, claims.waiting.get(channel_id, 0) - waits)
                claims = structs.replace(claims, waiting={**claims.waiting, channel_id: left})
            offered = net(self.levels(sku_id), self._reach, channel_id, claims)
            units[sku_id] = positive(offered.net)
            for site_id, allowed in by_site(leave_claims(self._reach, channel_id, offered)).items():
                at[sku_id, site_id] = allowed
        return Limits(units, at)

    def levels(self, sku_id: int) -> Mapping[Cell, int]:
        """What is free of a SKU now, by site and by who may sell it."""
        free = self.free
        if sku_id not in self._parts:
            return {site_id: free.get((sku_id, site_id), 0) for site_id in self._reach.network.sites}
        levels: dict[Cell, int] = {}
        for site_id in self._reach.network.sites:
            key = (sku_id, site_id)
            if key in self._more:
                for stock_id, units in self._more[key].items():
                    cell = self._cell(self._of[stock_id])
                    levels[cell] = levels.get(cell, 0) + units
            elif key in self._rows:
                levels[self._cell(self._rows[key])] = free[key]
        return levels

    def claims(self, sku_id: int) -> Claims:
        """Who lays claim to a SKU now."""
        asides = {one: positive(units) for one, units in self._asides.get(sku_id, _NOTHING).items()}
        waiting = self._waiting.get(sku_id, _NOTHING)
        bound = self._bound.get(sku_id)
        if bound is None:
            return Claims(asides, waiting)
        return Claims(asides, waiting, bound.placed, bound.exclusive, bound.rules)

    def take(
        self, order_id: int, line_no: int, sku_id: int, site_id: int, quantity: int, channel_id: int | None = None
    ) -> list[Grant]:
        """Take units at a site, first of the rows that expire first; more than is free is an error (ValueError).

        With a channel only rows that it may sell are taken, and what others claim of them is taken last.
        """
        key = (sku_id, site_id)
        left = self.free.get(key, 0) - quantity
        if left < 0 or quantity <= 0:
            raise ValueError(f"{quantity} of SKU {sku_id} at site {site_id}, where {left + quantity} are free")
        if channel_id is not None and (sku_id, channel_id) in self._quotas:
            self._spend(sku_id, channel_id, quantity)
        rows = self._more.get(key)
        if rows is None:
            self.free[key] = left
            return [Grant(order_id, line_no, sku_id, self._rows[key].stock_id, quantity)]
        taken = self._choose(rows, sku_id, quantity, channel_id)
        self.free[key] = left
        for stock_id, units in taken.items():
            rows[stock_id] -= units
        return [Grant(order_id, line_no, sku_id, stock_id, units) for stock_id, units in taken.items()]

    def _choose(self, rows: Mapping[int, int], sku_id: int, quantity: int, channel_id: int | None) -> dict[int, int]:
        """Row -> units, in the order of the rows: within what others' claims leave by cell, then beyond it."""
        taken: dict[int, int] = {}
        if channel_id is not None and sku_id in self._parts:
            offered = net(self.levels(sku_id), self._reach, channel_id, self.claims(sku_id))
            quantity = self._pick(rows, quantity, taken, leave_claims(self._reach, channel_id, offered))
            quantity = self._pick(rows, quantity, taken, dict.fromkeys(offered.open, quantity))
        # A channel that had units which it may not take any more (their shelf life) may keep what it had.
        self._pick(rows, quantity, taken, None)
        return taken

    def _pick(self, rows: Mapping[int, int], quantity: int, taken: dict[int, int], room: dict[Cell, int] | None) -> int:
        """Take from row after row while a cell has room; says what is still wanted."""
        for stock_id, units in rows.items() if quantity else ():
            part = min(units - taken.get(stock_id, 0), quantity)
            if room is not None and part:
                cell = self._cell(self._of[stock_id])
                part = min(part, room.get(cell, 0))
                room[cell] = room.get(cell, 0) - part
            if part:
                taken[stock_id] = taken.get(stock_id, 0) + part
                quantity -= part
        return quantity

    def give(self, sku_id: int, site_id: int, stock_id: int, quantity: int) -> None:
        """Note that units of a row are given back in this batch, so that others can take them where it is sellable.

        What the row lacks goes first: nobody can take units that its site does not have.
        Raises ValueError when supply was locked without saying that the SKU is given back: who waits is not known then.
        """
        if sku_id not in self._known:
            raise ValueError(f"SKU {sku_id} is given back, but was not named so when supply was locked")
        if stock_id in self._closed:
            return
        if missing := self._missing.get(stock_id, 0):
            self._missing[stock_id] = max(0, missing - quantity)
            quantity -= missing
            if quantity <= 0:
                return
        key = (sku_id, site_id)
        first = self._rows.get(key)
        if first is None:
            self._rows[key] = SupplyRow(stock_id, sku_id, site_id, 0, 0, 0)
            self.free[key] = 0
        elif key not in self._more and first.stock_id != stock_id:
            self._more[key] = {first.stock_id: self.free[key]}
            self._of[first.stock_id] = first
        self._add_free(key, stock_id, quantity)

    def put_back(self, site_id: int, grants: Iterable[Grant], channel_id: int | None = None) -> None:
        """Undo what was taken at a site for a channel and is not to be recorded."""
        for grant in grants:
            if channel_id is not None and (grant.sku_id, channel_id) in self._quotas:
                self._spend(grant.sku_id, channel_id, -grant.quantity)
            self._add_free((grant.sku_id, site_id), grant.stock_id, grant.quantity)

    def _add_free(self, key: tuple[int, int], stock_id: int, quantity: int) -> None:
        self.free[key] += quantity
        rows = self._more.get(key)
        if rows is not None:
            if stock_id not in rows:
                self._of[stock_id] = SupplyRow(stock_id, *key, 0, 0, 0)
            rows[stock_id] = rows.get(stock_id, 0) + quantity

    def _spend(self, sku_id: int, channel_id: int, quantity: int) -> None:
        """Note what a channel takes of its quota: below zero, so that what it gives back comes in right."""
        asides = self._asides.setdefault(sku_id, {})
        asides[channel_id] = asides.get(channel_id, 0) - quantity

    def wait(self, sku_id: int, channel_id: int, units: int) -> None:
        """Note that a demand goes on waiting: who comes later takes only what it leaves; negative: it waits no more."""
        channels = self._waiting.setdefault(sku_id, {})
        channels[channel_id] = max(0, channels.get(channel_id, 0) + units)
        self._claimed.add(sku_id)

    def stop_waiting(self, waiting: Sequence[Waiting]) -> None:
        """Take demands that are about to be served out of those that wait."""
        for demand in waiting:
            if demand.sku_id in self._waiting:
                self.wait(demand.sku_id, demand.channel_id, -demand.short)
