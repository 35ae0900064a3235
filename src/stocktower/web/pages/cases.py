"""Cases: what is stuck by cause, what it holds up, and the acts that fix it, each shown before it is done."""

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery

from stocktower import access, catalog, customers, worklist
from stocktower.kernel import CaseKind, Role
from stocktower.ordering import views as orders
from stocktower.platform import Transaction
from stocktower.web import labels
from stocktower.web.acts import Result, act_text, result_of
from stocktower.web.desk import AtDesk, Desk
from stocktower.web.facts import facts_of
from stocktower.web.filters import Filter, Word, parse_filter
from stocktower.web.forms import FilledForm
from stocktower.web.services import Refused

PAGE = 50
NEAR = 3

VOCABULARY = (
    Word("state", "open or closed", ("open", "closed")),
    Word("kind", "what is the matter", tuple(kind.value for kind in CaseKind)),
    Word("role", "who answers for it", tuple(role.value for role in Role)),
    Word("sort", "what stands first", ("severity", "money", "due", "number")),
)

VIEWS = (
    ("Most at risk", ""),
    ("Most money", "sort:money"),
    ("Due first", "sort:due"),
    ("Closed", "state:closed"),
)

TONES = {"critical": "broken", "high": "risk", "medium": "waiting", "low": "plain"}


def case_filter(wanted: Filter) -> worklist.CaseFilter:
    """A sentence of words as the filter of cases."""
    return worklist.CaseFilter(
        state=wanted.one("state") or "open",
        kind=wanted.one("kind"),
        role=wanted.one("role"),
        sort=wanted.one("sort") or "severity",
    )


@get("/cases", sync_to_thread=True)
def cases_page(desk: AtDesk, q: FromQuery[str] = "", page: FromQuery[int] = 1) -> Response[str]:
    """The cases that a sentence of words asks for, what is most at risk first."""
    wanted = parse_filter(q, VOCABULARY)
    offset = max(0, page - 1) * PAGE
    with desk.reading() as tx:
        found = worklist.load_cases(tx, case_filter(wanted), limit=PAGE, offset=offset)
        return desk.show(
            tx, "cases.html", title="Cases", filter=wanted, vocabulary=VOCABULARY, views=VIEWS, found=found,
            tones=TONES, kind_text=worklist.kind_text, act_text=act_text, number_of_page=max(1, page),
            has_more=found.total > offset + PAGE, is_closed=wanted.one("state") == "closed",
        )  # fmt: skip


@get("/cases/{number:int}", sync_to_thread=True)
def case_page(desk: AtDesk, number: FromPath[int], act: FromQuery[str] = "", sku: FromQuery[str] = "") -> Response[str]:
    """One case: the cause, what it holds up, and what fixes it."""
    with desk.reading() as tx:
        return _show(desk, tx, number, chosen=act, given={"sku": sku} if sku else None)


@post("/cases/{number:int}", sync_to_thread=True, status_code=200)
def do_page(desk: AtDesk, number: FromPath[int], form: FilledForm) -> Response[str]:
    """Show what an act would change, or do it."""
    name = form.get("act")
    dry_run = form.get("how") != "do"
    arguments = {key: value for key, value in form.values.items() if key not in ("act", "how")}
    try:
        outcome = desk.services.act(str(number), name, arguments, desk.person, dry_run)
        result = result_of(act_text(name).label, outcome)
    except (Refused, access.PermissionDenied) as refusal:
        result = Result(f"{act_text(name).label}: not done", dry_run, problem=str(refusal))
    with desk.reading() as tx:
        return _show(desk, tx, number, chosen=name, given=arguments, result=result)


def _show(
    desk: Desk,
    tx: Transaction,
    number: int,
    *,
    chosen: str = "",
    given: dict[str, str] | None = None,
    result: Result | None = None,
) -> Response[str]:
    detail = worklist.load_case(tx, number)
    if detail is None:
        raise NotFoundException(f"There is no case C-{number}.")
    network = desk.network(tx)
    subjects = {(waiter.subject, waiter.subject_id) for waiter in detail.waiters}
    order_ids = [waiter.subject_id for waiter in detail.waiters if waiter.subject == "order"]
    stated = str(detail.case.data.get("name", "")) if "map" in detail.actions else ""
    near = catalog.search(tx, stated, limit=NEAR).skus if stated else []
    rows = {row.order_id: row for row in orders.load_rows(tx, network, order_ids)}
    return desk.show(
        tx, "case.html", status=422 if result and result.problem else 200, title=detail.case.label, detail=detail,
        case=detail.case, tones=TONES, kind_text=worklist.kind_text, acts=[act_text(name) for name in detail.actions],
        subjects=labels.of_subjects(tx, network, subjects), orders=rows, chosen=chosen, given=given or {},
        near=near, facts_of=facts_of, result=result,
        goes_to=_goes_to(desk, tx, detail), may_act=desk.may(access.Permission.WORK_CASES),
    )  # fmt: skip


def _goes_to(desk: Desk, tx: Transaction, detail: worklist.CaseDetail) -> str:
    """Of a case about an address: what it is now, for those who may see it."""
    if detail.case.kind != CaseKind.ADDRESS or not desk.may(access.Permission.READ_PERSONAL_DATA):
        return ""
    contact = customers.load_contact(tx, detail.case.data["order_id"])
    return str(contact) if contact else ""
