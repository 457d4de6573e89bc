/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * TLS below a connection, with libssl at the other end: who the client is, what
 * it may not have read, and handshakes that are slow, or too many. hostile 53,
 * 85, 87
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#ifndef HAVE_OPENSSL

void
unit_tests(Suite *s)
{
	(void)s;
	printf("skipped: built without OpenSSL\n");
	exit(77);
}

#else

#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <fcntl.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "base/util.h"
#include "certificate.h"
#include "net/conn-impl.h"
#include "net/tls-context.h"
#include "wire.h"

#define TCP 2 /* the variant, with epoll */

static struct pipe p;
static struct conn_handler tls_handler;
static int events[4];
static SSL_CTX *ctx;
static SSL *client;

static void
on_tls(struct conn *c, enum conn_tls_event event, void *arg)
{
	(void)c;
	(void)arg;
	events[event]++;
}

/* All are from one place, but for the client. */
static bool is_client_elsewhere;

static const struct credential *
from(const void *arg)
{
	static struct credential places[2];
	int i;

	for (i = 0; i < 2; i++)
		ck_assert(credential_from_text(&places[i],
		    i == 0 ? "192.0.2.1" : "192.0.2.2"));
	return &places[arg == &p && is_client_elsewhere];
}

static void
begin(void)
{
	struct tls_context *context;
	struct certificate c;
	struct options o;
	char *dir = unit_dir_new(), *error = NULL;

	world_init(TCP);
	memset(events, 0, sizeof(events));
	tls_handler = handler_with_eof;
	tls_handler.tls = on_tls;
	tls_handler.from = from;
	is_client_elsewhere = false;
	options_init(&o);
	free(o.tls_certificate);
	free(o.tls_key);
	o.tls_certificate = xasprintf("%s/certificate", dir);
	o.tls_key = xasprintf("%s/key", dir);
	certificate_init(&c, "chat.example", 3600);
	ck_assert_int_eq(certificate_write(&c, o.tls_certificate, o.tls_key),
	    0);
	ck_assert_msg(tls_context_new(&o, &context, &error) == 0, "%s", error);
	ck_assert_str_eq(tls_context_names(context), "chat.example");
	net_set_tls(&w.net, context);
	certificate_fini(&c);
	options_fini(&o);
	unit_dir_free(dir);
	ctx = SSL_CTX_new(TLS_client_method());
}

static void
call(enum conn_tls_use use)
{
	int on = 1;

	pipe_open_with(&p, TCP, &tls_handler);
	conn_set_tls(p.c, use);
	ck_assert_int_eq(setsockopt(p.peer, IPPROTO_TCP, TCP_NODELAY, &on,
			     sizeof(on)),
	    0);
	ck_assert_int_eq(fcntl(p.peer, F_SETFL, O_NONBLOCK), 0);
	client = SSL_new(ctx);
	ck_assert_int_eq(SSL_set_fd(client, p.peer), 1);
	SSL_set_connect_state(client);
}

static void
shake(void)
{
	int i;

	for (i = 0; i < 1000 && events[CONN_TLS_IS_SECURE] == 0; i++) {
		(void)SSL_do_handshake(client);
		run_ready();
		advance(0);
	}
	ck_assert_int_eq(events[CONN_TLS_IS_SECURE], 1);
	ck_assert(conn_is_secure(p.c));
}

/* It may fail. */
static void
shake_until_over(void)
{
	char byte;
	int i;

	for (i = 0; i < 1000 && events[CONN_TLS_IS_SECURE] == 0 &&
	     p.ended_count == 0 && !p.c->tls->is_failed;
	     i++) {
		if (SSL_do_handshake(client) == 1)
			(void)SSL_read(client, &byte, 1);
		run_ready();
		advance(0);
	}
}

static void
finish(void)
{
	SSL_free(client);
	client = NULL;
	pipe_close(&p);
	world_fini();
	SSL_CTX_free(ctx);
}

