"""A projection of publication: the words about each listing by all that was told and acknowledged, and their worth."""

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from stocktower.network import load_network
from stocktower.platform import Drifted, Projection, Transaction

from . import rules, store
from .model import Standing, Velocity
from .truths import load_policies

_NO_WORDS = (None,) * 6


def _lock(tx: Transaction, drifted: Sequence[Drifted]) -> None:
    store.lock_publication(tx)
    store.lock_standings_by_key(tx, [(one.key[0], one.key[1]) for one in drifted])


def _restore(tx: Transaction, drifted: Sequence[Drifted]) -> None:
    store.restore_words(tx, [(*one.key, *(one.truth or ())) for one in drifted])


def _find(tx: Transaction) -> list[Drifted]:
    channel_ids = store.load_standing_channels(tx)
    if not channel_ids:
        return []
    thresholds = load_policies(tx, load_network(tx)).thresholds
    # What is to be looked at is judged anew then.
    noted = set(store.load_changed(tx))
    found: list[Drifted] = []
    for channel_id in channel_ids:
        velocities = {one.sku_id: one.velocity for one in store.load_velocities_of_channel(tx, channel_id)}
        for stored, truth in _by_words(tx, channel_id):
            if noted.isdisjoint((rules.ALL_SKUS, stored.sku_id)):
                truth.exposure = rules.judge(truth, thresholds[velocities.get(stored.sku_id, Velocity.SLOW)])
            if stored != truth:
                found.append(Drifted((channel_id, stored.listing), _words(stored), _words(truth)))
    return found


def _by_words(tx: Transaction, channel_id: int) -> Iterator[tuple[Standing, Standing]]:
    """Each listing of a channel as it stands, and with the words that were said of it."""
    newest = store.load_newest_words(tx, channel_id)
    for one in store.load_every_standing(tx, channel_id):
        told, told_at, publication_id, acknowledged, word_at, word_id = newest.get(one.listing, _NO_WORDS)
        yield (
            one,
            replace(
                one, told=told, told_at=told_at, publication_id=publication_id, acknowledged=acknowledged,
                word_at=word_at, word_id=word_id,
            ),
        )  # fmt: skip


def _words(one: Standing) -> tuple[object, ...]:
    return (
        one.told, one.told_at, one.publication_id, one.acknowledged, one.word_at, one.word_id, one.exposure,
    )  # fmt: skip


PROJECTIONS = (
    Projection(
        "publication.standing", "the words about each listing and what they are worth, by all that was told",
        store.count_standings, _find, _lock, _restore,
    ),
)  # fmt: skip
