# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The brbd authors

src_libbrbd_a_SOURCES += \
	%D%/accounts-journal.c \
	%D%/accounts-journal.h \
	%D%/bans-journal.c \
	%D%/bans-journal.h \
	%D%/conversations-journal.c \
	%D%/conversations-journal.h \
	%D%/journal-format.c \
	%D%/journal-impl.h \
	%D%/journal-open.c \
	%D%/journal.c \
	%D%/journal.h \
	%D%/persist-impl.h \
	%D%/persist-load.c \
	%D%/persist-look.c \
	%D%/persist.c \
	%D%/persist.h \
	%D%/person-record.c \
	%D%/person-record.h \
	%D%/state-dir.c \
	%D%/state-dir.h \
	%D%/state.c \
	%D%/state.h
