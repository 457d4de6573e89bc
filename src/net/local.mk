# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The brbd authors

src_libbrbd_a_SOURCES += \
	%D%/callback.h \
	%D%/conn-handoff.c \
	%D%/conn-handshake.c \
	%D%/conn-impl.h \
	%D%/conn-input.c \
	%D%/conn-output.c \
	%D%/conn-tcp.c \
	%D%/conn-telnet.c \
	%D%/conn-tls.c \
	%D%/conn-unsent.c \
	%D%/conn-websocket.c \
	%D%/conn.c \
	%D%/conn.h \
	%D%/framer.c \
	%D%/framer.h \
	%D%/gate.c \
	%D%/gate.h \
	%D%/http.c \
	%D%/http.h \
	%D%/inherit.c \
	%D%/inherit.h \
	%D%/listener-handoff.c \
	%D%/listener-impl.h \
	%D%/listener-socket.c \
	%D%/listener-spec.c \
	%D%/listener-spec.h \
	%D%/listener.c \
	%D%/listener.h \
	%D%/proxy.c \
	%D%/proxy.h \
	%D%/sdnotify.c \
	%D%/sdnotify.h \
	%D%/service-manager.c \
	%D%/service-manager.h \
	%D%/scram.c \
	%D%/scram.h \
	%D%/sts.c \
	%D%/sts.h \
	%D%/telnet.c \
	%D%/telnet.h \
	%D%/tls-context.h \
	%D%/tls-handshake.h \
	%D%/tls-record.h \
	%D%/verify-impl.h \
	%D%/verify-worker.c \
	%D%/verify.c \
	%D%/verify.h \
	%D%/websocket.c \
	%D%/websocket.h

if HAVE_OPENSSL
src_libbrbd_a_SOURCES += \
	%D%/tls-context.c \
	%D%/tls-handshake.c \
	%D%/tls-record.c \
	%D%/scram-crypto.c
else
src_libbrbd_a_SOURCES += %D%/scram-none.c %D%/tls-none.c
endif
