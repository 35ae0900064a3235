"""What sourcing is asked, and what it answers: a plan by line and site, with its reason."""

from msgspec import Struct


class SourcingLine(Struct, frozen=True):
    """One line that still needs stock; what is sold may be several SKUs at once (a kit), or several of one (a pack)."""

    line_no: int
    quantity: int
    """Sold units."""
    components: tuple[tuple[int, int], ...]
    """(sku_id, stock units in one sold unit)."""


class SourcingRequest(Struct, frozen=True):
    """One order, as far as the choice of sites needs it."""

    order_id: int
    channel_id: int
    country: str
    region: str
    lines: tuple[SourcingLine, ...]
    destination: tuple[float, float] | None = None
    """(latitude, longitude) where the source knows it; None: the middle of region or country."""


class Reason(Struct, frozen=True, omit_defaults=True):
    """Why a plan was chosen, in a form that is stored with the order: site codes and short words."""

    by: str
    """What decided: only, protected, splits, priority, distance, order, units, or none."""
    sites: tuple[str, ...] = ()
    """In the order in which they were taken."""
    runner_up: tuple[str, ...] = ()
    values: tuple[int, int] | None = None
    """What the chosen plan and the runner-up have of what decided (a count, a sum of priorities, km, or units)."""
    lacking: tuple[str, ...] = ()
    """Sites that serve the order and could not fill all of it alone."""
    spared: tuple[str, ...] = ()
    """Protected sites that could have served it and were left alone."""
    short: int = 0
    """Sold units that no site has."""


class Choice(Struct, frozen=True):
    """The plan: assigned + missing = asked, on every line."""

    assignments: tuple[tuple[int, int, int], ...]
    """(line_no, site_id, sold units)."""
    missing: tuple[tuple[int, int], ...]
    """(line_no, sold units)."""
    reason: Reason
    runner_up: tuple[int, ...] = ()
    """Site ids of the second best plan."""
    no_site: bool = False
    """No site serves the channel and ships to the country, whatever its stock."""
