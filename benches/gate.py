"""Refuses rows that grow. It is imported by .ci/bench.py.

A row may have at most 2 % more instructions than the least that was committed for it, which
benches/least.txt states. A row that has to grow further needs a line in benches/grown.txt:

    ROW LEAST NEW REASON

LEAST is the number in benches/least.txt, and NEW the number that the row may have. Then NEW is
the least. Since each row is compared with its least and not with its last count, it cannot grow
by small steps."""

import pathlib

import common

TOLERANCE = common.Tolerance(percent=2.0, few=3)


def load_least(path):
    lines = [line.split() for line in path.read_text().splitlines() if not line.startswith("#")] if path.exists() else []
    return {name: int(count) for name, count in lines}


def save_least(path, least):
    width = max(map(len, least))
    lines = ["# The least instructions per call that were committed for a row. Written by .ci/bench.py."]
    lines += [f"{name:{width}} {count:9}" for name, count in sorted(least.items())]
    path.write_text("\n".join(lines) + "\n")


def load_grown(text):
    """Returns the lines of benches/grown.txt as (row, least, new), and the mistakes in them."""
    grown, mistakes = [], []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        words = line.split(maxsplit=3)
        if len(words) < 4 or not (words[1].isdigit() and words[2].isdigit()) or len(words[3].split()) < 3:
            mistakes.append(f"line {number}: not a row, two numbers and a reason of at least three words")
        elif int(words[2]) <= int(words[1]):
            mistakes.append(f"line {number}: {words[2]} is not more than {words[1]}")
        else:
            grown.append((words[0], int(words[1]), int(words[2])))
    return grown, mistakes


def admits(limit, count):
    return count - limit <= max(TOLERANCE.few, limit * TOLERANCE.percent / 100)


def compare(least, grown, counts):
    """Returns the new least counts, and lines for the rows that grew without a line."""
    after, refused = {}, []
    for name, count in counts.items():
        before = least.get(name)
        if before is None or admits(before, count):
            after[name] = count if before is None else min(before, count)
        elif any(row == name and was == before and admits(new, count) for row, was, new in grown):
            after[name] = count
        else:
            refused.append(f"{name} {before} {count} WHY IT GREW")
    return after, refused


def check(directory: pathlib.Path, counts, write):
    """Ends the program if a row grew without a line; writes the least counts if it is told to."""
    path = directory / "least.txt"
    least = load_least(path)
    grown, mistakes = load_grown((directory / "grown.txt").read_text())
    if mistakes:
        raise SystemExit("benches/grown.txt\n" + "\n".join(mistakes))
    after, refused = compare(least, grown, counts)
    if refused:
        raise SystemExit(
            f"{len(refused)} rows grew by more than 2 %. Nothing was written for them. If there is a reason, add these lines with it to"
            " benches/grown.txt, and run the command again:\n" + "\n".join(refused)
        )
    if write:
        # Rows of this list that are no longer counted are left out; those of other lists stay.
        group = {prefix(name) for name in counts}
        save_least(path, {name: count for name, count in least.items() if prefix(name) not in group} | after)


def prefix(name):
    """Returns the list that a row belongs to: "" for that of the host."""
    first = name.split("/")[0]
    return first if first in ("peers", "cortex-m3", "riscv32imc") else ""


def self_test():
    line = "decide/a 1000 1100 a field is checked twice"
    grown, mistakes = load_grown(f"# comment\n\n{line}\n")
    assert grown == [("decide/a", 1000, 1100)] and not mistakes
    for wrong in ("decide/a 1000 1100", "decide/a 1000 1100 because", "decide/a 1100 1000 it is less now", "decide/a x 1100 a good reason"):
        assert load_grown(wrong)[1], wrong

    def after(least, grown, count):
        new, refused = compare({"decide/a": least}, grown, {"decide/a": count})
        assert bool(refused) != bool(new)
        return new.get("decide/a")

    assert after(1000, [], 1020) == 1000
    assert after(1000, [], 1021) is None
    assert after(1000, grown, 1100) == 1100
    assert after(1000, grown, 1090) == 1090
    assert after(1000, grown, 1123) is None
    # The line is for another least count or another row.
    assert after(1010, grown, 1100) is None
    assert after(1000, [("decide/b", 1000, 1100)], 1100) is None
    # Two steps of 1.9 % are one of 3.8 %.
    assert after(after(1000, [], 1019), [], 1038) is None
    # After a gain the row may not go back.
    assert after(after(1000, [], 900), [], 1000) is None
    # A few instructions are a matter of layout.
    assert after(9, [], 12) == 9 and after(9, [], 13) is None
    assert compare({}, [], {"decide/new": 5}) == ({"decide/new": 5}, [])
    print("the gate for rows that grow: tested")
