"""What each channel may sell, from the ledgers alone: the formulas of the domain once more in plain Python.

It reads the tables of moves, reservations, shortages, rules and what held before, and shares no code with the rooms
that it is compared with: it is slow, and says what they have to say.
"""

import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from stocktower.platform import Transaction

Row = dict[str, Any]
Cell = tuple[str, frozenset[str]]
"""A site, and the channels that may sell what lies there."""
TABLES = (
    "inventory.stock", "inventory.move", "inventory.reservation", "inventory.shortage", "inventory.demand",
    "inventory.lot", "inventory.past_lot", "inventory.status", "inventory.rule", "inventory.cover", "catalog.sku",
    "catalog.part", "catalog.past_kit", "catalog.past_category", "network.site", "network.channel",
    "model.configuration",
)  # fmt: skip


class Rule(NamedTuple):
    """A rule that holds, for one channel (or site) and place."""

    kind: str
    channel: str
    quantity: int
    mode: str
    place: frozenset[str] | None
    since: datetime | None
    rule_id: int

    def at(self, site: str) -> bool:
        return self.place is None or site in self.place


class LedgerModel:
    """All that was ever recorded of one merchant."""

    def __init__(self, tx: Transaction) -> None:
        self.rows: dict[str, list[Row]] = {}
        for table in TABLES:
            cursor = tx.connection.execute(f"SELECT * FROM {table} WHERE merchant_id = %s".encode(), (tx.merchant_id,))
            names = [column.name for column in cursor.description or ()]
            self.rows[table] = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        self.site = {row["site_id"]: row["code"] for row in self.rows["network.site"]}
        self.channel = {row["channel_id"]: row["code"] for row in self.rows["network.channel"]}
        self.sku = {row["code"]: row["sku_id"] for row in self.rows["catalog.sku"]}
        self.stock = {row["stock_id"]: row for row in self.rows["inventory.stock"]}
        self.placed = {(row["order_id"], row["line_no"], row["sku_id"]): row for row in self.rows["inventory.demand"]}
        self.texts = [
            (row["applied_at"], row["version"], tomllib.loads(row["text"])) for row in self.rows["model.configuration"]
        ]

    def at(self, at: datetime) -> "Then":
        """What was known at an instant."""
        return Then(self, at)

    def past(self, table: str, at: datetime, **key: Any) -> Row | None:
        """The stretch of something former that an instant lies in."""
        ended = [
            row
            for row in self.rows[table]
            if row["until_at"] > at and all(row[name] == value for name, value in key.items())
        ]
        return min(ended, key=lambda row: (row["until_at"], row["sequence"])) if ended else None


