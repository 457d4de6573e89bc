# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The brbd authors

src_libbrbd_a_SOURCES += \
	%D%/bans-fields.c \
	%D%/bans.c \
	%D%/bans.h \
	%D%/chat-handoff.c \
	%D%/chat.c \
	%D%/chat.h \
	%D%/deliver.c \
	%D%/deliver.h \
	%D%/departed.c \
	%D%/departed.h \
	%D%/directory.c \
	%D%/directory.h \
	%D%/member-handoff.c \
	%D%/member-identity.c \
	%D%/member.c \
	%D%/member.h \
	%D%/modes-change.c \
	%D%/modes-impl.h \
	%D%/modes-words.c \
	%D%/modes.c \
	%D%/modes.h \
	%D%/opers.c \
	%D%/opers.h \
	%D%/person-handoff.c \
	%D%/person.c \
	%D%/person.h \
	%D%/presence-handoff.c \
	%D%/presence-impl.h \
	%D%/presence.c \
	%D%/presence.h \
	%D%/repeat.c \
	%D%/repeat.h \
	%D%/replay-handoff.c \
	%D%/replay-impl.h \
	%D%/replay.c \
	%D%/replay.h \
	%D%/room.c \
	%D%/room.h \
	%D%/roommates.c \
	%D%/roommates.h \
	%D%/tally.c \
	%D%/tally.h \
	%D%/whowas.c \
	%D%/whowas.h
