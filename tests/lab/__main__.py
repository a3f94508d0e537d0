"""`make lab`: every scenario, or those that are named: predicted, observed, verdict.

Exit status 1 where any disagrees, 0 with the reason where the lab cannot run.
"""

from __future__ import annotations

import sys
from collections import Counter
from time import monotonic

from lab.compare import DISAGREES, Row
from lab.run import missing, rows, table
from lab.scenario import names, read


def main(wanted: list[str]) -> int:
    chosen = [name for name in names() if not wanted or name in wanted]
    why = missing()
    if why:
        print(f"{len(chosen)} scenarios skipped: {why}")
        return 0
    verdicts: Counter[str] = Counter()
    started = monotonic()
    for name in chosen:
        try:
            found = rows(name)
        except RuntimeError as problem:
            found = [Row(name, "run", "to be run", str(problem), DISAGREES)]
        verdicts.update(row.verdict for row in found)
        print(f"{name}: {read(name).summary}\n{table(found)}\n", flush=True)
    counts = ", ".join(f"{count} {verdict}" for verdict, count in sorted(verdicts.items()))
    print(f"{len(chosen)} scenarios, {sum(verdicts.values())} comparisons: {counts}. {monotonic() - started:.0f} s")
    return 1 if verdicts[DISAGREES] or not verdicts else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
