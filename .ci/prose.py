#!/usr/bin/env python3
"""Checks comments and Markdown: lines have at most 100 characters, and some phrases are not used.

.ci/prose.py               checks every file of the project
.ci/prose.py FILE...       checks these
.ci/prose.py --self-test   tests the check

It reads comments of Rust, C, Python and shell, the docstrings of Python, and in src/ and capi/src/
the texts of messages. In Markdown, and in doc comments, a line may be longer if it is in a table or
in a code block, defines a link, or is one word, such as a URL. .ci/prose.txt lists the findings
that are right as they are.
"""

import ast
import io
import pathlib
import re
import sys
import tokenize

import common
import rust_tokens

WIDTH = 100
ALLOWED = common.CI / "prose.txt"

# Phrases, as patterns, and what to write instead.
PHRASES = [
    (r"(?<!here )\b(?:is|are|was|were) no (?!longer\b|more\b|less\b|one\b|matter\b|way\b|use\b|doubt\b|problem\b)[a-z]+", "say: is not a ..."),
    (r"\bis no matter\b", "say: does not matter"),
    (r"\bthat (?:is|are) none\b", "say: that is invalid"),
    (
        r"\bbehind (?:the|an?|its?|this|what|them|each|every)\b(?! (?:[\w-]+ ){0,2}(?:prox(?:y|ies)|cache|feature|features|flag|balancer|CDN|server)\b)",
        "say: after",
    ),
    (r"\b[Ww]hoever\b", "say who it is"),
    (r"\b[Nn]obody's\b", "say whose it is not"),
    (r"\bof (?:its|their|one's) own\b(?! (?:type|kind|code|version)s?\b)", "leave it out, or say: separate"),
    (r"\b[Ss]o (?:many|much|long) (?:bytes|lines|entries|names|members|characters|seconds)\b", "say: the number of ..."),
    (r"\bas far as\b", "say when, or which part"),
    (r"(?:^|[.:;] )Who (?:has|is|asks|knows|needs|wants|gets)\b", "say who it is"),
]
# Phrases that are wrong only at the start of a doc comment.
STARTS = [(r"^(?:What|Who|So|Of)\b", "start a doc comment with a verb, or with what it is")]


class Line:
    """A line of prose: its number, its text without the marks of a comment, and its length with
    them."""

    def __init__(self, number, text, length, is_doc=False):
        self.number, self.text, self.length, self.is_doc = number, text, length, is_doc


def rust_or_c(text, with_messages):
    lines, starts = [], [0]
    for match in re.finditer("\n", text):
        starts.append(match.end())
    number, last = 1, 0
    for kind, start, end in rust_tokens.scan(text):
        number, last = number + text.count("\n", last, start), start
        if kind == "string" and with_messages and text[start] == '"' and " " in text[start:end]:
            lines.append(Line(number, re.sub(r"\\\n\s*", "", text[start + 1 : end - 1]), 0))
            lines.append(Line(number, "", 0))
        if kind != "comment":
            continue
        column = start - starts[number - 1]
        for offset, part in enumerate(text[start:end].split("\n")):
            length = len(part) + (0 if offset else column)
            prose = re.sub(r"^\s*(?://[/!]?|/\*+!?|\*(?!\*)(?!/))|\s*\*/$", "", part)
            lines.append(Line(number + offset, prose, length, part.lstrip().startswith(("///", "//!"))))
    return lines


def python(text):
    lines = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            lines.append(Line(token.start[0], token.string.lstrip("#! "), token.end[1]))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.Module, ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node):
            first = node.body[0]
            for number in range(first.lineno, first.end_lineno + 1):
                source = text.splitlines()[number - 1]
                lines.append(Line(number, source.strip().strip('"'), len(source)))
            lines.append(Line(first.end_lineno, "", 0))
    return sorted(lines, key=lambda line: line.number)


def shell(text):
    lines = []
    for number, source in enumerate(text.splitlines(), 1):
        if re.match(r"\s*#(?!!)", source):
            lines.append(Line(number, source.strip().lstrip("#"), len(source)))
    return lines


def markdown(text):
    return [Line(number, source, len(source)) for number, source in enumerate(text.splitlines(), 1)]


def reader_of(path, text):
    """Returns the function that reads the prose of a file, or None if it has none."""
    name = pathlib.PurePath(path).name
    suffix = pathlib.PurePath(path).suffix
    if suffix in (".rs", ".c", ".h"):
        return lambda text: rust_or_c(text, path.startswith(("src/", "capi/src/")))
    if suffix == ".md":
        return markdown
    if suffix == ".py" or text.startswith("#!/usr/bin/env python3"):
        return python
    if suffix in (".sh", ".toml", ".yml", ".yaml", ".ld", ".x") or name in ("Makefile", ".gitignore", "mutations.txt", "duplicates.txt"):
        return shell
    return shell if text.startswith("#!") else None


def without_code(lines):
    """Yields the lines of prose outside of code blocks, with whether they may be long."""
    fence = None
    previous = None
    for line in lines:
        stripped = line.text.strip()
        # A code block ends where its comment ends, even if its closing mark is missing.
        if previous is not None and line.number > previous + 1:
            fence = None
        previous = line.number
        mark = re.match(r"(```+|~~~+)", stripped)
        if mark and (fence is None or stripped.startswith(fence)):
            fence = mark[1] if fence is None else None
            continue
        if fence is None:
            may_be_long = stripped.startswith(("|", "<!--")) or re.match(r"\[[^]]+\]: ", stripped) or " " not in stripped
            yield line, bool(may_be_long)


