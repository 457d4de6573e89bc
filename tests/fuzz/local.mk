# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The brbd authors

# Each fuzz target runs over its seeds as an ordinary test, with the main() of
# replay.c; --enable-fuzzing gives it libFuzzer's instead.

fuzz_targets = \
	%D%/fuzz_account \
	%D%/fuzz_command \
	%D%/fuzz_control \
	%D%/fuzz_conversation \
	%D%/fuzz_door \
	%D%/fuzz_framer \
	%D%/fuzz_history \
	%D%/fuzz_http \
	%D%/fuzz_irc_message \
	%D%/fuzz_irc_session \
	%D%/fuzz_journal \
	%D%/fuzz_modes \
	%D%/fuzz_nick \
	%D%/fuzz_person \
	%D%/fuzz_proxy \
	%D%/fuzz_sasl \
	%D%/fuzz_settings \
	%D%/fuzz_shared_line \
	%D%/fuzz_sharedlog_redis \
	%D%/fuzz_telnet \
	%D%/fuzz_text \
	%D%/fuzz_tls_record \
	%D%/fuzz_tlv \
	%D%/fuzz_upgrade \
	%D%/fuzz_websocket
if HAVE_JANSSON
fuzz_targets += %D%/fuzz_brb %D%/fuzz_edit %D%/fuzz_jsonl_session
endif

if ENABLE_FUZZING
fuzz_main = $(FUZZER_FLAGS)
fuzz_tests =
else
fuzz_main = %D%/libreplay.a
fuzz_tests = $(fuzz_targets)
endif
fuzz_libs = $(fuzz_main) src/libbrbd.a $(libraries)
check_libs += %D%/libreplay.a
tests_fuzz_libreplay_a_SOURCES = %D%/replay.c
tests_fuzz_fuzz_account_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_brb_LDADD = $(fuzz_main) $(brb_libraries)
tests_fuzz_fuzz_command_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_control_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_conversation_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_door_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_door_SOURCES = %D%/fuzz_door.c \
	tests/unit/mini-server.c tests/unit/mini-server.h
tests_fuzz_fuzz_edit_LDADD = $(fuzz_main) $(brb_libraries)
tests_fuzz_fuzz_framer_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_history_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_http_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_irc_message_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_irc_session_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_irc_session_SOURCES = %D%/fuzz_irc_session.c \
	tests/unit/mini-server.c tests/unit/mini-server.h
tests_fuzz_fuzz_journal_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_jsonl_session_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_jsonl_session_SOURCES = %D%/fuzz_jsonl_session.c \
	tests/unit/mini-server.c tests/unit/mini-server.h
tests_fuzz_fuzz_modes_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_nick_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_person_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_proxy_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_sasl_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_sasl_SOURCES = %D%/fuzz_sasl.c \
	tests/unit/scram-client.c tests/unit/scram-client.h
tests_fuzz_fuzz_settings_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_shared_line_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_sharedlog_redis_LDADD = $(fuzz_libs) $(HIREDIS_LIBS)
tests_fuzz_fuzz_telnet_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_text_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_tls_record_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_tlv_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_websocket_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_upgrade_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_upgrade_SOURCES = %D%/fuzz_upgrade.c \
	tests/unit/mini-server.c tests/unit/mini-server.h

.PHONY: fuzzers
fuzzers: $(fuzz_targets)

EXTRA_DIST += %D%/corpus
