"""Reads and writes figures, and makes the tables of docs/performance.md from those that are
committed. It is imported by .ci/bench.py; plot.py draws the plots."""

import dataclasses
import re
import textwrap

import common


@dataclasses.dataclass
class Count:
    """The instructions of one call of a row, and the bytes that it reads: 0 where that does not
    matter."""

    name: str
    instructions: int
    bytes: int


def load(path):
    counts = []
    for line in path.read_text().splitlines():
        if not line.startswith("#"):
            name, instructions, size = line.split()
            counts.append(Count(name, int(instructions), int(size)))
    return counts


def save(path, counts, compiler):
    width = max(len(count.name) for count in counts)
    lines = [f"# Instructions per call, and bytes read, where that matters. {compiler}. Written by .ci/bench.py."]
    lines += [f"{count.name:{width}} {count.instructions:9} {count.bytes:8}".rstrip() for count in counts]
    path.write_text("\n".join(lines) + "\n")


def compiler(path):
    """Returns what the counts of a file were counted with."""
    return path.read_text().split(". ")[1] if path.exists() else "nothing"


def is_of_a_peer(name):
    """Returns whether a row belongs to another project."""
    return name.startswith("peers/") and not name.rsplit("/", 1)[1].startswith("embedded-cors")


def save_times(path, times):
    width = max(map(len, times))
    lines = ["# Nanoseconds per call: the lowest of 20 samples in one run. Written by .ci/bench.py --full."]
    lines += [f"{name:{width}} {time:14.2f}" for name, time in sorted(times.items())]
    path.write_text("\n".join(lines) + "\n")


def load_words(path):
    """Returns the words of each line of a file that is not a comment."""
    return [line.split() for line in path.read_text().splitlines() if not line.startswith("#")] if path.exists() else []


MEMORY = "# Origins, and bytes of their texts, of the list, of the index, and of the heap of an `OwnedPolicy`. Written by .ci/bench.py.\n"


def save_memory(path, text):
    path.write_text(MEMORY + text)


def load_memory(path):
    return path.read_text().removeprefix(MEMORY) if path.exists() else ""


class Figures:
    """All committed figures."""

    def __init__(self, root):
        benches = root / "benches"
        paths = {"host": benches / "instructions.txt", "peers": benches / "peers" / "instructions.txt"}
        self.compiler = compiler(paths["host"])
        self.counts, self.mcu_counts = load(paths["host"]), load(benches / "mcu" / "instructions.txt")
        self.host = {count.name: count.instructions for count in self.counts}
        self.bytes = {count.name: count.bytes for count in self.counts}
        self.peers = {count.name: count.instructions for count in load(paths["peers"])}
        self.differences = (benches / "peers" / "differences.txt").read_text()
        self.profiles = benches / "profiles.txt"
        self.times = {name: float(time) for name, time in load_words(benches / "times.txt")}
        self.memory = [list(map(int, words)) for words in load_words(benches / "memory.txt")]
        # The comparison with Go: case, the lowest times of both, and the range of the ratios.
        self.go = {case: tuple(map(float, numbers)) for case, *numbers in load_words(benches / "go" / "times.txt")}
        self.load = load_words(benches / "load" / "results.txt")
        self.certificate = {}
        for *words, figure in load_words(root / "tests" / "certificate" / "certificate.txt"):
            self.certificate[" ".join(words)] = int(figure)
        library = re.search(r"^\| thumbv7m[^|]*, plain \|([^|]*)\|", (root / "capi" / "README.md").read_text(), re.MULTILINE)
        self.library_text = int(library[1].replace(",", "")) if library else None
        # On 32-bit machines, a struct of 64-bit numbers has to be aligned to 8 bytes.
        header = (root / "capi" / "include" / "embedded_cors.h").read_text()
        self.alignment = 8 if re.search(r"^ +u?int64_t \w+(\[\w+\])?;", header, re.MULTILINE) else 4

    def per_byte(self, *rows):
        """Returns the most instructions per byte that one of these rows has."""
        found = [self.host[row] / self.bytes[row] for row in rows if row in self.host]
        return max(found, default=None)

    def slower(self, row, floor):
        """Returns how many times the floor's time a row takes."""
        time, base = self.times.get(row), self.times.get(floor)
        return time / base if time and base else None

    def cortex_m3(self, what):
        return self.certificate.get(f"thumbv7m-none-eabi s {what}")


