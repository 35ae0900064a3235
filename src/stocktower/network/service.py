"""Commands of the room: places get their ids when a configuration is applied, and are read as one network."""

from stocktower.model import Applied, Configuration, load_applied, load_applied_version
from stocktower.platform import Transaction

from . import store
from .model import Network
from .rules import add_former, build_network

# By merchant: the configuration and the ids that a network was built from, and the network. Both are compared at each
# load, so that no other process and no rolled back transaction can leave a wrong one behind.
_built: dict[int, tuple[Configuration, list[store.PlaceId], Network]] = {}


def apply_network(tx: Transaction, configuration: Configuration) -> None:
    """Give every site and channel of a configuration an id; called in the transaction that applies it."""
    known = {(place, code) for place, code, _ in store.ask_ids(tx).get()}
    sites = [site.code for site in configuration.sites if ("site", site.code) not in known]
    channels = [channel.code for channel in configuration.channels if ("channel", channel.code) not in known]
    if sites:
        store.insert_sites(tx, sites)
    if channels:
        store.insert_channels(tx, channels)


def load_network(tx: Transaction) -> Network:
    """The sites and channels of the applied configuration; raises model.NotApplied. Shared: never change it."""
    asked = store.ask_ids(tx)
    applied = load_applied(tx)
    ids = asked.get()
    built = _built.get(tx.merchant_id)
    if (
        built is not None
        and built[0] is applied.configuration
        and built[1] == ids
        and built[2].version == applied.version
    ):
        return built[2]
    network = _build(tx, applied, ids)
    _built[tx.merchant_id] = (applied.configuration, ids, network)
    return network


def load_network_at(tx: Transaction, applied: Applied) -> Network:
    """The sites and channels of a configuration that was applied once, with all that had a name then."""
    return _build(tx, applied, store.ask_ids(tx).get())


def _build(tx: Transaction, applied: Applied, ids: list[store.PlaceId]) -> Network:
    site_ids = {code: place_id for place, code, place_id in ids if place == "site"}
    channel_ids = {code: place_id for place, code, place_id in ids if place == "channel"}
    network = build_network(applied.version, applied.configuration, site_ids, channel_ids)
    version = applied.version
    while version > 1 and len(network.sites) + len(network.channels) < len(ids):
        version -= 1
        add_former(network, load_applied_version(tx, version).configuration, site_ids, channel_ids)
    return network
