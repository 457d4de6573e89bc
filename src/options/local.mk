# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The brbd authors

src_libbrbd_a_SOURCES += \
	%D%/options-doc.c \
	%D%/options-file.c \
	%D%/options-impl.h \
	%D%/options-include.c \
	%D%/options-load.c \
	%D%/options-value.c \
	%D%/options.c \
	%D%/options.def \
	%D%/options.h
