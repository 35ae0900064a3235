"""Due work: whether channels keep up; one that does not is tightened by itself, and restored when it does again."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from stocktower import worklist
from stocktower.kernel import CaseKind
from stocktower.model import load_applied
from stocktower.network import load_network
from stocktower.platform import Transaction, schedule
from stocktower.worklist import Raise

from . import events, store
from .keeping_up import Decided, Keeping, decide_state, overdue
from .model import Backlog, ChannelRow, ChannelState
from .policies import Policy
from .service import WATCH
from .truths import Desk, load_desk

EVERY = timedelta(minutes=1)


def watch_channels(tx: Transaction, channel_ids: Sequence[int]) -> None:
    """Decide how channels keep up; what is shown changes with it, a case opens and closes, and an event tells it."""
    store.lock_publication(tx)
    network = load_network(tx)
    desk = load_desk(tx, network)
    known = [channel_id for channel_id in channel_ids if channel_id in desk.channels]
    decide_channels(tx, desk, known)
    schedule(tx, WATCH, [(channel_id, tx.now + EVERY) for channel_id in known])


def decide_channels(tx: Transaction, desk: Desk, channel_ids: Sequence[int]) -> None:
    """The state of channels now, written where it is another than before, or its reason is."""
    silence = store.load_silence(tx)
    backlogs = store.load_backlogs(tx)
    moved: list[tuple[ChannelRow, Decided]] = []
    for channel_id in channel_ids:
        row, policy = desk.channels[channel_id], desk.policies.channels[channel_id]
        keeping = keeping_of(policy, silence.get(channel_id), backlogs, tx.now)
        after = decide_state(row.state, keeping, policy, desk.policies.rules.dark_after)
        if (after.state, after.reason) != (row.state, row.reason):
            moved.append((row, after))
    if not moved:
        return
    turned = [(row, after) for row, after in moved if after.state != row.state]
    store.record_past_channels(tx, [row.channel_id for row, _ in turned])
    _tell(tx, desk, turned)
    for row, after in moved:
        row.since = row.since if after.state == row.state else tx.now
        row.state, row.reason = after.state, after.reason
    _keep(tx, desk, [row for row, _ in moved], backlogs)


def keeping_of(policy: Policy, silent_since: datetime | None, backlogs: Sequence[Backlog], now: datetime) -> Keeping:
    """How long a channel is silent, and how long what is due waits."""
    waiting = [overdue(one.pace, one.oldest_at, policy, now) for one in backlogs if one.channel_id == policy.channel_id]
    silent = None if silent_since is None or not policy.acknowledges else now - silent_since
    return Keeping(silent, max(waiting, default=None))


def _tell(tx: Transaction, desk: Desk, moved: Sequence[tuple[ChannelRow, Decided]]) -> None:
    """Events of channels that are tightened or restored, and a look at all that is shown otherwise by it."""
    again: set[int] = set()
    for row, after in moved:
        again.update(store.load_tight_skus(tx, row.channel_id, desk.policies.rules.low_stock))
        tx.emit(events.state_changed(row, desk.policies.channels[row.channel_id].code, after, tx.now))
    store.mark_changed(tx, dict.fromkeys(sorted(again), 0))


def _keep(tx: Transaction, desk: Desk, rows: Sequence[ChannelRow], backlogs: Sequence[Backlog]) -> None:
    """Write the states and their reasons, and open or close their cases."""
    store.upsert_channels(tx, rows)
    raises: list[Raise] = []
    for row in rows:
        if row.state != ChannelState.NORMAL:
            waiting = sum(one.listings for one in backlogs if one.channel_id == row.channel_id)
            raises.append(_case(row, desk.policies.channels[row.channel_id], waiting))
    if raises:
        worklist.raise_cases(tx, load_applied(tx).configuration, raises)
    closing = [desk.policies.channels[row.channel_id].code for row in rows if row.state == ChannelState.NORMAL]
    worklist.close_by_cause(tx, CaseKind.CHANNEL_DARK, closing, "keeps up again")


def _case(row: ChannelRow, policy: Policy, waiting: int) -> Raise:
    """The case of a channel that does not keep up."""
    data = {"channel": policy.code, "state": row.state, "reason": row.reason, "waiting": waiting}
    return Raise(CaseKind.CHANNEL_DARK, policy.code, f"{policy.name} is {row.state}: {row.reason}", data)
