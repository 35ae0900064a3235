"""Commands of channels and people: say that a publication was taken over, tell things again, set a velocity."""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from stocktower import catalog
from stocktower.network import Network
from stocktower.platform import Transaction

from . import events, rules, store
from .board import Board
from .model import Pace, Pending, PublicationRow, SkuVelocity, Velocity
from .truths import load_desk, load_policies


class NotPossible(ValueError):
    """What was asked for publication cannot be done; the message says why and what can."""


class UnknownPublication(LookupError):
    """No publication has this id or file."""


def acknowledge(
    tx: Transaction, network: Network, *, by: str, publication_ids: Sequence[int] = (), paths: Sequence[str] = ()
) -> list[PublicationRow]:
    """A channel says that it has publications, named by id or by the path of their file; it now shows their words.

    Gives those of which nobody had said so; a repeat changes nothing. Of a listing the newest word stands, in whatever
    order acknowledgements come. Raises UnknownPublication.
    """
    store.lock_publication(tx)
    found = store.find_publications(tx, publication_ids, paths)
    missing = (
        {*map(str, publication_ids), *paths} - {str(row.publication_id) for row in found} - {row.path for row in found}
    )
    if missing:
        raise UnknownPublication(f"{', '.join(sorted(missing))}: no such publication; name its id or its file")
    done = store.record_acknowledged(tx, [row.publication_id for row in found], by)
    if not done:
        return []
    words = store.load_words(tx, done)
    board = Board(store.load_standings_named(tx, list(words)))
    for key, (shown, told_at, publication_id) in words.items():
        item = board.standings[key]
        if item.word_at is None or (told_at, publication_id) >= (item.word_at, item.word_id or 0):
            item.acknowledged, item.word_at, item.word_id = shown, told_at, publication_id
    board.write(tx, load_desk(tx, network, {item.sku_id for item in board.standings.values()}))
    rows = store.find_publications(tx, done)
    tx.emit_all(events.acknowledged(row, by, tx.now) for row in rows)
    return rows


def resend(tx: Transaction, network: Network, channel_id: int, sku_ids: Iterable[int] = ()) -> int:
    """Tell a channel again all that it lists, or some SKUs, although nothing changed; says how many listings.

    A refresh of everything supersedes what the channel did not acknowledge before. The rate limit holds.
    """
    store.lock_publication(tx)
    desk = load_desk(tx, network)
    if channel_id not in desk.channels:
        raise NotPossible("the channel is not in the configuration any more; nothing is told to it")
    wanted = sorted(set(sku_ids))
    standings = store.load_standings_of_channel(tx, channel_id, wanted)
    objective = desk.policies.channels[channel_id].backlog_within
    skus = catalog.load_skus(tx, {item.sku_id for item in standings})
    known = {item.listing: item for item in store.load_pending_of(tx, sorted(skus)) if item.channel_id == channel_id}
    again: list[Pending] = []
    for item in standings:
        sku = skus[item.sku_id]
        danger = rules.danger_of(item, (sku.price_minor or sku.cost_minor or 0) * item.pack_quantity, None)
        since = known[item.listing].since if item.listing in known else tx.now
        again.append(
            Pending(
                channel_id, item.listing, item.sku_id, Pace.NOW, rules.turn_of(since, danger, objective), danger, since,
                resend=True,
            )
        )  # fmt: skip
    store.upsert_pending(tx, again)
    if not wanted:
        row = desk.channels[channel_id]
        row.refreshed_at = tx.now
        store.upsert_channels(tx, [row])
    return len(again)


def set_velocity(
    tx: Transaction, network: Network, channel_id: int, sku_id: int, velocity: str, by: str
) -> SkuVelocity:
    """Set how fast a SKU counts as selling in a channel, or let it be computed again (`auto`).

    Computed again, it stays what it was until the next computation. Raises NotPossible.
    """
    if velocity != "auto" and velocity not in set(Velocity):
        raise NotPossible(f"{velocity} is not a velocity; one of fast, normal, slow, auto")
    store.lock_publication(tx)
    load_policies(tx, network)
    known = next((item for item in store.load_velocities(tx, [sku_id]) if item.channel_id == channel_id), None)
    before = known or SkuVelocity(channel_id, sku_id, Velocity.SLOW, "", 0, 0, 1, 0, tx.now)
    if velocity == "auto":
        kept = before.velocity if before.units else Velocity.SLOW
        after = replace(before, velocity=kept, set_by="", changed_at=tx.now)
    else:
        after = replace(before, velocity=velocity, set_by=by, changed_at=tx.now)
    store.upsert_velocities(tx, [after])
    store.mark_changed(tx, {sku_id: 0})
    return after
