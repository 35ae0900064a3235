"""Snapshots whose rows could not all be applied, taken again."""

from collections.abc import Sequence

import msgspec

from stocktower import exchange, ordering
from stocktower.app.output import CommandFailed
from stocktower.platform import Transaction


def take_rows_again(tx: Transaction, label: str, message_ids: Sequence[int]) -> list[str]:
    """Take the snapshots of a case again; what was applied stays. Raises CommandFailed where no row could be read."""
    messages = [one for one in exchange.load_messages(tx, message_ids) if one.kind == "stock" and one.body]
    if not messages:
        raise CommandFailed(f"{label}: the row could not be read at all; correct it and import it again")
    notes: list[str] = []
    for message in messages:
        document = msgspec.json.decode(message.body, type=exchange.StockDocument)
        count = len(ordering.take_again(tx, document, message.message_id).refused)
        left = f"{count:,} rows still cannot be applied" if count else "all of its rows are applied"
        notes.append(f"message {message.message_id} was taken again: {left}")
    return notes
