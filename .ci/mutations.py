#!/usr/bin/env python3
"""Puts each defect of tests/mutations.txt into a copy of the code and expects the named tests to
fail, because a test that cannot fail proves nothing.

.ci/mutations.py               tries all defects
.ci/mutations.py WORD          tries those with WORD in their names
.ci/mutations.py --check       only checks that each defect matches the code; takes a second
.ci/mutations.py --self-test   tests the search for the code to replace

The head of tests/mutations.txt describes its format.
"""

import os
import re
import shutil
import subprocess
import sys

import common
import rust_tokens

WORK = common.ROOT / "target" / "mutations"
TREE = WORK / "tree"
LIST = common.ROOT / "tests" / "mutations.txt"
METAVARIABLE = re.compile(r"\$\$|\$(\w+)(?:\.\.\.)?")
# Words that are not identifiers.
KEYWORDS = set(
    "as async await break const continue crate dyn else enum extern false fn for if impl in let loop match mod move mut pub ref"
    " return self Self static struct super trait true type unsafe use where while _".split()
)


def parse(text):
    mutations = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        word, _, rest = line.partition(" ")
        if word == "mutation":
            mutations.append({"name": rest, "edits": [], "fails": []})
        elif word == "in":
            file, _, function = rest.partition(" fn ")
            mutations[-1]["edits"].append((file, function, []))
        elif word in "-+":
            hunks = mutations[-1]["edits"][-1][2]
            if word == "-" and (not hunks or hunks[-1][1]):
                hunks.append(([], []))
            hunks[-1][word == "+"].append(rest)
        elif word == "fails":
            mutations[-1]["fails"].append(rest.split())
        else:
            sys.exit(f"tests/mutations.txt:{number}: {word!r} does not start a line; see the head of the file")
    return mutations


# The search for a pattern.


# The formatter adds a comma before a closing bracket when it wraps a list, and removes it when it
# joins the lines. So such a comma may be missing or be added.


def is_trailing_comma(tokens, at):
    return tokens[at].text == "," and at + 1 < len(tokens) and rust_tokens.is_closing(tokens[at + 1])


def without_trailing_commas(tokens):
    return [token for at, token in enumerate(tokens) if not is_trailing_comma(tokens, at)]


def pattern_tokens(text):
    """Returns the parts of a pattern: each is the text of a token, or a tuple of a metavariable's
    name and whether it stands for an expression."""
    found = without_trailing_commas(rust_tokens.tokens(text))
    pattern, index = [], 0
    while index < len(found):
        texts = [token.text for token in found[index : index + 5]]
        if texts[0] != "$" or len(texts) < 2:
            pattern.append(texts[0])
            index += 1
        elif texts[1] == "$":
            pattern.append("$")
            index += 2
        else:
            is_expression = texts[2:5] == ["."] * 3
            pattern.append((texts[1], is_expression))
            index += 5 if is_expression else 2
    return pattern


def match(pattern, tokens, at, bound):
    """Returns the index after the match of `pattern` at `at`, and the tokens that each metavariable
    stands for; or None if it does not match."""
    for step, wanted in enumerate(pattern):
        if at < len(tokens) and wanted != "," and is_trailing_comma(tokens, at):
            at += 1
        if at >= len(tokens):
            return None
        if isinstance(wanted, str):
            if tokens[at].text == wanted:
                at += 1
            elif not (wanted == "," and step == len(pattern) - 1 and rust_tokens.is_closing(tokens[at])):
                return None
            continue
        name, is_expression = wanted
        if name in bound:
            again = match([token.text for token in without_trailing_commas(bound[name])], tokens, at, {})
            if not again:
                return None
            at = again[0]
        elif not is_expression:
            if tokens[at].kind != "word" or tokens[at].text in KEYWORDS:
                return None
            bound = {**bound, name: tokens[at : at + 1]}
            at += 1
        else:
            # The shortest expression after which the rest matches.
            end = at
            while end < len(tokens) and not rust_tokens.is_closing(tokens[end]) and tokens[end].text != ";":
                end = (rust_tokens.end_of_group(tokens, end) if rust_tokens.is_opening(tokens[end]) else end) + 1
                rest = match(pattern[step + 1 :], tokens, end, {**bound, name: tokens[at:end]})
                if rest:
                    return rest
            return None
    return at, bound


