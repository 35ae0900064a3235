"""People, what they may do, and the record of what they did."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from msgspec import Struct

from stocktower.kernel import Role

__all__ = ["SYSTEM", "AuditEntry", "ChainRow", "Permission", "Person", "Role", "TokenInfo", "TokenKind"]

TokenKind = Literal["api", "session", "link"]
"""A bearer token of the API, the session of a browser, or a link that opens one session."""


class Permission(StrEnum):
    """What a role may allow; reading orders, stock and cases needs only to be signed in."""

    IMPORT_FILES = "import_files"
    CONFIRM_SHIPMENTS = "confirm_shipments"
    RESERVE_STOCK = "reserve_stock"
    WORK_CASES = "work_cases"
    CHANGE_MAPPING = "change_mapping"
    ADJUST_ORDER = "adjust_order"
    ADJUST_STOCK = "adjust_stock"
    COUNT_STOCK = "count_stock"
    """Plan count sheets, count, and finish them."""
    APPROVE_COUNTS = "approve_counts"
    OVERRIDE_RESERVATION = "override_reservation"
    MANAGE_PUBLICATION = "manage_publication"
    """Say what a channel has, tell it again, set how fast something counts as selling."""
    SET_CHANNEL_RULES = "set_channel_rules"
    """Single rules of what channels are offered: set, and ended."""
    CHANGE_CONFIGURATION = "change_configuration"
    """Sites, channels, sourcing and posting rules, the operating model."""
    EXPORT_STOCK = "export_stock"
    """All of it at once: rows, ledgers, what was told."""
    READ_BOOKS = "read_books"
    READ_PERSONAL_DATA = "read_personal_data"
    ERASE_PERSONAL_DATA = "erase_personal_data"
    READ_AUDIT = "read_audit"
    MANAGE_ACCESS = "manage_access"
    """People and their tokens."""


class Person(Struct, frozen=True):
    """Somebody, or a system, that acts under a name with a role."""

    person_id: int
    name: str
    role: Role


SYSTEM = Person(0, "system", Role.ADMINISTRATOR)
"""Who acts when nobody does: it is always there, has no row and no token."""


class TokenInfo(Struct, frozen=True):
    """A token as it may be shown: without its secret, which nobody has but its bearer."""

    token_id: int
    person: str
    role: str
    kind: str
    label: str
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    revoked_at: datetime | None


class AuditEntry(Struct, frozen=True):
    """One act of a person."""

    sequence: int
    at: datetime
    actor: str
    act: str
    subject: str
    subject_id: int
    data: dict[str, Any]


class ChainRow(Struct, frozen=True):
    """One row of the audit with its hashes; `data` is the JSON text as the database writes it."""

    sequence: int
    at: datetime
    actor: str
    act: str
    subject: str
    subject_id: int
    data: str
    previous_sha256: bytes
    sha256: bytes
