#!/usr/bin/env python3
"""Measures what the engine costs.

.ci/bench.py              counts instructions, compares them with benches/instructions.txt within
                          2 %, and runs every benchmark for a moment
.ci/bench.py --update     counts instructions, and writes benches/instructions.txt and
                          docs/performance.md anew
.ci/bench.py --peers      counts the instructions of other CORS middleware, and compares them with
                          benches/peers/instructions.txt
.ci/bench.py --mcu        counts the instructions of a Cortex-M3 and a RISC-V 32, and compares them
                          with benches/mcu/instructions.txt
.ci/bench.py --times      measures times, and writes benches/times.txt and the page anew
.ci/bench.py --full       does all that, and writes everything anew; it takes 40 minutes
.ci/bench.py --page       measures nothing, and writes docs/performance.md and the plots anew from
                          the committed figures
.ci/bench.py --self-test  tests the gate of benches/gate.py

With --update after it, --peers and --mcu each write their file and the page anew. A row that grew
by more than 2 % is not written unless benches/grown.txt says why.
"""

import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import common
from common import ROOT, read, run

sys.path.insert(0, str(ROOT / "benches"))

import gate  # noqa: E402
import plot  # noqa: E402
import report  # noqa: E402

BUILD = ROOT / "target" / "benchmarks"
BENCHES = ROOT / "benches"
PAGE = ROOT / "docs" / "performance.md"
HOST, PEERS, MCU = (BENCHES / folder / "instructions.txt" for folder in (".", "peers", "mcu"))


def cargo(command, package, *arguments, **options):
    """Runs cargo on a package of benchmarks."""
    environment = {**os.environ, "CARGO_TARGET_DIR": str(BUILD)}
    manifest = str(ROOT / package / "Cargo.toml")
    command = ["cargo", command, "--quiet", "--locked", "--manifest-path", manifest, *arguments]
    return subprocess.run(command, env=environment, cwd=ROOT, **options)


# Instructions on x86-64.


# The C library chooses its functions for copying and comparing memory by what the CPU can do. With
# these features masked it takes those that every x86-64 has, so all machines count the same.
# Valgrind shows a program no CPU beyond AVX2, so nothing above it has to be masked.
PINNED = "glibc.cpu.hwcaps=-AVX2,-AVX,-ERMS"
# Further features that are different on other machines.
MORE = "-FSRM,-RTM,-BMI1,-BMI2,-LZCNT,-MOVBE,-POPCNT,-SSE4_2,-SSE4_1,-SSSE3"


def callgrind(program, row, calls, tunables=PINNED, out="/dev/null", *options):
    options = [f"--callgrind-out-file={out}", "--instr-atstart=no", "--toggle-collect=counted_calls", *options]
    command = ["valgrind", "--tool=callgrind", *options, program, row, str(calls)]
    # The environment is fixed, since its size moves the stack.
    environment = {"PATH": os.environ["PATH"], "GLIBC_TUNABLES": tunables}
    log = subprocess.run(command, capture_output=True, text=True, env=environment)
    found = re.search(r"Collected : (\d+)", log.stderr)
    if log.returncode or not found:
        sys.exit(f"{row}: callgrind failed\n{log.stderr}")
    return int(found[1])


def count(package, binary, *features):
    """Counts the instructions of one call of each row. The program makes a few calls before those
    that are counted, so that the work of the first call alone is not counted."""
    common.install("valgrind")
    cargo("build", package, "--release", "--bin", binary, *features, check=True)
    program = str(BUILD / "release" / binary)
    rows = [line.split() for line in read([program, "--list"]).splitlines()]

    def one(row):
        name, size, _, calls = row[0], *map(int, row[1:])
        return report.Count(name, round(callgrind(program, name, calls) / calls), size)

    # The rows that take longest to prepare are those at the end, so they start first.
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(one, reversed(rows)))[::-1]


