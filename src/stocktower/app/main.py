"""The command line: one thin function a command; every command has --json, and errors that say what to do."""

import os
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal, NoReturn

from cyclopts import App, Parameter
from cyclopts.exceptions import CycloptsError
from cyclopts.validators import Number

import stocktower
from stocktower.access import Permission as P
from stocktower.app import (
    administration,
    assembly_commands,
    bin_commands,
    counting_commands,
    demo_command,
    export_commands,
    goods_commands,
    history_commands,
    promise_commands,
    publication_commands,
    quality_commands,
    reads,
    rebuild,
    reconcile_commands,
    reorder_commands,
    rule_commands,
    words,
)
from stocktower.app import files as app_files
from stocktower.app.arguments import arguments_of
from stocktower.app.endings import end_when_told
from stocktower.app.failures import failure_of
from stocktower.app.lot_commands import lot_app
from stocktower.app.options import DryRunFlag, HomeOption, JsonFlag, actor, opened
from stocktower.app.output import CommandFailed, err, out, say_failure, say_json, say_table
from stocktower.app.verify import verify as run_verify
from stocktower.app.watching import Watch
from stocktower.app.worker_process import collect_less, work_forever
from stocktower.app.workers import work_until_idle

app = App(
    name="stocktower",
    version=stocktower.__version__,
    help="The control tower between a merchant's sales channels, warehouses and ERP.",
)
import_app = App(
    name="import",
    help="Bring a file into the inbox: products, listings, stock, orders, shipments, goods that move, statements.",
)
export_app = App(name="export", help="Write what is here in the formats of others.")
token_app = App(name="token", help="Tokens of people and systems.")
app.command(import_app)
app.command(history_commands.ats)
app.command(history_commands.history)
app.command(rebuild.rebuild)
app.command(export_app)
export_commands.add_to(export_app)
app.command(token_app)
app.command(promise_commands.atp)
app.command(reorder_commands.reorder_app)
app.command(reconcile_commands.app)
app.command(counting_commands.count_app)
app.command(lot_app)
app.command(publication_commands.publication_app)
app.command(quality_commands.app)
app.command(goods_commands.inbound_app)
app.command(goods_commands.transfer_app)
app.command(goods_commands.receive, name="receive")
app.command(goods_commands.adjust, name="adjust")
app.command(assembly_commands.assemble, name="assemble")
app.command(goods_commands.status_change, name="status-change")
app.command(bin_commands.bins_app)
app.command(rule_commands.rules_app)

FormatOption = Annotated[Literal["shopify", "amazon", "csv"] | None, Parameter(help="Of the file; else the channel's.")]

CompleteFlag = Annotated[
    bool, Parameter(name="--complete", negative="", help="It is the whole of each site that it names.")
]
PortOption = Annotated[int, Parameter(validator=Number(gte=1, lte=65_535), help="Or one of the next twenty.")]
WebOption = Annotated[int, Parameter(validator=Number(gte=1, lte=64), help="Processes that answer pages and API.")]
WorkersOption = Annotated[int, Parameter(validator=Number(gte=0, lte=64), help="Processes that work.")]
DaysOption = Annotated[int | None, Parameter(validator=Number(gte=1, lte=36_500), help="Until it expires.")]


@app.command
def init(folder: Path, /, *, json: JsonFlag = False) -> None:
    """Write a commented stocktower.toml into FOLDER, for your own business."""
    path = administration.init(folder)
    if json:
        say_json({"configuration": str(path)})
    else:
        out.print(f"Wrote {path}. Edit it, then run: stocktower apply --home {folder}", markup=False)


@app.command
def apply(
    *, base: int | None = None, dry_run: DryRunFlag = False, home: HomeOption = None, json: JsonFlag = False
) -> None:
    """Compare stocktower.toml with the applied version and record it as the next; refuses when BASE is stale."""
    with opened(home, P.CHANGE_CONFIGURATION) as tower:
        applied = administration.apply(tower, actor=actor(), base=base, dry_run=dry_run)
    if json:
        say_json(applied)
        return
    say_table("Changes", ("Where", "Was", "Is"), [(c.path, c.before, c.after) for c in applied.changes], empty="none")
    if dry_run:
        rule_commands.say_effects(applied.effects)
    out.print(f"{'Would be version' if dry_run else 'Applied version'} {applied.version}")


