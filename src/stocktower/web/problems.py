"""Errors in words: on pages in the style of pages, to systems as problem+json with the field and the fix."""

import logging
from http import HTTPStatus
from typing import Any, cast

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException

from stocktower import access, counting, exchange, model
from stocktower.platform import is_transient, unusable_value
from stocktower.web.asking import Askings
from stocktower.web.desk import Desk
from stocktower.web.services import Refused, Services

LOG = logging.getLogger(__name__)
PROBLEM = "application/problem+json"


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """RFC 9457: what happened, where, and what to do."""

    type: str
    title: str
    status: int
    detail: str = ""
    field: str = ""
    fix: str = ""


class Unprocessable(Exception):
    """A request that was understood and cannot be done; names the field and the fix where there is one."""

    def __init__(
        self, title: str, *, field: str = "", fix: str = "", status: int = 422, kind: str = "unprocessable"
    ) -> None:
        super().__init__(title)
        self.problem = Problem(type=f"/problems/{kind}", title=title, status=status, field=field, fix=fix)


TITLES = {
    400: "The request cannot be read",
    401: "Sign in first",
    403: "Not allowed",
    404: "Not here",
    405: "Not that way",
    413: "Too large",
    415: "Not in this format",
    422: "It could not be done",
    500: "Something broke here",
    503: "Not ready",
}


def problem_of(error: Exception) -> Problem:
    """An error as a problem; what is not named is our own fault and says no more than that."""
    if isinstance(error, Unprocessable):
        return error.problem
    if isinstance(error, access.PermissionDenied):
        return Problem(
            "/problems/not-allowed", TITLES[403], 403, str(error), fix="Ask somebody with one of these roles."
        )
    if isinstance(error, Refused):
        status = 404 if error.missing else 422
        return Problem("/problems/refused", TITLES[status], status, str(error))
    if isinstance(error, counting.CountRefused):
        return Problem("/problems/count", error.problem, 422, str(error), error.field, error.fix)
    if isinstance(error, counting.UnknownSheet):
        return Problem("/problems/http-404", TITLES[404], 404, str(error))
    if isinstance(error, exchange.KeyAnsweredOtherwise):
        fix = "Use a new Idempotency-Key for a new request."
        return Problem(
            "/problems/key-used", "The key was used for another request", 422, str(error), "Idempotency-Key", fix
        )
    if isinstance(error, exchange.UnusableKey):
        return Problem("/problems/key", "The key cannot be used", 422, str(error), "Idempotency-Key")
    if isinstance(error, (model.NotApplied, model.WillNotRun)):
        return Problem("/problems/not-ready", TITLES[503], 503, str(error))
    if isinstance(error, ValidationException):
        return _validation(error)
    if isinstance(error, HTTPException):
        title = TITLES.get(error.status_code, "It could not be done")
        detail = "" if error.detail in (title, HTTPStatus(error.status_code).phrase) else error.detail
        return Problem(f"/problems/http-{error.status_code}", title, error.status_code, detail)
    if is_transient(error):
        fix = "Nothing was kept of it; send it again."
        return Problem("/problems/busy", TITLES[503], 503, "The database was not to be had.", fix=fix)
    if words := unusable_value(error):
        return Problem("/problems/unusable", TITLES[400], 400, words)
    LOG.error("unexpected error", exc_info=error)
    return Problem(
        "/problems/internal", TITLES[500], 500, "Nothing was changed. The log of this process says what it was."
    )


def _validation(error: ValidationException) -> Problem:
    extra: Any = error.extra
    parts = cast(list[dict[str, Any]], extra if isinstance(extra, list) else [])
    first = parts[0] if parts else {"message": error.detail}
    said = str(first.get("message", ""))
    return Problem("/problems/invalid", TITLES[400], 400, said or error.detail, str(first.get("key", "")))


def is_api(request: Request[Any, Any, Any]) -> bool:
    """Whether a system asks: it gets JSON."""
    return request.url.path.startswith("/api/") and "text/html" not in request.headers.get("accept", "")


def answer_error(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Any error as an answer; its own page when pages themselves are broken."""
    problem = problem_of(error)
    headers: dict[str, str] = getattr(error, "headers", None) or {}
    if is_api(request):
        return Response(msgspec.json.encode(problem), media_type=PROBLEM, status_code=problem.status, headers=headers)
    return error_page(request, problem)


def error_page(request: Request[Any, Any, Any], problem: Problem) -> Response[Any]:
    """What happened, what was kept, what to do."""
    services: Services = request.app.state.services
    desk = Desk(request, services, Askings(services))
    detail = problem.detail or ("There is no page at this address." if problem.status == 404 else "")
    following = problem.fix or {
        404: "Find it by its number, or go back to the list.",
        405: "Open the page from a link; some addresses only take forms.",
        500: "Try again; if it stays, look into the log.",
        503: "Try again in a moment.",
    }.get(problem.status, "")
    context = {"title": problem.title, "detail": detail, "next": following}
    if desk.entry is not None and problem.status < 500:
        with desk.reading() as tx:
            return desk.show(tx, "error.html", status=problem.status, **context)
    return desk.page("fallen.html", status=problem.status, **context)


def plain_answer(problem: Problem) -> Response[bytes]:
    """A problem as an answer, outside of a request that was let in."""
    return Response(msgspec.json.encode(problem), media_type=PROBLEM, status_code=problem.status)