START_TEST(lines_both_ways)
{
	char got[16];

	begin();
	call(_i == 0 ? CONN_TLS_MAYBE : CONN_TLS_ONLY);
	shake();
	ck_assert_int_eq(events[CONN_TLS_BEGINS], _i == 0);
	ck_assert_ptr_null(conn_tls_key(p.c));
	ck_assert_int_eq(SSL_write(client, "one\ntw", 6), 6);
	ck_assert_int_eq(SSL_write(client, "o\n", 2), 2);
	UNTIL(p.line_count == 2);
	CHECK_GOT(&p, "[one][two]");
	ck_assert_int_eq(conn_send(p.c, "three\n", 6), 0);
	while (SSL_read(client, got, sizeof(got)) != 6)
		run_ready();
	ck_assert_mem_eq(got, "three\n", 6);
	ck_assert_uint_eq(w.net.tls.stats.handshakes, 1);
	ck_assert_uint_eq(w.net.tls.slot_count, 0);
	finish();
}
END_TEST

/* Signed by nobody: what counts is the key. */
START_TEST(the_key_of_a_client)
{
	static const unsigned char web[] = "\10http/1.1";
	struct certificate c;
	unsigned char *der = NULL;
	uint8_t hash[TLS_PEER_KEY_SIZE];
	int len;

	begin();
	/* It is over, and for another name. */
	certificate_init(&c, "ana", -10);
	(void)SSL_CTX_use_certificate(ctx, c.x509);
	(void)SSL_CTX_use_PrivateKey(ctx, c.key);
	call(CONN_TLS_ONLY);
	if (_i == 1)
		(void)SSL_set_alpn_protos(client, web, sizeof(web) - 1);
	shake();
	if (_i == 1)
		/* A browser is not asked. */
		ck_assert_ptr_null(conn_tls_key(p.c));
	else {
		len = i2d_PUBKEY(c.key, &der);
		ck_assert_int_eq(EVP_Digest(der, (size_t)len, hash, NULL,
				     EVP_sha256(), NULL),
		    1);
		OPENSSL_free(der);
		ck_assert_ptr_nonnull(conn_tls_key(p.c));
		ck_assert_mem_eq(conn_tls_key(p.c), hash, sizeof(hash));
	}
	certificate_fini(&c);
	finish();
}
END_TEST

static const struct {
	const char *kind, *curve; /* curve NULL: none is to be named */
	unsigned bits; /* of RSA */
	bool is_good;
} client_keys[] = {
	{ "RSA", NULL, 2048, true },
	{ "ED25519", NULL, 0, true },
	{ "ED448", NULL, 0, true },
	{ "EC", "P-384", 0, true },
	{ "EC", "P-521", 0, true },
	/* There is no such signature in TLS 1.3, so the client shows none. */
	{ "EC", "secp256k1", 0, false },
	/* Too short for any. */
	{ "RSA", NULL, 512, false },
};

/* Whether it can be used or not, nothing breaks, and it is nobody else's key. */
START_TEST(strange_keys_of_clients)
{
	struct certificate c;
	EVP_PKEY *key = client_keys[_i].bits > 0 ?
	    EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)client_keys[_i].bits) :
	    client_keys[_i].curve != NULL ?
	    EVP_PKEY_Q_keygen(NULL, NULL, "EC", client_keys[_i].curve) :
	    EVP_PKEY_Q_keygen(NULL, NULL, client_keys[_i].kind);

	ck_assert_ptr_nonnull(key);
	begin();
	SSL_CTX_set_security_level(ctx, 0);
	certificate_init_for(&c, "ana", 3600, key);
	(void)SSL_CTX_use_certificate(ctx, c.x509);
	(void)SSL_CTX_use_PrivateKey(ctx, c.key);
	call(CONN_TLS_ONLY);
	if (client_keys[_i].is_good) {
		shake();
		ck_assert_ptr_nonnull(conn_tls_key(p.c));
	} else {
		shake_until_over();
		if (p.ended_count == 0)
			ck_assert_ptr_null(conn_tls_key(p.c));
	}
	certificate_fini(&c);
	finish();
}
END_TEST