def plain(function):
    """Returns a function's name without parameters, with the last two parts of its path."""
    if function.startswith(("__mem", "bcmp", "__bcmp")):
        return "memcpy, memcmp"
    name = re.sub(r"<impl ([^>]*)>", r"\1", function)
    parts = [part for part in re.split(r"::|[<>]", name) if re.match(r"\w+$", part)]
    return "the call" if parts[:1] == ["benchmarks"] or "counted_calls" in parts else "::".join(parts[-2:])


def save_profiles(path, profiles):
    lines = ["# Instructions per call, by function. Written by .ci/bench.py."]
    for row, functions in profiles.items():
        totals = {}
        for function, instructions in functions.items():
            totals[plain(function)] = totals.get(plain(function), 0) + instructions
        ordered = sorted(totals.items(), key=lambda item: -item[1])
        lines += [f"{row}\t{name}\t{instructions}" for name, instructions in ordered if instructions]
    path.write_text("\n".join(lines) + "\n")


def section_of_profiles(path):
    table, order = {}, {}
    for line in path.read_text().splitlines()[1:]:
        row, name, instructions = line.split("\t")
        table.setdefault(name, {})[row] = int(instructions)
        order[name] = order.get(name, 0) + int(instructions)
    columns = [(words, row) for words, row, *_ in WORKS]
    rows = [
        [f"`{name}`"] + [number(table[name].get(row)) for _, row in columns] for name in sorted(order, key=lambda name: -order[name])
    ]
    return markdown(["function", *(words for words, _ in columns)], rows)


def table(counts):
    width = max(len(count.name) for count in counts)
    lines = []
    for count in counts:
        per_byte = f"{count.instructions / count.bytes:10.3f} per byte" if count.bytes else ""
        lines.append(f"{count.name:{width}} {count.instructions:10,}{per_byte}")
    return "\n".join(lines)


def table_of_times(times):
    width = max(map(len, times))
    return "\n".join(f"{name:{width}} {time:12,.1f} ns" for name, time in sorted(times.items()))


def markdown(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 1) + "|"]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def number(value):
    return "" if value is None else f"{value:,}"


# The works that are compared with lower bounds and with peers: each has a title, the row that is
# counted, the row of the floor, and the row of the peers.
WORKS = [
    ("actual request allowed, 8 exact origins", "decide/actual_allowed/exact_000008", "limits/compare_copy/actual",
     "own_type/actual_allowed/exact_000008"),
    ("preflight allowed, `PUT` with three headers", "decide/preflight_allowed/exact_000008", "limits/compare_copy/preflight",
     "own_type/preflight_allowed/exact_000008"),
    ("actual request refused", "decide/actual_refused/exact_000008", None, "own_type/actual_refused/exact_000008"),
    ("no `Origin`", "decide/no_origin/exact_000008", None, "own_type/no_origin/exact_000008"),
    ("head of Chromium's `GET`, whole", "wire/get_chromium/whole", "limits/scan_pick_compare_copy/get",
     "wire/actual_allowed/exact_000008"),
    ("head of Chromium's preflight, whole", "wire/preflight_chromium/whole", "limits/scan_pick_compare_copy/preflight",
     "wire/preflight_allowed/exact_000008"),
]
PEERS = ["tower-http", "actix-cors", "cors-core", "bunner_cors_rs"]
COLD = [8, 64, 1_000, 10_000, 100_000]
GO = [
    ("GET allowed", "decide/actual_allowed/exact_000008/all_fields"),
    ("preflight allowed", "decide/preflight_allowed/exact_000008/all_fields"),
    ("GET refused", "decide/actual_refused/exact_000008/all_fields"),
    ("preflight refused", "decide/preflight_refused/origin/all_fields"),
    ("no Origin", "decide/no_origin/exact_000008/all_fields"),
    ("GET allowed, 10,000 origins", "decide/actual_allowed/exact_010000/all_fields"),
]


