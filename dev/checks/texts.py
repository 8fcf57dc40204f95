"""Checks: sizes, heads, leftovers and syntax of all text files."""
import os
import py_compile
import re
import subprocess
import tempfile

from sources import ROOT, files, text

MAX_LINES = 500
CODE = (".cpp", ".hpp", ".h", ".sql", ".py", ".sh", ".mk", ".ts", ".tsx")
HEADS = ("//", "--", "#", '"""', "/*", "'''")
# Files that name these things because they are about them (TODO is a word of TAP).
ABOUT_LEFTOVERS = {"dev/checks/texts.py", "regress/harness/counts.py", "regress/harness/tap_unittest.py"}
LEFTOVERS = [
    (re.compile(r"^(<{7}|>{7}|={7})( |$)", re.M), "conflict marker"),
    (re.compile(r"\b(FIXME|TODO|XXX|HACK)\b"), "unfinished work"),
    (re.compile(r"(?<![\w.$}])/(home|root|work|Users)/\w"), "path of somebody's machine"),
    (re.compile(r"registry\.npm|deb\.debian\.org|pypi\.(org|python)|files\.pythonhosted"), "host of a package registry"),
]


def code_files():
    found = list(files(*CODE)) + ["Makefile", "CMakeLists.txt"]
    return found + [f for f in files() if "." not in os.path.basename(f) and text(f).startswith("#!")]


def check_sizes():
    return [f"{file}: {lines} lines, more than {MAX_LINES}" for file in sorted(set(code_files()))
            for lines in [text(file).count("\n")] if lines > MAX_LINES]


def check_heads():
    """Every file of code begins with a comment that says its layer and its one job."""
    findings = []
    for file in files(*CODE):
        lines = text(file).split("\n")
        first = lines[1] if lines[0].startswith("#!") and len(lines) > 1 else lines[0]
        if text(file).strip() and not first.startswith(HEADS):
            findings.append(f"{file}:1: no head comment")
    return findings


def check_leftovers():
    findings = []
    for file in files():
        if file in ABOUT_LEFTOVERS or file.endswith((".png", ".gz", ".ico", ".woff2")):
            continue
        for number, line in enumerate(text(file).split("\n"), 1):
            for pattern, what in LEFTOVERS:
                if pattern.search(line):
                    findings.append(f"{file}:{number}: {what}: {line.strip()[:100]}")
    return findings


def check_scripts():
    """bash -n and Python's own compiler over every script."""
    findings = []
    for file in files():
        first = text(file).split("\n", 1)[0] if not file.endswith((".png", ".gz")) else ""
        path = os.path.join(ROOT, file)
        if file.endswith(".sh") or re.match(r"#!.*\b(ba)?sh\b", first):
            done = subprocess.run(["bash", "-n", path], capture_output=True, text=True)
            findings += [done.stderr.strip()] if done.returncode else []
        elif file.endswith(".py") or re.match(r"#!.*python", first):
            with tempfile.NamedTemporaryFile() as out:
                try:
                    py_compile.compile(path, cfile=out.name, doraise=True)
                except py_compile.PyCompileError as error:
                    findings.append(str(error))
    return findings


def check_links():
    """Relative links of the documentation lead to files."""
    findings = []
    for file in files(".md"):
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text(file)):
            if "://" in target or target.startswith("mailto:"):
                continue
            if not os.path.exists(os.path.join(ROOT, os.path.dirname(file), target)):
                findings.append(f"{file}: link to {target}, which does not exist")
    return findings
