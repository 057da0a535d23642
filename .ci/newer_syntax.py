#!/usr/bin/env python3
"""Looks for syntax that the oldest supported compiler does not know.

.ci/newer_syntax.py VERSION FILE...   fails if a file needs a compiler newer than VERSION, which is
                                      written like 1.88
.ci/newer_syntax.py --self-test       tests the search

It stands in for a compiler of that version where there is none. The rules are for the syntax that
stable Rust gained after 1.88: the accepted features in rustc's list
(compiler/rustc_feature/src/accepted.rs), and the syntax in its release notes. They cannot find
anything that depends on types, such as `_` for a constant argument between `<` and `>`, or longer
lifetimes of temporaries. They do not look for library functions, because clippy's lint
`incompatible_msrv` does that.
"""

import pathlib
import sys

import rust_tokens

# Words after which `if` starts an expression. After any other word, `if` starts a guard.
STARTS = set("else return break in match while yield move async unsafe const await as".split())


def has_let_guard(texts, tokens, at):
    """Returns whether `if` at this index is the guard of a match arm, and contains `let`."""
    if texts[at] != "if" or at == 0:
        return False
    before = tokens[at - 1]
    is_pattern = before.kind in ("number", "string", "char") or before.text in (")", "]") or (
        before.kind == "word" and before.text not in STARTS
    )
    # `}` can end a pattern or a statement. `..` ends the pattern of a slice, but not that of an
    # arm.
    if not is_pattern and before.text != "}":
        return False
    has_let = has_arrow = False
    end = at + 1
    while end < len(tokens) and not rust_tokens.is_closing(tokens[end]) and texts[end] != ";":
        has_let |= texts[end] == "let"
        has_arrow = texts[end : end + 2] == ["=", ">"]
        if has_arrow:
            break
        end = (rust_tokens.end_of_group(tokens, end) if rust_tokens.is_opening(tokens[end]) else end) + 1
    return has_let and (has_arrow or is_pattern)


def follows(*words):
    return lambda texts, tokens, at: texts[at : at + len(words)] == list(words)


def renames_keyword(texts, tokens, at):
    return texts[at] in ("self", "super") and texts[at + 1 : at + 2] == ["as"] and texts[at - 1] in ("use", ":")


def is_repr_128(texts, tokens, at):
    return texts[at] in ("u128", "i128") and "repr" in texts[max(at - 6, 0) : at] and "]" not in texts[max(at - 6, 0) : at]


RULES = [
    ("1.89", "`_` as the length of an array", follows(";", "_", "]")),
    ("1.89", "`repr(u128)` or `repr(i128)`", is_repr_128),
    ("1.91", "a variadic function with an ABI other than C", follows(".", ".", ".", ")")),
    ("1.93", "inline assembly, which may use `cfg` in it", follows("asm", "!")),
    ("1.95", "`let` in the guard of a match arm", has_let_guard),
    ("1.95", "`cfg_select!`", follows("cfg_select", "!")),
    ("1.95", "`self` or `super` imported with another name", renames_keyword),
    ("1.96", "`assert_matches!`", follows("assert_matches", "!")),
]


def number(version):
    return tuple(int(part) for part in version.split(".")[:2])


def search(text, version):
    """Yields the line, the version and the name of all syntax in `text` that is newer."""
    tokens = rust_tokens.tokens(text)
    texts = [token.text for token in tokens]
    rules = [rule for rule in RULES if number(rule[0]) > number(version)]
    for at in range(len(tokens)):
        for needed, name, matches in rules:
            if matches(texts, tokens, at):
                yield text.count("\n", 0, tokens[at].start) + 1, needed, name


def self_test():
    def check(text, *expected, version="1.88"):
        found = [(line, needed) for line, needed, _ in search(text, version)]
        assert found == list(expected), f"{found} in {text!r}"

    check("match a {\n    Some(b) if let Some(c) = b => c,\n}", (2, "1.95"))
    check("match a { B if x && let Some(c) = b => c }", (1, "1.95"))
    check("match a { B { x } if let C { y } = x => y }", (1, "1.95"))
    check("match a { B { .. } => {} _ if let C { y } = x => y }", (1, "1.95"))
    check("match a { [x, ..] if let 1..=2 = f({ 1 }) => 1 }", (1, "1.95"))
    check("match a { 'x' | 'y' if let Some(_) = f(|x| x) => 1 }", (1, "1.95"))
    check("matches!(a, Some(b) if let Some(_) = b)", (1, "1.95"))
    check("match a { B if let Some(c) = b => c }", version="1.95")
    # These are not guards, or they are guards without `let`.
    check("fn f() { if let Some(a) = b { match c { D => 1 } } }")
    check("match a { B => if let Some(c) = d { 1 } else if let E = f { 2 } else { 3 }, G => 4 }")
    check("{ f(); } if let Some(a) = b { } match c { D => 1 }")
    check("let a = if let Some(b) = c && let Some(d) = b { d } else { 0 }; match e { F => 1 }")
    check("match a { B if c == { let d = 1; d } => 1, E if matches!(f, G(_)) => 2 }")
    check("while let Some(a) = b {} if let Some(c) = d {} for e in f {} if let Some(g) = h { 1 }")
    check('// _ if let Some(a) = b => 1\n"_ if let Some(a) = b => 1"')
    check("return if let Some(a) = b { a } else { c };")
    # The other rules.
    check("let a: [u8; _] = b;", (1, "1.89"))
    check("#[repr(u128)] enum A {} #[repr(u8)] enum B {} fn f() -> u128", (1, "1.89"))
    check("cfg_select! { _ => {} }", (1, "1.95"))
    check("use super as a; use super::b as c; use d::{self as e}; use f::self as g;", (1, "1.95"), (1, "1.95"))
    check('extern "C" { fn printf(a: *const c_char, ...); }', (1, "1.91"))
    print("the search for newer syntax: tested")


def main():
    self_test()
    if sys.argv[1:] == ["--self-test"]:
        return
    version, *files = sys.argv[1:]
    found = [(file, *rest) for file in files for rest in search(pathlib.Path(file).read_text(), version)]
    for file, line, needed, name in found:
        print(f"{file}:{line}: {name} needs Rust {needed}", file=sys.stderr)
    if found:
        sys.exit(1)
    print(f"{len(files)} files have no syntax that is newer than Rust {version}")


main()
