"""What acts on cases may need to know, as forms, requests and the command line give it."""

from collections.abc import Mapping

import msgspec

from stocktower import ordering
from stocktower.app.output import CommandFailed

LARGEST_PACK = 1_000_000
LONGEST_HOURS = 24 * 366


class Arguments(msgspec.Struct, frozen=True):
    """What an act may need to know."""

    sku: str | None = None
    pack: int = 1
    hours: int = 24
    units: int = 0
    note: str = ""
    street: str = ""
    city: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = ""

    @property
    def address(self) -> ordering.AddressParts:
        """The parts of an address that are stated: personal data."""
        return ordering.AddressParts(self.street, self.city, self.region, self.postal_code, self.country)

    def recorded(self) -> dict[str, object]:
        """What the audit keeps of them: of an address, which parts were stated, and not what they say."""
        parts = set(ordering.AddressParts.__struct_fields__)
        kept: dict[str, object] = {
            name: value for name, value in msgspec.structs.asdict(self).items() if name not in parts
        }
        return kept | ({"address": list(self.address.names)} if self.address.names else {})


def arguments_of(given: Mapping[str, str]) -> Arguments:
    """Arguments from a form, a request or the command line; names the one that cannot be."""
    try:
        found = msgspec.convert({key: value for key, value in given.items() if value}, Arguments, strict=False)
    except msgspec.ValidationError as error:
        raise CommandFailed(f"the arguments cannot be read: {error}") from error
    if not 1 <= found.pack <= LARGEST_PACK:
        raise CommandFailed(f"pack {found.pack}: state a whole number from 1 to {LARGEST_PACK:,}")
    if not 1 <= found.hours <= LONGEST_HOURS:
        raise CommandFailed(f"hours {found.hours}: state a whole number from 1 to {LONGEST_HOURS:,}")
    return found
