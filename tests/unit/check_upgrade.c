/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What is handed over from one program to the next: a server with everything
 * that can be handed over is saved and loaded into another one, which then is
 * the same and goes on (hostile 69, 70). And the processes around it: new
 * programs that fail, in all the ways there are (hostile 68).
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/handoff.h"
#include "base/tlv.h"
#include "handoff/upgrade.h"
#include "mini-server.h"
#include "room/directory.h"
#include "room/person.h"
#include "unit.h"

enum { ANA, BOB, CY, DEE, EVE, FAY, GIL, PEOPLE };

static struct mini_server mini;
static int ends[PEOPLE];
static char *dir;

/* Everybody in another state. */
static void
setup(void)
{
	static const char *const nicks[] = { "ana", "bob", "cy", "dee", "eve",
		"fay", "gil" };
	struct option_list specs = { .count = 1 };
	struct ban_subject subject;
	struct buf seen = BUF_INITIALIZER;
	char *text, *spec, *where = NULL, *error = NULL;
	int i;

	dir = unit_dir_new();
	mini_init(&mini);
	mini.options.output_limit = 8192;
	mini.options.max_line = 1024;
	spec = xasprintf("unix:%s/socket", dir);
	specs.items = &spec;
	specs.where = &where;
	ck_assert_int_eq(listeners_prepare(mini.listeners, &specs, &error), 0);
	listeners_commit(mini.listeners);
	free(spec);
	for (i = 0; i < PEOPLE; i++) {
		ends[i] = mini_connect(&mini, i + 1);
		text = xasprintf("/nick %s\n", nicks[i]);
		mini_type(ends[i], text);
		free(text);
		mini_run(&mini);
	}
	mini_type(ends[ANA], "/topic lunch at 12\nhello\n/ignore gil\n");
	mini_run(&mini);
	ck_assert(person_set_marker(&directory_find(&mini.chat.directory, "ana")
					 ->person,
	    "#lobby", 1700000000123, INT64_MAX));
	ck_assert(person_set_marker(&directory_find(&mini.chat.directory, "dee")
					 ->person,
	    "ana", 1, INT64_MAX));
	/* bob is on break, and a message waits for him. */
	mini_type(ends[BOB], "/join kitchen\n/brb coffee\n");
	mini_run(&mini);
	mini_type(ends[ANA], "/msg bob psst\n/msg cy pssst\n");
	/* cy is a telnet in the midst of a negotiation, and of a line. */
	ck_assert_int_eq(write(ends[CY], "\xff\xfd\x18one\r\ntw\xff\xfb", 12),
	    12);
	mini_run(&mini);
	/* dee has left; eve is lost, in the kitchen on break. */
	mini_type(ends[DEE], "/quit tired\n");
	mini_type(ends[EVE], "/join kitchen\nI am eve\n");
	mini_run(&mini);
	/* fay does not read: she falls behind. */
	for (i = 0; i < 400; i++) {
		text = xasprintf("%d %0800d\n", i, 0);
		mini_type(ends[ANA], text);
		free(text);
		mini_run(&mini);
		mini_read(ends[ANA], &seen);
		mini_read(ends[CY], &seen);
		mini_read(ends[GIL], &seen);
		buf_reset(&seen);
	}
	(void)close(ends[EVE]);
	(void)close(ends[DEE]);
	ends[EVE] = ends[DEE] = -1;
	/* gil is in the midst of a line that is too long; ana of an ordinary
	 * one. */
	text = xasprintf("%01100d", 0);
	mini_type(ends[GIL], text);
	free(text);
	mini_type(ends[ANA], "half a ");
	mini_run(&mini);
	ck_assert_ptr_null(ban_subject_parse(&subject, "203.0.113.0/24"));
	ck_assert_ptr_nonnull(bans_add(&mini.chat.bans, &subject, "spam",
	    mini.clock.wall_ms, 0));
	ck_assert_ptr_null(ban_subject_parse(&subject, "mallory"));
	ck_assert_ptr_nonnull(bans_add(&mini.chat.bans, &subject, "",
	    mini.clock.wall_ms, mini.clock.wall_ms + 1000));
	mini.sessions.admission.is_locked = true;
	mini.sessions.admission.refused[ADMIT_FULL] = 3;
	buf_fini(&seen);
}

