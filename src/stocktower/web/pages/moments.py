"""The instant that a page of the past is asked for."""

from litestar.exceptions import ValidationException

from stocktower import insight
from stocktower.inventory import Basis, Moment
from stocktower.platform import Transaction
from stocktower.web import formats
from stocktower.web.desk import Desk


def moment_asked(desk: Desk, tx: Transaction, at: str, basis: Basis) -> Moment | None:
    """The moment that a page is asked for; nothing: now."""
    try:
        return insight.read_moment(tx, at, formats.zone_of(desk.network(tx).timezone), basis)
    except insight.BadInstant as error:
        raise ValidationException(str(error)) from None
