"""Sourcing decides from where an order ships: pure, no database, no locks; it changes nothing and owns no table.

Always true of a choice: assigned + missing = asked on every line; no site gives more than is free there; a kit comes
whole from one site; a site is used only where it serves the channel and ships to the country.
"""

from .model import Choice, Reason, SourcingLine, SourcingRequest
from .rules import Planner, decide
from .words import explain

__all__ = ["Choice", "Planner", "Reason", "SourcingLine", "SourcingRequest", "decide", "explain"]
