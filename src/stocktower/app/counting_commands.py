"""Commands of cycle counts: plan a sheet, look at it, enter what was counted, end the round, approve."""

import csv
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

from cyclopts import App, Parameter
from cyclopts.validators import Number

from stocktower import catalog, counting, network, worklist
from stocktower.access import Permission as P
from stocktower.app import actions, administration
from stocktower.app import words as app_words
from stocktower.app.arguments import Arguments
from stocktower.app.home import Tower, rehearsal
from stocktower.app.options import DryRunFlag, HomeOption, JsonFlag, actor, opened
from stocktower.app.output import CommandFailed, err, out, say_json, say_table
from stocktower.counting import CountItem, CountRefused, Entered, UnknownSheet
from stocktower.platform import Transaction, run_again

T = TypeVar("T")
count_app = App(name="count", help="Cycle counts: plan sheets, count blind, count again, approve.")

SheetNumber = Annotated[int, Parameter(help="Number of the sheet.")]
ByOption = Annotated[str, Parameter(help="Who counted, where you write it down for them.")]
LinesOption = Annotated[int | None, Parameter(validator=Number(gte=1, lte=1_000), help="Else what fits into the day.")]
SkuOption = Annotated[tuple[str, ...], Parameter(name="--sku", help="Codes or barcodes; whatever is due.")]
NotFoundFlag = Annotated[bool, Parameter(negative="", help="Nothing was found of the lines that are not counted.")]
COLUMNS = ("sku", "quantity", "bin", "unit", "status", "lot", "counted_at", "counted_by", "found")


def commit(tower: Tower, do: Callable[[Transaction], T]) -> T:
    """One command, run again where it met another; what is refused is a failure in words."""

    def once() -> T:
        with tower.transaction(actor()) as tx:
            return do(tx)

    try:
        return run_again(once)
    except CountRefused as refusal:
        place = f"--{refusal.field.replace('_', '-')}: " if refusal.field else ""
        raise CommandFailed(f"{place}{refusal}") from refusal
    except UnknownSheet as unknown:
        raise CommandFailed(str(unknown), code=3) from unknown


@count_app.command(name="plan")
def plan(
    *, site: str, lines: LinesOption = None, sku: SkuOption = (), dry_run: DryRunFlag = False, home: HomeOption = None,
    json: JsonFlag = False,
) -> None:  # fmt: skip
    """Make the count sheet of SITE: what is due and fits into its day, or the SKUs that you name."""

    def do(tx: Transaction) -> tuple[counting.Planned, dict[int, catalog.Sku]]:
        with rehearsal(tx, dry_run=dry_run):
            planned = counting.plan(tx, site, lines=lines, skus=sku)
        return planned, catalog.load_skus(tx, {one.row.sku_id for one in planned.lines})

    with opened(home, P.COUNT_STOCK) as tower:
        administration.need_applied(tower)
        planned, skus = commit(tower, do)
    # The quantity stays hidden here too: whoever plans may count.
    chosen = [
        {
            "sku": skus[one.row.sku_id].code,
            "bin": one.bin,
            "status": one.row.status,
            "class": one.grade,
            "why": one.why,
        }
        for one in planned.lines
    ]
    number = None if dry_run else planned.number
    if json:
        say_json({"site": planned.site, "sheet": number, "lines": chosen, "waiting": planned.waiting})
        return
    made = f"Sheet {number} of {site}" if number else f"Would be the sheet of {site}" if chosen else site
    rows = [tuple(one.values()) for one in chosen]
    say_table(made, ("SKU", "bin", "status", "class", "why"), rows, empty="nothing is due to be counted")
    if planned.waiting:
        out.print(f"{planned.waiting:,} more rows are due and wait for another day; --lines takes more of them.")


@count_app.command(name="sheets")
def sheets(*, site: str = "", closed: bool = False, home: HomeOption = None, json: JsonFlag = False) -> None:
    """The sheets that are unfinished, or with --closed those that are done."""
    with opened(home) as tower:
        found = read(tower, lambda tx: counting.list_sheets(tx, network.load_network(tx), site=site, closed=closed))
    if json:
        say_json({"sheets": found})
        return
    rows = [
        (one.number, one.site, one.planned_on, one.state, one.lines, one.entered if one.state == "open" else None,
         one.to_count, one.to_recount, one.differing)
        for one in found
    ]  # fmt: skip
    columns = (">sheet", "site", "day", "state", ">lines", ">entered", ">to count", ">again", ">differ")
    say_table("Count sheets", columns, rows, empty="none; make one with: stocktower count plan --site SITE")


