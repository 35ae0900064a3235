"""The `demo` command: load the example merchant, say what came out, serve it."""

import fcntl
import time
from collections.abc import Generator
from contextlib import contextmanager

from stocktower import model
from stocktower.app import reads, words
from stocktower.app.demo import arrivals, demo_home, load_demo
from stocktower.app.home import Home, open_tower
from stocktower.app.output import err, out, say_json
from stocktower.app.verify import verify
from stocktower.platform import FrozenClock


def demo(*, once: bool, port: int, as_json: bool) -> None:
    """Load what is not loaded yet, print a summary, and serve unless `once`."""
    started = time.monotonic()
    home = demo_home()
    configuration = model.load_configuration(home.read_configuration(), file=str(home.configuration_file))
    assert configuration.demo is not None
    # The merchant's log begins with its first file, or everything would be recorded on the last morning.
    clock = FrozenClock(arrivals()[0][0])
    with open_tower(home, clock=clock) as tower:
        clock.at = configuration.demo.now
        with one_loader(home):
            imports = load_demo(tower, clock, lambda words: err.print(f"[dim]{words}[/dim]"))
        found = reads.summary(tower, imports, verify(tower))
        if as_json:
            say_json(found)
        else:
            words.say_summary(found)
            out.print(f"Ready after {time.monotonic() - started:.1f} s.")
        if not once:
            from stocktower.app.serving import serve

            serve(tower, port=port, workers=1, as_json=as_json)


@contextmanager
def one_loader(home: Home) -> Generator[None]:
    """Two starts at once: the second waits until the first has loaded, then finds everything there."""
    home.data.mkdir(parents=True, exist_ok=True)
    with (home.data / "loader.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
