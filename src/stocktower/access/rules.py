"""Who may do what; what a secret leaves behind; how the audit hashes from row to row."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import msgspec

from .model import ChainRow, Override, Permission, Person, Role

GENESIS = bytes(32)
"""What the first row of an audit names as the hash before it."""

_ALL_WORK = frozenset({
    Permission.IMPORT_FILES, Permission.CONFIRM_SHIPMENTS, Permission.RESERVE_STOCK, Permission.WORK_CASES,
    Permission.CHANGE_MAPPING, Permission.ADJUST_ORDER, Permission.ADJUST_STOCK, Permission.OVERRIDE_RESERVATION,
    Permission.COUNT_STOCK, Permission.APPROVE_COUNTS, Permission.MANAGE_PUBLICATION, Permission.SET_CHANNEL_RULES,
    Permission.EXPORT_STOCK, Permission.READ_BOOKS, Permission.READ_PERSONAL_DATA,
})  # fmt: skip

GRANTS: Mapping[Role, frozenset[Permission]] = {
    Role.EXECUTIVE: frozenset({Permission.EXPORT_STOCK, Permission.READ_BOOKS}),
    Role.OPERATIONS: _ALL_WORK,
    Role.WAREHOUSE: frozenset({
        Permission.CONFIRM_SHIPMENTS, Permission.ADJUST_STOCK, Permission.COUNT_STOCK, Permission.READ_PERSONAL_DATA,
    }),
    Role.CUSTOMER_SERVICE: frozenset({
        Permission.WORK_CASES, Permission.ADJUST_ORDER, Permission.READ_PERSONAL_DATA, Permission.ERASE_PERSONAL_DATA,
    }),
    Role.MERCHANDISER: frozenset({
        Permission.IMPORT_FILES, Permission.WORK_CASES, Permission.CHANGE_MAPPING, Permission.EXPORT_STOCK,
        Permission.MANAGE_PUBLICATION, Permission.SET_CHANNEL_RULES,
    }),
    Role.FINANCE: frozenset({
        Permission.WORK_CASES, Permission.APPROVE_COUNTS, Permission.EXPORT_STOCK, Permission.READ_BOOKS,
    }),
    Role.DATA_STEWARD: frozenset({
        Permission.IMPORT_FILES, Permission.WORK_CASES, Permission.CHANGE_MAPPING, Permission.EXPORT_STOCK,
        Permission.READ_PERSONAL_DATA, Permission.ERASE_PERSONAL_DATA,
    }),
    Role.INTEGRATOR: frozenset({
        Permission.IMPORT_FILES, Permission.CONFIRM_SHIPMENTS, Permission.RESERVE_STOCK, Permission.EXPORT_STOCK,
        Permission.READ_BOOKS, Permission.READ_PERSONAL_DATA, Permission.MANAGE_PUBLICATION,
    }),
    Role.AUDITOR: frozenset({Permission.EXPORT_STOCK, Permission.READ_BOOKS, Permission.READ_AUDIT}),
    Role.ADMINISTRATOR: frozenset(Permission),
}  # fmt: skip
"""What each role allows."""


class PermissionDenied(Exception):
    """The role of a person does not allow what they asked for; the message names the roles that do."""

    def __init__(
        self, person: Person, permission: Permission, roles: Iterable[Role], override: Override | None = None
    ) -> None:
        """`override`: what the operating model states about it."""
        self.person = person
        self.permission = permission
        self.roles = tuple(roles)
        self.override = override
        names = ", ".join(_words(role) for role in self.roles)
        who = f"{names} alone, by {override}" if override else names
        super().__init__(f"{person.name} ({_words(person.role)}) may not {_words(permission)}; who may: {who}")


def _words(name: str) -> str:
    return name.replace("_", " ")


def roles_that_may(permission: Permission) -> tuple[Role, ...]:
    """The roles that allow something, in the order of their vocabulary."""
    return tuple(role for role in Role if permission in GRANTS[role])


def may(person: Person, permission: Permission) -> bool:
    """Whether a person may do something: by what the operating model states of it, else by their role."""
    override = _override_of(person, permission)
    return permission in GRANTS[person.role] if override is None else person.role == override.role


def require(person: Person, permission: Permission) -> str:
    """By what the operating model states a person may do something, empty where their role says it.

    Raises PermissionDenied.
    """
    if _override_of(person, permission) is not None:
        return require_stated(person, permission)
    if not may(person, permission):
        raise PermissionDenied(person, permission, roles_that_may(permission))
    return ""


def require_stated(person: Person, permission: Permission) -> str:
    """The same for who may do all that the operating model gives to nobody else. Raises PermissionDenied."""
    override = _override_of(person, permission)
    if override is None:
        return ""
    if person.role != override.role:
        raise PermissionDenied(person, permission, (override.role,), override)
    return str(override)


def _override_of(person: Person, permission: Permission) -> Override | None:
    return next((one for one in person.overrides if one.permission == permission), None)


def hash_secret(secret: str) -> bytes:
    """What is stored of a secret."""
    return hashlib.sha256(secret.encode()).digest()


class _Sealed(msgspec.Struct, frozen=True):
    """What the hash of an audit row covers, in the order in which it is written down."""

    previous: str
    merchant: int
    sequence: int
    at: str
    actor: str
    act: str
    subject: str
    subject_id: int
    data: msgspec.Raw


def seal(merchant_id: int, previous: bytes, sequence: int, at: datetime, act: tuple[str, str, str, int, str]) -> bytes:
    """The hash of an audit row; `act` is actor, act, subject, subject_id and the JSON text of the data."""
    actor, name, subject, subject_id, data = act
    instant = at.astimezone(UTC).isoformat(timespec="microseconds")
    raw = msgspec.Raw(data.encode())
    sealed = _Sealed(previous.hex(), merchant_id, sequence, instant, actor, name, subject, subject_id, raw)
    return hashlib.sha256(msgspec.json.encode(sealed)).digest()


def decide_chain_problems(
    merchant_id: int, rows: Iterable[ChainRow], last: tuple[int, bytes]
) -> tuple[list[str], tuple[int, bytes]]:
    """What is wrong with rows that should follow the last one (its sequence and hash), and the new last one."""
    problems: list[str] = []
    sequence, previous = last
    for row in rows:
        if row.sequence != sequence + 1:
            problems.append(f"audit {sequence + 1} to {row.sequence - 1}: not there")
        elif row.previous_sha256 != previous:
            problems.append(f"audit {row.sequence}: does not follow the row before it, which was changed or replaced")
        act = (row.actor, row.act, row.subject, row.subject_id, row.data)
        if row.sha256 != seal(merchant_id, row.previous_sha256, row.sequence, row.at, act):
            problems.append(f"audit {row.sequence} ({row.act} by {row.actor}): was changed after it was written")
        sequence, previous = row.sequence, row.sha256
    return problems, (sequence, previous)
