"""The goods' own story: lots that expire, deliveries, an assembly, counts, suppliers, and what the ERP believes.

Nothing here draws from the seed, and no order depends on it: the orders of the eight weeks stay what they are.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from exports import Sku, money, stamp, write_csv
from shelves import PUT_AWAY, SITE

if TYPE_CHECKING:
    from make import Acme

STORY = """
BAR-OAT          lots first to expire first: OB-2506 ends on 19 June, Amazon and wholesale get the next one
GAS-230          lot G26-0311 went to customers: trace it, or rehearse its recall
WEST             the count of this morning waits for approval; Friday's is in the books
EAST             keeps bins: its sheet goes bin by bin and is half done; DN-4803 is not put away; a stove is picked, and two
                 lanterns out of a bin that had none
REORDER          purchase orders for Harbor Mills, Cascade Provisions and Northway Tents, each with its reasons
ERP              its stock file differs: late receipt, missed breakage, cases as pieces, two SKUs mixed up, shrinkage
"""

PURCHASED = {
    1: Sku("BAR-OAT", "Trail oat bars, box of 12", 2499, 1080, columns={
        "category": "food", "tracking": "lot", "supplier": "Cascade Provisions", "moq": 48, "order_multiple": 12,
    }),
    5: Sku("GAS-230", "Gas cartridge 230 g", 899, 360, columns={"category": "fuel", "tracking": "lot"}),
    9: Sku("MEAL-CHILI", "Trail meal, chili", 1099, 483, columns={
        "category": "food", "tracking": "lot", "supplier": "Cascade Provisions", "moq": 60, "order_multiple": 20,
    }),
    34: Sku("PANTRY-BOX", "Trail pantry box", 6999, 2529, columns={
        "category": "food", "materials": "BAR-OAT:1;MEAL-CHILI:3",
    }),
}  # fmt: skip
"""What stands in the place of a drawn article: by its place, so that the orders that were drawn for it buy this."""

LATER = {"BAR-OAT": 132, "MEAL-CHILI": 60}
"""Of what EAST needs for the eight weeks, what was not there at cut-over: the deliveries bring it."""
IN_WEST = 12
"""Of each that is tracked by lot."""
SCARCE = ("AC-1004", "AC-1005", "AC-1016", "AC-1098", "AC-1100", "AC-1195", "AC-1196", "AC-1200", "AC-1300")
"""Of these WEST has but a quarter of the others: they are to be ordered by now."""
LOTS = {
    "BAR-OAT": {
        "EAST": ("OB-2506", "2026-06-19", "OB-2511", "2026-11-30"), "WEST": ("OB-2511", "2026-11-30"),
        "STORE-BOS": ("OB-2511", "2026-11-30"), "STORE-SEA": ("OB-2505", "2026-05-31"), "EU-3PL": ("OB-2512", "2026-12-18"),
    },
    "MEAL-CHILI": {
        "EAST": ("MC-2507", "2026-07-05", "MC-2702", "2027-02-28"), "WEST": ("MC-2702", "2027-02-28"),
        "STORE-BOS": ("MC-2702", "2027-02-28"), "STORE-SEA": ("MC-2702", "2027-02-28"), "EU-3PL": ("MC-2702", "2027-02-28"),
    },
    "GAS-230": {
        "EAST": ("G26-0311", "", "G26-0318", ""), "WEST": ("G26-0311", ""), "STORE-BOS": ("G26-0318", ""),
        "STORE-SEA": ("G26-0318", ""), "EU-3PL": ("G26-0402", ""),
    },
}  # fmt: skip
"""What stood where at cut-over, and how long it keeps; of two lots in EAST the first is sized to be nearly gone by now."""
NEARLY_GONE = {"BAR-OAT": 31, "MEAL-CHILI": 14, "GAS-230": 0}


def at(text: str) -> datetime:
    """An instant of the story, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


UNWEIGHED = ("AC-1004", "AC-1046", "AC-1098", "AC-1117")
"""Nobody has put them on the scales yet: the steward's queue has them, by what is sold of each."""

