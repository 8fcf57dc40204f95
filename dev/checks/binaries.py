"""Checks: symbols of pg_ops.so and of the prelinked libpg_query. They need a finished build.

libpg_query shares many names with the server; a single one left global would run the server's function (or be run by
it) and crash the cluster.
"""
import fnmatch
import os
import re
import subprocess

from sources import ROOT, files, text

LIBRARY = os.path.join(ROOT, "pg_ops.so")
PRELINKED = os.path.join(ROOT, "build/so/pg_query_prelinked.o")


def nm(*arguments):
    output = subprocess.run(["nm", *arguments], check=True, capture_output=True, text=True).stdout
    return [line.split() for line in output.splitlines() if line]


def names(*arguments, kinds=None):
    return {parts[-1].split("@")[0] for parts in nm(*arguments) if kinds is None or parts[-2] in kinds}


def server():
    config = os.environ.get("PG_CONFIG") or "/usr/lib/postgresql/15/bin/pg_config"
    bindir = subprocess.run([config, "--bindir"], check=True, capture_output=True, text=True).stdout.strip()
    return names("-D", "--defined-only", os.path.join(bindir, "postgres"))


def check_prelinked():
    if not files(".cpp", below="guard"):
        return []
    if not os.path.exists(PRELINKED):
        return [f"{PRELINKED} was not built"]
    shared = names("-u", PRELINKED) & server() - {"stdin", "stdout", "stderr"}
    findings = [f"the prelinked libpg_query would use the server's {name}" for name in sorted(shared)]
    foreign = {n for n in names("-g", "--defined-only", PRELINKED) if not n.startswith("pg_query_")}
    return findings + [f"the prelinked libpg_query leaves {name} global" for name in sorted(foreign)]


def check_exports():
    """Only what exports.map names is visible, nothing in it collides with the server, nothing is missing."""
    if not os.path.exists(LIBRARY):
        return ["pg_ops.so was not built"] if files(".cpp", below="extension") else []
    patterns = re.findall(r"[\w*]+(?=;)", re.sub(r"local:.*", "", text("extension/entry/exports.map"), flags=re.S))
    exported = names("-D", "--defined-only", LIBRARY)
    findings = [f"pg_ops.so exports {name}, which exports.map does not name" for name in sorted(exported)
                if not any(fnmatch.fnmatchcase(name, p) for p in patterns)]
    has = {"_PG_init", "Pg_magic_func"} - exported
    findings += [f"pg_ops.so lacks {name}" for name in sorted(has)]
    expected = server() | {"_PG_init"}
    findings += [f"pg_ops.so exports {name}, as the server does" for name in sorted(exported & expected - {"_PG_init"})]
    return findings + missing(exported, expected)


def missing(exported, server_names):
    """Symbols that neither the server nor a library of pg_ops.so has: an error at the first call otherwise."""
    provided = set(server_names)
    listed = subprocess.run(["ldd", LIBRARY], capture_output=True, text=True).stdout
    for path in re.findall(r"(/\S+\.so\S*)", listed):
        provided |= names("-D", "--defined-only", path)
    wanted = {p[-1].split("@")[0] for p in nm("-D", "-u", LIBRARY) if p[-2] == "U"}
    return [f"pg_ops.so needs {name}, which nobody has" for name in sorted(wanted - provided - exported)]


def check_sql_symbols():
    """Every C function that the SQL script names is in pg_ops.so with its info record."""
    if not os.path.exists(LIBRARY):
        return []
    exported = names("-D", "--defined-only", LIBRARY)
    findings = []
    for file in files(".sql", below="sql"):
        for symbol in re.findall(r"'MODULE_PATHNAME'\s*,\s*'(\w+)'", text(file)):
            for name in (symbol, "pg_finfo_" + symbol):
                if name not in exported:
                    findings.append(f"{file}: pg_ops.so has no {name}")
    return findings
