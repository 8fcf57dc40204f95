"""Checks: which files there are, and their text without comments. Used by every other check.

As a program: prints the files that end with one of the arguments.
"""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


SKIPPED = {".git", ".test", ".demo", "build", "node_modules", "__pycache__"}


def listing():
    """Tracked and new files that are not ignored; without git (a release archive) everything but build results."""
    done = subprocess.run(["git", "-c", "safe.directory=*", "ls-files", "-co", "--exclude-standard"], cwd=ROOT,
                          capture_output=True, text=True)
    if done.returncode == 0:
        return done.stdout.split("\n")
    found = []
    for place, folders, names in os.walk(ROOT):
        folders[:] = [f for f in folders if f not in SKIPPED]
        found += [os.path.relpath(os.path.join(place, n), ROOT) for n in names if not n.endswith((".so", ".o"))]
    return found


def files(*suffixes, below=""):
    """Files of ours, relative to the root, sorted, that end with one of the suffixes (all of them without any)."""
    prefix = below + "/" if below else ""
    return sorted({f for f in listing() if f.startswith(prefix) and (not suffixes or f.endswith(suffixes))
                   and os.path.isfile(os.path.join(ROOT, f))})


def text(file):
    with open(os.path.join(ROOT, file), encoding="utf-8", errors="replace") as f:
        return f.read()


def keep_lines(match):
    return "\n" * match.group(0).count("\n")


CPP_NOISE = re.compile(r'R"(\w*)\((?:.|\n)*?\)\1"|"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*(?:.|\n)*?\*/')


def cpp_code(file):
    """C++ text with comments removed and string literals emptied; line numbers stay right. Quoted includes stay."""
    def replace(match):
        if match.group(0).startswith(("R\"", "\"")):
            return '""' + keep_lines(match)
        return keep_lines(match)
    lines = text(file)
    includes = {i for i, line in enumerate(lines.split("\n")) if line.lstrip().startswith("#include")}
    code = CPP_NOISE.sub(replace, lines).split("\n")
    return "\n".join(original if i in includes else stripped
                     for i, (original, stripped) in enumerate(zip(lines.split("\n"), code)))


def sql_statements(file):
    """(line, statement) pairs of an SQL file, without comments; bodies in dollar quotes and strings are emptied."""
    noise = re.compile(r"--[^\n]*|/\*(?:.|\n)*?\*/|(\$\w*\$)(?:.|\n)*?\1|'(?:''|[^'])*'")
    code = noise.sub(lambda m: ("''" if m.group(0)[0] in "'$" else "") + keep_lines(m), text(file))
    line = 1
    for statement in code.split(";"):
        stripped = statement.strip()
        if stripped:
            yield line + statement[:len(statement) - len(statement.lstrip())].count("\n"), stripped
        line += statement.count("\n")


if __name__ == "__main__":
    print("\n".join(files(*sys.argv[1:])))
