"""Pure checks of a configuration: what the types cannot say."""

import re
from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct

from stocktower.kernel import CaseKind, Domain, Permission, Role, Step, UnknownCurrency, exponent

from .accounts import DEFAULT_ACCOUNTS
from .channel_rules import check_rule, rule_scope, stated_rules
from .model import Configuration, Receiving

_ACCOUNT = re.compile(r"^(Assets|Liabilities|Equity|Income|Expenses)(:[A-Z0-9][A-Za-z0-9-]*)+$")
_CUTOFF = re.compile(r"^([01]\d|2[0-3]):[0-5]\d$")
BUILT_IN_STATUSES = ("available", "quarantine", "damaged", "returns_hold", "in_transit", "expired")
LONGEST_STATUS = 40
_BEFORE_CONTROL = {"capture", "validate", "reserve", "route", "release", "payment", "order"}
_NEVER_GIVEN_AWAY = {Permission.CHANGE_CONFIGURATION, Permission.MANAGE_ACCESS}
_AFTER_RELEASE = {"release", "fulfil", "shipment", "delivery", "post", "notify", "return"}


class Finding(Struct, frozen=True):
    """A problem at a path of the configuration."""

    path: tuple[str | int, ...]
    problem: str
    fix: str


def check(configuration: Configuration) -> list[Finding]:
    """Everything that is wrong with a configuration beyond its shape."""
    parts = (
        check_codes,
        check_states,
        check_owners,
        check_places,
        check_money,
        check_rules,
        check_channel_rules,
        check_reasons,
        check_holds,
        check_promises,
        check_priorities,
        check_supply,
        check_counting,
        check_publication,
        check_operating_model,
        check_cases,
    )
    return [finding for part in parts for finding in part(configuration)]


def check_codes(c: Configuration) -> Iterator[Finding]:
    """Codes are given once, and what is named exists."""
    for table, codes in (
        ("entities", [item.code for item in c.entities]),
        ("sites", [item.code for item in c.sites]),
        ("channels", [item.code for item in c.channels]),
    ):
        if not codes:
            yield Finding((table,), "there is none", f"add at least one [[{table}]]")
        for n, code in enumerate(codes):
            if not code.strip() or "/" in code:
                yield Finding((table, n, "code"), f"{code!r} cannot be a code", "use letters, digits and dashes")
            if code in codes[:n]:
                yield Finding((table, n, "code"), f"{code} stands twice", "give each its own code")
    entities = {item.code for item in c.entities}
    for table, items in (("sites", c.sites), ("channels", c.channels)):
        for n, item in enumerate(items):
            if item.entity and item.entity not in entities:
                yield Finding((table, n, "entity"), f"{item.entity} is not a legal entity", f"one of {words(entities)}")
            if not item.entity and len(entities) > 1:
                yield Finding((table, n), "does not name its legal entity", f'add entity = "...": {words(entities)}')


def check_states(c: Configuration) -> Iterator[Finding]:
    """Statuses and consignors have codes of their own; what is built in is not stated."""
    for n, status in enumerate(c.statuses):
        if not status.code.isidentifier() or status.code != status.code.lower() or len(status.code) > LONGEST_STATUS:
            fix = "use lower-case letters, digits and underscores"
            yield Finding(("statuses", n, "code"), f"{status.code!r} cannot be a status", fix)
        if status.code in BUILT_IN_STATUSES:
            fix = f"leave it out: {words(BUILT_IN_STATUSES)} are there already"
            yield Finding(("statuses", n, "code"), f"{status.code} is built in", fix)
        if status.code in [other.code for other in c.statuses[:n]]:
            yield Finding(("statuses", n, "code"), f"{status.code} stands twice", "give each its own code")
    for n, consignor in enumerate(c.consignors):
        if not consignor.code.strip() or "/" in consignor.code or ":" in consignor.code:
            yield Finding(
                ("consignors", n, "code"), f"{consignor.code!r} cannot be a code", "use letters, digits and dashes"
            )
        if consignor.code in [other.code for other in c.consignors[:n]]:
            yield Finding(("consignors", n, "code"), f"{consignor.code} stands twice", "give each its own code")


def check_owners(c: Configuration) -> Iterator[Finding]:
    """Channels sell goods of owners that are known."""
    owners = {"own", "supplier", "*", *(f"consignor:{one.code}" for one in c.consignors)}
    for n, channel in enumerate(c.channels):
        for owner in channel.owners:
            if owner not in owners:
                yield Finding(("channels", n, "owners"), f"{owner} is not an owner", f"one of {words(owners)}")


