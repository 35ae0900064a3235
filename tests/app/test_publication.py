"""What channels are told, with real files, workers and orders: through crashes, and by two at once."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from stocktower import access, network, publication
from stocktower.app import actions, publication_commands, workers
from stocktower.app.arguments import Arguments
from stocktower.app.home import Tower, apply_file
from stocktower.app.output import CommandFailed
from stocktower.app.verify import verify
from stocktower.app.workers import work_until_idle
from stocktower.platform import FrozenClock
from tests.app.tower import CONFIGURATION, open_cases, open_tower, send_orders

MINUTE = timedelta(minutes=1)


@pytest.fixture
def tower(database_url: str, tmp_path: Path) -> Iterator[Tower]:
    """A merchant with a hundred cups, whose web shop says when it has what it was told."""
    tower = open_tower(database_url, tmp_path)
    tower.home.configuration_file.write_text(f"{CONFIGURATION}acknowledge_within_minutes = 10\n", encoding="utf-8")
    apply_file(tower, actor="tester")
    work_until_idle(tower)
    yield tower
    tower.database.close()


def wait(tower: Tower, minutes: int) -> None:
    """Time passes, and all is worked."""
    cast(FrozenClock, tower.clock).advance(minutes * MINUTE)
    work_until_idle(tower)


def health(tower: Tower) -> publication.ChannelHealth:
    """How the web shop keeps up."""
    (found,) = publication_commands.load_status(tower, "web")["channels"]
    return found


def made(tower: Tower) -> list[publication.PublicationRow]:
    """What was told, the last first."""
    with tower.reading() as tx:
        return publication.load_publications(tx)


def files(tower: Tower) -> list[str]:
    """What lies in the outbox."""
    return sorted(path.name for path in tower.home.outbox.iterdir() if path.is_file())


def test_a_file_that_is_renamed_to_done_is_taken_over(tower: Tower) -> None:
    send_orders(tower, [1])
    wait(tower, 1)
    row = made(tower)[0]
    assert (row.sent_at, row.acknowledged_at) == (tower.clock.now(), None)
    path = Path(row.path)
    path.rename(path.with_name(path.name + ".done"))
    wait(tower, 3)
    row = made(tower)[0]
    assert (row.acknowledged_at, row.acknowledged_by) == (tower.clock.now(), "file")
    assert [one.name for one in (tower.home.outbox / "done").iterdir()] == [f"{path.name}.done"]
    # A stranger's file is put away and changes nothing.
    (tower.home.outbox / "other.csv.done").write_text("?")
    wait(tower, 1)
    assert work_until_idle(tower) == 0
    assert verify(tower).ok


def test_a_crash_after_the_record_is_noted_as_sent_once_its_file_has_its_name(
    tower: Tower, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: Any) -> None:
        raise KeyboardInterrupt

    send_orders(tower, [1])
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", crash)
        with pytest.raises(KeyboardInterrupt):
            work_until_idle(tower)
    assert made(tower)[0].sent_at is None
    assert files(tower)[-1].endswith(".csv.part")
    wait(tower, 2)
    assert made(tower)[0].sent_at == tower.clock.now()
    assert not [name for name in files(tower) if name.endswith(".part")]
    assert len(made(tower)) == 2
    assert verify(tower).ok


def test_a_crash_between_taking_over_and_putting_away_is_mended(tower: Tower, monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path(made(tower)[0].path)
    path.rename(path.with_name(path.name + ".done"))

    def crash(_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(workers, "put_away", crash)
        with pytest.raises(KeyboardInterrupt):
            work_until_idle(tower)
    wait(tower, 1)
    assert (tower.home.outbox / "done" / f"{path.name}.done").exists()
    assert verify(tower).ok


def test_two_workers_tell_everything_once(tower: Tower) -> None:
    send_orders(tower, range(1, 41))
    barrier = threading.Barrier(3)

    def work() -> None:
        barrier.wait()
        work_until_idle(tower)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    work_until_idle(tower)
    assert made(tower)[0].listings == 1
    texts = [Path(row.path).read_text().splitlines()[1] for row in made(tower)]
    # Every word is another one than the one before, and the last one is true.
    assert len({text.split(",")[2] for text in texts}) == len(texts)
    assert min(int(text.split(",")[2]) for text in texts) == 60
    assert verify(tower).ok


def test_acknowledging_while_it_is_told_more_loses_nothing(tower: Tower) -> None:
    """One worker tells, one person acknowledges all that there is: the last word that was acknowledged stands."""
    stop = threading.Event()
    problems: list[BaseException] = []

    def acknowledge() -> None:
        try:
            while not stop.is_set():
                ids = tuple(str(row.publication_id) for row in made(tower))
                publication_commands.acknowledge(tower, ids)
        except BaseException as problem:
            problems.append(problem)

    thread = threading.Thread(target=acknowledge)
    thread.start()
    for number in range(1, 16):
        send_orders(tower, [number])
        work_until_idle(tower)
    stop.set()
    thread.join()
    assert problems == []
    publication_commands.acknowledge(tower, tuple(str(row.publication_id) for row in made(tower)))
    assert health(tower).over_exposed == 0
    assert verify(tower).ok


def test_orders_are_counted_as_sales(tower: Tower) -> None:
    send_orders(tower, range(1, 31))
    work_until_idle(tower)
    wait(tower, 61)
    found = publication_commands.velocity(tower, "CUP", "web", None)
    # Thirty in a day, and seventy left.
    assert (found["units"], found["days"], found["velocity"]) == (30, 1, "fast")
    assert verify(tower).ok


def test_a_silent_shop_gets_a_case_that_closes_by_itself(tower: Tower) -> None:
    send_orders(tower, [1])
    work_until_idle(tower)
    wait(tower, 9)
    assert health(tower).state == "normal"
    wait(tower, 2)
    assert health(tower).state == "behind"
    assert [case.title for case in open_cases(tower, "channel_dark")] == [
        "Web is behind: a publication is not acknowledged for 11 min, its objective is 10 min"
    ]
    (case,) = open_cases(tower, "channel_dark")
    outcome = actions.act(tower, str(case.number), "resend", Arguments(), actor="ada", dry_run=False)
    assert outcome.notes == ("1 listings of web are told again, the most dangerous first, as fast as it takes them",)
    wait(tower, 1)
    publication_commands.acknowledge(tower, (Path(made(tower)[0].path).name,))
    wait(tower, 1)
    assert (health(tower).state, open_cases(tower, "channel_dark")) == ("normal", [])
    assert verify(tower).ok


def test_acts_leave_records_and_errors_name_the_fix(tower: Tower) -> None:
    rows = publication_commands.acknowledge(tower, (str(made(tower)[0].publication_id),))
    assert [row.listings for row in rows] == [1]
    assert publication_commands.acknowledge(tower, (str(made(tower)[0].publication_id),)) == []
    assert publication_commands.tell_again(tower, "web", ("CUP",)) == 1
    assert publication_commands.velocity(tower, "CUP", "web", "slow")["velocity"] == "slow"
    with tower.reading() as tx:
        acts = [entry.act for entry in access.load_audit(tx, limit=3)]
    assert acts == ["publication.class", "publication.resend", "publication.acknowledge"]
    with pytest.raises(CommandFailed, match=r"web-1\.csv: no such publication"):
        publication_commands.acknowledge(tower, ("web-1.csv",))
    with pytest.raises(CommandFailed, match="--channel shop: not a channel; one of web"):
        publication_commands.tell_again(tower, "shop", ())
    with pytest.raises(CommandFailed, match="say which publications"):
        publication_commands.acknowledge(tower, ())


def test_a_channel_that_left_the_configuration_is_told_nothing(tower: Tower) -> None:
    with tower.reading() as tx:
        channel_id = network.load_network(tx).channel_ids["web"]
    text = tower.home.configuration_file.read_text().replace('code = "web"', 'code = "shop"')
    tower.home.configuration_file.write_text(text, encoding="utf-8")
    apply_file(tower, actor="tester")
    work_until_idle(tower)
    assert files(tower)[0].startswith("shop-")
    with tower.transaction("tester") as tx, pytest.raises(publication.NotPossible):
        publication.resend(tx, network.load_network(tx), channel_id)
    assert verify(tower).ok