static void
teardown(void)
{
	int i;

	mini_fini(&mini);
	for (i = 0; i < PEOPLE; i++)
		if (ends[i] != -1)
			(void)close(ends[i]);
	ck_assert_str_eq(unit_dir_names(dir), "");
	unit_dir_free(dir);
}

static void
save(struct mini_server *t, struct fields_out *out, struct buf *blob)
{
	mini_save(t, out);
	handoff_seal(out, blob);
}

/* The socket's file is the other server's, too. */
static void
forget_files(struct mini_server *t)
{
	listeners_free(t->listeners);
	t->listeners = NULL;
}

static void
say_in(struct mini_server *t, int who, const char *text)
{
	mini_type(ends[who], text);
	mini_run(t);
}

/* Does what is there to be read have this in it, once? */
static void
check_saw(struct buf *seen, const char *text)
{
	const char *found = strstr(buf_cstr(seen), text);

	ck_assert_msg(found != NULL, "there is no '%s'", text);
	ck_assert_msg(strstr(found + 1, text) == NULL, "'%s' twice", text);
}

START_TEST(test_same)
{
	struct fields_out out = HANDOFF_OUT_INITIALIZER, out2 = out;
	struct buf blob = BUF_INITIALIZER, blob2 = blob;
	struct fields_in in;
	struct mini_server again;
	size_t i;

	ck_assert(mini.chat.fell_behind > 0);
	ck_assert_uint_eq(mini.chat.departed.count, 1);
	ck_assert_uint_eq(mini.chat.lost_count, 1);
	save(&mini, &out, &blob);
	mini_init(&again);
	ck_assert_msg(handoff_open(&in, blob.data, blob.len, HANDOFF_TAKE) &&
		mini_load(&again, &in, true),
	    "%s", in.error);
	ck_assert(again.sessions.admission.is_locked);
	ck_assert_uint_eq(again.chat.bans.count, 2);
	ck_assert_uint_eq(again.chat.queued_bytes, mini.chat.queued_bytes);
	ck_assert_uint_eq(again.net.bytes_in, mini.net.bytes_in);
	save(&again, &out2, &blob2);
	ck_assert_uint_eq(out.data.len, out2.data.len);
	for (i = 0; i < out.data.len; i++)
		ck_assert_msg(out.data.data[i] == out2.data.data[i],
		    "they differ at %zu of %zu", i, out.data.len);
	fields_in_fini(&in);
	mini_fini(&again);
	buf_fini(&blob);
	buf_fini(&blob2);
	fields_out_fini(&out);
	fields_out_fini(&out2);
	/* It has removed the file; setup's server will not miss it. */
}
END_TEST

/* Nobody notices: half lines go on, everything that was said arrives once. */
START_TEST(test_goes_on)
{
	struct fields_out out = HANDOFF_OUT_INITIALIZER;
	struct buf blob = BUF_INITIALIZER, seen = BUF_INITIALIZER;
	struct fields_in in;
	struct mini_server again;
	char *text;
	int i;

	save(&mini, &out, &blob);
	mini_init(&again);
	again.options.output_limit = mini.options.output_limit;
	again.options.max_line = mini.options.max_line;
	ck_assert(handoff_open(&in, blob.data, blob.len, HANDOFF_TAKE) &&
	    mini_load(&again, &in, true));
	fields_in_fini(&in);

	ck_assert_int_eq(person_marker(&directory_find(&again.chat.directory,
					   "ana")
					    ->person,
			     "#lobby"),
	    1700000000123);
	say_in(&again, ANA, "line\n");
	mini_read(ends[CY], &seen);
	check_saw(&seen, "<ana> half a line\n");
	/* The option's number comes now, the answer after it. */
	ck_assert_int_eq(write(ends[CY], "\x01o\r\n", 4), 4);
	mini_run(&again);
	buf_reset(&seen);
	mini_read(ends[CY], &seen);
	check_saw(&seen, "\xff\xfe\x01");
	mini_read(ends[ANA], &seen);
	check_saw(&seen, "<cy> two\n");

	buf_reset(&seen);
	say_in(&again, GIL, "end\n/join kitchen\n/who\n");
	mini_read(ends[GIL], &seen);
	check_saw(&seen, "bob (operator): on break for 0s (coffee)");
	ck_assert_ptr_null(strstr(buf_cstr(&seen), "<gil> end"));

	buf_reset(&seen);
	say_in(&again, BOB, "/back\n");
	mini_read(ends[BOB], &seen);
	check_saw(&seen, "welcome back, bob");
	check_saw(&seen, "<ana -> you> psst\n");
	check_saw(&seen, "<eve> I am eve\n");

	/* fay reads on from where she was. */
	buf_reset(&seen);
	for (i = 0; i < 1000; i++) {
		mini_read(ends[FAY], &seen);
		mini_run(&again);
	}
	for (i = 0; i < 400; i++) {
		text = xasprintf("<ana> %d 0", i);
		check_saw(&seen, text);
		free(text);
	}
	check_saw(&seen, "<ana> half a line");

	/* The first server is not to speak to them any more. */
	mini_fini(&again);
	buf_fini(&seen);
	buf_fini(&blob);
	fields_out_fini(&out);
}
END_TEST

