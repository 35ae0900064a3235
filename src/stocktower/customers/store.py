"""The statements of the room, one typed function each."""

from collections.abc import Sequence

import msgspec

from stocktower.platform import Transaction, load_queries

from .model import Contact, ContactDetails

_Q = load_queries(__package__)
_decode = msgspec.json.Decoder(ContactDetails).decode


def copy_contacts(tx: Transaction, contacts: Sequence[Contact]) -> None:
    """Append the contacts of new orders."""
    merchant_id = tx.merchant_id
    tx.copy(_Q.contact, [(merchant_id, one.order_id, one.email_hash, one.details) for one in contacts])


def upsert_contacts(tx: Transaction, contacts: Sequence[Contact]) -> None:
    """Write contacts as last stated, each order once."""
    tx.execute(
        _Q.upsert_contacts,
        order_ids=[one.order_id for one in contacts],
        email_hashes=[one.email_hash.hex() if one.email_hash else None for one in contacts],
        details=[one.details.decode() for one in contacts],
    )


def load_contacts(tx: Transaction, order_ids: Sequence[int]) -> dict[int, ContactDetails]:
    """The contacts that orders still have."""
    return {order_id: _decode(details) for order_id, details in tx.tuples(_Q.load_contacts, order_ids=list(order_ids))}


def find_orders_of_email(tx: Transaction, email_hash: bytes) -> list[int]:
    """The orders of a hashed address."""
    return tx.values(_Q.find_orders_of_email, email_hash=email_hash)


def erase_contacts(tx: Transaction, order_ids: Sequence[int]) -> list[int]:
    """Erase contacts; those that held something come back."""
    return tx.values(_Q.erase_contacts, order_ids=list(order_ids))
