"""What is laid claim to and what a channel is offered, as data: of one SKU, or of many at once (then in arrays)."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from .reach import Cell, site_of

Units = Any
"""A whole number, or an int64 array with one element a SKU."""
Levels = Mapping[Any, Units]
"""By cell (`reach.Cell`), of which most are the id of a site."""
_NOTHING: Mapping[int, int] = {}
_NOWHERE: Mapping[Cell, int] = {}
WHOLE = 100
"""A share of everything, in percent."""


class Kept(Struct, frozen=True):
    """Units that a rule keeps for a channel at some sites of it, or all of what lies there for that channel alone."""

    channel_id: int
    units: Units
    """Exclusive: 1 where the rule holds, 0 where it does not."""
    sites: frozenset[int] | None = None
    """None: wherever the channel sells from."""
    rule_id: int = 0

    def at(self, cell: Cell) -> bool:
        """Whether the rule speaks of a cell."""
        return self.sites is None or site_of(cell) in self.sites


class Claims(Struct, frozen=True):
    """Who else lays claim to one SKU."""

    asides: Mapping[int, Units] = _NOTHING
    """Channel -> units still set aside for it at all of its sites."""
    waiting: Mapping[int, Units] = _NOTHING
    """Channel -> units accepted and not allocated."""
    placed: tuple[Kept, ...] = ()
    """What is set aside at some sites only."""
    exclusive: tuple[Kept, ...] = ()
    """Channels that sell alone; of several, each."""
    rules: Mapping[int, int] = _NOTHING
    """Channel -> the rule that `asides` come from."""


class Terms(Struct, frozen=True):
    """How much of what is left a channel is offered."""

    cap: Units = None
    """The most; None: no cap."""
    share: Units = WHOLE
    """Percent."""
    own: Units = 0
    """What the channel used since its share began."""
    floor: Units = 0
    """Shown as zero below this."""
    placed: tuple[Kept, ...] = ()
    """The most of what lies at some sites; `channel_id` is this channel."""
    cap_rule: int = 0
    share_rule: int = 0
    floor_rule: int = 0


FREE = Terms()


class Claim(Struct, frozen=True):
    """A claim of another channel that was taken off, or of this one's own waiting orders."""

    channel_id: int
    units: Units
    sites: frozenset[int] | None = None
    rule_id: int = 0


class Net(Struct, frozen=True):
    """What is left of a level for one channel, with each claim that was taken off.

    net = level - exclusive - waiting - aside. Of whole numbers only claims above zero are listed.
    """

    level: Units
    waiting: tuple[Claim, ...]
    aside: tuple[Claim, ...]
    net: Units
    """Below zero where more is claimed than there is."""
    exclusive: tuple[Claim, ...] = ()
    """What lies at the channel's sites and only others may sell."""
    open: Levels = _NOWHERE
    """Cell -> units that the channel may sell, before claims."""