/* With a check that is right all the same. */
static bool
load_garbled(const struct fields_out *out, enum handoff_purpose purpose)
{
	struct buf blob = BUF_INITIALIZER;
	struct fields_in in;
	struct mini_server again;
	bool is_good;

	handoff_seal(out, &blob);
	mini_init(&again);
	is_good = handoff_open(&in, blob.data, blob.len, purpose) &&
	    mini_load(&again, &in, true);
	ck_assert(is_good == (in.error == NULL));
	fields_in_fini(&in);
	forget_files(&again);
	again.listeners = listeners_new(&again.net, NULL, NULL);
	mini_fini(&again);
	buf_fini(&blob);
	return is_good;
}

/* In reach of a test: no large output, and most bytes are not text. */
START_TEST(test_garbled)
{
	struct fields_out out = HANDOFF_OUT_INITIALIZER;
	struct buf seen = BUF_INITIALIZER;
	size_t i, len, step, refused = 0, accepted = 0;
	int turns;

	for (turns = 0; turns < 1000; turns++) {
		mini_read(ends[FAY], &seen);
		mini_run(&mini);
	}
	buf_fini(&seen);
	mini_save(&mini, &out);
	len = out.data.len;
	ck_assert_uint_lt(len, 16384);
	ck_assert(load_garbled(&out, HANDOFF_TAKE));
	ck_assert(load_garbled(&out, HANDOFF_VERIFY));
	ck_assert(load_garbled(&out, HANDOFF_LOOK));
	step = unit_stride();
	for (i = 0; i < len; i += step) {
		out.data.data[i] ^= (char)(1 << i % 8);
		refused += !load_garbled(&out, HANDOFF_TAKE);
		out.data.data[i] ^= (char)(1 << i % 8);
	}
	ck_assert_uint_gt(refused, len / step / 4);
	for (i = 0; i < len; i += step) {
		out.data.len = i;
		accepted += load_garbled(&out, HANDOFF_TAKE);
	}
	/* Only between two items may it end, and be whole. */
	ck_assert_uint_lt(accepted, len / 50);
	out.data.len = len;
	fields_out_fini(&out);
}
END_TEST

START_TEST(test_blob)
{
	struct fields_out out = HANDOFF_OUT_INITIALIZER;
	struct buf blob = BUF_INITIALIZER;
	struct fields_in in;
	size_t i;

	fields_put_fd(&out, 1, 7);
	fields_put_fd(&out, 1, 9);
	handoff_seal(&out, &blob);
	ck_assert(handoff_open(&in, blob.data, blob.len, HANDOFF_TAKE));
	ck_assert_uint_eq(in.fd_count, 2);
	ck_assert_int_eq(in.fds[0], 7);
	ck_assert_int_eq(in.fds[1], 9);
	fields_in_fini(&in);
	for (i = 0; i < blob.len; i++) {
		ck_assert(!handoff_open(&in, blob.data, i, HANDOFF_TAKE));
		ck_assert_ptr_nonnull(in.error);
		fields_in_fini(&in);
		blob.data[i] ^= 1;
		ck_assert(!handoff_open(&in, blob.data, blob.len,
		    HANDOFF_TAKE));
		fields_in_fini(&in);
		blob.data[i] ^= 1;
	}
	/* Another version is refused, and it is said which. */
	blob.data[8] = 9;
	ck_assert(!handoff_open(&in, blob.data, blob.len, HANDOFF_TAKE));
	ck_assert_str_eq(in.error,
	    "its version is 9, and this program reads version 5");
	fields_in_fini(&in);

	/* A descriptor is there once, and it is none of 0 to 2. */
	out.fds[1] = 7;
	handoff_seal(&out, &blob);
	ck_assert(!handoff_open(&in, blob.data, blob.len, HANDOFF_TAKE));
	fields_in_fini(&in);
	out.fds[1] = 2;
	handoff_seal(&out, &blob);
	ck_assert(!handoff_open(&in, blob.data, blob.len, HANDOFF_TAKE));
	fields_in_fini(&in);
	buf_fini(&blob);
	fields_out_fini(&out);
}
END_TEST

