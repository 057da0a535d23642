#!/usr/bin/env python3
"""Measures what the engine costs on microcontrollers: flash, RAM, stack, instructions; and proves
that it links without a panicking path.

.ci/certificate.py           measures at opt-level s, and compares with the committed figures in
                             tests/certificate/certificate.txt
.ci/certificate.py --full    measures at opt-level 3 too
.ci/certificate.py --update  measures at both; writes that file, and the tables of README.md and
                             docs/microcontrollers.md, anew
"""

import os
import re
import subprocess
import sys

import common
from common import ROOT, read, run

PACKAGE = ROOT / "tests" / "certificate"
COMMITTED = PACKAGE / "certificate.txt"
BUILD = ROOT / "target" / "certificate"
MCU = ROOT / "benches" / "mcu"
# Another version of the compiler may give slightly different figures.
TOLERANCE = common.Tolerance(percent=5.0, few=16)
UPDATE = ".ci/certificate.py --update"

# The prefix of the binutils, the emulator, the linker script.
ARM = ("arm-none-eabi-", common.CORTEX_M3, "cortex-m3.ld")
RISCV = ("riscv64-unknown-elf-", common.RISCV32, "riscv32imc.ld")
# A Cortex-M3 executes the program for a Cortex-M0 instruction by instruction.
TARGETS = {
    "thumbv6m-none-eabi": ("Cortex-M0", *ARM),
    "thumbv7m-none-eabi": ("Cortex-M3", *ARM),
    "riscv32imac-unknown-none-elf": ("RISC-V 32", *RISCV),
}
LINKED = ["request", "decision", "response", "fields", "pieces", "policy-pieces", "rendered", "run-time", "doors", "doors-pieces"]


def build(target, level, feature, **options):
    environment = {
        **os.environ,
        "CARGO_TARGET_DIR": str(BUILD),
        "CARGO_PROFILE_RELEASE_OPT_LEVEL": level,
        "RUSTFLAGS": f"-Zemit-stack-sizes -C linker={common.linker(target)} -C link-arg=-T{MCU / TARGETS[target][3]}",
    }
    # The compiler tells the stack sizes of `core` only if it builds `core`.
    compiler = common.compiler_for(target, "--sources")
    command = [*compiler, "cargo", "build", "--quiet", "--locked", "--release", "--target", target]
    features = ["--features", feature] if feature else []
    done = subprocess.run([*command, *features], env=environment, cwd=PACKAGE, text=True, stderr=subprocess.PIPE)
    if options.get("must_fail"):
        return done
    if done.returncode:
        sys.exit(f"{target}, opt-level {level}, {feature or 'nothing'}: no program\n{done.stderr}")
    return BUILD / target / "release" / "certificate"


def sizes(target, program):
    """Returns the bytes of flash and of RAM that a program takes."""
    flash = ram = 0
    for line in read([TARGETS[target][1] + "size", "-A", str(program)]).splitlines():
        found = re.match(r"\.(\w+)\S*\s+(\d+)\s", line)
        if found and found[1] in ("text", "rodata", "ARM"):
            flash += int(found[2])
        elif found and found[1] in ("data", "bss"):
            flash, ram = flash + int(found[2]), ram + int(found[2])
    return flash, ram