def check_pin():
    """Ends the program if a count depends on what else the CPU can do."""
    program = str(BUILD / "release" / "instructions")
    without = 0
    for row in ("decide/preflight_allowed/exact_000008", "limits/copy/preflight", "limits/compare/origin"):
        pinned = callgrind(program, row, 100)
        other = callgrind(program, row, 100, f"{PINNED},{MORE}")
        if pinned != other:
            sys.exit(f"{row}: {pinned / 100} instructions, and {other / 100} on a CPU with fewer features")
        without += callgrind(program, row, 100, "") != pinned
    flags = pathlib.Path("/proc/cpuinfo").read_text().split()
    if not without and "avx2" in flags:
        sys.exit("the choice of functions of the C library is not pinned: GLIBC_TUNABLES has no effect")
    print("the counts do not depend on the features of the CPU")


def memory():
    """Returns the bytes that lists of origins take, by their number."""
    cargo("build", "benches", "--release", "--bin", "memory", "--features=entry-points", check=True)
    return read([str(BUILD / "release" / "memory")])


def profile(binary):
    """Counts the instructions of one call in each function, for the rows with a goal."""
    program, calls = str(BUILD / "release" / binary), 1000
    profiles = {}
    for _, row, *_ in report.WORKS:
        out = BUILD / "callgrind.out"
        callgrind(program, row, calls, PINNED, out, "--compress-strings=no")
        function, is_call, totals = "", False, {}
        for line in out.read_text().splitlines():
            if line.startswith("fn="):
                function = line.removeprefix("fn=")
            elif re.match(r"[+-]?\d+ \d+$|\* \d+$", line):
                # The line after `calls=` belongs to the function that is called.
                if not is_call:
                    totals[function] = totals.get(function, 0) + int(line.split()[1])
                is_call = False
            else:
                is_call = line.startswith("calls=")
        profiles[row] = {name: round(total / calls) for name, total in totals.items()}
    return profiles


def settle(path, counts, compiler, write):
    """Writes the counts, or ends the program unless the committed ones equal them, within the
    tolerance. In both cases no row may have grown without a reason."""
    ours = {count.name: count.instructions for count in counts if not report.is_of_a_peer(count.name)}
    if write:
        gate.check(BENCHES, ours, True)
        report.save(path, counts, compiler)
        return
    committed = {count.name: count.instructions for count in report.load(path)} if path.exists() else {}
    faults = gate.TOLERANCE.faults(committed, {count.name: count.instructions for count in counts})
    if faults:
        print("\n".join(faults), file=sys.stderr)
    if report.compiler(path) != compiler:
        print(f"{path.relative_to(ROOT)} was counted with {report.compiler(path)}, and this is {compiler}", file=sys.stderr)
    gate.check(BENCHES, ours, False)
    if faults:
        sys.exit(f"{path.relative_to(ROOT)} differs from the counts; if that is intended, run .ci/bench.py --update, or --full")
    print(f"{len(counts)} counts, all as in {path.relative_to(ROOT)}")


# Instructions of microcontrollers: name, target, emulator.

MCUS = [
    ("cortex-m3", "thumbv7m-none-eabi", common.CORTEX_M3),
    ("riscv32imc", "riscv32imc-unknown-none-elf", common.RISCV32),
]
LEVELS = ["3", "s"]


def compiler_for(target):
    """Returns the words to put before a command so that it runs with a compiler that builds `core`
    with the flags of the program, as for the committed counts."""
    return common.compiler_for(target, "--sources")


def count_mcu():
    """Counts the instructions between two marks with a plugin of the emulator."""
    common.install("gcc", "libc6-dev", "gcc-arm-none-eabi", "lld-22", "qemu-system-arm", "qemu-system-misc")
    package = ROOT / "benches" / "mcu"
    build = BUILD / "mcu"
    plugin = common.build_plugin(build)
    counted = []
    for name, target, emulator in MCUS:
        run(compiler_for(target))
        for level in LEVELS:
            environment = {
                **os.environ,
                "CARGO_TARGET_DIR": str(build),
                "CARGO_PROFILE_RELEASE_OPT_LEVEL": level,
                "RUSTFLAGS": f"-C linker={common.linker(target)} -C link-arg=-T{package}/{name}.ld",
            }
            command = ["cargo", "build", "--quiet", "--locked", "--release", "--target", target]
            run([*compiler_for(target), *command], env=environment, cwd=package)
            program = build / target / "release" / "mcu"
            rows, lines = common.emulate(emulator, "arm-none-eabi-", program, plugin)
            # The first row is the empty one.
            instructions = common.counts(lines)
            if rows[-1:] != ["done"] or len(rows) != len(instructions) + 2:
                sys.exit(f"{name}: the program did not end well\n" + "\n".join(rows))
            for row, number in zip(rows[1:], instructions):
                counted.append(report.Count(f"{name}/opt_level_{level}/{row}", number, 0))
    return counted


