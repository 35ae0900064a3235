"""How a process ends when it is told to: by an exception in the main thread, so that everything it holds is let go."""

import signal
from types import FrameType

_ENDING = (signal.SIGTERM, signal.SIGHUP)


def end_when_told() -> None:
    """From now on a termination signal, or the loss of the terminal, raises SystemExit; a second one changes nothing.

    What was started with a signal ignored (as `nohup` does) goes on ignoring it.
    """
    for number in _ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)


def is_ending() -> None:
    """From now on the process ends by itself, and is not disturbed at it."""
    for number in _ENDING:
        signal.signal(number, signal.SIG_IGN)


def _end(number: int, frame: FrameType | None) -> None:
    is_ending()
    raise SystemExit(128 + number)
