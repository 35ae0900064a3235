"""What transfers do to the books: what leaves goes into transit at its cost, and that cost comes in again, to the unit.

Where source and destination are of two entities, the source sells to the destination at cost when the goods leave.
"""

from collections.abc import Sequence

from .amounts import part_of
from .facts import Facts, TransitKey
from .happenings import OWN, Happening, TransferMoved
from .model import Entry, Transit, TransitEntry, UnknownCost, Valuation, ValuationEntry
from .model import PostingRole as Role
from .valuation import issue, receive

SHIPPED, ARRIVED, LOST, CLAIMED, RETURNED = (
    f"transfer.{step}" for step in ("shipped", "arrived", "lost", "claimed", "returned")
)
KINDS = (SHIPPED, ARRIVED, LOST, CLAIMED, RETURNED)


class TransferPosting:
    """The journal of one step of a transfer, line by line."""

    def __init__(self, happening: Happening, data: TransferMoved, facts: Facts) -> None:
        self._happening = happening
        self._data = data
        self._facts = facts
        self._source = facts.place_of(data.from_site_id).entity
        self.entity = facts.place_of(data.to_site_id).entity
        self.entries: list[Entry] = []
        self.valuations: dict[tuple[str, int], Valuation] = {}
        self.valuation_entries: list[ValuationEntry] = []
        self.transits: dict[TransitKey, Transit] = {}
        self.transit_entries: list[TransitEntry] = []
        self.unknown_costs: list[UnknownCost] = []

    def post(self) -> bool:
        """Post every line of ours; says whether there is any."""
        for line in self._data.lines:
            if line.owner == OWN and line.units:
                if self._happening.kind == SHIPPED:
                    self._ship(line.line_no, line.sku_id, line.units)
                else:
                    self._leave_transit(line.line_no, line.sku_id, line.units)
        return bool(self.entries)

    def _held(self, entity: str, sku_id: int) -> Valuation:
        return self.valuations.get((entity, sku_id)) or self._facts.valuation_of(entity, sku_id)

    def _line(self, line_no: int, sku_id: int) -> Transit:
        key = (self._data.transfer_id, line_no)
        known = self.transits.get(key) or self._facts.transit.get(key)
        return known or Transit(*key, self.entity, sku_id)

    def _ship(self, line_no: int, sku_id: int, units: int) -> None:
        held = self._held(self._source, sku_id)
        covered = min(units, held.quantity)
        value = 0
        if covered:
            after, entry = issue(held, covered, self._happening.position)
            self._valued(after, entry)
            value = -entry.delta_minor
        # What the books did not have is found (shrinkage reversed) and leaves at once.
        uncovered = (units - covered) * held.last_cost_minor
        if uncovered:
            self._add(self._source, Role.SHRINKAGE, -uncovered)
        if units > covered and not uncovered:
            self.unknown_costs.append(UnknownCost(self._source, sku_id, units - covered, self._happening.position))
        self._into_transit(line_no, sku_id, units, self._between(self._source, self.entity, value + uncovered))

    def _into_transit(self, line_no: int, sku_id: int, units: int, value: int) -> None:
        self._change(self._line(line_no, sku_id), units, value)
        self._add(self.entity, Role.INVENTORY_IN_TRANSIT, value)

    def _leave_transit(self, line_no: int, sku_id: int, units: int) -> None:
        line = self._line(line_no, sku_id)
        units = min(units, line.quantity)
        if not units:
            return
        value = part_of(line.value_minor, units, line.quantity)
        self._change(line, -units, -value)
        self._add(self.entity, Role.INVENTORY_IN_TRANSIT, -value)
        kind = self._happening.kind
        if kind == ARRIVED:
            self._take_in(self.entity, sku_id, units, value)
        elif kind == RETURNED:
            self._take_in(self._source, sku_id, units, self._between(self.entity, self._source, value))
        else:
            self._add(self.entity, Role.CARRIER_CLAIM if kind == CLAIMED else Role.SHRINKAGE, value)

    def _take_in(self, entity: str, sku_id: int, units: int, value: int) -> None:
        after, entry = receive(self._held(entity, sku_id), units, value, self._happening.position)
        self._valued(after, entry)

    def _valued(self, after: Valuation, entry: ValuationEntry) -> None:
        self.valuations[after.entity, after.sku_id] = after
        self.valuation_entries.append(entry)
        currency = self._facts.currency_of(entry.entity)
        account = self._facts.accounts[Role.INVENTORY]
        minor = entry.delta_minor
        self.entries.append(Entry(entry.entity, account, currency, minor, minor, entry.sku_id, entry.delta_quantity))

    def _between(self, seller: str, buyer: str, value: int) -> int:
        """The value in the buyer's books; where it is another entity, the seller sells at cost."""
        if seller == buyer or not value:
            return value
        currency = self._facts.currency_of(seller)
        book = self._facts.convert(value, currency, buyer, self._happening.occurred_on)
        account = self._facts.accounts[Role.INTERCOMPANY]
        self.entries.append(Entry(seller, account, currency, value, value))
        bought = self._facts.currency_of(buyer)
        self.entries.append(Entry(buyer, account, bought, -book, -book))
        return book

    def _change(self, line: Transit, units: int, value: int) -> None:
        after = Transit(
            line.transfer_id, line.line_no, line.entity, line.sku_id, line.quantity + units, line.value_minor + value,
            line.sequence + 1,
        )  # fmt: skip
        self.transits[after.transfer_id, after.line_no] = after
        self.transit_entries.append(
            TransitEntry(
                after.transfer_id, after.line_no, after.sequence, self._happening.position, units, value,
                after.quantity, after.value_minor,
            )
        )  # fmt: skip

    def _add(self, entity: str, role: Role, minor: int) -> None:
        # What is worth nothing is in transit all the same, and its journal says so.
        if minor or role == Role.INVENTORY_IN_TRANSIT:
            account = self._facts.accounts[role]
            self.entries.append(Entry(entity, account, self._facts.currency_of(entity), minor, minor))


def describe(kind: str, data: TransferMoved) -> str:
    """The words of a transfer's journal."""
    return f"Transfer {data.reference} {kind.partition('.')[2]}"


def keys_of(transfers: Sequence[TransferMoved]) -> list[TransitKey]:
    """The lines that some steps touch."""
    return sorted({(data.transfer_id, line.line_no) for data in transfers for line in data.lines})
