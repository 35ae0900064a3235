"""Commands about lots: which there are, where one is and who has it, its recall and the undoing of that."""

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Literal

from cyclopts import App

from stocktower import access, catalog, inventory, network, ordering, web
from stocktower.access import Permission as P
from stocktower.app.home import Tower, rehearsal
from stocktower.app.options import DryRunFlag, HomeOption, JsonFlag, actor, is_allowed, opened
from stocktower.app.output import CommandFailed, out, say_json, say_table
from stocktower.app.reads import find_sku
from stocktower.platform import Transaction, run_again

lot_app = App(name="lot", help="Lots: where they are, who has them, and their recall.")


@lot_app.command(name="list")
def list_lots(
    code: str = "", /, *, sku: str | None = None, state: Literal["open", "held"] | None = None, home: HomeOption = None,
    json: JsonFlag = False,
) -> None:  # fmt: skip
    """Lots whose code begins with CODE, the first to expire first."""
    with opened(home) as tower, tower.reading() as tx:
        sku_id = find_sku(tx, sku).sku_id if sku else 0
        lots = inventory.load_lots(tx, code=code, sku_id=sku_id, state=state or "")
        skus = catalog.load_skus(tx, {one.sku_id for one in lots})
        codes = {sku_id: one.code for sku_id, one in skus.items()}
    if json:
        say_json({"lots": [{"sku": codes[one.sku_id], "lot": one} for one in lots]})
        return
    rows = [
        (codes[one.sku_id], one.lot, one.state, one.quantity, one.allocated,
         f"{one.expires_at:%Y-%m-%d %H:%M}" if one.expires_at else "-")
        for one in lots
    ]  # fmt: skip
    say_table("Lots", ("SKU", "Lot", "State", "On hand", "Allocated", "Expires (UTC)"), rows, empty="none")


@lot_app.command
def show(sku: str, lot: str, /, *, home: HomeOption = None, json: JsonFlag = False) -> None:
    """Where LOT of SKU is, what happened to it, and which orders have it."""
    with opened(home) as tower:
        found, sites = load(tower, sku, lot)
    if json:
        say_json(found)
        return
    out.print(f"Lot {lot} of {sku}: {found.lot.state}, {found.lot.quantity:,} on hand", markup=False)
    for one in found.recalls:
        words = "It is recalled" if (one.root.sku, one.root.lot) == (sku, lot) else f"Held by the recall of {one.root}"
        out.print(f"{words}: {one.note}", markup=False)
    say_table("Where", ("Site", "Status", "Owner", "On hand", "Allocated"),
              [(sites[row.site_id], row.status, row.owner, row.quantity, row.allocated) for row in found.rows],
              empty="nowhere")  # fmt: skip
    if found.made_of:
        say_relatives("Made of", found.made_of)
    if found.is_in:
        say_relatives("Is in", found.is_in)
    say_table("Orders", ("Order", "Channel", "SKU", "Lot", "Request", "Site", "Units", "State", "Customer"),
              [(one.order.number, one.order.channel, one.sku, one.lot, one.fulfillment or "-", sites[one.site_id],
                one.units, one.state, str(one.contact or "")) for one in found.orders],
              empty="none has it")  # fmt: skip


def say_relatives(title: str, found: Sequence[ordering.LotRelative]) -> None:
    """Lots that one is made of, or is in, the nearest first."""
    rows = [
        (one.depth, one.sku, one.lot or "(not tracked)", one.units, one.state or "-", one.quantity if one.lot else "-",
         ", ".join(one.references)) for one in found
    ]  # fmt: skip
    say_table(title, ("Steps", "SKU", "Lot", "Units", "State", "On hand", "Assemblies"), rows, empty="nothing")


def load(tower: Tower, sku: str, lot: str) -> tuple[ordering.LotDetail, dict[int, str]]:
    """A lot and the codes of sites; raises CommandFailed where it is not known."""
    with tower.reading() as tx:
        facts = network.load_network(tx)
        personal = is_allowed(tx, P.READ_PERSONAL_DATA)
        found = ordering.load_lot(tx, facts, find_sku(tx, sku).code, lot, personal=personal)
        if found is None:
            raise CommandFailed(f"{lot}: {sku} has no such lot; `stocktower lot list --sku {sku}` lists them", code=3)
        return found, {site_id: site.code for site_id, site in facts.sites.items()}


