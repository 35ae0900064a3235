"""The model owns the configuration in its versions: what a merchant states, and who owns which step.

A version never changes once recorded; a change is made on the version that it was based on, or refused.
"""

from .accounts import DEFAULT_ACCOUNTS, account
from .loading import ConfigurationError, Problem, load_configuration
from .model import (
    CasePolicy,
    Channel,
    Configuration,
    Demo,
    Holds,
    LegalEntity,
    Merchant,
    OperatingModel,
    Rate,
    SafetyStock,
    SetAside,
    Site,
    Sourcing,
)
from .rules import (
    Change,
    RateMissing,
    WillNotRun,
    case_policy,
    check_runs,
    difference,
    entity_of_channel,
    entity_of_site,
    owner_of,
    rate,
)
from .service import (
    Applied,
    ApplyOutcome,
    NotApplied,
    NotAppliedThen,
    StaleBase,
    apply_configuration,
    load_applied,
    load_applied_at,
    load_applied_version,
    load_versions,
)
from .template import template

__all__ = [
    "DEFAULT_ACCOUNTS",
    "Applied",
    "ApplyOutcome",
    "CasePolicy",
    "Change",
    "Channel",
    "Configuration",
    "ConfigurationError",
    "Demo",
    "Holds",
    "LegalEntity",
    "Merchant",
    "NotApplied",
    "NotAppliedThen",
    "OperatingModel",
    "Problem",
    "Rate",
    "RateMissing",
    "SafetyStock",
    "SetAside",
    "Site",
    "Sourcing",
    "StaleBase",
    "WillNotRun",
    "account",
    "apply_configuration",
    "case_policy",
    "check_runs",
    "difference",
    "entity_of_channel",
    "entity_of_site",
    "load_applied",
    "load_applied_at",
    "load_applied_version",
    "load_configuration",
    "load_versions",
    "owner_of",
    "rate",
    "template",
]
