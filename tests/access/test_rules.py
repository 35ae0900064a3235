"""Which role allows what, and how the audit hashes."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stocktower.access import (
    GRANTS,
    SYSTEM,
    Override,
    Permission,
    PermissionDenied,
    Person,
    Role,
    may,
    require,
    require_stated,
    roles_that_may,
)
from stocktower.access.model import ChainRow
from stocktower.access.rules import GENESIS, decide_chain_problems, seal

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def test_every_role_is_named_and_every_permission_granted() -> None:
    assert set(GRANTS) == set(Role)
    assert all(roles_that_may(permission)[-1] == Role.ADMINISTRATOR for permission in Permission)
    assert all(may(SYSTEM, permission) for permission in Permission)


def test_the_auditor_changes_nothing() -> None:
    assert GRANTS[Role.AUDITOR] == {Permission.EXPORT_STOCK, Permission.READ_BOOKS, Permission.READ_AUDIT}


def test_a_refusal_names_who_may() -> None:
    ada = Person(1, "Ada", Role.WAREHOUSE)
    require(ada, Permission.CONFIRM_SHIPMENTS)
    with pytest.raises(PermissionDenied, match=r"Ada \(warehouse\) may not change mapping; who may: operations, merch"):
        require(ada, Permission.CHANGE_MAPPING)


@given(st.sampled_from(Role), st.sampled_from(Permission), st.sampled_from(Permission), st.sampled_from(Role))
def test_what_is_given_to_one_role_nobody_else_may(
    role: Role, stated: Permission, asked: Permission, given_to: Role
) -> None:
    person = Person(1, "Ada", role, (Override(stated, given_to, 3),))
    if asked != stated:
        assert may(person, asked) == may(Person(1, "Ada", role), asked)
        assert require_stated(person, asked) == ""
        return
    rule = f"operating_model.overrides.{stated} of the configuration, version 3"
    assert may(person, asked) == (role == given_to)
    for ask in (require, require_stated):
        if role == given_to:
            assert ask(person, asked) == rule
        else:
            with pytest.raises(PermissionDenied, match=rule) as refusal:
                ask(person, asked)
            assert refusal.value.roles == (given_to,)


def chain(acts: list[str]) -> list[ChainRow]:
    rows: list[ChainRow] = []
    previous = GENESIS
    for sequence, act in enumerate(acts, start=1):
        sha256 = seal(7, previous, sequence, NOON, ("ada", act, "order", 5, "{}"))
        rows.append(ChainRow(sequence, NOON, "ada", act, "order", 5, "{}", previous, sha256))
        previous = sha256
    return rows


def problems(rows: list[ChainRow]) -> list[str]:
    return decide_chain_problems(7, rows, (0, GENESIS))[0]


@given(st.lists(st.text(max_size=5), min_size=2, max_size=8), st.data())
def test_a_row_changed_or_taken_out_is_seen(acts: list[str], data: st.DataObject) -> None:
    rows = chain(acts)
    assert problems(rows) == []
    place = data.draw(st.integers(0, len(rows) - 2))
    row = rows[place]
    changed = ChainRow(row.sequence, row.at, "eve", row.act, "order", 5, "{}", row.previous_sha256, row.sha256)
    assert len(problems([*rows[:place], changed, *rows[place + 1 :]])) == 1
    assert problems(rows[:place] + rows[place + 1 :]) == [f"audit {place + 1} to {place + 1}: not there"]
    resealed = chain([*acts[:place], acts[place] + "!"])[-1]
    assert len(problems([*rows[:place], resealed, *rows[place + 1 :]])) == 1


def test_an_instant_hashes_the_same_in_every_zone() -> None:
    elsewhere = NOON.astimezone(timezone(timedelta(hours=-4)))
    act = ("ada", "x", "order", 5, "{}")
    assert seal(7, GENESIS, 1, NOON, act) == seal(7, GENESIS, 1, elsewhere, act)
    assert seal(7, GENESIS, 1, NOON, act) != seal(8, GENESIS, 1, NOON, act)
