"""What the auditor expects of one request to a site: what of it is picked, packed, shipped and short."""

from datetime import datetime

from msgspec import Struct, field

from .seen import SeenRequest


class AskedLine(Struct):
    """Units of one line that a site was asked for."""

    quantity: int
    cancelled: int = 0
    """As the tower told the site; the auditor does not predict what is called back from where."""
    picked: int = 0
    packed: int = 0
    shipped: int = 0
    short: int = 0
    ahead: int = 0
    """Shipped by the channel's word; the site's own is still to come."""

    @property
    def live(self) -> int:
        """Units that have shipped or still may."""
        return self.quantity - self.cancelled - self.short

    @property
    def outstanding(self) -> int:
        """Units that the site still owes."""
        return self.live - self.shipped


class RequestModel(Struct):
    """A request as it should be."""

    fulfillment_id: int
    site: str
    asked_at: datetime
    lines: dict[int, AskedLine] = field(default_factory=dict[int, AskedLine])

    def is_due(self, is_shipped: bool) -> bool:
        """Whether the site has something left to do, or (of shipments) to tell of."""
        return any(self.due(line_no, is_shipped=is_shipped) > 0 for line_no in self.lines)

    def due(self, line_no: int, *, is_shipped: bool) -> int:
        """Units of a line that the site still has to tell of."""
        line = self.lines[line_no]
        return line.outstanding + (line.ahead if is_shipped else 0)

    def outstanding(self, line_no: int) -> int:
        """Units of a line that the site still owes."""
        line = self.lines.get(line_no)
        return line.outstanding if line else 0

    def out_of_reach(self, line_no: int) -> int:
        """Units of a line that cannot be called back any more."""
        line = self.lines.get(line_no)
        return max(line.picked, line.shipped) if line else 0

    def see(self, request: SeenRequest) -> None:
        """Learn what was asked, and what was called back."""
        for line in request.lines:
            known = self.lines.setdefault(line.line_no, AskedLine(line.quantity))
            known.cancelled = line.cancelled

    def hear_shipped(self, line_no: int, units: int) -> None:
        """The channel says that units left the site."""
        line = self.lines[line_no]
        line.ahead += units
        self._ship(line, units)

    def hear(self, kind: str, line_no: int, units: int) -> tuple[int, int]:
        """(units that moved, units that cannot be true) of what the site reports itself."""
        line = self.lines[line_no]
        if kind == "picked":
            line.picked = max(line.picked, min(line.live, line.picked + units))
        elif kind == "packed":
            line.packed = max(line.packed, min(line.live, line.packed + units))
            line.picked = max(line.picked, line.packed)
        elif kind == "short_picked":
            missed = min(units, max(0, line.outstanding))
            line.short += missed
            line.picked = min(line.picked, line.live)
            line.packed = min(line.packed, line.picked)
            return missed, units - missed
        elif kind == "shipped":
            told = min(units, line.ahead)
            line.ahead -= told
            moved = min(units - told, max(0, line.outstanding))
            self._ship(line, moved)
            return moved, units - told - moved
        return 0, 0

    def _ship(self, line: AskedLine, units: int) -> None:
        line.shipped += units
        line.packed = max(line.packed, line.shipped)
        line.picked = max(line.picked, line.packed)
