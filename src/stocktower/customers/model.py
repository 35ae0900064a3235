"""The person behind an order, as far as the channel says."""

from msgspec import Struct

from stocktower.exchange import Address


class ContactDetails(Struct, frozen=True, omit_defaults=True):
    """Who an order goes to, who pays for it, and what they wrote."""

    email: str = ""
    ship_to: Address = Address()
    bill_to: Address = Address()
    note: str = ""

    def __str__(self) -> str:
        """Where the order goes, on one line."""
        to = self.ship_to
        place = " ".join(part for part in (to.city, to.region, to.postal_code) if part)
        return ", ".join(part for part in (to.name, to.company, to.street, place, to.country) if part)


class Contact(Struct, frozen=True):
    """The row of an order: the hash that finds it by e-mail address, and the ContactDetails as JSON."""

    order_id: int
    email_hash: bytes | None
    details: bytes
