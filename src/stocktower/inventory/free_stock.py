"""What one batch may still take: a working view of locked supply, kept true as its orders take and give back. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from msgspec import Struct

from .model import Grant, Supply, SupplyRow, Waiting
from .rules import Claims, Reach, leave_claims, net

_NOTHING: dict[int, int] = {}


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

    New orders take only what is not needed by demand that waits already nor set aside for other channels. To fill
    waiting demand by priority: `stop_waiting` for all of it, then serve one after the other, and let what is still
    short `wait` again: it is then ahead of the next.
    """

    def __init__(self, supply: Supply, reach: Reach) -> None:
        self._reach = reach
        self._asides = supply.asides
        self._waiting = {sku_id: dict(channels) for sku_id, channels in supply.waiting.items()}
        self._claimed = set(supply.asides) | set(supply.waiting)
        self._known = supply.rows.keys() | supply.giving
        self.free: dict[tuple[int, int], int] = {}
        """(sku_id, site_id) -> units; the view that sourcing decides on. Only `take` and `give` change it."""
        self._rows: dict[tuple[int, int], SupplyRow] = {}
        self._more: dict[tuple[int, int], list[tuple[int, int]]] = {}
        self._closed: set[int] = set()
        """Rows that units can be given back to, and not taken from."""
        for rows in supply.rows.values():
            for row in rows:
                self._add(row)

    def _add(self, row: SupplyRow) -> None:
        if not row.sellable:
            self._closed.add(row.stock_id)
            return
        key = (row.sku_id, row.site_id)
        units = row.quantity - row.allocated
        first = self._rows.get(key)
        if first is None:
            self._rows[key] = row
            self.free[key] = units
            return
        # Several rows of one SKU at one site (owners): each keeps its own count.
        if key not in self._more:
            self._more[key] = [(first.stock_id, self.free[key])]
        self._more[key].append((row.stock_id, units))
        self.free[key] += units

    def limits(self, channel_id: int, sku_ids: Collection[int]) -> Limits:
        """What a channel may take of some SKUs when others lay claim to them."""
        claimed = self._claimed
        if not claimed or claimed.isdisjoint(sku_ids):
            return UNLIMITED
        units: dict[int, int] = {}
        at: dict[tuple[int, int], int] = {}
        for sku_id in claimed.intersection(sku_ids):
            levels = self.levels(sku_id)
            offered = net(levels, self._reach, channel_id, self.claims(sku_id))
            units[sku_id] = max(0, offered.net)
            for site_id, allowed in leave_claims(levels, self._reach, channel_id, offered).items():
                at[sku_id, site_id] = allowed
        return Limits(units, at)

    def levels(self, sku_id: int) -> Mapping[int, int]:
        """What is free of a SKU by site now."""
        return {site_id: self.free.get((sku_id, site_id), 0) for site_id in self._reach.network.sites}

    def claims(self, sku_id: int) -> Claims:
        """Who lays claim to a SKU now."""
        return Claims(self._asides.get(sku_id, _NOTHING), self._waiting.get(sku_id, _NOTHING))

    def take(self, order_id: int, line_no: int, sku_id: int, site_id: int, quantity: int) -> list[Grant]:
        """Take units at a site; more than is free there is an error of the caller (ValueError)."""
        key = (sku_id, site_id)
        left = self.free.get(key, 0) - quantity
        if left < 0 or quantity <= 0:
            raise ValueError(f"{quantity} of SKU {sku_id} at site {site_id}, where {left + quantity} are free")
        self.free[key] = left
        rows = self._more.get(key)
        if rows is None:
            return [Grant(order_id, line_no, sku_id, self._rows[key].stock_id, quantity)]
        grants: list[Grant] = []
        for place, (stock_id, units) in enumerate(rows):
            part = min(units, quantity)
            if part:
                grants.append(Grant(order_id, line_no, sku_id, stock_id, part))
                rows[place] = (stock_id, units - part)
                quantity -= part
        return grants

    def give(self, sku_id: int, site_id: int, stock_id: int, quantity: int) -> None:
        """Note that units of a row are given back in this batch, so that others can take them where it is sellable.

        Raises ValueError when supply was locked without saying that the SKU is given back: who waits is not known then.
        """
        if sku_id not in self._known:
            raise ValueError(f"SKU {sku_id} is given back, but was not named so when supply was locked")
        if stock_id in self._closed:
            return
        key = (sku_id, site_id)
        if key not in self._rows:
            self._rows[key] = SupplyRow(stock_id, sku_id, site_id, 0, 0, 0)
            self.free[key] = 0
        if key not in self._more and self._rows[key].stock_id != stock_id:
            self._more[key] = [(self._rows[key].stock_id, self.free[key]), (stock_id, 0)]
        self._add_free(key, stock_id, quantity)

    def put_back(self, site_id: int, grants: Iterable[Grant]) -> None:
        """Undo what was taken at a site and is not to be recorded."""
        for grant in grants:
            self._add_free((grant.sku_id, site_id), grant.stock_id, grant.quantity)

    def _add_free(self, key: tuple[int, int], stock_id: int, quantity: int) -> None:
        self.free[key] += quantity
        rows = self._more.get(key)
        if rows is not None:
            found = next((place for place, (row_id, _) in enumerate(rows) if row_id == stock_id), None)
            if found is None:
                rows.append((stock_id, quantity))
            else:
                rows[found] = (stock_id, rows[found][1] + quantity)

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