/* hostile 85: a chain of 100 KB is not read. */
START_TEST(a_large_certificate)
{
	struct certificate c;
	int i, len;

	begin();
	certificate_init(&c, "ana", 3600);
	ck_assert_int_eq(SSL_CTX_use_certificate(ctx, c.x509), 1);
	ck_assert_int_eq(SSL_CTX_use_PrivateKey(ctx, c.key), 1);
	len = i2d_X509(c.x509, NULL);
	ck_assert_int_gt(len, 0);
	for (i = 0; i < 100 * 1024; i += len)
		ck_assert_int_eq(SSL_CTX_add1_chain_cert(ctx, c.x509), 1);
	certificate_fini(&c);
	call(CONN_TLS_ONLY);
	shake_until_over();
	UNTIL(w.net.tls.stats.failures[TLS_FAILURE_BROKEN] == 1);
	ck_assert_int_eq(events[CONN_TLS_IS_SECURE], 0);
	ck_assert_uint_eq(w.net.tls.slot_count, 0);
	finish();
}
END_TEST

/* hostile 87. A list of protocols, as it goes over the wire. */
#define LIST(literal) literal, sizeof(literal) - 1
static const struct {
	const char *host; /* NULL: none */
	const char *protocols;
	size_t len;
	bool is_web;
} hello_kinds[] = {
	{ NULL, LIST("\3irc"), false },
	{ "", LIST("\10http/1.1"), true },
	{ "chat.example", LIST("\2h2\10http/1.1"), true },
	/* The server's choice is first. */
	{ "chat.example.", LIST("\10http/1.1\3irc"), false },
	{ "other.example", LIST("\2h2"), false },
	{ "127.0.0.1", LIST("\1\0"), false },
	{ "\xff\xfe%s%n", LIST("\7IRC/1.0\0"), false },
	{ "../../etc/passwd", LIST("\11http/1.10"), false },
	{ "a\r\nb", LIST("\3irc\3irc\3irc"), false },
};

START_TEST(hellos_of_every_kind)
{
	const char *name = hello_kinds[_i].host;
	char host[256];

	begin();
	call(_i % 2 == 0 ? CONN_TLS_MAYBE : CONN_TLS_ONLY);
	/* "": the longest that there can be. */
	memset(host, 'x', sizeof(host) - 1);
	host[sizeof(host) - 1] = '\0';
	if (name != NULL && name[0] != '\0')
		(void)snprintf(host, sizeof(host), "%s", name);
	if (name != NULL)
		(void)SSL_set_tlsext_host_name(client, host);
	(void)SSL_set_alpn_protos(client,
	    (const unsigned char *)hello_kinds[_i].protocols,
	    (unsigned)hello_kinds[_i].len);
	shake();
	ck_assert(p.c->tls->peer.is_web == hello_kinds[_i].is_web);
	finish();
}
END_TEST

/* The first records are right, and then: bytes in another order, other types,
 * too long, nothing in them. */
static const struct {
	const char *bytes;
	size_t len;
	enum tls_failure why;
} after_hello[] = {
	{ LIST("\26\3\3\0\0"), TLS_FAILURE_BROKEN },
	{ LIST("\27\3\3\0\1x"), TLS_FAILURE_BROKEN },
	{ LIST("\27\3\3\0\21xxxxxxxxxxxxxxxxx"), TLS_FAILURE_BROKEN },
	{ LIST("\24\3\3\0\1\2"), TLS_FAILURE_BROKEN },
	{ LIST("\25\3\3\0\2\2\50"), TLS_FAILURE_REFUSED },
	{ LIST("\25\3\3\0\2\1\0"), TLS_FAILURE_BROKEN },
	{ LIST("\27\3\3\101\1"), TLS_FAILURE_GARBAGE }, /* 2^14 + 257 */
	{ LIST("\27\3\3\377\377"), TLS_FAILURE_GARBAGE },
	{ LIST("\30\3\3\0\1x"), TLS_FAILURE_GARBAGE }, /* a heartbeat */
	{ LIST("GET / HTTP/1.1\r\n"), TLS_FAILURE_GARBAGE },
	{ LIST("\26\3\3\0\4\1\0\0\0"), TLS_FAILURE_BROKEN }, /* a hello */
};

