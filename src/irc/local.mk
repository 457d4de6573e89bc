# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The brbd authors

src_libbrbd_a_SOURCES += \
	%D%/commands.def \
	%D%/irc-cap.c \
	%D%/irc-channel.c \
	%D%/irc-handoff.c \
	%D%/irc-help.c \
	%D%/irc-history.c \
	%D%/irc-info.c \
	%D%/irc-join.c \
	%D%/irc-list.c \
	%D%/irc-marker.c \
	%D%/irc-message.c \
	%D%/irc-message.h \
	%D%/irc-mode.c \
	%D%/irc-monitor.c \
	%D%/irc-multiline.c \
	%D%/irc-names.c \
	%D%/irc-oper.c \
	%D%/irc-reference.c \
	%D%/irc-register.c \
	%D%/irc-render.c \
	%D%/irc-reply.c \
	%D%/irc-sasl.c \
	%D%/irc-search.c \
	%D%/irc-sniff.c \
	%D%/irc-talk.c \
	%D%/irc-who.c \
	%D%/irc-whois.c \
	%D%/irc.h \
	%D%/protocol-irc.c
