"""python3 -m record [--quick] [--write] [TOOL…]: records again and compares, or writes."""

import argparse
import difflib
import json
import shutil
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor

from record.drivers import DRIVERS
from record.tool import DATA
from support.postgres import Postgres


def differences(tool, name, recording):
    """What is not as in the data; a version alone is no difference, but is told."""
    folder = tool.home / name
    for file, new in recording.files().items():
        path = folder / file
        old = path.read_text(encoding="utf-8") if path.exists() else ""
        if file == "case.json" and old:
            was = json.loads(old)
            if was["version"] != recording.case["version"]:
                print(f"{tool.label()} {name}: recorded with {was['version']},"
                      f" here is {recording.case['version']}")
                old = json.dumps({**was, "version": recording.case["version"]}, indent=2,
                                 ensure_ascii=False) + "\n"
        shown = str(path.relative_to(DATA))
        yield from difflib.unified_diff(old.splitlines(), new.splitlines(), f"{shown} (recorded)",
                                        f"{shown} (now)", lineterm="")


def write(tool, name, recording):
    folder = tool.home / name
    folder.mkdir(exist_ok=True)
    for file, text in recording.files().items():
        (folder / file).write_text(text, encoding="utf-8")


def recorded(tool):
    """The states that the data has of the tool, but for those made by hand."""
    return {path.parent.name for path in tool.home.glob("*/case.json")
            if json.loads(path.read_text(encoding="utf-8"))["version"]}


def wanted(tool, name, words):
    """Tools of which a command takes seconds are quick in the states that the others have not."""
    if words.state:
        return name in words.state
    return not words.quick or not tool.quick_states or name in tool.quick_states


def prove(tool, server, words):
    """Drives one tool through its states; gives the number of states and what was wrong."""
    wrong = []
    tool.install()
    names = [name for name in tool.states() if wanted(tool, name, words)]
    for name in names:
        try:
            recording = tool.record(server, name)
        except Exception:
            wrong.append(f"{tool.label()} {name}: {traceback.format_exc()}")
            continue
        if words.write:
            write(tool, name, recording)
        else:
            wrong += differences(tool, name, recording)
    for name in sorted(recorded(tool) - set(tool.states())):
        if words.write:
            shutil.rmtree(tool.home / name)
        else:
            wrong.append(f"{tool.label()} {name}: there is a recording of a state that is no longer driven")
    print(f"{tool.label()} {tool.installed_version()}: {len(names)} states,"
          f" {'all as recorded' if not wrong else 'NOT as recorded'}", flush=True)
    return len(names), wrong


def proven(tool, server, words):
    try:
        return prove(tool, server, words)
    except Exception:
        return 0, [f"{tool.label()}: {traceback.format_exc()}"]


def main():
    parser = argparse.ArgumentParser(prog="tests/truth.sh", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only tools that install in minutes")
    parser.add_argument("--write", action="store_true", help="write the data instead of comparing")
    parser.add_argument("--state", action="append", help="only this state; may be said again")
    parser.add_argument("tools", nargs="*", metavar="TOOL", help=f"of {', '.join(DRIVERS)}")
    words = parser.parse_args()
    if unknown := set(words.tools) - set(DRIVERS):
        parser.error(f"no driver for {', '.join(sorted(unknown))}: expected some of {', '.join(DRIVERS)}")
    tools = [DRIVERS[name]() for name in words.tools or DRIVERS]
    tools = [tool for tool in tools if tool.quick or not words.quick]
    with Postgres({"max_connections": "100"}) as server, ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda tool: proven(tool, server, words), tools))
    wrong = [line for _, lines in results for line in lines]
    print("\n".join(wrong), file=sys.stderr)
    bad = sum(bool(lines) for _, lines in results)
    print(f"{sum(count for count, _ in results)} states of {len(tools)} tools, {bad} tools not as recorded")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
