"""What the auditor expects of inbound: how much is still to come and when, and that no more of it is promised."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from msgspec import Struct, field

from stocktower.exchange import InboundDocument, ReceiptDocument

from .lots import day_of
from .merchant import HANDLING_DAYS, Merchant
from .seen import SeenClaim, SeenComing, SeenLine, SeenOrder

Key = tuple[str, str, str]
"""(reference, site, SKU)"""


class ComingModel(Struct):
    """One inbound, by what was said last and what has come under its number."""

    expected: int = 0
    expected_at: datetime | None = None
    came: int = 0

    @property
    def open(self) -> int:
        """Units still to come."""
        return max(0, self.expected - self.came)


class ComingsModel(Struct):
    """Everything that suppliers promised."""

    merchant: Merchant
    inbound: dict[Key, ComingModel] = field(default_factory=dict[Key, ComingModel])

    def state(self, document: InboundDocument) -> None:
        """The last word of a supplier counts."""
        for line in document.lines:
            model = self.inbound.setdefault((document.reference, document.site, line.sku), ComingModel())
            model.expected = line.quantity
            model.expected_at = line.expected_at or model.expected_at

    def receive(self, document: ReceiptDocument) -> None:
        """What came under the number of an inbound."""
        for line in document.lines if document.inbound else ():
            self.inbound[document.inbound, document.site, line.sku].came += line.quantity + line.damaged

    def compare(
        self, seen: Sequence[SeenComing], claims: Sequence[SeenClaim], orders: Sequence[SeenOrder], now: datetime
    ) -> Iterable[str]:
        """Differences to what the tower says will come, and to whom it promised it."""
        said = {(one.reference, one.site, one.sku): one for one in seen}
        for key in sorted({*said, *self.inbound}):
            one, model = said.get(key), self.inbound.get(key, ComingModel())
            figures = (one.open, one.expected_at) if one else (0, None)
            if figures != ((model.open, model.expected_at) if model.open else (0, None)):
                yield f"{key}: {model.open} should come at {model.expected_at}, the tower says {figures}"
        yield from self._compare_claims(claims)
        by_line: dict[tuple[str, str, int], list[SeenClaim]] = {}
        for claim in claims:
            by_line.setdefault((claim.shop, claim.order_ref, claim.line_no), []).append(claim)
        for order in orders:
            for line in order.lines:
                mine = by_line.get((order.shop, order.order_ref, line.line_no))
                if mine:
                    yield from _compare_promise(f"{order.shop} {order.order_ref} {line.line_no}", line, mine, now)

    def _compare_claims(self, claims: Sequence[SeenClaim]) -> Iterable[str]:
        promised = Counter[Key]()
        for claim in claims:
            promised[claim.reference, claim.site, claim.sku] += claim.claimed
            if claim.site not in self.merchant.shop(claim.shop).sites or claim.sku not in self.merchant.preorders:
                yield f"{claim.shop} {claim.order_ref} was promised {claim.sku} of {claim.reference}, which it may not"
        for key, units in promised.items():
            model = self.inbound.get(key, ComingModel())
            if units > model.open:
                yield f"{key}: {units} are promised of {model.open} that will come"


def _compare_promise(name: str, line: SeenLine, claims: Sequence[SeenClaim], now: datetime) -> Iterable[str]:
    """The day of a line that waits for inbound is that of the last of it, and of handling."""
    for sku in {claim.sku for claim in claims}:
        units = sum(claim.claimed + claim.arrived for claim in claims if claim.sku == sku)
        most = line.backordered * next(claim.per_unit for claim in claims if claim.sku == sku)
        if units > most:
            yield f"{name}: {units} of {sku} are promised, it waits for {most}"
    days = [
        day_of(claim.expected_at) + timedelta(days=HANDLING_DAYS)
        for claim in claims
        if claim.expected_at is not None and claim.claimed and not claim.is_kit
    ]
    # What has arrived already, is late or is a part of a kit has a day that something else decides too.
    if len(days) < len(claims) or min(days) < day_of(now):
        return
    units = sum(claim.claimed for claim in claims)
    due = max(days) if units >= line.backordered * claims[0].per_unit else None
    if line.promised != due:
        yield f"{name}: promised for {line.promised}, it should be {due}"
