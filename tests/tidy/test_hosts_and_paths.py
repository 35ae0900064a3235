"""What is committed holds on any machine: no host in a lock file, no path of a developer's machine."""

import re
from pathlib import Path

from tests.tidy.tree import ROOT, files, report

LOCKS = re.compile(r".*\.lock|.*-lock\.(json|yaml)|npm-shrinkwrap\.json")
HOSTS = re.compile(
    r"\w+://|--(?:extra-)?index-url|--find-links|--trusted-host|@ file:|\b[\w-]+(?:\.[\w-]+)*\.(?:com|org|net|io|dev)\b"
)
# Put together here, so that this file does not find itself.
FOLDER = "sha" + "red"
MACHINE_PATHS = re.compile("|".join([r"(?<![\w./-])/wo" + "rk/", rf"\.\./{FOLDER}\b", "/opt/py" + "pi"]))
# Real data beside the checkout, for benchmarks and tests only, and written only in this way.
NEIGHBOUR = re.compile(rf"['\"]{FOLDER}['\"]")
NEIGHBOUR_AS_ALLOWED = re.compile(rf"\.parent / \"{FOLDER}\" / \"data\"")
TEXTS = {
    ".py",
    ".sql",
    ".md",
    ".toml",
    ".html",
    ".css",
    ".js",
    ".json",
    ".sh",
    ".cfg",
    ".ini",
    ".txt",
    ".yaml",
    ".yml",
    ".lock",
    "",
}


def texts() -> list[tuple[Path, str]]:
    """The project's text files with what they hold."""
    found = [path for path in files() if path.suffix in TEXTS]
    found += [path for path in ROOT.glob(".git?*") if path.is_file()]
    return [(path.relative_to(ROOT), path.read_text(encoding="utf-8", errors="replace")) for path in found]


def test_lock_files_name_no_host() -> None:
    broken = [
        f"{path}:{number} {line.strip()[:80]}"
        for path, text in texts()
        if LOCKS.fullmatch(path.name)
        for number, line in enumerate(text.splitlines(), start=1)
        if HOSTS.search(line)
    ]
    report("A lock file pins names, versions and hashes, and says nothing about where they come from:", broken)


def test_no_path_of_a_machine() -> None:
    broken = [
        f"{path}:{number} {line.strip()[:100]}"
        for path, text in texts()
        for number, line in enumerate(text.splitlines(), start=1)
        if MACHINE_PATHS.search(line)
    ]
    report("The project names no path of a developer's machine:", broken)


def test_neighbouring_data_is_for_benchmarks_and_tests() -> None:
    broken: list[str] = []
    for path, text in texts():
        for number, line in enumerate(text.splitlines(), start=1):
            if NEIGHBOUR.search(line) and not (
                path.parts[0] in ("benchmarks", "tests") and NEIGHBOUR_AS_ALLOWED.search(line)
            ):
                broken.append(f"{path}:{number} {line.strip()[:100]}")
    report(
        "Real data of the neighbouring folder is named only in benchmarks and tests, from the checkout's parent:",
        broken,
    )