START_TEST(test_fds)
{
	struct fields_out out = HANDOFF_OUT_INITIALIZER;
	struct buf blob = BUF_INITIALIZER;
	struct tlv_reader r;
	struct tlv item;
	struct fields_in in;
	int pair[2], file;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	file = open("/dev/null", O_RDONLY);
	/* It has to be such that it does not block. */
	ck_assert(!fields_check_fd(pair[0], FIELDS_FD_STREAM));
	ck_assert_int_eq(fcntl(pair[0], F_SETFL, O_NONBLOCK), 0);
	ck_assert(fields_check_fd(pair[0], FIELDS_FD_STREAM));
	ck_assert(!fields_check_fd(pair[0], FIELDS_FD_LISTENER));
	ck_assert(!fields_check_fd(pair[0], FIELDS_FD_FILE));
	ck_assert(!fields_check_fd(file, FIELDS_FD_STREAM));
	ck_assert(!fields_check_fd(file, FIELDS_FD_FILE));
	ck_assert(!fields_check_fd(1000000, FIELDS_FD_FILE));

	fields_put_fd(&out, 1, pair[0]);
	fields_put_fd(&out, 1, file);
	tlv_put_u64(&out.data, 1, 2);
	handoff_seal(&out, &blob);
	ck_assert(handoff_open(&in, blob.data, blob.len, HANDOFF_VERIFY));
	r = in.items;
	ck_assert(tlv_next(&r, &item));
	ck_assert_int_eq(fields_get_fd(&in, &item, FIELDS_FD_STREAM), pair[0]);
	ck_assert_int_eq(fields_get_fd(&in, &item, FIELDS_FD_STREAM), -1);
	ck_assert(tlv_next(&r, &item));
	ck_assert_int_eq(fields_get_fd(&in, &item, FIELDS_FD_STREAM), -1);
	ck_assert(tlv_next(&r, &item));
	ck_assert_int_eq(fields_get_fd(&in, &item, FIELDS_FD_STREAM), -1);
	/* What nobody took is closed, what was taken is not. */
	handoff_close_rest(&in);
	ck_assert_int_eq(fcntl(file, F_GETFD), -1);
	ck_assert_int_ne(fcntl(pair[0], F_GETFD), -1);
	fields_in_fini(&in);
	(void)close(pair[0]);
	(void)close(pair[1]);
	buf_fini(&blob);
	fields_out_fini(&out);
}
END_TEST

/* Programs */

struct outcome {
	int calls;
	int begun, canceled;
	char *error;
};

static int
program_save(struct fields_out *out, char **error, void *arg)
{
	(void)arg;
	(void)error;
	tlv_put_u64(&out->data, 1000, 1);
	return 0;
}

static void
program_begin(void *arg)
{
	struct outcome *o = arg;

	o->begun++;
}

static void
program_cancel(void *arg)
{
	struct outcome *o = arg;

	o->canceled++;
}

static void
program_done(const char *error, void *arg)
{
	struct outcome *o = arg;

	o->calls++;
	if (error != NULL) {
		free(o->error);
		o->error = xstrdup(error);
	}
}