@count_app.command(name="show")
def show(number: SheetNumber, /, *, home: HomeOption = None, json: JsonFlag = False) -> None:
    """One sheet: what is to be counted, blind; when all is counted, what differs."""

    def load(tx: Transaction) -> counting.CountSheet | counting.Variances:
        facts = network.load_network(tx)
        blind = counting.load_sheet(tx, facts, number, reader=actor())
        return blind if blind.sheet.state == "open" else counting.load_variances(tx, facts, number)

    with opened(home) as tower:
        found = read(tower, load)
    if json:
        say_json(found)
    elif isinstance(found, counting.CountSheet):
        say_blind(found)
    else:
        say_variances(found)


def read(tower: Tower, load: Callable[[Transaction], T]) -> T:
    """Look at something of counting; what is not there is a failure in words."""
    try:
        with tower.reading() as tx:
            return load(tx)
    except UnknownSheet as unknown:
        raise CommandFailed(str(unknown), code=3) from unknown
    except CountRefused as refusal:
        raise CommandFailed(f"--{refusal.field}: {refusal}") from refusal


def say_blind(found: counting.CountSheet) -> None:
    """What a counter may see."""
    rows = [
        (line.line_no, ", ".join(line.bins), line.sku, line.name, line.status, line.round if line.round > 1 else None,
         line.state.replace("_", " "), line.by, None if line.stated is None else f"{line.stated} {line.unit}".strip())
        for line in found.lines
    ]  # fmt: skip
    title = f"Sheet {found.sheet.number} of {found.site_name}: {found.to_count:,} to count"
    say_table(
        title, (">line", "bin", "SKU", "name", "status", ">count", "state", "by", "you wrote"), rows, empty="no line"
    )
    if any(line.bin is not None for line in found.lines):
        out.print(
            "Count bin by bin; under no bin what is not put away, and what is picked and packed and has not left."
        )
        return
    out.print("Count everything of the SKU in the building, also what is picked and packed and has not left.")


def say_variances(found: counting.Variances) -> None:
    """What differs, for the one who decides."""
    rows = [
        (one.line.line_no, one.line.bin, one.sku, one.line.status, one.line.grade, one.line.expected, one.line.counted,
         one.line.difference, one.line.difference_minor, ", ".join(f"{c.quantity} {c.counted_by}" for c in one.counts),
         one.line.state)
        for one in found.lines
    ]  # fmt: skip
    title = f"Sheet {found.sheet.number} of {found.site_name}: {found.sheet.outcome or 'waits for approval'}"
    columns = (
        ">line",
        "bin",
        "SKU",
        "status",
        "class",
        ">expected",
        ">counted",
        ">differs",
        ">value (minor)",
        "counts",
        "state",
    )
    say_table(title, columns, rows, empty="no line")
    out.print(f"Net {found.net_minor:,}, without regard to sign {found.absolute_minor:,} (minor units, catalogue cost)")
    if found.case is not None:
        out.print(f"Case {found.case.label}: stocktower count approve {found.sheet.number} --dry-run", markup=False)


@count_app.command(name="enter")
def enter(
    number: SheetNumber,
    /,
    *,
    sku: Annotated[str, Parameter(help="Code or barcode.")] = "",
    quantity: int | None = None,
    unit: Annotated[str, Parameter(help="Else the stock unit.")] = "",
    status: str = "",
    lot: Annotated[str, Parameter(help="Or serial number, of a SKU that is tracked.")] = "",
    bin: Annotated[
        str | None, Parameter(help="Where it is counted bin by bin: which; '' for what lies in none.")
    ] = None,
    at: Annotated[str | None, Parameter(help="When it was counted; else now.")] = None,
    found: Annotated[bool, Parameter(negative="", help="It lay there and is not on the sheet.")] = False,
    file: Annotated[Path | None, Parameter(help=f"A CSV with the columns {', '.join(COLUMNS)}.")] = None,
    by: ByOption = "",
    done: Annotated[bool, Parameter(negative="", help="End the round.")] = False,
    rest_not_found: NotFoundFlag = False,
    home: HomeOption = None,
    json: JsonFlag = False,
) -> None:
    """Write what was counted of one SKU, or a whole FILE; --done ends the round."""
    items = read_items(file, by) if file is not None else []
    if sku or quantity is not None:
        if not sku or quantity is None:
            raise CommandFailed("--sku and --quantity: state both of what was counted, or a --file")
        instant = administration.instant(at, "--at")
        items.append(
            (
                0,
                by,
                CountItem(
                    quantity, sku=sku, unit=unit, status=status, lot=lot, counted_at=instant, found=found, bin=bin
                ),
            )
        )
    if not items and not done:
        raise CommandFailed("nothing to enter: state --sku and --quantity, a --file, or --done")
    with opened(home, P.COUNT_STOCK) as tower:
        results = commit(tower, lambda tx: enter_all(tx, number, items)) if items else []
        refused = [(line, one) for line, one in results if one.outcome == "refused"]
        finished = (
            commit(tower, lambda tx: counting.finish(tx, number, by=by, rest_not_found=rest_not_found))
            if done and not refused
            else None
        )
    if json:
        say_json({"entered": [one for _, one in results], "finished": finished})
    else:
        say_entered(results, finished, file)
    if refused:
        sys.exit(1)