def replace(text, function, before, after):
    """Returns `text` with the only match of `before` replaced, and the number of matches."""
    pattern = pattern_tokens(before)
    tokens = rust_tokens.tokens(text)
    places = [(0, len(tokens) - 1)]
    if function:
        places = list(rust_tokens.functions(tokens, function))
    matches = []
    for first, last in places:
        part = tokens[: last + 1]
        for start in range(first, last + 1):
            # A match starts with a token of the pattern, not with a comma that is skipped.
            found = None if is_trailing_comma(part, start) else match(pattern, part, start, {})
            if found:
                matches.append((tokens[start].start, tokens[found[0] - 1].end, found[1]))
    # A function inside another one of the same name is found twice.
    matches = list({place[:2]: place for place in matches}.values())
    if len(matches) != 1:
        return text, len(matches)
    start, end, bound = matches[0]

    def written(found):
        if found[0] == "$$":
            return "$"
        if found[1] not in bound:
            sys.exit(f"${found[1]} is in a + line, but not in a - line above it")
        stands_for = bound[found[1]]
        return text[stands_for[0].start : stands_for[-1].end]

    return text[:start] + METAVARIABLE.sub(written, after) + text[end:], 1


def apply(mutation, root):
    """Returns the changed text of each file of `mutation`, and the replacements that are
    impossible."""
    texts, faults = {}, []
    for file, function, hunks in mutation["edits"]:
        if file not in texts and not (root / file).is_file():
            faults.append(f"{mutation['name']}: there is no file {file}")
            continue
        text = texts[file] if file in texts else (root / file).read_text()
        for before, after in hunks:
            before, after = "\n".join(before), "\n".join(after)
            text, count = replace(text, function, before, after)
            if count != 1:
                where = f"{file}, function {function}" if function else file
                faults.append(f"{mutation['name']}: matches {count} times in {where}, and has to match once:\n{before}")
        texts[file] = text
    return texts, faults


def self_test():
    def check(text, before, after, expected, function=""):
        got, count = replace(text, function, before, after)
        expected_count = 1 if isinstance(expected, str) else expected
        assert count == expected_count, f"{before!r} matched {count} times in {text!r}"
        if isinstance(expected, str):
            assert got == expected, f"{got!r} instead of {expected!r}"

    # White space, comments and trailing commas do not matter; strings and tokens do.
    check("let a = f(\n    x, // why\n    y,\n);", "f(x, y)", "g()", "let a = g();")
    check("f(a, b)", "f(a,\n  b,\n)", "g()", "g()")
    check("match a {\n    _ => f(x),\n}", "_ => f(x),", "_ => g(),", "match a {\n    _ => g(),\n}")
    check("match a { _ => f(x) }", "_ => f(x),", "_ => g(),", "match a { _ => g(), }")
    check('f("a  b")', 'f("a b")', "g()", 0)
    check("ab == c", "a == c", "g()", 0)
    check("'a' 'a 'a'", "'a", "'b", "'a' 'b 'a'")
    check("// f(x)\nf(y) /* f(x) /* f(x) */ */ + f(x)", "f(x)", "0", "// f(x)\nf(y) /* f(x) /* f(x) */ */ + 0")
    check('r#"f(x)"# + f(x)', "f(x)", "0", 'r#"f(x)"# + 0')
    check("f(x); f(x);", "f(x)", "0", 2)
    # A metavariable stands for one identifier, the same at each place.
    check("if a.b > MAX {", "if $x.b > $y {", "if $x.b > $y + 1 {", "if a.b > MAX + 1 {")
    check("a == b; a == a;", "$x == $x", "$x != $x", "a == b; a != a;")
    check("if self.b {", "if $x.b {", "", 0)
    check("1 == b", "$x == b", "", 0)
    # With three dots it stands for an expression.
    check("f(a, (b, c)[d, e], g);", "f($x, $y..., g)", "h($y...)", "h((b, c)[d, e]);")
    check("f(a);", "f($x...)", "$x", "a;")
    check("f();", "f($x...)", "", 0)
    check("f(a; b)", "f($x... b)", "", 0)
    check("max(a + 1, a + 1)", "max($x..., $x...)", "$x", "a + 1")
    check("f(\n a,\n b,\n) + f(a, b)", "$x... + $x...", "$x", "f(\n a,\n b,\n)")
    # A dollar sign of the code is written twice.
    check("($a:expr) => { $a }", "$$a }", "0 }", "($a:expr) => { 0 }")
    # The search is limited to the function that is named.
    twice = "fn one() { f(x) } fn two<const N: usize>(a: [u8; N]) -> u8 { f(x) }"
    check(twice, "f(x)", "0", twice.replace("{ f(x) } fn", "{ 0 } fn"), "one")
    check(twice, "f(x)", "0", twice[: twice.rindex("f(x)")] + "0 }", "two")
    check(twice, "f(x)", "0", 0, "three")
    check(twice, "-> u8 {", "-> u16 {", twice.replace("-> u8", "-> u16"), "two")
    print("the search for code to replace: tested")