def goals(figures):
    """Returns the goals: a title, the figure, the most that it may be, and how both are written."""
    host, mcu = figures.host.get, figures.cortex_m3
    count, times, per_byte, size = "{:,.0f}", "{:.2f} x", "{:.2f} per byte", "{:,.0f} B"
    found = []
    for (title, row, floor, _), most, slower in zip(WORKS, (320, 750, 290, 160, 1_550, 2_200), (None, None, None, None, 1.25, 1.4)):
        found.append((title, host(row), most, count))
        if slower:
            found.append((f"{title}: time, beside the floor's", figures.slower(row, floor), slower, times))
    for number in COLD:
        row = figures.slower(f"origin_match/exact_{number:06}/rotating", f"limits/hash_set_fold/exact_{number:06}/rotating")
        found.append((f"cold match in {number:,} origins: time, beside a foldhash set", row, 1.15, times))
    for name, way, most in (("RequestReader", "pieces", 6_500), ("PolicyReader", "policy_reader", 8_500)):
        found.append((f"head of Chromium's preflight in pieces of 64 bytes, `{name}`", host(f"wire/preflight_chromium/{way}_64"), most, count))
    single = [f"wire/{head}_chromium/{way}_1" for head in ("get", "preflight") for way in ("pieces", "policy_reader")]
    found.append(("head in pieces of one byte, both readers, the worst", figures.per_byte(*single), 30, per_byte))
    found.append(("preflight refused, a header is not allowed", host("decide/preflight_refused/header"), 1_500, count))
    found.append(("16 KiB of allowed names", figures.per_byte("adversarial/list_allowed_names/016_kib/whole"), 4, per_byte))
    for case, _ in GO:
        found.append((f"{case}: time, beside jub0bs/cors", (1 / figures.go[case.replace(" ", "_")][2]) if figures.go else None, 0.5, times))
    for title, what, most, unit in (
        ("flash, head to response", "flash response", 8_192, size),
        ("flash, fields to response", "flash fields", 7_168, size),
        ("flash, head in pieces, `RequestReader`", "flash pieces", 9_800, size),
        ("flash, head in pieces, `PolicyReader`", "flash policy-pieces", 11_500, size),
        ("stack, head to response", "stack all_whole", 520, size),
        ("preflight with five headers", "instructions preflight_allowed whole", 5_800, count),
        ("preflight with five headers, rendered", "instructions preflight_allowed rendered", 4_600, count),
        ("the same in pieces, `RequestReader`", "instructions preflight_allowed pieces", 10_500, count),
        ("the same in pieces, `PolicyReader`", "instructions preflight_allowed policy_pieces", 13_000, count),
    ):
        found.append((f"Cortex-M3 at `s`: {title}", mcu(what), most, unit))
    scan, length = mcu("instructions scan preflight"), mcu("bytes preflight")
    found.append(("Cortex-M3 at `s`: scan of a head", scan / length if scan and length else None, 4.3, per_byte))
    found.append(("plain C library on a Cortex-M3: text", figures.library_text, 28_000, size))
    found.append(("C library on 32 bits: alignment of structs", figures.alignment, 4, size))
    return found


def section_of_goals(figures):
    rows, met = [], 0
    found = goals(figures)
    for title, figure, most, written in found:
        # A figure is compared as it is written.
        is_met = figure is not None and float(re.sub(r"[^0-9.]", "", written.format(figure))) <= most
        met += is_met
        verdict = "met" if is_met else "not measured" if figure is None else "missed"
        rows.append([title, "" if figure is None else written.format(figure), written.format(most), verdict])
    lines = markdown(["what, in instructions unless it says otherwise", "now", "at most", "goal"], rows)
    return f"{met} of {len(found)} goals are met.\n\n{lines}"


def section_of_works(figures):
    rows = []
    ours, theirs = figures.host, figures.peers
    for words, row, floor, peer in WORKS:
        rows.append([words, f"**{number(ours[row])}**", number(ours.get(floor))] + [number(theirs.get(f"peers/{peer}/{name}")) for name in PEERS])
    for size in (8, 10_000, 100_000):
        count = ours[f"origin_match/exact_{size:06}/hit_last"]
        floor = ours[f"limits/hash_set_fold/exact_{size:06}/hit_last"]
        peers = [number(theirs.get(f"peers/own_type/actual_allowed/exact_{size:06}/{name}")) for name in PEERS]
        rows.append([f"match in {size:,} exact origins", f"**{number(count)}**", number(floor), *peers])
    return markdown(["work", "embedded-cors", "floor", *PEERS], rows)


