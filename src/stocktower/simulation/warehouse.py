"""The sites as they really are: what lies on their shelves, what they were asked to ship, what they do and report."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from random import Random

from msgspec import Struct, field

from stocktower.exchange import ConfirmationDocument, ConfirmationLine, StockDocument, StockLine

from .lots import Lots
from .merchant import Merchant
from .racks import NOWHERE, Racks
from .seen import SeenRequest, SeenRequestLine

AVAILABLE, DAMAGED, EXPIRED = "available", "damaged", "expired"


class Left(Struct, frozen=True):
    """Units of an order line that left a site."""

    shop: str
    order_ref: str
    line_ref: str
    units: int


class Job(Struct):
    """A request as the people of a site know it."""

    request: SeenRequest
    bag: dict[int, int] = field(default_factory=dict[int, int])
    """Picked and not shipped, by line."""
    gone: dict[int, int] = field(default_factory=dict[int, int])
    """Shipped or reported short, by line."""
    packed: dict[int, int] = field(default_factory=dict[int, int])
    """Reported as packed, by line."""
    lots: dict[int, dict[str, int]] = field(default_factory=dict[int, dict[str, int]])
    """What is in the bag by line and lot, of a SKU that is tracked by one."""
    unsaid: dict[int, dict[str, int]] = field(default_factory=dict[int, dict[str, int]])
    """Picked by line and bin, and not reported."""
    is_acknowledged: bool = False

    def wanted(self, line: SeenRequestLine) -> int:
        """Units that still have to be picked."""
        return line.quantity - line.cancelled - self.gone.get(line.line_no, 0) - self.bag.get(line.line_no, 0)

    @property
    def is_open(self) -> bool:
        """Whether anything is left to do."""
        return any(self.wanted(line) > 0 or self.bag.get(line.line_no) for line in self.request.lines)


class Warehouse(Struct):
    """All sites of the merchant."""

    random: Random
    merchant: Merchant
    tick: Callable[[], datetime]
    lots: Lots
    racks: Racks
    shelves: dict[tuple[str, str, str], int] = field(default_factory=dict[tuple[str, str, str], int])
    """(site, SKU, status) -> units on the shelf."""
    jobs: dict[int, Job] = field(default_factory=dict[int, Job])
    parcels: int = 0
    honest: bool = False
    """From then on nothing is lost, missed or late."""

    def put(self, site: str, sku: str, units: int, status: str = AVAILABLE) -> None:
        """Units come to a shelf, or vanish from it; never below nothing."""
        if self.merchant.good(sku).by_lot:
            place = self.merchant.place(site)
            self.lots.put(site, sku, self.lots.some(place, sku) if units > 0 else self._any_lot(site, sku), units)
            return
        key = (site, sku, status)
        self.shelves[key] = max(0, self.shelves.get(key, 0) + units)
        if status == AVAILABLE:
            self.racks.settle(site, sku, self.shelves[key])

    def put_away(self, site: str, sku: str, units: int) -> str:
        """Units come to a shelf, and into a bin of it; says into which."""
        self.put(site, sku, units)
        return NOWHERE if self.merchant.good(sku).by_lot else self.racks.put(site, sku, units)

    def _any_lot(self, site: str, sku: str) -> str:
        known = self.lots.at(site, sku)
        return self.random.choice(known) if known else self.lots.make(sku)

    def on_hand(self, site: str, sku: str, status: str = AVAILABLE) -> int:
        """What is really there: on the shelf, and in bags."""
        units = self.shelves.get((site, sku, status), 0)
        if status == AVAILABLE:
            for job in self.jobs.values():
                if job.request.site == site:
                    for line in job.request.lines:
                        units += job.bag.get(line.line_no, 0) * self._per_unit(job, line).get(sku, 0)
        return units

    def _per_unit(self, job: Job, line: SeenRequestLine) -> dict[str, int]:
        pack = self._pack_size(job, line)
        return {sku: units * pack for sku, units in self.merchant.parts(line.sku)}

    def _pack_size(self, job: Job, line: SeenRequestLine) -> int:
        packs = [
            offer.pack
            for offer in self.merchant.offers
            if (offer.shop, offer.listing) == (job.request.shop, line.listing)
        ]
        return packs[0]

    def read(self, requests: Iterable[SeenRequest]) -> None:
        """Look at what the tower asks for; what it called back is put back where it was picked already."""
        for request in requests:
            job = self.jobs.get(request.fulfillment_id)
            if job is None:
                self.jobs[request.fulfillment_id] = Job(request)
            elif self.honest or self.random.random() < 0.6:
                job.request = request
                for line in request.lines:
                    back = min(job.bag.get(line.line_no, 0), -job.wanted(line))
                    if back > 0:
                        self._take(job, line, -back)

    def _take(self, job: Job, line: SeenRequestLine, units: int) -> dict[str, int]:
        """From the shelf into the bag; below zero: back. Gives the bins, where the units are those of the line."""
        job.bag[line.line_no] = job.bag.get(line.line_no, 0) + units
        if self.merchant.good(line.sku).by_lot:
            self._take_lots(job, line, units)
            return {}
        site, parts, bins = job.request.site, self._per_unit(job, line), dict[str, int]()
        for sku, per_unit in parts.items():
            shelf = self.shelves.get((site, sku, AVAILABLE), 0)
            if units > 0 and site in self.racks.sites:
                bins = self.racks.take(site, sku, units * per_unit, shelf)
            self.shelves[site, sku, AVAILABLE] = shelf - units * per_unit
        return bins if list(parts.values()) == [1] else {}

    def _take_lots(self, job: Job, line: SeenRequestLine, units: int) -> None:
        bag = job.lots.setdefault(line.line_no, {})
        if units > 0:
            for lot, count in self.lots.pick(job.request.site, line.sku, units, self.tick()).items():
                bag[lot] = bag.get(lot, 0) + count
        else:
            for lot, count in take_lots(bag, -units).items():
                self.lots.put(job.request.site, line.sku, lot, count)

    def work(self) -> tuple[list[ConfirmationDocument], list[Left]]:
        """One shift of every site: what it reports, and what has left."""
        reports: list[ConfirmationDocument] = []
        left: list[Left] = []
        for job in list(self.jobs.values()):
            if not job.is_open:
                continue
            if not job.is_acknowledged and self._happens(0.6):
                job.is_acknowledged = True
                reports.append(self._report(job, "acknowledged", {}))
            if self._happens(0.5):
                reports += self._pick(job)
            if any(job.bag.values()) and self._happens(0.3, honest=False):
                reports += self._pack_up(job)
            if any(job.bag.values()) and self._happens(0.5):
                reports.append(self._ship(job, left))
        return reports, left

    def _happens(self, chance: float, *, honest: bool = True) -> bool:
        return honest if self.honest else self.random.random() < chance

    def _pick(self, job: Job) -> list[ConfirmationDocument]:
        picked: dict[int, int] = {}
        missed: dict[int, int] = {}
        bins: dict[int, dict[str, int]] = {}
        for line in job.request.lines:
            wanted = job.wanted(line)
            if wanted <= 0:
                continue
            there = min(
                self._there(job.request.site, sku) // per_unit for sku, per_unit in self._per_unit(job, line).items()
            )
            found = min(wanted, there)
            if found and not self.honest and self.random.random() < 0.04:
                found -= 1
            if found:
                picked[line.line_no] = found
                bins[line.line_no] = self._take(job, line, found)
            if found < wanted:
                missed[line.line_no] = wanted - found
                job.gone[line.line_no] = job.gone.get(line.line_no, 0) + wanted - found
        reports: list[ConfirmationDocument] = []
        if picked and self._happens(0.7):
            reports.append(self._report(job, "picked", picked, bins=bins))
        else:
            for line_no, fetched in bins.items():
                unsaid = job.unsaid.setdefault(line_no, {})
                for code, units in fetched.items():
                    unsaid[code] = unsaid.get(code, 0) + units
        if missed:
            reports.append(self._report(job, "short_picked", missed))
        return reports

    def _there(self, site: str, sku: str) -> int:
        if self.merchant.good(sku).by_lot:
            return sum(self.lots.usable(site, sku, self.tick()).values())
        return self.shelves.get((site, sku, AVAILABLE), 0)

    def _pack_up(self, job: Job) -> list[ConfirmationDocument]:
        fresh = {no: units - job.packed.get(no, 0) for no, units in job.bag.items() if units > job.packed.get(no, 0)}
        for line_no, units in fresh.items():
            job.packed[line_no] = job.packed.get(line_no, 0) + units
        return [self._report(job, "packed", fresh)] if fresh else []

    def _ship(self, job: Job, left: list[Left]) -> ConfirmationDocument:
        units = {line_no: count for line_no, count in job.bag.items() if count}
        if not self.honest and self.random.random() < 0.25:
            line_no = self.random.choice(list(units))
            units = {line_no: self.random.randint(1, units[line_no])}
        refs = {line.line_no: line.line_ref for line in job.request.lines}
        lots = {no: take_lots(job.lots[no], count) for no, count in units.items() if no in job.lots}
        bins = {no: take_lots(job.unsaid[no], count) for no, count in units.items() if no in job.unsaid}
        for line_no, count in units.items():
            job.bag[line_no] -= count
            job.packed[line_no] = max(0, job.packed.get(line_no, 0) - count)
            job.gone[line_no] = job.gone.get(line_no, 0) + count
            left.append(Left(job.request.shop, job.request.order_ref, refs[line_no], count))
        self.parcels += 1
        return self._report(job, "shipped", units, lots, bins)

    def _report(
        self,
        job: Job,
        kind: str,
        units: dict[int, int],
        lots: Mapping[int, Mapping[str, int]] | None = None,
        bins: Mapping[int, Mapping[str, int]] | None = None,
    ) -> ConfirmationDocument:
        by_sku = self.random.random() < 0.2 and self._skus_are_told_apart(job)
        lines = [
            ConfirmationLine(count * self._pack_size(job, line), sku=line.sku, lot=lot, bin=code)
            if by_sku
            else ConfirmationLine(count, line_ref=line.line_ref, lot=lot, bin=code)
            for line in job.request.lines
            if units.get(line.line_no)
            for lot, code, count in _parts(line.line_no, units[line.line_no], lots or {}, bins or {})
        ]
        shipped = kind == "shipped"
        return ConfirmationDocument(
            order=job.request.number,
            kind=kind,
            occurred_at=self.tick(),
            site=job.request.site,
            lines=tuple(lines),
            carrier="UPS" if shipped else "",
            tracking=f"1Z{self.parcels:06}" if shipped else "",
        )

    def _skus_are_told_apart(self, job: Job) -> bool:
        """Whether each SKU stands in one line only of what was ever asked for the order."""
        lines = {
            (line.line_ref, line.sku)
            for other in self.jobs.values()
            if (other.request.shop, other.request.order_ref) == (job.request.shop, job.request.order_ref)
            for line in other.request.lines
        }
        return len({sku for _, sku in lines}) == len(lines)

    def count(
        self, site: str, skus: Iterable[str], *, opening: bool = False, in_cases: bool = False, part: int = 0
    ) -> StockDocument:
        """What a site says that it has of some SKUs now; `in_cases`: it counts cases and says nothing about it."""
        lines: list[StockLine] = []
        for row, sku in enumerate(skus, start=2):
            good = self.merchant.good(sku)
            if good.by_lot:
                lines += self._count_lots(site, sku, row)
                continue
            units = self.on_hand(site, sku)
            if in_cases and good.case and units and units % good.case == 0:
                units //= good.case
            cost, unit = self.random.choice(good.costs), "each" if self.honest else ""
            bins = self._bins(site, sku) if units == self.on_hand(site, sku) else {}
            rest = units - sum(bins.values())
            lines += [
                StockLine(sku, count, row=row, unit=unit, cost_minor=cost, bin=code)
                for code, count in (*bins.items(), (NOWHERE, rest))
            ]
            if (site, sku, DAMAGED) in self.shelves:
                lines.append(StockLine(sku, self.on_hand(site, sku, DAMAGED), DAMAGED, row=row, cost_minor=cost))
        keeps_bins = site in self.racks.sites
        return StockDocument(
            site=site, as_of=self.tick(), lines=tuple(lines), opening=opening, part=part, bins=keeps_bins
        )

    def _bins(self, site: str, sku: str) -> dict[str, int]:
        """What lies in which bin, once somebody has put away what lay about."""
        if site not in self.racks.sites:
            return {}
        shelf = self.shelves.get((site, sku, AVAILABLE), 0)
        self.racks.put(site, sku, shelf - sum(self.racks.of(site, sku).values()))
        return {code: units for code, units in self.racks.of(site, sku).items() if units}

    def _count_lots(self, site: str, sku: str, row: int) -> Iterable[StockLine]:
        """Each lot that ever lay there; what is expired on its shelf is said to be so by some."""
        cost, at = self.random.choice(self.merchant.good(sku).costs), self.tick()
        for lot in self.lots.at(site, sku):
            bags = sum(
                job.lots.get(line.line_no, {}).get(lot, 0)
                for job in self.jobs.values()
                if job.request.site == site
                for line in job.request.lines
                if line.sku == sku
            )
            shelf = self.lots.shelves[site, sku, lot]
            last = self.lots.expires_on[sku, lot]
            expired = self.lots.is_expired(sku, lot, at) and self.random.random() < 0.5
            yield StockLine(sku, bags + (0 if expired else shelf), lot=lot, expires_on=last, row=row, cost_minor=cost)
            if expired:
                yield StockLine(sku, shelf, EXPIRED, lot=lot, expires_on=last, row=row, cost_minor=cost)


def _parts(
    line_no: int, units: int, lots: Mapping[int, Mapping[str, int]], bins: Mapping[int, Mapping[str, int]]
) -> list[tuple[str, str, int]]:
    """(lot, bin, units) of what is said of a line; what nothing is said of stands by itself."""
    named = [(lot, NOWHERE, count) for lot, count in lots.get(line_no, {}).items()]
    named += [("", code, count) for code, count in bins.get(line_no, {}).items() if code]
    rest = units - sum(count for _, _, count in named)
    return [*named, *([("", NOWHERE, rest)] if rest else [])]


def take_lots(bag: dict[str, int], units: int) -> dict[str, int]:
    """Units out of a bag, whatever lots they are of."""
    taken: dict[str, int] = {}
    for lot in list(bag):
        part = min(units, bag[lot])
        if part:
            taken[lot] = part
            bag[lot] -= part
            units -= part
    return taken