static const struct {
	const char *script; /* NULL: there is no file */
	mode_t mode;
	const char *error; /* a part of it */
} programs[] = {
	{ NULL, 0, "No such file" },
	{ "", 0644, "Permission denied" },
	{ "exit 3", 0755, "status 3" },
	{ "echo '***'; echo 'no library'; exit 1", 0755, "no library" },
	{ "kill -SEGV $$", 0755, "signal 11" },
	{ "exit 0", 0755, "knows nothing of upgrades" },
	{ "echo verified 0000000000000000", 0755, "knows nothing" },
	{ "sleep 1000", 0755, "not verified it in 300 ms" },
	/* It says no more, but stays. */
	{ "exec >&- 2>&-; sleep 1000", 0755, "not verified it in 300 ms" },
	/* It says too much. */
	{ "while :; do echo aaaaaaaaaaaaaaaaaaaaaaaa; done", 0755,
	    "not verified it in 300 ms" },
};

START_TEST(test_program)
{
	char path[] = "/tmp/upgrade-XXXXXX";
	char *argv[] = { path, NULL };
	struct outcome o = { .calls = 0 };
	struct upgrade_program program = { .path = path, .argv = argv };
	const struct upgrade_owner owner = { program_save, program_begin,
		program_cancel, program_done, &o, NULL };
	struct event_base *base = event_base_new();
	struct deadlines deadlines;
	struct clock clock = { .timing = NULL };
	struct upgrade *u;
	int fd = mkstemp(path), fds = dup(0);
	bool is_late;

	(void)close(fds); /* the next that is free */
	ck_assert_int_ne(fd, -1);
	if (programs[_i].script == NULL)
		ck_assert_int_eq(unlink(path), 0);
	else {
		(void)dprintf(fd, "#!/bin/sh\n%s\n", programs[_i].script);
		ck_assert_int_eq(fchmod(fd, programs[_i].mode), 0);
	}
	(void)close(fd);
	ck_assert_int_eq(event_base_priority_init(base, NET_PRIORITIES), 0);
	deadlines_init(&deadlines, NULL, NULL);
	clock_update(&clock);
	u = upgrade_new(base, &clock, &deadlines, &program, &owner);
	ck_assert_ptr_nonnull(u);
	/* Those that end by themselves have time, on any machine. */
	is_late = strstr(programs[_i].error, "300 ms") != NULL;
	upgrade_set_timeouts(u, is_late ? 300 : 60000, is_late ? 300 : 60000);
	ck_assert(upgrade_start(u));
	ck_assert(!upgrade_start(u));
	while (o.calls == 0) {
		struct timeval tick = { 0, 2000 };

		(void)event_base_loopexit(base, &tick);
		(void)event_base_dispatch(base);
		clock_update(&clock);
		deadlines_run(&deadlines, clock.mono_ms);
	}
	ck_assert_int_eq(o.calls, 1);
	ck_assert_int_eq(o.begun, o.canceled);
	ck_assert_ptr_nonnull(o.error);
	if (getuid() != 0 || programs[_i].mode != 0644)
		ck_assert_msg(strstr(o.error, programs[_i].error) != NULL,
		    "it says: %s", o.error);
	ck_assert_int_eq(deadlines_next(&deadlines), -1);
	ck_assert_ptr_null(getenv("BRBD_UPGRADE"));
	/* And again, and given up in the midst of it. */
	ck_assert(upgrade_start(u));
	upgrade_cancel(u);
	ck_assert(upgrade_start(u));
	(void)event_base_loop(base, EVLOOP_NONBLOCK);
	upgrade_free(u);
	/* No child is left. */
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	event_base_free(base);
	free(o.error);
	(void)unlink(path);
}
END_TEST

/* A new program that hangs does not outlive a server that is killed, nor does
 * what it has started: it has all that the next server needs. */
static const char *const hanging[] = { "exec sleep 1000", "sleep 1000; true",
	"(trap '' TERM HUP; sleep 1000; true) & exec sleep 1000" };

