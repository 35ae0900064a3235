"""The application, and the server that runs it in this process."""

import asyncio
import contextlib
import signal
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import msgspec
import uvloop
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server
from litestar import Litestar, MediaType, Request, Response, Router, get
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.exceptions import NotFoundException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from litestar.types import ASGIApp, Scope

from stocktower import platform
from stocktower.web import api, pages
from stocktower.web.asking import Askings
from stocktower.web.desk import Desk
from stocktower.web.forms import provide_form
from stocktower.web.pages.entrance import closed_door
from stocktower.web.problems import PROBLEM, Problem, answer_error
from stocktower.web.security import API, Gate, entry_in
from stocktower.web.services import Services
from stocktower.web.templating import STATIC, environment, static_file

LARGEST_BODY = 512 * 1024 * 1024
FOREVER = "public, max-age=31536000, immutable"


@get("/static/{version:str}/{name:str}", sync_to_thread=False, include_in_schema=False)
def static(version: FromPath[str], name: FromPath[str]) -> Response[bytes]:
    """Our own style, script and mark; the version in the address lets browsers keep them for good."""
    if name not in STATIC:
        raise NotFoundException
    return Response(static_file(name), media_type=STATIC[name], headers={"cache-control": FOREVER})


@get("/health", sync_to_thread=True, include_in_schema=False)
def health(services: NamedDependency[Services]) -> Response[dict[str, str]]:
    """Whether this process serves and reaches its database; the one thing that anybody may ask."""
    try:
        with services.database.reading(services.merchant_id) as tx:
            platform.load_head(tx)
    except Exception:
        return Response({"status": "no database"}, status_code=503)
    return Response({"status": "ok"})


def make_app(services: Services) -> ASGIApp:
    """Everything behind its gate, as an ASGI application."""
    askings = Askings(services)

    def desk_of(request: Request[Any, Any, Any]) -> Desk:
        return Desk(request, services, askings)

    app = Litestar(
        # In one router: paths that take GET and POST must be registered at once, or Litestar wraps their threads twice.
        route_handlers=[Router("/", route_handlers=[static, health, *pages.HANDLERS, *api.HANDLERS])],
        dependencies={
            "services": Provide(lambda: services, sync_to_thread=False, use_cache=True),
            "desk": Provide(desk_of, sync_to_thread=False),
            "form": Provide(provide_form),
        },
        exception_handlers={Exception: answer_error},
        openapi_config=OpenAPIConfig(
            title="Stocktower", version="1", path="/api", render_plugins=[JsonRenderPlugin(path="/openapi.json")],
            components=api.COMPONENTS, security=[{"token": []}], description=api.DESCRIPTION, tags=api.TAGS,
            use_handler_docstrings=True,
        ),
        state=State({"services": services}),
        request_max_body_size=LARGEST_BODY,
        logging_config=None,
    )  # fmt: skip
    return Gate(app, services, refuse)


def refuse(scope: Scope) -> ASGIApp:
    """The answer to somebody who is not let in, or not to this; systems get a problem, people the sign-in page.

    A link that was clicked elsewhere comes without our strict cookie: one step over our own page brings it along.
    """
    headers = dict(scope["headers"])
    if scope["path"].startswith(API):
        if entry_in(scope) is not None:
            problem = Problem(
                "/problems/forbidden", "Writes of the API need a token", 403, "A session is for pages.",
                fix="Send a bearer token: stocktower token create",
            )  # fmt: skip
            return _raw(_json(problem), PROBLEM, 403, {})
        problem = Problem(
            "/problems/sign-in", "Sign in first", 401, "Send a bearer token.", fix="stocktower token create"
        )
        return _raw(_json(problem), PROBLEM, 401, {"www-authenticate": "Bearer"})
    if scope["type"] == "http" and scope["method"] == "GET" and headers.get(b"sec-fetch-site") == b"cross-site":
        query = scope["query_string"].decode("latin-1")
        to = quote(scope["path"]) + (f"?{query}" if query else "")
        return _raw(environment().get_template("bounce.html").render(to=to).encode(), MediaType.HTML, 200, {})
    answer = closed_door()
    return _raw(str(answer.content).encode(), MediaType.HTML, 401, {})


def _json(problem: Problem) -> bytes:
    return msgspec.json.encode(problem)


def _raw(body: bytes, media_type: str, status: int, headers: dict[str, str]) -> ASGIApp:
    return ASGIResponse(body=body, media_type=media_type, status_code=status, headers=headers)


def serve(
    services: Services, host: str, port: int, *, ready: Callable[[Callable[[], None]], None] | None = None
) -> None:
    """Serve until Ctrl-C or a termination signal; requests under way are answered first.

    `ready` is called in the serving thread with a function that stops the server, which any thread may call.
    """
    uvloop.run(_serve(services, host, port, ready))


async def _serve(services: Services, host: str, port: int, ready: Callable[[Callable[[], None]], None] | None) -> None:
    server = Server(
        make_app(services), address=host, port=port, interface=Interfaces.ASGI, log_enabled=False,
        log_level=LogLevels.error, websockets=False,
    )  # fmt: skip
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()

    def stop() -> None:
        loop.call_soon_threadsafe(stopping.set)

    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stopping.set)
    serving = asyncio.create_task(server.serve())
    waiting = asyncio.create_task(stopping.wait())
    if ready is not None:
        ready(stop)
    await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if not serving.done():
        server.stop()
    waiting.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await serving
