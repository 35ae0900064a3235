"""What people do to a tower from the command line: write and apply the configuration, make tokens, export."""

import os
import secrets
import sys
from collections.abc import Generator
from contextlib import ExitStack
from datetime import date, datetime, timedelta
from pathlib import Path

import msgspec

from stocktower import access, finance, inventory, model
from stocktower.app.home import CONFIGURATION_FILE, Tower, apply_file, rehearse_file
from stocktower.app.output import CommandFailed


class AppliedConfiguration(msgspec.Struct, frozen=True):
    """The answer of `apply`."""

    version: int
    changes: tuple[model.Change, ...]
    effects: list[inventory.Effect] = []
    """Of a dry run: what becomes of what is available to sell, by channel."""


def init(folder: Path) -> Path:
    """Write the commented configuration file; never over one that is there."""
    path = folder / CONFIGURATION_FILE
    if path.exists():
        raise CommandFailed(f"{path}: is there already; edit it, or name another folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(model.template(), encoding="utf-8")
    except OSError as error:
        raise CommandFailed(
            f"{path}: could not be written ({error.strerror}); name a folder that you can write"
        ) from error
    return path


def apply(tower: Tower, *, actor: str, base: int | None, dry_run: bool) -> AppliedConfiguration:
    """Record the home's file as the next version, or show what that would change."""
    if dry_run:
        version, changes, effects = rehearse_file(tower, actor=actor, base_version=base)
        return AppliedConfiguration(version=version, changes=changes, effects=effects)
    version, changes = apply_file(tower, actor=actor, base_version=base)
    return AppliedConfiguration(version=version, changes=changes)


def need_applied(tower: Tower) -> None:
    """Refuse with the command to run when nothing is applied, or when the model is one that does not run."""
    with tower.reading() as tx:
        model.check_runs(model.load_applied(tx).configuration)


def configuration_failure(error: model.ConfigurationError) -> CommandFailed:
    """A broken configuration file as an error with its places."""
    problems = [
        {"file": item.file, "line": item.line, "column": item.path, "problem": item.problem, "fix": item.fix}
        for item in error.problems
    ]
    return CommandFailed("the configuration was not applied; nothing changed", problems=problems)


def create_token(tower: Tower, *, name: str, role: str, days: int | None, actor: str) -> str:
    """A token for a person or system with a role; an unknown role is named with those there are."""
    if role not in set(access.Role):
        raise CommandFailed(f"--role {role}: not a role; one of {', '.join(sorted(access.Role))}")
    with tower.transaction(actor) as tx:
        try:
            person = access.ensure_person(tx, name, role)
        except (access.OtherRole, access.ReservedName) as error:
            raise CommandFailed(f"--name {name}: {error}") from error
        expires = tx.now + timedelta(days=days) if days else None
        secret = access.create_token(
            tx, person, kind="api", label=name, expires_at=expires, secret=secrets.token_urlsafe(32)
        )
    return secret


def load_tokens(tower: Tower) -> list[access.TokenInfo]:
    """The tokens of systems, newest first, also those that ended."""
    with tower.reading() as tx:
        return access.load_tokens(tx)


def revoke_tokens(tower: Tower, *, name: str, actor: str) -> int:
    """End the tokens of a person or system that have not ended, and say how many; a name that has none is refused."""
    with tower.transaction(actor) as tx:
        mine = [token for token in access.load_tokens(tx) if token.person == name]
        if not mine:
            raise CommandFailed(f"--name {name}: has no token; `stocktower token list` shows who has", code=3)
        return sum(access.revoke_token(tx, token.token_id) for token in mine)


def journal_lines(tower: Tower) -> Generator[str]:
    """The journals as the lines of a Beancount file, in one consistent view."""
    with tower.reading() as tx:
        yield from finance.export_beancount(tx, model.load_applied(tx).configuration)


def export_journal(tower: Tower, output: Path | None) -> int:
    """Stream the journals and say how many lines there were; to a file it appears whole or not at all."""
    if output is not None and not output.parent.is_dir():
        raise CommandFailed(f"{output}: there is no folder {output.parent}; make it, or name another", code=3)
    lines = 0
    with ExitStack() as stack:
        part = output.with_name(f"{output.name}.{os.getpid()}.part") if output else None
        if part is not None:
            stack.callback(part.unlink, missing_ok=True)
        file = stack.enter_context(part.open("w", encoding="utf-8")) if part else sys.stdout
        for line in journal_lines(tower):
            file.write(line)
            lines += line.count("\n")
        file.flush()
        if part is not None and output is not None:
            part.replace(output)
    return lines


def instant(text: str | None, option: str) -> datetime | None:
    """An instant given on the command line; without an offset it is refused."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandFailed(f"{option} {text}: not an instant; write it like 2026-06-08T10:05:00-04:00") from error
    if at.tzinfo is None:
        raise CommandFailed(f"{option} {text}: no offset from UTC; write it like {at.isoformat()}+00:00")
    return at


def day(text: str | None, option: str) -> date | None:
    """A date given on the command line."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise CommandFailed(f"{option} {text}: not a date; write it like 2026-06-08") from error
