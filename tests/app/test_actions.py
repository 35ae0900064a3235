"""The table of acts: each that a case offers is there, each asks for its permission, and a refusal changes nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from stocktower import access, exchange, worklist
from stocktower.access import Person, Role
from stocktower.app.actions import ACTIONS, act
from stocktower.app.arguments import Arguments, arguments_of
from stocktower.app.home import Tower
from stocktower.app.output import CommandFailed
from stocktower.app.workers import work_until_idle
from stocktower.kernel import CaseKind
from stocktower.platform import load_head
from tests.app.tower import open_cases, open_tower, order, send


@pytest.fixture
def tower(database_url: str, tmp_path: Path) -> Iterator[Tower]:
    """A merchant with an order whose total does not foot, and one of a listing that nobody mapped."""
    tower = open_tower(database_url, tmp_path)
    send(tower, exchange.ORDER, {"A1": order(1, total=400), "A2": order(2, "UNKNOWN")})
    work_until_idle(tower)
    yield tower
    tower.database.close()


def number(tower: Tower, kind: str) -> str:
    """The one case of a kind."""
    (case,) = open_cases(tower, kind)
    return str(case.number)


def head(tower: Tower) -> int:
    """Up to where anything happened."""
    with tower.reading() as tx:
        return load_head(tx)


def test_every_act_that_a_case_offers_has_a_command_and_the_reverse() -> None:
    assert {(kind, name) for kind, names in worklist.ACTIONS.items() for name in names} == set(ACTIONS)


@pytest.mark.parametrize("role", list(Role))
def test_each_act_needs_its_permission(tower: Tower, role: Role) -> None:
    """A warehouse may not cancel orders; whoever may, may."""
    person = Person(1, "somebody", role)
    before = head(tower)
    for kind, action in (("total_mismatch", "cancel"), ("total_mismatch", "accept"), ("unmapped_listing", "map")):
        needed = ACTIONS[CaseKind(kind), action].permission
        arguments = Arguments(sku="CUP")
        if access.may(person, needed):
            done = act(
                tower, number(tower, kind), action, arguments, actor=person.name, person=person, dry_run=True
            )  # fmt: skip
            assert done.notes
        else:
            with pytest.raises(access.PermissionDenied, match=f"may not {needed.replace('_', ' ')}"):
                act(tower, number(tower, kind), action, arguments, actor=person.name, person=person, dry_run=True)
    # Neither a rehearsal nor a refusal leaves a trace.
    assert head(tower) == before


def test_who_may_cancel() -> None:
    cancel = {needs.permission for (_, action), needs in ACTIONS.items() if action == "cancel"}
    assert cancel == {access.Permission.ADJUST_ORDER}
    assert Role.WAREHOUSE not in access.roles_that_may(access.Permission.ADJUST_ORDER)
    assert Role.CUSTOMER_SERVICE in access.roles_that_may(access.Permission.ADJUST_ORDER)


def test_an_act_is_audited_with_its_person(tower: Tower) -> None:
    person = Person(1, "cora", Role.CUSTOMER_SERVICE)
    case = number(tower, "total_mismatch")
    act(tower, case, "cancel", Arguments(note="asked by phone"), actor="cora", person=person, dry_run=False)
    with tower.reading() as tx:
        (entry,) = [one for one in access.load_audit(tx) if one.act == "case.cancel"]
    assert (entry.actor, entry.data["note"]) == ("cora", "asked by phone")
    with pytest.raises(CommandFailed, match="is closed"):
        act(tower, case, "cancel", Arguments(), actor="cora", person=person, dry_run=False)


def test_an_address_is_corrected_and_nowhere_else_kept(tower: Tower) -> None:
    """By the act of its case, with a dry run; the audit and the case say which parts, never what they say."""
    stated = order(7)
    send(tower, exchange.ORDER, {"A7": replace(stated, ship_to=replace(stated.ship_to, street="-"))})
    work_until_idle(tower)
    case = number(tower, "address")
    arguments = arguments_of({"street": "17 Hidden Lane", "note": "by phone"})
    for wrong, words in (({}, "state what is missing"), ({"city": "Troy"}, "no street")):
        with pytest.raises(CommandFailed, match=words):
            act(tower, case, "correct", arguments_of(wrong), actor="cora", dry_run=False)
    with pytest.raises(CommandFailed, match="--note: say why"):
        act(tower, case, "release", Arguments(), actor="cora", dry_run=False)
    before = head(tower)
    rehearsed = act(tower, case, "correct", arguments, actor="cora", dry_run=True)
    assert head(tower) == before
    assert rehearsed.events["address.corrected"] == 1
    done = act(tower, case, "correct", arguments, actor="cora", dry_run=False)
    # What its events resume beyond that is the worker's.
    assert set(done.events) <= set(rehearsed.events)
    with tower.reading() as tx:
        (entry,) = [one for one in access.load_audit(tx) if one.act == "case.correct"]
        detail = worklist.load_case(tx, int(case))
        assert detail is not None
    assert (entry.data["address"], entry.data["note"]) == (["street"], "by phone")
    assert (detail.case.state, detail.case.role) == ("closed", "customer_service")
    assert "Hidden" not in repr((entry, detail, done, rehearsed))
    assert open_cases(tower, "address") == []


@pytest.mark.parametrize(
    ("action", "arguments", "words"),
    [
        ("map", {}, "--sku: say which SKU"),
        ("map", {"sku": "CUPP"}, "near it: CUP"),
        ("accept", {}, "allowed: map"),
    ],
)
def test_what_an_act_cannot_do_is_said(tower: Tower, action: str, arguments: dict[str, str], words: str) -> None:
    with pytest.raises(CommandFailed, match=words):
        act(tower, number(tower, "unmapped_listing"), action, arguments_of(arguments), actor="x", dry_run=False)


@pytest.mark.parametrize("given", [{"pack": "0"}, {"pack": "many"}, {"hours": "-1"}, {"hours": "9" * 12}])
def test_arguments_have_bounds(given: dict[str, str]) -> None:
    with pytest.raises(CommandFailed):
        arguments_of(given)
