"""Rules on what channels are offered: short forms, what each speaks of, and what is wrong with one. Pure."""

from collections.abc import Iterator

from .model import ChannelRule, Configuration


def stated_rules(configuration: Configuration) -> list[ChannelRule]:
    """All rules of a configuration; `safety_stock` and `set_asides` are short forms of them."""
    return [
        *(
            ChannelRule("safety_stock", sku=one.sku, site=one.site, quantity=one.quantity)
            for one in configuration.safety_stock
        ),
        *(
            ChannelRule("set_aside", channel=one.channel, sku=one.sku, mode="level", quantity=one.quantity)
            for one in configuration.set_asides
        ),
        *configuration.channel_rules,
    ]


def rule_scope(rule: ChannelRule) -> str:
    """What a rule speaks of: two rules of one scope are two versions of the same."""
    what = f"sku:{rule.sku}" if rule.sku else f"category:{rule.category}" if rule.category else ""
    where = f"site:{rule.site}" if rule.site else f"group:{rule.group}" if rule.group else ""
    window = [at.isoformat() if at else "" for at in (rule.starts_at, rule.ends_at)]
    return "/".join([rule.kind, rule.channel, what, where, *window])


def check_rule(rule: ChannelRule, configuration: Configuration) -> Iterator[tuple[str, str, str]]:
    """(field, problem, fix) of all that is wrong with a rule by itself."""
    yield from _check_names(rule, configuration)
    yield from _check_figures(rule)
    for name, at in (("starts_at", rule.starts_at), ("ends_at", rule.ends_at)):
        if at is not None and at.tzinfo is None:
            yield name, "has no offset", "write it like 2026-11-20T00:00:00-05:00"
    both = rule.starts_at and rule.ends_at and rule.starts_at.tzinfo and rule.ends_at.tzinfo
    if both and rule.starts_at and rule.ends_at and rule.ends_at <= rule.starts_at:
        yield "ends_at", "is not after starts_at", "give the window a length"


def _check_names(rule: ChannelRule, configuration: Configuration) -> Iterator[tuple[str, str, str]]:
    sites = sorted(site.code for site in configuration.sites)
    channels = sorted(channel.code for channel in configuration.channels)
    groups = sorted(group.code for group in configuration.groups)
    if rule.kind == "safety_stock" and rule.channel:
        yield "channel", "safety stock is offered to no channel", "leave it out"
    if rule.kind != "safety_stock" and rule.channel not in channels:
        problem = f"{rule.channel} is not a channel" if rule.channel else "names no channel"
        yield "channel", problem, f"one of {', '.join(channels)}"
    if rule.sku and rule.category:
        yield "category", "names a SKU too", "state a SKU, or a category, or neither for everything"
    if rule.site and rule.group:
        yield "group", "names a site too", "state a site, or a group, or neither for the whole network"
    if rule.site and rule.site not in sites:
        yield "site", f"{rule.site} is not a site", f"one of {', '.join(sites)}"
    if rule.group and rule.group not in groups:
        fix = f"one of {', '.join(groups)}" if groups else f'add [[groups]] with code = "{rule.group}"'
        yield "group", f"{rule.group} is not a group of sites", fix
    if (rule.site or rule.group) and (rule.kind in ("share", "floor") or rule.mode == "quota"):
        what = "a quota" if rule.mode == "quota" else f"a {rule.kind}"
        fix = "leave the place out, or keep a level (mode) or a cap there"
        yield "site" if rule.site else "group", f"{what} counts wherever its orders ship from", fix


def _check_figures(rule: ChannelRule) -> Iterator[tuple[str, str, str]]:
    modes = {"set_aside": ("", "level", "quota"), "safety_stock": ("", "days")}.get(rule.kind, ("",))
    if rule.mode not in modes:
        yield "mode", f"{rule.mode} is nothing that {rule.kind} has", f"leave it out{_or(modes)}"
    if rule.quantity is None and rule.kind not in ("share", "exclusive") and rule.mode != "days":
        yield "quantity", "is not stated", "state stock units"
    if (rule.quantity or 0) < 0:
        yield "quantity", "is below zero", "state 0 or more"
    if not 0 <= rule.percent <= 100:
        yield "percent", f"{rule.percent} is not a share", "state 0 to 100"
    if rule.kind == "share" and rule.quantity is not None:
        yield "quantity", "a share is in percent", "state percent"
    if rule.kind != "share" and rule.percent != 100:
        yield "percent", f"{rule.kind} is in units", "state quantity"
    if rule.mode == "days" and (rule.days < 1 or rule.over_days < 1):
        yield "days", "no days of cover are stated", "state days, and over_days to measure demand by"
    if rule.mode != "days" and rule.days:
        yield "days", "only safety stock in days has them", 'add mode = "days"'
    if rule.kind == "exclusive" and rule.quantity not in (None, 0, 1):
        yield "quantity", "is neither 1 (it sells alone) nor 0 (not)", "state 1 or 0"


def _or(modes: tuple[str, ...]) -> str:
    named = [mode for mode in modes if mode]
    return f", or one of {', '.join(named)}" if named else ""
