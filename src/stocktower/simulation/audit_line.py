"""A line of an order as the auditor expects it."""

from msgspec import Struct

from .audit_money import Share, unit_shares


class LineModel(Struct):
    """A line as it should be; `share` is what its `priced` units are worth."""

    line_no: int
    ref: str
    listing: str
    ordered: int
    cancelled: int
    shipped: int
    priced: int
    share: Share
    refunded: int = 0
    shipped_outside: int = 0
    """Shipped by the channel without a request of ours."""

    @property
    def live(self) -> int:
        """Units that have shipped or still may."""
        return self.ordered - self.cancelled

    def worth(self, first: int, end: int) -> Share:
        """What the units from one to another (not included) are worth."""
        if not self.priced:
            return self.share if first == 0 < end else Share()
        total = Share()
        for share in unit_shares(self.share, self.priced)[first:end]:
            total += share
        return total

    @property
    def earned(self) -> Share:
        """What has shipped is worth."""
        return self.worth(0, self.shipped)
