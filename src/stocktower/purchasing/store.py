"""The statements of the room, one typed function each."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from stocktower.platform import Transaction, load_queries

from .model import Figure, Proposal, Sold

_Q = load_queries(__package__)
_encode = msgspec.json.encode
_decode = msgspec.json.Decoder(list[Figure]).decode


def load_sold(
    tx: Transaction, sku_ids: Sequence[int], since: datetime, until: datetime, timezone: str
) -> dict[int, list[Sold]]:
    """What channels accepted of SKUs by day."""
    found: dict[int, list[Sold]] = {}
    rows = tx.tuples(_Q.load_sold, sku_ids=list(sku_ids), since=since, until=until, timezone=timezone)
    for sku_id, channel_id, day, units in rows:
        found.setdefault(sku_id, []).append(Sold(channel_id, day, units))
    return found


def lock_open(tx: Transaction) -> list[Proposal]:
    """Open proposals, locked."""
    return [_proposal(row) for row in tx.tuples(_Q.lock_open)]


def load_open(tx: Transaction) -> list[Proposal]:
    """Open proposals, by supplier."""
    return [_proposal(row) for row in tx.tuples(_Q.load_open)]


def _proposal(row: tuple[Any, ...]) -> Proposal:
    return Proposal(
        row[0], row[1], row[2], row[3], row[4], row[5], row[6], _decode(row[7]), row[8], row[9],
        row[10], row[11], row[12],
    )  # fmt: skip


def insert_proposals(tx: Transaction, proposals: Sequence[Proposal]) -> None:
    """New proposals."""
    tx.copy(
        _Q.proposal,
        [
            (
                tx.merchant_id, one.proposal_id, one.sku_id, one.site_id, one.supplier, one.quantity, one.state,
                one.is_changed, _encode(one.figures).decode(), one.computed_at, one.decided_at, one.decided_by,
                one.note, one.reference,
            )
            for one in proposals
        ],
    )  # fmt: skip


def update_proposals(tx: Transaction, proposals: Sequence[Proposal]) -> None:
    """What became of proposals."""
    if proposals:
        tx.execute(
            _Q.update_proposals,
            proposal_ids=[one.proposal_id for one in proposals],
            quantities=[one.quantity for one in proposals],
            states=[one.state for one in proposals],
            changed=[one.is_changed for one in proposals],
            figures=[_encode(one.figures).decode() for one in proposals],
            computed=[one.computed_at for one in proposals],
            decided=[one.decided_at for one in proposals],
            actors=[one.decided_by for one in proposals],
            notes=[one.note for one in proposals],
            reference_texts=[one.reference for one in proposals],
        )


def load_resting(tx: Transaction, since: datetime) -> set[tuple[int, int]]:
    """(sku_id, site_id) of what was dismissed after an instant."""
    return set(tx.tuples(_Q.load_resting, since=since))