DELIVERIES = (
    # reference, site, supplier, confirmed, expected, delivery note, received, (sku, ordered, came, damaged, lot, expires)
    ("PO-1019", "EAST", "Cascade Provisions", at("2026-04-15T14:00"), "2026-05-07", "DN-4471", at("2026-05-06T13:40"),
     (("BAR-OAT", 36, 36, 0, "OB-2511", "2026-11-30"), ("MEAL-CHILI", 20, 20, 0, "MC-2702", "2027-02-28"))),
    ("PO-1024", "EAST", "Cascade Provisions", at("2026-04-22T15:30"), "2026-05-15", "DN-4620", at("2026-05-17T18:10"),
     (("BAR-OAT", 48, 48, 2, "OB-2602", "2027-02-26"), ("MEAL-CHILI", 20, 20, 0, "MC-2703", "2027-03-31"))),
    ("PO-1031", "EAST", "Cascade Provisions", at("2026-05-03T16:00"), "2026-05-28", "DN-4803", at("2026-05-30T14:20"),
     (("BAR-OAT", 12, 12, 0, "OB-2602", "2027-02-26"), ("MEAL-CHILI", 20, 20, 0, "MC-2703", "2027-03-31"))),
    ("PO-1036", "WEST", "Ridge Textiles", at("2026-05-12T17:00"), "2026-06-08", "DN-4921", at("2026-06-08T02:10"),
     (("AC-1038", 36, 36, 0, "", ""), ("AC-1040", 24, 24, 0, "", ""))),
)  # fmt: skip

BREAKAGE = ("ADJ-214", "WEST", "AC-1013", -6, at("2026-05-30T18:25"), "a pallet tipped over in aisle 4")
ASSEMBLED = ("WO-77", "EAST", "PANTRY-BOX", 10, at("2026-06-03T14:00"))

COUNTED = "2026-06-04T2200Z/counts-WEST.csv"
COUNTS = {
    # site, (sku, off by so many or not counted yet, who); what is said again is the count of another person
    COUNTED: ("WEST", (
        ("AC-1021", 0, "Dana Reyes"), ("AC-1023", 0, "Dana Reyes"), ("AC-1033", -1, "Dana Reyes"),
        ("AC-1036", 0, "Dana Reyes"), ("AC-1037", 0, "Dana Reyes"), ("AC-1039", 0, "Dana Reyes"), ("WHISTLE", 0, "Dana Reyes"),
    )),
    "2026-06-08T1105Z/counts-EAST.csv": ("EAST", (
        ("PICNIC-BASKET", 0, "Kim Ortiz"), ("PICNIC-BLANKET", 0, "Kim Ortiz"), ("BOTTLE", 0, "Kim Ortiz"), ("AC-1001", None, ""),
        ("AC-1004", None, ""), ("AC-1007", None, ""), ("STOVE", None, ""), ("BAR-OAT", None, ""),
    )),
    "2026-06-08T1105Z/counts-WEST.csv": ("WEST", (
        ("AC-1026", -3, "Dana Reyes"), ("AC-1026", -3, "Will Tran"), ("AC-1027", 0, "Dana Reyes"), ("AC-1028", 2, "Dana Reyes"),
        ("AC-1028", 2, "Will Tran"), ("AC-1032", 0, "Dana Reyes"), ("AC-1034", 0, "Dana Reyes"), ("AC-1030", 0, "Dana Reyes"),
    )),
}  # fmt: skip

