"""Carries out what people of the simulated world do at the tower, each in a transaction of its own."""

from datetime import timedelta

from stocktower import catalog, inventory, network, ordering, payments
from stocktower.app.home import Tower
from stocktower.app.sightings import see_stock
from stocktower.inventory import EndHold, HoldRequest
from stocktower.payments import AttemptState
from stocktower.platform import Transaction, run_again
from stocktower.simulation import Cart, CartLeft, CartPaid, Deed, Done, Making, Recall

NOTE = "it was found to be bad"


def carry_out(tower: Tower, deed: Deed, actor: str) -> Done:
    """What the tower answers to a deed; a repeat is answered like the first."""

    def once() -> Done:
        with tower.transaction(actor) as tx:
            if isinstance(deed, Making):
                return _make(tx, deed)
            if isinstance(deed, Cart):
                return _hold(tx, deed)
            if isinstance(deed, CartPaid | CartLeft):
                return _end(tx, deed)
            found = catalog.find_skus(tx, [deed.sku])
            if not found:
                return Done("unknown")
            sku_id = found[deed.sku].sku_id
            try:
                if isinstance(deed, Recall):
                    done = ordering.hold_lot(tx, sku_id, deed.lot, NOTE)
                    return Done("held", tuple(_name(tx, order_id) for order_id in done.shipped))
                ordering.release_lot(tx, sku_id, deed.lot, NOTE)
            except ordering.NotPossible as refusal:
                return Done("unknown" if "not known" in str(refusal) else "already")
            return Done("open")

    return run_again(once)


def _make(tx: Transaction, deed: Making) -> Done:
    try:
        made = inventory.state_assembly(tx, deed.document)
    except inventory.NotUsable:
        return Done("refused")
    return Done(made.state, moved=tuple((line.sku, line.units) for line in made.lines))


def _hold(tx: Transaction, cart: Cart) -> Done:
    skus = catalog.find_skus(tx, [sku for sku, _ in cart.lines])
    if len(skus) < len(dict(cart.lines)):
        return Done("unknown")
    sku_ids = [sku.sku_id for sku in skus.values()]
    before = see_stock(tx, sku_ids)
    lines = tuple((skus[sku].sku_id, units) for sku, units in cart.lines)
    channel_id = network.load_network(tx).channel_ids[cart.shop]
    until = tx.now + timedelta(minutes=cart.minutes)
    [given] = inventory.hold(tx, [HoldRequest(channel_id, cart.reference, lines, until)])
    return Done(given.state, (), before, see_stock(tx, sku_ids))


def _end(tx: Transaction, deed: CartPaid | CartLeft) -> Done:
    channel_id = network.load_network(tx).channel_ids[deed.shop]
    if isinstance(deed, CartPaid):
        payments.record_attempts(tx, [(channel_id, deed.reference, AttemptState(deed.state))])
        return Done(deed.state)
    [ended] = inventory.release_holds(tx, [EndHold(channel_id, deed.reference)])
    return Done(ended.state)


def _name(tx: Transaction, order_id: int) -> tuple[str, str]:
    """(channel, reference) of an order."""
    detail = ordering.load_order(tx, network.load_network(tx), order_id)
    assert detail is not None
    return detail.order.channel, detail.order.order_ref
