"""The scheduled look at every invariant: a broken one opens a case, which closes when it holds again."""

import time
from datetime import timedelta

from stocktower import worklist
from stocktower.app import cases
from stocktower.app.home import Tower
from stocktower.app.verify import Verification, verify
from stocktower.kernel import CaseKind
from stocktower.platform import Transaction, schedule, take_due

ACTOR = "verify"
VERIFY = "verify"
"""The kind of its row in the due table; the key says nothing."""
KEY = 1
EVERY = timedelta(minutes=10)
SHARE = 20
"""A look that takes long comes seldom: it may use one part in so many of the time."""
MOST_CASES = 1000


def begin_checking(tower: Tower) -> None:
    """Make sure that somebody looks, soon."""
    with tower.transaction(ACTOR) as tx:
        schedule(tx, VERIFY, [(KEY, tx.now)])


def check_when_due(tower: Tower) -> Verification | None:
    """Look at every invariant if it is time, in one view and without a lock; None when it is not, or another looks."""
    with tower.transaction(ACTOR) as tx:
        if not take_due(tx, VERIFY, 1):
            return None
        schedule(tx, VERIFY, [(KEY, tx.now + EVERY)])
    began = time.monotonic()
    found = verify(tower)
    took = timedelta(seconds=time.monotonic() - began)
    with tower.transaction(ACTOR) as tx:
        note_broken(tx, found)
        if took * SHARE > EVERY:
            schedule(tx, VERIFY, [(KEY, tx.now + took * SHARE)])
    return found


def note_broken(tx: Transaction, found: Verification) -> None:
    """One case for each invariant that does not hold; cases of those that hold again close."""
    broken = {f"{one.room}.{one.name}": one for one in found.broken}
    cases.open_case(
        tx,
        *(
            worklist.Raise(
                kind=CaseKind.BROKEN_INVARIANT,
                cause_key=name,
                title=f"Does not hold: {one.meaning}",
                data={"invariant": name, "rows": one.rows[:5]},
            )
            for name, one in broken.items()
        ),
    )
    wanted = worklist.CaseFilter(state="open", kind=CaseKind.BROKEN_INVARIANT)
    known = worklist.load_cases(tx, wanted, limit=MOST_CASES).cases
    mended = [item.case_id for item in known if item.cause_key not in broken and item.cause_key not in found.behind]
    worklist.close_cases(tx, mended, "holds again")
