"""Tables of stock as files: CSV or Parquet, as of any instant."""

import tempfile
from collections.abc import Iterator
from datetime import UTC
from typing import IO, Annotated, Literal

from litestar import get
from litestar.params import FromPath, QueryParameter
from litestar.response import Stream

from stocktower import access, insight
from stocktower.inventory import Basis
from stocktower.web.api.stock import AT, moment_asked
from stocktower.web.desk import AtDesk
from stocktower.web.problems import Unprocessable

BLOCK = 1 << 18
MEDIA = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}


@get("/api/v1/exports/{table:str}", sync_to_thread=True, tags=["Stock"])
def export(
    desk: AtDesk,
    table: FromPath[str],
    format: Annotated[Literal["csv", "parquet"], QueryParameter(description="Of the file.")] = "csv",
    at: Annotated[str, QueryParameter(description=AT)] = "",
) -> Stream:
    """All of a table: stock, moves, reservations, ats or told; made on the server first, then sent."""
    desk.require(access.Permission.EXPORT_STOCK)
    wanted = insight.TABLES.get(table)
    if wanted is None:
        known = ", ".join(insight.TABLES)
        raise Unprocessable(f"{table} is not a table", field="table", fix=f"Name one of {known}.", status=404)
    # Unlinked at once: it is gone when the answer has been sent, or this process ends.
    file = tempfile.TemporaryFile(prefix="stocktower-")  # noqa: SIM115 -- closed by the stream
    with desk.reading() as tx:
        written = insight.write_table(tx, wanted, moment_asked(desk, tx, at, Basis.RECORDED), format, file)
    with desk.writing() as tx:
        data = {"table": table, "format": format, "rows": written.rows, "as_of": written.as_of.isoformat()}
        access.record_act(tx, "stock.export", "export", 0, data)
    file.seek(0)
    name = f"{table}-{written.as_of.astimezone(UTC):%Y%m%dT%H%M%SZ}.{format}"
    headers = {"content-disposition": f'attachment; filename="{name}"', "x-rows": str(written.rows)}
    return Stream(_blocks(file), media_type=MEDIA[format], headers=headers)


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while block := file.read(BLOCK):
            yield block