def bring(kind: str, file: Path, home: Path | None, json: bool, **given: object) -> None:
    """Import one file and print its proof."""
    with opened(home, P.IMPORT_FILES) as tower, progress_words(json) as word:
        administration.need_applied(tower)

        def told(rows: int, total: int) -> None:
            word(f"{rows:,} of {total:,} rows")

        summary = app_files.import_file(tower, file, kind=kind, actor=actor(), progress=told, **given)  # pyright: ignore[reportArgumentType] -- keywords of import_file, passed on by name
    if json:
        say_json(summary)
        return
    out.print(
        f"{summary.name}: rows {summary.rows:,} = new {summary.new:,} + changed {summary.changed:,} + repeated "
        f"{summary.repeated:,} + kept {summary.kept:,}; orders {summary.orders:,}, lines {summary.lines:,}, "
        f"cases {summary.cases:,}",
        markup=False,
    )
    if summary.notes:
        out.print(f"Note: {summary.notes}", markup=False)
    if summary.kept:
        out.print("What could not be read is kept whole: see `stocktower cases`.")
    out.print("Work it with: stocktower run")


@contextmanager
def progress_words(quiet: bool) -> Generator[Callable[[str], None]]:
    """Progress on standard error, on a terminal only."""
    if quiet or not err.is_terminal:
        yield lambda words: None
        return
    with err.status("…") as status:
        yield lambda words: status.update(words)


@import_app.command(name="products")
def import_products(file: Path, /, *, home: HomeOption = None, json: JsonFlag = False) -> None:
    """SKUs, kits, units and listings from a CSV."""
    bring("products", file, home, json)


@import_app.command(name="listings")
def import_listings(file: Path, /, *, channel: str, home: HomeOption = None, json: JsonFlag = False) -> None:
    """What a channel lists, and which SKU of ours each listing is, from a CSV; orders that waited for one go on."""
    bring("listings", file, home, json, channel=channel)


@import_app.command(name="stock")
def import_stock(
    file: Path, /, *, opening: bool = False, as_of: str | None = None, complete: CompleteFlag = False,
    status: Annotated[
        tuple[str, ...], Parameter(help="With --complete: a status that it is the whole of; else those that it names.")
    ] = (),
    home: HomeOption = None, json: JsonFlag = False,
) -> None:  # fmt: skip
    """What sites hold, absolute, from a CSV; --opening posts against opening equity."""
    if status and not complete:
        raise CommandFailed("--status: it says of which statuses a whole site is stated; add --complete")
    at = administration.instant(as_of, "--as-of")
    bring("stock", file, home, json, opening=opening, as_of=at, complete=complete, statuses=status)


@import_app.command(name="orders")
def import_orders(
    file: Path, /, *, channel: str, format: FormatOption = None, home: HomeOption = None, json: JsonFlag = False
) -> None:
    """Orders as a channel exports them."""
    bring("orders", file, home, json, channel=channel, format=format)


@import_app.command(name="shipments")
def import_shipments(
    file: Path, /, *, channel: str | None = None, home: HomeOption = None, json: JsonFlag = False
) -> None:
    """What sites acknowledged, picked, packed and shipped, from a CSV."""
    bring("shipments", file, home, json, channel=channel)


@import_app.command(name="inbound")
def import_inbound(file: Path, /, *, home: HomeOption = None, json: JsonFlag = False) -> None:
    """What suppliers and workshops will deliver, and when, from a CSV."""
    bring("inbound", file, home, json)


@import_app.command(name="receipts")
def import_receipts(file: Path, /, *, home: HomeOption = None, json: JsonFlag = False) -> None:
    """What sites received, from a CSV; the same receipt again with other figures is a correction."""
    bring("receipts", file, home, json)


@import_app.command(name="statement")
def import_statement(
    file: Path,
    /,
    *,
    system: str,
    as_of: str | None = None,
    complete: CompleteFlag = False,
    home: HomeOption = None,
    json: JsonFlag = False,
) -> None:
    """What another system believes of our stock, from a CSV; it is compared and changes nothing."""
    given = administration.instant(as_of, "--as-of")
    bring("statement", file, home, json, system=system, as_of=given, complete=complete)


@import_app.command(name="transfers")
def import_transfers(file: Path, /, *, home: HomeOption = None, json: JsonFlag = False) -> None:
    """Steps of transfers between sites, from a CSV: ordered, shipped, arrived, closed, cancelled."""
    bring("transfers", file, home, json)


@import_app.command(name="adjustments")
def import_adjustments(file: Path, /, *, home: HomeOption = None, json: JsonFlag = False) -> None:
    """Changes of stock by a difference, each for a reason of the configuration, from a CSV."""
    bring("adjustments", file, home, json)


