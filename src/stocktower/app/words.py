"""What the reading commands say in words and tables."""

from typing import Any

from rich.markup import escape

from stocktower import finance, ordering, worklist
from stocktower.app.actions import Outcome
from stocktower.app.output import out, say_table
from stocktower.app.reads import Summary
from stocktower.app.verify import Verification
from stocktower.insight import AtsAnswer, ExplainedStep
from stocktower.kernel import format_minor


def by_count(item: tuple[str, int]) -> int:
    """Sorts counts."""
    return item[1]


def say_counts(title: str, counts: dict[str, int], *, empty: str) -> None:
    """A two-column table."""
    say_table(title, ("", ">"), sorted(counts.items(), key=by_count, reverse=True), empty=empty)


def say_status(found: dict[str, Any]) -> None:
    """What is where."""
    say_counts("Orders", found["orders"], empty="none yet; import some, then run")
    flow: list[ordering.FlowStep] = found["flow"]
    rows = [(step.step, step.orders, step.late, ", ".join(f"{name} {n:,}" for name, n in step.waits)) for step in flow]
    say_table("Under way", ("step", ">orders", ">late", "waits for"), rows, empty="nothing")
    kinds: list[worklist.KindCount] = found["cases"]
    rows_of_cases = [(kind.kind, kind.cases, kind.waiters, kind.severity.word) for kind in kinds]
    say_table("Cases", ("cause", ">cases", ">waiting", "severity"), rows_of_cases, empty="none; nothing is stuck")
    if found["told_wrong"]:
        out.print(f"{len(found['told_wrong']):,} listings were told something else than is true now.")


def say_ats(found: AtsAnswer, *, explain: bool) -> None:
    """The ATS of a SKU by channel; explained, each step with what it is made of."""
    rows = [(item.channel, item.ats, item.told, item.told_at) for item in found.channels]
    when = f"  as of {found.as_of} ({found.basis})" if found.as_of else ""
    title = f"{found.sku}  {found.name}{when}"
    say_table(title, ("channel", ">ATS", ">told", "told at"), rows, empty="no channel")
    if found.as_of:
        out.print(f"Event {found.position:,} was the last; configuration version {found.configuration} was applied.")
    for item in found.channels if explain else ():
        steps: list[tuple[object, ...]] = []
        for step in item.steps or ():
            steps += rows_of(step)
        columns = ("", ">units", ">leaves", "made of", "by")
        say_table(f"{item.channel}: from on hand to ATS", columns, steps, empty="no stock")
        for listing in item.listings:
            way = [row for step in listing.steps or () for row in rows_of(step)]
            title = f"{item.channel}: from ATS to {listing.shown:,} shown of {listing.listing}"
            say_table(title, columns, way, empty="nothing")
    if explain and found.bins:
        bins = [(one.site, one.bin, one.status, one.lot, one.quantity) for one in found.bins]
        say_table("In bins", ("site", "bin", "status", "lot", ">units"), bins, empty="nothing")


def rows_of(step: ExplainedStep) -> list[tuple[object, ...]]:
    """A step of a waterfall, then what it is made of, with the entry of a ledger that says so."""
    rows: list[tuple[object, ...]] = [(step.label, step.quantity, step.running, "", "")]
    rows += [("", "", "", f"{piece.quantity:+,} {piece.label}", piece.entry) for piece in step.evidence]
    return [*rows, ("", "", "", f"{step.rest:+,} of more", "")] if step.rest else rows


def say_order(found: dict[str, Any]) -> None:
    """One order with its timeline."""
    detail: ordering.OrderDetail = found["order"]
    row = detail.order
    money = format_minor(row.total_minor, row.currency)
    out.print(
        f"[bold]{escape(row.number)}[/bold]  {row.channel}  {row.fulfillment_state}, {row.payment_state}  "
        f"{money} {row.currency}"
    )
    if row.waits_for:
        out.print(f"At {row.step}, waits for {row.waits_for}.")
    for hold in detail.holds:
        if hold.cleared_at is None:
            out.print(f"Held for {hold.name.replace('_', ' ')}: {hold.reason}", markup=False)
    lines = [
        (line.line_no, line.sku or line.listing, line.name, line.ordered, line.open, line.backordered, line.allocated,
         line.shipped, line.cancelled, line.promise.promised_on or "no date" if line.promise else None)
        for line in detail.lines
    ]  # fmt: skip
    columns = (">line", "SKU", "name", ">ordered", ">open", ">backordered", ">allocated", ">shipped", ">cancelled",
               "promised")  # fmt: skip
    say_table("Lines", columns, lines, empty="none")
    happened = [(f"{entry.occurred_at:%Y-%m-%d %H:%M}", entry.kind, entry.sentence) for entry in detail.timeline]
    say_table("What happened (UTC)", ("when", "event", ""), happened, empty="nothing yet")
    say_cases(found["cases"], title="Cases that held it up")


