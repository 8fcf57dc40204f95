"""Checks: includes point downward only, and the server's own error handling stays in extension/pg.

entry -> capability folders -> extension/pg -> core; guard beside core; worker uses core and guard only.
"""
import functools
import os
import re
import subprocess

from sources import cpp_code, files

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
# Headers of ours that include postgres.h: for extension/pg and extension/entry only.
SERVER_FACING = {"extension/pg/postgres.hpp", "extension/pg/door.hpp", "extension/pg/function.hpp"}
# core is pure: no sockets, no clock, no threads, no database, no files (inet_pton and hashing are pure functions).
NOT_IN_CORE = re.compile(r"^(sys/(socket|time|un|epoll|stat|mman)\.h|netinet/|netdb\.h|unistd\.h|fcntl\.h|"
                         r"libpq|curl/|boost/|spdlog/|toml|thread$|mutex$|atomic$|future$|iostream$|fstream$|"
                         r"filesystem$|pthread|time\.h$|ctime$)")
SERVER_ERRORS = re.compile(r"\b(ereport|elog|PG_TRY|PG_CATCH|PG_RE_THROW|sigsetjmp|siglongjmp)\s*\(")


@functools.cache
def server_includes():
    config = os.environ.get("PG_CONFIG") or "/usr/lib/postgresql/15/bin/pg_config"
    return subprocess.run([config, "--includedir-server"], check=True, capture_output=True, text=True).stdout.strip()


@functools.cache
def is_server_header(name):
    return os.path.exists(os.path.join(server_includes(), name))


def folder(path):
    parts = path.split("/")
    return "/".join(parts[:2]) if parts[0] == "extension" and len(parts) > 2 else parts[0]


def allowed(user, target):
    if user == target:
        return True
    if user == "guard":
        return target == "core"
    if user == "worker":
        return target in ("core", "guard")
    if user == "extension/pg":
        return target in ("core", "guard")
    if user == "extension/entry":
        return target.startswith("extension/") or target in ("core", "guard")
    if user.startswith("extension/"):
        return target != "extension/entry" and (target.startswith("extension/") or target in ("core", "guard"))
    return user in ("regress", "bench")


def includes(file):
    for number, line in enumerate(cpp_code(file).split("\n"), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(1), match.group(2)


def check_layers():
    findings, edges = [], {}
    for file in files(".cpp", ".hpp", ".h"):
        # The test library of the doors is server code, for which the rules of extension/pg hold.
        user = "extension/pg" if file.startswith("regress/doors/") else folder(file)
        for number, quote, target in includes(file):
            where = f"{file}:{number}: {target}"
            if target.endswith(".cpp"):
                findings.append(f"{where}: a source file is included")
            if quote == "<":
                if user == "core" and NOT_IN_CORE.match(target):
                    findings.append(f"{where}: core knows no sockets, clocks, threads or files")
                if user != "extension/pg" and is_server_header(target):
                    findings.append(f"{where}: server headers belong into extension/pg")
                continue
            if is_server_header(target) and user != "extension/pg":
                findings.append(f"{where}: server headers belong into extension/pg")
            if "/" not in target and user not in ("extension/pg", "regress"):
                findings.append(f"{where}: include paths begin at the root of the repository")
                continue
            if target in SERVER_FACING and user not in ("extension/pg", "extension/entry"):
                findings.append(f"{where}: only extension/pg and extension/entry may see postgres.h")
            if folder(file) not in ("regress", "bench") and not is_server_header(target) \
                    and not allowed(user, folder(target)):
                findings.append(f"{where}: {user} must not depend on {folder(target)}")
            if user.startswith("extension/") and folder(target).startswith("extension/") and user != folder(target):
                edges.setdefault(user, {})[folder(target)] = where
    return findings + cycles(edges)


def cycles(edges):
    """Capability folders may use each other, but not in a circle."""
    findings, done = [], set()

    def visit(node, path):
        if node in path:
            circle = path[path.index(node):] + [node]
            findings.append(f"{edges[path[-1]][node]}: circle {' -> '.join(circle)}")
            return
        if node in done:
            return
        for target in edges.get(node, {}):
            visit(target, path + [node])
        done.add(node)
    for node in sorted(edges):
        visit(node, [])
    return findings


def check_server_errors():
    """ereport, PG_TRY and sigsetjmp skip C++ destructors: they occur only in extension/pg, behind the doors."""
    findings = []
    for file in files(".cpp", ".hpp", below="extension"):
        if folder(file) == "extension/pg":
            continue
        for number, line in enumerate(cpp_code(file).split("\n"), 1):
            match = SERVER_ERRORS.search(line)
            if match:
                findings.append(f"{file}:{number}: {match.group(1)} outside extension/pg")
    return findings
