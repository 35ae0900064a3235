"""Commands on contacts, inside the caller's transaction."""

from collections.abc import Sequence

from stocktower import access
from stocktower.platform import Transaction

from . import store
from .model import Contact


def record_new_contacts(tx: Transaction, contacts: Sequence[Contact]) -> None:
    """Write the contacts of orders that are new in this transaction, by one COPY."""
    store.copy_contacts(tx, contacts)


def record_contacts(tx: Transaction, contacts: Sequence[Contact]) -> None:
    """Write the contacts of orders as their channels now state them; the last of an order counts."""
    last = {contact.order_id: contact for contact in contacts}
    if last:
        store.upsert_contacts(tx, list(last.values()))


def erase(tx: Transaction, order_ids: Sequence[int]) -> int:
    """Forget who is behind orders, leave an act of the actor, and say how many held something; again changes nothing.

    The bodies of the orders' messages are the caller's to erase (`exchange.erase_bodies`).
    """
    erased = sorted(store.erase_contacts(tx, order_ids))
    if erased:
        access.record_act(tx, "personal_data.erase", "contacts", 0, {"order_ids": erased})
    return len(erased)
