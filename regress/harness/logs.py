"""Test harness: what a server or worker log must never say.

A cluster whose test kills processes on purpose announces it with a file `expects_kills` in its directory; then
SIGKILL and what the postmaster says about it are no finding, but a crash of another kind still is.
"""
import os
import re

ALWAYS = re.compile(
    r"PANIC:|TRAP:|reference leak|resource was not closed|(was|were) leaked|ERROR: (Address|Leak|Thread|Undefined)|"
    r"WARNING: ThreadSanitizer|runtime error:|Sanitizer: |terminate called|stack smashing|"
    r"terminated by signal (?!9\b)\d+|problem in alloc set|corrupted (double|size)|free\(\): |malloc\(\): ")
KILL = re.compile(r"terminated by signal 9\b")


def findings(cluster_dir):
    """Lines of the cluster's logs that fail the suite, each with its file's name."""
    kills_expected = os.path.exists(os.path.join(cluster_dir, "expects_kills"))
    found = []
    for name in ("postgres.log", "worker.log"):
        path = os.path.join(cluster_dir, "log", name)
        if not os.path.exists(path):
            continue
        with open(path, errors="replace") as log:
            for line in log:
                if ALWAYS.search(line) or (not kills_expected and KILL.search(line)):
                    found.append(f"{name}: {line.strip()}")
    return found


def clusters_below(directory):
    """Directories that dev/cluster made below `directory`."""
    for place, folders, files in os.walk(directory):
        if "state.json" in files and os.path.lexists(os.path.join(place, "data")):
            folders.clear()
            yield place
