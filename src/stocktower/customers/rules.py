"""What of an order is personal."""

import hashlib

import msgspec

from stocktower.exchange import OrderDocument

from .model import Contact, ContactDetails

_encode = msgspec.json.Encoder().encode


def hash_email(email: str) -> bytes | None:
    """What finds the orders of an e-mail address, whatever its case; None where there is no address."""
    plain = email.strip().casefold()
    return hashlib.sha256(plain.encode()).digest() if plain else None


def contact_of(order_id: int, document: OrderDocument) -> Contact:
    """The personal part of an order as its channel states it."""
    return contact_with(order_id, ContactDetails(document.email, document.ship_to, document.bill_to, document.note))


def contact_with(order_id: int, details: ContactDetails) -> Contact:
    """The personal part of an order, to be recorded."""
    return Contact(order_id, hash_email(details.email), _encode(details))
