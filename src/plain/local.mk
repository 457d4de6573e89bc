# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The brbd authors

src_libbrbd_a_SOURCES += \
	%D%/cmd-account.c \
	%D%/cmd-ban.c \
	%D%/cmd-break.c \
	%D%/cmd-help.c \
	%D%/cmd-history.c \
	%D%/cmd-search.c \
	%D%/cmd-ignore.c \
	%D%/cmd-join.c \
	%D%/cmd-kick.c \
	%D%/cmd-mode.c \
	%D%/cmd-nick.c \
	%D%/cmd-read.c \
	%D%/cmd-say.c \
	%D%/cmd-topic.c \
	%D%/cmd-who.c \
	%D%/commands.def \
	%D%/plain-command.c \
	%D%/plain-room.c \
	%D%/plain.h \
	%D%/protocol-line.c
