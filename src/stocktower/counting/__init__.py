"""Counting owns cycle counts: what is to be counted when, the sheets, what was entered, and what came of it.

Always true: a row is on one unfinished sheet at most; a round of a line is counted by one person; every line of a
closed sheet is applied, rejected or superseded, and what is applied moved its row once. What is thought to be there is
shown to nobody while anything of a sheet is to be counted. A count becomes stock through ordering, as what the site
held at the instant of each line: what moved since and whom it cuts are decided where snapshots are.
"""

from .entering import enter
from .finishing import approve, drop, finish, recount, reject, tell
from .model import (
    Applied,
    Correction,
    Count,
    CountItem,
    Entered,
    Finished,
    Line,
    Planned,
    PlannedLine,
    RowFacts,
    Sheet,
)
from .planning import PLAN, plan, plan_due, schedule_plans
from .rules import COUNTED_KINDS
from .sheets import SUBJECT, CountRefused, UnknownSheet, statuses_of
from .views import (
    Accuracy,
    CountLine,
    CountSheet,
    SheetRow,
    Variance,
    Variances,
    count_sheets,
    list_sheets,
    load_accuracy,
    load_numbers,
    load_sheet,
    load_variances,
)

__all__ = [
    "COUNTED_KINDS",
    "PLAN",
    "SUBJECT",
    "Accuracy",
    "Applied",
    "Correction",
    "Count",
    "CountItem",
    "CountLine",
    "CountRefused",
    "CountSheet",
    "Entered",
    "Finished",
    "Line",
    "Planned",
    "PlannedLine",
    "RowFacts",
    "Sheet",
    "SheetRow",
    "UnknownSheet",
    "Variance",
    "Variances",
    "approve",
    "count_sheets",
    "drop",
    "enter",
    "finish",
    "list_sheets",
    "load_accuracy",
    "load_numbers",
    "load_sheet",
    "load_variances",
    "plan",
    "plan_due",
    "recount",
    "reject",
    "schedule_plans",
    "statuses_of",
    "tell",
]
