"""A home: the folder with a merchant's `stocktower.toml`, and its data under `.stocktower`."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from stocktower import catalog, model, network
from stocktower.platform import Clock, Database, FrozenClock, SystemClock, Transaction, migrate, server_for

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

    @property
    def data(self) -> Path:
        """Everything that Stocktower keeps by itself."""
        return self.folder / ".stocktower"

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

    @contextmanager
    def transaction(self, actor: str, *, cause_id: int | None = None) -> Iterator[Transaction]:
        """One command: committed at the end, rolled back on any error."""
        with self.database.transaction(self.merchant_id, actor=actor, cause_id=cause_id) as tx:
            yield tx

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """One consistent view that changes nothing."""
        with self.database.reading(self.merchant_id) as tx:
            yield tx


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
def open_tower(home: Home, *, clock: Clock | None = None) -> Iterator[Tower]:
    """Start or join the server, migrate, and make sure of the merchant; a `[demo] now` stands the clock still."""
    configuration = model.load_configuration(
        home.configuration_file.read_text(encoding="utf-8"), file=str(home.configuration_file)
    )
    home.data.mkdir(parents=True, exist_ok=True)
    chosen = clock or (FrozenClock(configuration.demo.now) if configuration.demo else SystemClock())
    with server_for(home.data) as url:
        migrate(url)
        database = Database(url, chosen)
        try:
            merchant_id = database.ensure_merchant(configuration.merchant.code)
            yield Tower(home=home, database=database, merchant_id=merchant_id, clock=chosen, url=url)
        finally:
            database.close()


def apply_file(
    tower: Tower, *, actor: str, base_version: int | None = None, dry_run: bool = False
) -> tuple[int, list[model.Change]]:
    """Apply the home's file: compare, record a version, and give every site and channel its id.

    Returns the applied version and what changed; raises model.StaleBase when somebody else applied in between.
    """
    text = tower.home.configuration_file.read_text(encoding="utf-8")
    file = str(tower.home.configuration_file)
    with tower.transaction(actor) as tx:
        outcome = model.apply_configuration(tx, text, base_version=base_version, author=actor, file=file)
        if outcome.changes:
            network.apply_network(tx, outcome.configuration)
            apply_rules(tx, outcome.configuration)
        if dry_run:
            tx.connection.rollback()
        return outcome.version, list(outcome.changes)


def apply_rules(tx: Transaction, configuration: model.Configuration) -> None:
    """Write safety stock and set-asides of the configuration for the SKUs that exist."""
    from stocktower import inventory

    codes = {rule.sku for rule in configuration.safety_stock} | {rule.sku for rule in configuration.set_asides}
    skus = catalog.find_skus(tx, sorted(codes))
    inventory.apply_rules(tx, configuration, network.load_network(tx), {code: sku.sku_id for code, sku in skus.items()})
