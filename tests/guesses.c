/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * A thousand wrong passwords, as fast as the server takes them: for one account
 * from forty addresses, and for two hundred names from one. Few are looked at,
 * the others are told to wait; and the account's owner is let in meanwhile, from
 * where they have logged in before, and told of them (hostile 81).
 *
 * BRBD names the daemon, DIALOG_TIMEOUT the patience, as for the dialogs.
 */
#include "config.h"

#include <sys/socket.h>

#include <check.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "client.h"
#include "daemon.h"
#include "room/attempts.h"
#include "unit/unit.h"

#define GUESSES 1000
#define GUESSERS_MAX 40
#define ACCOUNTS 10 /* there are so many; of other names there is none */
#define SECRET "secret" /* crypt(3) makes this of it: */
#define SECRET_HASH \
	"$6$rounds=1000$saltsalt$LAV5VE5Y7w1d73x1mFNspYWUpazfmwv2SoepNXNKJ/" \
	"otop/Zok96Hr8Q13LEv0DRY/x8v0/crpIjl8NJSAqXV/"

struct guesser {
	int fd;
	struct buf in;
	int first, end; /* the numbers of its guesses */
	int names; /* so many accounts it tries, in turn */
	unsigned wrong, refused; /* its answers */
	bool is_live, is_in;
	unsigned told; /* once it is in: of wrong passwords */
};

static struct daemon d;
static char *dir;
static int64_t patience_ms, began_ms;

