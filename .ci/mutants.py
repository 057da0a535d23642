#!/usr/bin/env python3
"""Makes the mutants that cargo-mutants finds in src/, in a copy of the code, and expects a test to
fail for each. It takes a random sample with a fixed seed; tests/mutants.txt has the mutants that no
test can find, with the reason for each.

.ci/mutants.py                 tries the first mutants of the sample, a few
.ci/mutants.py all             tries the whole sample, of 320 mutants; takes hours
.ci/mutants.py 3/16            tries the third of 16 shards of it
.ci/mutants.py every WORD      tries every mutant with WORD in its name, in the sample or not
.ci/mutants.py --list          prints the sample

A mutant goes through the stages of STAGES until one of them finds it. The fast tests come first.
Results are appended to target/mutants/results.txt, and a mutant that is there is not tried again
while the code stays the same.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys

import common

SEED = 12
SAMPLE = 320
FEW = 3
# A sample has to be found to this part, without the equivalent mutants.
FOUND = 0.95

WORK = common.ROOT / "target" / "mutants"
TREE = WORK / "tree"
RESULTS = WORK / "results.txt"
EQUIVALENT = common.ROOT / "tests" / "mutants.txt"

# The unit tests; the tests without dependencies; the laws; the examples in the documentation.
STAGES = {
    "unit": ["--lib", "--package", "embedded-cors", "--all-features"],
    "tests": ["--test", "*", "--package", "embedded-cors", "--all-features"],
    "laws": ["--tests", "--package", "tests-with-dependencies"],
    "docs": ["--doc", "--package", "embedded-cors", "--all-features"],
}
# Seconds for the tests of a stage, and to build it. A mutant that makes a loop endless is found by
# this.
TIMEOUT = 240
BUILD_TIMEOUT = 600


def install():
    if shutil.which("cargo-mutants") is None:
        common.run(["cargo", "install", "--quiet", "--locked", "cargo-mutants"])


def copy_tree():
    """Copies the files of the project, those that are not committed yet included."""
    wanted = [file for file in common.project_files() if not file.startswith(("fuzz/", "benches/"))]
    for file in wanted:
        place = TREE / file
        place.parent.mkdir(parents=True, exist_ok=True)
        content = (common.ROOT / file).read_bytes()
        # A file that is written anew would be compiled anew.
        if not place.is_file() or place.read_bytes() != content:
            place.write_bytes(content)
    for place in TREE.rglob("*.rs"):
        if str(place.relative_to(TREE)) not in wanted:
            place.unlink()


def all_mutants():
    listed = common.read(
        ["cargo", "mutants", "--list", "--json", "--diff", "--package", "embedded-cors", "--file", "src/**"],
        cwd=TREE,
    )
    mutants = json.loads(listed)
    for mutant in mutants:
        # Lines move, so the list of equivalent mutants has names without them. A number tells apart
        # those of one file that have the same name.
        mutant["short"] = re.sub(r":\d+:\d+: ", ": ", mutant["name"])
    mutants.sort(key=lambda mutant: (mutant["file"], mutant["span"]["start"]["line"], mutant["name"]))
    counts = {}
    for mutant in mutants:
        counts[mutant["short"]] = counts.get(mutant["short"], 0) + 1
        mutant["short"] += f" #{counts[mutant['short']]}"
    return mutants


def sample(mutants):
    """Returns a sample that changes little when the code does: those with the lowest hashes of the
    seed and their names."""
    ordered = sorted(mutants, key=lambda mutant: hashlib.sha256(f"{SEED} {mutant['short']}".encode()).digest())
    return ordered[:SAMPLE]


def equivalent():
    """Returns the names of the mutants that no test can find."""
    if not EQUIVALENT.is_file():
        return set()
    lines = EQUIVALENT.read_text().splitlines()
    return {line.removeprefix("mutant ") for line in lines if line.startswith("mutant ")}


def mutated(mutant):
    """Returns the changed text of the mutant's file."""
    lines = (common.ROOT / mutant["file"]).read_text().splitlines(keepends=True)
    start, end = mutant["span"]["start"], mutant["span"]["end"]
    # Columns are counted in characters, from 1.
    before = "".join(lines[: start["line"] - 1]) + lines[start["line"] - 1][: start["column"] - 1]
    after = lines[end["line"] - 1][end["column"] - 1 :] + "".join(lines[end["line"] :])
    return before + mutant["replacement"] + after


