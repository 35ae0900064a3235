"""What people do about an order whose address cannot be shipped to: correct it, or release it all the same."""

import msgspec
from msgspec import Struct, structs

from stocktower import customers, exchange
from stocktower.exchange import Address, OrderDocument
from stocktower.kernel import country_code, region_code
from stocktower.platform import Transaction

from . import events
from .acts import NotPossible, act
from .addresses import decide_unshippable
from .changes import clear_hold, readdress
from .model import Facts, HoldName, Order, Plan

_decode = msgspec.json.Decoder(OrderDocument).decode


class AddressParts(Struct, frozen=True):
    """Parts of an address as a person states them; what is empty stays as it is."""

    street: str = ""
    city: str = ""
    region: str = ""
    """Code or name."""
    postal_code: str = ""
    country: str = ""
    """Code or name."""

    @property
    def names(self) -> tuple[str, ...]:
        """Which parts are stated."""
        return tuple(name for name, text in structs.asdict(self).items() if text.strip())

    def put_into(self, address: Address) -> Address:
        """An address with these parts in place of its own; where it lies exactly is not known any more."""
        stated = {name: getattr(self, name).strip() for name in self.names}
        country = stated["country"] = country_code(stated.get("country", "") or address.country)
        stated["region"] = region_code(stated.get("region", "") or address.region, country)
        return structs.replace(address, **stated, latitude=None, longitude=None)


def correct_address(tx: Transaction, order_id: int, parts: AddressParts) -> list[str]:
    """State parts of the address of an order that is held for it anew: it goes on. Raises UnknownOrder, NotPossible."""

    def decide(order: Order, facts: Facts, plan: Plan) -> None:
        _require_held(order)
        known = customers.load_contact(tx, order_id)
        if known is None:
            raise NotPossible(f"who order {order.number} goes to was erased: cancel it, or release it with a reason")
        corrected = parts.put_into(known.ship_to)
        wrong = decide_unshippable(corrected, whole=_is_whole(tx, order))
        if wrong:
            raise NotPossible(f"order {order.number} cannot be shipped there either: {'; '.join(wrong)}")
        customers.record_contacts(tx, [customers.contact_with(order_id, structs.replace(known, ship_to=corrected))])
        readdress(order, known.ship_to, corrected, facts, tx.now, plan)
        data = events.AddressCorrected(parts.names)
        plan.events.append(events.event("address.corrected", order, tx.now, data))
        clear_hold(order, HoldName.ADDRESS, tx.actor, tx.now, plan)

    return act(tx, [order_id], decide)


def release_address(tx: Transaction, order_id: int, reason: str) -> list[str]:
    """Let an order go to the address that it has, for a reason. Raises UnknownOrder, NotPossible."""

    def decide(order: Order, facts: Facts, plan: Plan) -> None:
        _require_held(order)
        clear_hold(order, HoldName.ADDRESS, tx.actor, tx.now, plan, reason=reason)

    return act(tx, [order_id], decide)


def _require_held(order: Order) -> None:
    if not order.open_hold(HoldName.ADDRESS):
        raise NotPossible(f"order {order.number} is not held for its address")


def _is_whole(tx: Transaction, order: Order) -> bool:
    """Whether the channel states whole addresses; where its message was erased, nothing says that it does not."""
    stated = exchange.load_messages(tx, [] if order.message_id is None else [order.message_id])
    return all(_decode(message.body).address_stated for message in stated if message.body)
