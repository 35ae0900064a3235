"""The act on master data that costs money."""

from stocktower import stewardship
from stocktower.platform import Transaction
from stocktower.worklist import Case


def recheck(tx: Transaction, case: Case, actor: str) -> list[str]:
    """Check all master data again; the case closes where it is mended."""
    stewardship.check_everything(tx)
    counts = {one.name: one for one in stewardship.load_overview(tx).checks}
    count = counts.get(str(case.data["check"]))
    return [f"{count.skus:,} SKUs fail it, {count.sold:,} of them sold" if count else "no SKU fails it any more"]