class Stacks:
    """The worst-case stack of each function, including the functions that it calls. It is computed
    from the size of each function's frame, which the compiler writes, and the calls in the program.

    A call through a pointer is not counted. The engine has such calls for an index, a predicate, an
    echo and a merged `Vary`, none of which this program uses."""

    def __init__(self, target, program):
        tools = TARGETS[target][1]
        dump = BUILD / "stack_sizes"
        section = ["--only-section=.stack_sizes", "--set-section-flags", ".stack_sizes=alloc"]
        run([tools + "objcopy", "-O", "binary", *section, str(program), str(dump)])
        raw, at = dump.read_bytes(), 0
        self.frames = {}
        while at + 4 < len(raw):
            address, at = int.from_bytes(raw[at : at + 4], "little") & ~1, at + 4
            frame = shift = 0
            while True:
                frame, shift, at = frame | (raw[at] & 127) << shift, shift + 7, at + 1
                if raw[at - 1] < 128:
                    break
            self.frames[address] = frame
        self.names, self.calls, function = {}, {}, None
        for line in read([tools + "objdump", "-d", "-C", "--no-show-raw-insn", str(program)]).splitlines():
            head = re.match(r"([0-9a-f]{8}) <(.*)>:$", line)
            if head:
                # A local label is not a function, and has no frame.
                address = int(head[1], 16)
                if address in self.frames or function is None or not head[2].startswith(".L"):
                    function = address
                    self.names[function] = head[2]
                    self.calls[function] = set()
                continue
            step = re.match(r"\s*[0-9a-f]+:\s+(\S+)\s+(.*)", line)
            goes = step and re.match(r"bl?(\.[nw])?$|b(eq|ne|cs|cc|mi|pl|vs|vc|hi|ls|ge|lt|gt|le)(\.[nw])?$|jal?r?$|jr?$|call$|tail$", step[1])
            to = goes and re.search(r"\b([0-9a-f]+) <([^>]*)>?", step[2])
            if to and function is not None:
                self.calls[function].add(int(to[1], 16))

    def function_at(self, address):
        return address if address in self.names else None

    def worst(self, address, above=()):
        if address in above:
            sys.exit(f"recursion in {self.names[address]}")
        if address not in self.frames:
            sys.exit(f"no stack size of {self.names[address]}")
        callees = {self.function_at(to) for to in self.calls[address]} - {None, address}
        return self.frames[address] + max((self.worst(to, (*above, address)) for to in callees), default=0)

    def entries(self):
        named = [(name, address) for address, name in self.names.items() if name.startswith("entry_")]
        return {name.removeprefix("entry_"): self.worst(address) for name, address in sorted(named)}


def functions(target, program):
    """Returns the address, the size and the short name of each function, the largest first."""
    rows = []
    for line in read([TARGETS[target][1] + "nm", "-C", "-S", str(program)]).splitlines():
        found = re.match(r"([0-9a-f]+) ([0-9a-f]+) [tTwW] (.*)", line)
        if found:
            if found[3].startswith(".L"):
                continue
            name = re.sub(r"embedded_cors::|core::|compiler_builtins::mem::|certificate::(linked|measure)::", "", found[3])
            name = re.sub(r"<(\w+::)+(\w+)(<[^>]*>)?>", r"\2", name).removeprefix("__aeabi_").rstrip("48")
            rows.append((int(found[1], 16) & ~1, int(found[2], 16), name))
    return sorted(rows, key=lambda row: -row[1])


def emulate(target, program, plugin, more=""):
    tools, emulator = TARGETS[target][1:3]
    return common.emulate(emulator, tools, program, plugin, more)


def run_program(target, program, plugin):
    """Returns the figures that the program prints, and the instructions between its marks."""
    lines, out = emulate(target, program, plugin)
    counts = common.counts(out)
    counted = [line.removeprefix("count ") for line in lines if line.startswith("count ")]
    if lines[-1:] != ["done"] or len(counted) != len(counts) + 1 or counted[0] != "nothing ":
        sys.exit(f"{target}: the program did not end well\n" + "\n".join(lines))
    values = {f"instructions {name}": count for name, count in zip(counted[1:], counts)}
    for line in lines:
        kind, *rest = line.split()
        if kind in ("size", "painted", "bytes"):
            values[f"{kind} {rest[0]}"] = int(rest[1])
    return values


def measure(target, level, plugin):
    values = {}
    nothing = sizes(target, build(target, level, ""))
    for feature in LINKED:
        flash, ram = sizes(target, build(target, level, feature))
        values[f"flash {feature}"] = flash - nothing[0]
        if ram:
            sys.exit(f"{target}, {feature}: {ram} bytes of static RAM")
    values["static RAM"] = 0
    if level == "s":
        failed = build(target, level, "panicky", must_fail=True)
        if not failed.returncode or "a_panicking_path_is_linked" not in failed.stderr:
            sys.exit(f"{target}: a program that panics was linked: the proof is worthless\n{failed.stderr}")
    program = build(target, level, "measure")
    values |= {f"stack {name}": stack for name, stack in Stacks(target, program).entries().items()}
    values |= run_program(target, program, plugin)
    for name, painted in [(name, value) for name, value in values.items() if name.startswith("painted ")]:
        # The stack that a call used cannot be more than the worst case.
        worst = values["stack " + name.removeprefix("painted ")]
        if painted > worst:
            sys.exit(f"{target}: {name} is {painted}, more than the computed worst case, {worst}")
    return values