@import_app.command(name="assemblies")
def import_assemblies(file: Path, /, *, home: HomeOption = None, json: JsonFlag = False) -> None:
    """What was made of its materials, or taken apart, from a CSV."""
    bring("assemblies", file, home, json)


@import_app.command(name="bin-moves")
def import_bin_moves(file: Path, /, *, home: HomeOption = None, json: JsonFlag = False) -> None:
    """What was put away, and moved from bin to bin, from a CSV; import what sites hold first."""
    bring("bin-moves", file, home, json)


@app.command
def run(*, home: HomeOption = None, json: JsonFlag = False) -> None:
    """Work through all that is due, and stop."""
    counts: dict[str, int] = {}
    with opened(home) as tower, progress_words(json) as word:
        administration.need_applied(tower)

        watch = Watch(tower) if err.is_terminal and not json else None

        def told(name: str, done: int) -> None:
            counts[name] = counts.get(name, 0) + done
            if watch is not None:
                word(watch.words(name, counts))

        collect_less()
        work_until_idle(tower, progress=told)
        status = reads.status(tower)
    if json:
        say_json({"worked": counts, **status})
    else:
        words.say_status(status)


@app.command(show=False)
def work(*, parent: int | None = None, home: HomeOption = None) -> None:
    """A worker process without end; `serve` starts these, and they end with it."""
    with opened(home) as tower:
        work_forever(tower, parent=parent)


@app.command(show=False)
def answer(*, port: PortOption, parent: int | None = None, home: HomeOption = None) -> None:
    """A process that answers pages and API; `serve` starts these, and they end with it."""
    from stocktower.app.serving import answer as answer_forever

    with opened(home) as tower:
        answer_forever(tower, port=port, parent=parent)


@app.command
def serve(
    *,
    port: PortOption = 8321,
    web_processes: WebOption = 1,
    workers: WorkersOption = 1,
    home: HomeOption = None,
    json: JsonFlag = False,
) -> None:
    """Serve the pages and the API on 127.0.0.1, with worker processes, until Ctrl-C."""
    from stocktower.app.serving import serve as serve_forever

    with opened(home) as tower:
        administration.need_applied(tower)
        serve_forever(tower, port=port, workers=workers, web_processes=web_processes, as_json=json)


@app.command
def status(*, home: HomeOption = None, json: JsonFlag = False) -> None:
    """What is where: orders by state, the backlog, cases, what must agree."""
    with opened(home) as tower:
        found = reads.status(tower)
    say_json(found) if json else words.say_status(found)


@app.command
def order(number: str, /, *, home: HomeOption = None, json: JsonFlag = False) -> None:
    """One order: its lines, its money, where it is, and everything that happened to it."""
    with opened(home) as tower:
        found = reads.order(tower, number)
    say_json(found) if json else words.say_order(found)


@app.command
def cases(*, kind: str | None = None, closed: bool = False, home: HomeOption = None, json: JsonFlag = False) -> None:
    """What is stuck, by cause, the most at risk first."""
    with opened(home) as tower:
        found = reads.cases(tower, kind=kind, closed=closed)
    say_json({"cases": found}) if json else words.say_cases(found)


@app.command
def case(
    number: str,
    /,
    *,
    do: Annotated[str | None, Parameter(help="The action to take; without it the case is shown.")] = None,
    sku: Annotated[str | None, Parameter(help="For `map`: the SKU that the listing sells.")] = None,
    pack: Annotated[int, Parameter(help="For `map`: stock units in one listed unit.")] = 1,
    hours: Annotated[int, Parameter(help="For `remind` and `extend`: until when.")] = 24,
    note: Annotated[str, Parameter(help="Why; for `release` it has to be said.")] = "",
    street: Annotated[str, Parameter(help="For `correct`: parts of the address; what is left out stays.")] = "",
    city: str = "",
    region: str = "",
    postal_code: str = "",
    country: str = "",
    dry_run: DryRunFlag = False,
    home: HomeOption = None,
    json: JsonFlag = False,
) -> None:
    """One case: what it holds up and what was tried; with --do ACTION, act on it."""
    from stocktower.app import actions

    with opened(home) as tower:
        if do is None:
            found = reads.case(tower, number)
            say_json(found) if json else words.say_case(found)
            return
        given = {"sku": sku or "", "pack": str(pack), "hours": str(hours), "note": note, "street": street, "city": city,
                 "region": region, "postal_code": postal_code, "country": country}  # fmt: skip
        arguments = arguments_of(given)
        outcome = actions.act(tower, number, do, arguments, actor=actor(), dry_run=dry_run)
    say_json(outcome) if json else words.say_outcome(outcome)


