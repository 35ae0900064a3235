"""The page that describes the API, made from its own OpenAPI description, without anything from elsewhere."""

from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Request, Response, get

from stocktower.web.desk import AtDesk

Json = Mapping[str, Any]
NOTHING: Json = {}
METHODS = ("get", "post", "put", "delete")


class Operation(msgspec.Struct, frozen=True):
    """One thing that the API does."""

    method: str
    path: str
    summary: str
    parameters: list[dict[str, Any]]
    body: str
    """Name of the schema that is sent."""
    answers: list[tuple[str, str, str]]
    """(status, what it means, name of the schema)."""


def operations_of(schema: Json) -> dict[str, list[Operation]]:
    """The operations of a description by tag."""
    found: dict[str, list[Operation]] = {}
    for path, item in schema["paths"].items():
        for method in METHODS:
            operation = item.get(method)
            if operation is not None:
                found.setdefault(operation.get("tags", ["Other"])[0], []).append(_operation(method, path, operation))
    return found


def _operation(method: str, path: str, operation: Json) -> Operation:
    answers = [
        (status, answer.get("description", ""), _schema_of(answer))
        for status, answer in sorted(operation["responses"].items())
    ]
    said = operation.get("description") or operation.get("summary", "")
    body = _schema_of(operation.get("requestBody", {}))
    return Operation(method.upper(), path, said, operation.get("parameters", []), body, answers)


def _schema_of(part: Json) -> str:
    for content in part.get("content", {}).values():
        return _name(content.get("schema", {}))
    return ""


def type_of(schema: Json) -> str:
    """A property's type in short: `string`, `Order[]`, `integer or null`."""
    if "$ref" in schema:
        return _name(schema)
    if "oneOf" in schema or "anyOf" in schema:
        return " or ".join(type_of(one) for one in schema.get("oneOf") or schema["anyOf"])
    if schema.get("type") == "array":
        items: Json = schema["items"] if "items" in schema else schema.get("prefixItems", [NOTHING])[0]
        return f"{type_of(items)}[]"
    if "enum" in schema:
        return ", ".join(str(value) for value in schema["enum"])
    kind: Any = schema.get("format") or schema.get("type", "any")
    return kind if isinstance(kind, str) else " or ".join(kind)


def _name(schema: Json) -> str:
    return schema.get("$ref", "").rsplit("/", 1)[-1]


@get("/api/docs", sync_to_thread=True, include_in_schema=False)
def docs_page(desk: AtDesk, request: Request[Any, Any, Any]) -> Response[str]:
    """What the API can do, and how."""
    schema = request.app.openapi_schema.to_schema()
    with desk.reading() as tx:
        return desk.show(
            tx, "api.html", title="API", info=schema["info"], tags=schema.get("tags", []), groups=operations_of(schema),
            schemas=schema.get("components", {}).get("schemas", {}), type_of=type_of,
        )  # fmt: skip
