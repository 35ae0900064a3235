"""Makes sure that a complete virtual environment stands, and prints its folder.

Called by the Makefile: `python tools/environment.py runtime` (what the product runs with) or `dev` (and what its
tests and checks need). A stamp in the environment holds a checksum of the locks, so that a second call only looks.

The environment is `.venv` in the checkout. When that one belongs to someone else it is used as it is if it is
complete, and left alone if it is not: then `.venv-USER` is made beside it, or, where the checkout cannot be written,
a folder in the user's cache.
"""

import fcntl
import getpass
import hashlib
import os
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = {"runtime": "requirements.lock", "dev": "requirements-dev.lock"}
STAMP = "stocktower-environment"


def checksum(level: str) -> str:
    """What a complete environment of this level is made from: the lock, the project file and where the checkout is."""
    digest = hashlib.sha256(str(ROOT).encode())
    for name in (LOCKS[level], "pyproject.toml"):
        digest.update((ROOT / name).read_bytes())
    return f"{level} {digest.hexdigest()}"


def is_complete(folder: Path, level: str) -> bool:
    """Whether this user can run what the folder holds, and the folder holds all that the level asks for."""
    try:
        stamps = (folder / STAMP).read_text().splitlines()
    except OSError:
        return False
    wanted = [checksum(level)] if level == "dev" else [checksum("runtime"), checksum("dev")]
    return any(stamp in stamps for stamp in wanted) and runs(folder)


def runs(folder: Path) -> bool:
    """Whether the interpreter of the folder starts for this user (a link into another's home does not)."""
    try:
        return subprocess.run([folder / "bin" / "python", "-S", "-c", ""], capture_output=True).returncode == 0
    except OSError:
        return False


def candidates() -> Iterator[Path]:
    """The places of an environment, the preferred one first."""
    user = getpass.getuser()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    yield ROOT / ".venv"
    yield ROOT / f".venv-{user}"
    yield cache / "stocktower" / f"venv-{hashlib.sha256(str(ROOT).encode()).hexdigest()[:12]}"


def is_ours(folder: Path) -> bool:
    """Whether this user may build in the folder: it is theirs, or it can be made."""
    if folder.exists():
        return folder.stat().st_uid == os.getuid() and os.access(folder, os.W_OK | os.X_OK)
    parent = folder.parent
    if parent != ROOT:
        parent.mkdir(parents=True, exist_ok=True)
    return os.access(parent, os.W_OK | os.X_OK)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Only one process builds an environment; a second one waits for it."""
    descriptor = os.open(folder.with_name(folder.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def build(folder: Path, level: str) -> None:
    """Install what the lock pins, each file checked against its hash, and the checkout itself."""
    stamp = folder / STAMP
    say(f"Installing the pinned {'packages' if level == 'runtime' else 'development packages'} into {folder} ...")
    stamp.unlink(missing_ok=True)
    own_pip = installs_elsewhere()
    if not runs(folder):
        venv.create(folder, clear=True, symlinks=True, with_pip=not own_pip)
    python = str(folder / "bin" / "python")
    pip = [sys.executable, "-m", "pip", "--python", python] if own_pip else [python, "-m", "pip"]
    # What is imported is compiled when it is imported first: most of what is installed never is.
    pip += ["install", "-qq", "--disable-pip-version-check", "--no-input", "--no-compile"]
    subprocess.run([*pip, "--require-hashes", "-r", str(ROOT / LOCKS[level])], check=True, stdout=sys.stderr)
    here = ["--no-deps", "--no-build-isolation", "--force-reinstall", "-e", str(ROOT)]
    subprocess.run([*pip, *here], check=True, stdout=sys.stderr)
    stamp.write_text(checksum(level) + "\n")


def installs_elsewhere() -> bool:
    """Whether this interpreter has a pip that can install for another one (22.3): then the environment needs none."""
    asked = [sys.executable, "-m", "pip", "--python", sys.executable, "--version"]
    return subprocess.run(asked, capture_output=True).returncode == 0


def say(text: str) -> None:
    """Tell the person; standard output is for the folder alone."""
    print(text, file=sys.stderr, flush=True)


def main(level: str) -> int:
    """Print the folder of a complete environment, after building it where it is missing."""
    places = list(candidates())
    for folder in places:
        if is_complete(folder, level):
            print(folder)
            return 0
    for folder in filter(is_ours, places):
        with alone(folder):
            if not is_complete(folder, level):
                try:
                    build(folder, level)
                except subprocess.CalledProcessError as error:
                    say(f"The packages could not be installed into {folder} (pip ended with {error.returncode}).")
                    say("What pip says is above. Nothing is half done: the next call tries again.")
                    return 1
        print(folder)
        return 0
    say(f"No virtual environment can be made: none of {', '.join(map(str, places))} is a folder that you may write.")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
