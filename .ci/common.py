"""Functions that the Python parts of .ci share: for commands, packages, compilers, committed
figures, tables in Markdown pages and emulated microcontrollers."""

import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CI = ROOT / ".ci"
sys.dont_write_bytecode = True


# Commands.


def run(command, **options):
    """Runs a command, which has to succeed."""
    return subprocess.run(command, check=True, text=True, **options)


def read(command, **options):
    """Runs a command, which has to succeed, and returns what it prints."""
    return run(command, stdout=subprocess.PIPE, **options).stdout


def project_files(*patterns):
    """Returns the files of the project, including those that are not committed yet."""
    listed = read(["git", "ls-files", "-co", "--exclude-standard", "-z", "--", *patterns], cwd=ROOT)
    return [file for file in sorted(set(listed.split("\0"))) if file and (ROOT / file).is_file()]


def install(*packages):
    """Installs those of these Debian packages that are missing."""
    run([str(CI / "install"), *packages])


def compiler_for(target, *options):
    """Returns the words to put before a command so that it runs with a compiler for `target`."""
    return [str(CI / "cross"), *options, target]


# Committed figures.


class Tolerance:
    """How far a figure may be from the committed one: some percent, or a few units."""

    def __init__(self, percent, few):
        self.percent, self.few = percent, few

    def faults(self, committed, measured):
        """Returns the differences between the committed and the measured figures, which are
        dictionaries by name."""
        faults = []
        for name, value in measured.items():
            before = committed.get(name)
            if before is None:
                faults.append(f"{name}: {value}, a new row")
                continue
            change = value - before
            if abs(change) > max(self.few, before * self.percent / 100):
                percent = 100 * change / max(before, 1)
                what = "a regression" if change > 0 else "better: commit the new number"
                faults.append(f"{name}: {value} instead of {before} ({percent:+.1f} %), {what}")
        return faults + [f"{name}: this row is no longer measured" for name in committed if name not in measured]


# Tables in Markdown pages. Each is between two marks:
#
#     <!-- NAME: written by COMMAND -->
#
#     <!-- end of NAME -->


def replace_table(page, name, table, where):
    """Returns the text of a page with the table `name` written anew; `where` is the page's name."""
    marks = rf"(<!-- {re.escape(name)}: written by [^>]* -->\n)(.*?)(<!-- end of {re.escape(name)} -->)"
    filled, places = re.subn(marks, lambda found: f"{found[1]}\n{table}\n\n{found[3]}", page, flags=re.DOTALL)
    if places != 1:
        sys.exit(f"{where} has {places} places for the table {name!r}, and has to have one")
    return filled


def write_or_compare(path, text, write, command):
    """Writes `text` to the page, or checks that this is its text already. `command` is the command
    that writes it, for the message."""
    if write:
        path.write_text(text)
    elif text != path.read_text():
        sys.exit(f"{path.relative_to(ROOT)} does not show the committed figures: {command}")


# Emulated microcontrollers.

CORTEX_M3 = ["qemu-system-arm", "-M", "mps2-an385"]
RISCV32 = ["qemu-system-riscv32", "-M", "virt", "-bios", "none"]


def build_plugin(directory):
    """Builds the emulator's plugin that counts instructions, and returns its path."""
    directory.mkdir(parents=True, exist_ok=True)
    plugin = directory / "instructions.so"
    run(["gcc", "-O2", "-shared", "-fPIC", "-o", str(plugin), str(ROOT / "benches" / "mcu" / "instructions.c")])
    return plugin


def emulate(emulator, tools, program, plugin, more=""):
    """Returns the lines that the program prints, and those that the plugin writes.

    The plugin counts the instructions between the calls of `mark_begin` and `mark_end`. `tools` is
    the prefix of the target's binutils; `more` is the text of further options of the plugin."""
    symbols = [line.split() for line in read([f"{tools}nm", str(program)]).splitlines()]
    marks = {line[2]: line[0] for line in symbols if len(line) == 3}
    out = plugin.parent / "counts"
    options = f"{plugin},begin={marks['mark_begin']},end={marks['mark_end']},out={out}{more}"
    quiet = ["-display", "none", "-monitor", "none", "-serial", "stdio", "-semihosting"]
    printed = read([*emulator, *quiet, "-plugin", options, "-kernel", str(program)], timeout=120)
    return printed.splitlines(), out.read_text().splitlines()


def counts(lines):
    """Returns the instructions of each region that the plugin counted, minus those of the marks.

    The first region is empty, so its instructions are those of the marks. It is left out."""
    regions = [int(line.split()[2]) for line in lines if line.startswith("region")]
    return [region - regions[0] for region in regions[1:]]


def linker(target):
    """Returns the linker of a bare-metal target."""
    if target.startswith("thumb"):
        return "arm-none-eabi-ld"
    return os.environ.get("LLD") or read([str(CI / "cross"), "--lld"]).strip()
