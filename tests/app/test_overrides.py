"""What the operating model gives to one role alone, nobody else may do: by command, API and page alike, on record."""

import getpass
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from stocktower import access, exchange
from stocktower.access import Permission, Role
from stocktower.app.home import apply_file
from stocktower.app.workers import work_until_idle
from tests.app.shell import Shell
from tests.app.tower import CONFIGURATION, open_cases, open_tower, order, send
from tests.web.conftest import Site, served
from tests.web.test_pages import token_of

STATED = """
[operating_model]
preset = "oms-led"
[operating_model.overrides]
adjust_order = "customer_service"
read_books = "finance"
read_personal_data = "customer_service"
import_files = "integrator"
"""
RULE = "operating_model.overrides.adjust_order of the configuration, version 2"
REFUSED = f"may not adjust order; who may: customer service alone, by {RULE}"


@pytest.fixture(scope="module")
def site(new_database_url: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A merchant with three orders whose totals do not foot, and whose operating model says who may adjust them."""
    url = new_database_url()
    tower = open_tower(url, tmp_path_factory.mktemp("home"))
    send(tower, exchange.ORDER, {f"A{n}": order(n, total=400 + n) for n in (1, 2, 3)})
    work_until_idle(tower)
    with tower.transaction("tester") as tx:
        access.ensure_person(tx, "cora", Role.CUSTOMER_SERVICE)
        access.ensure_person(tx, "fay", Role.FINANCE)
    tower.home.configuration_file.write_text(CONFIGURATION + STATED, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STOCKTOWER_DATABASE_URL", url)
        apply_file(tower, actor="tester")
        with served(tower) as site:
            yield site


@pytest.fixture
def as_user(site: Site, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Shell]:
    """A shell of a user of the machine."""

    def give(name: str) -> Shell:
        monkeypatch.setattr(getpass, "getuser", lambda: name)
        return Shell(site.tower.home.folder)

    return give


def audit(site: Site, act: str) -> list[tuple[str, dict[str, Any]]]:
    """(actor, data) of the acts of a kind, the newest first."""
    with site.tower.reading() as tx:
        assert access.verify_audit(tx) == []
        return [(one.actor, one.data) for one in access.load_audit(tx) if one.act == act]


def one_case(site: Site) -> str:
    """An order's case that is open."""
    return str(open_cases(site.tower, "total_mismatch")[0].number)


def act(client: httpx.Client, case: str, action: str) -> httpx.Response:
    """An act by the API."""
    return client.post(f"/api/v1/cases/{case}/acts", json={"action": action})


def test_a_command_the_api_and_a_page_refuse_alike(site: Site, as_user: Callable[[str], Shell]) -> None:
    case = one_case(site)
    before = len(open_cases(site.tower, "total_mismatch"))
    said = as_user("root").say("case", case, "--do", "cancel", code=2)
    assert f"root (administrator) {REFUSED}" in " ".join(said.err.split())
    assert REFUSED in as_user("fay").ask("case", case, "--do", "cancel", "--dry-run", code=2)["error"]
    answer = act(site.with_token(Role.OPERATIONS), case, "cancel")
    assert answer.status_code == 403
    assert answer.json()["detail"] == f"a operations (operations) {REFUSED}"
    client = site.signed_in(Role.ADMINISTRATOR)
    form = {"form_token": token_of(client.get(f"/cases/{case}").text), "act": "cancel", "how": "do"}
    assert REFUSED in client.post(f"/cases/{case}", data=form).text
    page = f"/orders/{open_cases(site.tower, 'total_mismatch')[0].data['order_id']}"
    refused = client.post(page, data={**form, "act": "cancel"})
    assert refused.status_code == 403
    assert REFUSED in refused.text
    assert len(open_cases(site.tower, "total_mismatch")) == before
    refusals = audit(site, "access.refuse")
    assert {data["refused_by"] for _, data in refusals} == {RULE}
    assert [actor for actor, _ in reversed(refusals)] == [
        "root", "fay", "a operations", "a administrator", "a administrator",
    ]  # fmt: skip


def test_who_has_the_role_does_it_and_the_record_says_by_which_rule(
    site: Site, as_user: Callable[[str], Shell]
) -> None:
    as_user("cora").say("case", one_case(site), "--do", "accept")
    assert act(site.with_token(Role.CUSTOMER_SERVICE), one_case(site), "cancel").status_code == 200
    client = site.signed_in(Role.CUSTOMER_SERVICE)
    page = f"/orders/{open_cases(site.tower, 'total_mismatch')[0].data['order_id']}"
    form = {"form_token": token_of(client.get(page).text), "act": "cancel", "how": "do"}
    assert "Cancel the order: done" in client.post(page, data=form).text
    done = [*audit(site, "case.accept"), *audit(site, "case.cancel"), *audit(site, "order.cancel")]
    assert [(actor, data["allowed_by"]) for actor, data in done] == [
        ("cora", RULE), ("a customer_service", RULE), ("a customer_service", RULE),
    ]  # fmt: skip


def test_what_is_read_is_kept_from_others_too(site: Site, as_user: Callable[[str], Shell]) -> None:
    assert "read books" in as_user("root").ask("trial-balance", code=2)["error"]
    assert as_user("fay").ask("trial-balance")["totals"]
    assert site.with_token(Role.OPERATIONS).get("/api/v1/trial-balance").status_code == 403
    assert as_user("root").ask("order", "A1")["contact"] is None
    assert as_user("root").ask("order", "A1")["journals"] == []
    assert as_user("cora").ask("order", "A1")["contact"]["ship_to"]["city"] == "Albany"
    number = open_cases(site.tower, "total_mismatch", state="closed")[0].data["order_id"]
    assert "Albany" not in site.signed_in(Role.ADMINISTRATOR).get(f"/orders/{number}").text
    assert "Albany" in site.signed_in(Role.CUSTOMER_SERVICE).get(f"/orders/{number}").text


def test_a_file_is_brought_by_who_may(site: Site, as_user: Callable[[str], Shell], tmp_path: Path) -> None:
    path = tmp_path / "products.csv"
    path.write_text("sku,name,cost\nLID,Lid,1.00\n", encoding="utf-8")
    said = as_user("root").ask("import", "products", path, code=2)
    assert "may not import files; who may: integrator alone" in said["error"]
    with path.open("rb") as file:
        answer = site.with_token(Role.INTEGRATOR).post(
            "/api/v1/imports?kind=products", files={"data": ("products.csv", file, "text/csv")}
        )
    assert answer.status_code == 201, answer.text
    ((actor, data),) = audit(site, "import.file")
    assert (actor, data["allowed_by"][:38]) == ("a integrator", "operating_model.overrides.import_files")


def test_what_is_not_stated_any_more_is_over(site: Site, as_user: Callable[[str], Shell]) -> None:
    kept = STATED.replace('read_books = "finance"\n', "")
    site.tower.home.configuration_file.write_text(CONFIGURATION + kept, encoding="utf-8")
    as_user("root").say("apply")
    assert as_user("root").ask("trial-balance")["totals"]
    with site.tower.reading() as tx:
        person = access.find_operator(tx, "root")
    # What stays as it was keeps the version in which it was stated.
    assert {one.permission: one.version for one in person.overrides} == dict.fromkeys(
        (Permission.ADJUST_ORDER, Permission.READ_PERSONAL_DATA, Permission.IMPORT_FILES), 2
    )
