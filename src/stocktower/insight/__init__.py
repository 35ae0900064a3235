"""Insight answers questions that reach over several rooms, now or as of any instant; it reads, and changes nothing.

Every figure comes from the rules of the room that owns it, so that no two places can say two things.
"""

from .explained import (
    Asked,
    AtsAnswer,
    BadInstant,
    ChannelAts,
    ExplainedStep,
    ListingShown,
    Piece,
    ask,
    explain_ats,
    load_listings,
    name_skus,
    read_moment,
)
from .exports import FORMATS, TABLES, Table, Written, write_table
from .grid import GridAsked, GridPage, GridRow, load_grid, load_grid_by_figure, rows_by_sku, walk_skus
from .history import HistoryEntry, Point, load_points, name_entries, window
from .in_bins import BadBinPlace, BinChange, BinHistory, BinLine, BinPage, load_bin_history, load_bins_page
from .posted import find_journals, load_moves_of
from .promised import AtpAnswers, answer_atp

__all__ = [
    "FORMATS",
    "TABLES",
    "Asked",
    "AtpAnswers",
    "AtsAnswer",
    "BadBinPlace",
    "BadInstant",
    "BinChange",
    "BinHistory",
    "BinLine",
    "BinPage",
    "ChannelAts",
    "ExplainedStep",
    "GridAsked",
    "GridPage",
    "GridRow",
    "HistoryEntry",
    "ListingShown",
    "Piece",
    "Point",
    "Table",
    "Written",
    "answer_atp",
    "ask",
    "explain_ats",
    "find_journals",
    "load_bin_history",
    "load_bins_page",
    "load_grid",
    "load_grid_by_figure",
    "load_listings",
    "load_moves_of",
    "load_points",
    "name_entries",
    "name_skus",
    "read_moment",
    "rows_by_sku",
    "walk_skus",
    "window",
    "write_table",
]
