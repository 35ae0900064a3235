"""Commands as people give them: in this process where the answer counts, as processes where their end counts."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from stocktower.app.main import run_words

PATIENCE = 300


class Said:
    """What a command answered."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code = code
        self.out = out
        self.err = err

    @property
    def json(self) -> Any:
        """The object of --json."""
        return json.loads(self.out)


class Shell:
    """Gives commands for one home, in this process; an error that nobody foresaw has the code 4."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def say(self, *words: object, code: int = 0, homeless: bool = False) -> Said:
        """Give a command, and expect its exit code."""
        out, err = io.StringIO(), io.StringIO()
        tokens = [*map(str, words), *([] if homeless else ["--home", str(self.home)])]
        with redirect_stdout(out), redirect_stderr(err):
            found = run_words(tokens)
        said = Said(found, out.getvalue(), err.getvalue())
        assert found == code, (tokens, said.out, said.err)
        assert "Traceback" not in said.out + said.err
        return said

    def ask(self, *words: object, code: int = 0) -> Any:
        """Give a command with --json, and read its object."""
        return self.say(*words, "--json", code=code).json


class Program:
    """A command as a process of its own."""

    def __init__(self, folder: Path, *words: object, environment: dict[str, str] | None = None) -> None:
        ours = {name: value for name, value in os.environ.items() if not name.startswith("STOCKTOWER_")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "stocktower.app.main", *map(str, words)],
            cwd=folder, env=ours | (environment or {}), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, preexec_fn=_hear_all,
        )  # fmt: skip

    def line(self) -> str:
        """The next line of its output."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().rstrip("\n")

    def error_with(self, word: str) -> str:
        """The first line of its errors that holds a word."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            if word in line:
                return line
        raise AssertionError(f"it ended without a word of {word}")

    def end(self, *, code: int | None = None) -> Said:
        """Wait for its end."""
        out, err = self.process.communicate(timeout=PATIENCE)
        assert "Traceback" not in err, err
        if code is not None:
            assert self.process.returncode == code, (out, err)
        return Said(self.process.returncode, out, err)

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)


def _hear_all() -> None:
    """A program hears its signals, also where this run was begun with some of them ignored."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def wait_for(fact: Callable[[], object], what: str) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + PATIENCE
    while not fact():
        assert time.monotonic() < deadline, f"waited too long: {what}"
        time.sleep(0.05)


def processes_of(folder: Path) -> dict[int, str]:
    """All living processes that work for a folder (commands, workers, servers), with their command lines."""
    found: dict[int, str] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
            inside = str(folder) in words or str(entry.joinpath("cwd").readlink()).startswith(str(folder))
        except OSError:
            continue
        if inside and words and int(entry.name) != os.getpid():
            found[int(entry.name)] = words
    return found
