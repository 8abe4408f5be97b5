#!/usr/bin/env python3
"""Browser tests: run.py --programs FOLDER [--suite NAME] [--only PART] [--pictures FOLDER]

Plays every `test_…` function of the suites in this folder against one stage, and prints a line for each. Exit status 1 when one fails.
"""
import argparse, importlib, pathlib, sys, time, traceback

from browser import Stage

HERE = pathlib.Path(__file__).parent


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--programs", required=True, help="folder of the executables")
    arguments.add_argument("--suite", action="append", help="file in this folder, without .py; all that begin with a test when not given")
    arguments.add_argument("--only", default="", help="part of a test's name")
    arguments.add_argument("--pictures", default=".build/browser", help="where screenshots go")
    chosen = arguments.parse_args()
    suites = chosen.suite or sorted(path.stem for path in HERE.glob("*.py") if "\ndef test_" in path.read_text())
    failures, begun = [], time.monotonic()
    with Stage(chosen.programs, chosen.pictures) as stage:
        print(f"-- the stage took {time.monotonic() - begun:.1f} s", flush=True)
        for suite in suites:
            module = importlib.import_module(suite)
            for name, test in list(vars(module).items()):
                if not name.startswith("test_") or chosen.only not in name:
                    continue
                start = time.monotonic()
                try:
                    test(stage)
                    outcome = "ok"
                except Exception:
                    outcome = "FAILED"
                    failures.append(f"{suite}.{name}")
                    traceback.print_exc(file=sys.stdout)
                print(f"{outcome:7}{time.monotonic() - start:6.1f} s  {suite}: {(test.__doc__ or name).strip().splitlines()[0]}", flush=True)
        if failures:
            print(stage.warnings())
    print(f"-- {time.monotonic() - begun:.1f} s, {len(failures)} failed{': ' + ', '.join(failures) if failures else ''}")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    sys.path.insert(0, str(HERE))
    main()
