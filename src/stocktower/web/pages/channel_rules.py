"""Rules of what channels are offered: which hold and what they take off, set and ended after their effect was shown."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, cast
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import msgspec
from litestar import Response, get, post
from litestar.params import FromQuery

from stocktower import access, catalog, inventory
from stocktower.inventory import Effect, RuleAct, RulesAsked, RuleView
from stocktower.model import ChannelRule
from stocktower.network import Network
from stocktower.platform import Transaction
from stocktower.web import formats, labels
from stocktower.web.acts import Result
from stocktower.web.api.channel_rules import act_end, act_set
from stocktower.web.desk import AtDesk, Desk
from stocktower.web.filters import Filter, Word, parse_filter
from stocktower.web.forms import FilledForm, Form
from stocktower.web.problems import Unprocessable

MAY = access.Permission.SET_CHANNEL_RULES
PAGE = 100
KINDS = tuple(str(kind) for kind in inventory.RuleKind)
VOCABULARY = (
    Word("kind", "what it limits", KINDS),
    Word("channel", "exact code of the channel that it is for"),
    Word("sku", "all that may hold for a SKU: its own, its category's, and those for everything"),
    Word("category", "name of a category"),
    Word("site", "exact code of a site"),
    Word("group", "exact code of a group of sites"),
    Word("state", "in force now (so unless said), to come, or ended", inventory.RULE_STATES),
    Word("by", "who states it", ("person", "configuration")),
    Word("rule", "number of a rule, whatever became of it"),
)
VIEWS = (("In force", ""), ("To come", "state:future"), ("Ended", "state:ended"), ("Set by people", "by:person"))
CHOICES = {
    "set_aside": "Set-aside: a level kept for the channel",
    "set_aside/quota": "Set-aside: a quota that its orders use up",
    "share": "Share: a percentage of what there is",
    "cap": "Cap: offered at most",
    "floor": "Floor: below it nothing is offered",
    "exclusive": "Exclusive: the channel sells alone",
    "safety_stock": "Safety stock: sold by nobody",
    "safety_stock/days": "Safety stock: days of cover",
}
"""Kind, and its mode where it has several."""
FIELDS = {
    "kind": "Rule", "mode": "Rule", "channel": "Channel", "sku": "SKU", "category": "Category", "site": "Where",
    "group": "Where", "quantity": "How much", "percent": "How much", "days": "Days of cover",
    "over_days": "Measured over", "starts_at": "From", "ends_at": "Until", "rule": "Rule", "base": "Rules",
}  # fmt: skip
"""What fields are called on the page."""


class Taken(msgspec.Struct, frozen=True):
    """What a rule takes off a SKU now, where most."""

    units: int
    channel: str


class Tried(msgspec.Struct, frozen=True):
    """An act that was shown or done: what it asked, and what it does."""

    result: Result
    values: Mapping[str, str] = {}
    effects: tuple[Effect, ...] = ()
    base: int = -1
    """The version of the rules that the effect was shown for; none: nothing can be done."""
    field: str = ""
    """Which cannot be as it was given."""


@get("/rules", sync_to_thread=True)
def rules_page(desk: AtDesk, q: FromQuery[str] = "", page: FromQuery[int] = 1) -> Response[str]:
    """The rules that a sentence of words asks for."""
    return _show(desk, q, max(1, page))


@post("/rules", sync_to_thread=True, status_code=200)
def rules_act(desk: AtDesk, form: FilledForm, q: FromQuery[str] = "") -> Response[str]:
    """Show what a rule, or the end of one, changes; or do it, on the version that it was shown for."""
    desk.require(MAY)
    return _show(desk, q, 1, _try(desk, form))


def _try(desk: Desk, form: Form) -> Tried:
    ends, does = form.get("act") == "end", form.get("how") == "do"
    try:
        base = read_number(form, "base") if does else None
        if does and base is None:
            raise Unprocessable("nothing was shown yet", field="base", fix="look first at what changes")
        act = _act(desk, form, base, dry_run=not does)
    except Unprocessable as refusal:
        problem = refusal.problem
        if problem.field == "base" and form.get("base"):
            return _try_again(desk, form)
        said = f"{FIELDS.get(problem.field, problem.field)}: {problem.title}; {problem.fix}"
        return Tried(Result("Nothing was done", not does, problem=said), form.values, field=problem.field)
    what = f"rule {form.get('rule')}" if ends else "the rule"
    if not does:
        title = f"If {what} ended, this would change" if ends else "If this rule were set, this would change"
        return Tried(Result(title, True), form.values, tuple(act.effects), act.version - 1)
    title = f"{what.capitalize()} is ended" if ends else f"Rule {act.rule_id} is set"
    return Tried(Result(title, False), {}, tuple(act.effects))


def _try_again(desk: Desk, form: Form) -> Tried:
    """Somebody was faster: what it would change now."""
    again = _try(desk, Form(form.values | {"how": "try", "base": ""}, form.files))
    if again.result.problem:
        return again
    words = "The rules were changed since you looked, so nothing was done. Below is what it would change now."
    return msgspec.structs.replace(again, result=Result("Nothing was done", True, problem=words))


def _act(desk: Desk, form: Form, base: int | None, *, dry_run: bool) -> RuleAct:
    if form.get("act") == "end":
        rule_id = read_number(form, "rule")
        if rule_id is None:
            raise Unprocessable("none is named", field="rule", fix="choose one of the list")
        return act_end(desk, rule_id, base, dry_run=dry_run)
    with desk.reading() as tx:
        zone = formats.zone_of(desk.network(tx).timezone)
    return act_set(desk, read_rule(form, zone), base, dry_run=dry_run)


def read_rule(form: Form, zone: ZoneInfo) -> ChannelRule:
    """The rule that a form states; raises Unprocessable with the field and the fix."""
    chosen = form.get("kind")
    if chosen not in CHOICES:
        raise Unprocessable("none is chosen", field="kind", fix="choose what the rule does")
    kind, _, mode = chosen.partition("/")
    share = kind == "share"
    units = read_number(form, "quantity")
    if share and units is None:
        raise Unprocessable("is not stated", field="percent", fix="state 0 to 100")
    place, _, code = form.get("where").partition(":")
    return ChannelRule(
        cast("Any", kind),
        channel=form.get("channel"),
        sku=form.get("sku"),
        category=form.get("category"),
        site=code if place == "site" else "",
        group=code if place == "group" else "",
        mode=cast("Any", mode),
        quantity=None if share else units,
        percent=units if share and units is not None else 100,
        days=read_number(form, "days") or 0,
        over_days=read_number(form, "over_days") or 28,
        starts_at=read_instant(form, "starts_at", zone),
        ends_at=read_instant(form, "ends_at", zone),
    )


def read_number(form: Form, name: str) -> int | None:
    """A whole number of a form; None: not given."""
    text = form.get(name).replace(",", "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 13):
        raise Unprocessable(f"{text} is not a whole number of 0 or more", field=name, fix="write it like 120")
    return int(text)


def read_instant(form: Form, name: str, zone: ZoneInfo) -> datetime | None:
    """An instant of a form, in the merchant's zone where it has no offset; None: not given."""
    text = form.get(name)
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Unprocessable(f"{text} is not an instant", field=name, fix="write it like 2026-11-20T08:00") from None
    return at if at.tzinfo else at.replace(tzinfo=zone)


