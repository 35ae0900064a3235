"""Who may import what, beyond the floors that import-linter knows: faces only, pure rules, no reach past a contract."""

import ast
from collections.abc import Iterator

import pytest

from tests.tidy.tree import Module, modules, report

PACKAGE = "stocktower"
# Another room's read models are imported as `from stocktower.<room> import views`.
SHARED_SUBMODULES = {"views"}
# What pure modules may take from the platform's face: data, nothing that reaches the world.
PURE_MODULES = {"rules", "model", "events", "translate"}
PURE_PLATFORM_NAMES = {"Event", "RecordedEvent"}
# The modules of a room, or of a shelf of it, that reach the database.
SHELLS = {"store", "service", "views"}
IMPURE_LIBRARIES = {"psycopg", "psycopg_pool", "random", "secrets", "socket", "subprocess", "httpx", "litestar"}
# Connectors translate, never decide.
CONNECTORS_MAY_IMPORT = {"connectors", "exchange", "platform", "kernel"}


def imports(module: Module) -> Iterator[tuple[int, str, str | None]]:
    """Each import as (line, module, imported name), relative ones made absolute."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name, None
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield node.lineno, absolute(module, node), alias.name


def absolute(module: Module, node: ast.ImportFrom) -> str:
    """The module that a `from ... import` names."""
    if not node.level:
        return node.module or ""
    package = module.dotted.split(".")
    if module.path.name != "__init__.py":
        package.pop()
    package = package[: len(package) - (node.level - 1)]
    return ".".join([*package, *([node.module] if node.module else [])])


def passes_the_face(module: Module, target: str, name: str | None, known: set[str]) -> bool:
    """Whether an import goes round another room's face into one of its modules."""
    parts = target.split(".")
    if parts[0] != PACKAGE or len(parts) < 2 or parts[1] == module.room:
        return False
    if parts[1] == "connectors":
        # One folder for each outside system, and the face is the folder's.
        return len(parts) > 3
    if len(parts) > 2:
        return True
    return name is not None and name not in SHARED_SUBMODULES and f"{target}.{name}" in known


def test_rooms_are_reached_by_their_face() -> None:
    source = modules("src")
    known = {module.dotted for module in source}
    broken = [
        f"{module.where}:{line} imports {target}{f' ({name})' if name else ''}"
        for module in source
        for line, target, name in imports(module)
        if passes_the_face(module, target, name, known)
    ]
    report("Another room is imported by its face: `from stocktower.<room> import name` (or `views`):", broken)


def test_pure_modules_touch_no_world() -> None:
    broken: list[str] = []
    for module in modules("src"):
        if module.path.stem not in PURE_MODULES or module.room in ("", "platform"):
            continue
        for line, target, name in imports(module):
            from_platform = target == f"{PACKAGE}.platform" and name not in PURE_PLATFORM_NAMES
            of_room = target == f"{PACKAGE}.{module.room}" or target.startswith(f"{PACKAGE}.{module.room}.")
            from_shell = of_room and bool({name, target.split(".")[-1]} & SHELLS)
            if from_platform or from_shell or target.split(".")[0] in IMPURE_LIBRARIES:
                broken.append(f"{module.where}:{line} imports {name or ''} from {target}")
    report("Rules, models and events are pure: facts come in as arguments, a plan goes out:", broken)


def test_connectors_only_translate() -> None:
    broken = [
        f"{module.where}:{line} imports {target}"
        for module in modules("src/stocktower/connectors")
        for line, target, _ in imports(module)
        if target.startswith(f"{PACKAGE}.") and target.split(".")[1] not in CONNECTORS_MAY_IMPORT
    ]
    report("A connector imports exchange, platform and kernel only:", broken)


@pytest.mark.parametrize("clock", ["now", "utcnow", "today"])
def test_pure_modules_read_no_clock(clock: str) -> None:
    broken = [
        f"{module.where}:{node.lineno} calls .{clock}()"
        for module in modules("src")
        if module.path.stem in PURE_MODULES
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == clock
    ]
    report("Time comes into a pure module as an argument:", broken)
