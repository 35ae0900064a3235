"""Counts: the sheets, one to be counted on a phone, and what differs for the one who approves."""

from urllib.parse import urlencode

import msgspec
from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from stocktower import access, catalog, counting
from stocktower.counting import CountItem, CountLine, CountRefused, CountSheet, UnknownSheet
from stocktower.platform import Transaction
from stocktower.web.acts import Result, act_text
from stocktower.web.desk import AtDesk, Desk
from stocktower.web.forms import FilledForm, Form

PAGE = 50
STATES = {"open": "waiting", "approval": "risk", "applied": "done", "rejected": "quiet"}
WHYS = {
    "discrepancy": "known to lack something",
    "surprise": "something was not found",
    "empty": "ran empty: a glance is enough",
    "never": "never counted",
    "due": "due by its age",
    "asked": "asked for",
    "found": "found on the spot",
}
COUNT = access.Permission.COUNT_STOCK


@get("/counts", sync_to_thread=True)
def counts_page(
    desk: AtDesk, site: FromQuery[str] = "", view: FromQuery[str] = "", page: FromQuery[int] = 1
) -> Response[str]:
    """The sheets that are unfinished, or done, and how right the books were."""
    with desk.reading() as tx:
        return _show_list(desk, tx, site=site, closed=view == "closed", page=max(1, page))


@post("/counts", sync_to_thread=True, status_code=200)
def plan_page(desk: AtDesk, form: FilledForm) -> Response[str] | Redirect:
    """Make the sheet of a site, or say what is due."""
    desk.require(COUNT)
    trying = form.get("how") != "do"
    try:
        planned, codes = desk.carry_out(lambda tx: _plan(tx, form), dry_run=trying)
    except CountRefused as refusal:
        result = Result("No sheet was made", trying, problem=_sentence(str(refusal)))
        with desk.reading() as tx:
            return _show_list(desk, tx, result=result, given=form.values)
    if planned.number is not None and not trying:
        return Redirect(f"/counts/{planned.number}", status_code=303)
    changes = [
        f"{codes[one.row.sku_id]}{place_words(one.bin)}, {one.row.status}: {WHYS[one.why]}, class {one.grade}"
        for one in planned.lines
    ]
    if planned.waiting:
        changes.append(f"{planned.waiting:,} more rows are due and wait for another day")
    result = Result(f"To count at {planned.site}: {len(planned.lines):,} lines", trying, changes)
    with desk.reading() as tx:
        return _show_list(desk, tx, result=result, given=form.values)


def place_words(code: str | None) -> str:
    """Behind a SKU that is counted bin by bin: where."""
    return "" if code is None else f" in {code}" if code else " in no bin"


def _plan(tx: Transaction, form: Form) -> tuple[counting.Planned, dict[int, str]]:
    lines = form.get("lines")
    if lines and not (lines.isascii() and lines.isdigit()):
        raise CountRefused(f"{lines} lines", field="lines", fix="state a whole number")
    skus = form.get("skus").replace(",", " ").split()
    planned = counting.plan(tx, form.get("site"), lines=int(lines) if lines else None, skus=skus)
    found = catalog.load_skus(tx, {one.row.sku_id for one in planned.lines})
    return planned, {sku_id: sku.code for sku_id, sku in found.items()}


def _show_list(
    desk: Desk,
    tx: Transaction,
    *,
    site: str = "",
    closed: bool = False,
    page: int = 1,
    result: Result | None = None,
    given: dict[str, str] | None = None,
) -> Response[str]:
    network = desk.network(tx)
    offset = (page - 1) * PAGE
    chosen = site if site in network.site_ids else ""
    sheets = counting.list_sheets(tx, network, site=chosen, closed=closed, limit=PAGE, offset=offset)
    unfinished, done = counting.count_sheets(tx, network, chosen)
    sites = [one for one in network.sites.values() if one.active and one.kind in counting.COUNTED_KINDS]
    return desk.show(
        tx, "counts.html", status=422 if result and result.problem else 200, title="Counts", sheets=sheets,
        unfinished=unfinished, done=done, is_closed=closed, site=chosen, sites=sites, states=STATES, result=result,
        given=given or {}, may_count=desk.may(COUNT), accuracy=counting.load_accuracy(tx, network, chosen),
        number_of_page=page, has_more=(done if closed else unfinished) > offset + PAGE,
    )  # fmt: skip


