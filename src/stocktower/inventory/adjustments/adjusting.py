"""Adjustments for governed reasons: posted to the reason's account, or waiting for a second person above its limit."""

from collections.abc import Sequence

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from stocktower.catalog import Sku, load_skus, load_tracking
from stocktower.exchange import AdjustmentDocument, Message
from stocktower.kernel import CaseKind
from stocktower.model import AdjustmentReason, adjustment_reasons, load_applied
from stocktower.network import Network, load_network
from stocktower.platform import Transaction
from stocktower.worklist import Raise, Waiter, close_by_cause, raise_cases

from ..arrivals.goods_in import conclude, decode
from ..formulas.model import Posting
from ..formulas.rules import owner_at
from ..lots import lot_store
from ..lots.lot_service import record_lots
from ..lots.lots import SERIAL, new_lot
from ..lots.serials import find_second, say_second
from ..stock import store
from ..stock.wording import NotUsable, Words
from ..supply.postings import adjust
from ..transfers.transfer_rules import TRANSIT
from . import adjustment_store
from .adjustment_model import POSTED, REFUSED, WAITING, Adjustment, AdjustmentRequest

_decode = msgspec.json.Decoder(AdjustmentDocument).decode


class AdjustmentResult(Struct, frozen=True):
    """What became of a request."""

    adjustment_id: int = 0
    state: str = ""
    repeated: bool = False
    problem: str = ""
    """Not empty: it was refused, and nothing changed."""


class SamePerson(Exception):
    """Who asked for an adjustment cannot approve it as well."""


class NotWaiting(LookupError):
    """The adjustment waits for nobody's approval."""


def adjust_stock(tx: Transaction, items: Sequence[AdjustmentRequest]) -> list[AdjustmentResult]:
    """Enter adjustments, one result an item; a repeat changes nothing; above the limit of its reason one waits."""
    if not items:
        return []
    configuration = load_applied(tx).configuration
    network = load_network(tx)
    reasons = adjustment_reasons(configuration)
    skus = load_skus(tx, {item.sku_id for item in items})
    store.lock_items(tx, sorted(skus))
    known = {_key(one): one for one in adjustment_store.find_adjustments(tx, sorted({one.reference for one in items}))}
    results: list[AdjustmentResult] = []
    new: list[Adjustment] = []
    for item in items:
        owner = item.owner or owner_at(network.sites[item.site_id])
        before = known.get((item.site_id, item.reference, item.sku_id, item.status, owner, item.lot))
        problem = refuse_request(item, reasons)
        if problem:
            results.append(AdjustmentResult(problem=problem))
        elif before is not None:
            results.append(_repeat(item, before))
        else:
            one = _new(tx, replace(item, owner=owner), reasons[item.reason], skus[item.sku_id])
            new.append(one)
            known[_key(one)] = one
            results.append(AdjustmentResult(one.adjustment_id, one.state))
    _note_lots(tx, network, new)
    problems = _post(tx, [one for one in new if one.state == POSTED])
    new = [one for one in new if one.adjustment_id not in problems]
    adjustment_store.insert_adjustments(tx, new)
    waiting = [_case(one, skus[one.sku_id], network, reasons[one.reason]) for one in new if one.state == WAITING]
    if waiting:
        raise_cases(tx, configuration, waiting)
    return [
        AdjustmentResult(problem=problems[result.adjustment_id]) if result.adjustment_id in problems else result
        for result in results
    ]


def _note_lots(tx: Transaction, network: Network, items: Sequence[Adjustment]) -> None:
    """Lots that an adjustment is the first to name."""
    named = {(one.sku_id, one.lot): one.occurred_at for one in items if one.lot}
    known = lot_store.load_known_lots(tx, named.keys())
    record_lots(tx, [new_lot(*key, at, tx.now) for key, at in named.items() if key not in known], network)


