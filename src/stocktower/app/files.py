"""Files in and out: the edge between the command line, the API and the readers."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from stocktower import access, exchange, model, network, reconciliation
from stocktower.app import cases
from stocktower.app.home import Tower
from stocktower.app.output import CommandFailed
from stocktower.connectors import files as readers

KINDS = (
    "products", "listings", "stock", "orders", "shipments", "inbound", "receipts", "transfers", "adjustments",
    "bin-moves", "assemblies", "statement",
)  # fmt: skip


def import_file(
    tower: Tower,
    path: Path,
    *,
    kind: str,
    channel: str | None = None,
    format: str | None = None,
    opening: bool = False,
    system: str | None = None,
    complete: bool = False,
    statuses: tuple[str, ...] = (),
    as_of: datetime | None = None,
    actor: str,
    name: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> exchange.ImportSummary:
    """Bring a merchant's file into the inbox, streaming; raises CommandFailed when channel or file is not there."""
    if not path.is_file():
        raise CommandFailed(f"{path}: no such file; name a file that can be read", code=3)
    with tower.reading() as tx:
        facts = network.load_network(tx)
        books = {entity.code: entity.currency for entity in model.load_applied(tx).configuration.entities}
    source = readers.Source(
        code="catalog" if kind == "products" else "sites",
        zone=facts.timezone,
        currency=next(iter(books.values())) if len(set(books.values())) == 1 else "",
        site_currencies={site.code: books[site.entity] for site in facts.sites.values() if site.entity in books},
        complete=complete,
        statuses=statuses,
    )
    known = ", ".join(sorted(facts.channel_ids))
    if kind == "stock" and complete:
        as_of = as_of or tower.database.clock.now()  # the whole of a site is of one instant
    if kind == "statement":
        source, channel = statement_source(tower, system or channel, complete=complete), None
    if channel is not None and channel not in facts.channel_ids:
        words = f"--channel {channel}: not a channel of the applied configuration; one of {known}"
        raise CommandFailed(words, code=3)
    if kind in ("orders", "listings"):
        if channel is None:
            raise CommandFailed(f"--channel: say whose {kind} they are; one of {known}")
        row = facts.channels[facts.channel_ids[channel]]
        source = readers.Source(
            code=row.code, zone=row.timezone, currency=row.currency, tax_included=row.tax_included,
            marketplace_tax=row.marketplace_tax, format=format or row.format,
        )  # fmt: skip
    note_import(tower, actor, kind=kind, source=source.code, name=name or path.name)
    try:
        return readers.import_file(
            tower.database, tower.merchant_id, path, kind=kind, source=source, opening=opening, as_of=as_of,
            actor=actor, name=name or path.name, on_kept=cases.kept_rows, progress=progress,
        )  # fmt: skip
    except readers.FileError as error:
        place = {"file": error.file, "line": error.line, "column": error.column}
        problem = place | {"problem": error.problem, "fix": error.fix}
        raise CommandFailed(f"{error.file} cannot be imported", problems=[problem]) from None


def statement_source(tower: Tower, code: str | None, *, complete: bool) -> readers.Source:
    """What a reader of statements has to know of a system; raises CommandFailed for one that is not applied."""
    with tower.reading() as tx:
        configuration = model.load_applied(tx).configuration
    known = ", ".join(sorted(system.code for system in configuration.systems))
    if not code:
        one_of = f"one of {known}" if known else "none is applied; add one under [[systems]]"
        raise CommandFailed(f"--system: say whose statement it is; {one_of}")
    try:
        system = reconciliation.system_of(configuration, code)
    except reconciliation.UnknownSystem as error:
        raise CommandFailed(f"--system {error}", code=3) from None
    zone = system.timezone or configuration.merchant.timezone
    return readers.Source(code=code, zone=zone, complete=complete or system.complete)


def note_import(tower: Tower, actor: str, *, kind: str, source: str, name: str) -> None:
    """Who brought in what, before the first row of it is read: an import that is killed was an act too."""
    with tower.transaction(actor) as tx:
        access.record_act(tx, "import.file", "import", 0, {"kind": kind, "source": source, "name": name})
