/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The statement of a dialog about the clocks: it runs tests/brbd-clock in the
 * daemon's place, whose clocks are in a file that it maps (clock.c).
 */
#include "config.h"

#include <sys/mman.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "dialog-script.h"

#define CLOCK_SIGNS "+-"

/* "+40d", "-1h", "+66s" in milliseconds; fails the test when it is none. */
static int64_t
clock_parse(struct script *s, const char *text)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = { { "s", 1000 }, { "h", 3600000 }, { "d", 86400000 } };
	char *number = xstrndup(text + 1, strspn(text + 1, "0123456789"));
	const char *unit = text + 1 + strlen(number);
	uint64_t value = 0;
	int bad = strchr(CLOCK_SIGNS, *text) == NULL ||
	    parse_number(number, 1000000, &value) == -1;

	free(number);
	for (size_t i = 0; i < NITEMS(units) && !bad; i++)
		if (strcmp(unit, units[i].unit) == 0)
			return (int64_t)value * units[i].ms *
			    (*text == '-' ? -1 : 1);
	stage_fail(&s->stage, NULL, "'%s' is no time such as +40d, -1h or +66s",
	    text);
}

static struct clock_shift *
clock_map(struct script *s)
{
	char *path = xasprintf("%s/clock", s->stage.dir), *variable;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	void *map = MAP_FAILED;

	if (fd != -1 && ftruncate(fd, sizeof(struct clock_shift)) == 0)
		map = mmap(NULL, sizeof(struct clock_shift),
		    PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		stage_fail(&s->stage, NULL, "no file for the clocks");
	(void)close(fd);
	variable = xasprintf("BRBD_CLOCK=%s", path);
	words_add(&s->environment, variable);
	free(variable);
	free(path);
	return map;
}

void
script_clock(struct script *s, const char *text)
{
	struct words words = { NULL, 0 };

	if (words_split(&words, text) == -1 || words.count != 2)
		stage_fail(&s->stage, NULL, "daemon clocks WALL RUNNING");
	if (s->clocks == NULL && s->is_started)
		stage_fail(&s->stage, NULL, "the daemon runs already");
	if (s->clocks == NULL)
		s->clocks = clock_map(s);
	s->clocks->wall_ms = clock_parse(s, words.items[0]);
	s->clocks->run_ms = clock_parse(s, words.items[1]);
	words_fini(&words);
}

void
script_clock_fini(struct script *s)
{
	if (s->clocks != NULL)
		(void)munmap(s->clocks, sizeof(*s->clocks));
}
