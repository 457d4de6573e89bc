# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The brbd authors

if HAVE_JANSSON
src_libbrbd_a_SOURCES += \
	%D%/commands.def \
	%D%/jsonl-account.c \
	%D%/jsonl-devices.c \
	%D%/jsonl-event.c \
	%D%/jsonl-history.c \
	%D%/jsonl-modes.c \
	%D%/jsonl-pending.c \
	%D%/jsonl-person.c \
	%D%/jsonl-request.c \
	%D%/jsonl-room.c \
	%D%/jsonl-search.c \
	%D%/jsonl-talk.c \
	%D%/jsonl.h \
	%D%/protocol-jsonl.c

pkgdata_DATA = %D%/brbd-json.schema.json
endif
EXTRA_DIST += %D%/brbd-json.schema.json %D%/commands.def