@app.command(name="trial-balance")
def trial_balance(*, as_of: str | None = None, home: HomeOption = None, json: JsonFlag = False) -> None:
    """Debits and credits by account, in the book currency of each legal entity."""
    with opened(home, P.READ_BOOKS) as tower:
        found = reads.trial_balance(tower, administration.day(as_of, "--as-of"))
    say_json(found) if json else words.say_trial_balance(found)


@app.command
def verify(*, home: HomeOption = None, json: JsonFlag = False) -> None:
    """Run every invariant; exit code 1 when one does not hold."""
    with opened(home) as tower:
        found = run_verify(tower)
    say_json(found) if json else words.say_verify(found)
    if not found.ok:
        sys.exit(1)


@export_app.command(name="journal")
def export_journal(
    *,
    format: Literal["beancount"] = "beancount",
    output: Path | None = None,
    home: HomeOption = None,
    json: JsonFlag = False,
) -> None:
    """The journals as a Beancount file, on standard output or to --output."""
    with opened(home, P.READ_BOOKS) as tower:
        if json and output is None:
            say_json({"format": format, "text": "".join(administration.journal_lines(tower))})
            return
        lines = administration.export_journal(tower, output)
    if json:
        say_json({"format": format, "output": str(output), "lines": lines})


@token_app.command(name="create")
def token_create(
    *, name: str, role: str = "integrator", days: DaysOption = None, home: HomeOption = None, json: JsonFlag = False
) -> None:
    """A bearer token for the API, shown once; only its hash is kept."""
    with opened(home, P.MANAGE_ACCESS) as tower:
        secret = administration.create_token(tower, name=name, role=role, days=days, actor=actor())
    if json:
        say_json({"name": name, "role": role, "token": secret})
    else:
        out.print(f"Token of {name} ({role}), shown this once:\n{secret}", markup=False)


@token_app.command(name="list")
def token_list(*, home: HomeOption = None, json: JsonFlag = False) -> None:
    """The tokens there are, newest first, also those that ended; never their secrets."""
    with opened(home) as tower:
        tokens = administration.load_tokens(tower)
    if json:
        say_json({"tokens": tokens})
        return
    rows = [(one.person, one.role, one.created_at, one.expires_at or "", one.revoked_at or "") for one in tokens]
    say_table("Tokens", ("Name", "Role", "Made", "Expires", "Revoked"), rows, empty="There is no token.")


@token_app.command(name="revoke")
def token_revoke(*, name: str, home: HomeOption = None, json: JsonFlag = False) -> None:
    """End all tokens of a person or system; the API refuses them within a second."""
    with opened(home) as tower:
        revoked = administration.revoke_tokens(tower, name=name, actor=actor())
    if json:
        say_json({"name": name, "revoked": revoked})
    else:
        out.print(f"{revoked} tokens of {name} ended.", markup=False)


@app.command
def demo(*, once: bool = False, port: PortOption = 8321, json: JsonFlag = False) -> None:
    """Work through the example merchant's files and serve the pages; --once ends after the work."""
    demo_command.demo(once=once, port=port, as_json=json)


def run_words(tokens: Sequence[str]) -> int:
    """Run a command line, and say its exit code; errors are words on standard error, or an object with --json."""
    as_json = "--json" in tokens
    try:
        if not all(map(is_text, tokens)):
            raise CommandFailed("an argument is not UTF-8 text; rename the file, or write the argument in UTF-8")
        app(tokens, exit_on_error=False, print_error=not as_json, result_action="return_none")
        sys.stdout.flush()
    except CycloptsError as error:
        if as_json:
            say_failure(CommandFailed(str(error)), as_json=True)
        return 2
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read our output has enough of it; Python must not flush the rest at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except Exception as error:
        failure = failure_of(error)
        say_failure(failure, as_json=as_json)
        return failure.code
    return 0


def is_text(token: str) -> bool:
    """Whether an argument came as UTF-8."""
    try:
        token.encode()
    except UnicodeEncodeError:
        return False
    return True


def main() -> NoReturn:
    """The entry point: a termination signal ends what is under way, and lets go of everything."""
    end_when_told()
    sys.exit(run_words(sys.argv[1:]))


if __name__ == "__main__":
    main()
