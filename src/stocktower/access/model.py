"""People, what they may do, and the record of what they did."""

from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from stocktower.kernel import Permission, Role

__all__ = ["SYSTEM", "AuditEntry", "ChainRow", "Override", "Permission", "Person", "Role", "TokenInfo", "TokenKind"]

TokenKind = Literal["api", "session", "link"]
"""A bearer token of the API, the session of a browser, or a link that opens one session."""


class Override(Struct, frozen=True):
    """What the operating model gives to one role alone, since a version of the configuration."""

    permission: Permission
    role: Role
    version: int

    def __str__(self) -> str:
        """Where it is stated."""
        return f"operating_model.overrides.{self.permission} of the configuration, version {self.version}"


class Person(Struct, frozen=True):
    """Somebody, or a system, that acts under a name with a role."""

    person_id: int
    name: str
    role: Role
    overrides: tuple[Override, ...] = ()
    """What the operating model states of who may do what, for everybody."""


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