class Then:
    """One merchant at one instant."""

    def __init__(self, model: LedgerModel, at: datetime) -> None:
        self.model, self.now = model, at
        _, _, text = max((one for one in model.texts if one[0] <= at), key=lambda one: (one[0], one[1]))
        self.sites: dict[str, Row] = {one["code"]: one for one in text["sites"]}
        self.channels: dict[str, Row] = {one["code"]: one for one in text["channels"]}
        self.serving = {
            code: [site for site in one["sites"] if self.sites[site].get("fulfills", True)]
            for code, one in self.channels.items()
        }
        self.sold_at = {
            site: frozenset(code for code, sites in self.serving.items() if site in sites) for site in self.sites
        }
        self.cells: dict[int, dict[Cell, int]] = {}
        self.waiting: dict[int, dict[str, int]] = {}
        self.meant: dict[int, list[Rule]] = {}

    def ats(self, sku: str, channel: str) -> int:
        """Available to sell."""
        sku_id = self.model.sku[sku]
        parts = self.parts(sku_id)
        if not parts:
            return self.offered(sku_id, self.net(sku_id, channel), channel, self.open(sku_id, channel))
        kits = min(self.offered_of(part, channel) // units for part, units in parts.items())
        left = {part: self.left_at_sites(part, channel) for part in parts}
        together = sum(
            min(left[part].get(site, 0) // units for part, units in parts.items()) for site in self.serving[channel]
        )
        return self.offered(sku_id, min(kits, together), channel, None)

    def offered_of(self, sku_id: int, channel: str) -> int:
        return self.offered(sku_id, self.net(sku_id, channel), channel, self.open(sku_id, channel))

    def parts(self, sku_id: int) -> dict[int, int]:
        """The stocked SKUs in a kit."""
        past = self.model.past("catalog.past_kit", self.now, kit_id=sku_id)
        if past is not None:
            return dict(zip(past["part_ids"], past["quantities"], strict=True))
        return {row["part_id"]: row["quantity"] for row in self.model.rows["catalog.part"] if row["kit_id"] == sku_id}

    # Stock: what lies where, and who may sell it.

    def free(self, sku_id: int) -> dict[Cell, int]:
        """Units that nobody has, by site and by the channels that may sell them."""
        found = self.cells.get(sku_id)
        if found is None:
            found = self.cells[sku_id] = defaultdict(int)
            for stock_id, row in self.model.stock.items():
                if row["sku_id"] == sku_id and self.model.site[row["site_id"]] in self.sites:
                    units = self.sum("inventory.move", stock_id) - self.sum("inventory.reservation", stock_id)
                    site = self.model.site[row["site_id"]]
                    sellers = frozenset(self.sellers(row, site))
                    if units and self.is_sellable(row):
                        found[site, sellers] += units
        return found

    def sum(self, table: str, stock_id: int) -> int:
        return sum(
            row["delta"]
            for row in self.model.rows[table]
            if row["stock_id"] == stock_id and row["recorded_at"] <= self.now
        )

    def lot(self, row: Row) -> Row | None:
        key = {"sku_id": row["sku_id"], "lot": row["lot"]}
        now = [one for one in self.model.rows["inventory.lot"] if (one["sku_id"], one["lot"]) == tuple(key.values())]
        return self.model.past("inventory.past_lot", self.now, **key) or (now[0] if now else None)

    def is_sellable(self, row: Row) -> bool:
        own = any(
            one["code"] == row["status"]
            and one["sellable"]
            and one["since"] <= self.now
            and (one["until"] is None or one["until"] > self.now)
            for one in self.model.rows["inventory.status"]
        )
        if row["status"] != "available" and not own:
            return False
        lot = self.lot(row) if row["lot"] else None
        if row["lot"] and (lot is None or lot["state"] != "open"):
            return False
        return lot is None or lot["expires_at"] is None or lot["expires_at"] > self.now

    def sellers(self, row: Row, site: str) -> Iterable[str]:
        """The channels of a site that may sell a row: whose goods they are, and how long they keep."""
        lot = self.lot(row) if row["lot"] else None
        for channel in self.sold_at[site]:
            owners = self.channels[channel].get("owners", ["own", "supplier"])
            days = self.channels[channel].get("min_shelf_life_days", 0)
            midnight = datetime.combine((self.now + timedelta(days=days)).date(), datetime.min.time(), tzinfo=UTC)
            keeps = lot is None or lot["expires_at"] is None or not days or lot["expires_at"] > midnight
            if keeps and ("*" in owners or row["owner"] in owners):
                yield channel

    def pools(self, sku_id: int, channel: str) -> dict[Cell, int]:
        """What a channel may sell by cell, less safety stock, which is kept first of what most may sell."""
        mine = {(site, self.sold_at[site]): 0 for site in self.serving[channel]}
        mine |= {cell: units for cell, units in self.free(sku_id).items() if channel in cell[1]}
        kept = self.safety(sku_id)
        left: dict[Cell, int] = {}
        for cell in sorted(mine, key=self.width):
            left[cell] = max(0, mine[cell] - kept[cell[0]])
            kept[cell[0]] = max(0, kept[cell[0]] - mine[cell])
        # The sites that the channel prefers come first.
        return {cell: left[cell] for site in self.serving[channel] for cell in left if cell[0] == site}

    def width(self, cell: Cell) -> tuple[bool, int, list[int]]:
        """What all channels of a site sell comes first, then what most do."""
        ids = sorted(number for number, code in self.model.channel.items() if code in cell[1])
        return cell[1] != self.sold_at[cell[0]], -len(cell[1]), ids

    # Rules: which hold, and what they come to.

    def rules(self, sku_id: int) -> list[Rule]:
        """The rules that hold of a SKU: of those for one channel and place only the most specific."""
        if sku_id in self.meant:
            return self.meant[sku_id]
        past = self.model.past("catalog.past_category", self.now, sku_id=sku_id)
        now = next(row for row in self.model.rows["catalog.sku"] if row["sku_id"] == sku_id)
        category = (past or now)["category"]
        meant = [
            row
            for row in self.model.rows["inventory.rule"]
            if row["recorded_at"] <= self.now
            and (row["replaced_at"] is None or row["replaced_at"] > self.now)
            and (row["starts_at"] is None or row["starts_at"] <= self.now)
            and (row["ends_at"] is None or row["ends_at"] > self.now)
            and row["sku_id"] in (0, sku_id)
            and row["category"] in ("", category)
        ]
        best: dict[Any, Row] = {}
        for row in sorted(meant, key=_weight):
            if row["kind"] == "safety_stock":
                place = self.place(row)
                for site in self.sites if place is None else place:
                    best["safety_stock", site] = row
            else:
                best[row["kind"], row["channel_id"], row["site_id"], row["site_group"]] = row
        self.meant[sku_id] = [
            Rule(
                row["kind"], key[1] if row["kind"] == "safety_stock" else self.model.channel[row["channel_id"]],
                row["quantity"], row["mode"], self.place(row), row["counts_from"], row["rule_id"],
            )
            for key, row in best.items()
        ]  # fmt: skip
        return self.meant[sku_id]

    def place(self, row: Row) -> frozenset[str] | None:
        if row["site_id"]:
            return frozenset([self.model.site[row["site_id"]]])
        if row["site_group"]:
            return frozenset(site for site, one in self.sites.items() if one.get("group") == row["site_group"])
        return None

    def safety(self, sku_id: int) -> dict[str, int]:
        found = {site: one.get("safety_stock", 0) for site, one in self.sites.items()}
        for rule in self.rules(sku_id):
            if rule.kind == "safety_stock":
                found[rule.channel] = max(rule.quantity, self.cover(rule, sku_id) if rule.mode == "days" else 0)
        return found

    def cover(self, rule: Rule, sku_id: int) -> int:
        """Days of cover, as they were measured last."""
        return sum(
            row["quantity"]
            for row in self.model.rows["inventory.cover"]
            if (row["rule_id"], row["sku_id"], self.model.site[row["site_id"]]) == (rule.rule_id, sku_id, rule.channel)
            and row["recorded_at"] <= self.now
            and (row["replaced_at"] is None or row["replaced_at"] > self.now)
        )

    def used(self, rule: Rule, sku_id: int) -> tuple[int, int]:
        """What orders of a channel that were placed since a rule began have of a SKU: taken, and with what waits."""

        def counts(row: Row) -> bool:
            demand = self.model.placed.get((row["order_id"], row["line_no"], sku_id))
            return (
                row["recorded_at"] <= self.now
                and demand is not None
                and self.model.channel.get(demand["channel_id"]) == rule.channel
                and rule.since is not None
                and demand["placed_at"] >= rule.since
            )

        taken = sum(
            row["delta"]
            for row in self.model.rows["inventory.reservation"]
            if self.model.stock[row["stock_id"]]["sku_id"] == sku_id
            and row["reason"] not in ("shipped", "shipped_elsewhere")
            and counts(row)
        )
        waits = sum(
            row["delta"] for row in self.model.rows["inventory.shortage"] if row["sku_id"] == sku_id and counts(row)
        )
        return taken, taken + waits

    # Claims of others, and what is left.

    def waits(self, sku_id: int) -> dict[str, int]:
        found = self.waiting.get(sku_id)
        if found is None:
            found = self.waiting[sku_id] = defaultdict(int)
            for row in self.model.rows["inventory.shortage"]:
                if row["sku_id"] == sku_id and row["recorded_at"] <= self.now:
                    found[self.model.channel[row["channel_id"]]] += row["delta"]
        return found

    def asides(self, sku_id: int) -> list[tuple[str, int, Callable[[str], bool]]]:
        """(channel, units still kept for it, at which sites)."""
        found: list[tuple[str, int, Callable[[str], bool]]] = []
        for rule in self.rules(sku_id):
            if rule.kind == "set_aside":
                units = rule.quantity - (self.used(rule, sku_id)[0] if rule.mode == "quota" else 0)
                if units > 0:
                    found.append((rule.channel, units, rule.at))
        return found

    def closed(self, sku_id: int, channel: str, site: str) -> bool:
        """Whether only others may sell what lies at a site."""
        alone = {
            rule.channel for rule in self.rules(sku_id) if rule.kind == "exclusive" and rule.quantity and rule.at(site)
        }
        return bool(alone) and channel not in alone

    def open(self, sku_id: int, channel: str) -> dict[Cell, int]:
        """What a channel may sell by cell, before claims."""
        return {
            cell: 0 if self.closed(sku_id, channel, cell[0]) else units
            for cell, units in self.pools(sku_id, channel).items()
        }

    def claims(self, sku_id: int, channel: str) -> list[tuple[str, int, Callable[[str], bool]]]:
        """Who else lays claim to what a channel may sell, and its own waiting orders."""
        mine = self.pools(sku_id, channel)
        found: list[tuple[str, int, Callable[[str], bool]]] = []
        asides = self.asides(sku_id)
        for other, units in sorted(self.waits(sku_id).items()):
            if other != channel:
                units -= sum(kept for who, kept, _ in asides if who == other)
                units -= sum(
                    left
                    for rule in self.rules(sku_id)
                    if rule.kind == "exclusive" and rule.quantity and rule.channel == other
                    for cell, left in self.pools(sku_id, other).items()
                    if rule.at(cell[0])
                )
            if units > 0 and (other == channel or self.can_use(sku_id, other, mine, _anywhere)):
                found.append((other, units, _anywhere))
        for other, units, at in asides:
            if other != channel and self.can_use(sku_id, other, mine, at):
                for cell, left in self.open(sku_id, other).items():
                    if at(cell[0]) and (cell not in mine or self.closed(sku_id, channel, cell[0])):
                        units -= left
                if units > 0:
                    found.append((other, units, at))
        return found

    def can_use(self, sku_id: int, other: str, mine: Iterable[Cell], at: Callable[[str], bool]) -> bool:
        """Whether another channel may sell anything of what a channel may."""
        return any(
            cell in mine and at(cell[0]) and not self.closed(sku_id, other, cell[0])
            for cell in self.pools(sku_id, other)
        )

    def net(self, sku_id: int, channel: str) -> int:
        return sum(self.open(sku_id, channel).values()) - sum(units for _, units, _ in self.claims(sku_id, channel))

    def left_at_sites(self, sku_id: int, channel: str) -> dict[str, int]:
        """What may go into kits: every claim is left what it can use, first where the channel prefers least."""
        left = dict(self.open(sku_id, channel))
        usable = [
            ([cell for cell in reversed(left) if at(cell[0]) and other in cell[1]], units)
            for other, units, at in self.claims(sku_id, channel)
        ]
        for cells, units in sorted(usable, key=lambda one: len(one[0])):
            for cell in cells:
                part = min(units, left[cell])
                left[cell] -= part
                units -= part
        found: dict[str, int] = defaultdict(int)
        for (site, _), units in left.items():
            found[site] += units
        return found

    def offered(self, sku_id: int, units: int, channel: str, cells: dict[Cell, int] | None) -> int:
        """After a channel's own share and caps."""
        own = [rule for rule in self.rules(sku_id) if rule.channel == channel and rule.kind in ("share", "cap")]
        for rule in own:
            if rule.kind == "share" and rule.quantity != 100:
                accepted = self.used(rule, sku_id)[1] if cells is not None else 0
                units = (units + accepted) * rule.quantity // 100 - accepted
        for rule in own:
            if rule.kind == "cap" and rule.place is not None and cells is not None:
                here = sum(left for cell, left in cells.items() if rule.at(cell[0]))
                units = min(units, sum(cells.values()) - here + min(here, rule.quantity))
            elif rule.kind == "cap" and rule.place is None:
                units = min(units, rule.quantity)
        return max(0, units)


def _anywhere(site: str) -> bool:
    return True


def _weight(row: Row) -> tuple[Any, ...]:
    """The more specific a rule, the greater: its SKU, its place, a window, a person, its instant."""
    scope = 2 if row["sku_id"] else 1 if row["category"] else 0
    depth = 2 if row["site_id"] else 1 if row["site_group"] else 0
    windowed = row["starts_at"] is not None or row["ends_at"] is not None
    return scope, depth, windowed, row["by_person"], row["recorded_at"], row["rule_id"]
