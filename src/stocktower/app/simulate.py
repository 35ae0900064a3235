"""Drives the production services through simulated worlds, with crashes between any two commits; audits the outcome.

`python -m stocktower.app.simulate --seeds 100` runs a hundred worlds and says for each what came of it.
"""

import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import TypeVar

import msgspec
from cyclopts import run as run_command

from stocktower import exchange
from stocktower.app.deeds import carry_out
from stocktower.app.home import CONFIGURATION_FILE, Home, Tower, apply_file
from stocktower.app.sightings import Window
from stocktower.app.subscriptions import DUE_WORK, SUBSCRIPTIONS
from stocktower.app.verify import verify
from stocktower.app.workers import Work, all_work, publish, work_batch
from stocktower.exchange import Incoming
from stocktower.platform import (
    Database,
    EmbeddedServer,
    FrozenClock,
    Transaction,
    load_cursors,
    load_head,
    migrate,
    next_due_at,
)
from stocktower.simulation import NEWEST_COUNTS, STEPS, Auditor, Deed, Letter, SeenRequest, World

T = TypeVar("T")
ACTOR = "simulation"
CRASHES = 0.04
"""The chance that a commit is the last act of its process."""
CHECKED_EVERY = 6
CALM_ROUNDS = 60
QUIET = {"finance", "publication", "sales", "stewardship", "usage"}
"""Work that finishes no message and asks nothing of a site."""


class Crash(BaseException):
    """The process dies here; nothing may catch it but the one who starts it again."""


class Failed(Exception):
    """A simulation in which something was not as it must be; one line for each."""

    def __init__(self, seed: int, findings: Sequence[str]) -> None:
        super().__init__(f"seed {seed}:\n" + "\n".join(f"  {finding}" for finding in findings))
        self.seed = seed
        self.findings = list(findings)


class CrashingDatabase(Database):
    """A database whose process dies at some commits: right before it, or right after."""

    def __init__(self, url: str, clock: FrozenClock, random: Random, chance: float) -> None:
        super().__init__(url, clock)
        self._random = random
        self._chance = chance

    @contextmanager
    def transaction(
        self, merchant_id: int, *, actor: str, cause_id: int | None = None, allowed_by: str = ""
    ) -> Generator[Transaction]:
        """One command that may not survive its commit."""
        fate = self._random.random()
        with super().transaction(merchant_id, actor=actor, cause_id=cause_id, allowed_by=allowed_by) as tx:
            yield tx
            if fate < self._chance / 2:
                raise Crash
        if fate < self._chance:
            raise Crash


class Outcome(msgspec.Struct, frozen=True):
    """What a run did."""

    seed: int
    orders: int
    letters: int
    repeated: int
    refused: int
    crashes: int
    checks: int
    seconds: float


