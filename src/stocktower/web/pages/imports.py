"""Partners: the files that came in, each with the proof that no row was dropped."""

import tempfile
from pathlib import Path

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from stocktower import access, exchange, publication
from stocktower.fulfillment import views as requests
from stocktower.web.acts import Result
from stocktower.web.desk import AtDesk, Desk
from stocktower.web.forms import FilledForm
from stocktower.web.services import Refused

PAGE = 50
KINDS = (
    "orders", "shipments", "stock", "products", "listings", "inbound", "receipts", "transfers", "adjustments",
    "bin-moves", "assemblies",
)  # fmt: skip


@get("/imports", sync_to_thread=True)
def imports_page(desk: AtDesk, page: FromQuery[int] = 1) -> Response[str]:
    """The files that came in, the newest first, and what channels were told."""
    return _show(desk, page=max(1, page))


def _show(desk: Desk, result: Result | None = None, *, page: int = 1) -> Response[str]:
    with desk.reading() as tx:
        imports = exchange.load_imports(tx, limit=PAGE + 1, offset=(page - 1) * PAGE)
        return desk.show(
            tx, "imports.html", status=422 if result else 200, title="Partners", imports=imports[:PAGE],
            number_of_page=page, has_more=len(imports) > PAGE,
            open_requests=requests.count_open(tx), backlog=exchange.load_backlog(tx), kinds=KINDS,
            publications=publication.load_publications(tx, limit=10),
            result=result, may_import=desk.may(access.Permission.IMPORT_FILES),
        )  # fmt: skip


@get("/imports/{import_id:int}", sync_to_thread=True)
def import_page(desk: AtDesk, import_id: FromPath[int]) -> Response[str]:
    """One file: the proof of its rows, and the rows that could not be read."""
    with desk.reading() as tx:
        summary = exchange.load_import(tx, import_id)
        if summary is None:
            raise NotFoundException(f"There is no import {import_id}.")
        work = exchange.load_import_work(tx, [import_id]).get(import_id, exchange.ImportWork(import_id))
        return desk.show(
            tx, "import.html", title=summary.name, summary=summary, work=work, kept=exchange.load_kept(tx, import_id)
        )


@post("/imports", sync_to_thread=True)
def bring_page(desk: AtDesk, form: FilledForm) -> Response[str] | Redirect:
    """Take a file that a person chose."""
    desk.require(access.Permission.IMPORT_FILES)
    upload = form.files.get("file")
    if upload is None:
        return _show(desk, Result("Not imported", dry_run=False, problem="No file was chosen."))
    with tempfile.TemporaryDirectory(prefix="stocktower-") as folder:
        path = Path(folder) / "upload"
        with path.open("wb") as file:
            upload.file.seek(0)
            while block := upload.file.read(1 << 20):
                file.write(block)
        try:
            summary = desk.services.import_file(
                path, form.get("kind"), form.get("channel") or None, None, desk.person, Path(upload.filename).name,
                complete=form.get("complete") == "yes",
            )  # fmt: skip
        except Refused as refusal:
            return _show(desk, Result("Not imported", dry_run=False, problem=str(refusal)))
    return Redirect(f"/imports/{summary.import_id}", status_code=303)
