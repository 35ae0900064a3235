"""Access owns people, what their roles allow, their tokens, and the audit of their acts.

Always true: of a token, session or link only the SHA-256 is stored; a sign-in link works once; every act of a person
is a row of the audit, numbered without a gap and hashing the row before it, and the chain ends where its head says.
What the operating model gives to one role alone, nobody else may do, and the record of the act says by which rule.
Nobody acts without a name: what runs by itself acts as SYSTEM, who has no token and cannot sign in.
"""

from .model import SYSTEM, AuditEntry, Override, Permission, Person, Role, TokenInfo, TokenKind
from .rules import GRANTS, PermissionDenied, may, require, require_stated, roles_that_may
from .service import (
    OtherRole,
    ReservedName,
    apply_overrides,
    ask_person,
    authenticate,
    create_token,
    ensure_person,
    find_operator,
    record_act,
    record_refusal,
    redeem_link,
    revoke_secret,
    revoke_token,
)
from .views import load_audit, load_tokens, verify_audit

__all__ = [
    "GRANTS",
    "SYSTEM",
    "AuditEntry",
    "OtherRole",
    "Override",
    "Permission",
    "PermissionDenied",
    "Person",
    "ReservedName",
    "Role",
    "TokenInfo",
    "TokenKind",
    "apply_overrides",
    "ask_person",
    "authenticate",
    "create_token",
    "ensure_person",
    "find_operator",
    "load_audit",
    "load_tokens",
    "may",
    "record_act",
    "record_refusal",
    "redeem_link",
    "require",
    "require_stated",
    "revoke_secret",
    "revoke_token",
    "roles_that_may",
    "verify_audit",
]
