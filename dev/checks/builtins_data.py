"""Check: every built-in function of the server's postgres.bki has a row in the guard's classification, and no row is stale.

Rows that initdb makes (snowball, plpgsql, information_schema) are checked on a running server by regress/guard.
"""
import os
import re
import subprocess

from sources import ROOT

DATA = "guard/builtin_functions.tsv"


def of_server():
    """oid -> name of the pg_proc rows that the server is built with."""
    config = os.environ.get("PG_CONFIG") or "/usr/lib/postgresql/15/bin/pg_config"
    share = subprocess.run([config, "--sharedir"], check=True, capture_output=True, text=True).stdout.strip()
    with open(os.path.join(share, "postgres.bki"), encoding="utf-8") as file:
        bki = file.read()
    section = re.search(r"^create pg_proc .*?^close pg_proc$", bki, re.S | re.M).group()
    return dict(re.findall(r"^insert \( (\d+) (\S+) ", section, re.M))


def of_data():
    rows = {}
    with open(os.path.join(ROOT, DATA), encoding="utf-8") as file:
        for line in file:
            fields = line.rstrip("\n").split("\t")
            if not line.startswith("#") and fields[0] != "-":
                rows[fields[0]] = fields[1].split("(")[0]
    return rows


def check_builtins():
    server, data = of_server(), of_data()
    findings = [f"{DATA}: function {oid} {name} of the server is not classified" for oid, name in server.items() if oid not in data]
    findings += [f"{DATA}: {oid} is {data[oid]} here and {name} in the server" for oid, name in server.items() if data.get(oid, name) != name]
    findings += [f"{DATA}: the server has no function {oid} {name}" for oid, name in data.items() if oid not in server]
    return findings
