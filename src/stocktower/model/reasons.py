"""The reasons for which stock may be adjusted, with the account against it; a configuration adds its own."""

from .model import AdjustmentReason, Configuration

DEFAULT_REASONS: dict[str, AdjustmentReason] = {
    reason.code: reason
    for reason in (
        AdjustmentReason("breakage", "Broken", "write_down", "out"),
        AdjustmentReason("expired", "Past its date", "write_down", "out"),
        AdjustmentReason("missing", "Missing", "shrinkage", "out"),
        AdjustmentReason("found", "Found", "shrinkage", "in"),
        AdjustmentReason("sample", "Given away as a sample", "samples", "out"),
        AdjustmentReason("internal_use", "Used by ourselves", "internal_use", "out"),
        AdjustmentReason("vendor_return", "Sent back to the supplier", "goods_received_not_invoiced", "out"),
        AdjustmentReason("correction", "Correction of a mistake", "shrinkage", "both"),
    )
}
"""By code; a reason of the configuration with the same code takes its place."""


def adjustment_reasons(configuration: Configuration) -> dict[str, AdjustmentReason]:
    """All reasons by code."""
    return DEFAULT_REASONS | {reason.code: reason for reason in configuration.reasons}
