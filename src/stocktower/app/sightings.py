"""What the outside of a simulation sees of a tower: requests to sites while it runs, everything at a check."""

from collections import Counter
from collections.abc import Mapping, Sequence

from stocktower import catalog, finance, fulfillment, inventory, network, ordering, worklist
from stocktower.app.home import Tower
from stocktower.inventory import views as ledger
from stocktower.ordering import OrderDetail, OrderFilter, OrderRow
from stocktower.platform import Transaction
from stocktower.simulation import (
    SeenBin,
    SeenBooks,
    SeenClaim,
    SeenComing,
    SeenHold,
    SeenLine,
    SeenOrder,
    SeenRequest,
    SeenRequestLine,
    SeenStock,
    SeenTower,
)

_PAGE = 500
_MOST_HOLDS = 10_000
_MOST_BINS = 100_000


class Window:
    """Looks at one tower; it remembers only what order lines are called."""

    def __init__(self) -> None:
        self._lines: dict[int, dict[int, tuple[str, str, str]]] = {}
        """order_id -> line_no -> (reference, listing, SKU)"""

    def see_requests(self, tower: Tower) -> list[SeenOrder]:
        """The orders that sites were ever asked for, with what they are asked now; without their own figures."""
        with tower.reading() as tx:
            facts = network.load_network(tx)
            rows = {row.order_id: row for row in _all_rows(tx, facts)}
            found = fulfillment.load_requests_of(tx, list(rows))
            return [
                SeenOrder(
                    shop=rows[order_id].channel,
                    order_ref=rows[order_id].order_ref,
                    step=rows[order_id].step,
                    is_history=rows[order_id].is_history,
                    refunded_minor=0,
                    lines=(),
                    requests=tuple(
                        self._request(tx, facts, rows[order_id], one)
                        for one in sorted(requests, key=lambda one: one.fulfillment_id)
                    ),
                )
                for order_id, requests in found.items()
            ]

    def _request(
        self, tx: Transaction, facts: network.Network, row: OrderRow, request: fulfillment.Request
    ) -> SeenRequest:
        names = self._lines.get(row.order_id, {})
        if any(line.line_no not in names for line in request.lines):
            detail = ordering.load_order(tx, facts, row.order_id)
            names = {line.line_no: (line.line_ref, line.listing, line.sku) for line in detail.lines} if detail else {}
            self._lines[row.order_id] = {no: name for no, name in names.items() if name[2]}
        return SeenRequest(
            fulfillment_id=request.fulfillment_id,
            shop=row.channel,
            order_ref=row.order_ref,
            number=row.number,
            site=facts.sites[request.site_id].code,
            asked_at=request.released_at,
            lines=tuple(
                SeenRequestLine(
                    line.line_no,
                    *names[line.line_no],
                    line.quantity,
                    line.picked,
                    line.shipped,
                    line.short,
                    line.cancelled,
                )
                for line in request.lines
            ),
        )

    def see_free(self, tower: Tower) -> dict[tuple[str, str], int]:
        """What is free by site and SKU, for those who order transfers."""
        with tower.reading() as tx:
            rows = see_stock(tx)
        return {
            (row.site, row.sku): row.quantity - row.allocated
            for row in rows
            if row.status == "available" and not row.lot
        }

    def see_all(self, tower: Tower) -> SeenTower:
        """Everything at one moment."""
        requests = {(seen.shop, seen.order_ref): seen.requests for seen in self.see_requests(tower)}
        with tower.reading() as tx:
            facts = network.load_network(tx)
            rows = _all_rows(tx, facts)
            balances = finance.load_order_balances(tx, [row.order_id for row in rows])
            details = [detail for row in rows if (detail := ordering.load_order(tx, facts, row.order_id)) is not None]
            orders = [
                _order(
                    detail,
                    requests.get((detail.order.channel, detail.order.order_ref), ()),
                    balances.get(detail.order.order_id),
                )
                for detail in details
            ]
            return SeenTower(
                orders=tuple(orders),
                order_count=sum(ordering.count_states(tx).values()),
                stock=see_stock(tx),
                books=_books(tx),
                open_cases={one.kind: one.cases for one in worklist.count_kinds(tx)},
                now=tx.now,
                holds=_holds(tx, facts),
                coming=_coming(tx, facts),
                claims=_claims(tx, facts, {row.order_id: row for row in rows}),
                bins=_bins(tx, facts),
            )


def _all_rows(tx: Transaction, facts: network.Network) -> list[OrderRow]:
    """Every order, by pages."""
    rows: list[OrderRow] = []
    after = ""
    while True:
        page = ordering.list_orders(tx, facts, OrderFilter(), after=after, limit=_PAGE)
        rows += page.rows
        after = page.next_key
        if not after:
            return rows