def cargo(command, arguments, timeout):
    """Runs a command of cargo. Returns its status, or None after the timeout."""
    environment = {**os.environ, "CARGO_TARGET_DIR": str(WORK / "build"), "RUST_BACKTRACE": "0"}
    environment |= {"PROPTEST_CASES": "1024", "PROPTEST_RNG_SEED": "1", "CARGO_INCREMENTAL": "1"}
    words = ["cargo", command, "--quiet", *arguments]
    process = subprocess.Popen(
        words, cwd=TREE, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        return process.wait(timeout)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        process.wait()
        return None


def attempt(mutant):
    """Returns `unviable`, `missed`, or the stage that finds the mutant."""
    place = TREE / mutant["file"]
    original = place.read_text()
    place.write_text(mutated(mutant))
    try:
        if cargo("build", ["--lib", "--package", "embedded-cors", "--all-features"], BUILD_TIMEOUT) != 0:
            return "unviable"
        for stage, command in STAGES.items():
            # A policy in a static of the tests may not build with the mutant, which finds it.
            if cargo("test", ["--no-run", *command], BUILD_TIMEOUT) != 0:
                return stage
            if cargo("test", command, TIMEOUT) != 0:
                return stage
        return "missed"
    finally:
        place.write_text(original)


def key(mutant):
    """Identifies a mutant of this code and these tests."""
    text = mutant["short"] + (common.ROOT / mutant["file"]).read_text()
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def known_results():
    if not RESULTS.is_file():
        return {}
    rows = [line.split(" ", 2) for line in RESULTS.read_text().splitlines()]
    return {row[0]: row[1] for row in rows}


def main():
    arguments = sys.argv[1:]
    install()
    copy_tree()
    mutants = all_mutants()
    chosen = sample(mutants)
    match arguments:
        case ["--list"]:
            print("\n".join(mutant["name"] for mutant in chosen))
            return
        case []:
            chosen = chosen[:FEW]
        case ["all"]:
            pass
        case ["every", word]:
            chosen = [mutant for mutant in mutants if word in mutant["name"]]
        case [shard] if re.fullmatch(r"\d+/\d+", shard):
            number, count = map(int, shard.split("/"))
            chosen = chosen[number - 1 :: count]
        case _:
            sys.exit(__doc__)
    # For a few mutants, the part `test` of CI has to show that the tests pass without one.
    for stage, command in STAGES.items():
        if (stage == "unit" or arguments) and cargo("test", command, 1200) != 0:
            sys.exit(f"the tests fail without a mutant: cargo test {' '.join(command)}")
    excused, known, results = equivalent(), known_results(), {}
    for mutant in chosen:
        name = mutant["short"]
        if name in excused:
            results[name] = "equivalent"
            continue
        result = known.get(key(mutant)) or attempt(mutant)
        results[name] = result
        with RESULTS.open("a") as file:
            file.write(f"{key(mutant)} {result} {mutant['name']}\n")
        print(f"  {result:10} {mutant['name']}", flush=True)
    counts = {result: list(results.values()).count(result) for result in set(results.values())}
    missed, unviable = counts.get("missed", 0), counts.get("unviable", 0)
    viable = len(results) - unviable - counts.get("equivalent", 0)
    print(
        f"{len(results)} of {len(mutants)} mutants: {viable - missed} found, {missed} missed, {unviable} do not build,"
        f" {counts.get('equivalent', 0)} equivalent"
    )
    if viable and (viable - missed) / viable < FOUND:
        sys.exit(f"less than {FOUND:.0%} of the viable mutants are found")


if __name__ == "__main__":
    main()
