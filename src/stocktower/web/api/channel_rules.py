"""Rules of what channels are offered: as they are meant now, and changes of one, each with a dry run."""

from collections.abc import Callable
from typing import Annotated, Literal

import msgspec
from litestar import get, post
from litestar.params import JSONBody, QueryParameter

from stocktower import access, inventory, ordering
from stocktower.inventory import RuleAct, RuleList, RulesAsked
from stocktower.model import ChannelRule
from stocktower.platform import Transaction
from stocktower.web.api.writes import REFUSALS
from stocktower.web.desk import AtDesk, Desk
from stocktower.web.problems import Unprocessable


class StatedRule(msgspec.Struct, frozen=True):
    """A rule, and the version of the rules that the change is based on."""

    rule: ChannelRule
    base: int
    dry_run: bool = False


class EndedRule(msgspec.Struct, frozen=True):
    """The number of a rule that a person set, and the version of the rules that the change is based on."""

    rule_id: int
    base: int
    dry_run: bool = False


class ActAnswer(msgspec.Struct, frozen=True):
    """What was done, or would be."""

    dry_run: bool
    act: RuleAct


@get("/api/v1/rules", sync_to_thread=True, tags=["Stock"])
def list_rules(
    desk: AtDesk,
    sku: Annotated[str, QueryParameter(description="All that may hold for a SKU.")] = "",
    channel: Annotated[str, QueryParameter(description="Code of a channel.")] = "",
    kind: Annotated[str, QueryParameter(description="Such as cap.")] = "",
    wanted: Annotated[
        Literal["", "in_force", "future", "ended"],
        QueryParameter(name="state", description="Else those that are meant now."),
    ] = "",
) -> RuleList:
    """The rules that are meant now, or were, and the version of all."""
    with desk.reading() as tx:
        return inventory.list_rules(tx, RulesAsked(sku=sku, channel=channel, kind=kind, state=wanted))


@post("/api/v1/rules/set", sync_to_thread=True, status_code=200, tags=["Stock"], responses=REFUSALS)  # fmt: skip
def set_rule(desk: AtDesk, data: JSONBody[StatedRule]) -> ActAnswer:
    """Set one rule; a dry run says by channel what that does to what is available to sell."""
    return ActAnswer(data.dry_run, act_set(desk, data.rule, data.base, dry_run=data.dry_run))


@post("/api/v1/rules/end", sync_to_thread=True, status_code=200, tags=["Stock"], responses=REFUSALS)  # fmt: skip
def end_rule(desk: AtDesk, data: JSONBody[EndedRule]) -> ActAnswer:
    """End a rule that a person set; a dry run says by channel what that does to what is available to sell."""
    return ActAnswer(data.dry_run, act_end(desk, data.rule_id, data.base, dry_run=data.dry_run))


def act_set(desk: Desk, rule: ChannelRule, base: int | None, *, dry_run: bool) -> RuleAct:
    """Set a rule as this person."""
    desk.require(access.Permission.SET_CHANNEL_RULES)
    return _done(desk, lambda tx: inventory.act_set_rule(tx, rule, base), dry_run)


def act_end(desk: Desk, rule_id: int, base: int | None, *, dry_run: bool) -> RuleAct:
    """End a rule as this person."""
    desk.require(access.Permission.SET_CHANNEL_RULES)
    return _done(desk, lambda tx: inventory.act_end_rule(tx, rule_id, base), dry_run)


def _done(desk: Desk, do: Callable[[Transaction], RuleAct], dry_run: bool) -> RuleAct:
    def act(tx: Transaction) -> RuleAct:
        done = do(tx)
        ordering.fill_after(tx, [0])
        return done

    try:
        return desk.carry_out(act, dry_run=dry_run)
    except inventory.RuleRefused as refusal:
        raise Unprocessable(refusal.problem, field=refusal.field, fix=refusal.fix) from refusal
    except inventory.StaleRules as stale:
        raise Unprocessable(str(stale), field="base", fix="Read the rules again, then send their version.") from stale
