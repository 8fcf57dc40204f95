# The shared library and the SQL script. Included by the Makefile, which says how files are found.
#
# libpg_query shares 218 symbols with the server and would crash it if linked normally. So the whole
# archive becomes one object of which only the pg_query_* functions that guard/ calls stay global
# (ld -r, objcopy), and -Bsymbolic with a version script keeps the rest of the library to itself.

ifeq ($(filter clean demo-stop dist deps,$(MAKECMDGOALS)),)
SERVER_MAJOR := $(shell $(PG_CONFIG) --version | sed -E 's/^PostgreSQL ([0-9]+).*/\1/')
PG_QUERY_H ?= /usr/include/pg_query.h
GUARD_MAJOR := $(shell sed -nE 's/^\#define PG_MAJORVERSION "([0-9]+)".*/\1/p' $(PG_QUERY_H))
ifneq ($(SERVER_MAJOR),$(GUARD_MAJOR))
$(error libpg_query parses PostgreSQL $(GUARD_MAJOR) (per $(PG_QUERY_H)) but $(PG_CONFIG) belongs to PostgreSQL $(SERVER_MAJOR): the guard would read other SQL than the server runs. Install libpg-query-dev of the server's major version or set PG_CONFIG)
endif
endif

EXTVERSION := $(shell sed -nE "s/^default_version = '(.*)'/\1/p" pg_ops.control)
rfind = $(foreach d,$(wildcard $(1)/*),$(call rfind,$(d),$(2)) $(filter $(subst *,%,$(2)),$(d)))
SO_DIRS := core guard extension
SO_SOURCES := $(sort $(foreach d,$(SO_DIRS),$(call rfind,$(d),*.cpp)))
GENERATORS := $(sort $(foreach d,$(SO_DIRS) worker,$(call rfind,$(d),*.hpp.py)))
GENERATED := $(GENERATORS:%.py=build/gen/%)
SQL_PARTS := $(sort $(wildcard sql/[0-9]*_*.sql))
OBJECTS := $(SO_SOURCES:%.cpp=build/so/%.o)
GUARD_OBJECTS := $(filter build/so/guard/%,$(OBJECTS))
PG_OBJECTS := $(filter build/so/extension/pg/% build/so/extension/entry/%,$(OBJECTS))
PLAIN_OBJECTS := $(filter-out $(PG_OBJECTS),$(OBJECTS))
EXPORTS := $(wildcard extension/entry/exports.map)
PRELINKED := $(if $(GUARD_OBJECTS),build/so/pg_query_prelinked.o)
PG_QUERY_ARCHIVE ?= $(shell $(CXX) -print-file-name=libpg_query.a)

# PGXS. Bitcode is off: C++ with a prelinked object gains nothing from it and clang would be needed.
override with_llvm = no
EXTENSION = pg_ops
DATA = $(wildcard sql/upgrade/pg_ops--*--*.sql)
DATA_built = $(if $(SQL_PARTS),pg_ops--$(EXTVERSION).sql)
ifneq ($(OBJECTS),)
MODULE_big = pg_ops
OBJS = $(OBJECTS)
endif
SHLIB_LINK = $(PRELINKED) -Wl,-Bsymbolic $(EXPORTS:%=-Wl,--version-script=%) \
             -lsimdjson -lsodium -lre2 -lcctz -licuuc -lstdc++
PGXS := $(shell $(PG_CONFIG) --pgxs)
ifneq ($(WORKER),no)
all: worker
endif
include $(PGXS)

# One compiler line for everything of ours; PGXS's own flags are for C.
CCACHE ?= $(shell command -v ccache)
ifneq ($(filter 1 true,$(CI)),)
WERROR := -Werror
endif
OPTIMIZE ?= -O2 -g
UBSAN ?=
COMMON_FLAGS = -std=c++20 $(OPTIMIZE) -fPIC -fno-semantic-interposition -fno-omit-frame-pointer -fstack-protector-strong -D_FORTIFY_SOURCE=2 \
               -Wno-register $(if $(UBSAN),-fsanitize=undefined -fno-sanitize=vptr) $(WERROR) $(EXTRA_CXXFLAGS)
STRICT_FLAGS = -Wall -Wextra -Wshadow -Wconversion
# Macros of the server's headers expand inside our code and do not survive -Wconversion.
SERVER_FLAGS = -Wall -Wextra -Wshadow -Wno-unused-parameter -Wno-missing-field-initializers -D_GNU_SOURCE \
               -isystem $(shell $(PG_CONFIG) --includedir-server)
INCLUDES = -I. -Ibuild/gen
ifneq ($(UBSAN),)
SHLIB_LINK += -fsanitize=undefined -static-libubsan
endif

# One short line per file; V=1 shows the commands.
say = $(if $(filter 1,$(V)),,@echo '  $(1)'; )

$(PLAIN_OBJECTS): build/so/%.o: %.cpp build/so/flags $(GENERATED)
	@mkdir -p $(@D)
	$(call say,CXX $<)$(CCACHE) $(CXX) $(COMMON_FLAGS) $(STRICT_FLAGS) $(INCLUDES) -MMD -MP -c $< -o $@
$(PG_OBJECTS): build/so/%.o: %.cpp build/so/flags $(GENERATED)
	@mkdir -p $(@D)
	$(call say,CXX $<)$(CCACHE) $(CXX) $(COMMON_FLAGS) $(SERVER_FLAGS) $(INCLUDES) -MMD -MP -c $< -o $@

# Written only when the content differs, so that what depends on them is rebuilt exactly then.
# (.PHONY: PGXS says .SECONDARY, under which a missing FORCE would count as up to date.)
.PHONY: FORCE
define write_if_changed
@mkdir -p $(@D); printf '%s\n' '$(1)' > $@.new; cmp -s $@.new $@ && rm $@.new || mv $@.new $@
endef
build/so/flags: FORCE
	$(call write_if_changed,$(shell $(CXX) --version | head -1) $(COMMON_FLAGS) $(STRICT_FLAGS) $(SERVER_FLAGS))
build/so/objects: FORCE
	$(call write_if_changed,$(OBJECTS) $(SHLIB_LINK))
build/so/sql_parts: FORCE
	$(call write_if_changed,$(SQL_PARTS))
FORCE:

ifneq ($(OBJECTS),)
pg_ops.so: $(PRELINKED) $(EXPORTS) build/so/objects
endif

# What guard/ calls is read off its objects: the list cannot fall behind the code.
build/so/pg_query_keep: $(GUARD_OBJECTS)
	nm -u $(GUARD_OBJECTS) | sed -nE 's/^ +U (pg_query_.*)/\1/p' | sort -u > $@
	@test -s $@ || { echo 'guard/ calls no pg_query_* function' >&2; rm $@; exit 1; }
build/so/pg_query_prelinked.o: build/so/pg_query_keep $(PG_QUERY_ARCHIVE)
	ld -r --whole-archive $(PG_QUERY_ARCHIVE) -o $@.all
	objcopy --keep-global-symbols=build/so/pg_query_keep $@.all $@
	@rm $@.all

define generated_header
build/gen/$(1:.py=): $(1) $(foreach e,tsv txt json dat,$(wildcard $(dir $(1))*.$(e)))
	@mkdir -p $$(@D)
	/usr/bin/python3 $$< > $$@.new && mv $$@.new $$@
endef
$(foreach g,$(GENERATORS),$(eval $(call generated_header,$(g))))

pg_ops--$(EXTVERSION).sql: $(SQL_PARTS) build/so/sql_parts
	@{ printf '%s\n' '\echo Use "CREATE EXTENSION pg_ops" to load this file. \quit' ''; cat $(SQL_PARTS); } > $@.new
	@mv $@.new $@; echo 'assembled $@ from $(words $(SQL_PARTS)) files'

-include $(OBJECTS:.o=.d)