def section_of_comparison(figures):
    """Makes the table of docs/comparison.md."""
    rows = []
    for words, row, _, peer in WORKS[:2] + WORKS[4:5]:
        cells = [number(figures.peers.get(f"peers/{peer}/{name}")) for name in PEERS]
        rows.append([words, number(figures.host[row]), *cells])
        if f"{row}/unrendered" in figures.host:
            rows.append([f"{words}, without `rendered!`", number(figures.host[f"{row}/unrendered"]), "", "", "", ""])
    for size in (8, 100_000):
        rows.append([f"only the match in {size:,} origins", number(figures.host[f"origin_match/exact_{size:06}/hit_last"]), "", "", "", ""])
    return markdown(["work", "embedded-cors", *PEERS], rows)


def section_of_memory(figures):
    rows = []
    for count, texts, array, index, heap in figures.memory:
        rows.append([number(count), number(texts), number(array), number(index), f"{(texts + array + index) / count:.1f}", number(heap), f"{heap / count:.1f}"])
    return markdown(["origins", "texts", "list of texts", "index", "sum, per origin", "`OwnedPolicy`, in all", "per origin"], rows)


def section_of_load(figures):
    found = {(server, layer, int(size), what): numbers for server, layer, size, what, *numbers in figures.load}
    rows = []
    for server, layer, size, what in found:
        if what == "rate":
            cells = []
            for each in ("cpu", "rate", "p99"):
                middle, low, high = (f"{float(number):.2f}".replace("inf", "no answer") for number in found[server, layer, size, each])
                cells += [middle, low if low == high else f"{low} to {high}"]
            rows.append([f"{server}, {layer if size else 'without CORS'}", number(size) if size else "", *cells])
    return markdown(["server", "origins", "CPU time of a request", "range", "requests per second", "range", "99th percentile", "range"], rows)


def section_of_go(figures):
    rows = []
    for case, _ in GO:
        ours, theirs, middle, low, high = figures.go[case.replace(" ", "_")]
        rows.append([case, f"{ours:,.0f}", f"{theirs:,.0f}", f"{1 / middle:.2f}", f"{1 / high:.2f} to {1 / low:.2f}"])
    return markdown(["case", "embedded-cors, ns", "jub0bs/cors, ns", "ratio, median of the rounds", "range"], rows)


def section_of_adversaries(counts):
    rows = []
    for count in counts:
        if count.name.startswith("adversarial/"):
            name = count.name.removeprefix("adversarial/").removesuffix("/whole")
            rows.append([f"`{name}`", number(count.bytes), number(count.instructions), f"{count.instructions / count.bytes:.3f}"])
    for count in counts:
        if count.name.startswith("limits/newlines") and count.name.endswith("/commas"):
            rows.append([f"`{count.name}`", number(count.bytes), number(count.instructions), f"{count.instructions / count.bytes:.3f}"])
    return markdown(["head", "bytes", "instructions", "per byte"], rows)


def section_of_counts(counts):
    return markdown(["row", "instructions"], [[f"`{count.name}`", number(count.instructions)] for count in counts])


