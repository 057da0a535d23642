#!/usr/bin/env python3
"""Checks which modules import which: an arrow from one module to another must be allowed here, and
there must be no cycle.

.ci/layers.py               checks src/ and capi/src/, and that a forbidden arrow would be found
.ci/layers.py --self-test   tests the check on small trees
.ci/layers.py --arrows      prints the arrows between the modules of src/, and the files that have
                            them

It reads `use` declarations and paths in code: `crate::a::b`, `super::b`, `self::b`, and `b::c`
where `b` is a child module. Names are followed through re-exports to the file that defines them.
Tests in src/ may import anything, so items that are marked `#[cfg(test)]` are left out. src/lib.rs
may too: it only declares and re-exports.
"""

import collections
import pathlib
import sys

import common
import rust_tokens

# Each layer: its modules, and the layers whose modules they may use. The modules of one layer may
# use each other.
LAYERS = {
    "ground": (["ascii", "scan", "texts", "names", "reason", "buffer", "response_fields"], []),
    "origin": (["origin"], ["ground"]),
    "request": (["request"], ["ground", "origin"]),
    "policy": (["policy"], ["ground", "origin"]),
    "decision": (["decision"], ["ground", "origin", "request", "policy"]),
    "response": (["response"], ["ground", "origin", "request", "policy", "decision"]),
    "reader": (["reader"], ["ground", "origin", "request", "policy", "decision"]),
    "doors": (["doors"], ["ground", "origin", "request", "policy", "decision", "response", "reader"]),
    "browser": (["browser"], ["ground"]),
    "policy_server": (["policy_server"], ["ground", "origin", "request", "policy", "decision", "response", "reader", "browser"]),
    "interop": (
        ["interop"],
        ["ground", "origin", "request", "policy", "decision", "response", "reader", "doors", "browser", "policy_server"],
    ),
}
LAYER_OF = {module: layer for layer, (modules, _) in LAYERS.items() for module in modules}
# The only modules of the ground that `browser` may use: it must not share the rules that it checks.
NARROWED = {"browser": ["ascii", "scan", "names", "buffer"]}

DEFINES = {"fn", "struct", "enum", "trait", "type", "const", "static", "union", "mod"}


class File:
    """One source file: its place in the tree of modules, its tokens, and what it imports."""

    def __init__(self, path, text):
        self.path = path
        parts = list(pathlib.PurePosixPath(path).with_suffix("").parts)
        self.module = tuple(parts[:-1] if parts[-1] in ("mod", "lib", "main") else parts)
        self.tokens = rust_tokens.without_tests(rust_tokens.tokens(text))
        self.texts = [token.text for token in self.tokens]
        self.children, self.defined, self.macros = set(), set(), set()
        for at, (word, name) in enumerate(zip(self.texts, self.texts[1:])):
            if word in DEFINES:
                self.defined.add(name)
            if word == "mod" and self.texts[at + 2 : at + 3] == [";"]:
                self.children.add(name)
            if word == "macro_rules":
                self.macros.add(self.texts[at + 2])
        self.names, self.globs, self.paths = {}, [], []
        self.read_paths()

    def read_paths(self):
        """Collects the paths that lead out of this file, each with whether it is a re-export."""
        at, within = 0, [(len(self.texts), self.module)]
        while at < len(self.texts):
            while at > within[-1][0]:
                within.pop()
            module, text = within[-1][1], self.texts[at]
            if text == "mod" and self.texts[at + 2 : at + 3] == ["{"]:
                within.append((rust_tokens.end_of_group(self.tokens, at + 2), (*module, self.texts[at + 1])))
                at += 3
            elif text == "use" and self.tokens[at].kind == "word":
                is_public = at > 0 and self.texts[at - 1] in ("pub", ")")
                at = self.read_use(at + 1, module, (), is_public)
            else:
                start = self.first_segments(at, module)
                if start is not None and self.texts[at + 1 : at + 3] == [":", ":"]:
                    end, path = self.read_path(at, module)
                    self.paths.append((path, False))
                    at = end
                else:
                    at += 1

    def first_segments(self, at, module):
        """Returns the absolute path that the first word of a path stands for, or None if the word
        does not name a module or an item of this crate."""
        text = self.texts[at]
        if at >= 2 and self.texts[at - 2 : at] == [":", ":"]:
            return None
        if text == "crate":
            return ()
        if text == "self":
            return module
        if text == "super":
            return module[:-1]
        if text in self.children or (module == self.module and text in self.defined):
            return (*module, text)
        return None

    def read_path(self, at, module):
        """Returns the index after a path, and the path."""
        path = self.first_segments(at, module)
        at += 1
        while self.texts[at : at + 2] == [":", ":"] and at + 2 < len(self.texts) and self.tokens[at + 2].kind == "word":
            word = self.texts[at + 2]
            path = path[:-1] if word == "super" else (*path, word)
            at += 3
        return at, path

    def read_use(self, at, module, prefix, is_public):
        """Reads a tree of a `use` declaration, and returns the index after it."""
        path, is_first = prefix, prefix == ()
        while at < len(self.texts):
            text = self.texts[at]
            if text == "{":
                end = rust_tokens.end_of_group(self.tokens, at)
                at += 1
                while at < end:
                    at = self.read_use(at, module, path or (None,), is_public)
                    at += self.texts[at] == ","
                return end + 1
            if text == "*":
                if path and path[0] == "crate":
                    self.globs.append(path[1:])
                    self.paths.append((path[1:], is_public))
                return at + 1
            if text == ":":
                at += 2
                continue
            if is_first or path == (None,):
                start = self.first_segments(at, module)
                path, is_first = ("crate", *start) if start is not None else ("extern", text), False
            elif text == "super":
                path = path[:-1]
            elif text != "self":
                path = (*path, text)
            at += 1
            if self.texts[at : at + 2] != [":", ":"]:
                name = path[-1]
                if self.texts[at] == "as":
                    name = self.texts[at + 1]
                    at += 2
                # A name from another crate does not lead to a further file.
                if module == self.module:
                    self.names[name] = path[1:] if path[0] == "crate" else None
                if path[0] == "crate":
                    self.paths.append((path[1:], is_public))
                return at
        return at