def refuse_request(item: AdjustmentRequest, reasons: dict[str, AdjustmentReason]) -> str:
    """Why a request cannot be meant; empty where it can."""
    reason = reasons.get(item.reason)
    if reason is None:
        return f"reason {item.reason!r}: one of {', '.join(sorted(reasons))}"
    if not item.reference:
        return "reference: give the adjustment a number, so that a repeat is known"
    if not item.delta:
        return "quantity: a difference of nothing; state how many more (or, below zero, fewer) there are"
    if item.status == TRANSIT:
        return "status: what is in transit is known by its transfer; decide there what became of it"
    if (reason.direction == "in" and item.delta < 0) or (reason.direction == "out" and item.delta > 0):
        way = "adds to stock" if reason.direction == "in" else "takes out of stock"
        return f"quantity {item.delta:+}: the reason {reason.code} only {way}"
    return ""


def _new(tx: Transaction, item: AdjustmentRequest, reason: AdjustmentReason, sku: Sku) -> Adjustment:
    cost = item.cost_minor if item.cost_minor is not None else sku.cost_minor or 0
    value = abs(item.delta) * cost
    needs = (reason.approve_units_over is not None and abs(item.delta) > reason.approve_units_over) or (
        reason.approve_value_over is not None and value > reason.approve_value_over
    )
    return Adjustment(
        tx.new_id(), item.reference, item.sku_id, item.site_id, item.status, item.owner, item.lot, item.delta,
        item.reason, reason.account, item.note, item.cost_minor, value, WAITING if needs else POSTED, tx.actor,
        min(item.occurred_at or tx.now, tx.now), tx.now, item.message_id,
    )  # fmt: skip


def _repeat(item: AdjustmentRequest, before: Adjustment) -> AdjustmentResult:
    if (item.delta, item.reason) == (before.delta, before.reason):
        return AdjustmentResult(before.adjustment_id, before.state, repeated=True)
    return AdjustmentResult(
        problem=f"reference {item.reference}: it stands for {before.delta:+} for {before.reason} already; "
        "give another adjustment its own reference"
    )


def _post(tx: Transaction, items: Sequence[Adjustment]) -> dict[int, str]:
    """Enter adjustments; says of those that could not be entered why."""
    doubled = _refuse_doubled(tx, items)
    items = [one for one in items if one.adjustment_id not in doubled]
    postings = [
        Posting(
            one.sku_id, one.site_id, one.delta, one.occurred_at, "adjustment", one.adjustment_id, one.status,
            one.cost_minor, one.reason, one.lot, one.owner, one.account_role,
        )
        for one in items
    ]  # fmt: skip
    done = zip(items, adjust(tx, postings), strict=True)
    return doubled | {one.adjustment_id: f"quantity: {posted.problem}" for one, posted in done if posted.problem}


def _refuse_doubled(tx: Transaction, items: Sequence[Adjustment]) -> dict[int, str]:
    """Adjustments that would make a serial number two pieces, or one at two places; the others before them count."""
    sku_ids = sorted({one.sku_id for one in items if one.lot and one.delta > 0})
    serials = {sku_id for sku_id, how in load_tracking(tx, sku_ids).items() if how == SERIAL}
    if not serials:
        return {}
    store.lock_items(tx, sorted({one.sku_id for one in items}))
    rows = store.load_rows(tx, sorted(serials))
    sites = {site_id: site.code for site_id, site in load_network(tx).sites.items()}
    added: dict[tuple[int, str], int] = {}
    problems: dict[int, str] = {}
    for one in items:
        key = (one.sku_id, one.lot)
        after = added.get(key, 0) + one.delta
        second = find_second({key: after}, ((row, row.quantity) for row in rows), serials)
        if second is not None:
            problems[one.adjustment_id] = say_second(*second, sites)
        else:
            added[key] = after
    return problems


