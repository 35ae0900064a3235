"""Pure checks of what outside systems and sites say: what their tables name exists, and can be meant."""

import re
from collections.abc import Iterator

from .checks import Finding, check_zone, words
from .model import Configuration, System

_TIME = re.compile(r"^([01]\d|2[0-3]):[0-5]\d$")
_STATUS = re.compile(r"^[a-z][a-z0-9_]{0,39}$")


def check_systems(c: Configuration) -> Iterator[Finding]:
    """Systems have codes of their own, and name sites, channels, statuses and times that there are."""
    sites, channels = {site.code for site in c.sites}, {channel.code for channel in c.channels}
    codes = [system.code for system in c.systems]
    for n, system in enumerate(c.systems):
        if not system.code.strip() or "/" in system.code:
            problem = f"{system.code!r} cannot be a code"
            yield Finding(("systems", n, "code"), problem, "use letters, digits and dashes")
        if system.code in codes[:n]:
            yield Finding(("systems", n, "code"), f"{system.code} stands twice", "give each its own code")
        if system.channel and system.channel not in channels:
            problem = f"{system.channel} is not a channel"
            yield Finding(("systems", n, "channel"), problem, f"one of {words(channels)}")
        for code in system.sites:
            if code not in sites:
                yield Finding(("systems", n, "sites"), f"{code} is not a site", f"one of {words(sites)}")
        for word, code in system.locations.items():
            if code not in sites:
                path = ("systems", n, "locations", word)
                yield Finding(path, f"{code} is not a site", f"one of {words(sites)}")
            elif system.sites and code not in system.sites:
                path = ("systems", n, "locations", word)
                yield Finding(path, f"{code} is not one of its sites", f"add it to sites, or use {words(system.sites)}")
        for word, status in system.statuses.items():
            if status and not _STATUS.match(status):
                path = ("systems", n, "statuses", word)
                yield Finding(path, f"{status!r} is not a status", "write one of ours, such as available or damaged")
        yield from _check_figures(n, system)
        yield from check_zone(("systems", n, "timezone"), system.timezone)


def _check_figures(n: int, system: System) -> Iterator[Finding]:
    for time in system.times:
        if not _TIME.match(time):
            yield Finding(("systems", n, "times"), f"{time} is not a time of day", 'write it like "06:00"')
    for key in ("every_hours", "tolerance_units", "tolerance_percent", "grace_hours"):
        if getattr(system, key) < 0:
            yield Finding(("systems", n, key), "is below zero", "state 0 or more")
    if system.tolerance_percent > 100:
        yield Finding(("systems", n, "tolerance_percent"), "is above a hundred", "state a percentage, such as 0.5")
    if not 1 <= system.window_hours <= 24 * 31:
        yield Finding(("systems", n, "window_hours"), "is not from 1 to 744", "state whole hours, up to a month")


def check_snapshots(c: Configuration) -> Iterator[Finding]:
    """Rules of snapshots name sites once, and state figures that can be meant."""
    sites = {site.code for site in c.sites}
    named: set[str] = set()
    for n, rule in enumerate(c.snapshots):
        for code in rule.sites:
            if code not in sites:
                yield Finding(("snapshots", n, "sites"), f"{code} is not a site", f"one of {words(sites)}")
            if code in named:
                yield Finding(("snapshots", n, "sites"), f"an earlier rule names {code}", "name it once")
        named |= set(rule.sites)
        for key in ("tolerance_units", "tolerance_percent", "tolerance_minor", "missing_percent", "missing_rows"):
            if (getattr(rule, key) or 0) < 0:
                yield Finding(("snapshots", n, key), "is below zero", "state 0 or more")
        for key in ("tolerance_percent", "missing_percent"):
            if (getattr(rule, key) or 0) > 100:
                yield Finding(("snapshots", n, key), "is above a hundred", "state a percentage")