def say_cases(found: list[worklist.Case], *, title: str = "Cases") -> None:
    """Cases, one a row."""
    rows = [
        (item.label, item.kind, item.title, item.severity.word, item.waiters, item.units, item.role) for item in found
    ]
    say_table(title, ("case", "cause", "what", "severity", ">waiting", ">units", "role"), rows, empty="none")


def say_case(found: worklist.CaseDetail) -> None:
    """One case: what fixes it comes first."""
    item = found.case
    out.print(f"[bold]{item.label}[/bold]  {escape(item.title)}")
    out.print(
        f"{item.kind}, {item.state}, {item.severity.word}; {item.role} answers by {item.due_at:%Y-%m-%d %H:%M} UTC"
    )
    out.print(found.fix)
    if found.actions:
        out.print(f"Acts: {', '.join(found.actions)}   (stocktower case {item.number} --do ACT --dry-run)")
    rows = [(waiter.subject, waiter.subject_id, waiter.units, waiter.due_at) for waiter in found.waiters]
    say_table("Waiting", ("what", ">id", ">units", "due"), rows, empty="nothing")
    history = [(f"{entry.at:%Y-%m-%d %H:%M}", entry.actor, entry.act) for entry in found.history]
    say_table("History", ("when", "who", "act"), history, empty="none")


def say_outcome(found: Outcome) -> None:
    """What an act did, or would do."""
    out.print(f"{'Would do' if found.dry_run else 'Done'}: {found.action} on {found.case}")
    for note in found.notes:
        out.print(f"  {note}", markup=False)
    say_counts("Events", found.events, empty="none")


def say_trial_balance(found: finance.TrialBalance) -> None:
    """Accounts with debit and credit, and the sums that are equal."""
    for total in found.totals:
        rows = [
            (row.account, amount(row.debit_minor, total.currency), amount(row.credit_minor, total.currency))
            for row in found.rows
            if row.entity == total.entity
        ]
        rows.append(("Sum", amount(total.debit_minor, total.currency), amount(total.credit_minor, total.currency)))
        say_table(
            f"Trial balance of {total.entity}, {total.currency}", ("account", ">debit", ">credit"), rows, empty=""
        )
    if not found.totals:
        out.print("Nothing is posted yet.")


def amount(minor: int, currency: str) -> str:
    """Money, or nothing for zero."""
    return format_minor(minor, currency) if minor else ""


def say_verify(found: Verification) -> None:
    """Whether everything holds, and what does not."""
    if found.ok:
        out.print(f"verify: {found.checked} invariants hold")
    for broken in found.broken:
        out.print(f"[red]broken[/red] {broken.room}.{broken.name}: {broken.meaning}")
        for row in broken.rows:
            out.print(f"  {row}", markup=False)
    if found.behind:
        out.print(
            f"{len(found.behind)} wait for a subscriber to catch up (run, then verify again): {', '.join(found.behind)}"
        )


def say_summary(found: Summary) -> None:
    """The demo in one screen."""
    say_counts("Orders by state", found.orders, empty="none")
    rows = [(channel, item.sellable, item.skus, item.units) for channel, item in found.ats.items()]
    say_table("Available to sell", ("channel", ">SKUs with ATS", ">SKUs", ">units"), rows, empty="no channel")
    say_counts("Cases by cause", found.cases, empty="none")
    say_trial_balance(found.trial_balance)
    out.print(f"Untouched orders: {found.untouched:.1%}")
    say_verify(found.verify)
