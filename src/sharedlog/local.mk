# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The brbd authors

src_libbrbd_a_SOURCES += \
	%D%/engine.h \
	%D%/entry.h \
	%D%/sharedlog-append.c \
	%D%/sharedlog-impl.h \
	%D%/sharedlog-name.c \
	%D%/sharedlog-tail.c \
	%D%/sharedlog.c \
	%D%/sharedlog.h

if HAVE_HIREDIS
src_libbrbd_a_SOURCES += \
	%D%/redis-impl.h \
	%D%/redis-reply.c \
	%D%/redis-request.c \
	%D%/redis-scripts.c \
	%D%/redis.c \
	%D%/redis.h
endif
