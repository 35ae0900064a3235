"""People and what opens the door for them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from stocktower.access import (
    OtherRole,
    Person,
    ReservedName,
    Role,
    authenticate,
    create_token,
    ensure_person,
    load_audit,
    load_tokens,
    redeem_link,
    revoke_secret,
    revoke_token,
    verify_audit,
)
from stocktower.platform import Database, Transaction

API, SESSION, LINK = "s" * 40, "t" * 40, "u" * 40


def person(tx: Transaction, role: Role = Role.OPERATIONS) -> Person:
    return ensure_person(tx, "Ada", role)


def api_token(tx: Transaction, hours: int | None = None) -> Person:
    ada = person(tx)
    expires_at = tx.now + timedelta(hours=hours) if hours else None
    create_token(tx, ada, kind="api", label="warehouse system", expires_at=expires_at, secret=API)
    return ada


def test_a_person_is_added_once(tx: Transaction) -> None:
    assert person(tx) == person(tx) == ensure_person(tx, " Ada ", "operations")
    assert [entry.act for entry in load_audit(tx)] == ["person.add"]


def test_a_role_is_not_changed_by_the_way(tx: Transaction) -> None:
    person(tx)
    with pytest.raises(OtherRole, match="Ada is known as operations, not administrator"):
        person(tx, Role.ADMINISTRATOR)
    with pytest.raises(ValueError, match="emperor"):
        ensure_person(tx, "Bob", "emperor")


@pytest.mark.parametrize("name", ["system", "", "  "])
def test_nobody_takes_the_name_of_the_system(tx: Transaction, name: str) -> None:
    with pytest.raises(ReservedName):
        ensure_person(tx, name, Role.ADMINISTRATOR)


def test_a_token_opens_for_its_kind_only(tx: Transaction) -> None:
    ada = api_token(tx)
    assert authenticate(tx, API, ("api",)) == ada
    assert authenticate(tx, API, ("session",)) is None
    assert authenticate(tx, API + "x", ("api",)) is None
    assert authenticate(tx, "", ("api", "session")) is None


def test_the_secret_is_nowhere(tx: Transaction) -> None:
    api_token(tx)
    for table in ("access.token", "access.audit", "access.person"):
        rows = tx.connection.execute(f"SELECT t::text FROM {table} t".encode()).fetchall()
        assert rows
        assert not any(API in row for (row,) in rows)
        assert not any(API.encode().hex() in row for (row,) in rows)


def test_an_expired_token_is_refused(tx: Transaction) -> None:
    ada = api_token(tx, hours=1)
    tx.now += timedelta(minutes=59)
    assert authenticate(tx, API, ("api",)) == ada
    tx.now += timedelta(minutes=1)
    assert authenticate(tx, API, ("api",)) is None


def test_a_revoked_token_is_refused(tx: Transaction) -> None:
    api_token(tx)
    assert revoke_secret(tx, API)
    assert authenticate(tx, API, ("api",)) is None
    assert not revoke_secret(tx, API)
    assert not revoke_secret(tx, "unknown")
    (token,) = load_tokens(tx)
    assert (token.person, token.label, token.revoked_at) == ("Ada", "warehouse system", tx.now)
    assert not revoke_token(tx, token.token_id)
    assert [entry.act for entry in load_audit(tx)] == ["token.revoke", "token.create", "person.add"]
    assert [entry.act for entry in load_audit(tx, limit=1, before=3)] == ["token.create"]


def test_a_disabled_person_is_refused(tx: Transaction) -> None:
    ada = api_token(tx)
    create_token(tx, ada, kind="link", label="sign-in", expires_at=None, secret=LINK)
    tx.connection.execute("UPDATE access.person SET disabled_at = created_at WHERE person_id = %s", (ada.person_id,))
    assert authenticate(tx, API, ("api",)) is None
    assert redeem_link(tx, LINK, SESSION, None) is None


def test_another_merchant_knows_none_of_it(tx: Transaction) -> None:
    api_token(tx)
    other = Transaction(tx.connection, tx.new_id(), tx.now, tx._ids)
    assert authenticate(other, API, ("api",)) is None
    assert load_audit(other) == []
    assert verify_audit(other) == []


def test_a_link_opens_one_session(tx: Transaction) -> None:
    ada = person(tx)
    create_token(tx, ada, kind="link", label="sign-in", expires_at=tx.now + timedelta(hours=1), secret=LINK)
    assert authenticate(tx, LINK, ("api", "session", "link")) is None
    assert redeem_link(tx, API, SESSION, None) is None
    assert redeem_link(tx, LINK, SESSION, tx.now + timedelta(days=14)) == ada
    assert redeem_link(tx, LINK, "another", None) is None
    assert authenticate(tx, SESSION, ("session",)) == ada
    assert authenticate(tx, "another", ("session",)) is None
    assert load_audit(tx)[0].act == "session.open"
    assert load_audit(tx)[0].actor == "Ada"


def test_an_expired_or_revoked_link_opens_nothing(tx: Transaction) -> None:
    ada = person(tx)
    create_token(tx, ada, kind="link", label="sign-in", expires_at=tx.now, secret=LINK)
    create_token(tx, ada, kind="link", label="sign-in", expires_at=None, secret=API)
    revoke_secret(tx, API)
    assert redeem_link(tx, LINK, SESSION, None) is None
    assert redeem_link(tx, API, SESSION, None) is None


def test_of_many_who_redeem_a_link_one_comes_in(database: Database) -> None:
    merchant_id = database.ensure_merchant("acme")
    with database.transaction(merchant_id, actor="serve") as tx:
        create_token(tx, person(tx), kind="link", label="sign-in", expires_at=None, secret=LINK)
    together = Barrier(4)

    def redeem(number: int) -> Person | None:
        with database.transaction(merchant_id, actor="nobody") as tx:
            together.wait()
            return redeem_link(tx, LINK, f"session {number}", None)

    with ThreadPoolExecutor(4) as threads:
        came_in = list(threads.map(redeem, range(4)))
    assert sum(one is not None for one in came_in) == 1
    with database.reading(merchant_id) as tx:
        signed_in = [authenticate(tx, f"session {number}", ("session",)) for number in range(4)]
        assert signed_in == came_in
        assert len(load_tokens(tx, ("session",))) == 1
        assert verify_audit(tx) == []
