"""Plans over several sites, when no single unprotected one serves all: the combinations, and the best. Pure."""

from collections.abc import Iterator, Mapping
from operator import itemgetter
from typing import Protocol

from msgspec import Struct

from .lanes import MOST_COMBINED, Candidate, Combination, Lane, combine
from .model import Choice, Reason, SourcingLine, SourcingRequest


class FreeView(Protocol):
    """(sku_id, site_id) -> stock units; a mapping is one."""

    def get(self, key: tuple[int, int], default: int, /) -> int:
        """Units of a SKU at a site, the default where nothing is known."""
        ...


class Plan(Struct, frozen=True):
    """One combination of sites, and what it serves."""

    sites: tuple[Candidate, ...]
    assignments: tuple[tuple[int, int, int], ...]
    units: int
    """Sold units served."""
    measure: tuple[int, ...]
    """Smaller is better: units not served, then what the combination is compared by."""


def needs_of(order: SourcingRequest) -> list[tuple[int, int]]:
    """Stock units of each SKU that the whole order needs."""
    lines = order.lines
    if len(lines) == 1 and len(lines[0].components) == 1:
        sku_id, units = lines[0].components[0]
        return [(sku_id, units * lines[0].quantity)]
    needs: dict[int, int] = {}
    for line in lines:
        quantity = line.quantity
        for sku_id, units in line.components:
            needs[sku_id] = needs.get(sku_id, 0) + units * quantity
    return list(needs.items())


def choose_plan(
    order: SourcingRequest,
    lane: Lane,
    preference: tuple[str, ...],
    free: FreeView,
    limits: Mapping[int, int],
) -> Choice:
    """The best combination of sites and the second best; what nobody has stays missing."""
    asked = sum(line.quantity for line in order.lines)
    best: Plan | None = None
    second: Plan | None = None
    for least, combination in _promising(order, lane, preference, free, limits):
        if second is not None and (least, *combination.measure) > second.measure:
            break
        plan = make_plan(order, combination, asked, free, limits)
        if plan is None:
            continue
        if best is None or plan.measure < best.measure:
            best, second = plan, best
        elif second is None or plan.measure < second.measure:
            second = plan
    if best is None:
        missing = tuple((line.line_no, line.quantity) for line in order.lines)
        codes = tuple(item.code for item in lane.candidates)
        return Choice((), missing, Reason("none", lacking=codes, short=asked))
    reason = explain_choice(order, lane, best, second, asked, preference, free, limits)
    return Choice(
        best.assignments,
        missing_of(order, best),
        reason,
        () if second is None else tuple(item.site_id for item in second.sites),
    )


def _promising(
    order: SourcingRequest, lane: Lane, preference: tuple[str, ...], free: FreeView, limits: Mapping[int, int]
) -> Iterator[tuple[int, Combination]]:
    """The combinations of sites that all have something, with the units that each leaves at least, in the order of
    the best that their plans can measure: when that is worse than a plan at hand, so are all that follow."""
    candidates = lane.candidates
    can = [(line.quantity, [_serves(line, item.site_id, free, limits) for item in candidates]) for line in order.lines]
    able = [sum(units[place] for _, units in can) for place in range(len(candidates))]
    useful = [place for place, units in enumerate(able) if units]
    if len(candidates) <= MOST_COMBINED:
        combinations = lane.combinations(preference)
    else:
        useful = sorted(sorted(useful, key=lambda place: -able[place])[:MOST_COMBINED])
        combinations = combine(candidates, useful, lane.most_sites, preference)
    without = sum(1 << place for place in range(len(candidates)) if place not in useful)
    whole = sum(quantity - min(quantity, sum(units[place] for place in useful)) for quantity, units in can)
    later: list[tuple[int, tuple[int, ...], Combination]] = []
    for one in combinations:
        if one.mask & without:
            continue
        least = 0
        for quantity, units in can:
            for place in one.places:
                quantity -= units[place]
            if quantity > 0:
                least += quantity
        if least == whole:
            yield least, one
        else:
            later.append((least, one.measure, one))
    for least, _, one in sorted(later, key=itemgetter(0, 1)):
        yield least, one