class Simulation:
    """One seed: a world, a tower, an auditor between them."""

    def __init__(
        self, seed: int, url: str, folder: Path, *, steps: int = STEPS, crashes: float = CRASHES, merchant: str = ""
    ) -> None:
        self.seed = seed
        self.url = url
        self.world = World(seed, steps)
        self.auditor = Auditor(self.world.merchant)
        self.clock = FrozenClock(self.world.now)
        self.window = Window()
        self.merchant_code = merchant or f"simulated-{seed}"
        self.home = Home(folder)
        self.chance = crashes
        self.dice = Random(f"crashes of {seed}")
        self.pending: dict[int, Letter] = {}
        self.is_open = False
        self.looks = True
        self.crashes = self.checks = self.repeated = 0
        self.letters = 0
        self.errors: list[str] = []
        self.drop: Callable[[Letter], bool] = lambda letter: False
        """Tests only: whether a letter is lost on its way into the tower, though the auditor saw it."""
        folder.mkdir(parents=True, exist_ok=True)
        self.home.data.mkdir(parents=True, exist_ok=True)
        self.tower = self._start()

    def _start(self) -> Tower:
        """A new process."""
        database = CrashingDatabase(self.url, self.clock, self.dice, self.chance)
        merchant_id = database.ensure_merchant(self.merchant_code)
        return Tower(home=self.home, database=database, merchant_id=merchant_id, clock=self.clock, url=self.url)

    def close(self) -> None:
        """Let go of the database."""
        self.tower.database.close()

    def run(self) -> Outcome:
        """The whole run; raises Failed."""
        began = time.monotonic()
        self.begin()
        for step in range(1, self.world.steps + 1):
            self.step()
            if step % CHECKED_EVERY == 0:
                self.check()
        self.calm()
        self.check(end=True)
        self.replay()
        return Outcome(
            self.seed, len(self.auditor.orders), self.letters, self.repeated, self.auditor.refused, self.crashes,
            self.checks, time.monotonic() - began,
        )  # fmt: skip

    def begin(self) -> None:
        """Configuration, catalogue, cut-over."""
        products, openings = self.world.begin()
        self.clock.at = self.world.rest()
        self._apply(rules=False)
        self.is_open = True
        self.deliver(products)
        self.work()
        self._apply(rules=True)
        self.deliver(openings)
        self.work()

    def _apply(self, *, rules: bool) -> None:
        text = self.world.configuration(rules=rules)
        (self.home.folder / CONFIGURATION_FILE).write_text(text, encoding="utf-8")
        self._survive(lambda: apply_file(self.tower, actor=ACTOR))

    def step(self) -> None:
        """One step of the world, and all the work that it makes."""
        letters = self.world.act(self._requests(), self.window.see_free(self.tower))
        self.clock.at = self.world.now
        self.deliver(letters)
        self.work()
        self.do(self.world.take_deeds())

    def do(self, deeds: Sequence[Deed]) -> None:
        """What people do at the tower, and the work that it makes."""
        for deed in deeds:
            done = self._survive(lambda deed=deed: carry_out(self.tower, deed, ACTOR))
            self.auditor.hear(deed, done, self.clock.at)
        if deeds:
            self.work()

    def calm(self) -> None:
        """Let the world come to rest; every order gets where it is going."""
        for round_no in range(CALM_ROUNDS):
            letters = self.world.calm(self._requests(), round_no)
            if round_no == 1:
                letters += self.world.last_words()
            self.clock.at = self.world.now
            self.deliver(letters)
            self.work()
            if round_no > 2 and not self.world.goods.moving and not self.world.coming.open and not self._under_way():
                return

    def _under_way(self) -> bool:
        return any(order.step != "done" for order in self.window.see_all(self.tower).orders)

    def _requests(self) -> list[SeenRequest]:
        return [request for order in self.window.see_requests(self.tower) for request in order.requests]

    def deliver(self, letters: Sequence[Letter]) -> None:
        """Put letters into the inbox, each source in a transaction of its own; after a crash they are sent again."""
        self.letters += len(letters)
        by_source: dict[str, list[Letter]] = {}
        for letter in letters:
            by_source.setdefault(letter.source, []).append(letter)
        for source, part in by_source.items():
            self._deliver(source, part)

    def _deliver(self, source: str, letters: Sequence[Letter]) -> None:
        expected = [self.auditor.receive(letter) for letter in letters]
        taken = [letter for letter in letters if not self.drop(letter)]
        for letter, outcome in zip(letters, expected, strict=True):
            if self.drop(letter) and outcome != "repeated":
                self.pending[-len(self.pending) - 1] = letter
        items = [Incoming(letter.kind, letter.key, letter.body) for letter in taken]
        before = self.crashes

        def receive() -> list[exchange.Receipt]:
            with self.tower.transaction(ACTOR) as tx:
                return exchange.receive(tx, source, items, origin=ACTOR)

        receipts = self._survive(receive)
        outcomes = [receipt.outcome for receipt in receipts]
        # After a crash they came before; where the newest counts, what was changed since counts as changed back.
        again = self.crashes > before and all(
            outcome == "repeated" or letter.kind in NEWEST_COUNTS
            for outcome, letter in zip(outcomes, taken, strict=True)
        )
        if len(taken) == len(letters) and outcomes != expected and not again:
            self.errors.append(f"letters of {source} were taken as {outcomes}, not as {expected}")
        for receipt, letter, outcome in zip(receipts, taken, expected, strict=False):
            self.repeated += outcome == "repeated"
            if outcome != "repeated":
                self.pending[receipt.message_id] = letter

    def work(self) -> None:
        """Work as the edge works until nothing is due, through every crash."""
        idle = False
        while not idle:
            idle = True
            busy = find_busy(self.tower)
            for work in all_work():
                self.looks = work.name not in QUIET
                while work.name in busy and self._survive(
                    lambda work=work: work_batch(self.tower, self._watched(work))
                ):
                    idle = False
                    self._look()
            self.looks = True
            idle = not self._survive(lambda: publish(self.tower)) and idle
        self.auditor.rest(self.clock.at)
        if self.errors:
            raise Failed(self.seed, self.errors)

    def _watched(self, work: Work) -> Work:
        """The same work; an error that it would get over by smaller batches or by parking is one all the same."""

        def do(tx: Transaction, limit: int) -> int:
            try:
                return work.do(tx, limit)
            except Exception:
                self.errors.append(f"{work.name} failed: {traceback.format_exc(limit=-6)}")
                raise

        return msgspec.structs.replace(work, do=do)

    def _survive(self, act: Callable[[], T]) -> T:
        """Do something; when the process dies of it, a new one does it again."""
        while True:
            try:
                return act()
            except Crash:
                self.crashes += 1
                self.tower.database.close()
                self.tower = self._start()
                if self.is_open:
                    self._look()

    def _look(self) -> None:
        """Tell the auditor what was worked, and what sites are asked for now."""
        if not self.looks:
            return
        if self.pending:
            with self.tower.reading() as tx:
                views = exchange.view_messages(tx, sorted(self.pending))
            done = [view.message_id for view in views if not view.work_state]
            self.auditor.finish([self.pending.pop(message_id) for message_id in done], self.clock.at)
        self.auditor.see(self.window.see_requests(self.tower))

    def check(self, *, end: bool = False) -> None:
        """Compare the tower with what the auditor expects, and run every invariant; raises Failed."""
        self.checks += 1
        seen = self.window.see_all(self.tower)
        found = self.auditor.compare_end(seen) if end else self.auditor.compare(seen)
        proof = verify(self.tower)
        found += [f"{one.room}.{one.name} does not hold: {one.rows[:3]}" for one in proof.broken]
        found += [f"{name} waits for its subscriber" for name in proof.behind]
        if end:
            found += [f"{letter.kind} {letter.key} was never worked" for letter in self.pending.values()]
        if found:
            raise Failed(self.seed, found)

    def replay(self) -> None:
        """Everything that was ever said comes once more, and changes nothing."""
        before = self.window.see_all(self.tower)
        newest: dict[tuple[str, str], Letter] = {}
        again: list[Letter] = []
        for letter in self.world.post.sent:
            if letter.kind in NEWEST_COUNTS:
                if letter.body == self.auditor.contents[letter.source, letter.kind, letter.key][-1]:
                    newest[letter.kind, letter.key] = letter
            else:
                again.append(letter)
        self.deliver([*again, *newest.values()])
        self.work()
        self.check(end=True)
        if self.window.see_all(self.tower) != before:
            raise Failed(self.seed, ["the same letters once more changed something"])


