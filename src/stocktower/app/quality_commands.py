"""Commands of master data: what fails and what it touches, SKUs that may be one, merging them and undoing it."""

from collections.abc import Callable
from typing import Annotated

from cyclopts import App, Parameter
from cyclopts.validators import Number

from stocktower import access, catalog, stewardship
from stocktower.access import Permission as P
from stocktower.app.home import rehearsal
from stocktower.app.options import DryRunFlag, HomeOption, JsonFlag, actor, opened
from stocktower.app.output import CommandFailed, out, say_json, say_table
from stocktower.app.reads import find_sku
from stocktower.platform import Transaction

app = App(name="quality", help="Master data: what fails, what it touches, and SKUs that are really one.")

CheckOption = Annotated[str | None, Parameter(name="--check", help="Only SKUs that fail this check.")]
LimitOption = Annotated[int, Parameter(validator=Number(gte=1, lte=100_000), help="SKUs that are shown.")]


@app.default
def show(
    sku: str | None = None,
    /,
    *,
    check: CheckOption = None,
    limit: LimitOption = 50,
    home: HomeOption = None,
    json: JsonFlag = False,
) -> None:
    """The steward's queue, the most money touched first; with SKU, what that SKU fails and how to mend it."""
    if check is not None and check not in stewardship.CHECK_BY_NAME:
        known = ", ".join(sorted(stewardship.CHECK_BY_NAME))
        raise CommandFailed(f"--check {check}: not a check; one of {known}")
    with opened(home) as tower, tower.reading() as tx:
        if sku is not None:
            found = find_sku(tx, sku)
            row = stewardship.load_quality(tx, [found.sku_id]).get(found.sku_id)
            say_sku(found.code, row, as_json=json)
            return
        overview = stewardship.load_overview(tx)
        rows = stewardship.load_queue(tx, check=check or "", limit=limit)
        codes = {one.sku_id: one.code for one in catalog.load_skus(tx, [row.quality.sku_id for row in rows]).values()}
    if json:
        queue = [{"sku": codes[row.quality.sku_id], "quality": row.quality, "failing": row.failing} for row in rows]
        say_json({"overview": overview, "queue": queue})
        return
    out.print(
        f"{overview.skus:,} SKUs checked, {overview.perfect:,} without a fault, {overview.average:.1f} points each"
    )
    say_table(
        "By check", ("Check", ">SKUs", ">Sold", ">At stake (minor)", "What is wrong"),
        [
            (one.name, one.skus, one.sold, one.at_stake_minor, stewardship.CHECK_BY_NAME[one.name].words)
            for one in overview.checks
        ],
        empty="no SKU fails any",
    )  # fmt: skip
    say_table(
        "Queue", ("SKU", ">Score", ">Units sold", ">At stake (minor)", "Fails"),
        [
            (codes[row.quality.sku_id], row.quality.score, row.quality.units_sold, row.quality.at_stake_minor,
             ", ".join(one.name for one in row.failing))
            for row in rows
        ],
        empty="nothing to mend",
    )  # fmt: skip
    if overview.places:
        places = [(one.place, one.code, one.problem, one.fix) for one in overview.places]
        say_table("Sites and channels", ("", "Code", "What is wrong", "Fix"), places, empty="none")


def say_sku(code: str, row: stewardship.QueueRow | None, *, as_json: bool) -> None:
    """What one SKU fails."""
    if as_json:
        say_json({"sku": code, "quality": row.quality if row else None, "failing": row.failing if row else ()})
        return
    if row is None:
        out.print(f"{code} was not checked yet: stocktower run", markup=False)
        return
    said = [(one.name, one.check.weight, one.detail or one.check.words, one.check.fix) for one in row.failing]
    title = f"{code}: {row.quality.score} of 100 points"
    say_table(title, ("Fails", ">Weight", "What is wrong", "Fix"), said, empty="without a fault")


@app.command
def check(*, home: HomeOption = None, json: JsonFlag = False) -> None:
    """Check every SKU now, and look for duplicates."""
    with opened(home) as tower, tower.transaction(actor()) as tx:
        stewardship.check_everything(tx)
        overview = stewardship.load_overview(tx)
        access.record_act(tx, "quality.check", "sku", 0, {"skus": overview.skus})
    if json:
        say_json(overview)
        return
    out.print(f"{overview.skus:,} SKUs checked, {overview.perfect:,} without a fault")


@app.command
def duplicates(*, limit: LimitOption = 50, home: HomeOption = None, json: JsonFlag = False) -> None:
    """SKUs that may be one, the likeliest first."""
    with opened(home) as tower, tower.reading() as tx:
        found = stewardship.load_duplicates(tx, limit=limit)
        skus = catalog.load_skus(tx, {sku_id for one in found for sku_id in (one.first_id, one.second_id)})
    pairs = [
        {"first": skus[one.first_id].code, "second": skus[one.second_id].code, "score": one.score, "why": one.reasons}
        for one in found
    ]
    if json:
        say_json({"duplicates": pairs})
        return
    rows = [(one["score"], one["first"], one["second"], one["why"]) for one in pairs]
    say_table("May be one", (">Likely %", "SKU", "SKU", "Why"), rows, empty="none")


def act(act_name: str, codes: tuple[str, ...], do: Callable[[Transaction], list[str]], given: "Given") -> None:
    """Do an act on SKUs or rehearse it, with its record, and say what it did."""
    with opened(given.home, P.CHANGE_MAPPING) as tower:
        try:
            with tower.transaction(actor()) as tx, rehearsal(tx, dry_run=given.dry_run):
                notes = do(tx)
                access.record_act(tx, act_name, "sku", 0, {"skus": list(codes), "notes": notes})
        except catalog.CannotMerge as refusal:
            raise CommandFailed(str(refusal)) from None
    if given.json:
        say_json({"dry_run": given.dry_run, "notes": notes})
        return
    for note in notes:
        out.print(f"{'Would be: ' if given.dry_run else ''}{note}", markup=False)


class Given:
    """The options that every act takes."""

    def __init__(self, home: HomeOption, json: JsonFlag, dry_run: DryRunFlag) -> None:
        self.home, self.json, self.dry_run = home, json, dry_run


@app.command
def merge(
    loser: str, survivor: str, /, *, note: str = "", dry_run: DryRunFlag = False, home: HomeOption = None,
    json: JsonFlag = False,
) -> None:  # fmt: skip
    """Let SURVIVOR stand for LOSER: its listings, kits and code; refused while LOSER has stock or orders."""
    given = Given(home, json, dry_run)
    act("sku.merge", (loser, survivor), lambda tx: stewardship.merge(tx, loser, survivor, note), given)


@app.command
def undo(loser: str, /, *, dry_run: DryRunFlag = False, home: HomeOption = None, json: JsonFlag = False) -> None:
    """Make a merged SKU one of its own again; what was changed since stays."""
    given = Given(home, json, dry_run)
    act("sku.undo_merge", (loser,), lambda tx: stewardship.undo_merge(tx, loser), given)


@app.command
def dismiss(
    first: str, second: str, /, *, dry_run: DryRunFlag = False, home: HomeOption = None, json: JsonFlag = False
) -> None:
    """Say that two SKUs are two, however alike they look."""
    given = Given(home, json, dry_run)
    act("sku.not_duplicate", (first, second), lambda tx: stewardship.dismiss(tx, first, second), given)