class Tree:
    """The files of one crate, by module, and the arrows between them."""

    def __init__(self, sources):
        self.files = {file.module: file for file in (File(path, text) for path, text in sorted(sources.items()))}
        self.macros = {name: file for file in self.files.values() for name in file.macros}
        self.arrows = collections.defaultdict(set)
        self.unknown = []
        for file in self.files.values():
            for path, is_public in file.paths:
                target = self.resolve(path)
                if target is None:
                    self.unknown.append(f"{file.path}: cannot find crate::{'::'.join(path)}")
                    continue
                is_own_child = target.module[: len(file.module)] == file.module
                if target is not file and () not in (file.module, target.module) and not (is_public and is_own_child):
                    self.arrows[file.path].add(target.path)

    def resolve(self, path, seen=()):
        """Returns the file that defines what an absolute path names."""
        file = self.files[()]
        for at, segment in enumerate(path):
            key = (file.module, segment)
            if (*file.module, segment) in self.files:
                file = self.files[(*file.module, segment)]
            elif file.names.get(segment, ()) is None:
                return file
            elif segment in file.names and key not in seen:
                return self.resolve((*file.names[segment], *path[at + 1 :]), (*seen, key))
            elif segment in file.defined or segment in file.macros:
                return file
            elif file.globs and key not in seen:
                found = [self.resolve((*glob, segment), (*seen, key)) for glob in file.globs]
                return next((one for one in found if one), None)
            elif at == 0 and segment in self.macros:
                return self.macros[segment]
            else:
                # The segment is an associated item or a variant of an item in the file.
                return file if file.module and at == len(path) and at else None
        return file

    def cycle(self):
        """Returns the files of a cycle, the first one again at the end, or None."""
        done, way = set(), []

        def walk(path):
            if path in way:
                return [*way[way.index(path) :], path]
            if path in done:
                return None
            way.append(path)
            for target in sorted(self.arrows[path]):
                found = walk(target)
                if found:
                    return found
            way.pop()
            done.add(path)
            return None

        return next(filter(None, map(walk, sorted(self.arrows))), None)

    def module_arrows(self):
        """Returns the arrows between two top-level modules, each with the files that have it."""
        arrows = collections.defaultdict(list)
        module_of = {file.path: file.module[0] for file in self.files.values() if file.module}
        for path, targets in sorted(self.arrows.items()):
            for target in sorted(targets):
                if module_of[path] != module_of[target]:
                    arrows[module_of[path], module_of[target]].append(f"{path} -> {target}")
        return arrows


def faults(sources, has_layers):
    """Returns what is wrong with a crate."""
    tree = Tree(sources)
    found = list(tree.unknown)
    cycle = tree.cycle()
    if cycle:
        found.append("a cycle: " + " -> ".join(cycle))
    if not has_layers:
        return found
    for module in sorted({file.module[0] for file in tree.files.values() if file.module}):
        if module not in LAYER_OF:
            found.append(f"module {module} has no layer: give it one in .ci/layers.py")
    for (module, target), files in sorted(tree.module_arrows().items()):
        if module not in LAYER_OF or target not in LAYER_OF:
            continue
        layer, other = LAYER_OF[module], LAYER_OF[target]
        is_allowed = other == layer or other in LAYERS[layer][1]
        if module in NARROWED and LAYER_OF[target] == "ground":
            is_allowed = target in NARROWED[module]
        if not is_allowed:
            found += [f"{module} must not use {target}: {arrow}" for arrow in files]
    # Modules can form a cycle even if their files do not.
    above = collections.defaultdict(set)
    for module, target in tree.module_arrows():
        above[module].add(target)
    modules = Tree.__new__(Tree)
    modules.arrows = above
    cycle = modules.cycle()
    if cycle:
        found.append("a cycle of modules: " + " -> ".join(cycle))
    return found


