"""`python -m benchmarks`: measure, show a table, and write it as JSON where asked."""

import argparse
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from benchmarks.availability import measure_availability
from benchmarks.captured import measure_captured
from benchmarks.decisions import measure_decisions
from benchmarks.history import measure_history
from benchmarks.hot_sku import measure_hot_sku
from benchmarks.measures import Measure, Options, as_line, say, say_load
from benchmarks.olist_flow import measure_olist
from benchmarks.over_http import measure_holds_over_http, measure_over_http
from benchmarks.places import Bench, bench
from benchmarks.publication import measure_publication
from benchmarks.snapshot import measure_snapshot

Benchmark = Callable[[Bench, Options], list[Measure]]

BENCHMARKS: dict[str, Benchmark] = {
    "captured": measure_captured,
    "advance": lambda _, options: measure_decisions(options),
    "hot": measure_hot_sku,
    "history": measure_history,
    "http": measure_over_http,
    "http-holds": measure_holds_over_http,
    "olist": measure_olist,
    "burst": measure_publication,
    "snapshot": measure_snapshot,
    "availability": measure_availability,
}


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", choices=list(BENCHMARKS), action="append", help="only this one (can be repeated)")
    parser.add_argument("--quick", action="store_true", help="less of everything, to see whether it runs")
    parser.add_argument("--runs", type=int, default=3, help="runs whose median counts")
    parser.add_argument("--no-profile", action="store_true", help="do not sample where the time goes")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results as JSON")
    given = parser.parse_args()
    options = Options(given.quick, given.runs, not given.no_profile)
    measures: list[Measure] = []
    say_load()
    with bench() as made:
        for name in given.only or BENCHMARKS:
            say(f"{name} ...")
            began = time.monotonic()
            found = BENCHMARKS[name](made, options)
            for measure in found:
                say("  " + as_line(measure))
            say(f"  ({time.monotonic() - began:.0f} s)")
            measures += found
    say()
    for measure in measures:
        say(as_line(measure))
    say_load()
    if given.json:
        given.json.write_bytes(msgspec.json.format(msgspec.json.encode(as_json(measures))))


def as_json(measures: list[Measure]) -> dict[str, object]:
    """The results with the machine that they are of."""
    return {
        "machine": {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()},
        "measures": [
            {
                "name": measure.name,
                "unit": measure.unit,
                "median": measure.value,
                "runs": measure.runs,
                "bare": measure.bare,
                "ratio": measure.ratio,
                "goal": measure.goal,
                "reached": measure.reached,
                "note": measure.note,
            }
            for measure in measures
        ],
    }


if __name__ == "__main__":
    main()