def check_places(c: Configuration) -> Iterator[Finding]:
    """Sites and channels fit each other; zones and cutoffs can be read."""
    sites = {site.code: site for site in c.sites}
    for n, channel in enumerate(c.channels):
        if not channel.sites:
            yield Finding(("channels", n, "sites"), "no site serves this channel", "name at least one")
        for code in channel.sites:
            if code not in sites:
                yield Finding(("channels", n, "sites"), f"{code} is not a site", f"one of {words(sites)}")
        if channel.live_from.tzinfo is None:
            yield Finding(("channels", n, "live_from"), "has no offset", "write it like 2026-06-01T00:00:00-04:00")
        if channel.ship_by_cutoff and not _CUTOFF.match(channel.ship_by_cutoff):
            yield Finding(("channels", n, "ship_by_cutoff"), "is not a time of day", 'write it like "17:00"')
        if channel.min_shelf_life_days < 0:
            yield Finding(("channels", n, "min_shelf_life_days"), "is below zero", "state 0 or more days")
        if channel.max_splits < 1:
            yield Finding(("channels", n, "max_splits"), "is below one", "1 means: never split")
        yield from check_zone(("channels", n, "timezone"), channel.timezone)
    for n, site in enumerate(c.sites):
        yield from check_zone(("sites", n, "timezone"), site.timezone)
        if site.safety_stock < 0:
            yield Finding(("sites", n, "safety_stock"), "is below zero", "state 0 or more")
    yield from check_zone(("merchant", "timezone"), c.merchant.timezone)
    yield from check_groups(c)
    if c.demo is not None and c.demo.now.tzinfo is None:
        yield Finding(("demo", "now"), "has no offset", "write it like 2026-06-08T08:05:00-04:00")


def check_groups(c: Configuration) -> Iterator[Finding]:
    """Groups of sites name what exists, and none is above itself."""
    parents = {group.code: group.parent for group in c.groups}
    for n, group in enumerate(c.groups):
        if not group.code.strip() or "/" in group.code:
            yield Finding(("groups", n, "code"), f"{group.code!r} cannot be a code", "use letters, digits and dashes")
        if group.code in [other.code for other in c.groups[:n]]:
            yield Finding(("groups", n, "code"), f"{group.code} stands twice", "give each its own code")
        if group.parent and group.parent not in parents:
            yield Finding(("groups", n, "parent"), f"{group.parent} is not a group", f"one of {words(parents)}")
        above, seen = group.parent, {group.code}
        while above in parents and above not in seen:
            seen.add(above)
            above = parents[above]
        if above and above in seen:
            yield Finding(("groups", n, "parent"), f"{group.code} stands above itself", "leave the parent of one out")
    for n, site in enumerate(c.sites):
        if site.group and site.group not in parents:
            fix = f"one of {words(parents)}" if parents else f'add [[groups]] with code = "{site.group}"'
            yield Finding(("sites", n, "group"), f"{site.group} is not a group of sites", fix)


def check_zone(path: tuple[str | int, ...], name: str) -> Iterator[Finding]:
    """A time zone that is known, or none."""
    try:
        if name:
            ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield Finding(path, f"{name} is not a time zone", 'use an IANA name like "Europe/Berlin"')


def check_money(c: Configuration) -> Iterator[Finding]:
    """Currencies are known, rates above zero and there where they are needed; accounts can be posted to."""
    books = {entity.code: entity.currency for entity in c.entities}
    stated = {(rate.source, rate.target) for rate in c.rates}
    for table, items in (("entities", c.entities), ("channels", c.channels)):
        for n, item in enumerate(items):
            if not is_currency(item.currency):
                yield Finding((table, n, "currency"), f"{item.currency} is not a currency", "use an ISO 4217 code")
    for n, rate in enumerate(c.rates):
        if rate.rate <= 0:
            yield Finding(("rates", n, "rate"), "is not above zero", "state target units for one source unit")
        for key in ("source", "target"):
            if not is_currency(getattr(rate, key)):
                yield Finding(("rates", n, key), "is not a currency", "use an ISO 4217 code")
    for n, channel in enumerate(c.channels):
        book = books.get(channel.entity or (c.entities[0].code if c.entities else ""))
        if book and channel.currency != book and (channel.currency, book) not in stated:
            fix = f'add [[rates]] with source = "{channel.currency}", target = "{book}" and a rate'
            yield Finding(("channels", n, "currency"), f"no rate from {channel.currency} to {book}", fix)
    for role, name in c.accounts.items():
        if role not in DEFAULT_ACCOUNTS:
            yield Finding(("accounts", role), "is not a posting role", f"one of {words(DEFAULT_ACCOUNTS)}")
        if not _ACCOUNT.match(name):
            yield Finding(("accounts", role), f"{name!r} is not an account", 'write it like "Assets:Clearing:Stripe"')