def _serves(line: SourcingLine, site_id: int, free: FreeView, limits: Mapping[int, int]) -> int:
    """Units of a line that a site could serve if it served nothing else."""
    units = line.quantity
    for sku_id, each in line.components:
        there = (
            min(free.get((sku_id, site_id), 0), limits[sku_id]) if sku_id in limits else free.get((sku_id, site_id), 0)
        )
        units = min(units, there // each)
    return max(0, units)


def make_plan(
    order: SourcingRequest, combination: Combination, asked: int, free: FreeView, limits: Mapping[int, int]
) -> Plan | None:
    """What a combination serves; None when one of its sites would have nothing to do, or nothing is served."""
    sites = combination.sites
    assignments, units = fill(order, sites, free, limits)
    if len({site_id for _, site_id, _ in assignments}) < len(sites):
        return None
    return Plan(sites, assignments, units, (asked - units, *combination.measure))


def fill(
    order: SourcingRequest,
    sites: tuple[Candidate, ...],
    free: FreeView,
    limits: Mapping[int, int],
) -> tuple[tuple[tuple[int, int, int], ...], int]:
    """Serve the lines from the sites: a line whole from the first site that can, else from one after the other."""
    used: dict[tuple[int, int], int] = {}
    left = dict(limits)
    assignments: list[tuple[int, int, int]] = []
    total = 0

    def can(site_id: int, components: tuple[tuple[int, int], ...], wanted: int) -> int:
        for sku_id, units in components:
            key = (sku_id, site_id)
            there = free.get(key, 0) - used.get(key, 0)
            if sku_id in left and left[sku_id] < there:
                there = left[sku_id]
            wanted = min(wanted, there // units)
        return max(0, wanted)

    for line in order.lines:
        open_units = line.quantity
        whole = next((item for item in sites if can(item.site_id, line.components, open_units) == open_units), None)
        for candidate in sites if whole is None else (whole,):
            site_id = candidate.site_id
            part = can(site_id, line.components, open_units)
            if part == 0:
                continue
            for sku_id, units in line.components:
                used[sku_id, site_id] = used.get((sku_id, site_id), 0) + units * part
                if sku_id in left:
                    left[sku_id] -= units * part
            assignments.append((line.line_no, site_id, part))
            total += part
            open_units -= part
            if open_units == 0:
                break
    return tuple(assignments), total


def missing_of(order: SourcingRequest, plan: Plan) -> tuple[tuple[int, int], ...]:
    """What the plan leaves of each line."""
    served: dict[int, int] = {}
    for line_no, _, units in plan.assignments:
        served[line_no] = served.get(line_no, 0) + units
    return tuple(
        (line.line_no, line.quantity - served.get(line.line_no, 0))
        for line in order.lines
        if served.get(line.line_no, 0) < line.quantity
    )


def explain_choice(
    order: SourcingRequest,
    lane: Lane,
    best: Plan,
    second: Plan | None,
    asked: int,
    preference: tuple[str, ...],
    free: FreeView,
    limits: Mapping[int, int],
) -> Reason:
    """The reason of a plan that was compared with others."""
    chosen = {item.site_id for item in best.sites}
    needs = needs_of(order)
    alone = {
        item.site_id
        for item in lane.candidates
        if all(min(free.get((sku_id, item.site_id), 0), limits.get(sku_id, units)) >= units for sku_id, units in needs)
    }
    by, values = "only", None
    if second is not None:
        by, values = _decisive(best, second, preference)
    return Reason(
        by,
        tuple(item.code for item in best.sites),
        () if second is None else tuple(item.code for item in second.sites),
        values,
        tuple(item.code for item in lane.candidates if item.site_id not in alone),
        tuple(item.code for item in lane.candidates if item.protected and item.site_id in alone - chosen),
        asked - best.units,
    )


def _decisive(best: Plan, second: Plan, preference: tuple[str, ...]) -> tuple[str, tuple[int, int] | None]:
    for key, mine, theirs in zip(("units", *preference), best.measure, second.measure, strict=False):
        if mine != theirs:
            return key, (best.units, second.units) if key == "units" else (mine, theirs)
    return "order", None
