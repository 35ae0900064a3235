"""The projections of all shelves of inventory, each proved by its ledger."""

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from stocktower.platform import Drifted, Projection, Transaction, pair

from .bins.rebuilding import PROJECTIONS as OF_BINS
from .channel_rules import rule_store
from .coming import inbound_store
from .recalls import recall_store
from .stock import ledger_store, rebuilding, store
from .transfers import transfer_store
from .transfers.transfer_rules import Transfer, TransferLine, after_step, state_of

_FIGURES = ("ordered", "shipped", "cancelled", "arrived", "damaged", "lost", "claimed", "returned", "ahead")


def _items(place: int) -> Callable[[Transaction, Sequence[Drifted]], None]:
    """Lock the SKUs that stand at a place of the keys."""
    return lambda tx, drifted: store.lock_items(tx, sorted({one.key[place] for one in drifted}))


def _lock_inbound(tx: Transaction, drifted: Sequence[Drifted]) -> None:
    store.lock_items(tx, sorted(ledger_store.load_skus_of_inbound(tx, [one.key[0] for one in drifted])))


def _truths(drifted: Sequence[Drifted], nothing: tuple[int, ...]) -> list[tuple[int, ...]]:
    return [(*one.key, *(one.truth or nothing)) for one in drifted]


def replay(tx: Transaction, transfers: Sequence[Transfer]) -> dict[tuple[int, int], tuple[TransferLine, TransferLine]]:
    """(transfer, line) -> the line as it is stored, and as its steps make it, in their order."""
    ids = [one.transfer_id for one in transfers]
    stored = {(line.transfer_id, line.line_no): line for line in transfer_store.load_lines(tx, ids)}
    made = {key: replace(line, **dict.fromkeys(_FIGURES, 0)) for key, line in stored.items()}
    for change in transfer_store.load_changes(tx, ids):
        key = (change.transfer_id, change.line_no)
        if key in made:
            made[key] = after_step(made[key], change.kind, change.units)
    return {key: (line, made[key]) for key, line in stored.items()}


def _figures(line: TransferLine) -> tuple[int, ...]:
    return tuple(getattr(line, name) for name in _FIGURES)


def _find_lines(tx: Transaction) -> list[Drifted]:
    lines = replay(tx, transfer_store.load_every_transfer(tx))
    return [
        Drifted(key, _figures(stored), _figures(truth)) for key, (stored, truth) in lines.items() if stored != truth
    ]


def _find_transfers(tx: Transaction) -> list[Drifted]:
    transfers = transfer_store.load_every_transfer(tx)
    lines: dict[int, list[TransferLine]] = {}
    for (transfer_id, _), (_, truth) in replay(tx, transfers).items():
        lines.setdefault(transfer_id, []).append(truth)
    states = {one.transfer_id: state_of(lines.get(one.transfer_id, ())) for one in transfers}
    return [
        Drifted((one.transfer_id,), (one.state,), (states[one.transfer_id],))
        for one in transfers
        if one.state != states[one.transfer_id]
    ]


def _lock_transfers(tx: Transaction, drifted: Sequence[Drifted]) -> None:
    transfers = transfer_store.load_transfers(tx, sorted({one.key[0] for one in drifted}))
    transfer_store.lock_transfers(tx, [one.reference for one in transfers])


def _restore_lines(tx: Transaction, drifted: Sequence[Drifted]) -> None:
    lines = replay(tx, transfer_store.load_transfers(tx, sorted({one.key[0] for one in drifted})))
    transfer_store.change_lines(tx, [lines[one.key[0], one.key[1]][1] for one in drifted])


def _restore_transfers(tx: Transaction, drifted: Sequence[Drifted]) -> None:
    states = {one.key[0]: (one.truth or one.stored or ("",))[0] for one in drifted}
    transfers = transfer_store.load_transfers(tx, sorted(states))
    transfer_store.change_transfers(tx, [replace(one, state=states[one.transfer_id]) for one in transfers])


def _restore_lots(tx: Transaction, drifted: Sequence[Drifted]) -> None:
    for state in ("held", "open"):
        keys = [(one.key[0], one.key[1]) for one in drifted if one.truth == (state,)]
        recall_store.set_lot_states(tx, keys, state)


PROJECTIONS = (
    *rebuilding.PROJECTIONS,
    *OF_BINS,
    Projection(
        "inventory.inbound.claimed", "what is claimed of inbound, by the changes of its claims",
        lambda tx: ledger_store.count_projections(tx)[2],
        lambda tx: [pair(row, 1) for row in inbound_store.find_unlike_claimed(tx)], _lock_inbound,
        lambda tx, drifted: inbound_store.restore_claimed(tx, _truths(drifted, (0,))),
    ),
    Projection(
        "inventory.inbound_claim", "what lines claim of inbound, by the changes of their claims",
        inbound_store.count_claims, lambda tx: [pair(row, 4) for row in inbound_store.find_unlike_claims(tx)],
        _items(2), lambda tx, drifted: inbound_store.restore_claims(tx, _truths(drifted, (0, 0))),
    ),
    Projection(
        "inventory.lot", "whether lots are held, by the recalls that go on", recall_store.count_lots,
        lambda tx: [pair(row, 2) for row in recall_store.find_unlike_lots(tx)], _items(0), _restore_lots,
    ),
    Projection(
        "inventory.transfer", "the states of transfers, by the steps of their lines",
        lambda tx: len(transfer_store.load_every_transfer(tx)), _find_transfers, _lock_transfers, _restore_transfers,
    ),
    Projection(
        "inventory.transfer_line", "figures of the lines of transfers, by their steps",
        lambda tx: len(replay(tx, transfer_store.load_every_transfer(tx))), _find_lines, _lock_transfers,
        _restore_lines,
    ),
    Projection(
        "inventory.usage", "what channels used of quotas and shares, by demand", rule_store.count_usage_rows,
        lambda tx: [pair(row, 3) for row in rule_store.find_unlike_usage(tx)], _items(0),
        lambda tx, drifted: rule_store.restore_usage(tx, _truths(drifted, (0, 0))),
    ),
)  # fmt: skip
