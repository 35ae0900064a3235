"""Read models of contacts; whoever shows them has asked for `read_personal_data`."""

from collections.abc import Sequence

from stocktower.platform import Transaction

from . import store
from .model import ContactDetails
from .rules import hash_email


def load_contact(tx: Transaction, order_id: int) -> ContactDetails | None:
    """The contact of an order; None where there is none, or it was erased."""
    return store.load_contacts(tx, [order_id]).get(order_id)


def load_contacts(tx: Transaction, order_ids: Sequence[int]) -> dict[int, ContactDetails]:
    """The contacts of orders; those that have none, or were erased, are not in the answer."""
    return store.load_contacts(tx, order_ids) if order_ids else {}


def find_orders_of_email(tx: Transaction, email: str) -> list[int]:
    """The orders of an e-mail address, whatever its case."""
    hashed = hash_email(email)
    return [] if hashed is None else store.find_orders_of_email(tx, hashed)