ERP_PLACES = {"WEST": "1020", "STORE-SEA": "1041"}
"""What the ERP calls the sites of which it sends stock."""
ERP_CODES = {"AC-1099": "TH-0099"}
"""A SKU that it has under the code of another supplier since its master data were changed."""
ERP_CHANGED = at("2026-06-05T18:00")
STATEMENTS = {"2026-06-01T1000Z": at("2026-06-01T04:00"), "2026-06-08T1205Z": at("2026-06-08T04:00")}
BELIEVED = {
    # what the ERP has more or less of than we do: (site, sku) -> units, at each statement
    "2026-06-01T1000Z": {("WEST", "AC-1013"): 6, ("WEST", "AC-1045"): -2, ("STORE-SEA", "AC-1051"): -1},
    "2026-06-08T1205Z": {
        ("WEST", "AC-1013"): 6, ("WEST", "AC-1045"): -4, ("WEST", "AC-1062"): -5, ("STORE-SEA", "AC-1051"): -1,
        ("WEST", "AC-1018"): 18, ("WEST", "AC-1019"): -18, ("WEST", "AC-1038"): -36, ("WEST", "AC-1040"): -24,
    },
}  # fmt: skip


def instant_of(name: str) -> datetime:
    """When the folder of a file arrives."""
    return datetime.strptime(name.partition("/")[0], "%Y-%m-%dT%H%MZ").replace(tzinfo=UTC)


