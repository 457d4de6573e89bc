# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The brbd authors

src_libbrbd_a_SOURCES += \
	%D%/age.c \
	%D%/age.h \
	%D%/bucket.c \
	%D%/bucket.h \
	%D%/buf.c \
	%D%/buf.h \
	%D%/checksum.c \
	%D%/checksum.h \
	%D%/cloak.c \
	%D%/cloak.h \
	%D%/clock.c \
	%D%/clock.h \
	%D%/command.c \
	%D%/command.h \
	%D%/credential.c \
	%D%/credential.h \
	%D%/deadline.c \
	%D%/deadline.h \
	%D%/fields.c \
	%D%/fields.h \
	%D%/handoff.c \
	%D%/handoff.h \
	%D%/histogram.c \
	%D%/histogram.h \
	%D%/json.c \
	%D%/json.h \
	%D%/log.c \
	%D%/log.h \
	%D%/mask.c \
	%D%/mask.h \
	%D%/memfile.c \
	%D%/memfile.h \
	%D%/nearest.c \
	%D%/nearest.h \
	%D%/nick.c \
	%D%/nick.h \
	%D%/origin.c \
	%D%/origin.h \
	%D%/origins.c \
	%D%/origins.h \
	%D%/process.c \
	%D%/process.h \
	%D%/secret.c \
	%D%/secret.h \
	%D%/text-impl.h \
	%D%/text-scrub.c \
	%D%/text.c \
	%D%/text.h \
	%D%/tlv.c \
	%D%/tlv.h \
	%D%/util.c \
	%D%/util.h \
	%D%/walk.c \
	%D%/walk.h
