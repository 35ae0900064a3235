"""The entrance: the sign-in link, the way out, and the light."""

import secrets
from datetime import timedelta
from typing import Any

from litestar import MediaType, Request, Response, get, post
from litestar.datastructures import Cookie
from litestar.params import FromPath
from litestar.response import Redirect

from stocktower import access
from stocktower.web import security
from stocktower.web.desk import THEMES, AtDesk, is_safe_path
from stocktower.web.forms import FilledForm
from stocktower.web.templating import environment

YEAR_SECONDS = 365 * 86_400


def closed_door(reason: str = "", status: int = 401) -> Response[str]:
    """The page for somebody who is not let in."""
    text = environment().get_template("closed.html").render(reason=reason)
    return Response(text, media_type=MediaType.HTML, status_code=status)


@get("/sign-in", sync_to_thread=False)
def sign_in_page() -> Response[str]:
    """How to get in."""
    return closed_door(status=200)


@get("/sign-in/{secret:str}", sync_to_thread=True)
def redeem_page(desk: AtDesk, request: Request[Any, Any, Any], secret: FromPath[str]) -> Response[str]:
    """Turn a one-time link into a session; a browser that only looks ahead does not use it up."""
    if desk.entry is not None:
        return entered(None, request)
    if "prefetch" in f"{request.headers.get('sec-purpose', '')} {request.headers.get('purpose', '')}":
        return Response("", media_type=MediaType.TEXT, status_code=204)
    services = desk.services
    with services.database.transaction(services.merchant_id, actor="sign-in") as tx:
        session = secrets.token_urlsafe(32)
        expires_at = tx.now + timedelta(seconds=security.SESSION_SECONDS)
        person = access.redeem_link(tx, secret, session_secret=session, expires_at=expires_at)
    if person is None:
        return closed_door("This link was used already, or it has expired.")
    return entered(session, request)


def entered(session: str | None, request: Request[Any, Any, Any]) -> Response[str]:
    """Goes on by itself from our own page, so that the strict cookie comes along wherever the link was clicked."""
    text = environment().get_template("entered.html").render()
    cookies = [] if session is None else [_cookie(security.SESSION, session, request, security.SESSION_SECONDS)]
    return Response(text, media_type=MediaType.HTML, cookies=cookies)


def _cookie(name: str, value: str, request: Request[Any, Any, Any], seconds: int) -> Cookie:
    return Cookie(
        name, value=value, max_age=seconds, httponly=True, samesite="strict", secure=request.url.scheme == "https"
    )


@post("/sign-out", sync_to_thread=True, status_code=200)
def sign_out(desk: AtDesk, form: FilledForm, request: Request[Any, Any, Any]) -> Response[str]:
    """End this session."""
    secret = request.cookies.get(security.SESSION, "")
    with desk.writing() as tx:
        access.revoke_secret(tx, secret)
    answer = closed_door("You are signed out.", status=200)
    answer.set_cookie(_cookie(security.SESSION, "", request, 0))
    return answer


@post("/theme", sync_to_thread=False)
def set_theme(form: FilledForm, request: Request[Any, Any, Any]) -> Redirect:
    """Light, dark, or as the system has it."""
    theme = form.get("theme")
    back = form.get("back")
    answer = Redirect(back if is_safe_path(back) else "/", status_code=303)
    if theme in THEMES:
        answer.set_cookie(_cookie(security.THEME, theme, request, YEAR_SECONDS))
    return answer