def asked_of(wanted: Filter) -> tuple[RulesAsked, list[str]]:
    """Which rules a sentence asks for, and what in it means nothing."""
    number = wanted.one("rule")
    problems = [f"rule:{number} is not the number of a rule"] if number and not is_number(number) else []
    rule_id = int(number) if number and not problems else 0
    return RulesAsked(
        rule_id=rule_id,
        state=wanted.one("state") or ("" if rule_id else "in_force"),
        kind="" if rule_id else wanted.one("kind"),
        **{name: "" if rule_id else wanted.one(name) for name in ("sku", "category", "channel", "site", "group", "by")},
    ), problems


def is_number(text: str) -> bool:
    """Whether a text can be the number of a rule."""
    return text.isascii() and text.isdigit() and len(text) < 19


def taken_by_rule(
    availability: inventory.Availability, sku_id: int, network: Network, ats_of: Iterable[int]
) -> dict[int, Taken]:
    """Rule -> what it takes off a SKU in the channel where it takes most."""
    most: dict[int, Taken] = {}
    for channel_id in ats_of:
        sums: dict[int, int] = {}
        for step in availability.waterfall(sku_id, channel_id):
            for one in step.evidence:
                if one.rule_id:
                    sums[one.rule_id] = sums.get(one.rule_id, 0) - one.quantity
        for rule_id, units in sums.items():
            if units > 0 and (rule_id not in most or units > most[rule_id].units):
                most[rule_id] = Taken(units, network.channels[channel_id].name)
    return most


