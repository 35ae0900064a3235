"""Customers owns personal data: who an order goes to and who pays for it, and its erasure.

Always true: beside erasable message bodies nothing else holds personal data; a contact that was erased holds nothing,
and what the channel states of its order later does not bring it back.
"""

from .model import Contact, ContactDetails
from .rules import contact_of, contact_with, hash_email
from .service import erase, record_contacts, record_new_contacts
from .views import find_orders_of_email, load_contact, load_contacts

__all__ = [
    "Contact",
    "ContactDetails",
    "contact_of",
    "contact_with",
    "erase",
    "find_orders_of_email",
    "hash_email",
    "load_contact",
    "load_contacts",
    "record_contacts",
    "record_new_contacts",
]