START_TEST(nonsense_after_the_hello)
{
	int i;

	begin();
	call(CONN_TLS_ONLY);
	(void)SSL_do_handshake(client);
	for (i = 0; i < 1000 && w.net.tls.slot_count == 0; i++) {
		run_ready();
		advance(0);
	}
	ck_assert_int_eq(write(p.peer, after_hello[_i].bytes,
			     after_hello[_i].len),
	    (ssize_t)after_hello[_i].len);
	for (i = 0; i < 1000 && !p.c->tls->is_failed; i++) {
		run_ready();
		advance(0);
	}
	ck_assert(p.c->tls->is_failed);
	ck_assert_uint_eq(w.net.tls.stats.failures[after_hello[_i].why], 1);
	ck_assert_uint_eq(w.net.tls.slot_count, 0);
	ck_assert_int_eq(events[CONN_TLS_IS_SECURE], 0);
	finish();
}
END_TEST

/* hostile 53: it sends its hello and reads nothing, while there is no room for
 * an answer: that costs what is queued, and ends. */
START_TEST(a_client_that_does_not_read)
{
	begin();
	call(CONN_TLS_ONLY);
	(void)SSL_do_handshake(client);
	UNTIL((run_ready(), advance(0), w.net.tls.slot_count == 1));
	ck_assert_uint_lt(conn_queued(p.c), 8192);
	advance(11000);
	run_ready();
	ck_assert_int_eq(p.ended_count, 1);
	ck_assert_uint_eq(w.net.tls.stats.failures[TLS_FAILURE_TIMEOUT], 1);
	ck_assert_uint_eq(w.net.tls.slot_count, 0);
	finish();
}
END_TEST

START_TEST(lengths_of_records)
{
	const struct conn_span spans[] = { { 122, 100 }, { 72, 50 }, { 24, 0 },
		{ 39, 17 } };
	struct conn_tls tls;

	memset(&tls, 0, sizeof(tls));
	buf_add(&tls.spans, spans, sizeof(spans));
	ck_assert_uint_eq(conn_tls_unsent(&tls, 0), 0);
	ck_assert_uint_eq(conn_tls_unsent(&tls, 1), 17);
	ck_assert_uint_eq(conn_tls_unsent(&tls, 39), 17);
	ck_assert_uint_eq(conn_tls_unsent(&tls, 63), 17);
	/* A record that is not whole tells the peer nothing. */
	ck_assert_uint_eq(conn_tls_unsent(&tls, 64), 67);
	ck_assert_uint_eq(conn_tls_unsent(&tls, 135), 67);
	ck_assert_uint_eq(conn_tls_unsent(&tls, 136), 167);
	ck_assert_uint_eq(conn_tls_unsent(&tls, 1000), 167);
	tls.lost = 39;
	ck_assert_uint_eq(conn_tls_unsent(&tls, 0), 17);
	ck_assert_uint_eq(conn_tls_unsent(&tls, 25), 67);
	buf_fini(&tls.spans);
}
END_TEST

/* The client reads some of it, and is gone. */
START_TEST(what_may_be_unread)
{
	char line[50], got[64 * 1024];
	size_t seen = 0, sent;

	begin();
	call(CONN_TLS_ONLY);
	shake();
	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	while (conn_send(p.c, line, sizeof(line)) == 0)
		ck_assert_uint_le(p.c->tls->spans.len,
		    257 * sizeof(struct conn_span));
	while (seen < (size_t)_i * 500)
		if (SSL_read(client, got, sizeof(line)) == sizeof(line))
			seen += sizeof(line);
		else
			run_ready();
	sent = conn_sent(p.c);
	/* Whatever the kernels hold is not read. */
	ck_assert_uint_ge(conn_unsent(p.c), sent - seen);
	pipe_hang_up(&p);
	UNTIL(p.ended_count > 0);
	ck_assert_int_eq(p.end, CONN_END_ERROR);
	ck_assert_uint_ge(p.unsent, sent - seen);
	ck_assert_uint_le(p.unsent, sent);
	finish();
}
END_TEST

/* All is read, and the end is in order: nothing is in doubt. */
START_TEST(all_is_read)
{
	char got[64];

	begin();
	call(CONN_TLS_ONLY);
	shake();
	ck_assert_int_eq(conn_send(p.c, "hello\n", 6), 0);
	while (SSL_read(client, got, sizeof(got)) != 6)
		run_ready();
	ck_assert_uint_eq(conn_unsent(p.c), 6);
	if (_i == 1)
		(void)SSL_shutdown(client);
	pipe_hang_up(&p);
	if (_i == 0) {
		UNTIL(p.ended_count == 1);
		/* Anybody on the way can send a FIN. */
		ck_assert_int_eq(p.end, CONN_END_ERROR);
		ck_assert_uint_eq(p.unsent, 6);
	} else {
		UNTIL(p.eof_count == 1);
		conn_close(p.c, 1000);
		UNTIL(p.ended_count == 1);
		ck_assert_uint_eq(p.unsent, 0);
	}
	finish();
}
END_TEST