def approve_adjustment(tx: Transaction, adjustment_id: int, by: str) -> Adjustment:
    """A second person lets an adjustment through. Raises SamePerson, NotWaiting, NotUsable."""
    one = _waiting(tx, adjustment_id)
    if by == one.requested_by:
        raise SamePerson(f"{by} asked for adjustment {one.reference}; somebody else has to approve it")
    problems = _post(tx, [one])
    if problems:
        field, _, words = problems[adjustment_id].partition(": ")
        raise NotUsable(field, words, "free them first, or refuse the adjustment")
    return _decide(tx, one, POSTED, by)


def refuse_adjustment(tx: Transaction, adjustment_id: int, by: str) -> Adjustment:
    """A second person does not let an adjustment through; the stock stays as it is. Raises SamePerson, NotWaiting."""
    one = _waiting(tx, adjustment_id)
    if by == one.requested_by:
        raise SamePerson(f"{by} asked for adjustment {one.reference}; somebody else has to decide")
    return _decide(tx, one, REFUSED, by)


def _waiting(tx: Transaction, adjustment_id: int) -> Adjustment:
    one = adjustment_store.lock_adjustment(tx, adjustment_id)
    if one is None or one.state != WAITING:
        raise NotWaiting(f"adjustment {one.reference if one else adjustment_id} waits for nobody")
    return one


def _decide(tx: Transaction, one: Adjustment, state: str, by: str) -> Adjustment:
    adjustment_store.decide_adjustment(tx, one.adjustment_id, state, by)
    close_by_cause(tx, CaseKind.ADJUSTMENT_APPROVAL, [cause_key(one.adjustment_id)], f"{state} by {by}")
    return replace(one, state=state, decided_by=by, decided_at=tx.now)


def cause_key(adjustment_id: int) -> str:
    """What identifies the cause: the adjustment."""
    return f"adjustment/{adjustment_id}"


def _case(one: Adjustment, sku: Sku, network: Network, reason: AdjustmentReason) -> Raise:
    site = network.sites[one.site_id].code
    return Raise(
        kind=CaseKind.ADJUSTMENT_APPROVAL,
        cause_key=cause_key(one.adjustment_id),
        title=f"{one.requested_by} adjusts {sku.code} at {site} by {one.delta:+,}: {reason.name.lower()}",
        data={"adjustment_id": one.adjustment_id, "reference": one.reference, "sku": sku.code, "site": site,
              "units": one.delta, "reason": one.reason, "note": one.note, "requested_by": one.requested_by},
        waiters=(Waiter("sku", sku.sku_id, abs(one.delta), one.value_minor),),
    )  # fmt: skip


def _key(one: Adjustment) -> tuple[int, str, int, str, str, str]:
    return one.site_id, one.reference, one.sku_id, one.status, one.owner, one.lot


def take_adjustments(tx: Transaction, messages: Sequence[Message]) -> None:
    """Inbox messages about adjustments; one that cannot be entered is put aside with a case that says why."""
    documents, problems = decode(messages, _decode)
    words = Words(tx, [document.sku for _, document in documents])
    items: list[AdjustmentRequest] = []
    for message_id, document in documents:
        try:
            items.append(read_adjustment(document, words, message_id))
        except NotUsable as error:
            problems[message_id] = str(error)
    for item, result in zip(items, adjust_stock(tx, items), strict=True):
        if result.problem:
            problems[item.message_id] = result.problem
    conclude(tx, messages, problems)


def read_adjustment(document: AdjustmentDocument, words: Words, message_id: int = 0) -> AdjustmentRequest:
    """A document in ids and stock units; raises NotUsable."""
    sku = words.sku(document.sku)
    units = words.units(sku, document.quantity, document.unit)
    return AdjustmentRequest(
        document.reference,
        sku.sku_id,
        words.site(document.site).site_id,
        units,
        document.reason,
        document.status,
        words.lot(sku, document.lot, units),
        "",
        document.note,
        words.cost(sku, document.cost_minor, document.unit),
        document.occurred_at,
        message_id,
    )