def find_busy(tower: Tower) -> set[str]:
    """The kinds of work that may find something; it costs less to ask than to try each."""
    with tower.reading() as tx:
        head = load_head(tx)
        cursors = load_cursors(tx)
        next_due = next_due_at(tx)
        busy = {f"{one.kind}s" for one in exchange.load_backlog(tx) if one.state == "ready"}
    busy |= {one.name for one in SUBSCRIPTIONS if cursors.get(one.name, 0) < head}
    if next_due is not None and next_due <= tower.clock.now():
        busy |= {one.kind for one in DUE_WORK}
    return busy


def simulate(seed: int, url: str, folder: Path, *, steps: int = STEPS, crashes: float = CRASHES) -> Outcome:
    """Run one seed on a migrated database; raises Failed."""
    simulation = Simulation(seed, url, folder, steps=steps, crashes=crashes)
    try:
        return simulation.run()
    finally:
        simulation.close()


def main(*, seeds: int = 100, first: int = 1, steps: int = STEPS, crashes: float = CRASHES) -> None:
    """Run SEEDS worlds from the seed FIRST on; a line for each, and for one that fails the command that repeats it."""
    failed = 0
    with tempfile.TemporaryDirectory(prefix="stocktower-sim-") as top:
        folder = Path(top)
        folder.chmod(0o755)  # a server that root starts runs as another user, who has to pass through
        with EmbeddedServer(folder / "postgres", settings={"fsync": "off"}) as url:
            migrate(url)
            for seed in range(first, first + seeds):
                try:
                    say(simulate(seed, url, folder / str(seed), steps=steps, crashes=crashes))
                except Failed as failure:
                    failed += 1
                    print(failure)
                    options = f"--first {seed} --steps {steps} --crashes {crashes}"
                    print(f'  repeat with: make sim SEEDS=1 ARGS="{options}"', flush=True)
    if failed:
        sys.exit(f"{failed} of {seeds} seeds failed")


def say(outcome: Outcome) -> None:
    """One line for a seed."""
    print(
        f"seed {outcome.seed}: {outcome.orders} orders, {outcome.letters} letters ({outcome.repeated} repeated, "
        f"{outcome.refused} refused), {outcome.crashes} crashes, {outcome.checks} checks, {outcome.seconds:.1f} s",
        flush=True,
    )


if __name__ == "__main__":
    run_command(main)