def self_test():
    def check(expected, has_layers=True, **changes):
        sources = {
            "lib.rs": "mod ascii; mod scan; pub mod browser; mod origin; mod policy; mod request; pub use policy::Policy;"
            " pub use origin::Origin;",
            "ascii.rs": "use crate::scan; fn from() { scan::find() } #[cfg(test)] mod tests { use crate::policy::Policy; }",
            "scan.rs": "pub fn find() {}",
            "origin/mod.rs": "mod ipv6; pub use ipv6::Ipv6; use ipv6::parse; pub struct Origin; // use crate::policy::Policy;",
            "origin/ipv6.rs": "use crate::ascii::{self, from}; pub struct Ipv6; pub fn parse() {}",
            "policy/mod.rs": "pub(crate) mod lists; pub use self::lists::*; pub struct Policy;",
            "policy/lists.rs": "use crate::{origin::{Origin, Ipv6 as Address}, ascii}; pub struct List;",
            "request.rs": "use crate::Origin; fn f() { std::mem::drop(crate::ascii::from()) }",
            "browser.rs": "pub struct Fetch; mod sealed { pub trait Sealed {} } use sealed::Sealed;",
        }
        for name, text in changes.items():
            path = next((path for path in sources if path.replace("/", "_").removesuffix(".rs") == name), f"{name}.rs")
            sources[path] = sources.get(path, "") + "\n" + text
        found = faults(sources, has_layers)
        assert bool(found) == bool(expected), found or f"not found: {expected}"
        assert not expected or any(expected in fault for fault in found), found

    check("")
    # These are forbidden arrows, in every form of an import.
    check("origin must not use policy: origin/ipv6.rs -> policy/mod.rs", origin_ipv6="use crate::policy::Policy;")
    check("origin must not use policy: origin/mod.rs -> policy/mod.rs", origin_mod="use crate::Policy;")
    check("request must not use policy: request.rs -> policy/lists.rs", request="use crate::policy::List;")
    check("request must not use policy", request="use super::policy::List;")
    check("request must not use policy", request="fn g() { crate::policy::lists::List }")
    check("request must not use policy", request="use crate::{ascii, policy::{lists::{self, List}}};")
    check("policy must not use request", policy_lists="pub use super::super::request::f;")
    check("policy must not use request", policy_lists="macro_rules! m { () => { $crate::request::f() } }")
    check("browser must not use origin", browser="use crate::Origin as _;")
    check("browser must not use origin", browser="mod inner { use super::super::origin::*; }")
    check("", origin_ipv6='const A: &str = "crate::policy::Policy"; /* crate::policy */')
    check("module other has no layer", other="")
    check("", lib="use core::ffi::c_int; mod code { use super::c_int; }", request="fn h(a: crate::c_int) {}")
    check("cannot find crate::nothing", request="use crate::nothing::At;")
    # These are cycles, between folders and inside one folder.
    check("a cycle: ascii.rs -> scan.rs -> ascii.rs", scan="use crate::ascii::from;")
    check("a cycle: origin/ipv6.rs -> origin/mod.rs -> origin/ipv6.rs", origin_ipv6="use super::Origin;")
    check("", policy_lists="use super::Policy;")
    check("a cycle: policy/lists.rs -> policy/mod.rs -> policy/lists.rs", policy_lists="use super::Policy;", policy_mod="fn f() -> lists::List {}")
    check("a cycle", has_layers=False, scan="use crate::ascii::from;")
    print("the search for imports: tested")


def sources_of(folder):
    root = common.ROOT / folder
    files = [common.ROOT / file for file in common.project_files(f"{folder}/*.rs")]
    return {str(file.relative_to(root)): file.read_text() for file in files}


def main():
    mode = sys.argv[1] if len(sys.argv) > 1 else ""
    self_test()
    if mode == "--self-test":
        return
    sources = sources_of("src")
    if mode == "--arrows":
        for (module, target), files in sorted(Tree(sources).module_arrows().items()):
            print(f"{module} -> {target}\n  " + "\n  ".join(files))
        return
    found = [f"src: {fault}" for fault in faults(sources, True)]
    found += [f"capi/src: {fault}" for fault in faults(sources_of("capi/src"), False)]
    if found:
        print("\n".join(found), file=sys.stderr)
        sys.exit(f"{len(found)} imports break the layers; .ci/layers.py lists the arrows that are allowed")
    # The check must also find a forbidden arrow in the real code: one is put into a file of each
    # module.
    first = {path.split("/")[0].removesuffix(".rs"): path for path in sorted(sources, reverse=True)}
    for module, path in first.items():
        text = sources[path]
        if LAYER_OF.get(module, "interop") != "interop" and not faults({**sources, path: text + "\nuse crate::interop;"}, True):
            sys.exit(f"{path}: an import of crate::interop was put in and not found")
    arrows = Tree(sources).module_arrows()
    print(f"{len(arrows)} arrows between the modules of src/, all allowed; no cycle there or in capi/src/")


main()
