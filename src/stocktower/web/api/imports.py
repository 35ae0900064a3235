"""Files and the proof of their rows."""

import hashlib
import tempfile
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery, MultipartBody, QueryParameter

from stocktower import access, exchange
from stocktower.web.api.writes import REFUSALS, Key, once_around
from stocktower.web.desk import AtDesk

BLOCK = 1 << 20
Kind = Literal[
    "products", "listings", "stock", "orders", "shipments", "inbound", "receipts", "transfers", "adjustments",
    "bin-moves", "assemblies", "statement",
]  # fmt: skip


class ImportState(exchange.ImportSummary, frozen=True):
    """An import, and how far the rows are that it brought anew or changed."""

    worked: int = 0
    ready: int = 0
    waiting: int = 0
    """For something that they name."""
    parked: int = 0
    """In a case."""


class ImportList(msgspec.Struct, frozen=True):
    """A page of imports, the newest first."""

    imports: list[exchange.ImportSummary]


@get("/api/v1/imports", sync_to_thread=True, tags=["Imports"])
def list_imports(
    desk: AtDesk,
    limit: Annotated[int, QueryParameter(ge=1, le=500)] = 50,
    offset: Annotated[int, QueryParameter(ge=0)] = 0,
) -> ImportList:
    """Imports with the proof of their rows."""
    with desk.reading() as tx:
        return ImportList(exchange.load_imports(tx, limit=limit, offset=offset))


@get("/api/v1/imports/{import_id:int}", sync_to_thread=True, tags=["Imports"])
def get_import(desk: AtDesk, import_id: FromPath[int]) -> ImportState:
    """One import: `rows` of `rows_total` are read, and of those that are new or changed so many are worked."""
    with desk.reading() as tx:
        found = exchange.load_import(tx, import_id)
        work = exchange.load_import_work(tx, [import_id]).get(import_id, exchange.ImportWork(import_id))
    if found is None:
        raise NotFoundException(f"There is no import {import_id}.")
    return ImportState(**{**msgspec.structs.asdict(found), **msgspec.structs.asdict(work)})


@post("/api/v1/imports", sync_to_thread=True, status_code=201, tags=["Imports"], responses=REFUSALS)
def take_file(
    desk: AtDesk,
    kind: FromQuery[Kind],
    data: MultipartBody[UploadFile],
    channel: Annotated[
        str,
        QueryParameter(description="Code of the channel, of orders and listings; of a statement: the system."),
    ] = "",
    format: Annotated[Literal["", "shopify", "amazon", "csv"], QueryParameter(description="Else the channel's.")] = "",
    complete: Annotated[
        bool, QueryParameter(description="Of stock and statements: the whole of each site that the file names.")
    ] = False,
    key: Key = None,
) -> Response[exchange.ImportSummary]:
    """Send a file; importing it again changes nothing: rows = new + changed + repeated + kept."""
    desk.require(access.Permission.IMPORT_FILES)
    with tempfile.TemporaryDirectory(prefix="stocktower-") as folder:
        path = Path(folder) / "upload"
        digest = hashlib.blake2b(f"{kind} {channel} {format} {complete or ''} ".encode(), digest_size=16)
        data.file.seek(0)
        with path.open("wb") as file:
            while block := data.file.read(BLOCK):
                digest.update(block)
                file.write(block)
        name = Path(data.filename or "upload").name

        def do() -> exchange.ImportSummary:
            return desk.services.import_file(
                path, kind, channel or None, format or None, desk.person, name, complete=complete
            )

        return once_around(desk, key, digest.digest(), exchange.ImportSummary, 201, do)
