/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * A bit is flipped in a file of the state directory, and the daemon started
 * (hostile 63). A server with all kinds of state is made, and its directory
 * taken as it is after an end in order, after kill -9, and after a power cut.
 * Then, again and again, one byte of one file is changed, and
 *
 *   - the daemon gets ready, or says in its last line which file it cannot
 *     read, and ends; no checker complains, and nothing hangs;
 *   - what "brbctl export" and the like show is what they showed without the
 *     fault, or part of it, and nobody's place is further on;
 *   - if it is only part, there is a warning in the log;
 *   - it ends in order, and starts again with what it had.
 *
 * The same with two files that have each other's name.
 *
 * FLIPPED_STEP is how many bytes apart the changed ones are; 1 has all of them
 * changed, but for the zeros behind what is in use. Without it a sample is
 * taken. BRBD names the daemon, DIALOG_TIMEOUT the patience, as for the
 * dialogs.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/util.h"
#include "client.h"
#include "daemon.h"
#include "history/history-impl.h"
#include "unit/unit.h"

#define FILES_MAX 16
#define SAMPLE 20 /* bytes that are changed in each state, unless all are */
#define ZEROS_STEP 997 /* one in so many of the zeros that follow */
#define TAIL 40 /* bytes that a power cut has not got to the disk */
/* So many tests a state if FLIPPED_STEP is given: check measures one in 32 bits
 * of microseconds, and fails those that take longer than 35 minutes. */
#define PARTS 16

struct file {
	char *name;
	char *data;
	size_t len;
	size_t used; /* what follows is zeros */
};

/* A state directory. */
struct image {
	struct file files[FILES_MAX];
	size_t count;
};

/* How the daemon ended. */
enum { STATE_CLOSED, STATE_KILLED, STATE_POWER_CUT, STATES };

static struct daemon d;
static struct image images[STATES];
static unsigned step, parts; /* FLIPPED_STEP; tests a state */
static char *dir, *state_dir, *control_path;
static int64_t patience_ms;
static unsigned long starts, recovered, refused;

/* The daemon, and talking to it */

static void
flipped_start(void)
{
	client_start_daemon(&d, dir, NULL,
	    "-l unix:%s/line -o control=%s -o state-dir=%s -o max-line=1024 "
	    "-o history-size=64K -o line-rate=0 -o log-people=info",
	    dir, control_path, state_dir);
	starts++;
}

static int
flipped_connect(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_uint_lt(strlen(path), sizeof(sun.sun_path));
	memcpy(sun.sun_path, path, strlen(path) + 1);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	ck_assert_int_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	return fd;
}

/* Reads until text is there, or the end of the connection if it is NULL. */
static void
flipped_await(int fd, struct buf *in, const char *text)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	int64_t end_ms = client_now_ms() + patience_ms;
	bool is_open = true;

	while (is_open &&
	    (text == NULL || strstr(buf_cstr(in), text) == NULL)) {
		ck_assert_msg(client_now_ms() < end_ms, "no \"%s\" in: %s",
		    text == NULL ? "end" : text, buf_cstr(in));
		(void)poll(&pfd, 1, 100);
		is_open = client_receive(fd, in);
		client_hear_daemon(&d);
	}
	ck_assert_msg(text == NULL || strstr(buf_cstr(in), text) != NULL,
	    "no \"%s\" in: %s", text == NULL ? "end" : text, buf_cstr(in));
}

static void
flipped_send(int fd, const char *text)
{
	size_t len = strlen(text);

	ck_assert_int_eq(send(fd, text, len, MSG_NOSIGNAL), (ssize_t)len);
}

/* Types, and waits until all of it was done. */
static void
flipped_type(int fd, const char *text)
{
	struct buf in = BUF_INITIALIZER;

	flipped_send(fd, text);
	flipped_send(fd, "/there-is-none\n");
	flipped_await(fd, &in, "there-is-none");
	buf_fini(&in);
}

static void
flipped_quit(int fd)
{
	struct buf in = BUF_INITIALIZER;

	flipped_send(fd, "/quit\n");
	flipped_await(fd, &in, NULL);
	(void)close(fd);
	buf_fini(&in);
}