class Goods:
    """What stands where, as far as the story has to know it: WEST and the Seattle store ship nothing else."""

    def __init__(self, acme: "Acme", root: Path) -> None:
        self.acme, self.root = acme, root
        self.opening: dict[tuple[str, str], int] = {}

    def write(self) -> None:
        """All files of the story, beside those of the orders."""
        self.write_deliveries()
        reference, site, sku, quantity, when, note = BREAKAGE
        row: dict[str, object] = {"reference": reference, "site": site, "sku": sku, "quantity": quantity}
        row |= {"reason": "breakage", "occurred_at": stamp(when), "note": note}
        write_csv(self.root / "2026-06-01T1000Z" / "adjustments.csv", [row])
        reference, site, sku, quantity, when = ASSEMBLED
        row = {"reference": reference, "site": site, "sku": sku, "quantity": quantity, "occurred_at": stamp(when)}
        write_csv(self.root / "2026-06-04T2200Z" / "assemblies.csv", [row])
        for name, (site, lines) in COUNTS.items():
            self.write_counts(self.root / name, site, lines)
        for folder, as_of in STATEMENTS.items():
            self.write_statement(self.root / folder / "statement-erp.csv", as_of, BELIEVED[folder])

    def open(self, rows: list[dict[str, object]]) -> list[dict[str, object]]:
        """Note what was there at cut-over; gives the rows of what is tracked by lot, each lot a row."""
        found: list[dict[str, object]] = []
        for row in rows:
            site, code = str(row["site"]), str(row["sku"])
            if site == "WEST" and code in SCARCE:
                row["quantity"] = int(str(row["quantity"])) // 4
            if code in LOTS:
                row["quantity"] = self.quantity_of(site, code, int(str(row["quantity"])))
                found += [row | lot for lot in self.lots_of(site, code, int(str(row["quantity"])))]
            self.opening[site, code] = int(str(row["quantity"]))
        return found

    def quantity_of(self, site: str, code: str, drawn: int) -> int:
        """What was there of a SKU with lots: less than drawn where deliveries bring the rest."""
        return IN_WEST if site == "WEST" else drawn - LATER.get(code, 0) if site == "EAST" else drawn

    def lots_of(self, site: str, code: str, quantity: int) -> list[dict[str, object]]:
        """Quantity, lot and last day of each lot."""
        first, expires, *second = LOTS[code][site]
        if not second:
            return [{"quantity": quantity, "lot": first, "expires": expires}]
        old = min(quantity, self.sold_first(code) + NEARLY_GONE[code])
        return [
            {"quantity": old, "lot": first, "expires": expires},
            {"quantity": quantity - old, "lot": second[0], "expires": second[1]},
        ]

    def sold_first(self, code: str) -> int:
        """About what customers of the web shop took of the first lot: they are sent what expires first."""
        return sum(
            quantity
            for order in self.acme.orders
            if order.channel == "shopify-us" and not order.fulfilled and not order.cancelled
            for sku, quantity in order.lines
            if sku.code == code
        )

    def held(self, site: str, code: str, when: datetime) -> int:
        """What is there at an instant, of what no order is sent from."""
        units = self.opening.get((site, code), 0)
        for _, to, _, _, _, _, received, lines in DELIVERIES:
            if to == site and received <= when:
                units += sum(came - damaged for sku, _, came, damaged, _, _ in lines if sku == code)
        if (site, code) == BREAKAGE[1:3] and BREAKAGE[4] <= when:
            units += BREAKAGE[3]
        if site == COUNTS[COUNTED][0] and when > instant_of(COUNTED):
            units += next((off for sku, off, _ in COUNTS[COUNTED][1] if sku == code and off), 0)
        return units

    def write_deliveries(self) -> None:
        """What was ordered, in the folder after it was confirmed, and what came, in the folder after it came."""
        ordered: dict[Path, list[dict[str, object]]] = {}
        received: dict[Path, list[dict[str, object]]] = {}
        for reference, site, supplier, confirmed, expected, note, came_at, lines in DELIVERIES:
            for code, quantity, came, damaged, lot, expires in lines:
                ordered.setdefault(self.folder_after(confirmed), []).append({
                    "reference": reference, "site": site, "supplier": supplier, "sku": code, "quantity": quantity,
                    "expected_at": expected, "confirmed": "yes", "cost": money(self.acme.by_code[code].cost), "currency": "USD",
                })  # fmt: skip
                received.setdefault(self.folder_after(came_at), []).append({
                    "reference": note, "inbound": reference, "site": site, "sku": code, "quantity": came - damaged, "damaged": damaged or "",
                    "lot": lot, "expires_on": expires, "received_at": stamp(came_at), "complete": "yes",
                })  # fmt: skip
        for folder, rows in ordered.items():
            write_csv(folder / "inbound.csv", rows)
        for folder, rows in received.items():
            write_csv(folder / "receipts.csv", rows)
        for _, _, _, _, _, note, _, lines in DELIVERIES:
            if note in PUT_AWAY:
                folder = self.folder_after(PUT_AWAY[note])
                carried = [(code, lot, came - damaged) for code, _, came, damaged, lot, _ in lines]
                self.acme.shelves.write_put_away(folder, note, carried)

    def folder_after(self, when: datetime) -> Path:
        """The first folder that arrives after an instant."""
        return next(folder for folder in sorted(self.root.glob("20??-*")) if f"{when:%Y-%m-%dT%H%MZ}" < folder.name)

    def write_counts(self, path: Path, site: str, lines: tuple[tuple[str, int | None, str], ...]) -> None:
        """A sheet: what it names, and what was counted by the time that its folder arrives."""
        when = instant_of(str(path.relative_to(self.root)))
        write_csv(path, [
            {"sku": code, "bin": place, "quantity": "" if off is None else units, "counted_by": by}
            for code, off, by in lines
            for place, units in self.places(site, code, self.held(site, code, when) + (off or 0))
        ])  # fmt: skip

    def places(self, site: str, code: str, units: int) -> list[tuple[str, int]]:
        """(bin, units) where a SKU is counted: bin by bin where the site keeps them."""
        return self.acme.shelves.split(code, units) if site == SITE else [("", units)]

    def write_statement(self, path: Path, as_of: datetime, apart: dict[tuple[str, str], int]) -> None:
        """The ERP's stock file, in its own words: places by number, and what it has not posted yet is not there."""
        rows: list[dict[str, object]] = []
        for site, place in ERP_PLACES.items():
            for there, code in sorted(self.opening):
                if there != site:
                    continue
                units = self.held(site, code, as_of) + apart.get((site, code), 0)
                if code == "ROPE-10M" and as_of > ERP_CHANGED:
                    units //= 12  # it keeps ropes in cases
                rows.append({
                    "location": place, "sku": code if as_of < ERP_CHANGED else ERP_CODES.get(code, code), "stock status": "UNRESTRICTED", "quantity": units,
                    "as_of": stamp(as_of),
                })  # fmt: skip
        write_csv(path, rows)
