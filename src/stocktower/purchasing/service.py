"""Commands of the room: proposals are computed by schedule, and accepted, changed or dismissed by people."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from stocktower import access, catalog, inventory
from stocktower.inventory import StatedInbound, Supplied
from stocktower.model import Configuration, load_applied
from stocktower.network import Network, load_network
from stocktower.platform import Transaction, schedule

from . import store
from .model import Position, Proposal, ProposalState
from .rules import decide_need, rounded

RECOMPUTE = "purchasing.recompute"
"""Kind of due work: compute all proposals; its key is 0."""
REST = timedelta(days=7)
"""What was dismissed is not proposed again for so long."""
_HOUR = time(5)


class UnknownProposal(LookupError):
    """There is no such open proposal."""


class NotOrderable(ValueError):
    """A quantity that cannot be ordered; the message says why."""


def schedule_recompute(tx: Transaction) -> None:
    """Have proposals computed on the next morning; products too may state how they are ordered."""
    timezone = load_applied(tx).configuration.merchant.timezone
    schedule(tx, RECOMPUTE, [(0, _next_morning(tx.now, timezone))])


def recompute_due(tx: Transaction, _: Sequence[int]) -> None:
    """Compute proposals, and again on the next morning."""
    recompute(tx)
    schedule_recompute(tx)


def _next_morning(now: datetime, timezone: str) -> datetime:
    local = now.astimezone(ZoneInfo(timezone))
    day = local.date() if local.time() < _HOUR else local.date() + timedelta(days=1)
    return datetime.combine(day, _HOUR, tzinfo=ZoneInfo(timezone))


def recompute(tx: Transaction) -> list[Proposal]:
    """Compute what is to be ordered now; gives the open proposals after it.

    What a person changed stays as it is; what is not needed any more is superseded.
    """
    configuration, network = load_applied(tx).configuration, load_network(tx)
    known = {(one.sku_id, one.site_id): one for one in store.lock_open(tx)}
    resting = store.load_resting(tx, tx.now - REST)
    wanted = {key: one for key, one in _needed(tx, configuration, network).items() if key not in resting}
    fresh: list[Proposal] = []
    changed: list[Proposal] = []
    for key, one in wanted.items():
        before = known.get(key)
        if before is None:
            fresh.append(replace(one, proposal_id=tx.new_id()))
        elif not before.is_changed:
            changed.append(replace(one, proposal_id=before.proposal_id))
    superseded = str(ProposalState.SUPERSEDED)
    changed += [
        replace(one, state=superseded, decided_at=tx.now, decided_by="system", note="not needed any more")
        for key, one in known.items()
        if key not in wanted and not one.is_changed
    ]
    store.insert_proposals(tx, fresh)
    store.update_proposals(tx, changed)
    return store.load_open(tx)


def _needed(tx: Transaction, configuration: Configuration, network: Network) -> dict[tuple[int, int], Proposal]:
    """What is to be ordered, by (sku_id, site_id)."""
    sku_ids = catalog.load_active_ids(tx)
    supplied = inventory.load_supplied(tx, configuration, network, sku_ids)
    orderable = {sku_id: one for sku_id, one in supplied.items() if one.rule.kind != "dropship" and one.lead_time}
    if not orderable:
        return {}
    zone = ZoneInfo(network.timezone)
    today = tx.now.astimezone(zone).date()
    longest = max(one.rule.window_days for one in orderable.values())
    since = datetime.combine(today - timedelta(days=longest), time.min, tzinfo=zone)
    until = datetime.combine(today, time.min, tzinfo=zone)
    sold = store.load_sold(tx, sorted(orderable), since, until, network.timezone)
    positions = _positions(tx, sorted(sold), network)
    channels = {channel_id: one.code for channel_id, one in network.channels.items()}
    found: dict[tuple[int, int], Proposal] = {}
    for sku_id in sold:
        one = orderable[sku_id]
        days = [today - timedelta(days=n) for n in range(one.rule.window_days, 0, -1)]
        need = one.lead_time and decide_need(sold[sku_id], days, one.lead_time, one.rule, positions[sku_id], channels)
        if need:
            state = str(ProposalState.OPEN)
            found[sku_id, one.site_id] = Proposal(
                0, sku_id, one.site_id, one.rule.supplier, need.quantity, state, False, list(need.figures), tx.now
            )
    return found


def _positions(tx: Transaction, sku_ids: Sequence[int], network: Network) -> dict[int, Position]:
    available = inventory.load_availability(tx, sku_ids, network)
    coming: dict[int, int] = {}
    for one in inventory.load_inbound(tx, sku_ids):
        coming[one.sku_id] = coming.get(one.sku_id, 0) + one.open
    waiting: dict[int, int] = {}
    for one in inventory.load_waiting(tx, sku_ids):
        waiting[one.sku_id] = waiting.get(one.sku_id, 0) + one.short
    return {
        sku_id: Position(
            sum(row.quantity - row.allocated for row in available.rows(sku_id) if row.sellable),
            coming.get(sku_id, 0),
            waiting.get(sku_id, 0),
        )
        for sku_id in sku_ids
    }


def load_open(tx: Transaction) -> list[Proposal]:
    """What is proposed now, by supplier."""
    return store.load_open(tx)


def accept(tx: Transaction, proposal_ids: Sequence[int]) -> list[Proposal]:
    """Make proposals inbound, one reference a supplier: not to be promised until the supplier confirms it.

    Raises UnknownProposal.
    """
    chosen = _locked(tx, proposal_ids)
    supplied = _supplied(tx, chosen)
    references: dict[str, str] = {}
    accepted: list[Proposal] = []
    stated: list[StatedInbound] = []
    for one in chosen:
        reference = references.setdefault(one.supplier, f"PO-{one.proposal_id}")
        lead_time = supplied[one.sku_id].lead_time if one.sku_id in supplied else None
        expected_at = tx.now + timedelta(days=lead_time.days) if lead_time else None
        stated.append(
            StatedInbound(
                reference, one.sku_id, one.site_id, one.quantity, expected_at, confirmed=False, supplier=one.supplier
            )
        )
        accepted.append(_decided(tx, one, ProposalState.ACCEPTED, reference=reference))
    inventory.record_inbound(tx, stated)
    store.update_proposals(tx, accepted)
    for one in accepted:
        access.record_act(tx, "proposal.accept", "proposal", one.proposal_id, {"reference": one.reference})
    return accepted


def change(tx: Transaction, proposal_id: int, quantity: int) -> Proposal:
    """State another quantity; it is computed over no more. Raises UnknownProposal, NotOrderable."""
    (one,) = _locked(tx, [proposal_id])
    supplied = _supplied(tx, [one]).get(one.sku_id)
    if supplied is not None:
        possible = rounded(quantity, supplied.rule.moq, supplied.rule.order_multiple)
        if quantity < 1 or possible != quantity:
            raise NotOrderable(
                f"quantity {quantity}: {one.supplier} takes at least {supplied.rule.moq}, in multiples of "
                f"{supplied.rule.order_multiple}; state {possible}"
            )
    changed = replace(one, quantity=quantity, is_changed=True)
    store.update_proposals(tx, [changed])
    access.record_act(tx, "proposal.change", "proposal", proposal_id, {"before": one.quantity, "quantity": quantity})
    return changed


def dismiss(tx: Transaction, proposal_ids: Sequence[int], note: str = "") -> list[Proposal]:
    """Leave proposals out; they come again after some days where they are still needed. Raises UnknownProposal."""
    dismissed = [_decided(tx, one, ProposalState.DISMISSED, note=note) for one in _locked(tx, proposal_ids)]
    store.update_proposals(tx, dismissed)
    for one in dismissed:
        access.record_act(tx, "proposal.dismiss", "proposal", one.proposal_id, {"note": note})
    return dismissed


def _decided(tx: Transaction, one: Proposal, state: ProposalState, *, note: str = "", reference: str = "") -> Proposal:
    return replace(one, state=str(state), decided_at=tx.now, decided_by=tx.actor, note=note, reference=reference)


def _supplied(tx: Transaction, proposals: Sequence[Proposal]) -> dict[int, Supplied]:
    sku_ids = [one.sku_id for one in proposals]
    return inventory.load_supplied(tx, load_applied(tx).configuration, load_network(tx), sku_ids)


def _locked(tx: Transaction, proposal_ids: Sequence[int]) -> list[Proposal]:
    open_ones = {one.proposal_id: one for one in store.lock_open(tx)}
    missing = sorted(set(proposal_ids) - open_ones.keys())
    if missing:
        raise UnknownProposal(f"there is no open proposal {', '.join(map(str, missing))}; see `stocktower reorder`")
    return [open_ones[one] for one in sorted(set(proposal_ids))]
