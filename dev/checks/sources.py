"""Checks: which files there are, and their text without comments. Used by every other check."""
import os
import re
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def files(*suffixes, below=""):
    """Tracked and new (not ignored) files, relative to the root, that end with one of the suffixes."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", below or "."], cwd=ROOT, check=True,
                            capture_output=True, text=True).stdout.split("\n")
    return sorted({f for f in listed if f and (not suffixes or f.endswith(suffixes))
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
