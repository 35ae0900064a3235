"""Who is served before whom: the rank of an order by the configured rules, with the reasons. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from stocktower.exchange import OrderDocument
from stocktower.model import Priority
from stocktower.network import ChannelFacts

from .model import Precedence


def decide_precedence(
    rules: Sequence[Priority], document: OrderDocument, channel: ChannelFacts, ship_by_at: datetime | None
) -> Precedence | None:
    """The precedence that the first rule gives which fits an order; None: none fits, the channel's priority counts."""
    for place, rule in enumerate(rules, start=1):
        reasons = _fits(rule, document, channel, ship_by_at)
        if reasons is not None:
            name = rule.name or f"priorities {place}"
            return Precedence(rule.rank, name, tuple(reasons), rule.takes, rule.gives, rule.protect_hours)
    return None


def _fits(
    rule: Priority, document: OrderDocument, channel: ChannelFacts, ship_by_at: datetime | None
) -> list[str] | None:
    """Why a rule fits, one reason a condition; None where one of them does not."""
    reasons: list[str] = []
    if rule.channels:
        if channel.code not in rule.channels:
            return None
        reasons.append(f"channel {channel.code}")
    if rule.customer_classes:
        wanted = {one.casefold() for one in rule.customer_classes}
        known = next((one for one in (document.customer_class, *document.tags) if one.casefold() in wanted), None)
        if known is None:
            return None
        reasons.append(f"customer class {known}")
    if rule.services:
        if document.ship_service.casefold() not in {one.casefold() for one in rule.services}:
            return None
        reasons.append(f"service {document.ship_service}")
    if rule.within_hours is not None:
        if ship_by_at is None or ship_by_at - document.placed_at > timedelta(hours=rule.within_hours):
            return None
        reasons.append(f"promised within {rule.within_hours} hours")
    return reasons


def may_take(
    taker: Precedence | None, giver: Precedence | None, giver_ships_by: datetime | None, now: datetime
) -> bool:
    """Whether units of an order that are not released may be taken for another: by the rules of both, from a lower rank
    only, and not shortly before its promise."""
    if taker is None or giver is None or not taker.takes or not giver.gives or giver.rank <= taker.rank:
        return False
    return giver_ships_by is None or giver_ships_by > now + timedelta(hours=giver.protect_hours)
