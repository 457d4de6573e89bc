# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The brbd authors

src_libbrbd_a_SOURCES += \
	%D%/upgrade-child.c \
	%D%/upgrade-guard.c \
	%D%/upgrade-impl.h \
	%D%/upgrade.c \
	%D%/upgrade.h