def is_currency(code: str) -> bool:
    """Whether ISO 4217 knows the code."""
    try:
        exponent(code)
    except UnknownCurrency:
        return False
    return True


def check_rules(c: Configuration) -> Iterator[Finding]:
    """Safety stock and set-asides name what exists, once."""
    sites, channels = {site.code for site in c.sites}, {channel.code for channel in c.channels}
    for n, item in enumerate(c.safety_stock):
        if item.site not in sites:
            yield Finding(("safety_stock", n, "site"), f"{item.site} is not a site", f"one of {words(sites)}")
        if item.quantity < 0:
            yield Finding(("safety_stock", n, "quantity"), "is below zero", "state 0 or more")
        if any((other.site, other.sku) == (item.site, item.sku) for other in c.safety_stock[:n]):
            yield Finding(("safety_stock", n), "the same site and SKU stand twice", "keep one of them")
    for key in Receiving.__struct_fields__:
        if getattr(c.receiving, key) < 0:
            yield Finding(("receiving", key), "is below zero", "state 0 or more")
    for n, item in enumerate(c.set_asides):
        if item.channel not in channels:
            yield Finding(("set_asides", n, "channel"), f"{item.channel} is not a channel", f"one of {words(channels)}")
        if item.quantity < 0:
            yield Finding(("set_asides", n, "quantity"), "is below zero", "state 0 or more")
        if any((other.channel, other.sku) == (item.channel, item.sku) for other in c.set_asides[:n]):
            yield Finding(("set_asides", n), "the same channel and SKU stand twice", "keep one of them")


def check_holds(c: Configuration) -> Iterator[Finding]:
    """A hold is extended by something, and by no more than the longest that it may last."""
    if c.holds.extend_minutes < 1:
        yield Finding(("holds", "extend_minutes"), "is below one minute", "state whole minutes, like 10")
    if c.holds.longest_minutes < c.holds.extend_minutes:
        yield Finding(("holds", "longest_minutes"), "is less than extend_minutes", "state at least as many minutes")


def check_promises(c: Configuration) -> Iterator[Finding]:
    """Days are not below zero; preorders name channels that exist, each SKU once."""
    channels = {channel.code for channel in c.channels}
    for name in ("handling_days", "tolerance_days"):
        if getattr(c.promises, name) < 0:
            yield Finding(("promises", name), "is below zero", "state 0 or more days")
    for n, rule in enumerate(c.preorders):
        for code in rule.channels:
            if code not in channels:
                yield Finding(("preorders", n, "channels"), f"{code} is not a channel", f"one of {words(channels)}")
        if any(other.sku == rule.sku for other in c.preorders[:n]):
            yield Finding(("preorders", n, "sku"), f"{rule.sku} stands twice", "keep one of them")


def check_reasons(c: Configuration) -> Iterator[Finding]:
    """Reasons for adjustments have a code, an account that can be posted to, and limits that can be passed."""
    codes = [reason.code for reason in c.reasons]
    for n, reason in enumerate(c.reasons):
        if not reason.code.isidentifier():
            fix = "use lower-case letters, digits and underscores"
            yield Finding(("reasons", n, "code"), f"{reason.code!r} cannot be a code", fix)
        if reason.code in codes[:n]:
            yield Finding(("reasons", n, "code"), f"{reason.code} stands twice", "give each its own code")
        if reason.account not in DEFAULT_ACCOUNTS:
            fix = f"one of {words(DEFAULT_ACCOUNTS)}"
            yield Finding(("reasons", n, "account"), f"{reason.account} is not a posting role", fix)
        for key in ("approve_units_over", "approve_value_over"):
            limit: int | None = getattr(reason, key)
            if limit is not None and limit < 0:
                yield Finding(("reasons", n, key), "is below zero", "state 0 or more, or leave it out")