/* Adds the answer to a request of brbctl, an argument a line. */
static void
flipped_ask(struct buf *out, const char *words)
{
	char *request = xasprintf("brbctl 1 text\n%s\n\n", words);
	int fd = flipped_connect(control_path);

	flipped_send(fd, request);
	flipped_await(fd, out, NULL);
	(void)close(fd);
	free(request);
}

static void
flipped_tell(const char *words)
{
	struct buf answer = BUF_INITIALIZER;

	flipped_ask(&answer, words);
	ck_assert_msg(strncmp(buf_cstr(&answer), "ok\n", 3) == 0, "%s: %s",
	    words, buf_cstr(&answer));
	buf_fini(&answer);
}

/* Waits for its end, whether or not it gets ready. */
static void
flipped_await_end(void)
{
	if (daemon_reap(&d, patience_ms) == -1)
		ck_abort_msg("it does not end: %s", buf_cstr(&d.log));
	client_hear_daemon(&d);
}

static void
flipped_end(int signal)
{
	ck_assert_int_eq(kill(d.pid, signal), 0);
	flipped_await_end();
	ck_assert_msg(daemon_find_report(&d) == NULL &&
		WIFEXITED(d.status) == (signal == SIGTERM) &&
		(signal != SIGTERM || WEXITSTATUS(d.status) == 0),
	    "it did not end well: %s", buf_cstr(&d.log));
}

/* Directories */

static void
image_fini(struct image *image)
{
	size_t i;

	for (i = 0; i < image->count; i++) {
		free(image->files[i].name);
		free(image->files[i].data);
	}
	image->count = 0;
}

static void
image_take_file(struct file *f, int dir_fd, const char *name)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
	struct stat st;

	ck_assert_int_eq(fstat(fd, &st), 0);
	f->name = xstrdup(name);
	f->len = (size_t)st.st_size;
	f->data = xcalloc(1, f->len + 1);
	ck_assert_int_eq(read(fd, f->data, f->len), (ssize_t)f->len);
	(void)close(fd);
	for (f->used = f->len; f->used > 0 && f->data[f->used - 1] == '\0';)
		f->used--;
}

