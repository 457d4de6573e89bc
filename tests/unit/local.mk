# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The brbd authors

# Those that take longest, the longest first, and all others.
unit_tests_slow = \
	%D%/check_conn_faults \
	%D%/check_upgrade \
	%D%/check_cursors \
	%D%/check_history_crash \
	%D%/check_conn_end \
	%D%/check_persist \
	%D%/check_persist_model \
	%D%/check_text \
	%D%/check_journal \
	%D%/check_journal_damage \
	%D%/check_history \
	%D%/check_names \
	%D%/check_history_damage \
	%D%/check_conn_output
unit_tests = \
	%D%/check_account \
	%D%/check_actions \
	%D%/check_age \
	%D%/check_attempts \
	%D%/check_backup \
	%D%/check_bans \
	%D%/check_batching \
	%D%/check_bucket \
	%D%/check_buf \
	%D%/check_checksum \
	%D%/check_clients \
	%D%/check_clients_model \
	%D%/check_cloak \
	%D%/check_clock \
	%D%/check_command \
	%D%/check_confirm \
	%D%/check_conn \
	%D%/check_conn_tls \
	%D%/check_conn_unsent \
	%D%/check_conn_websocket \
	%D%/check_control \
	%D%/check_conversation \
	%D%/check_credential \
	%D%/check_crowd \
	%D%/check_deadline \
	%D%/check_departed \
	%D%/check_directory \
	%D%/check_export \
	%D%/check_fields \
	%D%/check_framer \
	%D%/check_histogram \
	%D%/check_gate \
	%D%/check_history_faults \
	%D%/check_history_file \
	%D%/check_history_image \
	%D%/check_history_shared \
	%D%/check_http \
	%D%/check_ids \
	%D%/check_inherit \
	%D%/check_irc_flood \
	%D%/check_irc_history \
	%D%/check_irc_message \
	%D%/check_irc_render \
	%D%/check_irc_reply \
	%D%/check_json \
	%D%/check_listener \
	%D%/check_listener_spec \
	%D%/check_log \
	%D%/check_mask \
	%D%/check_member \
	%D%/check_modes \
	%D%/check_nick \
	%D%/check_oneshot \
	%D%/check_opers \
	%D%/check_options \
	%D%/check_options_file \
	%D%/check_origins \
	%D%/check_pieces \
	%D%/check_presence \
	%D%/check_probe \
	%D%/check_protocol_line \
	%D%/check_proxy \
	%D%/check_replay \
	%D%/check_return \
	%D%/check_room \
	%D%/check_roommates \
	%D%/check_sdnotify \
	%D%/check_scram \
	%D%/check_search \
	%D%/check_secret \
	%D%/check_service_manager \
	%D%/check_shared \
	%D%/check_sharedlog \
	%D%/check_sharedlog_redis \
	%D%/check_state_dir \
	%D%/check_stranger \
	%D%/check_telnet \
	%D%/check_text_mention \
	%D%/check_tls_context \
	%D%/check_tls_record \
	%D%/check_tlv \
	%D%/check_typed_secret \
	%D%/check_util \
	%D%/check_verify \
	%D%/check_walk \
	%D%/check_web \
	%D%/check_websocket \
	%D%/check_whowas

# The client's.
if HAVE_JANSSON
unit_tests += %D%/check_edit %D%/check_link %D%/check_ssh_key
endif
tests_unit_check_link_LDADD = tests/unit/libunit.a $(brb_libraries) \
	$(CHECK_LIBS) $(libraries)
tests_unit_check_ssh_key_LDADD = tests/unit/libunit.a $(brb_libraries) \
	$(CHECK_LIBS)
tests_unit_check_edit_LDADD = tests/unit/libunit.a $(brb_libraries) \
	$(CHECK_LIBS) $(libraries)

# No program uses Redis yet.
tests_unit_check_sharedlog_redis_LDADD = $(LDADD) $(HIREDIS_LIBS)

# What unit tests share.
check_libs += %D%/libunit.a
tests_unit_libunit_a_SOURCES = \
	%D%/chat-fixture.c \
	%D%/chat-fixture.h \
	%D%/fake-engine.c \
	%D%/fake-engine.h \
	%D%/fake-store.c \
	%D%/fake-store.h \
	%D%/faults.c \
	%D%/faults.h \
	%D%/journal-owner.c \
	%D%/journal-owner.h \
	%D%/main.c \
	%D%/mini-server.c \
	%D%/mini-server.h \
	%D%/persist-fixture.c \
	%D%/persist-fixture.h \
	%D%/ring.c \
	%D%/ring.h \
	%D%/scram-client.c \
	%D%/scram-client.h \
	%D%/settings.c \
	%D%/sharedlog-model.c \
	%D%/sharedlog-model.h \
	%D%/settings.h \
	%D%/unit.c \
	%D%/unit.h \
	%D%/wire.c \
	%D%/wire.h \
	%D%/ws-client.c \
	%D%/ws-client.h
if HAVE_OPENSSL
tests_unit_libunit_a_SOURCES += %D%/certificate.c %D%/certificate.h
endif
