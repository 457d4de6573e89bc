# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The brbd authors

src_libbrbd_a_SOURCES += \
	%D%/account.c \
	%D%/actions.h \
	%D%/admit.c \
	%D%/ban.c \
	%D%/brb.c \
	%D%/devices.c \
	%D%/end.c \
	%D%/invite.c \
	%D%/join.c \
	%D%/kick.c \
	%D%/msg.c \
	%D%/nick.c \
	%D%/read.c \
	%D%/say.c \
	%D%/scram.c \
	%D%/topic.c
