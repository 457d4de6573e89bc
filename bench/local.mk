# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The brbd authors

# Benchmarks: bench/README. Built by "make bench" and "make bench-smoke" alone.

bench_programs = \
	bench/attack \
	bench/catchup \
	bench/fakes \
	bench/floor \
	bench/grow \
	bench/load \
	bench/soak \
	bench/models/bufferevent \
	bench/models/fork \
	bench/models/hybrid \
	bench/models/select \
	bench/models/serial \
	bench/models/threads
if HAVE_HIREDIS
bench_programs += bench/sharedlog
endif
EXTRA_PROGRAMS = $(bench_programs)
CLEANFILES += $(bench_programs)
EXTRA_DIST += bench/README bench/all bench/brb bench/growth bench/hold bench/pause \
	bench/peers bench/plot \
	bench/return bench/run bench/soaked bench/under-attack

bench_serve = bench/serve.c bench/serve.h
bench_ring = bench/models/ring.c bench/models/ring.h
bench_attack_SOURCES = \
	bench/attack.c \
	bench/attackers.c bench/attackers.h \
	bench/latency.c bench/latency.h \
	bench/secure.c bench/secure.h \
	bench/trial.c bench/trial.h \
	bench/usage.c bench/usage.h \
	bench/visit.c bench/visit.h
bench_attack_LDADD = $(OPENSSL_LIBS)
bench_catchup_SOURCES = \
	bench/catchup.c \
	bench/latency.c bench/latency.h \
	bench/reader.c bench/reader.h \
	bench/trial.c bench/trial.h \
	bench/usage.c bench/usage.h
bench_catchup_LDADD =
bench_grow_SOURCES = \
	bench/grow.c \
	bench/reader.c bench/reader.h \
	bench/trial.c bench/trial.h \
	bench/usage.c bench/usage.h
bench_grow_LDADD =
bench_load_SOURCES = \
	bench/dialect-pubsub.c \
	bench/dialect-websocket.c \
	bench/dialect.c bench/dialect.h \
	bench/latency.c bench/latency.h \
	bench/load.c \
	bench/members.c bench/members.h \
	bench/report.c bench/report.h \
	bench/secure.c bench/secure.h \
	bench/settings.c bench/settings.h \
	bench/talk.c bench/talk.h \
	bench/trial.c bench/trial.h \
	bench/usage.c bench/usage.h
bench_load_LDADD = $(LIBBSD_LIBS) $(OPENSSL_LIBS)
bench_fakes_SOURCES = bench/fakes.c bench/trial.c bench/trial.h
bench_fakes_LDADD = $(LDADD) -lm
bench_sharedlog_SOURCES = \
	bench/latency.c bench/latency.h \
	bench/sharedlog.c \
	bench/usage.c bench/usage.h
bench_sharedlog_LDADD = src/libbrbd.a $(HIREDIS_LIBS) $(libraries)
bench_floor_SOURCES = bench/floor.c bench/secure.c bench/secure.h \
	$(bench_serve)
bench_floor_LDADD = $(OPENSSL_LIBS)
bench_soak_SOURCES = \
	bench/latency.c bench/latency.h \
	bench/secure.c bench/secure.h \
	bench/soak.c \
	bench/trial.c bench/trial.h
bench_soak_LDADD = $(OPENSSL_LIBS)
bench_models_bufferevent_SOURCES = bench/models/bufferevent.c $(bench_serve)
bench_models_bufferevent_LDADD = $(LIBEVENT_LIBS)
bench_models_fork_SOURCES = bench/models/fork.c $(bench_ring) $(bench_serve)
bench_models_fork_LDADD =
bench_models_fork_LDFLAGS = $(AM_LDFLAGS) -pthread
bench_models_hybrid_SOURCES = bench/models/hybrid.c $(bench_serve)
bench_models_hybrid_LDADD =
bench_models_hybrid_LDFLAGS = $(AM_LDFLAGS) -pthread
bench_models_select_SOURCES = bench/models/select.c $(bench_serve)
bench_models_select_LDADD =
bench_models_serial_SOURCES = bench/models/serial.c $(bench_ring) \
	$(bench_serve)
bench_models_serial_LDADD =
bench_models_serial_LDFLAGS = $(AM_LDFLAGS) -pthread
bench_models_threads_SOURCES = bench/models/threads.c $(bench_ring) \
	$(bench_serve)
bench_models_threads_LDADD =
bench_models_threads_LDFLAGS = $(AM_LDFLAGS) -pthread

.PHONY: bench bench-smoke bench-soak
bench: $(bench_programs) src/brbd$(EXEEXT)
	$(srcdir)/bench/all -b . -p -g $(srcdir)/bench/plots
bench-soak: $(bench_programs) src/brbd$(EXEEXT)
	$(srcdir)/bench/soaked -b . -o $(srcdir)/bench/plots
bench-smoke: $(bench_programs) src/brbd$(EXEEXT)
	$(srcdir)/bench/run -b . -q
	$(srcdir)/bench/return -b . -m 20 -r 1
	rm -rf bench-smoke
	$(srcdir)/bench/all -b . -o bench-smoke -r 1 -t 0.2 size10 table
	rm -rf bench-smoke
	$(srcdir)/bench/growth -b . 50
	$(srcdir)/bench/soaked -b . -n 30 -o bench-smoke -t 15 || [ $$? = 1 ]
	rm -rf bench-smoke
	$(srcdir)/bench/under-attack -b . -t 1 flush places tls metrics control
