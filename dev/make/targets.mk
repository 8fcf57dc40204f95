# Everything that is not the shared library: worker and unit tests (CMake), tests, demo, bench, release.
# Included by the Makefile after build.mk.

JOBS := $(shell nproc)
CMAKE_TREES := build/cmake build/asan build/tsan build/fuzz
cmake_options_build/cmake := -DPGOPS_SANITIZE=
cmake_options_build/asan := -DPGOPS_SANITIZE=address,undefined
cmake_options_build/tsan := -DPGOPS_SANITIZE=thread
cmake_options_build/fuzz := -DPGOPS_FUZZ=ON -DPGOPS_SANITIZE=address,undefined -DCMAKE_C_COMPILER=clang-14 -DCMAKE_CXX_COMPILER=clang++-14
INSTALL_BINDIR := $(DESTDIR)$(shell $(PG_CONFIG) --bindir)
# `make test` and `make demo` install; an ordinary user may need sudo for that, and only for that.
SUDO := $(shell test -w "$$($(PG_CONFIG) --pkglibdir)" || command -v sudo)
PYTHON := /usr/bin/python3
export PG_CONFIG

.PHONY: worker unit unit-asan unit-tsan deps lint lint-long test test-long bench bench-answers demo demo-stop dist installed print-bindir install-worker clean-build

# Sanitizers make the compiler warn about code of Boost's (and about fences that TSan does not model): warnings
# are errors in the plain tree only, which compiles the same files.
cmake_line = -G Ninja $(cmake_options_$(1)) -DPGOPS_WERROR=$(if $(WERROR),$(if $(filter build/cmake,$(1)),ON,OFF),OFF) $(CMAKE_OPTIONS)
$(CMAKE_TREES:%=%.options): %.options: FORCE
	$(call write_if_changed,$(call cmake_line,$*))
$(CMAKE_TREES:%=%/build.ninja): %/build.ninja: CMakeLists.txt %.options
	@cmake -S . -B $* $(call cmake_line,$*) > $*.log 2>&1 || { cat $*.log; rm -f $@; exit 1; }
	@touch $@

worker: build/cmake/build.ninja $(GENERATED)
	@cmake --build build/cmake --target pgops_programs -j $(JOBS)
# After the worker: two builds in one tree at once would overwrite each other's records.
unit: build/cmake/build.ninja worker
	@cmake --build build/cmake -j $(JOBS)
unit-asan: build/asan/build.ninja
	@cmake --build build/asan --target pgops_unit_tests -j $(JOBS)
unit-tsan: build/tsan/build.ninja
	@cmake --build build/tsan --target pgops_unit_tests -j $(JOBS)

ifneq ($(WORKER),no)
install: install-worker
endif
install-worker: worker
	@if test -x build/cmake/pg_ops_worker; then \
	  mkdir -p '$(INSTALL_BINDIR)' && install -m 755 build/cmake/pg_ops_worker '$(INSTALL_BINDIR)/pg_ops_worker' && \
	  echo 'installed $(INSTALL_BINDIR)/pg_ops_worker'; fi
print-bindir:
	@$(PG_CONFIG) --bindir
installed: all
	@$(SUDO) $(MAKE) --no-print-directory PG_CONFIG=$(PG_CONFIG) CI=$(CI) install

deps:
	dev/deps
lint: deps
	dev/lint
lint-long: deps
	dev/lint --long
test: deps
	+@regress/run $(if $(LANE),--lane $(LANE)) $(TEST)
test-long: deps
	+@regress/run --long $(if $(LANE),--lane $(LANE)) $(TEST)
bench: deps installed
	@cmake --build build/cmake --target bench_parse_guard bench_planner_sizes -j $(JOBS)
	bench/run
bench-answers: deps installed
	@cmake --build build/cmake --target bench_planner_sizes -j $(JOBS)
	bench/answers $(ARGS)
demo: deps
	@$(MAKE) --no-print-directory installed
	@dev/demo start .demo
demo-stop:
	@if test -d .demo; then dev/demo stop .demo; fi
dist:
	@mkdir -p build
	git archive --format=zip --prefix=pg_ops-$(EXTVERSION)/ -o build/pg_ops-$(EXTVERSION).zip HEAD
	@echo build/pg_ops-$(EXTVERSION).zip

clean: clean-build
clean-build:
	rm -rf build pg_ops.so pg_ops--*.sql
