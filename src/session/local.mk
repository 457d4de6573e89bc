# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The brbd authors

src_libbrbd_a_SOURCES += \
	%D%/event-text.c \
	%D%/event-text.h \
	%D%/protocol.c \
	%D%/protocol.h \
	%D%/session-accept.c \
	%D%/session-confirm.c \
	%D%/session-handoff.c \
	%D%/session-impl.h \
	%D%/session-account.c \
	%D%/session-account.h \
	%D%/session-devices.c \
	%D%/session-devices.h \
	%D%/session-identity.c \
	%D%/session-login-impl.h \
	%D%/session-login-password.c \
	%D%/session-login-prompt.c \
	%D%/session-login-scram.c \
	%D%/session-login.c \
	%D%/session-probe.c \
	%D%/session-search.c \
	%D%/session-sniff.c \
	%D%/session-stranger.c \
	%D%/session-tls.c \
	%D%/session.c \
	%D%/session.h \
	%D%/stranger.c \
	%D%/stranger.h