# Times.


def time(package, bench, seconds):
    shutil.rmtree(BUILD / "criterion", ignore_errors=True)
    options = ["--noplot", "--warm-up-time", str(seconds / 5), "--measurement-time", str(seconds)]
    options += ["--sample-size", "10" if seconds < 0.1 else "20", "--nresamples", "1000"]
    log = BUILD / f"{bench}.log"
    with open(log, "w") as output:
        done = cargo("bench", package, "--bench", bench, "--", *options, stdout=output, stderr=subprocess.STDOUT)
    if done.returncode:
        sys.exit(f"the benchmarks failed\n{log.read_text()[-4000:]}")
    times = {}
    for file in sorted((BUILD / "criterion").rglob("new/benchmark.json")):
        name = json.loads(file.read_text())["full_id"]
        sample = json.loads((file.parent / "sample.json").read_text())
        # The lowest time, since on a shared machine the others include waiting.
        times[name] = min(total / calls for total, calls in zip(sample["times"], sample["iters"]))
    return times


def version(compiler):
    """Returns the version of the compiler that a command runs with, such as "rustc 1.95.0"."""
    return " ".join(read([*compiler, "rustc", "--version"]).split()[:2])


def main():
    mode, update = (sys.argv[1:] + [""])[0], sys.argv[2:] == ["--update"]
    if len(sys.argv) > 2 + update or mode not in ("", "--update", "--peers", "--mcu", "--times", "--full", "--page", "--self-test"):
        sys.exit(__doc__)
    if mode == "--self-test":
        gate.self_test()
        return
    write = update or mode in ("--update", "--times", "--full")
    libc = os.confstr("CS_GNU_LIBC_VERSION")
    rustc = f"{version([])}, {libc}"

    if mode in ("", "--update", "--full"):
        counts = count("benches", "instructions") + count("benches", "entry-points", "--features=entry-points")
        check_pin()
        print(report.table(counts))
        settle(HOST, counts, rustc, write)
        lengths = memory()
        if write:
            report.save_profiles(BENCHES / "profiles.txt", profile("instructions"))
            report.save_memory(BENCHES / "memory.txt", lengths)
        elif lengths != report.load_memory(BENCHES / "memory.txt"):
            sys.exit(f"benches/memory.txt differs from what lists take; if that is intended, run .ci/bench.py --update\n{lengths}")
    if mode in ("--peers", "--full"):
        counts = count("benches/peers", "peers-instructions")
        print(report.table(counts))
        settle(PEERS, counts, rustc, write)
    if mode in ("--mcu", "--full"):
        counts = count_mcu()
        print(report.table(counts))
        settle(MCU, counts, version(compiler_for(MCUS[0][1])), write)
    if mode in ("--times", "--full"):
        times = {**time("benches", "groups", 0.4), **time("benches/peers", "peers", 0.4)}
        report.save_times(BENCHES / "times.txt", times)
        print(report.table_of_times(times))
    elif mode == "":
        rows = time("benches", "groups", 0.02)
        groups = sorted({name.split("/")[0] for name in rows})
        print(f"{len(rows)} benchmarks run, in the groups {', '.join(groups)}")

    figures = report.Figures(ROOT)
    comparison = ROOT / "docs" / "comparison.md"
    table = report.section_of_comparison(figures)
    texts = {
        PAGE: report.page(PAGE.read_text(), figures),
        comparison: common.replace_table(comparison.read_text(), "instructions", table, "docs/comparison.md"),
    }
    texts |= {PAGE.parent / name: text for name, text in plot.all_plots(figures, report.SIZES).items()}
    for path, text in texts.items():
        common.write_or_compare(path, text, write or mode == "--page", ".ci/bench.py --page")


main()
