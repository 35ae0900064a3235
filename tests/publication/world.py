"""Ways to publish in tests: a configuration with what a test needs, one round, and what it told."""

from datetime import timedelta

from stocktower import publication
from stocktower.network import load_network
from stocktower.platform import Transaction, load_events_after, load_invariants, move_cursor, take_cursor
from stocktower.publication import Difference, Publication
from tests.inventory.world import TEXT


def configuration(*, web: str = "", b2b: str = "", rules: str = "") -> str:
    """The usual merchant, with more lines for its channels and for `[publication]`."""
    text = TEXT.replace('"DROP"]\n', f'"DROP"]\n{web}\n').replace('sites = ["EAST"]\n', f'sites = ["EAST"]\n{b2b}\n')
    return f"{text}\n[publication]\n{rules}\n" if rules else text


def digest(tx: Transaction) -> None:
    """Let the subscriber read all there is."""
    tx.write_events()
    position = take_cursor(tx, "publication")
    assert position is not None
    events, read_to = load_events_after(tx, position, 10_000, publication.KINDS)
    if read_to > position:
        publication.take_events(tx, events)
        move_cursor(tx, "publication", read_to)


def publish(tx: Transaction) -> dict[str, Publication]:
    """Tell the channels what they have to know now, by channel code."""
    digest(tx)
    network = load_network(tx)
    done = publication.publish_due(tx, network, folder="out")
    publication.note_sent(tx, [one.publication_id for one in done.publications])
    return {network.channels[one.channel_id].code: one for one in done.publications}


def shown(made: Publication) -> dict[str, int]:
    """Listing -> what it shows, in the order in which it is told."""
    return {one.listing: one.shown for one in made.listings}


def told(made: dict[str, Publication], channel: str) -> dict[str, int]:
    """What one channel was told."""
    return shown(made[channel]) if channel in made else {}


def differences(tx: Transaction) -> list[Difference]:
    """Where the last word is not the truth."""
    digest(tx)
    return publication.compare(tx, load_network(tx))


def acknowledge(tx: Transaction, *made: Publication) -> None:
    """Channels say that they have publications."""
    publication.acknowledge(
        tx, load_network(tx), by="tester", publication_ids=[one.publication_id for one in made]
    )  # fmt: skip


def broken(tx: Transaction) -> list[str]:
    """The invariants that do not hold."""
    return [one.name for one in load_invariants("stocktower.publication") if tx.tuples(one.query)]


def health(tx: Transaction, channel: str) -> publication.ChannelHealth:
    """How a channel is told and keeps up."""
    return next(one for one in publication.load_health(tx, load_network(tx)) if one.channel == channel)


def sell(
    tx: Transaction, sku_id: int, channel_id: int, units: int, *, order_id: int = 1, days_ago: int = 0,
    listing: str = "ROPE",
) -> None:  # fmt: skip
    """A channel accepted units."""
    at = tx.now - timedelta(days=days_ago)
    line = publication.Accepted(order_id, 1, channel_id, listing, sku_id, 1, units, at, tx.now)
    publication.note_accepted(tx, [line])


def measure(tx: Transaction) -> None:
    """Compute velocity, lag and buffers of all channels."""
    publication.measure_channels(tx, list(load_network(tx).channels))


def watch(tx: Transaction) -> None:
    """Decide how all channels keep up."""
    publication.watch_channels(tx, list(load_network(tx).channels))