@get("/counts/{number:int}", sync_to_thread=True)
def count_page(
    desk: AtDesk,
    number: FromPath[int],
    line: FromQuery[int] = 0,
    scan: FromQuery[str] = "",
    at: FromQuery[str] = "",
    mode: FromQuery[str] = "",
    said: FromQuery[str] = "",
) -> Response[str]:
    """A sheet: blind, line by line, while it is counted; what differs when all of it is."""
    with desk.reading() as tx:
        try:
            sheet = counting.load_sheet(tx, desk.network(tx), number, reader=desk.person.name)
        except UnknownSheet as unknown:
            raise NotFoundException(f"There is no count sheet {number}.") from unknown
        if sheet.sheet.state != "open":
            return _show_variances(desk, tx, number, said)
        return _show_sheet(desk, tx, sheet, Look(line, scan.strip(), mode, said, at=at))


class Look(msgspec.Struct, frozen=True):
    """Where a counter is on a sheet."""

    line: int = 0
    scan: str = ""
    mode: str = ""
    """scan: after each line the next thing is scanned; elsewhere: it lies in another bin too; else the next line comes
    by itself."""
    said: str = ""
    """What was written just now."""
    problem: str = ""
    quantity: str = ""
    """What was typed and not taken."""
    at: str = ""
    """The bin that the counter stands at."""


class Place(msgspec.Struct, frozen=True):
    """What a counter is asked for now: a line, or something found that is on no line."""

    line: CountLine | None = None
    found: catalog.Sku | None = None
    problem: str = ""


def _place(tx: Transaction, sheet: CountSheet, look: Look) -> Place:
    """The line that was chosen or scanned, else the first that this person can count; a bin may be scanned too."""
    by_no = {line.line_no: line for line in sheet.lines}
    if look.line in by_no:
        return Place(by_no[look.line])
    to_count = next((line for line in sheet.lines if line.state == "to_count"), None)
    if not look.scan:
        return Place(to_count)
    text = look.scan
    fitting = [line for line in sheet.lines if text in (line.sku, line.barcode, str(line.line_no), line.bin or None)]
    # Of a SKU in several statuses or bins one that is still to be counted, here before elsewhere, then as people walk.
    fitting.sort(key=lambda line: (line.state != "to_count", bool(look.at) and line.bin != look.at))
    if fitting and look.mode != "elsewhere":
        return Place(fitting[0])
    same = catalog.find_by_barcode(tx, [text]).get(text, [])
    if len(same) > 1:
        codes = ", ".join(sku.code for sku in same)
        return Place(to_count, problem=f"{text} is the barcode of {codes}. Type the code of the one that lies here.")
    found = catalog.find_skus(tx, [text]).get(text) or next(iter(same), None)
    if found is None:
        return Place(to_count, problem=f"{text} is no code and no barcode of a SKU. Nothing was written.")
    return Place(None, found)


def _show_sheet(desk: Desk, tx: Transaction, sheet: CountSheet, look: Look) -> Response[str]:
    place = _place(tx, sheet, look)
    problem = look.problem or place.problem
    units = catalog.load_units(tx, [place.found.sku_id]).get(place.found.sku_id, {}) if place.found else {}
    mine = [line for line in sheet.lines if line.state == "to_count"]
    others = [line for line in sheet.lines if line.state == "other"]
    return desk.show(
        tx, "count.html", status=422 if look.problem else 200, title=f"Sheet {sheet.sheet.number}", sheet=sheet,
        now_line=place.line, found=place.found, found_units=sorted(units.items(), key=lambda item: item[1]),
        statuses=counting.statuses_of(tx), look=look, problem=problem, mine=mine, others=others,
        scanning=look.mode == "scan" or (bool(look.scan) and look.mode != "elsewhere"), may_count=desk.may(COUNT),
        may_drop=desk.may(access.Permission.APPROVE_COUNTS),
    )  # fmt: skip


