"""Rows of snapshots that were doubtful, or could not be applied, taken again."""

from collections.abc import Mapping, Sequence
from typing import Any

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


def take_doubtful(tx: Transaction, data: Mapping[str, Any], *, as_packs: bool) -> list[str]:
    """Take the doubtful row of a case, as packs or as it was stated."""
    quantity: int = data["as_unit"] if as_packs else data["stated"]
    (message,) = exchange.load_messages(tx, [data["message_id"]])
    stated = msgspec.json.decode(message.body, type=exchange.StockDocument)
    line = exchange.StockLine(
        sku=data["sku"], quantity=quantity, status=data["status"], row=data["row"],
        owner=data.get("owner", ""), lot=data.get("lot", ""),
    )  # fmt: skip
    document = msgspec.structs.replace(stated, lines=(line,), all_lots=False)
    ordering.take_count(tx, document, data["message_id"])
    return [f"{data['site']} holds {quantity:,} of {data['sku']}, as counted"]
