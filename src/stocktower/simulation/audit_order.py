"""What the auditor expects of one order: units by line and what they are worth, from what channels and sites have said.

It knows nothing of stock and sourcing: where units are allocated it reads off the requests that the sites got.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from fractions import Fraction

from msgspec import Struct, field

from stocktower.exchange import ConfirmationDocument, LineDocument, OrderDocument

from .audit_bins import Fetched
from .audit_line import LineModel
from .audit_lots import UNKNOWN
from .audit_money import Account, Share, by_weight, frozen_shares, half_even, without_tax
from .audit_request import RequestModel
from .audit_stock import Gone
from .merchant import Merchant, Shop
from .seen import SeenOrder
from .warehouse import take_lots

_MONEY = {"pending": 0, "authorized": 1, "partially_paid": 2, "voided": 3, "paid": 3, "partially_refunded": 4,
          "refunded": 5}  # fmt: skip
_SHIPPED = ("unfulfilled", "partial", "fulfilled")


class Went(Struct, frozen=True):
    """Stock units that should have left a site."""

    site: str
    sku: str
    gone: Gone
    lot: str = ""
    fulfillment_id: int = 0


class OrderModel(Struct):
    """An order as it should be."""

    merchant: Merchant
    shop: Shop
    account: Account
    document: OrderDocument
    is_history: bool = False
    lines: list[LineModel] = field(default_factory=list[LineModel])
    requests: dict[int, RequestModel] = field(default_factory=dict[int, RequestModel])
    captured: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    given_back: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    refunded: int = 0
    refunded_before: int = 0
    went: list[Went] = field(default_factory=list[Went])
    fetched: list[Fetched] = field(default_factory=list[Fetched])
    """What left sites since it was last asked."""
    heard: set[tuple[str, bytes]] = field(default_factory=set[tuple[str, bytes]])
    mismatched: int = 0
    """Reports that cannot be true as far as the tower knows."""

    # What channels say.

    def open(self, now: datetime) -> None:
        """Take the first document."""
        document = self.document
        gone = [shipped_units(line, document) for line in document.lines]
        whole = (
            document.cancelled_at is None
            and sum(gone) > 0
            and all(units + line.cancelled >= line.quantity for units, line in zip(gone, document.lines, strict=True))
        )
        self.is_history = document.placed_at < self.shop.live_from or document.custody == "marketplace" or whole
        shares = frozen_shares(document)
        for place, (line, shipped) in enumerate(zip(document.lines, gone, strict=True), start=1):
            cancelled = line.quantity - shipped if document.cancelled_at is not None else line.cancelled
            self.lines.append(
                LineModel(place, line.line_ref, line.listing, line.quantity, cancelled, shipped, line.quantity,
                          shares[line.line_ref], shipped_outside=shipped)
            )  # fmt: skip
        if self.is_history:
            self.refunded = self.refunded_before = document.refunded_minor
            return
        self._take_payments(document)
        self._sell([(line, 0, line.shipped) for line in self.lines if line.shipped])
        self._refund(document.refunded_minor, {})

    def take(self, document: OrderDocument, now: datetime) -> bool:
        """Take a later document; False: it is older than what is known, and refused."""
        paid_back = dict(self.given_back)
        if not self.is_history:
            self._take_payments(document)
        if takes_back(self.document, document):
            return False
        old, self.document = self.document, document
        if self.is_history:
            self._follow(document)
            return True
        self._hear_of_shipments(old, document, now)
        if document.cancelled_at is not None:
            for line in self.lines:
                self._cancel(line, line.live - line.shipped)
        else:
            self._change_units(old, document)
        self._price(old, document)
        self._refund(document.refunded_minor - old.refunded_minor, paid_back)
        return True

    def _follow(self, document: OrderDocument) -> None:
        said = {line.line_ref: line for line in document.lines}
        for line in self.lines:
            stated = said.get(line.ref)
            if stated is not None:
                line.ordered = stated.quantity
                line.shipped = shipped_units(stated, document)
                all_cancelled = document.cancelled_at is not None
                line.cancelled = line.ordered - line.shipped if all_cancelled else stated.cancelled
        self.refunded = document.refunded_minor

    def _take_payments(self, document: OrderDocument) -> None:
        """Money that is in never goes out but by a refund; a channel that names no tender is one itself."""
        stated = [
            ((one.method, one.reference), one.amount_minor if one.state in _IN else 0, one.refunded_minor)
            for one in document.payments
        ]
        if not stated and document.financial_state in ("paid", "partially_refunded", "refunded"):
            refunded = min(document.refunded_minor, document.total_minor)
            stated = [((self.shop.kind, document.order_ref), document.total_minor, refunded)]
        for key, amount, refunded in stated:
            more = amount - self.captured.get(key, 0)
            if more > 0:
                self.captured[key] = amount
                self.account.pay(key[0], more)
            self.given_back[key] = min(max(self.given_back.get(key, 0), refunded), self.captured.get(key, 0))

    def _sell(self, parts: Iterable[tuple[LineModel, int, int]]) -> None:
        share = Share()
        for line, first, end in parts:
            share += line.worth(first, end)
        self.account.sell(share, tax_is_ours=not self.shop.marketplace_tax)

    def _hear_of_shipments(self, old: OrderDocument, new: OrderDocument, now: datetime) -> None:
        """The channel says that units left: those that a site was asked for left it, others left from elsewhere."""
        before = {line.line_ref: shipped_units(line, old) for line in old.lines}
        at = new.fulfilled_at or now
        for stated in new.lines:
            told = shipped_units(stated, new)
            lines = [line for line in self.lines if line.ref == stated.line_ref]
            units = min(told - before.get(stated.line_ref, 0), told - sum(line.shipped for line in lines))
            for line in lines:
                asked = sum(request.outstanding(line.line_no) for request in self.requests.values())
                outside = min(max(units, 0), line.live - line.shipped)
                outside -= min(outside, asked)
                for request in self.requests.values():
                    part = min(max(units, 0), request.outstanding(line.line_no))
                    if part:
                        request.hear_shipped(line.line_no, part)
                        units -= part
                        self._ship(line, part, request, at, {})
                if outside:
                    self._sell([(line, line.shipped, line.shipped + outside)])
                    line.shipped += outside
                    line.shipped_outside += outside
                    units -= outside

    def _ship(self, line: LineModel, units: int, request: RequestModel, at: datetime, lots: dict[str, int]) -> None:
        """Units leave a site; `lots`: those that are named for them, of a SKU that is tracked by lot."""
        self._sell([(line, line.shipped, line.shipped + units)])
        line.shipped += units
        offer = self.merchant.offer(self.shop.code, line.listing)
        if self.merchant.good(offer.sku).by_lot:
            for lot, count in (lots or {UNKNOWN: units}).items():
                self.went.append(Went(request.site, offer.sku, Gone(at, request.asked_at, count), lot))
            return
        for sku, per_unit in self.merchant.parts(offer.sku):
            gone = Gone(at, request.asked_at, units * per_unit * offer.pack)
            self.went.append(Went(request.site, sku, gone, fulfillment_id=request.fulfillment_id))

    def _change_units(self, old: OrderDocument, new: OrderDocument) -> None:
        before = {line.line_ref: line for line in old.lines}
        after = {line.line_ref: line for line in new.lines}
        less: list[tuple[str, int, int]] = []
        for ref, line in after.items():
            was = before[ref].quantity - before[ref].cancelled if ref in before else 0
            now = line.quantity - line.cancelled
            if now > was or (ref not in before and line.quantity):
                self._add(line, before.get(ref), now - was)
            elif now < was:
                less.append((ref, was - now, now))
        less += [(ref, line.quantity - line.cancelled, 0) for ref, line in before.items() if ref not in after]
        for ref, units, wanted in less:
            lines = [line for line in self.lines if line.ref == ref]
            units = min(units, max(0, sum(line.live for line in lines) - wanted))
            for line in reversed(lines):
                part = min(units, line.live - line.shipped)
                self._cancel(line, part)
                units -= part

    def _add(self, stated: LineDocument, before: LineDocument | None, units: int) -> None:
        """A line of which nothing has shipped grows; else the units stand on a line of their own."""
        again = min(units, max(0, before.cancelled - stated.cancelled)) if before else 0
        for line in self.lines:
            if line.ref == stated.line_ref and not line.shipped:
                line.priced += units - min(again, max(0, line.priced - line.live))
                line.ordered += units
                return
        dead = 0 if before else stated.cancelled
        back, known = self._back(stated.line_ref, again)
        gross = Share(
            (dead + units - back) * stated.unit_price_minor,
            stated.discount_minor - (before.discount_minor if before else 0),
            (stated.shipping_minor or 0) - ((before.shipping_minor or 0) if before else 0),
            (stated.tax_minor or 0) - ((before.tax_minor or 0) if before else 0),
            (stated.duties_minor or 0) - ((before.duties_minor or 0) if before else 0),
        )
        share = known + (without_tax(gross) if self.document.tax_included else gross)
        place = max(line.line_no for line in self.lines) + 1
        self.lines.append(LineModel(place, stated.line_ref, stated.listing, dead + units, dead, 0, dead + units, share))

    def _back(self, ref: str, units: int) -> tuple[int, Share]:
        """Units that are cancelled no more: what they were worth goes with them."""
        back, worth = 0, Share()
        for line in self.lines:
            part = min(units - back, line.priced - max(line.live, line.shipped)) if line.ref == ref else 0
            if part > 0:
                worth += line.worth(line.priced - part, line.priced)
                line.share = line.worth(0, line.priced - part)
                line.priced -= part
                back += part
        return back, worth

    def _cancel(self, line: LineModel, units: int) -> None:
        """What no site has picked or shipped can be cancelled."""
        picked = sum(request.out_of_reach(line.line_no) for request in self.requests.values())
        line.cancelled += max(0, min(units, line.live - line.shipped_outside - picked))

    def _price(self, old: OrderDocument, new: OrderDocument) -> None:
        """What has shipped keeps its share, the rest is worth what is stated now."""
        if _stated_amounts(old) == _stated_amounts(new):
            return
        begun = {line.ref for line in self.lines if line.shipped}
        shares = frozen_shares(new)
        quantities = {line.line_ref: line.quantity for line in new.lines}
        for line in self.lines:
            if line.ref not in begun:
                line.share = shares.get(line.ref, Share())
                line.priced = quantities.get(line.ref, line.priced)
        if not begun:
            return
        for ref in begun:
            self._drop_unstated(ref, quantities.get(ref, 0))
        waiting = [line for line in self.lines if line.live and not line.shipped]
        worth = [max(0, line.share.total) for line in waiting]
        rest = max(new.total_minor - sum(line.share.total for line in self.lines), -sum(worth))
        for line, part in zip(waiting, by_weight(rest, worth) if waiting else [], strict=True):
            line.share += Share(goods=max(0, part), discount=max(0, -part))

    def _drop_unstated(self, ref: str, quantity: int) -> None:
        """Units that the channel does not state any more are worth nothing, unless they have shipped."""
        lines = [line for line in self.lines if line.ref == ref]
        too_many = sum(line.priced for line in lines) - quantity
        for line in reversed(lines):
            part = min(too_many, line.priced - line.shipped)
            if part > 0:
                line.share = line.worth(0, line.priced - part)
                line.priced -= part
                too_many -= part

    def _refund(self, amount: int, paid_back: dict[tuple[str, str], int]) -> None:
        """Money goes back by the tenders that gave it: for what is dead first, then what shipped, then what waits."""
        if amount <= 0:
            return
        tenders = [(key[0], self.given_back[key] - paid_back.get(key, 0)) for key in self.given_back]
        tenders = [(method, part) for method, part in tenders if part > 0]
        if sum(part for _, part in tenders) != amount:
            tenders = [(self._main_method(), amount)]
        for method, part in tenders:
            self._refund_by(method, part)

    def _main_method(self) -> str:
        stated = {(one.method, one.reference): one.amount_minor for one in self.document.payments} or self.captured
        return max(stated, key=lambda key: stated[key])[0] if stated else self.shop.kind

    def _refund_by(self, method: str, amount: int) -> None:
        total = sum(line.share.total for line in self.lines)
        paid = max(sum(self.captured.values()), total)
        earned = [line.earned for line in self.lines]
        room_before = max(0, paid - sum(share.total for share in earned) - self.refunded_before)
        rooms = [max(0, share.total - line.refunded) for share, line in zip(earned, self.lines, strict=True)]
        dead = paid - total - self.refunded_before
        dead += sum(line.worth(max(0, line.live), line.priced).total for line in self.lines)
        before = min(amount, room_before, max(0, dead))
        after = min(amount - before, sum(rooms))
        before += min(amount - before - after, room_before - before)
        parts = Share()
        for line, share, part in zip(self.lines, earned, by_weight(after, rooms) if after else [0] * len(rooms),
                                     strict=True):  # fmt: skip
            if part:
                parts += _part_of(share, line.refunded + part) - _part_of(share, line.refunded)
                line.refunded += part
        self.refunded += before + after
        self.refunded_before += before
        if before + after:
            self.account.give_back(method, before, parts, tax_is_ours=not self.shop.marketplace_tax)

    def is_plain(self) -> bool:
        """Whether all of it was paid and shipped, and nothing ever went back."""
        return (
            not self.is_history
            and not self.refunded
            and all(line.shipped == line.ordered == line.priced for line in self.lines)
            and sum(self.captured.values()) == self.document.total_minor
            and sum(line.share.total for line in self.lines) == self.document.total_minor
        )

    # What sites say.

    def report(self, document: ConfirmationDocument, content: bytes) -> bool:
        """Take what a site reports; False: no request to the site is known, so that it waits."""
        requests = [request for request in self.requests.values() if request.site == document.site]
        if not requests:
            return False
        if (document.site, content) in self.heard:
            return True
        self.heard.add((document.site, content))
        is_shipped = document.kind == "shipped"
        requests = [request for request in requests if request.is_due(is_shipped)] or requests[-1:]
        went: list[tuple[LineModel, RequestModel, int]] = []
        picked = {(one.fulfillment_id, no): line.picked for one in requests for no, line in one.lines.items()}
        for request, line_no, units in self._addressed(document, requests):
            moved, lost = request.hear(document.kind, line_no, units)
            self.mismatched += lost
            if document.kind == "shipped" and moved:
                line = next(line for line in self.lines if line.line_no == line_no)
                went.append((line, request, moved))
        if document.kind in ("picked", "packed"):
            self._fetch(document, requests, picked)
        lots = self._named_lots(document, went)
        for line, request, moved in went:
            self._ship(line, moved, request, document.occurred_at, take_lots(lots.get(line.ref, {}), moved))
        return True

    def _fetch(
        self, document: ConfirmationDocument, requests: list[RequestModel], before: dict[tuple[int, int], int]
    ) -> None:
        """What a site has newly picked, where it names bins; `before`: what was picked by request and line."""
        fresh: dict[str, Counter[int]] = {}
        named: dict[str, Counter[str]] = {}
        for line in self.lines:
            sku = self.merchant.offer(self.shop.code, line.listing).sku
            for request in requests:
                if line.line_no in request.lines:
                    units = request.lines[line.line_no].picked - before[request.fulfillment_id, line.line_no]
                    fresh.setdefault(sku, Counter())[request.fulfillment_id] += units
            for stated in document.lines:
                if stated.bin and self._is_meant(line, stated.line_ref, stated.sku):
                    named.setdefault(sku, Counter())[stated.bin] += stated.quantity
        for sku, bins in named.items():
            units = fresh.get(sku, Counter[int]())
            whole = units.total() == bins.total()
            for place, (fulfillment_id, count) in enumerate(units.items()):
                if count:
                    out = dict(bins) if whole and place == 0 else {}
                    at = document.occurred_at
                    most = max(count, bins.total())
                    self.fetched.append(Fetched(fulfillment_id, document.site, sku, most, out, at))

    def _named_lots(
        self, document: ConfirmationDocument, went: list[tuple[LineModel, RequestModel, int]]
    ) -> dict[str, dict[str, int]]:
        """What is named of lots by line, where it is all that left and nothing else: not what was told before."""
        found: dict[str, dict[str, int]] = {}
        for ref in {line.ref for line, _, _ in went}:
            line = next(line for line, _, _ in went if line.ref == ref)
            named = Counter[str]()
            for stated in document.lines:
                if stated.lot and self._is_meant(line, stated.line_ref, stated.sku):
                    named[stated.lot] += stated.quantity
            if named.total() == sum(moved for one, _, moved in went if one.ref == ref):
                found[ref] = dict(named)
        return found

    def _addressed(
        self, document: ConfirmationDocument, requests: list[RequestModel]
    ) -> list[tuple[RequestModel, int, int]]:
        """(request, line, units): a stated line fills one request after the other; what is too much is the first's."""
        if not document.lines:
            return [(request, no, request.outstanding(no)) for request in requests for no in request.lines]
        found: dict[tuple[int, int], int] = {}
        for stated in document.lines:
            places = [
                (request, line.line_no)
                for request in requests
                for line in self.lines
                if line.line_no in request.lines and self._is_meant(line, stated.line_ref, stated.sku)
            ]
            if not places:
                self.mismatched += stated.quantity
                continue
            units = stated.quantity
            if not stated.line_ref:
                listing = next(line.listing for line in self.lines if line.line_no == places[0][1])
                units //= self.merchant.offer(self.shop.code, listing).pack
            for request, line_no in places:
                key = (request.fulfillment_id, line_no)
                due = request.due(line_no, is_shipped=document.kind == "shipped")
                part = max(0, min(units, due - found.get(key, 0)))
                found[key] = found.get(key, 0) + part
                units -= part
            found[places[0][0].fulfillment_id, places[0][1]] += units
        by_id = {request.fulfillment_id: request for request in requests}
        return [(by_id[one], line_no, units) for (one, line_no), units in found.items() if units]

    def _is_meant(self, line: LineModel, line_ref: str, sku: str) -> bool:
        if line_ref:
            return line.ref == line_ref
        return self.merchant.offer(self.shop.code, line.listing).sku == sku

    # What sites were asked.

    def see_requests(self, seen: SeenOrder) -> None:
        """Learn what sites are asked for and what was called back; all else of a request the auditor knows itself."""
        for request in seen.requests:
            known = self.requests.get(request.fulfillment_id)
            if known is None:
                known = self.requests[request.fulfillment_id] = RequestModel(
                    request.fulfillment_id, request.site, request.asked_at
                )
            known.see(request)