def profile(plugin):
    """Returns two tables for a Cortex-M3, by function: the instructions of an allowed preflight,
    and the flash of a program from a head in memory to a response."""
    target = "thumbv7m-none-eabi"
    flash = {}
    for _, size, name in functions(target, build(target, "s", "response")):
        flash[name] = flash.get(name, 0) + size
    program = build(target, "s", "measure")
    lines, _ = emulate(target, program, plugin)
    counted = [line for line in lines if line.startswith("count ")]
    region = counted.index("count preflight_allowed whole") + 1
    _, out = emulate(target, program, plugin, f",profile={region}")
    steps = {}
    places = functions(target, program)
    for line in out:
        if line.startswith("at "):
            address, count = int(line.split()[1], 16), int(line.split()[2])
            name = next((name for start, size, name in places if start <= address < start + size), "the rest")
            steps[name] = steps.get(name, 0) + count

    def part(title, figures):
        rows = sorted(figures.items(), key=lambda row: -row[1])[:14]
        return "\n".join([f"| {title} | |", "|---|---:|", *(f"| `{name}` | {value:,} |" for name, value in rows)])

    return part("instructions", steps) + "\n\n" + part("bytes of flash", flash)


def load():
    rows = {}
    for line in COMMITTED.read_text().splitlines():
        if not line.startswith("#"):
            target, level, *name, value = line.split()
            rows.setdefault((target, level), {})[" ".join(name)] = int(value)
    return rows


def save(rows):
    lines = ["# Target, opt-level, what, and bytes or instructions. Written by .ci/certificate.py --update."]
    for (target, level), values in rows.items():
        lines += [f"{target} {level} {name} {value}" for name, value in values.items()]
    COMMITTED.write_text("\n".join(lines) + "\n")


def table(rows, level, lines):
    names = [TARGETS[target][0] for target in TARGETS]
    text = [f"| opt-level `{level}` | " + " | ".join(names) + " |", "|---|" + "---:|" * len(names)]
    for title, value in lines:
        cells = [f"{value(rows[target, level])}" for target in TARGETS]
        text.append(f"| {title} | " + " | ".join(cells) + " |")
    return "\n".join(text)


def number(name):
    return lambda row: f"{row[name]:,}"


def both(name):
    return lambda row: f"{row['stack ' + name]:,} / {row['painted ' + name]:,}"


def more(name, than):
    return lambda row: f"{row[name] - row[than]:,}"


def per_byte(name, size=4096):
    return lambda row: f"{row['instructions ' + name] / (size or row['bytes preflight']):.1f}"


SHORT = [
    ("flash: head in memory to response, in all", number("flash response")),
    ("flash, head in pieces (`RequestReader`)", number("flash pieces")),
    ("static RAM (`.data`, `.bss`)", number("static RAM")),
    ("RAM of a `RequestReader<256>`, a `PolicyReader<128>`", lambda row: f"{row['size RequestReader<256>']}, {row['size PolicyReader<128>']}"),
    ("stack, head in memory to response: worst / seen", both("all_whole")),
    ("stack, head in pieces to response, with the `RequestReader`: worst / seen", both("all_pieces")),
    ("instructions, `GET` allowed", number("instructions actual_allowed whole")),
    ("instructions, preflight allowed", number("instructions preflight_allowed whole")),
    ("panicking paths", lambda row: "none"),
]

WAYS = ["whole", "pieces", "policy_pieces"]
CASES = {
    "actual_allowed": "`GET` allowed",
    "actual_refused": "`GET` refused",
    "preflight_allowed": "preflight allowed",
    "preflight_refused": "preflight refused",
    "no_origin": "no `Origin`",
}
STACKS = {
    "from_head": "`Request::from_head`",
    "from_fields": "`Request::from_fields`",
    "decide": "`Policy::decide`",
    "write_fields": "`Decision::write_fields`",
    "write_response": "`Preflight::write_response`",
    "reader_push": "`RequestReader::push`",
    "policy_reader_push": "`PolicyReader::push`",
    "policy_reader_decide": "`PolicyReader::decide`",
    "all_whole": "all three, with `Request` and `Decision`",
    "all_pieces": "all, with `RequestReader<256>`, `Request` and `Decision`",
    "all_policy_pieces": "all, with `PolicyReader<128>` and `Decision`",
}
HOSTILE = {
    "list_commas": "commas for requested headers",
    "list_a_comma": "`a,` for requested headers",
    "list_spaces": "spaces for requested headers",
    "list_allowed_names": "an allowed name again and again",
    "cookie": "a cookie",
    "lines": "lines of four bytes",
}