def check_priorities(c: Configuration) -> Iterator[Finding]:
    """Rules of priority name channels that exist, and hours that can be."""
    channels = {channel.code for channel in c.channels}
    for n, rule in enumerate(c.priorities):
        for code in rule.channels:
            if code not in channels:
                yield Finding(("priorities", n, "channels"), f"{code} is not a channel", f"one of {words(channels)}")
        for key, hours in (("within_hours", rule.within_hours), ("protect_hours", rule.protect_hours)):
            if hours is not None and hours < 0:
                yield Finding(("priorities", n, key), "is below zero", "state 0 or more hours")
        if not -1_000_000 <= rule.rank <= 1_000_000:
            yield Finding(("priorities", n, "rank"), f"{rule.rank} is no rank", "state a whole number, like 10")


_AT_LEAST = {
    "window_days": 1, "recompute_minutes": 1, "fast_cover_days": 0, "fast_units": 1, "normal_units": 1, "slow_units": 1,
    "fast_percent": 0, "normal_percent": 0, "slow_percent": 0, "lag_window_days": 1, "buffer_percent": 0,
    "buffer_at_most": 0, "low_stock": 0, "dark_after": 2, "tighten_times": 1,
}  # fmt: skip
_OF_CHANNELS = {
    "publish_every_minutes": 0, "publish_slow_every_minutes": 0, "listings_per_minute": 1, "listings_at_once": 1,
    "acknowledge_within_minutes": 1, "backlog_within_minutes": 1, "lag_minutes": 0,
}  # fmt: skip


def check_publication(c: Configuration) -> Iterator[Finding]:
    """Rates, objectives and thresholds are possible; velocities name channels that exist, once."""
    for n, channel in enumerate(c.channels):
        yield from check_least(("channels", n), channel, _OF_CHANNELS)
        if channel.listings_at_once is not None and channel.listings_per_minute is None:
            fix = "state listings_per_minute too, or leave it out"
            yield Finding(("channels", n, "listings_at_once"), "stands without a rate", fix)
    rules = c.publication
    yield from check_least(("publication",), rules, _AT_LEAST)
    if rules.slow_cover_days <= rules.fast_cover_days:
        yield Finding(
            ("publication", "slow_cover_days"), "is not above fast_cover_days", "state more days than for what is fast"
        )
    for key in ("fast_percent", "normal_percent", "slow_percent"):
        if getattr(rules, key) > 100:
            yield Finding(("publication", key), "is above 100", "state a whole percentage from 0 to 100")
    if rules.buffer_percent > 99:
        yield Finding(("publication", "buffer_percent"), "is above 99", "state a whole percentage from 0 to 99")
    channels = {channel.code for channel in c.channels}
    for n, item in enumerate(c.velocities):
        if item.channel not in channels:
            yield Finding(("velocities", n, "channel"), f"{item.channel} is not a channel", f"one of {words(channels)}")
        if any((other.channel, other.sku) == (item.channel, item.sku) for other in c.velocities[:n]):
            yield Finding(("velocities", n), "the same channel and SKU stand twice", "keep one of them")


def check_least(path: tuple[str | int, ...], table: object, least: dict[str, int]) -> Iterator[Finding]:
    """Numbers that are stated are not below the least that they can be."""
    for key, lowest in least.items():
        value = getattr(table, key)
        if value is not None and value < lowest:
            yield Finding((*path, key), f"is below {lowest}", f"state {lowest} or more")


def check_supply(c: Configuration) -> Iterator[Finding]:
    """Rules of supply name sites that exist, figures that can be, and each SKU once."""
    sites = {site.code for site in c.sites}
    least = {"moq": 1, "order_multiple": 1, "cover_days": 0, "window_days": 1, "spread_days": 0, "lead_time_days": 0}
    for n, rule in enumerate(c.supply):
        if not rule.supplier.strip():
            yield Finding(("supply", n, "supplier"), "names nobody", "name the supplier")
        if rule.site not in sites:
            yield Finding(("supply", n, "site"), f"{rule.site} is not a site", f"one of {words(sites)}")
        yield from check_least(("supply", n), rule, least)
        if not 50 <= rule.service_percent <= 99:
            yield Finding(("supply", n, "service_percent"), "is not from 50 to 99", "state how often stock should last")
        twice = set(rule.skus) & {sku for other in c.supply[:n] for sku in other.skus}
        if twice:
            yield Finding(("supply", n, "skus"), f"{words(twice)} stand in two tables", "keep one of them")


