# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The brbd authors

src_libbrbd_a_SOURCES += \
	%D%/admin.h \
	%D%/brbctl-backup.c \
	%D%/brbctl-backup.h \
	%D%/control-request.c \
	%D%/control-request.h \
	%D%/control.c \
	%D%/control.h \
	%D%/exporter.c \
	%D%/exporter.h \
	%D%/member-stats.c \
	%D%/member-stats.h \
	%D%/metrics.c \
	%D%/metrics.h \
	%D%/oneshot.c \
	%D%/oneshot.h \
	%D%/peercred.c \
	%D%/peercred.h \
	%D%/verb-account.c \
	%D%/verb-backup.c \
	%D%/verb-export-modes.c \
	%D%/verb-export-person.c \
	%D%/verb-export-private.c \
	%D%/verb-export.c \
	%D%/verb-impl.h \
	%D%/verb-mode.c \
	%D%/verb-moderate.c \
	%D%/verb-run.c \
	%D%/verb-status.c \
	%D%/verb-who.c \
	%D%/verb.c \
	%D%/verb.h \
	%D%/verbs.def

bin_PROGRAMS += src/brbctl
src_brbctl_SOURCES = %D%/brbctl.c
src_brbctl_CPPFLAGS = $(AM_CPPFLAGS) -DRUNSTATEDIR='"$(runstatedir)"'
src_brbctl_LDADD = src/libbrbd.a
