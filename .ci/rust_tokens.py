"""Splits Rust source text into tokens, for checks that must not depend on the layout of code."""

import dataclasses
import re


@dataclasses.dataclass(frozen=True)
class Token:
    """A token, and its place in the text: `text[start:end]`."""

    kind: str  # word, lifetime, number, string, char or mark
    text: str
    start: int
    end: int


TOKEN = re.compile(
    r"""
      (?P<space>\s+)
    | (?P<comment>//[^\n]*)
    | (?P<block>/\*)
    | (?P<string>[bc]?r(?P<hashes>\#*)".*?"(?P=hashes) | [bc]?"(?:[^"\\]|\\.)*")
    | (?P<char>b?'(?:[^'\\\n]|\\u\{[^}]*\}|\\x..|\\.)')
    | (?P<lifetime>'[A-Za-z_]\w*)
    | (?P<word>(?:r\#)?[A-Za-z_]\w*)
    | (?P<number>\d\w*(?:\.\d\w*)?)
    | (?P<mark>.)
    """,
    re.VERBOSE | re.DOTALL,
)

OPENING, CLOSING = "([{", ")]}"


def scan(text):
    """Yields the kind, the start and the end of each token in `text`, including white space and
    comments."""
    at = 0
    while at < len(text):
        found = TOKEN.match(text, at)
        kind, end = found.lastgroup, found.end()
        if kind == "hashes":
            kind = "string"
        if kind == "block":
            kind, depth = "comment", 1
            while depth and end < len(text):
                step = {"/*": 1, "*/": -1}.get(text[end : end + 2], 0)
                depth, end = depth + step, end + (2 if step else 1)
        yield kind, at, end
        at = end


def tokens(text):
    """Returns the tokens of `text`. A mark is one character, so `::` is two tokens."""
    return [Token(kind, text[start:end], start, end) for kind, start, end in scan(text) if kind not in ("space", "comment")]


def is_opening(token):
    return token.kind == "mark" and token.text in OPENING


def is_closing(token):
    return token.kind == "mark" and token.text in CLOSING


def end_of_group(found, index):
    """Returns the index of the token that closes the bracket at `index`."""
    depth = 0
    for at in range(index, len(found)):
        depth += is_opening(found[at]) - is_closing(found[at])
        if depth == 0:
            return at
    return len(found) - 1


def functions(found, name):
    """Yields the first and the last index of each function called `name`: its signature and its
    body."""
    for index in range(len(found) - 1):
        if found[index].text != "fn" or found[index + 1].text != name:
            continue
        at = index + 2
        while at < len(found) and found[at].text not in ("{", ";"):
            at = (end_of_group(found, at) if is_opening(found[at]) else at) + 1
        if at < len(found) and found[at].text == "{":
            yield index, end_of_group(found, at)


def without_tests(found):
    """Returns the tokens without the items that are marked `#[cfg(test)]`."""
    kept, index = [], 0
    mark = ["#", "[", "cfg", "(", "test", ")", "]"]
    while index < len(found):
        if [token.text for token in found[index : index + len(mark)]] != mark:
            kept.append(found[index])
            index += 1
            continue
        index += len(mark)
        # The item ends with its block, or with a semicolon.
        while index < len(found) and found[index].text not in ("{", ";"):
            index = (end_of_group(found, index) if is_opening(found[index]) else index) + 1
        if index < len(found) and found[index].text == "{":
            index = end_of_group(found, index)
            # `use a::{b};` has its semicolon after the block.
            if index + 1 < len(found) and found[index + 1].text == ";":
                index += 1
        index += 1
    return kept
