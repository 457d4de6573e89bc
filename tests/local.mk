# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The brbd authors

# Tests. A new one is a line in one of the lists; tests/check-lists tells when
# one was forgotten.

check_libs =
include tests/unit/local.mk
include tests/dialogs/local.mk
include tests/fuzz/local.mk

scripts = \
	%D%/check-certbot \
	%D%/check-check-layers \
	%D%/check-completions \
	%D%/check-dashboard \
	%D%/check-layers \
	%D%/check-callbacks \
	%D%/check-lists \
	%D%/check-manual \
	%D%/check-metrics \
	%D%/check-units \
	%D%/check-unused \
	%D%/check-web
if HAVE_JANSSON
scripts += %D%/check-schema %D%/check-brb %D%/check-brb-examples \
	%D%/check-brb-network %D%/check-brb-odd %D%/check-brb-ssh \
	%D%/check-brb-tls
endif

programs = \
	%D%/upgrade \
	%D%/crash \
	%D%/crowd \
	%D%/flipped \
	%D%/frozen \
	%D%/guesses \
	%D%/losses \
	%D%/storm
if HAVE_JANSSON
programs += %D%/once %D%/talkers
endif

if ENABLE_TESTS
check_LIBRARIES = $(check_libs)
check_PROGRAMS = $(unit_tests_slow) $(unit_tests) $(fuzz_targets) $(programs) \
	%D%/brbd-clock %D%/dialog
# They start in this order: the longest first, so that with make -j none is
# left when all others have ended.
TESTS = $(programs) $(unit_tests_slow) $(dialogs_slow) $(scripts) \
	$(unit_tests) $(fuzz_tests) $(dialogs)
endif

# All but the programs, which take long; and these alone.
.PHONY: check-short check-long
check-short:
	$(MAKE) check TESTS="$(unit_tests_slow) $(dialogs_slow) $(scripts) \
	    $(unit_tests) $(fuzz_tests) $(dialogs)"
check-long:
	$(MAKE) check TESTS="$(programs)"

client_sources = %D%/client.c %D%/client.h %D%/daemon.c %D%/daemon.h \
	%D%/tls-client.c %D%/tls-client.h
tests_crash_SOURCES = %D%/crash.c %D%/crash-private.c %D%/crash.h \
	$(client_sources)
tests_crowd_SOURCES = %D%/crowd.c $(client_sources)
tests_flipped_SOURCES = %D%/flipped.c $(client_sources)
tests_frozen_SOURCES = %D%/frozen.c %D%/losses-reader.c \
	%D%/losses-reader.h $(client_sources)
tests_guesses_SOURCES = %D%/guesses.c $(client_sources)
tests_losses_SOURCES = %D%/losses.c %D%/losses-reader.c \
	%D%/losses-reader.h $(client_sources)
tests_once_SOURCES = %D%/once.c $(client_sources)
tests_storm_SOURCES = %D%/storm.c $(client_sources)
tests_talkers_SOURCES = %D%/talkers.c $(client_sources)
tests_upgrade_SOURCES = %D%/upgrade.c %D%/upgrade.h %D%/upgrade-late.c \
	%D%/upgrade-people.c $(client_sources)

# The daemon with clocks that a dialog sets.
tests_brbd_clock_SOURCES = %D%/clock.c %D%/clock.h src/server/main.c
tests_brbd_clock_LDADD = src/libbrbd.a $(libraries)

tests_dialog_SOURCES = \
	%D%/clock.h \
	%D%/daemon.c \
	%D%/daemon.h \
	%D%/dialog-actor.c \
	%D%/dialog-actor.h \
	%D%/dialog-brbctl.c \
	%D%/dialog-clock.c \
	%D%/dialog-control.c \
	%D%/dialog-manager.c \
	%D%/dialog-memory.c \
	%D%/dialog-pattern.c \
	%D%/dialog-pattern.h \
	%D%/dialog-people-impl.h \
	%D%/dialog-people.c \
	%D%/dialog-scram.c \
	%D%/dialog-script.c \
	%D%/dialog-script.h \
	%D%/dialog-stage.c \
	%D%/dialog-stage.h \
	%D%/dialog.c \
	%D%/tls-client.c \
	%D%/tls-client.h

TEST_EXTENSIONS = .dialog
DIALOG_LOG_COMPILER = %D%/dialog$(EXEEXT)

AM_TESTS_ENVIRONMENT = \
	BRBD='$(abs_builddir)/src/brbd$(EXEEXT)'; export BRBD; \
	BRBCTL='$(abs_builddir)/src/brbctl$(EXEEXT)'; export BRBCTL; \
	BRBD_CLOCKS='$(abs_builddir)/tests/brbd-clock$(EXEEXT)'; \
	export BRBD_CLOCKS; \
	BRB='$(abs_builddir)/src/brb/brb$(EXEEXT)'; export BRB; \
	FUZZ_CORPUS='$(abs_srcdir)/tests/fuzz/corpus'; export FUZZ_CORPUS;

# The page's logic, run by check-web.
web_tests = \
	%D%/web/chat.test.mjs \
	%D%/web/commands.test.mjs \
	%D%/web/fakes.mjs \
	%D%/web/link.test.mjs \
	%D%/web/text.test.mjs \
	%D%/web/timeline.test.mjs

# The page in a browser, run by .ci/run.
browser_tests = \
	%D%/browser/clients.mjs \
	%D%/browser/measure.mjs \
	%D%/browser/package-lock.json \
	%D%/browser/package.json \
	%D%/browser/peers.mjs \
	%D%/browser/play.mjs

EXTRA_DIST += $(web_tests) $(browser_tests) $(scripts) $(dialogs_slow) $(dialogs) %D%/README %D%/clients \
	%D%/clients-common.sh %D%/clients-tls \
	%D%/check-brb %D%/check-brb-examples %D%/check-brb-network \
	%D%/check-brb-odd \
	%D%/check-brb-ssh %D%/check-brb-tls \
	%D%/check-schema %D%/check-schema.py %D%/hostile.md \
	%D%/live-systemd %D%/proxied %D%/tls-tools
