"""Runs the benchmarks and prints one table.

    run.py [--short] [--json FILE] [NAME...]

Every figure is a ratio to its counterpart, taken in the same run and interleaved with it, since the
speed of a machine that others use as well is not worth a number. The exit code says whether every
figure could be measured; whether its goal is reached stands in the table only.
"""

import argparse
import json
import os
import platform
import sys
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import (  # noqa: E402
    contract_cost,
    many_migrations,
    memory,
    notified,
    probe_latency,
    round_cost,
    service_start,
    startup,
    steady_cost,
    throughput,
    time_to_ready,
    upstream,
)
from bench.figure import HEADING  # noqa: E402
from support import postgres  # noqa: E402

BENCHMARKS = {
    "probe-latency": probe_latency.measure,
    "throughput": throughput.measure,
    "time-to-ready": time_to_ready.measure,
    "round-cost": round_cost.measure,
    "contract-cost": contract_cost.measure,
    "steady-cost": steady_cost.measure,
    "notified": notified.measure,
    "startup": startup.measure,
    "memory": memory.measure,
    "service-start": service_start.measure,
    "many-migrations": many_migrations.measure,
    "upstream": upstream.measure,
}


def measured(name, short):
    """The figures of one benchmark; None where it could not be measured."""
    print(f"{name} …", end=" ", file=sys.stderr, flush=True)
    start = time.monotonic()
    try:
        figures = list(BENCHMARKS[name](short))
    except Exception:
        print("could not be measured", file=sys.stderr)
        traceback.print_exc()
        return None
    print(f"{time.monotonic() - start:.0f} s", file=sys.stderr)
    return figures


def table(rows):
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()


def report(results):
    rows = [HEADING]
    for name, figures in results.items():
        rows += [f.cells() for f in figures] if figures else [(name, "not measured", "", "", "", "")]
    return "\n".join(table(rows))


def document(results, short):
    figures = [f.document() for found in results.values() for f in found or ()]
    return {"short": short, "server": postgres.version(), "kernel": platform.release(),
            "cores": len(os.sched_getaffinity(0)), "figures": figures,
            "notMeasured": [name for name, found in results.items() if found is None]}


def main():
    parser = argparse.ArgumentParser(description="Runs the benchmarks and prints one table.")
    parser.add_argument("--short", action="store_true", help="fewer samples, for CI")
    parser.add_argument("--json", type=Path, metavar="FILE", help="the results, with details")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}")
    options = parser.parse_args()
    unknown = set(options.names) - BENCHMARKS.keys()
    if unknown:
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")

    results = {name: measured(name, options.short) for name in options.names or BENCHMARKS}
    print(report(results))
    if options.json:
        text = json.dumps(document(results, options.short), indent=1, ensure_ascii=False)
        options.json.write_text(text + "\n", encoding="utf-8")
    return 0 if all(results.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
