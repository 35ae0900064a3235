"""Commands of the publisher: note what changed, look at it once for all channels, tell each what matters, in turn."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from stocktower import catalog, inventory
from stocktower.network import Network
from stocktower.platform import RecordedEvent, Transaction, schedule

from . import keeping_up, rules, store
from .board import Board
from .model import ChannelRow, Difference, Pace, Pending, Publication, Round, Velocity
from .policies import Policy
from .preorders import load_ahead, look_ahead, note_told
from .store import Key
from .truths import Desk, load_desk, load_touched, load_truths

AHEAD_KINDS = (
    "inbound.confirmed", "inbound.changed", "inbound.received", "inbound.closed", "claims.moved", "line.preordered",
)  # fmt: skip
"""The events that can change what may be ordered ahead."""
KINDS = (*inventory.SUPPLY_KINDS, *AHEAD_KINDS, "listing.mapped", "sku.created", "sku.changed", "configuration.applied")
"""The events that can change what a channel may sell."""
VELOCITY = "publication.velocity"
WATCH = "publication.watch"
"""Due work of a channel: how fast things sell and how long it lags, whether it keeps up."""
LOOK = 10_000
"""SKUs that are looked at in one transaction."""


def take_events(tx: Transaction, events: Sequence[RecordedEvent]) -> None:
    """Note which SKUs the events touched: each stays noted until it was looked at, however late its event comes."""
    positions: dict[int, int] = {}
    for event in events:
        for sku_id in rules.changed_skus(event.kind, event.subject_id, event.data):
            positions[sku_id] = max(event.position, positions.get(sku_id, 0))
    store.mark_changed(tx, positions)


def begin_watching(tx: Transaction, network: Network) -> None:
    """From now on the channels of a configuration are watched, and what sells in them is measured."""
    channels = [(channel_id, tx.now) for channel_id, one in network.channels.items() if one.active]
    schedule(tx, VELOCITY, channels)
    schedule(tx, WATCH, channels)


def publish_due(tx: Transaction, network: Network, *, folder: str) -> Round:
    """Look at what changed, and record what every channel has to be told now; the caller writes each text to its path.

    While more is to be looked at than one transaction takes, nothing is told yet: the newest wins, and the most
    dangerous of all goes first. What does not go now waits in `pending`, with its turn.
    """
    store.lock_publication(tx)
    position = store.take_all_changed(tx)
    if position is not None:
        store.mark_changed(tx, dict.fromkeys(catalog.load_active_ids(tx), position))
    taken = store.take_changed(tx, LOOK)
    touched = load_touched(tx, taken) if taken else set[int]()
    desk = load_desk(tx, network, touched)
    board = Board()
    seen = look(tx, desk, board, touched) if touched else Seen()
    more = bool(taken) and store.has_changed(tx)
    made = [] if more else tell(tx, desk, board, seen, folder)
    told = {(one.channel_id, one.listing) for item in made for one in item.listings}
    fresh = seen.candidates
    # What was seen just now and did not wait before has no row to take away.
    store.delete_pending(tx, sorted(seen.dropped | {key for key in told if key in seen.waited or key not in fresh}))
    store.upsert_pending(tx, [fresh[key] for key in sorted(fresh.keys() - told)])
    board.write(tx, desk)
    store.record_publications(tx, made, [not desk.policies.channels[item.channel_id].acknowledges for item in made])
    note_told(tx, made)
    return Round(len(taken), tuple(made))


class Seen(Struct, frozen=True):
    """What a look found."""

    candidates: dict[Key, Pending] = {}
    """What is worth telling now."""
    dropped: frozenset[Key] = frozenset()
    """What waited, and is not worth telling any more."""
    waited: frozenset[Key] = frozenset()
    """What waited already."""


def look(tx: Transaction, desk: Desk, board: Board, touched: set[int]) -> Seen:
    """Note what is true of the listings of some SKUs, and of what their names stood for before.

    A name that stands for nothing any more shows nothing.
    """
    truths = {(item.channel_id, item.listing): item for item in load_truths(tx, desk, touched)}
    known = store.load_standings(tx, sorted(touched))
    board.add(known)
    renamed = store.load_standings_named(tx, sorted(truths.keys() - board.standings.keys()))
    if renamed:
        former = load_touched(tx, {item.sku_id for item in renamed})
        desk.add_velocities(store.load_velocities(tx, sorted(former - touched)))
        return look(tx, desk, board, touched | former)
    ahead = look_ahead(tx, desk, truths.values(), touched)
    values = board.state(truths, tx.now)
    for item in known:
        if (item.channel_id, item.listing) not in values and item.channel_id in desk.channels:
            item.ats = item.shown = item.most = 0
            item.listed = False
            values[item.channel_id, item.listing] = 0
    waited = {(item.channel_id, item.listing): item for item in store.load_pending_of(tx, sorted(touched))}
    candidates = decide_pending(desk, board, values, waited, ahead, tx.now)
    dropped = frozenset(key for key in waited if key in values and key not in candidates)
    return Seen(candidates, dropped, frozenset(waited))


def decide_pending(
    desk: Desk,
    board: Board,
    values: Mapping[Key, int],
    waited: Mapping[Key, Pending],
    ahead: Mapping[Key, str],
    now: datetime,
) -> dict[Key, Pending]:
    """Which listings are worth telling, how soon and in whose turn; each keeps since when it waits.

    `values`: minor units of a pack of those that were looked at. `ahead`: the pace at which what may be ordered ahead
    is to be corrected, where it is.
    """
    found: dict[Key, Pending] = {}
    standings, velocities, thresholds = board.standings, desk.velocities, desk.policies.thresholds
    objectives = {channel_id: one.backlog_within for channel_id, one in desk.policies.channels.items()}
    for key, value in values.items():
        standing = standings[key]
        channel_id, sku_id = standing.channel_id, standing.sku_id
        sold = velocities.get((channel_id, sku_id))
        velocity = Velocity.SLOW if sold is None else sold.velocity
        before = waited.get(key)
        resend = before is not None and before.resend
        is_worth = resend or rules.worth_telling(standing, thresholds[velocity])
        pace = ahead.get(key, "")
        if not is_worth and not pace:
            continue
        since = now if before is None else before.since
        danger = rules.danger_of(standing, value, sold)
        if resend or pace == Pace.NOW:
            pace = Pace.NOW
        elif is_worth:
            pace = rules.pace_of(standing, velocity)
        turn_at = rules.turn_of(since, danger, objectives[channel_id])
        found[key] = Pending(channel_id, standing.listing, sku_id, pace, turn_at, danger, since, resend)
    return found


def tell(tx: Transaction, desk: Desk, board: Board, seen: Seen, folder: str) -> list[Publication]:
    """What every channel is told now: what is due of its backlog and of what was just seen, within its rate."""
    waiting = store.load_waiting_channels(tx, list(desk.channels))
    fresh: dict[int, list[Pending]] = {}
    for item in seen.candidates.values():
        fresh.setdefault(item.channel_id, []).append(item)
    chosen: dict[int, list[Pending]] = {}
    touched: list[ChannelRow] = []
    for channel_id, row in desk.channels.items():
        policy = desk.policies.channels[channel_id]
        before = (row.normal_at, row.slow_at)
        paces = keeping_up.due_paces(row, policy, tx.now)
        own = [item for item in fresh.get(channel_id, ()) if item.pace in paces]
        if own or channel_id in waiting:
            chosen[channel_id], complete = choose(tx, row, policy, paces, own, seen, backlog=channel_id in waiting)
        else:
            complete = True
        if complete:
            keeping_up.close_rounds(row, policy, paces, tx.now)
        if chosen.get(channel_id) or before != (row.normal_at, row.slow_at):
            touched.append(row)
    store.upsert_channels(tx, touched)
    _fetch(tx, desk, board, [item for items in chosen.values() for item in items])
    skus = catalog.load_skus(tx, {item.sku_id for items in chosen.values() for item in items}) if chosen else {}
    codes = {sku_id: sku.code for sku_id, sku in skus.items()}
    return [
        publish(tx, desk.policies.channels[channel_id], board, items, codes, folder)
        for channel_id, items in chosen.items()
        if items
    ]


def choose(
    tx: Transaction, row: ChannelRow, policy: Policy, paces: list[str], own: list[Pending], seen: Seen, *, backlog: bool
) -> tuple[list[Pending], bool]:
    """Whose turn it is in a channel, and whether that is all that is due; takes the room that they need.

    What was seen just now counts as it was seen, not as it waited before.
    """
    keeping_up.refill(row, policy, tx.now)
    room = keeping_up.room_of(row, policy)
    overlap = len(seen.candidates) + len(seen.dropped)
    limit = room + overlap + 1
    loaded = store.load_next(tx, policy.channel_id, paces, limit) if backlog else []
    others = [
        item
        for item in loaded
        if (key := (item.channel_id, item.listing)) not in seen.candidates and key not in seen.dropped
    ]
    turn = rules.in_turn([*own, *others])
    keeping_up.take_room(row, policy, min(room, len(turn)))
    return turn[:room], len(turn) <= room and len(loaded) < limit


def _fetch(tx: Transaction, desk: Desk, board: Board, items: Sequence[Pending]) -> None:
    """Bring what waited onto the board, and how fast it sells to the desk."""
    missing = [item for item in items if (item.channel_id, item.listing) not in board.standings]
    if missing:
        board.add(store.load_standings_named(tx, [(item.channel_id, item.listing) for item in missing]))
        desk.add_velocities(store.load_velocities(tx, sorted({item.sku_id for item in missing})))


def publish(
    tx: Transaction, policy: Policy, board: Board, items: Sequence[Pending], codes: Mapping[int, str], folder: str
) -> Publication:
    """Tell a channel how listings stand; the name of the file says channel, instant and id."""
    publication_id = tx.new_id()
    listings = [board.standings[item.channel_id, item.listing] for item in items]
    for one in listings:
        one.told, one.told_at, one.publication_id = one.shown, tx.now, publication_id
        if not policy.acknowledges:
            one.acknowledged, one.word_at, one.word_id = one.shown, tx.now, publication_id
    ahead = load_ahead(tx, policy.channel_id, [one.listing for one in listings]) if policy.preorders else None
    return Publication(
        publication_id=publication_id,
        channel_id=policy.channel_id,
        path=f"{folder}/{policy.code}-{tx.now:%Y%m%dT%H%M%SZ}-{publication_id}.csv",
        text=rules.as_csv(listings, codes, tx.now, ahead),
        listings=tuple(listings),
    )


def note_sent(tx: Transaction, publication_ids: Sequence[int]) -> None:
    """The files of these publications are at the disposal of their channels now."""
    store.record_sent(tx, publication_ids)


def load_not_sent(tx: Transaction) -> list[tuple[int, str]]:
    """(publication, path) of what was recorded and not noted as sent: after a crash, or while its file is written."""
    return store.load_not_sent(tx)


def compare(tx: Transaction, network: Network, sku_ids: Sequence[int] | None = None) -> list[Difference]:
    """Where the last word to a channel is not what should be shown, as far as it is worth telling.

    Reads only what was touched since the last look, and what waits.
    """
    touched = load_touched(tx, store.load_changed(tx)) | set(store.load_pending_skus(tx))
    if sku_ids is not None:
        touched &= set(sku_ids)
    if not touched:
        return []
    desk = load_desk(tx, network, touched)
    told = {(word.channel_id, word.listing): word for word in store.load_told(tx, sorted(touched))}
    found = rules.differences(load_truths(tx, desk, touched), told)
    return [
        item
        for item in found
        if rules.matters(item.told, item.truth, item.most, desk.threshold(item.channel_id, item.sku_id))
    ]


def load_recorded_paths(tx: Transaction, paths: Iterable[str]) -> set[str]:
    """Which of these files stand for a publication that was made."""
    return store.load_recorded_paths(tx, list(paths))