def _show_variances(desk: Desk, tx: Transaction, number: int, said: str) -> Response[str]:
    found = counting.load_variances(tx, desk.network(tx), number)
    acts = [act_text(name) for name in ("approve_count", "recount_lines", "reject_count")]
    site = desk.network(tx).sites.get(found.sheet.site_id)
    return desk.show(
        tx, "variances.html", title=f"Sheet {number}", found=found, acts=acts, whys=WHYS, said=said,
        differing=[one for one in found.lines if one.line.difference], states=STATES,
        may_approve=desk.may(access.Permission.APPROVE_COUNTS), counted_myself=desk.person.name in found.counted_by,
        zone=site.timezone if site else "",
    )  # fmt: skip


@post("/counts/{number:int}", sync_to_thread=True, status_code=200)
def count_act(desk: AtDesk, number: FromPath[int], form: FilledForm) -> Response[str] | Redirect:
    """Write one line, add what was found, or end the round."""
    if form.get("act") != "drop":
        desk.require(COUNT)
    try:
        if form.get("act") == "finish":
            rest = form.get("rest_not_found") == "yes"
            finished = desk.carry_out(lambda tx: counting.finish(tx, number, rest_not_found=rest))
            said = "" if finished.state != "open" else f"{finished.recounts:,} to be counted again by another person"
            return _to(number, said=said)
        if form.get("act") == "drop":
            desk.require(access.Permission.APPROVE_COUNTS)
            desk.carry_out(lambda tx: counting.drop(tx, number, form.get("note")))
            return _to(number)
        item = _item(form)
        after = int(form.get("after") or 0) if item.line_no else None
        (entered,) = desk.carry_out(lambda tx: counting.enter(tx, number, [item], after=after))
        if entered.problem:
            raise CountRefused(entered.problem, field=entered.field, fix=entered.fix)
    except UnknownSheet as unknown:
        raise NotFoundException(f"There is no count sheet {number}.") from unknown
    except CountRefused as refusal:
        return _refused(desk, number, form, _sentence(str(refusal)))
    unit = f" {item.unit}" if item.unit else ""
    place = place_words(item.bin) if item.bin or form.get("act") == "found" else ""
    said = f"{entered.sku}{place}: {item.quantity:,}{unit} written"
    return _to(number, said=said, mode=form.get("mode"), at=form.get("at"))


def _item(form: Form) -> CountItem:
    """What a person typed; raises CountRefused."""
    typed = "0" if form.get("none") else form.get("quantity").replace(" ", "")
    if not (typed.isascii() and typed.isdigit()):
        words = f"{typed!r} is not a quantity" if typed else "No quantity is stated"
        raise CountRefused(words, field="quantity", fix="type a whole number, 0 where there is none")
    number, round_ = form.get("line"), form.get("round")
    return CountItem(
        int(typed),
        sku=form.get("sku"),
        line_no=int(number) if number.isascii() and number.isdigit() else 0,
        unit=form.get("unit"),
        status=form.get("status"),
        lot=form.get("lot"),
        round=int(round_) if round_.isascii() and round_.isdigit() else 0,
        found=form.get("act") == "found",
        bin=form.get("bin") if "bin" in form.values else None,
    )


def _refused(desk: Desk, number: int, form: Form, problem: str) -> Response[str]:
    """The same place once more, with what was typed and why it was not taken."""
    line = form.get("line")
    with desk.reading() as tx:
        sheet = counting.load_sheet(tx, desk.network(tx), number, reader=desk.person.name)
        if sheet.sheet.state != "open":
            return _show_variances(desk, tx, number, problem)
        look = Look(
            int(line) if line.isdigit() else 0,
            form.get("sku"),
            form.get("mode"),
            "",
            problem,
            form.get("quantity"),
            form.get("at"),
        )
        return _show_sheet(desk, tx, sheet, look)


def _to(number: int, **query: str) -> Redirect:
    given = {name: value for name, value in query.items() if value}
    return Redirect(f"/counts/{number}" + (f"?{urlencode(given)}" if given else ""), status_code=303)


def _sentence(text: str) -> str:
    words = text[:1].upper() + text[1:]
    return words if words.endswith(".") else f"{words}."
