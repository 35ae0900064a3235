"""The case of a transfer that is closed with units missing, or of which more came than had left."""

from collections.abc import Collection, Sequence

from stocktower.catalog import load_skus
from stocktower.kernel import CaseKind
from stocktower.model import Configuration
from stocktower.network import Network
from stocktower.platform import Transaction
from stocktower.worklist import Raise, Waiter, close_by_cause, raise_cases

from .transfer_rules import Standing, Transfer


def settle_transfers(
    tx: Transaction,
    configuration: Configuration,
    network: Network,
    standings: Sequence[Standing],
    closed: Collection[int],
) -> None:
    """Open a case for each closed transfer with units missing, and each of which more came than left; close the others.

    What came before its source said that it left is none as long as that may still be said: see `tell_not_told`.
    """
    missing = {one.transfer.transfer_id: [line for line in one.lines if line.in_transit] for one in standings}
    ahead = {one.transfer.transfer_id: sum(line.ahead for line in one.lines) for one in standings}
    whole = [cause_key(transfer_id) for transfer_id, lines in missing.items() if not lines]
    if whole:
        close_by_cause(tx, CaseKind.TRANSFER_DISCREPANCY, whole, "nothing of it is missing any more")
    told = [over_key(transfer_id) for transfer_id, units in ahead.items() if not units]
    if told:
        close_by_cause(tx, CaseKind.TRANSFER_DISCREPANCY, told, "its source has said that all of it left")
    raises: list[Raise] = []
    skus = load_skus(tx, {line.sku_id for lines in missing.values() for line in lines})
    for one in standings:
        transfer, lines = one.transfer, missing[one.transfer.transfer_id]
        units = sum(line.in_transit for line in lines)
        if (transfer.transfer_id in closed or transfer.closed_at is not None) and units:
            money = sum(line.in_transit * (skus[line.sku_id].cost_minor or 0) for line in lines)
            named = {skus[line.sku_id].code: line.in_transit for line in lines}
            words = f"{units:,} units of transfer {transfer.reference} did not arrive"
            raises.append(
                _case(network, transfer, cause_key(transfer.transfer_id), words, units, money, {"missing": named})
            )
        if one.beyond > one.beyond_before:
            words = f"{one.beyond:,} units more of transfer {transfer.reference} arrived than had left"
            raises.append(
                _case(network, transfer, over_key(transfer.transfer_id), words, one.beyond, 0, {"over": one.beyond})
            )
    if raises:
        raise_cases(tx, configuration, raises)
    tell_not_told(
        tx,
        configuration,
        network,
        [(one.transfer, ahead[one.transfer.transfer_id]) for one in standings if one.transfer.transfer_id in closed],
    )


def tell_not_told(
    tx: Transaction, configuration: Configuration, network: Network, ahead: Sequence[tuple[Transfer, int]]
) -> None:
    """Open a case for each transfer of which units are not in transit any more that nobody said had left."""
    raises: list[Raise] = []
    for transfer, units in ahead:
        if units:
            origin = network.sites[transfer.from_site_id].code
            words = f"{origin} has not said that {units:,} units of transfer {transfer.reference} left, which arrived"
            raises.append(_case(network, transfer, over_key(transfer.transfer_id), words, units, 0, {"over": units}))
    if raises:
        raise_cases(tx, configuration, raises)


def cause_key(transfer_id: int) -> str:
    """What identifies the cause: the transfer."""
    return f"transfer/{transfer_id}"


def over_key(transfer_id: int) -> str:
    """What identifies that more of a transfer came than left, as far as its source says."""
    return f"{cause_key(transfer_id)}/over"


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
