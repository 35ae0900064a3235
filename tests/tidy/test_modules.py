"""Sizes, names and docstrings: what a reader meets first."""

import ast
from collections.abc import Iterator

from tests.tidy.tree import SOURCE, Module, files, modules, report

LONGEST_MODULE = 500
LONGEST_FUNCTION = 60
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc"}

NOW = {"datetime.now", "time.time", "time.time_ns"}

type_of_definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def test_modules_are_short() -> None:
    broken = [
        f"{module.where}: {module.lines} lines"
        for module in modules("src", "tests", "benchmarks", "tools")
        if module.lines >= LONGEST_MODULE
    ]
    report(f"A module has fewer than {LONGEST_MODULE} lines; divide it by what changes together:", broken)


def test_functions_fit_a_screen() -> None:
    broken = [
        f"{module.where}:{node.lineno} {node.name}: {length} lines"
        for module in modules("src", "benchmarks", "tools")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > LONGEST_FUNCTION
    ]
    report(f"A function fits a screen ({LONGEST_FUNCTION} lines):", broken)


def test_names_say_what_is_inside() -> None:
    broken = [
        f"{module.where}"
        for module in modules("src", "tests", "benchmarks", "tools")
        if EMPTY_NAMES & {part.removesuffix(".py").removeprefix("test_") for part in module.where.split("/")}
    ]
    report("A file or folder is called by what it holds, not utils, helpers, common or manager:", broken)


def test_public_names_have_a_docstring() -> None:
    broken = [
        f"{module.where}:{node.lineno} {node.name}"
        for module in modules("src")
        for node in _public(module)
        if not ast.get_docstring(node)
    ]
    report("A public function or class has a docstring of one sentence:", broken)


def test_the_time_of_day_is_read_in_one_place() -> None:
    broken = [
        f"{module.where}:{node.lineno}"
        for module in modules("src")
        if module.dotted != "stocktower.platform.clock"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and (ast.unparse(node) in NOW or node.attr in {"utcnow", "today"})
    ]
    report("The time of day is read by platform/clock.py alone; ask the transaction or the clock:", broken)


def test_rooms_have_a_face() -> None:
    rooms = sorted({path.relative_to(SOURCE).parts[0] for path in files(".py", under=SOURCE) if path.parent != SOURCE})
    faces = {module.room: module for module in modules("src") if module.path == SOURCE / module.room / "__init__.py"}
    broken = [f"src/stocktower/{room}/__init__.py is not there" for room in rooms if room not in faces]
    broken += [f"{face.where} has no docstring" for room, face in faces.items() if room and not _says(face)]
    report("A room has a face, and the face says what the room owns:", broken)


def _says(module: Module) -> bool:
    return bool(ast.get_docstring(module.tree))


def _public(module: Module) -> Iterator[type_of_definition]:
    for node in module.tree.body:
        if isinstance(node, type_of_definition) and not node.name.startswith("_"):
            yield node
