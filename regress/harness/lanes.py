"""Test harness: the lanes of regress/run. A lane takes Options and gives Counts.

Which file belongs to which lane is decided in `lane_files` alone; the check `schedule` uses it to find test files
that nobody runs.
"""
import concurrent.futures
import dataclasses
import fcntl
import glob
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time

from harness import logs
from harness.counts import Counts, read_gtest, read_tap

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WORK = os.path.join(ROOT, ".test")
OUTPUT = os.path.join(WORK, "output")
NOT_TOPICS = {"unit", "doors", "e2e", "harness", "isolation", "upgrade", "fuzz", "browser"}
PROGRAM_TIMEOUT_S = 600
FILE_TIMEOUT_S = 900


class LaneTrouble(Exception):
    """The lane could not be run at all; it counts as one failure."""


@dataclasses.dataclass
class Options:
    only: list
    keep: bool = False

    def select(self, files):
        wanted = [o.partition(":")[0] for o in self.only]
        return [f for f in files if not wanted or f in wanted]

    def tests_of(self, file):
        return [o.partition(":")[2] for o in self.only if o.startswith(file + ":")]


def lock():
    """One run at a time per working tree; the next one waits."""
    os.makedirs(WORK, exist_ok=True)
    handle = open(os.path.join(WORK, "lock"), "w")
    fcntl.flock(handle, fcntl.LOCK_EX)
    return handle


def lane_files(kind):
    """Test files of a kind (unit, doors, sql, isolation, e2e, fuzz), relative to the root, sorted."""
    found = {
        "unit": "regress/unit/*_test.cpp",
        "doors": "regress/doors/*",
        "e2e": "regress/e2e/*_test.py",
        "isolation": "regress/isolation/specs/*.spec",
        "fuzz": "regress/fuzz/*",
        "sql": "regress/*/*.sql",
    }[kind]
    files = sorted(os.path.relpath(f, ROOT) for f in glob.glob(os.path.join(ROOT, found)))
    if kind == "doors":
        files = [f for f in files if f.endswith((".sql", "_test.py")) and not os.path.basename(f).startswith("_")]
    if kind == "fuzz":
        files = [f for f in files if f.endswith(("_fuzz.cpp", "_test.py"))]
    if kind == "sql":
        files = [f for f in files if f.split("/")[1] not in NOT_TOPICS and not os.path.basename(f).startswith("_")]
    return files


def default_lanes(only):
    """The lanes that run the given files when no lane is named: the plain one of each kind."""
    files = {o.partition(":")[0] for o in only}
    return [kind for kind in ("unit", "doors", "sql", "isolation", "e2e", "fuzz") if files & set(lane_files(kind))]


def output_file(lane, name):
    os.makedirs(os.path.join(OUTPUT, lane), exist_ok=True)
    return os.path.join(OUTPUT, lane, name.replace("/", "_") + ".txt")