/* Changes the client's key so many times. */
static void
update_keys(int count)
{
	int i;

	for (i = 0; i < count; i++) {
		ck_assert_int_eq(SSL_key_update(client,
				     SSL_KEY_UPDATE_NOT_REQUESTED),
		    1);
		ck_assert_int_eq(SSL_do_handshake(client), 1);
		run_ready();
	}
}

/* hostile 54: who floods is ended, and not who changes keys for days and says
 * nothing. */
START_TEST(keys_that_change)
{
	int i;

	begin();
	call(CONN_TLS_ONLY);
	shake();
	for (i = 0; i < 5; i++) {
		update_keys(TLS_IDLE_MAX - 2);
		UNTIL((run_ready(),
		    p.c->tls->record.idle_count == TLS_IDLE_MAX - 2));
		/* As if that were ten seconds ago. */
		p.c->tls->forgiven_ms -= 10001;
	}
	ck_assert_int_eq(p.ended_count, 0);
	ck_assert(!p.c->tls->is_failed);
	ck_assert_int_eq(SSL_write(client, "still here\n", 11), 11);
	UNTIL(p.line_count == 1);
	CHECK_GOT(&p, "[still here]");
	update_keys(TLS_IDLE_MAX + 2);
	UNTIL((run_ready(), p.c->tls->is_failed));
	ck_assert_uint_eq(w.net.tls.stats.broken, 1);
	finish();
}
END_TEST

START_TEST(a_byte_a_second)
{
	static const char hello[] = "\26\3\1\1\0\1\0\0\374\3\3";
	size_t i;

	begin();
	call(CONN_TLS_MAYBE);
	for (i = 0; i < 10; i++) {
		ck_assert_int_eq(p.ended_count, 0);
		ck_assert_int_eq(write(p.peer, hello + i, 1), 1);
		run_ready();
		advance(1000);
	}
	/* Its callbacks have set the clock back to the real time. */
	advance(11000);
	run_ready();
	ck_assert_int_eq(p.ended_count, 1);
	ck_assert_uint_eq(w.net.tls.stats.failures[TLS_FAILURE_TIMEOUT], 1);
	ck_assert_uint_eq(w.net.tls.slot_count, 0);
	finish();
}
END_TEST

/* Those who say hello, and nothing more. */
static struct pipe others[NET_TLS_SLOTS];