_IN = ("captured", "partially_refunded", "refunded")


def _stated_amounts(document: OrderDocument) -> tuple[object, ...]:
    return (
        document.goods_minor,
        document.discount_minor,
        document.shipping_minor,
        document.tax_minor,
        document.duties_minor,
        document.total_minor,
        [(line.line_ref, line.quantity) for line in document.lines],
    )


def _part_of(earned: Share, refunded: int) -> Share:
    """What a refund of so much gives back of what was earned, in proportion; the goods take what is left."""
    part = Fraction(refunded, earned.total)
    amounts = (earned.discount, earned.shipping, earned.tax, earned.duties)
    discount, shipping, tax, duties = (half_even(part * amount) for amount in amounts)
    return Share(refunded + discount - shipping - tax - duties, discount, shipping, tax, duties)


def shipped_units(line: LineDocument, document: OrderDocument) -> int:
    """How many units of a line have shipped according to a document."""
    live = line.quantity - line.cancelled
    if document.fulfillment_state == "fulfilled" and document.cancelled_at is None:
        return live
    return min(line.shipped, live)


def takes_back(old: OrderDocument, new: OrderDocument) -> bool:
    """Whether a document takes back what an earlier one said, so that it must be older."""
    if old.cancelled_at is not None and new.cancelled_at is None:
        return True
    if new.refunded_minor < old.refunded_minor:
        return True
    owes_more = new.financial_state == "partially_paid" and new.total_minor > old.total_minor
    if _MONEY[new.financial_state] < _MONEY[old.financial_state] and not owes_more:
        return True
    if _SHIPPED.index(new.fulfillment_state) < _SHIPPED.index(old.fulfillment_state):
        return True
    before = {line.line_ref: shipped_units(line, old) for line in old.lines}
    return any(
        shipped_units(line, new) < min(before.get(line.line_ref, 0), line.quantity - line.cancelled)
        for line in new.lines
    )