/* From 127.0.place.1. */
static void
guesser_connect(struct guesser *g, unsigned place)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };

	memset(g, 0, sizeof(*g));
	g->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK | place << 8);
	ck_assert_int_eq(bind(g->fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sin.sin_port = htons((uint16_t)d.port_ipv4);
	ck_assert_int_eq(connect(g->fd, (struct sockaddr *)&sin, sizeof(sin)),
	    0);
	ck_assert_int_eq(fcntl(g->fd, F_SETFL, O_NONBLOCK), 0);
}

static void
guesser_fini(struct guesser *g)
{
	(void)close(g->fd);
	buf_fini(&g->in);
}

static void
guesser_login(struct guesser *g, int name, const char *password)
{
	char *text = xasprintf("/login u%d\n%s\n", name, password);

	ck_assert_int_eq(write(g->fd, text, strlen(text)),
	    (ssize_t)strlen(text));
	free(text);
}

/* The next guess, once the last one has an answer. */
static void
guesser_guess(struct guesser *g)
{
	char password[32];

	if (g->first == g->end)
		return;
	(void)snprintf(password, sizeof(password), "guess %d", g->first);
	guesser_login(g, g->first % g->names, password);
	g->first++;
}

static void
guesser_line(void *arg, char *line)
{
	struct guesser *g = arg;
	const char *told = strstr(line, "wrong passwords since then: ");

	if (strcmp(line, "-- you are live") == 0 && !g->is_live) {
		g->is_live = true;
		guesser_guess(g);
	} else if (strncmp(line, "-- you are logged in as ", 24) == 0) {
		g->is_in = true;
		if (told != NULL)
			ck_assert_int_eq(sscanf(told + 28, "%u", &g->told), 1);
	} else if (strncmp(line, "!! there is no such account", 27) == 0) {
		g->wrong++;
		guesser_guess(g);
	} else if (strncmp(line, "!! too many attempts", 20) == 0) {
		g->refused++;
		guesser_guess(g);
	} else
		ck_assert_msg(strncmp(line, "!!", 2) != 0, "%s", line);
}

/* Has it an answer to all, or is it in? */
static bool
guesser_is_done(const struct guesser *g)
{
	return g->end > 0 ? g->wrong + g->refused == (unsigned)g->end :
			    g->is_in;
}

static void
guessers_run(struct guesser *all, size_t count)
{
	struct pollfd pfds[GUESSERS_MAX];
	int64_t until_ms = client_now_ms() + patience_ms;
	size_t i, done;

	do {
		ck_assert_msg(client_now_ms() < until_ms, "no answer");
		for (i = 0; i < count; i++)
			pfds[i] = (struct pollfd){ all[i].fd, POLLIN, 0 };
		(void)poll(pfds, count, 100);
		for (done = i = 0; i < count; i++) {
			if (pfds[i].revents != 0)
				ck_assert(client_receive(all[i].fd,
				    &all[i].in));
			client_take_lines(&all[i].in, guesser_line, &all[i]);
			done += guesser_is_done(&all[i]);
		}
		daemon_read_log(&d);
	} while (done < count);
}

/* The owner of u0 comes in, always from the same place. Returns of how many
 * wrong passwords they are told. */
static unsigned
owner_comes(void)
{
	struct guesser owner;
	unsigned told;

	guesser_connect(&owner, 0);
	guesser_login(&owner, 0, SECRET);
	guessers_run(&owner, 1);
	told = owner.told;
	guesser_fini(&owner);
	return told;
}

static void
begin(void)
{
	struct buf answer = BUF_INITIALIZER;
	char request[300];
	int i;

	dir = unit_dir_new();
	client_start_daemon(&d, dir, NULL,
	    "-l 127.0.0.1:0 -o control=%s/control -o state-dir=%s/state "
	    "-o line-rate=0 -o accept-rate=0",
	    dir, dir);
	client_await_daemon(&d, patience_ms);
	for (i = 0; i < ACCOUNTS; i++) {
		(void)snprintf(request, sizeof(request), "account\nadd\nu%d",
		    i);
		client_ask(dir, &answer, request);
		(void)snprintf(request, sizeof(request),
		    "account\npassword\nu%d\n" SECRET_HASH, i);
		client_ask(dir, &answer, request);
	}
	buf_fini(&answer);
	began_ms = client_now_ms();
}

static void
finish(void)
{
	client_stop_daemon(&d, patience_ms);
	unit_dir_free(dir);
}

/* Of count guessers with as many guesses each, how many were looked at? */
static unsigned
guess(unsigned count, int names, bool is_from_one_place)
{
	static struct guesser all[GUESSERS_MAX];
	unsigned i, wrong = 0, refused = 0;

	for (i = 0; i < count; i++) {
		guesser_connect(&all[i], is_from_one_place ? 1 : i + 1);
		all[i].end = GUESSES / (int)count;
		all[i].names = names;
	}
	guessers_run(all, count);
	for (i = 0; i < count; i++) {
		wrong += all[i].wrong;
		refused += all[i].refused;
		guesser_fini(&all[i]);
	}
	ck_assert_uint_eq(wrong + refused, GUESSES);
	return wrong;
}

/* So many tries there are at first, and as many as time has brought. */
static void
check_looked_at(unsigned wrong, unsigned tries)
{
	unsigned more = (unsigned)((client_now_ms() - began_ms) / ATTEMPT_MS);

	ck_assert_uint_ge(wrong, tries);
	ck_assert_uint_le(wrong, tries + more + 1);
}

START_TEST(test_one_account)
{
	unsigned wrong, hashes;

	begin();
	ck_assert_uint_eq(owner_comes(), 0);
	hashes = client_counted(dir, "brbd_password_hashes_total");
	wrong = guess(40, 1, false);
	check_looked_at(wrong, ATTEMPT_ACCOUNT_TRIES);
	ck_assert_uint_eq(client_counted(dir, "brbd_password_hashes_total"),
	    hashes + wrong);
	ck_assert_uint_eq(owner_comes(), wrong);
	ck_assert_uint_eq(owner_comes(), 0);
	finish();
}
END_TEST

START_TEST(test_one_address)
{
	unsigned wrong;

	begin();
	ck_assert_uint_eq(owner_comes(), 0);
	wrong = guess(4, 200, true);
	check_looked_at(wrong, ATTEMPT_ORIGIN_TRIES);
	ck_assert_uint_le(owner_comes(), wrong);
	finish();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("guesses");
	TCase *tc = unit_case(suite, "guesses", NULL, NULL);

	patience_ms = client_patience_ms(6);
	tcase_set_timeout(tc, 600);
	tcase_add_test(tc, test_one_account);
	tcase_add_test(tc, test_one_address);
	return unit_run(suite);
}
