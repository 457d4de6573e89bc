# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The brbd authors

# The client. It shares base with the server and nothing else.
if HAVE_JANSSON
noinst_LIBRARIES += %D%/libbrb.a
src_brb_libbrb_a_SOURCES = \
	%D%/address.c \
	%D%/address.h \
	%D%/commands.def \
	%D%/edit-impl.h \
	%D%/edit-keys.c \
	%D%/edit.c \
	%D%/edit.h \
	%D%/link-connect.c \
	%D%/link-impl.h \
	%D%/link-io.c \
	%D%/link-network.c \
	%D%/link-resolve.c \
	%D%/link.c \
	%D%/link.h \
	%D%/output.c \
	%D%/output.h \
	%D%/script-impl.h \
	%D%/script-read.c \
	%D%/script-say.c \
	%D%/script.c \
	%D%/script.h \
	%D%/show.c \
	%D%/show.h \
	%D%/ssh-key.c \
	%D%/ssh.c \
	%D%/ssh.h \
	%D%/store.c \
	%D%/store.h \
	%D%/talk-impl.h \
	%D%/talk-room.c \
	%D%/talk-said.c \
	%D%/talk-who.c \
	%D%/talk.c \
	%D%/talk.h \
	%D%/ui-command.c \
	%D%/ui-complete.c \
	%D%/ui-draw.c \
	%D%/ui-impl.h \
	%D%/ui-input.c \
	%D%/ui-lines.c \
	%D%/ui-room.c \
	%D%/ui-say.c \
	%D%/ui-screen.c \
	%D%/ui.c \
	%D%/ui.h
if HAVE_OPENSSL
src_brb_libbrb_a_SOURCES += %D%/link-tls.c
else
src_brb_libbrb_a_SOURCES += %D%/link-tls-none.c
endif

bin_PROGRAMS += %D%/brb
src_brb_brb_SOURCES = %D%/brb.c
src_brb_brb_CPPFLAGS = $(AM_CPPFLAGS) -DRUNSTATEDIR='"$(runstatedir)"'
src_brb_brb_LDADD = $(brb_libraries)
endif
brb_libraries = src/brb/libbrb.a src/libbrbd.a $(LIBEVENT_LIBS) \
	$(LIBBSD_LIBS) $(LIBMD_LIBS) $(LIBUNISTRING_LIBS) $(LIBXXHASH_LIBS) \
	$(OPENSSL_LIBS) $(JANSSON_LIBS)
EXTRA_DIST += %D%/commands.def
