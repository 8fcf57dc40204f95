"""Checks: the install script, versions and upgrade paths, and that every test file is run by some lane."""
import json
import os
import re
import subprocess
import sys

from sources import ROOT, files, sql_statements, text

sys.path.insert(0, os.path.join(ROOT, "regress"))
from harness.lanes import lane_files  # noqa: E402


def check_install_script():
    """No CREATE OR REPLACE, no IF NOT EXISTS; functions state volatility and PARALLEL; constraints have names."""
    findings = []
    for file in files(".sql", below="sql"):
        if file.startswith("sql/upgrade/"):
            continue
        for line, statement in sql_statements(file):
            where, flat = f"{file}:{line}", " ".join(statement.split())
            if re.search(r"\bCREATE OR REPLACE\b|\bIF NOT EXISTS\b", flat, re.I):
                findings.append(f"{where}: CREATE OR REPLACE / IF NOT EXISTS takes over objects of others")
            if re.match(r"CREATE FUNCTION\b", flat, re.I):
                name = flat.split("(")[0].split()[-1]
                if not re.search(r"\b(IMMUTABLE|STABLE|VOLATILE)\b", flat, re.I):
                    findings.append(f"{where}: {name} does not state its volatility")
                if not re.search(r"\bPARALLEL (SAFE|RESTRICTED|UNSAFE)\b", flat, re.I):
                    findings.append(f"{where}: {name} does not state PARALLEL")
                if "." not in name:
                    findings.append(f"{where}: {name} is not qualified")
                if re.search(r"\bSECURITY DEFINER\b", flat, re.I) and not re.search(r"\bSET search_path\b", flat, re.I):
                    findings.append(f"{where}: {name} is SECURITY DEFINER without a search_path")
            if re.match(r"CREATE TABLE\b", flat, re.I):
                for match in re.finditer(r"\b(PRIMARY KEY|UNIQUE|CHECK|FOREIGN KEY|REFERENCES|EXCLUDE)\b", flat, re.I):
                    before = flat[:match.start()]
                    if not re.search(r"\bCONSTRAINT \w+ ((FOREIGN KEY) ?\([^)]*\) )?$", before, re.I):
                        findings.append(f"{where}: {match.group(1)} without a name")
    return findings


def current_version():
    return re.search(r"default_version = '(.*)'", text("pg_ops.control")).group(1)


def check_versions():
    version, findings = current_version(), []
    meta = json.loads(text("META.json"))
    for what, value in (("META.json version", meta["version"]),
                        ("META.json provides", meta["provides"]["pg_ops"]["version"]),
                        ("META.json file", meta["provides"]["pg_ops"]["file"].removeprefix("pg_ops--").removesuffix(".sql"))):
        if value != version:
            findings.append(f"{what} is {value}, pg_ops.control says {version}")
    for file in files("/version.hpp"):
        for value in re.findall(r'\bk(?:Worker)?Version\b[^;]*"([^"]+)"', text(file)):
            if value != version:
                findings.append(f"{file} says {value}, pg_ops.control says {version}")
    if f"[{version}]" not in text("CHANGELOG.md") and "[Unreleased]" not in text("CHANGELOG.md"):
        findings.append(f"CHANGELOG.md has neither a section {version} nor Unreleased")
    return findings


def check_upgrades():
    """Every released version (tag vX.Y.Z) has a path of upgrade scripts to the current one."""
    version = current_version()
    tags = subprocess.run(["git", "-c", "safe.directory=*", "tag", "--list", "v[0-9]*"], cwd=ROOT, capture_output=True, text=True).stdout.split()
    steps = [re.fullmatch(r"pg_ops--(.+?)--(.+)\.sql", os.path.basename(f)) for f in files(".sql", below="sql/upgrade")]
    edges = [(m.group(1), m.group(2)) for m in steps if m]
    findings = [f"sql/upgrade: {f} is not named pg_ops--A--B.sql" for f, m in
                zip(files(".sql", below="sql/upgrade"), steps) if not m]
    reach, grown = {version}, True
    while grown:
        more = {a for a, b in edges if b in reach} - reach
        reach, grown = reach | more, bool(more)
    return findings + [f"no upgrade path from {t[1:]} to {version}" for t in tags if t[1:] not in reach]


def check_schedule():
    """Every test file is run by a lane, and no test hides in a file that none runs."""
    scheduled = {f for kind in ("unit", "doors", "sql", "isolation", "e2e", "fuzz") for f in lane_files(kind)}
    findings = []
    for file in files(".cpp", ".py", ".sql", ".spec", below="regress"):
        if file in scheduled or file.startswith(("regress/harness/", "regress/upgrade/",
                                                 "regress/browser/")):
            continue
        body = text(file)
        hidden = (re.search(r"^TEST(_F|_P)?\(", body, re.M) or re.search(r"unittest\.TestCase", body)
                  or re.search(r"\bSELECT\s+(\*\s+FROM\s+)?(no_)?plan\s*\(", body, re.I) or file.endswith(".spec"))
        if hidden and os.path.basename(file) != "cluster.py":
            findings.append(f"{file}: contains tests but belongs to no lane")
        elif file.endswith(".sql") and not os.path.basename(file).startswith("_"):
            findings.append(f"{file}: a script that no lane runs (begin its name with _ if tests include it)")
    return findings