def enter_all(tx: Transaction, number: int, items: Sequence[tuple[int, str, CountItem]]) -> list[tuple[int, Entered]]:
    """Enter what each of several people counted; results in the order of the rows."""
    results: dict[int, Entered] = {}
    for person in dict.fromkeys(by for _, by, _ in items):
        own = [(place, item) for place, (_, by, item) in enumerate(items) if by == person]
        answers = counting.enter(tx, number, [item for _, item in own], by=person)
        results |= {place: one for (place, _), one in zip(own, answers, strict=True)}
    return [(line, results[place]) for place, (line, _, _) in enumerate(items)]


def read_items(file: Path, by: str) -> list[tuple[int, str, CountItem]]:
    """(line of the file, who counted, item) of a CSV; raises CommandFailed with every problem by line."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise CommandFailed(f"{file}: not UTF-8 text; save it as UTF-8") from error
    reader = csv.DictReader(text.splitlines())
    missing = {"sku", "quantity"} - set(reader.fieldnames or ())
    if missing:
        raise CommandFailed(
            f"{file}:1: no column {' and '.join(sorted(missing))}; the columns are {', '.join(COLUMNS)}"
        )
    items: list[tuple[int, str, CountItem]] = []
    problems: list[dict[str, Any]] = []
    for row in reader:
        place = {"file": str(file), "line": reader.line_num}
        try:
            items.append((reader.line_num, (row.get("counted_by") or by).strip(), read_item(row)))
        except ValueError as error:
            problems.append(place | {"problem": str(error), "fix": "correct the row; nothing of the file was entered"})
    if problems:
        raise CommandFailed(f"{file}: {len(problems):,} rows cannot be read; nothing was entered", problems=problems)
    return items


def read_item(row: Mapping[str, str | None]) -> CountItem:
    """One row; raises ValueError."""
    given = {key: (value or "").strip() for key, value in row.items()}
    quantity = given["quantity"]
    if not quantity.isascii() or not quantity.isdigit():
        raise ValueError(f"quantity {quantity!r} is not a whole number from 0")
    at = given.get("counted_at", "")
    try:
        counted_at = datetime.fromisoformat(at) if at else None
    except ValueError:
        raise ValueError(f"counted_at {at!r} is not an instant like 2026-06-01T09:30:00-04:00") from None
    found = given.get("found", "").lower() in ("yes", "true", "1", "x")
    return CountItem(
        int(quantity), sku=given["sku"], unit=given.get("unit", ""), status=given.get("status", ""),
        lot=given.get("lot", ""), counted_at=counted_at, found=found, bin=given.get("bin"),
    )  # fmt: skip


def say_entered(results: Sequence[tuple[int, Entered]], finished: counting.Finished | None, file: Path | None) -> None:
    """What became of each thing that was said, and of the round."""
    counts: dict[str, int] = {}
    for line, one in results:
        counts[one.outcome] = counts.get(one.outcome, 0) + 1
        if one.outcome == "refused":
            place = f"{file}:{line}: " if file is not None else f"--{one.field}: "
            err.print(f"{place}{one.problem}{f'; {one.fix}' if one.fix else ''}", markup=False)
    if results:
        out.print("Lines " + ", ".join(f"{outcome} {count:,}" for outcome, count in counts.items()))
    if finished is not None:
        say_finished(finished)


def say_finished(finished: counting.Finished) -> None:
    """What became of a round."""
    if finished.state == "open":
        lines = "1 line is" if finished.recounts == 1 else f"{finished.recounts:,} lines are"
        out.print(f"{lines} to be counted again by another person.")
    elif finished.state == "approval":
        out.print(f"Sheet {finished.number} waits for approval: {'; '.join(finished.notes)}.", markup=False)
    else:
        out.print(f"Sheet {finished.number} is done.")
        for note in finished.notes:
            out.print(f"  {note}", markup=False)


@count_app.command(name="approve")
def approve(
    number: SheetNumber, /, *, note: str = "", dry_run: DryRunFlag = False, home: HomeOption = None,
    json: JsonFlag = False,
) -> None:  # fmt: skip
    """Make stock what the sheet says; --dry-run shows moves, cuts and shrinkage before."""
    decide(number, "approve_count", note, dry_run=dry_run, home=home, json=json)


@count_app.command(name="recount")
def recount(
    number: SheetNumber, /, *, note: str = "", dry_run: DryRunFlag = False, home: HomeOption = None,
    json: JsonFlag = False,
) -> None:  # fmt: skip
    """Have the lines in doubt counted again by somebody who has not yet."""
    decide(number, "recount_lines", note, dry_run=dry_run, home=home, json=json)


@count_app.command(name="reject")
def reject(
    number: SheetNumber, /, *, note: str = "", dry_run: DryRunFlag = False, home: HomeOption = None,
    json: JsonFlag = False,
) -> None:  # fmt: skip
    """Close the sheet without any effect, also while it is being counted."""
    with opened(home, P.APPROVE_COUNTS) as tower:
        if case_of(tower, number) is None:
            lines = commit(tower, lambda tx: reject_open(tx, number, note, dry_run=dry_run))
            if json:
                say_json({"sheet": number, "dry_run": dry_run, "lines": lines})
            else:
                out.print(
                    f"Sheet {number} {'would be' if dry_run else 'is'} rejected: its {lines:,} lines change nothing."
                )
            return
    decide(number, "reject_count", note, dry_run=dry_run, home=home, json=json)


def reject_open(tx: Transaction, number: int, note: str, *, dry_run: bool) -> int:
    """Close a sheet that is being counted."""
    with rehearsal(tx, dry_run=dry_run):
        return counting.drop(tx, number, note)


def case_of(tower: Tower, number: int) -> worklist.Case | None:
    """The case that a sheet waits for; None where it waits for none."""

    def load(tx: Transaction) -> worklist.Case | None:
        facts = network.load_network(tx)
        if counting.load_sheet(tx, facts, number, reader=actor()).sheet.state == "open":
            return None
        return counting.load_variances(tx, facts, number).case

    return read(tower, load)


def decide(number: int, action: str, note: str, *, dry_run: bool, home: Path | None, json: bool) -> None:
    """Do an act on the case of a sheet."""
    with opened(home) as tower:
        case = case_of(tower, number)
        if case is None:
            raise CommandFailed(f"sheet {number} does not wait for approval; see: stocktower count show {number}")
        arguments = Arguments(note=note)
        outcome = actions.act(tower, case.label, action, arguments, actor=actor(), dry_run=dry_run)
    say_json(outcome) if json else app_words.say_outcome(outcome)


@count_app.command(name="accuracy")
def accuracy(*, site: str = "", home: HomeOption = None, json: JsonFlag = False) -> None:
    """How right the books were where they were counted, by month and site."""
    with opened(home) as tower:
        found, codes = read(
            tower,
            lambda tx: (
                counting.load_accuracy(tx, network.load_network(tx), site),
                {one.site_id: one.code for one in network.load_network(tx).sites.values()},
            ),
        )
    if json:
        say_json({"accuracy": [{"site": codes[one.site_id], "row": one} for one in found]})
        return
    rows = [
        (one.month, codes[one.site_id], one.lines, one.right_lines, f"{one.line_permille / 10:.1f} %",
         "-" if one.value_permille is None else f"{one.value_permille / 10:.1f} %", one.net_minor, one.absolute_minor)
        for one in found
    ]  # fmt: skip
    columns = ("month", "site", ">lines", ">right", ">lines right", ">value right", ">net (minor)", ">absolute (minor)")
    say_table("Accuracy of counted rows", columns, rows, empty="nothing was counted yet")
