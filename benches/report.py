"""Reads and writes counts, and makes the tables and the plot of docs/performance.md from counts and times."""

import dataclasses
import math
import pathlib
import re


@dataclasses.dataclass
class Count:
    """Instructions of one call of a row, which reads so many bytes; 0 if that does not matter."""

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
    lines = [f"# Instructions per call, and bytes read, where that matters. {compiler}. Written by .ci/bench."]
    lines += [f"{count.name:{width}} {count.instructions:9} {count.bytes:8}".rstrip() for count in counts]
    path.write_text("\n".join(lines) + "\n")


def plain(function):
    """A function's name as one says it."""
    if function.startswith(("__mem", "bcmp", "__bcmp")):
        return "memcpy, memcmp"
    name = re.sub(r"<impl ([^>]*)>", r"\1", function)
    parts = [part for part in re.split(r"::|[<>]", name) if re.match(r"\w+$", part)]
    return "the call" if parts[:1] == ["benchmarks"] or "counted_calls" in parts else "::".join(parts[-2:])


def save_profiles(path, profiles):
    lines = ["# Instructions per call, by function. Written by .ci/bench."]
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
    columns = [(words, row) for words, row, *_ in GOALS]
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


# What was asked of the engine: words, row, the most instructions, floor, row of the peers.
GOALS = [
    ("actual request allowed, 8 exact origins", "decide/actual_allowed/exact_000008", 250, "limits/compare_copy/actual",
     "own_type/actual_allowed/exact_000008"),
    ("preflight allowed, `PUT` with three headers", "decide/preflight_allowed/exact_000008", 600,
     "limits/compare_copy/preflight", "own_type/preflight_allowed/exact_000008"),
    ("actual request refused", "decide/actual_refused/exact_000008", 200, None, "own_type/actual_refused/exact_000008"),
    ("no `Origin`", "decide/no_origin/exact_000008", 100, None, "own_type/no_origin/exact_000008"),
    ("head of Chromium's `GET`, whole", "wire/get_chromium/whole", 1_800, "limits/scan_pick_compare_copy/get",
     "wire/actual_allowed/exact_000008"),
    ("head of Chromium's preflight, whole", "wire/preflight_chromium/whole", None, "limits/scan_pick_compare_copy/preflight",
     "wire/preflight_allowed/exact_000008"),
]
PEERS = ["tower-http", "actix-cors", "cors-core"]


def section_of_goals(ours, theirs):
    rows = []
    for words, row, goal, floor, peer in GOALS:
        rows.append(
            [words, f"**{number(ours[row])}**", f"at most {number(goal)}" if goal else "", number(ours.get(floor))]
            + [number(theirs.get(f"peers/{peer}/{name}")) for name in PEERS]
        )
    few = ours["origin_match/exact_000008/hit_last"]
    for size in (10_000, 100_000):
        count = ours[f"origin_match/exact_{size:06}/hit_last"]
        floor = ours[f"limits/hash_set_fold/exact_{size:06}/hit_last"]
        row = [f"match in {size:,} exact origins", f"**{number(count)}**", f"at most {number(few * 3 // 2)}, 1.5 x that of 8", number(floor)]
        rows.append(row + [number(theirs.get(f"peers/own_type/actual_allowed/exact_{size:06}/{name}")) for name in PEERS])
    return markdown(["work", "embedded-cors", "goal", "floor", *PEERS], rows)


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
            rows.append([f"`{case}`", f"**{number(theirs[name])}**"] + [number(theirs.get(f"peers/{case}/{other}")) for other in PEERS])
    frames = [theirs.get("peers/frame/get/tower"), theirs.get("peers/frame/get/actix-web"), None]
    rows.append(["`frame/get`, the same without CORS", ""] + [number(frame) for frame in frames])
    notes = {}
    for line in differences.splitlines():
        name, what = line.split("\t")
        case, peer = name.removeprefix("peers/").rsplit("/", 1)
        notes.setdefault((peer, what), []).append(case)
    lines = []
    for (peer, what), cases in sorted(notes.items()):
        lines.append(f"- {peer}, {', '.join(f'`{case}`' for case in cases)}: {what}.")
    text = markdown(["case", "embedded-cors", *PEERS], rows)
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
    """With three digits, or all of the whole number."""
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
    for words, row, _, floor, _ in GOALS:
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
            "The lowest of 20 samples in one run, beside each other; a ratio holds on other machines, a time does not.",
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
    """How many bytes of a head are what makes it long."""
    length = re.search(r"/(\d+)_kib$", case)
    if length:
        return int(length[1]) * 1024
    return sum(len(f"X-Field-{number}: {number}\r\n") for number in range(int(case.rsplit("/", 1)[1])))


