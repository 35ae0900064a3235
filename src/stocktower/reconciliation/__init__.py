"""Reconciliation compares our stock with what outside systems state of it, as of their instant, and why they differ.

A comparison moves nothing. Always true: compared = matched + within + different; every line that differs has a likely
cause with its evidence; what stands between a system and us is what its last statement of that line said.
"""

from .acts import NotPossible, accept_theirs, allow
from .causes import judge, within_tolerance
from .group_cases import PROBLEMS
from .model import (
    CAUSE_WORDS,
    Allowance,
    Cause,
    CauseCount,
    Coming,
    Difference,
    Key,
    LineFacts,
    Moved,
    Run,
    Statement,
    SystemRow,
    Underway,
    UnknownLine,
    Unworked,
    Verdict,
)
from .rules import cause_key, overdue_at, scope_of, split_cause_key
from .service import (
    COMPARE,
    EXPECTED,
    UnknownSystem,
    apply_systems,
    compare_again,
    compare_due,
    compare_statements,
    expect_later,
    miss_statements,
    system_of,
    take_statements,
)
from .views import (
    Group,
    SystemStatus,
    load_allowances,
    load_lines,
    load_runs,
    load_status,
    load_systems,
    load_unknown,
)

__all__ = [
    "CAUSE_WORDS",
    "COMPARE",
    "EXPECTED",
    "PROBLEMS",
    "Allowance",
    "Cause",
    "CauseCount",
    "Coming",
    "Difference",
    "Group",
    "Key",
    "LineFacts",
    "Moved",
    "NotPossible",
    "Run",
    "Statement",
    "SystemRow",
    "SystemStatus",
    "Underway",
    "UnknownLine",
    "UnknownSystem",
    "Unworked",
    "Verdict",
    "accept_theirs",
    "allow",
    "apply_systems",
    "cause_key",
    "compare_again",
    "compare_due",
    "compare_statements",
    "expect_later",
    "judge",
    "load_allowances",
    "load_lines",
    "load_runs",
    "load_status",
    "load_systems",
    "load_unknown",
    "miss_statements",
    "overdue_at",
    "scope_of",
    "split_cause_key",
    "system_of",
    "take_statements",
    "within_tolerance",
]
