# dctd: build, tests and gates. `make help` lists the targets.
#
# Three archives in the direction of their dependencies (schema <- reconciler
# <- daemon) and two programs. Every variant - sanitizers, coverage, another
# compiler - is these same rules with another BUILD folder.

VERSION = 0.1.0
BUILD   = build
PREFIX  = /usr/local
UNITDIR = $(PREFIX)/lib/systemd/system
SYSCONFDIR = /etc
DOCDIR  = $(PREFIX)/share/doc/dctd
MANDIR  = $(PREFIX)/share/man
INSTALL = BUILD='$(BUILD)' DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' UNITDIR='$(UNITDIR)' \
	DOCDIR='$(DOCDIR)' MANDIR='$(MANDIR)' SYSCONFDIR='$(SYSCONFDIR)' packaging/install.sh
SUITES  = unit golden trace e2e
ifeq ($(origin CC),default)
CC = gcc
endif

LIBRARIES = libuv libcurl yaml-0.1 libcjson libsystemd sqlite3 libmicrohttpd libcrypto
# Asked for when a recipe first needs it, after `deps` had its chance.
pkg = $(or $(shell pkg-config $1),$(error pkg-config $1 found nothing: run `make deps`))
LIB_FLAGS  = $(eval LIB_FLAGS := $$(patsubst -I%,-isystem %,$$(call pkg,--cflags --libs-only-L $(LIBRARIES))))$(LIB_FLAGS)
LDLIBS     = $(eval LDLIBS := $$(call pkg,--libs $(LIBRARIES)) -lm)$(LDLIBS)
TEST_LIBS  = $(eval TEST_LIBS := $$(call pkg,--libs cmocka))$(TEST_LIBS)

# The simulation makes and frees more than it computes: a fifth less time, where it is there.
SEED_LIBS  = $(if $(SANITIZE),,$(shell pkg-config --silence-errors --libs jemalloc))

WARNINGS = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wold-style-definition -Wvla -Wformat=2 -Wundef -Wcast-qual \
	-Wpointer-arith -Wwrite-strings -Wnull-dereference -Wimplicit-fallthrough -Wswitch-enum \
	-Wdouble-promotion -Walloca -Wdate-time -Wredundant-decls
HARDENING = -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection
ifeq ($(shell uname -m),x86_64)
HARDENING += -fcf-protection=full
endif
ifneq (,$(findstring clang,$(CC)))
WARNINGS += -Wconditional-uninitialized -Wunreachable-code-aggressive -Wcomma -Wassign-enum \
	-Wmissing-variable-declarations -Wunused-macros -Wextra-semi-stmt
else
WARNINGS += -Wcast-align=strict -Wlogical-op -Wduplicated-cond -Wduplicated-branches \
	-Warith-conversion
HARDENING += -ftrivial-auto-var-init=zero
endif
ifdef WERROR
WARNINGS += -Werror
endif

# The folder it was built in is in no binary.
OPTIMIZE = -O2 $(HARDENING) -ffile-prefix-map=$(CURDIR)=.
ifdef SANITIZE
OPTIMIZE = -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
endif
ifdef COVERAGE
OPTIMIZE = -O0 --coverage
endif

CPPFLAGS = -std=c17 -D_GNU_SOURCE -I. -DDCTD_VERSION='"$(VERSION)"' $(LIB_FLAGS)
CFLAGS   = -g -fPIE $(OPTIMIZE) $(WARNINGS)
LDFLAGS  = -pie -Wl,-z,relro,-z,now -Wl,--as-needed
COMPILE  = $(CC) $(CPPFLAGS) $(CFLAGS) $(EXTRA_CFLAGS)

