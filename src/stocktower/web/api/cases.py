"""Cases and the acts that fix them."""

from typing import Annotated

import msgspec
from litestar import Response, get, post
from litestar.di import Provide
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, JSONBody, QueryParameter

from stocktower import worklist
from stocktower.web.api.orders import understood
from stocktower.web.api.writes import REFUSALS, Key, RequestHash, once_around, provide_request_hash
from stocktower.web.desk import AtDesk
from stocktower.web.filters import parse_filter
from stocktower.web.pages.cases import VOCABULARY, case_filter


class CaseList(msgspec.Struct, frozen=True):
    """A page of cases; `total` counts all that match."""

    cases: tuple[worklist.Case, ...]
    total: int


class ActRequest(msgspec.Struct, frozen=True):
    """An act on a case, by its name, with what it asks (sku, pack, hours, note; parts of an address)."""

    action: str
    arguments: dict[str, str | int] = {}
    dry_run: bool = False


class ActAnswer(msgspec.Struct, frozen=True):
    """What an act did, or would do: sentences, and how many events of each kind."""

    case: str
    action: str
    dry_run: bool
    changes: list[str]
    events: dict[str, int]


@get("/api/v1/cases", sync_to_thread=True, tags=["Cases"])
def list_cases(
    desk: AtDesk,
    q: Annotated[str, QueryParameter(description="Words, as on the page: kind:no_stock state:closed")] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=500)] = 50,
    offset: Annotated[int, QueryParameter(ge=0)] = 0,
) -> CaseList:
    """Cases by cause, what is most at risk first."""
    wanted = understood(parse_filter(q, VOCABULARY))
    with desk.reading() as tx:
        page = worklist.load_cases(tx, case_filter(wanted), limit=limit, offset=offset)
        return CaseList(page.cases, page.total)


@get("/api/v1/cases/{number:int}", sync_to_thread=True, tags=["Cases"])
def get_case(desk: AtDesk, number: FromPath[int]) -> worklist.CaseDetail:
    """One case with what waits for it, its history, and the acts that it allows."""
    with desk.reading() as tx:
        detail = worklist.load_case(tx, number)
    if detail is None:
        raise NotFoundException(f"There is no case C-{number}.")
    return detail


@post(
    "/api/v1/cases/{number:int}/acts", sync_to_thread=True, status_code=200, tags=["Cases"],
    responses=REFUSALS, dependencies={"request_hash": Provide(provide_request_hash)},
)  # fmt: skip
def act(
    desk: AtDesk, number: FromPath[int], data: JSONBody[ActRequest], request_hash: RequestHash, key: Key = None
) -> Response[ActAnswer]:
    """Act on a case; a dry run does everything, says what changed, and undoes it."""

    def do() -> ActAnswer:
        arguments = {name: str(value) for name, value in data.arguments.items()}
        outcome = desk.services.act(str(number), data.action, arguments, desk.person, data.dry_run)
        return ActAnswer(
            worklist.case_label(number), data.action, outcome.dry_run, list(outcome.notes), dict(outcome.events)
        )

    return once_around(desk, None if data.dry_run else key, request_hash, ActAnswer, 200, do)
