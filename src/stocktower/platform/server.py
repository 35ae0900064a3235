"""The embedded PostgreSQL: processes that use it hold a shared lock, the first starts it, the last one out stops it.

Nothing needs cleaning up after a kill: locks of a dead process fall by themselves, and the next process that comes or
goes finds the server running (and stops it when it leaves last) or gone (and starts it, with recovery).
"""

import fcntl
import hashlib
import os
import pwd
import sys
import tempfile
from collections.abc import Generator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from types import TracebackType

from .postmaster import Patience, Postmaster, Say, try_lock
from .service_user import SHARED_FOLDER, ServerUnavailable, ServiceUser, binaries_for, make_folder, user_for

URL_VARIABLE = "STOCKTOWER_DATABASE_URL"


def say_on_stderr(text: str) -> None:
    """Give a word of progress where it disturbs no output."""
    print(text, file=sys.stderr, flush=True)


class EmbeddedServer:
    """A context manager whose value is the URL of the embedded server: joined when it runs, else started.

    Of one data folder there is one server, whoever asks; raises ServerUnavailable with what to do.
    """

    def __init__(self, folder: Path, *, settings: Mapping[str, str] | None = None, say: Say = say_on_stderr) -> None:
        """`folder`: for this server alone; `settings`: of PostgreSQL, over ours; `say`: takes words of progress."""
        self._folder = folder
        self._settings = settings or {}
        self._say = say
        self._postmaster: Postmaster | None = None
        self._use: int | None = None

    def __enter__(self) -> str:
        folder, user = prepare_folder(self._folder, self._say)
        postmaster = Postmaster(folder, user, binaries_for(user), self._settings, self._say)
        use = postmaster.open_lock("use.lock")
        try:
            with self._changing(postmaster):
                try:
                    url = postmaster.ensure_running()
                except KeyboardInterrupt:
                    # Given up while it starts: nobody waits for it to end, the next one who comes does.
                    if try_lock(use):
                        postmaster.tell_to_stop()
                    raise
                fcntl.flock(use, fcntl.LOCK_SH)
        except BaseException:
            os.close(use)
            raise
        self._postmaster, self._use = postmaster, use
        return url

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        postmaster, use = self._postmaster, self._use
        self._postmaster = self._use = None
        if postmaster is None or use is None:
            return
        try:
            with self._changing(postmaster):
                # A process forked from this one shares the open file; closed and not unlocked, it keeps its share.
                os.close(use)
                use = postmaster.open_lock("use.lock")
                if try_lock(use):
                    postmaster.stop()
        finally:
            os.close(use)

    @contextmanager
    def _changing(self, postmaster: Postmaster) -> Generator[None]:
        """Only one process at a time starts, joins or stops."""
        change = postmaster.open_lock("change.lock")
        try:
            patience = Patience(self._say)
            while not try_lock(change):
                patience.wait("waiting for another process that starts or stops PostgreSQL")
            yield
        finally:
            os.close(change)


def prepare_folder(folder: Path, say: Say) -> tuple[Path, ServiceUser]:
    """The folder that is really used, and who runs the server there.

    As root, a folder that the system user cannot reach (in /root, say) is replaced by one under /var/lib/stocktower.
    """
    folder = Path(os.path.abspath(folder))
    user = user_for(folder)
    if not user.is_other:
        make_folder(folder, 0o700)
        if folder.stat().st_uid != user.uid:
            owner = folder.stat().st_uid
            raise ServerUnavailable(f"{folder} belongs to user id {owner}; use another folder, or become that user")
        if folder.stat().st_mode & 0o077:
            folder.chmod(0o700)
        return folder.resolve(), user
    moved = SHARED_FOLDER / hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:16]
    if not (moved / "data").exists():
        if not folder.exists():
            make_folder(folder.parent, 0o711)
        if _belongs_to(folder, user):
            return folder.resolve(), user
        if (folder / "data").exists():
            raise ServerUnavailable(f"the user {user.name} cannot enter {folder}; let it pass the folders above")
        with suppress(OSError):
            folder.rmdir()
        say(f"the user {user.name} cannot enter {folder}: its data goes to {moved}")
    make_folder(SHARED_FOLDER, 0o755)
    if not _belongs_to(moved, user):
        raise ServerUnavailable(f"the user {user.name} can enter neither {folder} nor {moved}")
    return moved, user


def _belongs_to(folder: Path, user: ServiceUser) -> bool:
    """Make a folder that user's own, and say whether it comes in."""
    try:
        make_folder(folder, 0o700)
        if folder.stat().st_uid == os.geteuid():
            user.own(folder)
    except OSError:
        return False
    return folder.stat().st_uid == user.uid and user.can_enter(folder)


def data_folder(home: Path, name: str = ".stocktower") -> Path:
    """Where this user's data of a home is: `.stocktower`, or `.stocktower-<user>` when that is somebody else's.

    Where the home cannot be written to it is under ~/.local/state/stocktower. The folder is made.
    """
    home = Path(os.path.abspath(home))
    uid = os.geteuid()
    try:
        user = pwd.getpwuid(uid).pw_name
    except KeyError:
        user = str(uid)
    mark = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    state = Path(os.environ.get("XDG_STATE_HOME") or Path("~/.local/state").expanduser())
    candidates = (
        home / name,
        home / f"{name}-{user}",
        state / "stocktower" / f"{mark}{name}",
        Path(tempfile.gettempdir(), f"stocktower-{user}-{mark}{name}"),
    )
    for candidate in candidates:
        try:
            # Root's data is read by a system user: others pass through, and see nothing.
            make_folder(candidate, 0o700 if uid else 0o711)
            if candidate.stat().st_uid == uid and os.access(candidate, os.W_OK | os.X_OK):
                return candidate
        except OSError:
            continue
    raise ServerUnavailable(f"{home} cannot be written to, nor can {state}; name another home")


def server_for(home: Path) -> AbstractContextManager[str]:
    """The URL of the server of a home: STOCKTOWER_DATABASE_URL where it is set, else the embedded one."""
    if url := os.environ.get(URL_VARIABLE):
        return nullcontext(url)
    folder = data_folder(home) / "postgres"
    if folder.parent != Path(os.path.abspath(home)) / ".stocktower" and not folder.exists():
        say_on_stderr(f"{home}/.stocktower is not ours to write in: the database goes to {folder}")
    return EmbeddedServer(folder)
