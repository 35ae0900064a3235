"""Where goods lie in EAST, which keeps bins: a face to pick from in aisles A to F, and the rest in reserve.

Nothing here draws from the seed: where an article lies follows from its place in the catalogue.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from exports import Sku, stamp, write_csv

SITE = "EAST"
FACE = 48
"""Units of an article that its place in the aisles has room for."""


def at(text: str) -> datetime:
    """An instant of the story, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


PUT_AWAY = {"DN-4471": at("2026-05-06T15:10"), "DN-4620": at("2026-05-18T13:20")}
"""Deliveries to EAST that were carried to their bins, and when; what came last still stands at the dock."""
PICKED = (
    # order, SKU, units, whether from its reserve, when; no lantern was known to stand in reserve
    ("#US5930", "STOVE", 1, False, at("2026-06-08T11:52")),
    ("#US5801", "LANTERN", 2, True, at("2026-06-08T11:58")),
)
"""What was picked on Monday morning and has not left."""


class Shelves:
    """The bins of EAST."""

    def __init__(self, skus: Sequence[Sku]) -> None:
        self.place = {sku.code: n for n, sku in enumerate(skus)}

    def face(self, code: str) -> str:
        """Where an article is picked: aisle, bay, level."""
        n = self.place[code]
        return f"{'ABCDEF'[n % 6]}-{n // 6 % 12 + 1:02}-{n // 72 + 1}"

    def reserve(self, code: str) -> str:
        """Where the rest of it stands."""
        n = self.place[code]
        return f"R-{n // 12 + 1:02}-{n % 12 + 1}"

    def split(self, code: str, quantity: int) -> list[tuple[str, int]]:
        """(bin, units) of so many: the face first."""
        parts = [(self.face(code), min(quantity, FACE)), (self.reserve(code), quantity - FACE)]
        return [(place, units) for place, units in parts if units > 0]

    def open(self, rows: Sequence[dict[str, object]]) -> list[dict[str, object]]:
        """The rows of a stock file, bin by bin; at other sites they name none."""
        room: dict[str, int] = {}
        found: list[dict[str, object]] = []
        for row in rows:
            if row["site"] != SITE:
                found.append({**row, "bin": ""})
                continue
            code, quantity = str(row["sku"]), int(str(row["quantity"]))
            in_face = min(quantity, room.get(code, FACE))
            room[code] = room.get(code, FACE) - in_face
            for place, units in ((self.face(code), in_face), (self.reserve(code), quantity - in_face)):
                if units:
                    found.append({**row, "quantity": units, "bin": place})
        return found

    def write_put_away(self, folder: Path, delivery: str, lines: Sequence[tuple[str, str, int]]) -> None:
        """What was carried from the dock to the reserve, (SKU, lot, units) of a delivery."""
        write_csv(folder / f"bin-moves-{delivery}.csv", [
            {
                "reference": f"PA-{delivery}", "site": SITE, "sku": code, "lot": lot, "quantity": units, "from": "", "to": self.reserve(code),
                "occurred_at": stamp(PUT_AWAY[delivery]),
            }
            for code, lot, units in lines
        ])  # fmt: skip

    def write_picked(self, path: Path) -> None:
        """What pickers said of the bins that they went to."""
        write_csv(path, [
            {
                "order": order, "event": "picked", "site": SITE, "sku": code, "quantity": units,
                "bin": self.reserve(code) if from_reserve else self.face(code), "occurred_at": stamp(when),
            }
            for order, code, units, from_reserve, when in PICKED
        ])  # fmt: skip