def _taken(tx: Transaction, network: Network, code: str) -> dict[int, Taken]:
    sku = catalog.find_skus(tx, [code]).get(code)
    if sku is None:
        return {}
    active = [one.channel_id for one in network.channels.values() if one.active]
    known = inventory.load_availability(tx, [sku.sku_id], network, explain=True)
    return taken_by_rule(known, sku.sku_id, network, active)


def subject_href(rule: RuleView) -> str:
    """The page of what a rule speaks of: its SKU, its category, or its channel."""
    word, _, value = rule.what.partition(":")
    if word == "sku":
        return labels.sku_href(value)
    if word == "category":
        quoted = f'category:"{value}"' if " " in value else rule.what
        return f"/stock?{urlencode({'by': 'site', 'q': quoted})}"
    return channel_href(rule.channel) if rule.channel else "/stock"


def channel_href(code: str) -> str:
    """How a channel keeps up."""
    return f"/publication?{urlencode({'q': f'channel:{code}'})}"


def places_of(network: Network) -> list[str]:
    """Where a rule may hold."""
    sites = [f"site:{one.code}" for one in network.sites.values()]
    return sites + [f"group:{code}" for code in network.groups]


def at(text: str) -> datetime | None:
    """An instant as rules show it."""
    return datetime.fromisoformat(text) if text else None


def _show(desk: Desk, q: str, page: int, tried: Tried | None = None) -> Response[str]:
    wanted = parse_filter(q, VOCABULARY)
    asked, problems = asked_of(wanted)
    code = wanted.one("sku")
    with desk.reading() as tx:
        network = desk.network(tx)
        if code and code not in catalog.find_skus(tx, [code]):
            problems.append(f"sku:{code}: there is no SKU of this code")
        if wanted.free:
            problems.append(
                f"{wanted.free}: write words like kind:cap, channel:{next(iter(network.channel_ids), 'web')}"
            )
        taken = _taken(tx, network, code) if code else {}
        found = inventory.list_rules(
            tx, asked, **({} if code else {"limit": PAGE, "offset": (page - 1) * PAGE})
        )  # fmt: skip
        rules = sorted(found.rules, key=lambda one: -taken[one.rule_id].units if one.rule_id in taken else 0)
        bad = tried is not None and bool(tried.result.problem)
        values = dict(tried.values) if tried and tried.values.get("act") == "set" else _prefilled(wanted)
        return desk.show(
            tx, "rules.html", status=422 if bad else 200, title="Rules", filter=_with(wanted, problems),
            vocabulary=VOCABULARY, views=VIEWS, found=found, rules=rules, taken=taken, sku=code, asked=asked,
            number_of_page=page, has_more=not code and page * PAGE < found.total, tried=tried, values=values,
            wrong=FIELDS.get(tried.field, "") if tried else "", may_act=desk.may(MAY), choices=CHOICES, at=at,
            href_here=f"/rules?{urlencode({'q': q})}" if q else "/rules", subject_href=subject_href,
            channel_href=channel_href, sku_href=labels.sku_href,
            channels=sorted(network.channels.values(), key=lambda one: one.code),
            places=places_of(network),
        )  # fmt: skip


def _with(wanted: Filter, problems: Iterable[str]) -> Filter:
    return msgspec.structs.replace(wanted, problems=(*wanted.problems, *problems))


def _prefilled(wanted: Filter) -> dict[str, str]:
    """A rule like those that are looked at."""
    site, group = wanted.one("site"), wanted.one("group")
    where = f"site:{site}" if site else f"group:{group}" if group else ""
    given = {name: wanted.one(name) for name in ("kind", "channel", "sku", "category")}
    return given | {"where": where, "over_days": "28"}
