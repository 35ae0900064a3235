"""The format of a room's SQL files, and what is said when one does not follow it."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from stocktower.platform import SqlFileError, Transaction, load_invariants, load_queries

Room = Callable[..., str]


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Room:
    """Makes a package with SQL files and says its name."""

    def make(**texts: str) -> str:
        package = tmp_path / f"room_{abs(hash(request.node.name))}"
        package.mkdir()
        (package / "__init__.py").touch()
        for name, text in texts.items():
            (package / f"{name}.sql").write_text(text)
        monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
        return package.name

    return make


def test_statements_and_copies(room: Room) -> None:
    queries = load_queries(
        room(
            queries="""-- The SQL of a room.

-- name: find
-- Finds by a pattern,
-- in two lines.
SELECT 1
-- a word between
WHERE 'a%%' LIKE %(pattern)s::text AND %(n)s::int > 0 AND %(pattern)s::text <> '';

-- copy: mail post.mail (merchant_id, body:bytea,
--     note)
-- Mails as they came.
-- name: other
-- Another.
SELECT 2
"""
        )
    )
    find = queries.find
    assert find.doc == "Finds by a pattern, in two lines."
    assert find.parameters == ("pattern", "n")
    assert find.statement == (
        "SELECT 1\n-- a word between\nWHERE 'a%' LIKE $1::text AND $2::int > 0 AND $1::text <> ''"
    )
    assert "%(pattern)s" in find.text
    mail = queries.mail
    assert (mail.table, mail.columns, mail.bytea) == (
        "post.mail",
        ("merchant_id", "body", "note"),
        (False, True, False),
    )
    assert mail.statement == "COPY post.mail (merchant_id, body, note) FROM STDIN"
    assert [query.name for query in queries] == ["find", "other"]
    with pytest.raises(AttributeError, match="no statement named 'lost'"):
        _ = queries.lost


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("SELECT 1", "without a `-- name:` line"),
        ("-- name: a\nSELECT 1", "needs a comment"),
        ("-- name: a\n-- Only words.\n", "and a statement"),
        ("-- name: a\n-- A.\nSELECT 1;\n-- name: a\n-- A.\nSELECT 2", "not a new name"),
        ("-- name: a\n-- A.\nSELECT 'x' LIKE 'a%'", "lone percent"),
        ("-- copy: a b.c merchant_id\n-- A.", "expected"),
        ("-- copy: a b.c (merchant_id, d:json)\n-- A.", "only kind"),
    ],
)
def test_mistakes_are_named(room: Room, text: str, complaint: str) -> None:
    with pytest.raises(SqlFileError, match=complaint):
        load_queries(room(queries=text))


def test_invariants(room: Room) -> None:
    text = "-- name: a\n-- when: {}\n-- Always so.\nSELECT 1 WHERE %(merchant_id)s::bigint = 0"
    package = room(invariants=text.format("at cursor of finance"))
    [invariant] = load_invariants(package)
    assert (invariant.name, invariant.doc, invariant.subscriber) == ("a", "Always so.", "finance")
    (Path(sys.path[0]) / package / "invariants.sql").write_text(text.format("sometimes"))
    with pytest.raises(SqlFileError, match="needs `-- when"):
        load_invariants(package)
    assert load_invariants("stocktower.kernel") == []


def test_invariants_of_the_platform_hold_and_break(tx: Transaction) -> None:
    invariants = {invariant.name: invariant for invariant in load_invariants("stocktower.platform")}
    assert all(invariant.subscriber is None for invariant in invariants.values())
    for invariant in invariants.values():
        assert tx.tuples(invariant.query) == []
    tx.connection.execute("UPDATE platform.head SET position = 5 WHERE merchant_id = %s", (tx.merchant_id,))
    assert len(tx.tuples(invariants["events_are_gapless"].query)) == 1
    tx.connection.execute("INSERT INTO platform.cursor VALUES (%s, 'finance', 6)", (tx.merchant_id,))
    assert tx.tuples(invariants["cursors_within_the_log"].query) == [("finance", 6, 5)]
