"""Draws plots as SVG. It is imported by .ci/bench.py."""

import math

# The colours of the lines, on a light and on a dark background.
COLOURS = {
    "red": ("#c62828", "#ff8a80"),
    "blue": ("#1565c0", "#82b1ff"),
    "purple": ("#7b1fa2", "#ea80fc"),
    "brown": ("#8d5a1b", "#ffcc80"),
    "green": ("#2e7d32", "#a5d6a7"),
    "grey": ("#555555", "#bbbbbb"),
}
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 440, 84, 240, 40, 50


def style():
    def rules(index, background, text, strong, weak):
        lines = [f".paper{{fill:{background}}}text{{fill:{text}}}.strong{{stroke:{strong}}}.weak{{stroke:{weak}}}"]
        lines += [f".{name}{{stroke:{both[index]}}}text.{name}{{fill:{both[index]};stroke:none}}" for name, both in COLOURS.items()]
        return "".join(lines)

    light = rules(0, "#ffffff", "#222222", "#d0d0d0", "#e8e8e8")
    dark = rules(1, "#0d1117", "#e6e6e6", "#3a3f46", "#262b31")
    return f"<style>{light}@media(prefers-color-scheme:dark){{{dark}}}</style>"


def time_of(value):
    for unit, words in ((1e6, "ms"), (1e3, "µs")):
        if value >= unit:
            return f"{value / unit:g} {words}"
    return f"{value:g} ns"


def plain(value):
    return f"{value:,.0f}"


def draw(title, below, series, written=plain):
    """Draws lines, with both axes logarithmic. `below` says what the horizontal axis is; each of
    `series` is a label, a colour, the pattern of its dashes, and its points."""
    values = [value for *_, points in series for _, value in points]
    places = [place for *_, points in series for place, _ in points]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    first, last = math.log10(min(places)), math.log10(max(places))

    def x(place):
        return LEFT + (WIDTH - LEFT - RIGHT) * (math.log10(place) - first) / (last - first)

    def y(value):
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (math.log10(value) - low) / (high - low)

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
        f"<title>{title}</title>",
        style(),
        f'<rect class="paper" width="{WIDTH}" height="{HEIGHT}"/>',
        f'<text x="{LEFT}" y="22" font-size="14">{title}</text>',
    ]
    for power in range(low, high + 1):
        at = y(10**power)
        out.append(f'<path class="strong" d="M{LEFT} {at:.1f}H{WIDTH - RIGHT}"/>')
        out.append(f'<text x="{LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{written(10**power)}</text>')
    for power in range(math.ceil(first), math.floor(last) + 1):
        at = x(10**power)
        out.append(f'<path class="weak" d="M{at:.1f} {TOP}V{HEIGHT - BOTTOM}"/>')
        out.append(f'<text x="{at:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{10**power:,}</text>')
    out.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 10}" text-anchor="middle">{below}</text>')
    # The labels are at the ends of the lines, at least a line of text apart.
    label = TOP - 14
    for words, colour, dashes, points in sorted(series, key=lambda one: -one[3][-1][1]):
        path = "L".join(f"{x(place):.1f} {y(value):.1f}" for place, value in points)
        dash = f' stroke-dasharray="{dashes}"' if dashes else ""
        out.append(f'<path class="{colour}" d="M{path}" fill="none" stroke-width="2"{dash}/>')
        end = points[-1]
        label = max(label + 15, y(end[1]) + 4)
        out.append(f'<text class="{colour}" x="{x(end[0]) + 8:.1f}" y="{label:.1f}">{words}</text>')
    out.append("</svg>")
    return "\n".join(out) + "\n"


# The length of a list, in times: a label, the name of the rows, the colour, the dashes.
LISTS = [
    ("cors-core", "peers/own_type/actual_allowed/exact_{:06}/cors-core", "brown", ""),
    ("bunner_cors_rs", "peers/own_type/actual_allowed/exact_{:06}/bunner_cors_rs", "green", ""),
    ("tower-http", "peers/own_type/actual_allowed/exact_{:06}/tower-http", "purple", ""),
    ("actix-cors", "peers/own_type/actual_allowed/exact_{:06}/actix-cors", "blue", ""),
    ("embedded-cors", "peers/own_type/actual_allowed/exact_{:06}/embedded-cors", "red", ""),
    ("embedded-cors, match alone, cold", "origin_match/exact_{:06}/rotating", "red", "6 4"),
    ("foldhash set, cold", "limits/hash_set_fold/exact_{:06}/rotating", "grey", "2 3"),
]

# How instructions grow: the file, the title, the horizontal axis, the group of rows, and the lines.
GROWTH = [
    ("origins", "Instructions of a request, by the length of the list", "origins in the list", [
        ("allowed: the last origin", "hit", "red", ""),
        ("refused: one byte differs", "miss", "blue", "6 4"),
    ]),
    ("names", "Instructions of an allowed preflight, by names of headers", "names", [
        ("requested names, 64 allowed", "requested", "red", ""),
        ("allowed names, the last requested", "allowed", "blue", "6 4"),
    ]),
    ("bytes", "Instructions of a request, by the bytes of its head", "bytes of the head", [
        ("head in one buffer", "whole", "red", ""),
        ("in pieces of 64, RequestReader", "pieces_64", "blue", ""),
        ("in pieces of 64, PolicyReader", "policy_reader_64", "purple", "6 4"),
    ]),
]


def all_plots(figures, sizes):
    """Returns the text of each plot, by the name of its file."""
    times = figures.times
    lists = []
    for words, row, colour, dashes in LISTS:
        points = [(size, times[row.format(size)]) for size in sizes if row.format(size) in times]
        if points:
            lists.append((words, colour, dashes, points))
    plots = {}
    if lists:
        title = "Time of an actual request that the last origin of a list allows"
        plots["performance.svg"] = draw(title, "origins in the list", lists, time_of)
    for group, title, below, lines in GROWTH:
        series = []
        for words, line, colour, dashes in lines:
            points = []
            for name, count in figures.host.items():
                parts = name.split("/")
                if parts[:2] == ["growth", group] and parts[3] == line:
                    points.append((int(parts[2]), count))
            series.append((words, colour, dashes, points))
        plots[f"performance-{group}.svg"] = draw(title, below, series)
    return plots
