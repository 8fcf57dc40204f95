#!/usr/bin/env python3
"""Prints guard/builtins.hpp: the classification tables of builtin_functions.tsv and catalog_relations.tsv.

Stops the build on a malformed row, an unknown class or a name given twice. That no row of the server is
missing is checked against the server itself (guard/check_builtins.py)."""
import pathlib
import sys

CLASSES = ("all", "monitor", "never")


def rows(name, columns):
    path = pathlib.Path(__file__).parent / name
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        fields = line.split("\t")
        if len(fields) != columns or fields[-2] not in CLASSES or not all(fields):
            sys.exit(f"{name}:{number}: malformed row")
        if (fields[-1] == "-") != (fields[-2] == "all"):
            sys.exit(f"{name}:{number}: classes monitor and never have a group, class all has none")
        yield fields


def unique(names, what):
    seen = set()
    for name in names:
        if name in seen:
            sys.exit(f"{what} is classified twice: {name}")
        seen.add(name)


def text(value):
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def bare_name(signature):
    """The name without schema and arguments; no built-in name contains a dot or a parenthesis."""
    return signature.split("(")[0].split(".")[-1]


functions = list(rows("builtin_functions.tsv", 4))
relations = list(rows("catalog_relations.tsv", 3))
unique((f[1] for f in functions), "function")
unique((f[0] for f in functions if f[0] != "-"), "oid")
unique((r[0] for r in relations), "relation")

by_oid = sorted((f for f in functions if f[0] != "-"), key=lambda f: int(f[0]))
by_name = sorted((f for f in functions if f[0] == "-"), key=lambda f: f[1].encode())
overloads = {}
for _, signature, cls, group in functions:
    overloads.setdefault(bare_name(signature), []).append((cls, group))
refused = []
for name, classes in overloads.items():
    if all(cls != "all" for cls, _ in classes):
        weakest = min(classes, key=lambda c: CLASSES.index(c[0]))
        refused.append((name, *weakest))
refused.sort(key=lambda r: r[0].encode())

print("""// guard: generated from builtin_functions.tsv and catalog_relations.tsv; edit those.
#pragma once

#include <cstdint>
#include <string_view>

#include "guard/classification.hpp"

namespace pgops::guard {

struct BuiltinFunction {
  std::uint32_t oid;
  Class cls;
  std::string_view group;
};
struct NamedClass {
  std::string_view name;
  Class cls;
  std::string_view group;
};
""")


def table(kind, name, comment, lines):
    print(f"// {comment}\ninline constexpr {kind} {name}[] = {{")
    for line in lines:
        print(f"    {{{line}}},")
    print("};\n")


table("BuiltinFunction", "kFunctionsByOid", "Sorted by OID.",
      (f"{f[0]}, Class::{f[2]}, {text(f[3])}" for f in by_oid))
table("NamedClass", "kFunctionsByName", "Functions that initdb numbers: name(argument types), sorted.",
      (f"{text(f[1])}, Class::{f[2]}, {text(f[3])}" for f in by_name))
table("NamedClass", "kRefusedNames", "Bare names of which no overload is for all, with their weakest class, sorted.",
      (f"{text(n)}, Class::{c}, {text(g)}" for n, c, g in refused))
table("NamedClass", "kRelations", "schema.name, sorted.",
      (f"{text(r[0])}, Class::{r[1]}, {text(r[2])}" for r in sorted(relations, key=lambda r: r[0].encode())))
print("}  // namespace pgops::guard")