def make(lane, *targets, directory=ROOT):
    log = output_file(lane, "make")
    with open(log, "w") as out:
        status = subprocess.call(["make", "--no-print-directory", "-C", directory, *targets], stdout=out, stderr=out,
                                 env={k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL")})
    if status != 0:
        with open(log, errors="replace") as f:
            tail = "".join(f.readlines()[-40:])
        raise LaneTrouble(f"make {' '.join(targets)} failed:\n{tail}")


def call(command, log, timeout, environment=None):
    """Runs a program with its output in a file; gives (status, output). A hang ends with status 124."""
    with open(log, "w") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd=ROOT,
                                   env={**os.environ, **(environment or {})}, start_new_session=True)
        try:
            status = process.wait(timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait()
            out.write(f"\nended by the harness after {timeout} s\n")
            status = 124
    with open(log, errors="replace") as f:
        return status, f.read()


def report(counts, name, seconds, log):
    mark = "FAILED" if counts.failed else "ok"
    print(f"   {name}: {mark} ({counts.line()}) {seconds:.1f} s", flush=True)
    if counts.failed:
        for failure in counts.failures[:20]:
            print(f"      {failure}")
        with open(log, errors="replace") as f:
            shown = [line for line in f if not re.match(r"ok |\[ +(OK|RUN) +\]", line)][-60:]
        print("".join(f"      | {line}" for line in shown), flush=True)


# --- unit ---------------------------------------------------------------------------------------------
SANITIZERS = {
    "ASAN_OPTIONS": "detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1",
    "UBSAN_OPTIONS": "print_stacktrace=1",
    "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1",
}


def unit_lane(lane, tree, target):
    def run(options):
        files = options.select(lane_files("unit"))
        total = Counts()
        if not files:
            return total
        make(lane, target)
        # TSan of this compiler cannot live with the kernel's wide address randomisation.
        prefix = ["setarch", "-R"] if lane == "tsan" else []
        environment = {**SANITIZERS, "PGOPS_TEST_LANE": lane}

        def one(file):
            name = os.path.splitext(os.path.basename(file))[0]
            log, result = output_file(lane, name), os.path.join(OUTPUT, lane, name + ".json")
            if os.path.exists(result):
                os.unlink(result)
            begun = time.monotonic()
            tests = options.tests_of(file)
            command = prefix + [os.path.join(ROOT, tree, "unit", name), f"--gtest_output=json:{result}"]
            if tests:
                command.append("--gtest_filter=" + ":".join(tests))
            status, _ = call(command, log, PROGRAM_TIMEOUT_S, environment)
            return file, read_gtest(result, status, name), time.monotonic() - begun, log
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for file, counts, seconds, log in pool.map(one, files):
                report(counts, file, seconds, log)
                total.add(counts)
        return total
    return run


# --- clusters -----------------------------------------------------------------------------------------
def dev_cluster(*arguments, environment=None, check=True):
    done = subprocess.run([os.path.join(ROOT, "dev", "cluster"), *arguments], capture_output=True, text=True,
                          env={**os.environ, **(environment or {})})
    if check and done.returncode != 0:
        raise LaneTrouble(f"dev/cluster {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def remove_clusters(directory):
    for place in list(logs.clusters_below(directory)):
        dev_cluster("remove", place, check=False)
    shutil.rmtree(directory, ignore_errors=True)


def read_logs(directory, name, counts):
    for place in logs.clusters_below(directory):
        for finding in logs.findings(place)[:10]:
            counts.fail(f"{name}: log of {os.path.basename(place)}: {finding}")


def install(lane):
    make(lane, "installed")


def wants_own_database(file):
    with open(os.path.join(ROOT, file)) as f:
        return any(line.strip() == "-- database: fresh" for line in f.readlines()[:15])


def run_sql_files(lane, files, place, environment):
    """The pgTAP files on one shared cluster, one after the other."""
    total = Counts()
    env = dict(line.split("=", 1) for line in dev_cluster("env", place, environment=environment).splitlines())
    libpq = {k: v for k, v in env.items() if k.startswith("PG")}
    psql = ["psql", "-X", "-q", "-A", "-t", "-P", "pager=off", "-v", "ON_ERROR_STOP=1"]

    def admin(text, database):
        done = subprocess.run([*psql, "-d", database, "-c", text], capture_output=True, text=True,
                              env={**os.environ, **libpq})
        if done.returncode != 0:
            raise LaneTrouble(done.stderr)
    admin("CREATE EXTENSION IF NOT EXISTS pgtap", env["PGDATABASE"])
    for number, file in enumerate(files):
        log, begun, own = output_file(lane, file), time.monotonic(), None
        if wants_own_database(file):
            own = f"pgops_test_{number}"
            for statement in (f"DROP DATABASE IF EXISTS {own}", f"CREATE DATABASE {own}"):
                admin(statement, "postgres")
            for extension in ("pgtap", "pg_ops"):
                admin(f"CREATE EXTENSION {extension}", own)
        status, output = call([*psql, "-d", own or env["PGDATABASE"], "-f", file], log, FILE_TIMEOUT_S,
                              {**libpq, **{k: v for k, v in env.items() if k.startswith("OPS_")}})
        counts = read_tap(output, status, file)
        report(counts, file, time.monotonic() - begun, log)
        total.add(counts)
        if own:  # a server serves a few databases at a time
            admin("SELECT ops.stop_workers()", own)
    return total


def sql_lane(options):
    files = options.select(lane_files("sql"))
    if not files:
        return Counts()
    install("sql")
    return with_cluster("sql", options, {}, lambda place: run_sql_files("sql", files, place, {}))


def doors_lane(options):
    """The two error doors, in a server without pg_ops: what everything else of the extension stands on."""
    files = options.select(lane_files("doors"))
    if not files:
        return Counts()
    make("doors", "doors")

    def body(place):
        env = dict(line.split("=", 1) for line in dev_cluster("env", place).splitlines())
        # Where the server's user can read it, whoever may enter this directory.
        probe = os.path.join(env["PGHOST"], "doors_probe.so")
        shutil.copy(os.path.join(ROOT, "build", "doors_probe.so"), probe)
        os.chmod(probe, 0o755)
        environment = {"DOORS_PROBE": probe.removesuffix(".so"), "DOORS_LOG": os.path.join(place, "log", "postgres.log")}
        os.environ.update(environment)
        total = run_sql_files("doors", [f for f in files if f.endswith(".sql")], place, {})
        libpq = {k: v for k, v in env.items() if k.startswith("PG")}
        for file in (f for f in files if f.endswith(".py")):
            log, begun = output_file("doors", file), time.monotonic()
            status, output = call(["/usr/bin/python3", "-B", "regress/harness/tap_unittest.py", file,
                                   *options.tests_of(file)], log, FILE_TIMEOUT_S, libpq)
            counts = read_tap(output, status, file)
            report(counts, file, time.monotonic() - begun, log)
            total.add(counts)
        return total
    return with_cluster("doors", options, {}, body, "--bare")


def with_cluster(lane, options, environment, body, *arguments):
    directory = os.path.join(WORK, lane)
    remove_clusters(directory)
    place = os.path.join(directory, "cluster")
    os.makedirs(place)
    counts = Counts()
    try:
        dev_cluster("start", place, *arguments, environment=environment)
        counts = body(place)
    finally:
        dev_cluster("stop", place, environment=environment, check=False)
        read_logs(directory, lane, counts)
    if not counts.failed and not options.keep:
        remove_clusters(directory)
    return counts


def private_directory(name):
    """A directory of ours that the server's user can enter, wherever the repository is."""
    if os.geteuid() != 0:
        return os.path.join(WORK, name + "-prefix")
    place = os.path.join("/var/tmp", f"pgops-{hashlib.sha256(ROOT.encode()).hexdigest()[:12]}-{name}")
    if not os.path.lexists(place):
        os.mkdir(place, 0o755)
    if os.path.islink(place) or os.lstat(place).st_uid != 0:
        raise LaneTrouble(f"{place} does not belong to root")
    return place


def install_apart(lane, pg_config, *settings):
    """A second build of this tree, in build/LANE-tree, installed where that pg_config says; the worker is the
    ordinary one. Returns the environment that makes tests use it."""
    install(lane)
    ordinary = subprocess.run(["make", "--no-print-directory", "-s", "-C", ROOT, "print-bindir"], check=True,
                              capture_output=True, text=True).stdout.strip()
    shutil.copy(os.path.join(ordinary, "pg_ops_worker"), os.path.dirname(pg_config))
    tree = os.path.join(ROOT, "build", lane + "-tree")
    os.makedirs(tree, exist_ok=True)
    for name in ("Makefile", "CMakeLists.txt", "core", "guard", "extension", "sql", "dev", "pg_ops.control"):
        if os.path.lexists(os.path.join(ROOT, name)) and not os.path.lexists(os.path.join(tree, name)):
            os.symlink(os.path.join("..", "..", name), os.path.join(tree, name))
    make(lane, *settings, "WORKER=no", f"PG_CONFIG={pg_config}", "install", directory=tree)
    return {"PG_CONFIG": pg_config}


def ubsan_lane(options):
    """pg_ops.so with UBSan, in a private copy of the installation, under the pgTAP files."""
    files = options.select(lane_files("sql"))
    if not files:
        return Counts()
    prefix = subprocess.run([os.path.join(ROOT, "dev", "prefix"), private_directory("ubsan")], check=True,
                            capture_output=True, text=True).stdout.strip()
    environment = {**install_apart("ubsan", prefix, "UBSAN=1"), "UBSAN_OPTIONS": "print_stacktrace=1"}
    return with_cluster("ubsan", options, environment,
                        lambda place: run_sql_files("ubsan", files, place, environment))


def assert_lane(options):
    """The pgTAP and end-to-end files in a server with assertions: `make test-long` alone."""
    if not os.environ.get("PGOPS_LONG"):
        return Counts()
    sql, e2e = options.select(lane_files("sql")), options.select(lane_files("e2e"))
    if not sql and not e2e:
        return Counts()
    status, output = call([os.path.join(ROOT, "dev", "assert-server"), private_directory("assert")],
                          output_file("assert", "server"), 2 * FILE_TIMEOUT_S)
    if status != 0:
        raise LaneTrouble(output[-4000:])
    environment = install_apart("assert", output.strip().splitlines()[-1])
    total = Counts()
    if sql:
        total.add(with_cluster("assert", options, environment,
                               lambda place: run_sql_files("assert", sql, place, environment)))
    total.add(run_e2e_files("assert-e2e", e2e, options, environment))
    return total


def isolation_lane(options):
    """Specs through the server's own isolationtester; output must equal expected/NAME.out."""
    specs = options.select(lane_files("isolation"))
    if not specs:
        return Counts()
    install("isolation")
    pgxs = subprocess.run([os.environ.get("PG_CONFIG") or "/usr/lib/postgresql/15/bin/pg_config", "--pkglibdir"],
                          check=True, capture_output=True, text=True).stdout.strip() + "/pgxs/src/test/isolation"
    tester = os.path.join(pgxs, "isolationtester")

    def body(place):
        total = Counts()
        env = dict(line.split("=", 1) for line in dev_cluster("env", place).splitlines())
        conninfo = f"host={env['PGHOST']} port={env['PGPORT']} dbname={env['PGDATABASE']} user={env['PGUSER']}"
        for spec in specs:
            log, begun, counts = output_file("isolation", spec), time.monotonic(), Counts()
            done = subprocess.run([tester, conninfo], stdin=open(os.path.join(ROOT, spec)), capture_output=True,
                                  text=True, timeout=FILE_TIMEOUT_S)
            with open(log, "w") as f:
                f.write(done.stdout + done.stderr)
            expected = re.sub(r"specs/(.*)\.spec$", r"expected/\1.out", os.path.join(ROOT, spec))
            good = os.path.exists(expected) and open(expected).read() == done.stdout and done.returncode == 0
            if good:
                counts.passed += 1
            else:
                counts.fail(f"{spec}: output differs from {os.path.relpath(expected, ROOT)}")
            report(counts, spec, time.monotonic() - begun, log)
            total.add(counts)
        return total
    return with_cluster("isolation", options, {}, body)


def run_e2e_files(lane, files, options, environment):
    total = Counts()
    for file in files:
        name = os.path.splitext(os.path.basename(file))[0]
        directory, log, begun = os.path.join(WORK, lane, name), output_file(lane, name), time.monotonic()
        remove_clusters(directory)
        os.makedirs(directory)
        command = ["/usr/bin/python3", "-B", "regress/harness/tap_unittest.py", file, *options.tests_of(file)]
        status, output = call(command, log, FILE_TIMEOUT_S * (4 if os.environ.get("PGOPS_LONG") else 1),
                              {"PGOPS_TEST_DIR": directory, "PYTHONUNBUFFERED": "1", **environment})
        counts = read_tap(output, status, name)
        for place in logs.clusters_below(directory):
            dev_cluster("stop", place, check=False)
        read_logs(directory, name, counts)
        report(counts, file, time.monotonic() - begun, log)
        total.add(counts)
        if not counts.failed and not options.keep:
            remove_clusters(directory)
    return total


def e2e_lane(options):
    files = options.select(lane_files("e2e"))
    if not files:
        return Counts()
    install("e2e")
    return run_e2e_files("e2e", files, options, {})


# Executions of each libFuzzer program: short runs, and long ones shared by as many processes as there are processors.
FUZZ_RUNS = 30_000
FUZZ_RUNS_LONG = 10_000_000
FUZZ_TIMEOUT_S = 3 * 3600
# Thousands of short runs a second: small pools are scanned and recycled in less time, and find the same.
FUZZ_ASAN = ":max_uar_stack_size_log=16:quarantine_size_mb=16:malloc_context_size=8"


def run_fuzzer(file):
    """One libFuzzer program from fixed seeds; what it found stays in .test/fuzz/NAME with the statement."""
    name, counts, begun = os.path.splitext(os.path.basename(file))[0], Counts(), time.monotonic()
    long = bool(os.environ.get("PGOPS_LONG"))
    runs = int(os.environ.get("PGOPS_FUZZ_RUNS") or (FUZZ_RUNS_LONG if long else FUZZ_RUNS))
    processes = os.cpu_count() if long else 1
    seed = int(os.environ.get("PGOPS_FUZZ_SEED") or 1)

    def one(number):
        place = os.path.join(WORK, "fuzz", f"{name}-{number}")
        shutil.rmtree(place, ignore_errors=True)
        os.makedirs(os.path.join(place, "corpus"))
        log = output_file("fuzz", f"{name}-{number}")
        command = [os.path.join(ROOT, "build", "fuzz", name), f"-seed={seed + number}", f"-runs={runs // processes}",
                   "-max_len=34000", "-timeout=10", "-rss_limit_mb=4096", "-verbosity=0", "-print_final_stats=1",
                   f"-artifact_prefix={place}/", os.path.join(place, "corpus")]
        return call(command, log, FUZZ_TIMEOUT_S, {**SANITIZERS, "ASAN_OPTIONS": SANITIZERS["ASAN_OPTIONS"] + FUZZ_ASAN}), log
    with concurrent.futures.ThreadPoolExecutor(processes) as pool:
        results = list(pool.map(one, range(processes)))
    done = 0
    for number, ((status, output), log) in enumerate(results):
        done += sum(int(n) for n in re.findall(r"number_of_executed_units: (\d+)", output))
        if status == 0:
            counts.passed += 1
        else:
            counts.fail(f"{name}: seed {seed + number} found something: see {os.path.relpath(log, ROOT)}")
    print(f"   {name}: {done} executions", flush=True)
    if done < runs // processes * processes and not counts.failed:
        counts.fail(f"{name}: only {done} of {runs} executions")
    report(counts, file, time.monotonic() - begun, next((log for (status, _), log in results if status), results[0][1]))
    return counts


def fuzz_lane(options):
    """libFuzzer programs under ASan and UBSan, and generated statements through a cluster."""
    files = options.select(lane_files("fuzz"))
    programs, tests = [f for f in files if f.endswith(".cpp")], [f for f in files if f.endswith(".py")]
    total = Counts()
    if programs:
        make("fuzz", "build/fuzz/build.ninja")
        status, output = call(["cmake", "--build", os.path.join(ROOT, "build/fuzz"), "--target", "pgops_fuzzers", "-j",
                               str(os.cpu_count())], output_file("fuzz", "build"), FILE_TIMEOUT_S)
        if status != 0:
            raise LaneTrouble(output[-4000:])
    for file in programs:
        total.add(run_fuzzer(file))
    if tests:
        install("fuzz")
        total.add(run_e2e_files("fuzz-e2e", tests, options, {}))
    return total


def worker_lane(lane, tree):
    """The worker's own end-to-end tests against a worker built with a sanitizer."""
    def run(options):
        files = [f for f in options.select(lane_files("e2e")) if os.path.basename(f).startswith("worker_")]
        if not files:
            return Counts()
        make(lane, f"{tree}/build.ninja")
        log = output_file(lane, "build")
        status, output = call(["cmake", "--build", os.path.join(ROOT, tree), "--target", "pgops_programs", "-j",
                               str(os.cpu_count())], log, FILE_TIMEOUT_S)
        if status != 0:
            raise LaneTrouble(output[-4000:])
        program = os.path.join(ROOT, tree, "pg_ops_worker")
        return run_e2e_files(lane, files, options, {**SANITIZERS, "OPS_WORKER_BIN": program})
    return run


def checks_lane(options):
    """The checks that `make lint` runs too, each one a test."""
    if options.only:
        return Counts()
    install("checks")
    log, begun = output_file("checks", "checks"), time.monotonic()
    status, output = call([sys.executable, "-B", "dev/checks/run", "--tap"], log, FILE_TIMEOUT_S)
    counts = read_tap(output, status, "checks")
    report(counts, "dev/checks", time.monotonic() - begun, log)
    return counts


LANES = {
    "checks": checks_lane,
    "unit": unit_lane("unit", "build/cmake", "unit"),
    "asan": unit_lane("asan", "build/asan", "unit-asan"),
    "tsan": unit_lane("tsan", "build/tsan", "unit-tsan"),
    "doors": doors_lane,
    "sql": sql_lane,
    "ubsan": ubsan_lane,
    "assert": assert_lane,
    "isolation": isolation_lane,
    "e2e": e2e_lane,
    "fuzz": fuzz_lane,
    "worker-asan": worker_lane("worker-asan", "build/asan"),
    "worker-tsan": worker_lane("worker-tsan", "build/tsan"),
}
