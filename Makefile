# Build of pg_ops: the shared library (PGXS), the SQL script, and, through CMake, worker and unit tests.
#
#   all install          pg_ops.so, pg_ops--X.Y.Z.sql, pg_ops_worker     (install honours DESTDIR)
#   demo demo-stop       a private cluster in .demo with everything in it, questions asked and answered
#   test test-long lint  every test there is; `make test LANE=unit`, `make test TEST=regress/sql/x.sql`
#   bench bench-answers  tables on stdout; `make bench-answers ARGS=--misses`
#   dist clean           a release archive; everything built is removed
#
# Sources are found by wildcard: a new file needs no change here. What is not there yet is left out.
# Objects are under build/; they depend on headers (-MMD -MP), on the compiler flags and on the list of
# files, so that an incremental build gives what a clean one would.
# Generated headers: X.hpp.py writes X.hpp on stdout; it lands in build/gen/, an include directory, and
# is made again when the script or a data file beside it (*.tsv *.txt *.json *.dat) changes.

PG_CONFIG ?= $(firstword $(wildcard /usr/lib/postgresql/15/bin/pg_config) pg_config)
CONFIGURED := $(shell command -v $(PG_CONFIG) >/dev/null 2>&1 && test -f "$$($(PG_CONFIG) --pgxs)" && \
                command -v cmake >/dev/null && test -f /usr/include/pg_query.h && echo yes)
# All processors, unless -jN was given on the command line (which then wins).
MAKEFLAGS += -j$(shell nproc)
NEEDS_NOTHING := clean demo-stop dist deps

ifeq ($(CONFIGURED)$(DEPS_DONE),done)
$(error dev/deps installed everything, but $(PG_CONFIG), its PGXS, cmake or pg_query.h is still not there: check PG_CONFIG)
endif
ifeq ($(CONFIGURED)$(filter $(NEEDS_NOTHING),$(MAKECMDGOALS)),)
# A machine with nothing but git and make: install what is missing, then start over.
GOALS := $(or $(MAKECMDGOALS),all)
.PHONY: $(GOALS) deps-first
$(GOALS): deps-first
	+$(MAKE) DEPS_DONE=done $@
deps-first:
	dev/deps
else
include dev/make/build.mk
include dev/make/doors.mk
include dev/make/targets.mk
endif