START_TEST(test_killed)
{
	char path[] = "/tmp/upgrade-XXXXXX", byte;
	char *argv[] = { path, NULL };
	struct outcome o = { .calls = 0 };
	struct upgrade_program program = { .path = path, .argv = argv };
	const struct upgrade_owner owner = { program_save, program_begin,
		program_cancel, program_done, &o, NULL };
	struct pollfd polled = { .events = POLLIN };
	struct event_base *base;
	struct deadlines deadlines;
	struct clock clock = { .mono_ms = 0 };
	struct upgrade *u;
	int fd = mkstemp(path), fds[2];
	pid_t server;

	ck_assert_int_eq(pipe(fds), 0);
	(void)dprintf(fd, "#!/bin/sh\necho >&%d; %s\n", fds[1], hanging[_i]);
	(void)fchmod(fd, 0755);
	(void)close(fd);
	server = fork();
	if (server == 0) {
		base = event_base_new();
		(void)event_base_priority_init(base, NET_PRIORITIES);
		deadlines_init(&deadlines, NULL, NULL);
		clock_update(&clock);
		u = upgrade_new(base, &clock, &deadlines, &program, &owner);
		if (upgrade_start(u))
			(void)event_base_dispatch(base);
		_exit(0);
	}
	(void)close(fds[1]);
	polled.fd = fds[0];
	/* It hangs; */
	ck_assert_int_eq(poll(&polled, 1, 10000), 1);
	ck_assert_int_eq(read(fds[0], &byte, 1), 1);
	ck_assert_int_eq(kill(server, SIGKILL), 0);
	/* and now it is gone, and with it the last who could write. */
	ck_assert_int_eq(poll(&polled, 1, 5000), 1);
	ck_assert_int_eq(read(fds[0], &byte, 1), 0);
	ck_assert_int_eq(waitpid(server, NULL, 0), server);
	(void)close(fds[0]);
	(void)unlink(path);
}
END_TEST

START_TEST(test_order)
{
	static const char *const bad[] = { "", "5", "x,take", "5,", "5,tak",
		"5,takes", ",take", "999999,take", "-1,take",
		"99999999999999999999,take" };
	struct upgrade_order order;
	char *error = NULL, *text;
	size_t i;
	int fd = open("/dev/null", O_RDONLY);

	ck_assert_int_eq(upgrade_order_take(&order, &error), 0);
	ck_assert(!order.is_there);
	for (i = 0; i < NITEMS(bad); i++) {
		ck_assert_int_eq(setenv("BRBD_UPGRADE", bad[i], 1), 0);
		ck_assert_int_eq(upgrade_order_take(&order, &error), -1);
		ck_assert_ptr_nonnull(error);
		ck_assert_ptr_null(getenv("BRBD_UPGRADE"));
		free(error);
		error = NULL;
	}
	text = xasprintf("%d,look,/etc/a,b", fd);
	ck_assert_int_eq(setenv("BRBD_UPGRADE", text, 1), 0);
	free(text);
	ck_assert_int_eq(upgrade_order_take(&order, &error), 0);
	ck_assert(order.is_there);
	ck_assert_int_eq(order.purpose, HANDOFF_LOOK);
	ck_assert_str_eq(order.file, "/etc/a,b");
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	upgrade_order_fini(&order);
	ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
}
END_TEST

START_TEST(test_resolve)
{
	char *path;

	/* As it is: where a link leads may change. */
	path = upgrade_resolve("/proc/self/exe");
	ck_assert_str_eq(path, "/proc/self/exe");
	free(path);
	path = upgrade_resolve("./brbd");
	ck_assert_ptr_nonnull(path);
	ck_assert_int_eq(path[0], '/');
	free(path);
	path = upgrade_resolve("sh");
	ck_assert_ptr_nonnull(path);
	ck_assert_int_eq(path[0], '/');
	free(path);
	ck_assert_ptr_null(upgrade_resolve("no-such-program-anywhere"));
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *blob = unit_case(s, "blob", NULL, NULL),
	      *state = unit_case(s, "state", setup, teardown),
	      *program = unit_case(s, "program", NULL, NULL);

	tcase_add_test(blob, test_blob);
	tcase_add_test(blob, test_fds);
	tcase_set_timeout(state, 300);
	tcase_add_test(state, test_same);
	tcase_add_test(state, test_goes_on);
	tcase_add_test(state, test_garbled);
	tcase_add_loop_test(program, test_program, 0, NITEMS(programs));
	tcase_add_loop_test(program, test_killed, 0, NITEMS(hanging));
	tcase_add_test(program, test_order);
	tcase_add_test(program, test_resolve);
}
