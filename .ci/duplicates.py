#!/usr/bin/env python3
"""Looks for runs of six or more lines of code that occur in two places.

.ci/duplicates.py               compares what it finds with .ci/duplicates.txt
.ci/duplicates.py --self-test   tests the search

White space within a line does not matter. Blank lines, comments, imports and lines without a letter
or a digit are skipped, so they neither count nor end a run. Each line of .ci/duplicates.txt is

    LINES FILE ~ FILE | REASON

and accepts runs in these two files that have at most LINES lines in all; `*` in a name stands for
any text.
"""

import collections
import fnmatch
import pathlib
import re
import sys

import common
import rust_tokens

RUN = 6
LIST = common.CI / "duplicates.txt"
IMPORT = re.compile(r"(?:pub(?:\([a-z]+\))? )?(?:use|mod|extern crate) |#include|import |from \S+ import|\. \S+$|set -|#!?\[")


def code_lines(path, text):
    """Returns the number and the folded text of each line of code, or None for other files."""
    name, suffix = pathlib.PurePath(path).name, pathlib.PurePath(path).suffix
    if suffix in (".rs", ".c", ".h"):
        # A comment is replaced by white space with the same number of lines.
        kept = [
            " " + "\n" * text.count("\n", start, end) if kind == "comment" else text[start:end]
            for kind, start, end in rust_tokens.scan(text)
        ]
        text = "".join(kept)
    elif suffix in (".py", ".sh") or text.startswith("#!") or name == "Makefile":
        text = re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE)
    else:
        return None
    lines = []
    for number, line in enumerate(text.split("\n"), 1):
        folded = " ".join(line.split())
        if re.search(r"\w", folded) and not IMPORT.match(folded):
            lines.append((number, folded))
    return lines


def runs(sources):
    """Returns the runs that occur in two places: the two files, their lines, and the number of
    lines of code."""
    files = {path: lines for path, text in sorted(sources.items()) if (lines := code_lines(path, text))}
    places = collections.defaultdict(list)
    for path, lines in files.items():
        for at in range(len(lines) - RUN + 1):
            places[tuple(text for _, text in lines[at : at + RUN])].append((path, at))
    found = []
    for same in places.values():
        for index, (path, at) in enumerate(same):
            for other, there in same[index + 1 :]:
                lines, others = files[path], files[other]
                # This run is a part of one that starts earlier.
                if at and there and lines[at - 1][1] == others[there - 1][1]:
                    continue
                length = RUN
                while at + length < len(lines) and there + length < len(others) and lines[at + length][1] == others[there + length][1]:
                    length += 1
                # In one file, a run must not overlap itself.
                if path == other:
                    length = min(length, there - at)
                if length >= RUN:
                    spans = [(one[start][0], one[start + length - 1][0]) for one, start in ((lines, at), (others, there))]
                    found.append((path, other, *spans, length))
    return sorted(found)


def accepted(text):
    rows = []
    for number, line in enumerate(text.splitlines(), 1):
        if line and not line.startswith("#"):
            found = re.fullmatch(r"(\d+) (\S+) ~ (\S+) \| (.+)", line)
            if not found:
                sys.exit(f".ci/duplicates.txt:{number}: not LINES FILE ~ FILE | REASON")
            rows.append((int(found[1]), found[2], found[3]))
    return rows


def faults(found, rows):
    """Returns the runs that no row accepts, and the rows that accept nothing."""
    pairs = collections.defaultdict(list)
    for run in found:
        pairs[run[:2]].append(run)
    left, used = [], set()
    for (path, other), same in pairs.items():
        fits = [
            row
            for row in rows
            if any(fnmatch.fnmatch(a, row[1]) and fnmatch.fnmatch(b, row[2]) for a, b in ((path, other), (other, path)))
        ]
        lines = sum(run[4] for run in same)
        if fits:
            used.update(fits)
            if lines <= fits[0][0]:
                continue
            left.append(f"{path} ~ {other}: {lines} lines, and .ci/duplicates.txt accepts {fits[0][0]}")
        for _, _, (first, last), (start, end), length in same:
            left.append(f"{path}:{first}-{last} ~ {other}:{start}-{end}: {length} lines")
    left += [f".ci/duplicates.txt: {row[1]} ~ {row[2]} have no lines in common any more" for row in rows if row not in used]
    return left


def self_test():
    body = "".join(f"let a{n} = f({n});\n" for n in range(RUN))
    changed = body.replace("a3", "b3")

    def check(expected, rows="", **sources):
        found = faults(runs({f"{name}.rs": text for name, text in sources.items()}), accepted(rows))
        assert found == expected, found

    check(["a.rs:1-6 ~ b.rs:1-6: 6 lines"], a=body, b=body)
    check(["a.rs:2-7 ~ b.rs:1-9: 6 lines"], a="other();\n" + body, b=body.replace("\n", "\n\n// why\n}\n", 1).replace("a4 =", "  a4   =") + "}")
    check(["a.rs:1-7 ~ b.rs:1-7: 7 lines"], a=body + "g();\nh();", b=body + "g();")
    check([], a=body, b=changed)
    check([], a="use a;\n" * 9, b="use a;\n" * 9)
    check(["a.rs:1-6 ~ a.rs:7-12: 6 lines"], a=body + body)
    check([], a="f();\n" * 7)
    check([], "6 a.rs ~ b.rs | a reason", a=body, b=body)
    check([], "6 ?.rs ~ *b.rs | a reason", a=body, b=body)
    check(["a.rs ~ b.rs: 6 lines, and .ci/duplicates.txt accepts 5", "a.rs:1-6 ~ b.rs:1-6: 6 lines"], "5 a.rs ~ b.rs | a reason", a=body, b=body)
    check([".ci/duplicates.txt: a.rs ~ b.rs have no lines in common any more"], "6 a.rs ~ b.rs | a reason", a=body, b=changed)
    print("the search for duplicates: tested")


def main():
    self_test()
    if sys.argv[1:] == ["--self-test"]:
        return
    sources = {}
    for path in common.project_files(":!tests/requests", ":!fuzz/seeds"):
        try:
            sources[path] = (common.ROOT / path).read_text()
        except UnicodeDecodeError:
            continue
    rows = accepted(LIST.read_text())
    left = faults(runs(sources), rows)
    if left:
        print("\n".join(left), file=sys.stderr)
        sys.exit(f"runs of {RUN} or more lines occur twice: share them, or give a reason in .ci/duplicates.txt")
    print(f"no run of {RUN} or more lines of code occurs twice, except in {len(rows)} pairs of files with a reason")


main()