@lot_app.command
def recall(
    sku: str, lot: str, /, *, note: str, without: list[str] | None = None, alone: bool = False,
    dry_run: DryRunFlag = False, home: HomeOption = None, json: JsonFlag = False,
) -> None:  # fmt: skip
    """Hold LOT of SKU, and every lot that units of it went into by assembly, on all sites and for all channels; NOTE
    says why. Undo it with `lot release`.

    Parameters
    ----------
    without
        A lot that it went into, as SKU/LOT, that is not held; may be given several times. --dry-run lists them.
    alone
        Hold only this lot, and none that it went into.
    """
    with opened(home, P.ADJUST_STOCK) as tower:
        is_in = {f"{one.sku}/{one.lot}": one for one in load(tower, sku, lot)[0].is_in} if without else {}
        left_out: list[ordering.LotName] = []
        for name in without or ():
            if name not in is_in:
                known = ", ".join(is_in) or "none"
                raise CommandFailed(f"--without {name}: it is in no such lot, but in: {known}; nothing was done")
            left_out.append(ordering.LotName(is_in[name].sku, is_in[name].lot))

        def do(tx: Transaction, sku_id: int) -> ordering.Recalled:
            return ordering.hold_lot(tx, sku_id, lot, note, left_out=left_out, alone=alone)

        done: ordering.Recalled = carry_out(tower, sku, dry_run, do)
    if json:
        say_json({"dry_run": dry_run, "recalled": done})
        return
    out.print(
        f"{'Would hold' if dry_run else 'Held'} lot {lot} of {sku}: {len(done.waiting_again)} orders wait again for "
        f"other stock, {len(done.at_sites)} are with their sites, {len(done.shipped)} have shipped. "
        f"Who has it: stocktower lot show {sku} {lot}",
        markup=False,
    )
    for title, lots in (("With it", done.lots[1:]), ("Not held with it", done.left_out)):
        if lots:
            out.print(f"{title}: {', '.join(f'{one.sku}/{one.lot}' for one in lots)}", markup=False)
    if done.not_tracked:
        out.print(f"Also in {', '.join(done.not_tracked)}, without lots: nothing tells which units", markup=False)


@lot_app.command
def release(
    sku: str,
    lot: str,
    /,
    *,
    note: str = "",
    dry_run: DryRunFlag = False,
    home: HomeOption = None,
    json: JsonFlag = False,
) -> None:
    """Undo the recall of LOT of SKU with all lots that it holds; of a lot that is held by the recall of another, let it
    alone back. What another recall holds too stays held.
    """
    with opened(home, P.ADJUST_STOCK) as tower:
        done: ordering.Released = carry_out(
            tower, sku, dry_run, lambda tx, sku_id: ordering.release_lot(tx, sku_id, lot, note)
        )
    if json:
        say_json({"dry_run": dry_run, "sku": sku, "lot": lot, "released": done})
        return
    lots = ", ".join(str(one) for one in done.lots) or "no lot"
    out.print(f"{'Would release' if dry_run else 'Released'} lot {lots}", markup=False)
    for one, root in done.still_held:
        out.print(f"Lot {one} stays held by the recall of lot {root}", markup=False)


@lot_app.command(name="set")
def correct(
    sku: str,
    lot: str,
    /,
    *,
    expires: date | None = None,
    made_on: date | None = None,
    dry_run: DryRunFlag = False,
    home: HomeOption = None,
    json: JsonFlag = False,
) -> None:
    """Say what the dates of LOT of SKU are: --expires is the last day on which it may be sold."""
    if expires is None and made_on is None:
        raise CommandFailed("state --expires YYYY-MM-DD, --made-on YYYY-MM-DD, or both; nothing was done")
    if expires and made_on and expires < made_on:
        raise CommandFailed(f"--expires {expires}: is before it was made, on {made_on}; nothing was done")

    def do(tx: Transaction, sku_id: int) -> inventory.Lot | None:
        facts = network.load_network(tx)
        before = inventory.correct_lot(tx, sku_id, lot, facts, expires_on=expires, made_on=made_on)
        if before is None:
            raise CommandFailed(f"{lot}: no such lot of {sku}; `stocktower lot list --sku {sku}` lists them", code=3)
        data = {"sku": sku, "lot": lot, "expires": str(expires or ""), "made_on": str(made_on or "")}
        access.record_act(tx, "lot.set", "sku", sku_id, data)
        return before

    with opened(home, P.ADJUST_STOCK) as tower:
        carry_out(tower, sku, dry_run, do)
    if json:
        say_json({"dry_run": dry_run, "sku": sku, "lot": lot, "expires": expires, "made_on": made_on})
    else:
        out.print(f"{'Would set' if dry_run else 'Set'} the dates of lot {lot} of {sku}", markup=False)


@lot_app.command(name="epcis")
def export_epcis(
    sku: str, lot: str, /, *, output: Path | None = None, home: HomeOption = None, json: JsonFlag = False
) -> None:
    """The events of LOT of SKU as a GS1 EPCIS 2.0 document, on standard output or to --output."""
    with opened(home) as tower:
        found, _ = load(tower, sku, lot)
        with tower.reading() as tx:
            document = web.as_epcis(tx, found)
    if output is None:
        out.print(document.decode(), markup=False, highlight=False, soft_wrap=True)
        return
    try:
        output.write_bytes(document)
    except OSError as error:
        raise CommandFailed(f"{output}: could not be written ({error.strerror}); name another file") from error
    if json:
        say_json({"output": str(output), "events": len(found.moves)})


def carry_out(tower: Tower, code: str, dry_run: bool, command: Callable[[Transaction, int], Any]) -> Any:
    """A command on a SKU in a transaction of its own, again where it met moving stock; a dry run is undone."""

    def once() -> Any:
        with tower.transaction(actor()) as tx, rehearsal(tx, dry_run=dry_run):
            return command(tx, find_sku(tx, code).sku_id)

    try:
        return run_again(once)
    except ordering.NotPossible as refusal:
        raise CommandFailed(str(refusal), code=3) from refusal
