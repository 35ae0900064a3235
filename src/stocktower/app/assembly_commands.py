"""The command of assembly: an assembled SKU is made of its materials at a site, or taken apart."""

from datetime import date
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from stocktower import inventory
from stocktower.access import Permission as P
from stocktower.app import administration
from stocktower.app.goods_commands import AtOption, commit
from stocktower.app.options import DryRunFlag, HomeOption, JsonFlag, opened
from stocktower.app.output import CommandFailed, say_json, say_table
from stocktower.exchange import AssemblyDocument, AssemblyLot

LotsOption = Annotated[
    tuple[str, ...],
    Parameter(name="--lot", help="SKU=LOT or SKU=LOT:UNITS, once for each lot or serial number that is made or taken."),
]
ApartFlag = Annotated[bool, Parameter(name="--disassemble", negative="", help="Take them apart.")]


def assemble(
    sku: str, units: Annotated[int, Parameter(validator=Number(gte=1))], /, *, site: str, reference: str,
    disassemble: ApartFlag = False, lot: LotsOption = (), expires: date | None = None, unit: str = "",
    at: AtOption = None, dry_run: DryRunFlag = False, home: HomeOption = None, json: JsonFlag = False,
) -> None:  # fmt: skip
    """Make UNITS of SKU of what is free of its materials; --expires: the last day of the lots that are made."""
    lots = tuple(read_lot(text, expires) for text in lot)
    when = administration.instant(at, "--at")
    document = AssemblyDocument(reference, site, sku, units, disassemble, lots, unit, when)
    with opened(home, P.ADJUST_STOCK) as tower:
        done = commit(tower, lambda tx: inventory.state_assembly(tx, document), dry_run=dry_run)
    if json:
        say_json({"dry_run": dry_run, "done": done})
        return
    rows = [(one.sku, one.lot, f"{one.units:+,}") for one in done.lines]
    title = f"Assembly {done.reference} at {done.site}: {'would be ' if dry_run else ''}{done.state}"
    say_table(title, ("SKU", "lot", ">units"), rows, empty="nothing")


def read_lot(text: str, expires: date | None) -> AssemblyLot:
    """SKU=LOT or SKU=LOT:UNITS as data; raises CommandFailed."""
    sku, mark, lot = text.partition("=")
    if not mark or not sku or not lot:
        raise CommandFailed(f"--lot {text}: write SKU=LOT, or SKU=LOT:UNITS such as CUP=L7:12")
    name, mark, units = lot.rpartition(":")
    if mark and name and units.isascii() and units.isdigit():
        return AssemblyLot(sku, name, int(units), expires)
    return AssemblyLot(sku, lot, None, expires)