# The run.


def copy_tree():
    """Copies the files of the project, those that are not committed yet included."""
    shutil.rmtree(TREE, ignore_errors=True)
    for file in common.project_files():
        if not file.startswith("fuzz/"):
            (TREE / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(common.ROOT / file, TREE / file)


def cargo_test(test):
    """Runs tests of the copy. The first word of `test` names a test file, or a module with unit
    tests; the second names a test in it."""
    is_file = any(path for pattern in ("tests", "tests/*/tests") for path in TREE.glob(f"{pattern}/{test[0]}.rs"))
    target = ["--test", test[0]] if is_file else ["--lib", test[0]]
    environment = {**os.environ, "CARGO_TARGET_DIR": str(WORK / "build"), "RUST_BACKTRACE": "0"}
    environment.setdefault("PROPTEST_CASES", "4096")
    # The cases are the same each time, so finding a defect does not depend on luck.
    environment.setdefault("PROPTEST_RNG_SEED", "1")
    command = ["cargo", "test", "--quiet", "--all-features", *target, *test[1:]]
    run = subprocess.run(command, cwd=TREE, env=environment, capture_output=True, text=True)
    output = run.stdout + run.stderr
    # Packages without such a test also print a result.
    counts = re.findall(r"^test result: \w+\. (\d+) passed; (\d+) failed", output, flags=re.MULTILINE)
    if counts and all(count == ("0", "0") for count in counts):
        sys.exit(f"{' '.join(test)}: no such test")
    return run.returncode, output


def main():
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    self_test()
    if word == "--self-test":
        return
    mutations = parse(LIST.read_text())
    # Patterns that no longer match are reported before any test runs.
    wanted = [mutation for mutation in mutations if word in ("", "--check") or word in mutation["name"]]
    faults = [fault for mutation in wanted for fault in apply(mutation, common.ROOT)[1]]
    if faults:
        print("\n".join(faults), file=sys.stderr)
        sys.exit(f"{len(faults)} places of tests/mutations.txt do not match the code")
    if word == "--check":
        print(f"{len(mutations)} defects match the code")
        return
    if not wanted:
        sys.exit(f"no defect has {word!r} in its name")
    copy_tree()
    survived = []
    for mutation in wanted:
        for file, text in apply(mutation, TREE)[0].items():
            (TREE / file).write_text(text)
        for test in mutation["fails"]:
            status, output = cargo_test(test)
            if status == 0:
                survived.append((mutation["name"], " ".join(test)))
                print(f"  SURVIVED  {mutation['name']}: {' '.join(test)}", flush=True)
            elif "test result: FAILED" not in output or "Test aborted" in output:
                survived.append((mutation["name"], " ".join(test)))
                print(f"  FAILED    {mutation['name']}: does not build, or its test was aborted\n{output}", flush=True)
            else:
                print(f"  found     {mutation['name']}: {' '.join(test)}", flush=True)
        for file in {file for file, *_ in mutation["edits"]}:
            shutil.copyfile(common.ROOT / file, TREE / file)
    if survived:
        sys.exit(f"{len(survived)} of the tests did not notice their defect")
    print(f"{len(wanted)} defects, each found by the tests that should find it")


main()