static void
others_say_hello(int count)
{
	SSL *hellos = SSL_new(ctx);
	char hello[1024];
	size_t len;
	int i;

	SSL_set_bio(hellos, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	SSL_set_connect_state(hellos);
	(void)SSL_do_handshake(hellos);
	len = (size_t)BIO_read(SSL_get_wbio(hellos), hello, sizeof(hello));
	SSL_free(hellos);
	for (i = 0; i < count; i++) {
		pipe_open_with(&others[i], TCP, &tls_handler);
		conn_set_tls(others[i].c, CONN_TLS_ONLY);
		ck_assert_int_eq(write(others[i].peer, hello, len),
		    (ssize_t)len);
	}
	run_ready();
}

static int
others_ended(void)
{
	int i, ended = 0;

	for (i = 0; i < NET_TLS_SLOTS; i++)
		ended += others[i].ended_count;
	return ended;
}

static void
others_close(int count)
{
	int i;

	for (i = 0; i < count; i++)
		pipe_close(&others[i]);
}

/* So many have begun that whoever comes has to wait. */
static void
begin_with_all_slots_taken(void)
{
	int64_t began_ms;
	int i;

	begin();
	began_ms = now_ms();
	others_say_hello(NET_TLS_SLOTS);
	advance(0);
	ck_assert_uint_eq(w.net.tls.slot_count, NET_TLS_SLOTS);
	call(CONN_TLS_ONLY);
	for (i = 0; i < 3; i++) {
		(void)SSL_do_handshake(client);
		run_ready();
		advance(0);
	}
	/* Unless the machine is so slow that the second is over. */
	if (now_ms() - began_ms < 900) {
		ck_assert(conn_is_shaking_hands(p.c));
		ck_assert_uint_eq(w.net.tls.slot_count, NET_TLS_SLOTS);
	}
}

START_TEST(too_many_at_once)
{
	begin_with_all_slots_taken();
	is_client_elsewhere = true;
	advance(1001);
	shake();
	run_ready();
	/* One has made way; which one was first, poll(2) does not tell. */
	ck_assert_int_eq(others_ended(), 1);
	advance(11000);
	run_ready();
	ck_assert_uint_eq(w.net.tls.slot_count, 0);
	ck_assert_int_eq(others_ended(), NET_TLS_SLOTS);
	others_close(NET_TLS_SLOTS);
	finish();
}
END_TEST

/* A machine that is slow with all its connections takes none of them from
 * itself. */
START_TEST(too_many_from_one_place)
{
	int64_t began_ms = now_ms();
	int i;

	begin_with_all_slots_taken();
	for (i = 0; i < 3; i++) {
		advance(1001);
		run_ready();
	}
	/* Unless the 10 s are over. */
	if (now_ms() - began_ms < 6000) {
		ck_assert_int_eq(others_ended(), 0);
		ck_assert(conn_is_shaking_hands(p.c));
	}
	pipe_hang_up(&others[0]);
	shake();
	advance(11000);
	run_ready();
	others_close(NET_TLS_SLOTS);
	finish();
}
END_TEST

static void
do_not_run_walks(void *arg)
{
	(void)arg;
}

/* Who has begun gets to the end, however many come meanwhile. */
START_TEST(answers_before_hellos)
{
	int i;

	begin();
	call(CONN_TLS_ONLY);
	/* Its last record is sent, and not read yet. */
	for (i = 0; i < 1000 && SSL_do_handshake(client) != 1; i++) {
		run_ready();
		advance(0);
	}
	ck_assert_int_eq(events[CONN_TLS_IS_SECURE], 0);
	w.deadlines.walks.wake = do_not_run_walks;
	w.deadlines.walks.now_us = slow_now_us;
	others_say_hello(20);
	UNTIL(!TAILQ_EMPTY(&w.net.tls.hellos) &&
	    !TAILQ_EMPTY(&w.net.tls.answers));
	/* A step at a time: it has sent three records. */
	for (i = 0; i < 6 && events[CONN_TLS_IS_SECURE] == 0; i++)
		ck_assert_ptr_nonnull(walks_run(&w.deadlines.walks));
	ck_assert_int_eq(events[CONN_TLS_IS_SECURE], 1);
	ck_assert_uint_le(w.net.tls.slot_count, 3);
	w.deadlines.walks.now_us = NULL;
	w.deadlines.walks.wake = NULL;
	advance(11000);
	run_ready();
	others_close(20);
	finish();
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "tls", NULL, NULL);

	tcase_add_loop_test(tc, lines_both_ways, 0, 2);
	tcase_add_loop_test(tc, the_key_of_a_client, 0, 2);
	tcase_add_loop_test(tc, strange_keys_of_clients, 0,
	    NITEMS(client_keys));
	tcase_add_test(tc, a_large_certificate);
	tcase_add_test(tc, keys_that_change);
	tcase_add_loop_test(tc, hellos_of_every_kind, 0, NITEMS(hello_kinds));
	tcase_add_loop_test(tc, nonsense_after_the_hello, 0,
	    NITEMS(after_hello));
	tcase_add_test(tc, a_client_that_does_not_read);
	tcase_add_test(tc, lengths_of_records);
	tcase_add_loop_test(tc, what_may_be_unread, 0, 5);
	tcase_add_loop_test(tc, all_is_read, 0, 2);
	tcase_add_test(tc, a_byte_a_second);
	/* By the real clock, within a second. */
	tc = unit_case(s, "tls at once", NULL, NULL);
	tcase_set_tags(tc, "no-valgrind");
	tcase_add_test(tc, too_many_at_once);
	tcase_add_test(tc, too_many_from_one_place);
	tcase_add_test(tc, answers_before_hellos);
}

#endif
