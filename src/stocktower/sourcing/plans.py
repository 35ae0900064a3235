"""Plans over several sites, when no single unprotected one serves all: the combinations, and the best. Pure."""

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Protocol

from msgspec import Struct

from .lanes import Candidate, Lane
from .model import Choice, Reason, SourcingRequest


class FreeView(Protocol):
    """(sku_id, site_id) -> stock units; a mapping is one."""

    def get(self, key: tuple[int, int], default: int, /) -> int:
        """Units of a SKU at a site, the default where nothing is known."""
        ...


MOST_COMPARED = 8
"""Beyond so many sites that have something, only those that can give most are combined."""


class Plan(Struct, frozen=True):
    """One combination of sites, and what it serves."""

    sites: tuple[Candidate, ...]
    assignments: tuple[tuple[int, int, int], ...]
    units: int
    """Sold units served."""
    measure: tuple[int, ...]
    """Smaller is better: units not served, then the preference, then the places in the lane."""


def choose_plan(
    order: SourcingRequest,
    lane: Lane,
    preference: tuple[str, ...],
    free: FreeView,
    limits: Mapping[int, int],
) -> Choice:
    """The best combination of sites and the second best; what nobody has stays missing."""
    asked = sum(line.quantity for line in order.lines)
    useful = useful_sites(order, lane, free)
    best: Plan | None = None
    second: Plan | None = None
    if useful:
        most = fill(order, tuple(useful), free, limits)[1]
        for subset, may_stop in ordered_subsets(useful, lane.most_sites, preference):
            if may_stop and best is not None and second is not None and min(best.units, second.units) >= most:
                break
            plan = make_plan(order, subset, asked, preference, lane, free, limits)
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


def useful_sites(order: SourcingRequest, lane: Lane, free: FreeView) -> list[Candidate]:
    """The candidates that can serve at least one sold unit, in lane order; the most able ones where there are many."""
    able: list[tuple[int, Candidate]] = []
    for candidate in lane.candidates:
        site_id = candidate.site_id
        units = sum(
            min(line.quantity, *[free.get((sku_id, site_id), 0) // n for sku_id, n in line.components])
            for line in order.lines
        )
        if units > 0:
            able.append((units, candidate))
    if len(able) > MOST_COMPARED:
        able = sorted(sorted(able, key=lambda item: -item[0])[:MOST_COMPARED], key=lambda item: item[1].rank)
    return [candidate for _, candidate in able]


def ordered_subsets(
    sites: list[Candidate], most_sites: int, preference: tuple[str, ...]
) -> Iterator[tuple[tuple[Candidate, ...], bool]]:
    """Every combination, by groups from the best preferred; with it, whether a new group begins.

    Groups go by the keys that a combination has whatever is compared after them (protected sites, splits), as far as
    these come first in the preference: then nothing in a later group beats a plan of an earlier one that serves as
    much.
    """
    leading: list[str] = []
    for key in preference:
        if key not in ("protected", "splits"):
            break
        leading.append(key)
    groups: dict[tuple[int, ...], list[tuple[Candidate, ...]]] = {}
    for size in range(1, min(most_sites, len(sites)) + 1):
        for subset in combinations(sites, size):
            protected = sum(item.protected for item in subset)
            key = tuple(protected if name == "protected" else size for name in leading)
            groups.setdefault(key, []).append(subset)
    for key in sorted(groups):
        begins = True
        for subset in groups[key]:
            yield subset, begins
            begins = False


def make_plan(
    order: SourcingRequest,
    sites: tuple[Candidate, ...],
    asked: int,
    preference: tuple[str, ...],
    lane: Lane,
    free: FreeView,
    limits: Mapping[int, int],
) -> Plan | None:
    """What a combination serves; None when one of its sites would have nothing to do, or nothing is served."""
    assignments, units = fill(order, sites, free, limits)
    if len({site_id for _, site_id, _ in assignments}) < len(sites):
        return None
    values = {
        "protected": sum(item.protected for item in sites),
        "splits": len(sites) - 1,
        "priority": sum(item.priority for item in sites),
        "distance": sum(item.distance for item in sites),
    }
    places = (item.rank[-1] for item in sites)
    return Plan(sites, assignments, units, (asked - units, *(values[key] for key in preference), *places))


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
    alone = {item.site_id for item in lane.candidates if fill(order, (item,), free, limits)[1] == asked}
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
