"""What sites say of kits and lots, in what was sold: components that make kits, and whose lot is meant."""

from collections.abc import Mapping

from stocktower import catalog, inventory
from stocktower.exchange import ConfirmationDocument, ConfirmationLine
from stocktower.fulfillment import ReportKind
from stocktower.platform import Transaction

from .model import Line, Order
from .shipments import Sent


def is_meant(line: Line, stated: ConfirmationLine, sku_id: int | None) -> bool:
    """Whether a stated line is about a line of an order: by its reference, our SKU, or the channel's own name."""
    if stated.line_ref:
        return line.line_ref == stated.line_ref
    return line.sku_id == sku_id if sku_id else line.listing == stated.sku


def kit_with(order: Order, stated: ConfirmationLine, sku_id: int | None) -> Line | None:
    """The kit of an order that a stated line names a component of; None where it names something that was sold."""
    if sku_id is None or stated.line_ref or any(is_meant(line, stated, sku_id) for line in order.lines):
        return None
    kits = (line for line in order.lines if len(line.components) > 1 and sku_id in dict(line.components))
    return next(kits, None)


def sold_lines(
    order: Order, document: ConfirmationDocument, skus: Mapping[str, int]
) -> tuple[list[ConfirmationLine], list[str]]:
    """(lines in what was sold, problems): where a site tells of the components of a kit, as many kits as they make, or
    as are short of one; beside the kit itself they only say which lots it was. `skus`: id by stated code.
    """
    sold: list[ConfirmationLine] = []
    parts: dict[int, dict[int, int]] = {}
    for stated in document.lines:
        sku_id = skus.get(stated.sku)
        kit = kit_with(order, stated, sku_id)
        if kit is None or sku_id is None:
            sold.append(stated)
        else:
            of_kit = parts.setdefault(kit.line_no, {})
            of_kit[sku_id] = of_kit.get(sku_id, 0) + stated.quantity
    told = {line.line_no for line in order.lines for one in sold if is_meant(line, one, skus.get(one.sku))}
    problems: list[str] = []
    for line in order.lines:
        units = parts.get(line.line_no)
        if units is None or line.line_no in told:
            continue
        if document.kind == ReportKind.SHORT_PICKED:
            kits = max(-(-units.get(sku_id, 0) // per_unit) for sku_id, per_unit in line.components)
        else:
            kits = min(units.get(sku_id, 0) // per_unit for sku_id, per_unit in line.components)
            if any(units.get(sku_id, 0) != kits * per_unit for sku_id, per_unit in line.components):
                problems.append(f"the components of {line.listing} that are stated make {kits}, and some are left")
        if kits:
            sold.append(ConfirmationLine(kits, "", line.line_ref))
    return sold, problems


def sent_of(
    tx: Transaction, order: Order, document: ConfirmationDocument, skus: Mapping[str, int]
) -> dict[int, list[Sent]]:
    """What is said by SKU, of lines that name a lot or bin: of a kit, of its component that has that lot."""
    named: dict[int, list[Sent]] = {}
    for stated in document.lines:
        if not stated.lot and not stated.bin:
            continue
        sku_id = skus.get(stated.sku)
        if sku_id is not None and kit_with(order, stated, sku_id) is not None:
            named.setdefault(sku_id, []).append((stated.lot, stated.bin, stated.quantity))
            continue
        line = next((line for line in order.lines if is_meant(line, stated, sku_id)), None)
        part_id = part_of(tx, line, stated.lot) if line is not None else None
        if line is not None and part_id is not None:
            packs = line.pack_quantity if sku_id and not stated.line_ref else 1
            units = stated.quantity * dict(line.components)[part_id] // packs
            named.setdefault(part_id, []).append((stated.lot, stated.bin, units))
    return named


def part_of(tx: Transaction, line: Line, lot: str) -> int | None:
    """The component of a line that a lot is of; None where nobody can say."""
    parts = [sku_id for sku_id, _ in line.components]
    if len(parts) == 1:
        return parts[0]
    if not lot:
        return None
    tracked = sorted(catalog.load_tracking(tx, parts))
    if len(tracked) > 1:
        tracked = [sku_id for sku_id in tracked if inventory.load_lot(tx, sku_id, lot) is not None]
    return tracked[0] if len(tracked) == 1 else None
