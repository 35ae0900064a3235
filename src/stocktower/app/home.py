"""A home: the folder with a merchant's `stocktower.toml`, and its data under `.stocktower`."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from stocktower import access, catalog, counting, inventory, model, network, purchasing, reconciliation, stewardship
from stocktower.app.output import CommandFailed
from stocktower.platform import (
    MACHINE_CLOCK,
    Clock,
    Database,
    FrozenClock,
    Transaction,
    data_folder,
    migrate,
    server_for,
)

CONFIGURATION_FILE = "stocktower.toml"


class NoHome(Exception):
    """No configuration file was found where the command looked."""

    def __init__(self, looked: Path) -> None:
        super().__init__(
            f"{looked / CONFIGURATION_FILE}: not found; run `stocktower init {looked}` to write one, "
            "or name the folder with --home DIR"
        )


class Home(msgspec.Struct, frozen=True):
    """The folder of one merchant."""

    folder: Path

    @property
    def configuration_file(self) -> Path:
        """The merchant's own file."""
        return self.folder / CONFIGURATION_FILE

    def read_configuration(self) -> str:
        """The text of the merchant's own file; raises CommandFailed with the line where it is no text."""
        content = self.configuration_file.read_bytes()
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = content[: error.start].count(b"\n") + 1
            place = {"file": str(self.configuration_file), "line": line}
            problem = place | {"problem": "this line is not UTF-8 text", "fix": "save the file as UTF-8"}
            raise CommandFailed("the configuration was not applied; nothing changed", problems=[problem]) from None

    @property
    def data(self) -> Path:
        """Everything that Stocktower keeps by itself; another folder where this one is somebody else's."""
        return data_folder(self.folder)

    @property
    def applied_file(self) -> Path:
        """Notes the configuration version that this home applied last."""
        return self.data / "applied-version"

    @property
    def outbox(self) -> Path:
        """Where publications are written."""
        return self.data / "outbox"


class Tower(msgspec.Struct, frozen=True):
    """One merchant, opened: what every command and worker works with."""

    home: Home
    database: Database
    merchant_id: int
    clock: Clock
    url: str
    allowed_by: str = ""
    """The stated rule by which its user may do what they asked for, for the records."""

    @contextmanager
    def transaction(self, actor: str, *, cause_id: int | None = None) -> Generator[Transaction]:
        """One command: committed at the end, rolled back on any error."""
        with self.database.transaction(
            self.merchant_id, actor=actor, cause_id=cause_id, allowed_by=self.allowed_by
        ) as tx:
            yield tx

    @contextmanager
    def reading(self) -> Generator[Transaction]:
        """One consistent view that changes nothing."""
        with self.database.reading(self.merchant_id) as tx:
            yield tx


@contextmanager
def refusals_on_record(tower: Tower) -> Generator[None]:
    """Who is refused what the operating model gives to another role leaves an audit record, in a transaction of its
    own."""
    try:
        yield
    except access.PermissionDenied as refusal:
        if refusal.override is not None:
            with tower.transaction(refusal.person.name) as tx:
                access.record_refusal(tx, refusal)
        raise


def find_home(given: Path | None) -> Home:
    """The folder named by the user or STOCKTOWER_HOME, else the nearest parent with a configuration file."""
    named = given or (Path(value) if (value := os.environ.get("STOCKTOWER_HOME")) else None)
    if named is not None:
        if not (named / CONFIGURATION_FILE).is_file():
            raise NoHome(named.absolute())
        return Home(named.absolute())
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / CONFIGURATION_FILE).is_file():
            return Home(folder)
    raise NoHome(here)


@contextmanager
def open_tower(home: Home, *, clock: Clock | None = None) -> Generator[Tower]:
    """Start or join the server, migrate, and make sure of the merchant; a `[demo] now` stands the clock still."""
    configuration = model.load_configuration(home.read_configuration(), file=str(home.configuration_file))
    home.data.mkdir(parents=True, exist_ok=True)
    chosen = clock or (FrozenClock(configuration.demo.now) if configuration.demo else MACHINE_CLOCK)
    with server_for(home.folder) as url:
        migrate(url)
        database = Database(url, chosen)
        try:
            merchant_id = database.ensure_merchant(configuration.merchant.code)
            yield Tower(home=home, database=database, merchant_id=merchant_id, clock=chosen, url=url)
        finally:
            database.close()


def apply_file(
    tower: Tower, *, actor: str, base_version: int | None = None, dry_run: bool = False
) -> tuple[int, tuple[model.Change, ...]]:
    """Apply the home's file: compare, record a version, give sites and channels their ids, write the rules of SKUs.

    Its base is the version given, else the one that this home applied last. Returns the applied version and what
    changed; raises model.StaleBase when somebody else applied in between, model.ConfigurationError.
    """
    text = tower.home.read_configuration()
    with tower.transaction(actor) as tx, rehearsal(tx, dry_run=dry_run):
        outcome = _apply(tx, tower.home, text, actor, base_version)
    if not dry_run:
        tower.home.applied_file.write_text(f"{outcome.version}\n", encoding="utf-8")
    return outcome.version, outcome.changes


def rehearse_file(
    tower: Tower, *, actor: str, base_version: int | None = None
) -> tuple[int, tuple[model.Change, ...], list[inventory.Effect]]:
    """What applying the home's file would change, and what that does to what channels are offered; nothing is kept."""
    text = tower.home.read_configuration()
    effects: list[inventory.Effect] = []
    with tower.transaction(actor) as tx, rehearsal(tx, dry_run=True):
        if model.load_versions(tx):
            outcome, effects = inventory.measure_effects(tx, lambda: _apply(tx, tower.home, text, actor, base_version))
        else:
            outcome = _apply(tx, tower.home, text, actor, base_version)
    return outcome.version, outcome.changes, effects


def _apply(tx: Transaction, home: Home, text: str, actor: str, base_version: int | None) -> model.ApplyOutcome:
    """Apply a text in a transaction."""
    base = base_version if base_version is not None else last_applied(home)
    outcome = model.apply_configuration(tx, text, base_version=base, author=actor, file=str(home.configuration_file))
    network.apply_network(tx, outcome.configuration)
    access.apply_overrides(tx, outcome.configuration.operating_model.overrides, outcome.version)
    reconciliation.apply_systems(tx, outcome.configuration)
    stewardship.begin(tx)
    write_rules(tx)
    inventory.give_up_bins(tx, network.load_network(tx))
    counting.schedule_plans(tx)
    purchasing.schedule_recompute(tx)
    if outcome.changes:
        data = {"base": base, "changes": [change.path for change in outcome.changes]}
        access.record_act(tx, "configuration.apply", "configuration", outcome.version, data)
    return outcome


def last_applied(home: Home) -> int | None:
    """The version that this home applied last; None when it never did."""
    try:
        return int(home.applied_file.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None


def write_rules(tx: Transaction) -> None:
    """Write safety stock and set-asides of the applied configuration, for the SKUs that exist by now."""
    configuration = model.load_applied(tx).configuration
    codes = {rule.sku for rule in model.stated_rules(configuration) if rule.sku}
    skus = catalog.find_skus(tx, sorted(codes))
    inventory.apply_rules(tx, configuration, network.load_network(tx), {code: sku.sku_id for code, sku in skus.items()})


class _Undone(Exception):
    """Ends a rehearsal."""


@contextmanager
def rehearsal(tx: Transaction, *, dry_run: bool) -> Generator[None]:
    """A part of a transaction that is undone at its end when it is a dry run, with its events."""
    try:
        with tx.savepoint():
            yield
            if dry_run:
                raise _Undone
    except _Undone:
        pass
