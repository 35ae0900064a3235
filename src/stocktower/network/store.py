"""The statements of the room, one typed function each."""

from collections.abc import Sequence

from stocktower.platform import Answer, Transaction, load_queries

_Q = load_queries(__package__)

PlaceId = tuple[str, str, int]
"""`site` or `channel`, its code, its id."""


def ask_ids(tx: Transaction) -> Answer[list[PlaceId]]:
    """Every site and channel that was ever applied, in order."""
    return tx.ask_tuples(_Q.load_ids).then(lambda rows: [(place, code, place_id) for place, code, place_id in rows])


def insert_sites(tx: Transaction, codes: Sequence[str]) -> None:
    """Give sites ids; those that have one keep it."""
    tx.execute(_Q.insert_sites, site_ids=tx.new_ids(len(codes)), codes=list(codes))


def insert_channels(tx: Transaction, codes: Sequence[str]) -> None:
    """Give channels ids; those that have one keep it."""
    tx.execute(_Q.insert_channels, channel_ids=tx.new_ids(len(codes)), codes=list(codes))
