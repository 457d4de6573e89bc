# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The brbd authors

src_libbrbd_a_SOURCES += \
	%D%/event.h \
	%D%/history-file.c \
	%D%/history-file.h \
	%D%/history-header.c \
	%D%/history-ids.c \
	%D%/history-image.c \
	%D%/history-impl.h \
	%D%/history-load.c \
	%D%/history-open.c \
	%D%/history-seek.c \
	%D%/history-shared.c \
	%D%/history-space.c \
	%D%/history-store.c \
	%D%/history-unname.c \
	%D%/history.c \
	%D%/history.h