def section_of_peers(ours, theirs, differences):
    rows = []
    for name in theirs:
        case, peer = name.removeprefix("peers/").rsplit("/", 1)
        if peer == "embedded-cors":
            others = [number(theirs.get(f"peers/{case}/{other}")) for other in ("embedded-cors-tower", *PEERS)]
            rows.append([f"`{case}`", f"**{number(theirs[name])}**", *others])
    for kind in ("get", "preflight"):
        service, actix = (number(theirs.get(f"peers/frame/{kind}/{frame}")) for frame in ("tower", "actix-web"))
        rows.append([f"`frame/{kind}`, the same without CORS", "", service, service, actix, "", ""])
    head = number(theirs.get("peers/frame/wire/tower"))
    rows.append(["`frame/wire`, the head to a request, without CORS", "", head, head, "", "", ""])
    notes = {}
    for line in differences.splitlines():
        name, what = line.split("\t")
        case, peer = name.removeprefix("peers/").rsplit("/", 1)
        notes.setdefault((peer, what), []).append(case)
    lines = []
    for (peer, what), cases in sorted(notes.items()):
        line = f"- {peer}, {', '.join(f'`{case}`' for case in cases)}: {what}."
        lines += textwrap.wrap(line, 100, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
    text = markdown(["case", "embedded-cors", "its layer for tower", *PEERS], rows)
    return text + "\n\nWhere their answers differ from this crate's:\n\n" + "\n".join(lines)


def section_of_mcus(counts):
    table, columns = {}, []
    for count in counts:
        mcu, level, row = count.name.split("/", 2)
        column = f"{mcu}, opt-level {level.removeprefix('opt_level_')}"
        if column not in columns:
            columns.append(column)
        table.setdefault(row, {})[column] = count.instructions
    rows = [[f"`{row}`"] + [number(cells.get(column)) for column in columns] for row, cells in table.items()]
    return markdown(["row", *columns], rows)


def ratio(time, base):
    """Returns a ratio with three digits, or with all digits of its whole number."""
    if time is None or base is None:
        return ""
    value = time / base
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def section_of_times(times):
    rows = []
    for name in sorted(times):
        if name.startswith("peers/") and name.endswith("/embedded-cors"):
            case = name.removeprefix("peers/").removesuffix("/embedded-cors")
            others = [ratio(times.get(f"peers/{case}/{peer}"), times[name]) for peer in PEERS]
            rows.append([f"`{case}`", f"{times[name]:,.0f}", *others])
    beside_peers = markdown(["case", "embedded-cors, ns", *(f"{peer}, times that" for peer in PEERS)], rows)

    rows = []
    for words, row, floor, _ in WORKS:
        if floor:
            rows.append([words, f"{times[row]:,.0f}", f"{times[floor]:,.0f}", ratio(times[row], times[floor])])
    beside_floors = markdown(["work", "ns", "floor, ns", "times the floor"], rows)

    rows = []
    for size in SIZES:
        row = f"origin_match/exact_{size:06}"
        mixed = times.get(f"origin_match/mixed_{size:06}/rotating")
        floors = [times[f"limits/hash_set_{name}/exact_{size:06}/rotating"] for name in ("fold", "fx")]
        cells = [times[f"{row}/{case}"] for case in ("hit_first", "hit_last", "miss_last_byte", "rotating")]
        cells = [*cells, mixed, *floors]
        cells = ["" if cell is None else f"{cell:,.0f}" for cell in cells]
        rows.append([number(size), *cells, ratio(times[f"{row}/rotating"], floors[0])])
    head = ["entries", "hit, first", "hit, last", "miss, last byte", "rotating", "rotating, a tenth wildcards"]
    lists = markdown([*head, "foldhash set, rotating", "fx set, rotating", "rotating, times foldhash"], rows)

    rows = []
    for name in sorted(times):
        if name.startswith("adversarial/") and name.endswith("/whole"):
            case = name.removesuffix("/whole")
            size = times_bytes(case)
            cells = [f"{times[f'{case}/{way}'] / size:.2f}" for way in ("whole", "pieces_64", "policy_reader_64")]
            rows.append([f"`{case.removeprefix('adversarial/')}`", *cells])
    heads = markdown(["head", "whole", "in pieces of 64", "by a `PolicyReader`"], rows)
    return "\n\n".join(
        [
            "Each time is the lowest of 20 samples in one run on a shared machine, so both times and ratios\ndiffer between runs.",
            beside_peers,
            "Beside the floors:",
            beside_floors,
            "Match against the length of the list, in ns:",
            lists,
            "Heads that no browser sends, in ns per byte of what makes them long:",
            heads,
        ]
    )


def times_bytes(case):
    """Returns the number of bytes that make a head long."""
    length = re.search(r"/(\d+)_kib$", case)
    if length:
        return int(length[1]) * 1024
    return sum(len(f"X-Field-{number}: {number}\r\n") for number in range(int(case.rsplit("/", 1)[1])))


def page(text, figures):
    """Returns the page with new tables."""
    tables = {
        "machine": f"Counted on x86-64, {figures.compiler}, `lto = \"fat\"`, one codegen unit.",
        "goals": section_of_goals(figures),
        "works": section_of_works(figures),
        "adversaries": section_of_adversaries(figures.counts),
        "counts": section_of_counts(figures.counts),
        "profiles": section_of_profiles(figures.profiles),
        "peers": section_of_peers(figures.host, figures.peers, figures.differences),
        "microcontrollers": section_of_mcus(figures.mcu_counts),
        "memory": section_of_memory(figures),
        "times": figures.times and section_of_times(figures.times),
        "go": figures.go and section_of_go(figures),
        "load": figures.load and section_of_load(figures),
    }
    for name, table in tables.items():
        # What was never measured has no table.
        if not table:
            continue
        text = common.replace_table(text, name, table, "docs/performance.md")
    return text


SIZES = [1, 8, 64, 1_000, 10_000, 100_000]