def check_channel_rules(c: Configuration) -> Iterator[Finding]:
    """Rules on what is offered name what exists, make sense by themselves, and stand once."""
    for n, rule in enumerate(c.channel_rules):
        for field, problem, fix in check_rule(rule, c):
            yield Finding(("channel_rules", n, field), problem, fix)
    seen: set[str] = set()
    first = len(c.safety_stock) + len(c.set_asides)
    for n, rule in enumerate(stated_rules(c)):
        scope = rule_scope(rule)
        if scope in seen and n >= first:
            yield Finding(("channel_rules", n - first), "the same rule stands twice", "keep one of them")
        seen.add(scope)


def check_operating_model(c: Configuration) -> Iterator[Finding]:
    """One owner for every domain and step; stock reserved before release; revenue not before control passes."""
    m = c.operating_model
    for table, known, owners in (("domains", Domain, m.domains), ("steps", Step, m.steps)):
        for name, owner in owners.items():
            path = ("operating_model", table, name)
            if name not in set(known):
                yield Finding(path, f"is not one of the {table}", f"one of {words(known)}")
            if not owner.strip():
                yield Finding(path, "has no owner", 'name one system, like "tower" or "erp"')
            if re.search(r"[,;&+|]|\band\b", owner):
                yield Finding(path, f"has two owners: {owner}", "name one system; the others follow it")
    if m.revenue_at in _BEFORE_CONTROL:
        yield Finding(
            ("operating_model", "revenue_at"), f"revenue at {m.revenue_at} is before control passes", 'use "shipment"'
        )
    elif m.revenue_at != "shipment":
        yield Finding(("operating_model", "revenue_at"), f"{m.revenue_at} is not run by this version", 'use "shipment"')
    if m.reserve_at in _AFTER_RELEASE:
        yield Finding(
            ("operating_model", "reserve_at"), f"a reservation at {m.reserve_at} is after release", 'use "capture"'
        )
    elif m.reserve_at != "capture":
        yield Finding(("operating_model", "reserve_at"), f"{m.reserve_at} is not run by this version", 'use "capture"')
    for act, role in m.overrides.items():
        path = ("operating_model", "overrides", act)
        if act in _NEVER_GIVEN_AWAY:
            yield Finding(path, "gives away what takes it back", "leave it out: it is for administrators")
        elif act not in set(Permission):
            yield Finding(path, "is not an act", f"one of {words(set(Permission) - _NEVER_GIVEN_AWAY)}")
        if role not in set(Role):
            yield Finding(path, f"{role} is not a role", f"one of {words(Role)}")


def check_cases(c: Configuration) -> Iterator[Finding]:
    """Every kind of case that is named is known, and somebody answers for it."""
    for kind, policy in c.cases.items():
        if kind not in set(CaseKind):
            yield Finding(("cases", kind), "is not a kind of case", f"one of {words(CaseKind)}")
        if policy.role not in set(Role):
            problem = f"{policy.role} is not a role" if policy.role else "no role answers for this kind of case"
            yield Finding(("cases", kind, "role"), problem, f"one of {words(Role)}")
        if policy.sla_hours < 1:
            yield Finding(("cases", kind, "sla_hours"), "is below one hour", "state whole hours")


def check_counting(c: Configuration) -> Iterator[Finding]:
    """Intervals, tolerances, shares and thresholds of cycle counts can be meant."""
    stated = c.counting
    for key, least in (
        ("lines_per_day", 1), ("window_days", 1), ("recounts", 0), ("approve_line_minor", 0), ("approve_net_minor", 0),
    ):  # fmt: skip
        if getattr(stated, key) < least:
            yield Finding(("counting", key), f"is below {least}", f"state {least} or more")
    if not _CUTOFF.match(stated.plan_at):
        yield Finding(("counting", "plan_at"), "is not a time of day", 'write it like "05:00"')
    if stated.a_percent < 0 or stated.b_percent < 0 or stated.a_percent + stated.b_percent > 100:
        yield Finding(("counting", "a_percent"), "A and B together are not 0 to 100 percent", "the rest is C")
    for key in ("a", "b", "c"):
        of_class = getattr(stated, key)
        if of_class.interval_days < 1:
            yield Finding(("counting", key, "interval_days"), "is below one day", "state whole days")
        if of_class.tolerance_units < 0:
            yield Finding(("counting", key, "tolerance_units"), "is below zero", "state 0 or more")
        if not 0 <= of_class.tolerance_percent <= 100:
            yield Finding(("counting", key, "tolerance_percent"), "is not 0 to 100", 'state it like "0.5"')


def words(names: Iterable[str]) -> str:
    """Names in a row."""
    return ", ".join(sorted(names))
