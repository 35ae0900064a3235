"""Commands that write all of stock as a table: rows, moves, reservations, ATS, what was told."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from stocktower import access, insight
from stocktower.access import Permission as P
from stocktower.app.administration import instant
from stocktower.app.history_commands import AtOption
from stocktower.app.home import Tower
from stocktower.app.options import HomeOption, JsonFlag, actor, opened
from stocktower.app.output import err, out, say_json
from stocktower.app.reads import moment_of

FormatOption = Annotated[Literal["csv", "parquet"], Parameter(help="Of the file.")]
OutputOption = Annotated[Path, Parameter(help="The file to write; one that is there is replaced.")]


def add_to(app: App) -> None:
    """One command for each table."""
    for table in insight.TABLES.values():
        app.command(_command(table), name=table.name, help=f"{table.title}, now or as of any instant.")


def _command(table: insight.Table) -> Callable[..., None]:
    def export(
        *,
        output: OutputOption,
        format: FormatOption = "csv",
        at: AtOption = None,
        home: HomeOption = None,
        json: JsonFlag = False,
    ) -> None:
        with opened(home, P.EXPORT_STOCK) as tower:
            written = export_table(tower, table, output, format, at, quiet=json)
        if json:
            say_json({**{name: getattr(written, name) for name in written.__struct_fields__}, "output": str(output)})
        else:
            out.print(
                f"{output}: {written.rows:,} rows of {table.name} as of {written.as_of.isoformat()}", markup=False
            )

    return export


def export_table(
    tower: Tower, table: insight.Table, output: Path, format: str, at: str | None, *, quiet: bool
) -> insight.Written:
    """Write a table beside its place and then into it, so that nobody reads a half; leaves an audit record."""
    wanted = instant(at, "--at")
    handle, draft = tempfile.mkstemp(dir=output.absolute().parent, prefix=f".{output.name}.")
    try:
        with os.fdopen(handle, "wb") as file, tower.reading() as tx:

            def told(rows: int) -> None:
                if not quiet and err.is_terminal:
                    err.print(f"{rows:,} rows", end="\r")

            written = insight.write_table(tx, table, moment_of(tx, wanted), format, file, progress=told)
        os.chmod(draft, 0o644)
        os.replace(draft, output)
    except BaseException:
        os.unlink(draft)
        raise
    with tower.transaction(actor()) as tx:
        data = {"table": table.name, "format": format, "rows": written.rows, "as_of": written.as_of.isoformat()}
        access.record_act(tx, "stock.export", "export", 0, data)
    return written