def replace(text, name, section):
    begin, end = f"<!-- {name}: written by .ci/bench -->\n", f"<!-- end of {name} -->\n"
    before, found, rest = text.partition(begin)
    _, found_end, after = rest.partition(end)
    if not found or not found_end:
        raise SystemExit(f"docs/performance.md has no section {name}")
    return f"{before}{begin}\n{section}\n\n{end}{after}"


def compiler(path):
    return path.read_text().split(". ")[1]


def page(text, host, peers, mcu, times):
    """The page with its tables made anew; those of times only if there are times."""
    counts = load(host)
    ours = {count.name: count.instructions for count in counts}
    theirs = {count.name: count.instructions for count in load(peers)} if peers.exists() else {}
    text = replace(text, "machine", f"Counted on x86-64, {compiler(host)}, `lto = \"fat\"`, one codegen unit.")
    text = replace(text, "goals", section_of_goals(ours, theirs))
    text = replace(text, "adversaries", section_of_adversaries(counts))
    text = replace(text, "counts", section_of_counts(counts))
    text = replace(text, "profiles", section_of_profiles(host.parent / "profiles.txt"))
    if theirs:
        differences = (peers.parent / "differences.txt").read_text()
        text = replace(text, "peers", section_of_peers(ours, theirs, differences))
    if mcu.exists():
        text = replace(text, "microcontrollers", section_of_mcus(load(mcu)))
    if times:
        text = replace(text, "times", section_of_times(times))
    return text


SIZES = [1, 8, 64, 1_000, 10_000, 100_000]

# Words, row with the size left open, colour, dashes.
LINES = [
    ("cors-core", "peers/own_type/actual_allowed/exact_{:06}/cors-core", "#b5651d", ""),
    ("tower-http", "peers/own_type/actual_allowed/exact_{:06}/tower-http", "#8e44ad", ""),
    ("actix-cors", "peers/own_type/actual_allowed/exact_{:06}/actix-cors", "#2c7fb8", ""),
    ("embedded-cors", "peers/own_type/actual_allowed/exact_{:06}/embedded-cors", "#d62728", ""),
    ("embedded-cors, match alone, cold", "origin_match/exact_{:06}/rotating", "#d62728", "6 4"),
    ("foldhash set, cold", "limits/hash_set_fold/exact_{:06}/rotating", "#555555", "2 3"),
]


def plot(times):
    """An actual request allowed by the last of so many origins, in ns; both axes logarithmic."""
    width, height, left, right, top, bottom = 760, 440, 70, 220, 40, 50
    series = [(words, colour, dashes, [times[row.format(size)] for size in SIZES]) for words, row, colour, dashes in LINES]
    values = [value for *_, points in series for value in points]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))

    def x(size):
        return left + (width - left - right) * math.log10(size) / 5

    def y(value):
        return height - bottom - (height - top - bottom) * (math.log10(value) - low) / (high - low)

    def written(value):
        for unit, words in ((1e6, "ms"), (1e3, "µs"), (1, "ns")):
            if value >= unit:
                return f"{value / unit:g} {words}"
        return f"{value:g} ns"

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        f'<text x="{left}" y="22" font-size="14">Time of an actual request that the last of so many origins allows</text>',
    ]
    for power in range(low, high + 1):
        at = y(10**power)
        out.append(f'<path d="M{left} {at:.1f}H{width - right}" stroke="#dddddd"/>')
        out.append(f'<text x="{left - 8}" y="{at + 4:.1f}" text-anchor="end">{written(10**power)}</text>')
    for power in range(6):
        at = x(10**power)
        out.append(f'<path d="M{at:.1f} {top}V{height - bottom}" stroke="#eeeeee"/>')
        out.append(f'<text x="{at:.1f}" y="{height - bottom + 18}" text-anchor="middle">{10**power:,}</text>')
    out.append(f'<text x="{(left + width - right) / 2}" y="{height - 10}" text-anchor="middle">origins in the list</text>')
    # Words beside the end of each line, a line of text apart.
    place = top - 14
    for words, colour, dashes, points in sorted(series, key=lambda one: -one[3][-1]):
        path = "L".join(f"{x(size):.1f} {y(value):.1f}" for size, value in zip(SIZES, points))
        dash = f' stroke-dasharray="{dashes}"' if dashes else ""
        out.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>')
        place = max(place + 15, y(points[-1]) + 4)
        out.append(f'<text x="{width - right + 8}" y="{place:.1f}" fill="{colour}">{words}</text>')
    out.append("</svg>")
    return "\n".join(out) + "\n"