static void
image_take(struct image *image)
{
	const struct dirent *entry;
	DIR *open = opendir(state_dir);

	ck_assert_ptr_nonnull(open);
	image->count = 0;
	/* cppcheck-suppress readdirCalled ; there is one thread */
	while ((entry = readdir(open)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		ck_assert_uint_lt(image->count, FILES_MAX);
		image_take_file(&image->files[image->count++], dirfd(open),
		    entry->d_name);
	}
	(void)closedir(open);
}

/* Makes the directory what it was. Zeros at the end of a file are not written
 * but for its length. */
static void
image_put(const struct image *image)
{
	const struct file *f;
	char *path;
	size_t i;
	int fd;

	unit_dir_clear(state_dir, "");
	for (i = 0; i < image->count; i++) {
		f = &image->files[i];
		path = xasprintf("%s/%s", state_dir, f->name);
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		ck_assert_int_ne(fd, -1);
		ck_assert_int_eq(write(fd, f->data, f->used), (ssize_t)f->used);
		ck_assert_int_eq(ftruncate(fd, (off_t)f->len), 0);
		(void)close(fd);
		free(path);
	}
}

static bool
file_is_ring(const struct file *f)
{
	return strstr(f->name, ".ring") != NULL;
}

/* The machine has booted since then, and the last bytes of each file are not
 * there: zeros, or the file is shorter. */
static void
image_cut_power(struct image *image)
{
	struct file *f;
	size_t i, cut;

	for (i = 0; i < image->count; i++) {
		f = &image->files[i];
		cut = f->used < TAIL ? 0 : TAIL;
		if (file_is_ring(f))
			f->data[offsetof(struct history_header, boot)] ^= 1;
		if (file_is_ring(f) && f->used < HISTORY_HEADER_SIZE + TAIL)
			cut = 0;
		f->used -= cut;
		memset(f->data + f->used, 0, cut);
		if (!file_is_ring(f) && f->name[strlen(f->name) - 1] == '1')
			f->len -= cut;
	}
}

/* What there is */

/* How long ago something was differs from run to run, and until when a ban
 * lasts, as the time while the daemon does not run may not count; and the time
 * zone of the daemon does from hour to hour. */
static void
view_drop_times(struct buf *view)
{
	static const char *const heads[] = { "made ", "used ", "until ",
		"\n[2" };
	char *from, *to;
	size_t i;

	(void)buf_cstr(view);
	for (i = 0; i < NITEMS(heads); i++)
		for (from = view->data;
		     (from = strstr(from, heads[i])) != NULL;) {
			from += strlen(heads[i]);
			to = from + strcspn(from, ",(]\n");
			memmove(from, to, strlen(to) + 1);
		}
	view->len = strlen(view->data);
}

static void
view_take(struct buf *view)
{
	static const char *const requests[] = { "bans", "account\nlist",
		"account\nshow\neve", "mode\nden", "mode\nlobby",
		"export\nlobby", "export\nden", "export\nana", "export\nbob",
		"export\ncy" };
	size_t i;

	buf_reset(view);
	for (i = 0; i < NITEMS(requests); i++) {
		buf_addf(view, "%s?\n", requests[i]);
		flipped_ask(view, requests[i]);
	}
	view_drop_times(view);
}

static const char place[] = "place in #";

/* Is the line one of them? A place may be one that is less far. */
static bool
view_has(const char *lines, const char *line, size_t len)
{
	size_t head = 0, next_len;
	unsigned long number = 0;

	if (strncmp(line, place, strlen(place)) == 0) {
		head = strcspn(line, ":");
		number = strtoul(line + head + strlen(": before message "),
		    NULL, 10);
	}
	for (; *lines != '\0'; lines += next_len + (lines[next_len] != '\0')) {
		next_len = strcspn(lines, "\n");
		if (next_len == len && memcmp(lines, line, len) == 0)
			return true;
		if (head > 0 && strncmp(lines, line, head) == 0 &&
		    strtoul(lines + head + strlen(": before message "), NULL,
			10) >= number)
			return true;
	}
	return false;
}

/* What may be shown instead of what is lost. */
static bool
view_is_of_loss(const char *line, size_t len)
{
	static const char *const texts[] = { "nothing is kept of", "[?] #",
		"there is no ", "there are no ", "error", "nobody is banned",
		"has no " };
	char *copy = xstrndup(line, len);
	bool is_it = false;
	size_t i;

	for (i = 0; i < NITEMS(texts); i++)
		is_it |= strstr(copy, texts[i]) != NULL;
	free(copy);
	return is_it;
}

/* Is all there? Whatever is, must have been. */
static bool
view_compare(const struct buf *view, const struct buf *whole, const char *what)
{
	const char *line;
	bool has_all = true;
	size_t len;

	for (line = view->data; *line != '\0'; line += len + 1) {
		len = strcspn(line, "\n");
		if (!view_has(whole->data, line, len) &&
		    !view_is_of_loss(line, len))
			ck_abort_msg("%s: it makes up \"%.*s\"; its log: %s",
			    what, (int)len, line, buf_cstr(&d.log));
	}
	for (line = whole->data; *line != '\0'; line += len + 1) {
		len = strcspn(line, "\n");
		has_all &= view_has(view->data, line, len);
	}
	return has_all;
}

/* One start */

static bool
flipped_has_warned(void)
{
	const char *log = buf_cstr(&d.log);

	return strstr(log, " warning: ") != NULL ||
	    strstr(log, " error: ") != NULL;
}

/* Whether it gets ready; else it has ended and said why. */
static bool
flipped_get_ready(const char *what, const char *name)
{
	int64_t end_ms = client_now_ms() + patience_ms;

	flipped_start();
	while (!d.is_ready && d.log_fd != -1) {
		struct pollfd pfds[2] = { { d.log_fd, POLLIN, 0 },
			{ d.notify_fd, POLLIN, 0 } };

		ck_assert_msg(client_now_ms() < end_ms, "%s: it hangs: %s",
		    what, buf_cstr(&d.log));
		(void)poll(pfds, 2, 100);
		client_hear_daemon(&d);
	}
	if (d.is_ready)
		return true;
	flipped_await_end();
	ck_assert_msg(WIFEXITED(d.status) && daemon_find_report(&d) == NULL &&
		strstr(buf_cstr(&d.log), name) != NULL,
	    "%s: it does not start, and does not say why: %s", what,
	    buf_cstr(&d.log));
	/* No bit makes a file another version's. */
	ck_assert_msg(strstr(buf_cstr(&d.log), "version") == NULL, "%s: %s",
	    what, buf_cstr(&d.log));
	return false;
}

static void
flipped_try(const char *what, const char *name, const struct buf *whole)
{
	struct buf view = BUF_INITIALIZER, again = BUF_INITIALIZER;
	bool has_all, has_warned;

	if (!flipped_get_ready(what, name)) {
		refused++;
		daemon_fini(&d);
		return;
	}
	view_take(&view);
	has_all = view_compare(&view, whole, what);
	has_warned = flipped_has_warned();
	ck_assert_msg(has_all || has_warned, "%s: a loss is not told: %s\n%s",
	    what, buf_cstr(&d.log), buf_cstr(&view));
	flipped_end(SIGTERM);
	daemon_fini(&d);
	if (has_warned) {
		recovered++;
		ck_assert_msg(flipped_get_ready(what, name),
		    "%s: it starts once, and not again", what);
		view_take(&again);
		ck_assert_msg(view_compare(&again, &view, what),
		    "%s: first %s\nthen %s", what, buf_cstr(&view),
		    buf_cstr(&again));
		flipped_end(SIGTERM);
		daemon_fini(&d);
	}
	buf_fini(&view);
	buf_fini(&again);
}

static void
flipped_try_byte(struct image *image, const char *state, struct file *f,
    size_t offset, const struct buf *whole)
{
	/* Which of the eight is a matter of chance, but always the same. */
	unsigned bit = (unsigned)(offset * 2654435761u >> 13 & 7);
	char *what = xasprintf("%s, %s, byte %zu, bit %u", state, f->name,
	    offset, bit);
	size_t used = f->used;

	f->data[offset] = (char)(f->data[offset] ^ 1 << bit);
	if (f->used <= offset)
		f->used = offset + 1;
	image_put(image);
	flipped_try(what, f->name, whole);
	f->data[offset] = (char)(f->data[offset] ^ 1 << bit);
	f->used = used;
	free(what);
}

/* Is this byte of the file to be changed, when all are? */
static bool
file_is_in_use(const struct file *f, size_t offset)
{
	bool is_header = offset < sizeof(struct history_header);

	return offset % ZEROS_STEP == 0 ||
	    (file_is_ring(f) ? is_header ||
			(offset >= HISTORY_HEADER_SIZE && offset < f->used) :
			       offset < f->used);
}

static size_t
image_count_bytes(const struct image *image)
{
	size_t i, offset, count = 0;

	for (i = 0; i < image->count; i++)
		for (offset = 0; offset < image->files[i].len; offset++)
			count += file_is_in_use(&image->files[i], offset);
	return count;
}

/* The two take turns: either may be the newer one. */
static bool
file_is_sibling(const struct file *a, const struct file *b)
{
	size_t len = strlen(a->name);

	return len == strlen(b->name) && memcmp(a->name, b->name, len - 1) == 0;
}

static void
flipped_try_swaps(struct image *image, const char *state,
    const struct buf *whole)
{
	struct file *a, *b, *end = image->files + image->count;
	char *what, *name;

	for (a = image->files; a < end; a++)
		for (b = a + 1; b < end; b++) {
			if (a->len == 0 || b->len == 0 || file_is_sibling(a, b))
				continue;
			what = xasprintf("%s, %s and %s swapped", state,
			    a->name, b->name);
			name = a->name;
			a->name = b->name;
			b->name = name;
			image_put(image);
			flipped_try(what, "state file", whole);
			b->name = a->name;
			a->name = name;
			free(what);
		}
}

/* Each byte that is to be changed, but only those of that part. */
static void
flipped_try_bytes(struct image *image, const char *state, unsigned part,
    const struct buf *whole)
{
	size_t every = step, i, offset, passed = 0;

	if (every == 0)
		every = (image_count_bytes(image) / SAMPLE) | 1;
	for (i = 0; i < image->count; i++)
		for (offset = 0; offset < image->files[i].len; offset++)
			if (file_is_in_use(&image->files[i], offset) &&
			    passed++ % every == 0 &&
			    (passed - 1) / every % parts == part)
				flipped_try_byte(image, state, &image->files[i],
				    offset, whole);
}

static void
flipped_try_all(struct image *image, const char *state, unsigned part)
{
	struct buf whole = BUF_INITIALIZER;

	image_put(image);
	flipped_start();
	client_await_daemon(&d, patience_ms);
	view_take(&whole);
	flipped_end(SIGTERM);
	daemon_fini(&d);
	flipped_try_bytes(image, state, part, &whole);
	if (part == 0)
		flipped_try_swaps(image, state, &whole);
	buf_fini(&whole);
}

/* All kinds of state, in both files of the journals. Returns ana's connection.
 */
static int
flipped_make_state(void)
{
	int ana, bob, cy;

	flipped_start();
	client_await_daemon(&d, patience_ms);
	flipped_tell("account\nadd\neve");
	flipped_tell("account\nkey\neve\nuid:4242");
	flipped_tell("ban\n192.0.2.0/24\nfor\n1000d\nspam");
	ana = flipped_connect(d.unix_path);
	flipped_type(ana,
	    "/nick ana\n/join den\ntea\n/topic only tea\n"
	    "/mode +t\n");
	bob = flipped_connect(d.unix_path);
	flipped_type(bob, "/nick bob\nhello\n");
	flipped_type(ana, "/ignore bob\n");
	flipped_tell("upgrade");
	flipped_tell("account\nadd\nfay");
	flipped_tell("ban\nmallory\nfor\n100d\nforged");
	cy = flipped_connect(d.unix_path);
	flipped_type(cy, "/nick cy\nhi\n");
	flipped_type(bob, "/brb lunch\n");
	flipped_type(cy, "/msg bob come back\nare you there?\n");
	flipped_quit(bob);
	flipped_quit(cy);
	flipped_type(ana, "more tea\n");
	return ana;
}

static void
flipped_set_up(void)
{
	int ana;

	patience_ms = client_patience_ms(2);
	ana = flipped_make_state();
	flipped_end(SIGKILL);
	daemon_fini(&d);
	(void)close(ana);
	image_take(&images[STATE_KILLED]);
	image_take(&images[STATE_POWER_CUT]);
	image_cut_power(&images[STATE_POWER_CUT]);
	flipped_start();
	client_await_daemon(&d, patience_ms);
	flipped_end(SIGTERM);
	daemon_fini(&d);
	image_take(&images[STATE_CLOSED]);
}

static void
flipped_tear_down(void)
{
	int i;

	for (i = 0; i < STATES; i++)
		image_fini(&images[i]);
}

START_TEST(test_flipped)
{
	static const char *const names[STATES] = { "closed", "killed",
		"power cut" };
	unsigned part = (unsigned)_i / STATES;

	starts = recovered = refused = 0;
	flipped_try_all(&images[_i % STATES], names[_i % STATES], part);
	(void)printf("%s, part %u of %u: %lu starts, %lu recovered, %lu "
		     "refused\n",
	    names[_i % STATES], part + 1, parts, starts, recovered, refused);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("flipped");
	TCase *tc = unit_case(suite, "flipped", NULL, NULL);
	int status;

	step = client_setting("FLIPPED_STEP", 0);
	parts = step == 0 ? 1 : PARTS;
	dir = unit_dir_new();
	state_dir = xasprintf("%s/state", dir);
	control_path = xasprintf("%s/control", dir);
	tcase_set_timeout(tc, 0);
	tcase_add_unchecked_fixture(tc, flipped_set_up, flipped_tear_down);
	tcase_add_loop_test(tc, test_flipped, 0, (int)(STATES * parts));
	status = unit_run(suite);
	unit_dir_free(dir);
	free(state_dir);
	free(control_path);
	return status;
}
