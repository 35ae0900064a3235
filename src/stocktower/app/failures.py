"""Every error as words and an exit code: what happened, where, and what to do."""

import os

import psycopg

from stocktower import access, model
from stocktower.app.administration import configuration_failure
from stocktower.app.home import NoHome
from stocktower.app.output import CommandFailed
from stocktower.app.workers import describe
from stocktower.platform import MigrationError, NoFreeConnection, ServerUnavailable, is_transient, unusable_value

TRACEBACK_VARIABLE = "STOCKTOWER_TRACEBACK"
WRONG, MISSING, FAULT = 2, 3, 4


def failure_of(error: Exception) -> CommandFailed:
    """The failure that an error is to the one who gave the command; what nobody foresaw is a fault of ours."""
    match error:
        case CommandFailed():
            return error
        case model.ConfigurationError():
            return configuration_failure(error)
        case NoHome() | ServerUnavailable():
            return CommandFailed(str(error), code=MISSING)
        case access.PermissionDenied():
            return CommandFailed(f"{error}; nothing was done")
        case model.NotApplied() | model.StaleBase() | model.WillNotRun() | MigrationError():
            return CommandFailed(str(error), code=WRONG)
        case psycopg.OperationalError() | NoFreeConnection():
            return database_failure(error)
        case OSError():
            place = error.filename or "the system"
            missing = isinstance(error, FileNotFoundError)
            words = f"{place}: {error.strerror or error}; nothing more was done"
            return CommandFailed(words, code=MISSING if missing else WRONG)
        case _ if words := unusable_value(error):
            return CommandFailed(f"{words} Nothing was done", code=WRONG)
        case _:
            if os.environ.get(TRACEBACK_VARIABLE):
                raise error
            return CommandFailed(
                f"a fault of Stocktower itself: {describe(error)}; what was not committed is undone. "
                f"Run it again with {TRACEBACK_VARIABLE}=1 to see where, and tell us",
                code=FAULT,
            )


def database_failure(error: Exception) -> CommandFailed:
    """A database that does not answer, or not now."""
    first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    advice = "run it again" if is_transient(error) else "look into the server's log"
    return CommandFailed(f"the database: {first}; what was not committed is undone; {advice}", code=MISSING)
