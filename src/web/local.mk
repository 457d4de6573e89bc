# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The brbd authors

src_libbrbd_a_SOURCES += \
	%D%/protocol-web.c \
	%D%/web-answer.c \
	%D%/web-door.c \
	%D%/web-file.c \
	%D%/web-forwarded.c \
	%D%/web-impl.h \
	%D%/web-room.c \
	%D%/web-websocket.c \
	%D%/web.h
nodist_src_libbrbd_a_SOURCES = %D%/web-files.c

# The files of the page, in web_files of web/local.mk, become tables in C.
%D%/web-files.c: %D%/bundle %D%/embed $(web_files)
	$(AM_V_GEN)$(MKDIR_P) %D% && \
	sh $(srcdir)/%D%/embed $(srcdir) $(web_files) >$@.tmp && \
	mv $@.tmp $@
CLEANFILES += %D%/web-files.c %D%/web-files.c.tmp
EXTRA_DIST += %D%/bundle %D%/embed