def search(path, text):
    """Yields each line with a fault, what is wrong with it, and the words around the fault."""
    read = reader_of(path, text)
    if not read:
        return
    lines = list(without_code(read(text)))
    for line, may_be_long in lines:
        if line.length > WIDTH and not may_be_long:
            yield line.number, f"{line.length} characters, more than {WIDTH}", line.text.strip()[:40]
    # A phrase may continue on the next line, so phrases are searched in whole paragraphs.
    paragraph, starts = "", []

    def phrases():
        is_doc = starts and starts[0][1].is_doc
        plain = re.sub(r"`[^`]*`|<[^>]*>|\]\([^)]*\)", lambda code: "x" * len(code[0]), paragraph)
        for pattern, hint in [*PHRASES, *(STARTS if is_doc else [])]:
            for found in re.finditer(pattern, plain):
                number = next(line.number for offset, line in reversed(starts) if offset <= found.start())
                yield number, f'"{found[0].strip()}": {hint}', paragraph[max(0, found.start() - 20) : found.end() + 20]

    before = None
    for line, _ in [*lines, (Line(0, "", 0), False)]:
        stripped = line.text.strip()
        is_new = not stripped or stripped.startswith(("|", "- ", "* ", "#")) or before is None
        if is_new or line.number > before.number + 1 or line.is_doc != before.is_doc:
            yield from phrases()
            paragraph, starts = "", []
        starts.append((len(paragraph), line))
        paragraph += re.sub(r"^(?:[-*|#] ?)+", "", stripped) + " "
        before = line if stripped else None
    yield from phrases()


def allowed():
    """Returns the file and the words of each line in .ci/prose.txt."""
    rows = []
    for number, line in enumerate(ALLOWED.read_text().splitlines(), 1):
        if line and not line.startswith("#"):
            parts = [part.strip() for part in line.split("|")]
            if len(parts) != 3 or not all(parts):
                sys.exit(f".ci/prose.txt:{number}: not FILE | WORDS | REASON")
            rows.append((parts[0], parts[1]))
    return rows


def self_test():
    def check(path, text, *expected):
        found = [(number, re.match(r'"?([^":,]*)', fault)[1]) for number, fault, _ in search(path, text)]
        assert found == list(expected), f"{found} in {text!r}"

    long = "x " * 55
    check("a.md", f"{long}\n", (1, "110 characters"))
    check("a.md", f"| {long} |\n[a]: {long}\n```\n{long}\n```\nhttps://{'x' * 120}\n<!-- {long} -->\n")
    check("a.md", "This is no\nlist. It is no longer one. There is no list.", (1, "is no list"))
    check("a.md", "`is no code`, [is](whoever) and ends")
    check("a.md", "bytes behind the host\n\nservers behind a reverse proxy", (1, "behind the"))
    check("a.rs", f"// {long}\nlet a = \"{long}\"; // {long}\n/* a\n * {long}\n */", (1, "113 characters"), (2, "235 characters"), (4, "113 characters"))
    check("a.rs", "/// What follows.\nfn f() {}\n// What follows.\n/// Returns\n/// what\n/// ```\n/// // So many bytes\n/// ```", (1, "What"))
    check("a.rs", "/// One.\n///\n/// Whoever\n", (3, "Whoever"))
    check("a.rs", 'let a = "whoever";')
    check("src/a.rs", 'f("whoever did it");', (1, "whoever"))
    check("a.py", f'"""Whoever."""\n# of its own\na = "# whoever"  # {long}\n', (3, "129 characters"), (1, "Whoever"), (2, "of its own"))
    check("a", "#!/usr/bin/env bash\n# nobody's\necho whoever\n", (2, "nobody's"))
    check("a.toml", "# as far as\n", (1, "as far as"))
    check("a.txt", "whoever")
    print("the search for phrases: tested")


def main():
    self_test()
    if sys.argv[1:] == ["--self-test"]:
        return
    files = sys.argv[1:] or common.project_files(":!tests/requests", ":!fuzz/seeds")
    rows, used, faults, count = allowed(), set(), [], 0
    for path in files:
        try:
            text = (common.ROOT / path).read_text()
        except UnicodeDecodeError:
            continue
        count += bool(reader_of(path, text))
        for number, fault, words in search(path, text):
            row = next((row for row in rows if row[0] == path and row[1] in words), None)
            if row:
                used.add(row)
            else:
                faults.append(f"{path}:{number}: {fault}  [{words.strip()}]")
    if not sys.argv[1:]:
        faults += [f'.ci/prose.txt: {path} has "{words}" no longer' for path, words in rows if (path, words) not in used]
    if faults:
        print("\n".join(faults), file=sys.stderr)
        sys.exit(f"{len(faults)} places to rewrite; .ci/prose.txt is for those that are right as they are")
    print(f"comments and prose of {count} files: lines of at most {WIDTH} characters, none of the phrases")


main()