def _order(detail: OrderDetail, requests: tuple[SeenRequest, ...], balance: finance.OrderBalance | None) -> SeenOrder:
    return SeenOrder(
        shop=detail.order.channel,
        order_ref=detail.order.order_ref,
        step=detail.order.step,
        is_history=detail.order.is_history,
        refunded_minor=detail.refunded_minor,
        lines=tuple(
            SeenLine(
                line.line_no,
                line.line_ref,
                line.ordered,
                line.open,
                line.backordered,
                line.allocated,
                line.released,
                line.shipped,
                line.cancelled,
                line.promise.promised_on if line.promise else None,
                _unreleased(line.line_no, line.sites, requests),
            )
            for line in detail.lines
        ),
        requests=requests,
        deposits_minor=balance.deposits_minor if balance else 0,
        receivable_minor=balance.receivable_minor if balance else 0,
    )


def _unreleased(
    line_no: int, sites: Sequence[tuple[str, int]], requests: Sequence[SeenRequest]
) -> tuple[tuple[str, int], ...]:
    """What of a line is allocated at each site, less what the site is asked for."""
    left = dict(sites)
    for request in requests:
        for asked in request.lines:
            if asked.line_no == line_no:
                owed = asked.quantity - asked.shipped - asked.short - asked.cancelled
                left[request.site] = left.get(request.site, 0) - owed
    return tuple((site, units) for site, units in left.items() if units > 0)


def see_stock(tx: Transaction, sku_ids: Sequence[int] | None = None) -> tuple[SeenStock, ...]:
    """The stock rows of some SKUs, or of all."""
    facts = network.load_network(tx)
    skus = catalog.load_skus(tx, catalog.load_active_ids(tx) if sku_ids is None else sku_ids)
    availability = inventory.load_availability(tx, sorted(skus), facts)
    return tuple(
        SeenStock(
            facts.sites[row.site_id].code, sku.code, row.status, row.quantity, row.allocated, row.discrepancy, row.lot
        )
        for sku_id, sku in sorted(skus.items())
        if not availability.is_kit(sku_id)
        for row in availability.rows(sku_id)
    )


def _bins(tx: Transaction, facts: network.Network) -> tuple[SeenBin, ...]:
    found, _ = ledger.load_bin_page(tx, ledger.BinsAsked(), limit=_MOST_BINS)
    skus = catalog.load_skus(tx, {one.sku_id for one in found})
    return tuple(
        SeenBin(facts.sites[one.site_id].code, skus[one.sku_id].code, one.bin, one.quantity)
        for one in found
        if one.status == inventory.AVAILABLE
    )


def _holds(tx: Transaction, facts: network.Network) -> tuple[SeenHold, ...]:
    holds = inventory.load_open_holds(tx, _MOST_HOLDS)
    units: dict[int, Counter[int]] = {}
    for one in inventory.load_allocations(tx, [hold.hold_id for hold in holds]):
        units.setdefault(one.order_id, Counter())[one.sku_id] += one.quantity
    skus = catalog.load_skus(tx, {sku_id for of_hold in units.values() for sku_id in of_hold})
    return tuple(
        SeenHold(
            facts.channels[hold.channel_id].code,
            hold.reference,
            hold.expires_at,
            {skus[sku_id].code: count for sku_id, count in units.get(hold.hold_id, Counter()).items()},
        )
        for hold in holds
    )


def _coming(tx: Transaction, facts: network.Network) -> tuple[SeenComing, ...]:
    skus = catalog.load_skus(tx, catalog.load_active_ids(tx))
    return tuple(
        SeenComing(one.reference, facts.sites[one.site_id].code, skus[one.sku_id].code, one.open, one.expected_at)
        for one in inventory.load_inbound(tx, sorted(skus))
        if one.kind == inventory.PURCHASE
    )


def _claims(tx: Transaction, facts: network.Network, orders: Mapping[int, OrderRow]) -> tuple[SeenClaim, ...]:
    claims = inventory.load_claims(tx, sorted(orders))
    inbound = inventory.load_inbound_by_id(tx, sorted({one.inbound_id for one in claims}))
    demands = inventory.load_demands(tx, sorted({one.order_id for one in claims}))
    per_unit = {(one.order_id, one.line_no, one.sku_id): one.per_unit for one in demands}
    parts = Counter((one.order_id, one.line_no) for one in demands)
    skus = catalog.load_skus(tx, {one.sku_id for one in claims})
    return tuple(
        SeenClaim(
            orders[one.order_id].channel,
            orders[one.order_id].order_ref,
            one.line_no,
            inbound[one.inbound_id].reference,
            facts.sites[one.site_id].code,
            skus[one.sku_id].code,
            per_unit[one.order_id, one.line_no, one.sku_id],
            parts[one.order_id, one.line_no] > 1,
            one.claimed,
            one.arrived,
            one.expected_at,
        )
        for one in claims
    )


def _books(tx: Transaction) -> SeenBooks:
    balances: dict[tuple[str, str, str], int] = {}
    sums = Counter[str]()
    for row in finance.trial_balance(tx).rows:
        sums[row.entity] += row.debit_minor - row.credit_minor
        for part in row.parts:
            balances[part.entity, part.account, part.currency] = part.amount_minor
    return SeenBooks(balances, dict(sums))
