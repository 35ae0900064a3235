"""The case of a transfer that is closed with units missing, or of which more came than had left."""

from collections.abc import Collection, Mapping, Sequence

from stocktower.catalog import load_skus
from stocktower.kernel import CaseKind
from stocktower.model import Configuration
from stocktower.network import Network
from stocktower.platform import Transaction
from stocktower.worklist import Raise, Waiter, close_by_cause, raise_cases

from .transfer_rules import Transfer, TransferLine


def settle_transfers(
    tx: Transaction,
    configuration: Configuration,
    network: Network,
    transfers: Sequence[tuple[Transfer, Sequence[TransferLine]]],
    closed: Collection[int],
    unannounced: Mapping[int, int],
) -> None:
    """Open a case for each transfer that was closed with units missing, and close those of which nothing is missing."""
    missing = {transfer.transfer_id: [line for line in lines if line.in_transit] for transfer, lines in transfers}
    whole = [cause_key(transfer_id) for transfer_id, lines in missing.items() if not lines]
    if whole:
        close_by_cause(tx, CaseKind.TRANSFER_DISCREPANCY, whole, "nothing of it is missing any more")
    raises: list[Raise] = []
    skus = load_skus(tx, {line.sku_id for lines in missing.values() for line in lines})
    for transfer, _ in transfers:
        lines = missing[transfer.transfer_id]
        units = sum(line.in_transit for line in lines)
        if transfer.transfer_id in closed and units:
            money = sum(line.in_transit * (skus[line.sku_id].cost_minor or 0) for line in lines)
            named = {skus[line.sku_id].code: line.in_transit for line in lines}
            words = f"{units:,} units of transfer {transfer.reference} did not arrive"
            raises.append(
                _case(network, transfer, cause_key(transfer.transfer_id), words, units, money, {"missing": named})
            )
        if more := unannounced.get(transfer.transfer_id):
            words = f"{more:,} units more of transfer {transfer.reference} arrived than had left"
            key = f"{cause_key(transfer.transfer_id)}/over"
            raises.append(_case(network, transfer, key, words, more, 0, {"over": more}))
    if raises:
        raise_cases(tx, configuration, raises)


def cause_key(transfer_id: int) -> str:
    """What identifies the cause: the transfer."""
    return f"transfer/{transfer_id}"


def _case(
    network: Network, transfer: Transfer, key: str, words: str, units: int, money: int, data: dict[str, object]
) -> Raise:
    sites = {
        "from": network.sites[transfer.from_site_id].code,
        "to": network.sites[transfer.to_site_id].code,
    }
    return Raise(
        kind=CaseKind.TRANSFER_DISCREPANCY,
        cause_key=key,
        title=f"{words}, from {sites['from']} to {sites['to']}",
        data={"transfer_id": transfer.transfer_id, "reference": transfer.reference, **sites, **data},
        waiters=(Waiter("transfer", transfer.transfer_id, units, money),),
    )
