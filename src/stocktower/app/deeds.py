"""Carries out what people of the simulated world do at the tower, each in a transaction of its own."""

from datetime import timedelta

from stocktower import catalog, inventory, network, payments
from stocktower.app.home import Tower
from stocktower.inventory import EndHold, HoldRequest
from stocktower.payments import AttemptState
from stocktower.platform import Transaction
from stocktower.simulation import Cart, CartPaid, Deed, Done


def carry_out(tower: Tower, deed: Deed, actor: str) -> Done:
    """What the tower answers to a deed; a repeat is answered like the first."""
    with tower.transaction(actor) as tx:
        if isinstance(deed, Cart):
            return _hold(tx, deed)
        channel_id = network.load_network(tx).channel_ids[deed.shop]
        if isinstance(deed, CartPaid):
            payments.record_attempts(tx, [(channel_id, deed.reference, AttemptState(deed.state))])
            return Done(deed.state)
        [ended] = inventory.release_holds(tx, [EndHold(channel_id, deed.reference)])
        return Done(ended.state)


def _hold(tx: Transaction, cart: Cart) -> Done:
    skus = catalog.find_skus(tx, [sku for sku, _ in cart.lines])
    lines = tuple((skus[sku].sku_id, units) for sku, units in cart.lines)
    channel_id = network.load_network(tx).channel_ids[cart.shop]
    [given] = inventory.hold(
        tx, [HoldRequest(channel_id, cart.reference, lines, tx.now + timedelta(minutes=cart.minutes))]
    )
    return Done(given.state)