def flash_lines():
    return [
        ("flash: request", number("flash request")),
        ("flash: decision", more("flash decision", "flash request")),
        ("flash: response", more("flash response", "flash decision")),
        ("in all, of a head in memory", number("flash response")),
        ("in all, of names and values (`from_fields`)", number("flash fields")),
        ("in all, of pieces (`RequestReader`)", number("flash pieces")),
        ("in all, of pieces with the policy (`PolicyReader`)", number("flash policy-pieces")),
        ("what `rendered!` adds", more("flash rendered", "flash response")),
        ("in all, with a policy built at run time (`heapless-v0.9`)", number("flash run-time")),
        ("in all, with `Doors`, of a head in memory", number("flash doors")),
        ("in all, with `Doors`, of pieces (`DoorsReader`)", number("flash doors-pieces")),
        ("static RAM (`.data`, `.bss`)", number("static RAM")),
    ]


def long_tables(rows):
    kinds = ["Request", "Decision", "RequestReader<256>", "PolicyReader<128>", "Policy"]
    parts = []
    for level in ("s", "3"):
        parts.append(table(rows, level, flash_lines()))
    parts.append(table(rows, "s", [(f"RAM: `{kind}`", number(f"size {kind}")) for kind in kinds]))
    parts += [table(rows, level, [(f"stack: {title}", both(name)) for name, title in STACKS.items()]) for level in ("s", "3")]
    for level in ("s", "3"):
        lines = []
        for name, title in CASES.items():
            ways = [f"instructions {name} {way}" for way in WAYS]
            lines.append((f"instructions: {title}", lambda row, ways=ways: " / ".join(f"{row[way]:,}" for way in ways)))
        for name, title in (("actual_allowed", "`GET` allowed"), ("preflight_allowed", "preflight allowed")):
            lines.append((f"instructions: {title}, whole, policy in `rendered!`", number(f"instructions {name} rendered")))
        lines.append(("the scan of a preflight's head alone, per byte", per_byte("scan preflight", None)))
        parts.append(table(rows, level, lines))
    lines = []
    for name, title in HOSTILE.items():
        ways = [per_byte(f"{name} {way}") for way in WAYS]
        lines.append((f"per byte: {title}", lambda row, ways=ways: " / ".join(way(row) for way in ways)))
    parts.append(table(rows, "s", lines))
    return "\n\n".join(parts)


def fill(path, table, write, name="certificate"):
    page = common.replace_table(path.read_text(), name, table, path.name)
    common.write_or_compare(path, page, write, UPDATE)


def flat(rows):
    return {f"{target} {level} {name}": value for (target, level), values in rows.items() for name, value in values.items()}


def main():
    wanted = sys.argv[1:]
    if wanted not in ([], ["--full"], ["--update"]):
        sys.exit(__doc__)
    common.install("gcc", "libc6-dev", "gcc-arm-none-eabi", "lld-22", "binutils-riscv64-unknown-elf")
    common.install("qemu-system-arm", "qemu-system-misc")
    for target in TARGETS:
        run(common.compiler_for(target, "--sources"))
    plugin = common.build_plugin(BUILD)
    run(["cargo", "fmt", "--check"], cwd=PACKAGE)
    update = wanted == ["--update"]
    rows = {}
    for level in ["s", "3"] if wanted else ["s"]:
        for target in TARGETS:
            rows[target, level] = measure(target, level, plugin)
    print(table(rows, "s", SHORT))
    if update:
        save(rows)
    committed = load()
    faults = TOLERANCE.faults(flat({key: values for key, values in committed.items() if key in rows}), flat(rows))
    if faults:
        print("\n".join(faults), file=sys.stderr)
        sys.exit(f"these figures are not the committed ones; if that is intended, run {UPDATE}")
    fill(ROOT / "README.md", table(committed, "s", SHORT), update)
    fill(ROOT / "docs" / "microcontrollers.md", long_tables(committed), update)
    if update:
        fill(ROOT / "docs" / "microcontrollers.md", profile(plugin), update, "profile")
    print(f"{sum(map(len, rows.values()))} figures, all as committed; on each target no panicking path is linked, and one that was put in was noticed")


main()
