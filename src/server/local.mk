# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The brbd authors

src_libbrbd_a_SOURCES += \
	%D%/batching.c \
	%D%/batching.h \
	%D%/protocols.c \
	%D%/server-handoff.c \
	%D%/server-impl.h \
	%D%/server-loop.c \
	%D%/server-options.c \
	%D%/server.c \
	%D%/server.h

sbin_PROGRAMS += src/brbd
src_brbd_SOURCES = %D%/main.c
src_brbd_LDADD = src/libbrbd.a $(libraries)

# Turns the tables of options, commands and verbs into what the manual pages
# and the sample settings say.
noinst_PROGRAMS += src/gendoc
src_gendoc_SOURCES = %D%/gendoc.c
src_gendoc_LDADD = src/libbrbd.a $(libraries)
