"""Commands on the rules of what channels are offered: list them, try one, set one, end one."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar, cast

from cyclopts import App, Parameter

from stocktower import inventory, ordering
from stocktower.access import Permission as P
from stocktower.app import administration
from stocktower.app.home import Tower, rehearsal
from stocktower.app.options import DryRunFlag, HomeOption, JsonFlag, actor, opened
from stocktower.app.output import CommandFailed, out, say_json, say_table
from stocktower.inventory import Effect, RuleAct, RulesAsked
from stocktower.model import ChannelRule
from stocktower.platform import Transaction, run_again

T = TypeVar("T")
rules_app = App(name="rules", help="What channels are offered: list the rules, try one, set one, end one.")

KINDS = ("set_aside", "share", "cap", "floor", "exclusive", "safety_stock")
KindOption = Annotated[str, Parameter(help=f"One of {', '.join(KINDS)}.")]
BaseOption = Annotated[int | None, Parameter(help="Version of the rules that the change is based on; else any.")]
Text = Annotated[str, Parameter()]


def commit(tower: Tower, do: Callable[[Transaction], T], *, dry_run: bool) -> T:
    """One command, run again where it met another; what is refused is a failure in words."""

    def once() -> T:
        with tower.transaction(actor()) as tx:
            with rehearsal(tx, dry_run=dry_run):
                done = do(tx)
            return done

    try:
        return run_again(once)
    except inventory.RuleRefused as refusal:
        raise CommandFailed(f"--{refusal.field.replace('_', '-')}: {refusal.problem}; {refusal.fix}") from refusal
    except inventory.StaleRules as stale:
        raise CommandFailed(str(stale), code=1) from stale


@rules_app.command(name="list")
def list_rules(
    *,
    sku: Text = "",
    channel: Text = "",
    kind: Text = "",
    state: Annotated[str, Parameter(help="in_force, future or ended; else those that are meant now.")] = "",
    home: HomeOption = None,
    json: JsonFlag = False,
) -> None:
    """The rules that are meant now, or were, and their version; of a SKU all that may hold for it."""
    if state not in ("", *inventory.RULE_STATES):
        raise CommandFailed(f"--state {state}: not known; one of {', '.join(inventory.RULE_STATES)}")
    with opened(home) as tower, tower.reading() as tx:
        found = inventory.list_rules(tx, RulesAsked(sku=sku, channel=channel, kind=kind, state=state))
    if json:
        say_json(found)
        return
    rows = [
        (
            one.rule_id, one.kind, one.channel or "-", one.what or "everything", one.where or "everywhere", one.says,
            window(one), one.actor if one.by_person else "configuration",
        )
        for one in found.rules
    ]  # fmt: skip
    columns = (">Rule", "Kind", "Channel", "Of", "At", "Says", "When", "By")
    say_table(f"Rules, version {found.version}", columns, rows, empty="none")


def window(one: inventory.RuleView) -> str:
    """When a rule holds, in words."""
    if one.replaced_at:
        return f"ended {one.replaced_at}"
    if not one.starts_at and not one.ends_at:
        return "always"
    return f"{one.starts_at or '...'} to {one.ends_at or '...'}{'' if one.holds else ' (not now)'}"


@rules_app.command(name="set")
def set_rule(
    kind: KindOption,
    /,
    *,
    channel: Text = "",
    sku: Text = "",
    category: Text = "",
    site: Text = "",
    group: Text = "",
    quantity: Annotated[int | None, Parameter(help="Stock units; of exclusive 1 or 0.")] = None,
    percent: Annotated[int, Parameter(help="Of a share.")] = 100,
    mode: Annotated[str, Parameter(help="level or quota of set_aside; days of safety_stock.")] = "",
    days: Annotated[int, Parameter(help="Days of cover.")] = 0,
    over_days: Annotated[int, Parameter(help="Measured by what shipped in so many days.")] = 28,
    starts_at: Annotated[str | None, Parameter(help="An instant; else at once.")] = None,
    ends_at: Annotated[str | None, Parameter(help="An instant; else never.")] = None,
    base: BaseOption = None,
    dry_run: DryRunFlag = False,
    home: HomeOption = None,
    json: JsonFlag = False,
) -> None:
    """Set one rule, over what the configuration states of the same; shows what it changes of ATS, by channel."""
    if kind not in KINDS or mode not in ("", "level", "quota", "days"):
        raise CommandFailed(f"{kind} {mode}".strip() + f": not a rule; KIND is one of {', '.join(KINDS)}")
    starts = administration.instant(starts_at, "--starts-at")
    ends = administration.instant(ends_at, "--ends-at")
    rule = ChannelRule(
        cast("Any", kind), channel, sku, category, site, group, cast("Any", mode),
        quantity, percent, days, over_days, starts, ends,
    )  # fmt: skip

    def do(tx: Transaction) -> RuleAct:
        act = inventory.act_set_rule(tx, rule, base)
        ordering.fill_after(tx, [0])
        return act

    with opened(home, P.SET_CHANNEL_RULES) as tower:
        administration.need_applied(tower)
        act = commit(tower, do, dry_run=dry_run)
    say_act(act, f"rule {act.rule_id}" if not dry_run else "the rule", dry_run=dry_run, json=json)


@rules_app.command(name="end")
def end_rule(
    rule: Annotated[int, Parameter(help="Its number, as in `rules list`.")],
    /,
    *,
    base: BaseOption = None,
    dry_run: DryRunFlag = False,
    home: HomeOption = None,
    json: JsonFlag = False,
) -> None:
    """End a rule that a person set; shows what that changes of ATS, by channel."""

    def do(tx: Transaction) -> RuleAct:
        act = inventory.act_end_rule(tx, rule, base)
        ordering.fill_after(tx, [0])
        return act

    with opened(home, P.SET_CHANNEL_RULES) as tower:
        act = commit(tower, do, dry_run=dry_run)
    say_act(act, f"the end of rule {rule}", dry_run=dry_run, json=json)


def say_act(act: RuleAct, what: str, *, dry_run: bool, json: bool) -> None:
    """What an act did or would do."""
    if json:
        say_json({"dry_run": dry_run, "act": act})
        return
    out.print(f"{'Would be' if dry_run else 'Done:'} {what}, version {act.version} of the rules", markup=False)
    say_effects(act.effects)


def say_effects(effects: Sequence[Effect]) -> None:
    """By channel, how many SKUs change and by how much; then the largest."""
    rows = [(one.channel, one.skus, one.more, one.units_more, one.less, one.units_less) for one in effects if one.skus]
    columns = ("Channel", ">SKUs", ">more", ">units more", ">less", ">units less")
    say_table("Effect on what is available to sell", columns, rows, empty="none")
    for one in effects:
        moved = [(part.sku, part.before, part.after, f"{part.after - part.before:+,}") for part in one.largest]
        if moved:
            say_table(f"Largest in {one.channel}", ("SKU", ">before", ">after", ">change"), moved, empty="none")