# Sorted by bytes: what is built must not depend on a locale or a file system.
files      = $(sort $(wildcard $1))
object     = $(patsubst %.c,$(BUILD)/%.o,$1)
DAEMON     = $(filter-out daemon/main.c,$(call files,daemon/*.c))
SIMULATOR  = $(filter-out tests/sim/main.c,$(call files,tests/sim/*.c))
TEST_FILES = $(foreach s,$(filter-out e2e,$(SUITES)),$(wildcard tests/$s/test_*.c))
SPEC       = $(filter-out tests/spec/contract.c,$(wildcard tests/spec/*.c))
CONTRACT   = $(BUILD)/tests/spec/contract
SCRIPTS    = $(if $(filter e2e,$(SUITES)),$(wildcard tests/e2e/test_*.sh))
TESTS      = $(TEST_FILES:%.c=$(BUILD)/%)
LISTENER   = $(BUILD)/tests/e2e/notify_listen
HASTY      = $(BUILD)/tests/e2e/dctd-hasty
RUDE       = $(BUILD)/tests/e2e/rude
FLOOR      = $(BUILD)/tests/bench/floor
ARCHIVES   = $(BUILD)/libdaemon.a $(BUILD)/libreconciler.a $(BUILD)/libschema.a
TEST_ARCHIVES = $(BUILD)/libtest.a $(ARCHIVES)
# V=1 shows the commands.
quiet = $(if $(V),,@printf '%-4s %s\n' $1 $@;)
MAKEFLAGS += --no-print-directory
# Only where the caller did not choose how many jobs to run.
PARALLEL = $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc))

all: $(BUILD)/dctd $(BUILD)/dct-sim ## build dctd and dct-sim (default)

demo: deps ## install what is missing, build, and show dctd at work on the simulator
	@$(MAKE) $(PARALLEL) all
	BUILD=$(abspath $(BUILD)) tests/e2e/demo.sh

test: deps ## install what is missing, build, and run every test
	@$(MAKE) $(PARALLEL) check

deps: ## install missing compilers and libraries (Debian and Fedora families)
	@packaging/install-deps.sh

tests: $(TESTS) $(CONTRACT) $(LISTENER) $(HASTY) $(RUDE) $(FLOOR)

check: all tests ## run the tests of SUITES (unit golden trace e2e)
	@tests/lib/run.sh $(BUILD) $(TESTS) $(SCRIPTS)

contract: $(CONTRACT) ## hold every row, call and route against the document DCT_OPENAPI names
	@$(CONTRACT) tests/spec

judge: all ## have every exchange of dctd and dct-sim judged by that document's closed form
	@BUILD=$(BUILD) tests/contract/run.sh

contract-tables: $(CONTRACT) ## make the tables in tests/spec anew from DCT_OPENAPI
	@$(CONTRACT) --members > $(BUILD)/members.tsv && mv $(BUILD)/members.tsv tests/spec/
	@$(CONTRACT) --calls > $(BUILD)/calls.tsv && mv $(BUILD)/calls.tsv tests/spec/

simulate: $(BUILD)/tests/torture/simulate ## random estates and faults: SEEDS=2000 FIRST=1
	@tests/torture/simulate.sh $< $(or $(SEEDS),2000) $(or $(FIRST),1)

bench: all $(FLOOR) ## what dctd costs, against what reading costs anybody: OBJECTS=1000
	@BUILD=$(BUILD) OBJECTS=$(or $(OBJECTS),1000) tests/bench/bench.sh

mutations: tests ## break one rule of the reconciler at a time: the trace tests notice
	@tests/torture/mutations.sh $(BUILD)
mutations: export LINK_TEST = $(COMPILE) $(LDFLAGS)
mutations: export TEST_LIBRARIES = $(LDLIBS) $(TEST_LIBS)

man: $(BUILD)/dctd ## make the field lists of dctd-manifest(5) anew
	@packaging/manual.sh $(BUILD)/dctd > $(BUILD)/page && mv $(BUILD)/page packaging/man/dctd-manifest.5

asan: ## the same tests under AddressSanitizer and UBSan
	@ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1 UBSAN_OPTIONS=print_stacktrace=1 \
		TORTURE=$(or $(TORTURE),light) $(MAKE) $(PARALLEL) BUILD=$(BUILD)/asan SANITIZE=1 check

valgrind: ## the C tests under valgrind; SUITES=e2e runs the daemon under it
	@RUN='valgrind -q --leak-check=full --show-leak-kinds=definite,possible --errors-for-leak-kinds=definite,possible --error-exitcode=99' \
		TEST_TIMEOUT=1200 TORTURE=$(or $(TORTURE),light) $(MAKE) $(PARALLEL) check \
		SUITES='$(if $(filter command line,$(origin SUITES)),$(SUITES),unit golden trace)'

cover: ## line and branch coverage of the tests (needs gcovr)
	@$(MAKE) $(PARALLEL) BUILD=$(BUILD)/cover COVERAGE=1 check
	gcovr --root . --filter schema/ --filter reconciler/ --filter daemon/ --branches $(BUILD)/cover
	gcovr --root . --filter schema/ --filter reconciler/ --filter daemon/ $(BUILD)/cover

lint: ## every static gate, cheap ones first (GATES="format size" for some)
	@BUILD=$(BUILD) packaging/lint.sh $(GATES)

layers: ## the direction of dependencies, and that decisions are pure
	@BUILD=$(BUILD) packaging/lint.sh layers

format: ## rewrite the sources in the house format
	@BUILD=$(BUILD) packaging/lint.sh reformat

format-check: ## fail where `make format` would change something
	@BUILD=$(BUILD) packaging/lint.sh format

install: all ## install under DESTDIR and PREFIX; an existing configuration stays
	@$(INSTALL) install

uninstall: ## remove what `make install` put there, but nothing that was written since
	@$(INSTALL) uninstall

deb: ## the Debian package, in BUILD/deb
	@BUILD=$(BUILD) packaging/deb.sh

rpm: ## the RPM package, in BUILD/rpm
	@BUILD=$(BUILD) packaging/rpm.sh

container: all ## the container image, by podman, buildah or docker; else its root file system
	@BUILD=$(BUILD) packaging/container/build.sh

sbom: all ## what the programs are made of and need, as SPDX 2.3, in BUILD/dctd.spdx
	@packaging/sbom.sh $(BUILD) $(VERSION) > $(BUILD)/dctd.spdx.new && mv $(BUILD)/dctd.spdx.new $(BUILD)/dctd.spdx

reproducible: deb ## build the Debian package twice, far apart: not a bit may differ
	@TEST_TIMEOUT=600 tests/lib/run.sh $(BUILD) tests/package/test_reproducible.sh

package-test: all deb ## build, check, install, try and purge the packages (root; Debian's archive)
	@TEST_TIMEOUT=600 SCRIPT_JOBS=2 tests/lib/run.sh $(BUILD) $(call files,tests/package/test_*.sh)

clean: ## remove everything built
	rm -rf $(BUILD)

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1 \2/p' Makefile | \
		while read -r target does; do printf '%-13s %s\n' "$$target" "$$does"; done

# One flag a line, for the tools that read the sources as the compiler does.
flags:
	@printf '%s\n' $(CPPFLAGS)

# The folders too, so that an archive forgets a source that was removed.
$(BUILD)/libschema.a: $(call object,$(call files,schema/*.c)) schema
$(BUILD)/libreconciler.a: $(call object,$(call files,reconciler/*.c)) reconciler
$(BUILD)/libdaemon.a: $(call object,$(DAEMON)) daemon
$(BUILD)/libtest.a: $(call object,$(SIMULATOR) $(SPEC) $(wildcard tests/lib/*.c)) tests/sim tests/spec tests/lib
$(BUILD)/dctd: $(BUILD)/daemon/main.o $(ARCHIVES)
$(BUILD)/dct-sim: $(call object,$(call files,tests/sim/*.c)) $(BUILD)/libschema.a

$(BUILD)/%.a:
	@mkdir -p $(@D) && rm -f $@
	$(call quiet,AR) ar rcs $@ $(filter %.o,$^)

$(LISTENER): $(LISTENER).o
$(RUDE): $(RUDE).o $(BUILD)/libschema.a
$(FLOOR): $(FLOOR).o
$(HASTY): $(BUILD)/tests/e2e/hasty.o $(BUILD)/daemon/main.o $(ARCHIVES)

$(BUILD)/dctd $(BUILD)/dct-sim $(LISTENER) $(HASTY) $(RUDE) $(FLOOR):
	$(call quiet,LD) $(COMPILE) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call quiet,CC) $(COMPILE) -MMD -MP -c -o $@ $<

$(TESTS) $(CONTRACT) $(BUILD)/tests/torture/simulate: %: %.o $(TEST_ARCHIVES)
	$(call quiet,LD) $(COMPILE) $(LDFLAGS) -o $@ $^ $(LDLIBS) $(TEST_LIBS) $(MORE_LIBS)
$(BUILD)/tests/torture/simulate: MORE_LIBS = $(SEED_LIBS)

.PHONY: all demo test man deps tests check simulate bench mutations contract judge contract-tables asan \
	valgrind cover lint layers format format-check install uninstall \
	deb rpm container sbom reproducible package-test clean help flags
.SECONDARY:
.DELETE_ON_ERROR:
-include $(shell find $(BUILD) -type f -name '*.d' 2>/dev/null)
