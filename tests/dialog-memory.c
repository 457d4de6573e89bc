/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The statements of a dialog about what is in the daemon's memory. All of it
 * that can be written to is read, so the daemon needs core-dumps.
 *
 * A private key is looked for as the number that it is, with the most and with
 * the least significant byte first, which is how libcrypto has it on the machines
 * that there are; and as a line of its file.
 */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dialog-script.h"

/* A larger piece of memory is a checker's. */
#define MEMORY_REGION_MAX (256UL << 20)
/* It keeps what was freed, and copies of it. */
#define MEMORY_IS_SANITIZED false
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#undef MEMORY_IS_SANITIZED
#define MEMORY_IS_SANITIZED true
#endif
#elif defined(__SANITIZE_ADDRESS__)
#undef MEMORY_IS_SANITIZED
#define MEMORY_IS_SANITIZED true
#endif

/* Where it cannot be read, or is a checker's, nothing is found. */
static bool
memory_can_be_read(void)
{
	return getenv("DIALOG_WRAPPER") == NULL && !MEMORY_IS_SANITIZED;
}

/* The memory between from and to. */
static bool
memory_region_has(int fd, off_t from, off_t to, const void *data, size_t len)
{
	static char piece[1 << 20];
	size_t kept = 0;
	ssize_t n;
	bool is_there = false;

	while (from < to && !is_there) {
		n = pread(fd, piece + kept, sizeof(piece) - kept, from);
		if (n <= 0)
			break;
		if (n > to - from)
			n = to - from;
		from += n;
		n += (ssize_t)kept;
		is_there = memmem(piece, (size_t)n, data, len) != NULL;
		kept = (size_t)n < len - 1 ? (size_t)n : len - 1;
		memmove(piece, piece + n - kept, kept);
	}
	explicit_bzero(piece, sizeof(piece));
	return is_there;
}

/* Is data in the daemon's memory? If so, where is the line of its map. */
static bool
memory_has(struct script *s, const void *data, size_t len, char where[512])
{
	unsigned long from, to;
	char path[64], flags[8];
	bool is_there = false;
	FILE *maps;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%ld/maps",
	    (long)s->stage.daemon.pid);
	maps = fopen(path, "r");
	(void)snprintf(path, sizeof(path), "/proc/%ld/mem",
	    (long)s->stage.daemon.pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	while (!is_there && maps != NULL && fd != -1 &&
	    fgets(where, 512, maps) != NULL) {
		if (sscanf(where, "%lx-%lx %7s", &from, &to, flags) == 3 &&
		    flags[0] == 'r' && flags[1] == 'w' &&
		    to - from <= MEMORY_REGION_MAX)
			is_there = memory_region_has(fd, (off_t)from, (off_t)to,
			    data, len);
	}
	if (maps != NULL)
		(void)fclose(maps);
	if (fd != -1)
		(void)close(fd);
	return is_there;
}

static void
memory_must_not_have(struct script *s, const void *data, size_t len,
    const char *what)
{
	char where[512];

	if (memory_can_be_read() && memory_has(s, data, len, where))
		stage_fail(&s->stage, NULL, "%s is in the daemon's memory: %s",
		    what, where);
}

void
script_memory_forgets(struct script *s, const char *text)
{
	memory_must_not_have(s, text, strlen(text), "it");
}

/* The number's bytes in the other order. */
static void
memory_reverse(const struct script_key *key, unsigned char *out)
{
	size_t i;

	for (i = 0; i < TLS_SCALAR_SIZE; i++)
		out[i] = key->scalar[TLS_SCALAR_SIZE - 1 - i];
}

void
script_memory_has_key(struct script *s)
{
	unsigned char reversed[TLS_SCALAR_SIZE];
	char where[512];

	memory_reverse(&s->key, reversed);
	if (memory_can_be_read() &&
	    !memory_has(s, reversed, sizeof(reversed), where) &&
	    !memory_has(s, s->key.scalar, TLS_SCALAR_SIZE, where))
		stage_fail(&s->stage, NULL,
		    "the key is not in the daemon's memory");
	script_memory_forgets(s, s->key.line);
}

void
script_memory_forgets_key(struct script *s)
{
	const struct script_key *old = &s->old_key;
	unsigned char reversed[TLS_SCALAR_SIZE];

	if (old->line[0] == '\0')
		stage_fail(&s->stage, NULL, "there was no key before this one");
	memory_reverse(old, reversed);
	memory_must_not_have(s, reversed, sizeof(reversed), "the number");
	memory_must_not_have(s, old->scalar, TLS_SCALAR_SIZE,
	    "the number, as in the file,");
	script_memory_forgets(s, old->line);
}

void
script_memory_note_key(struct script *s, const char *path)
{
	FILE *f = fopen(path, "r");
	char *line = s->key.line;

	bool is_read;

	s->old_key = s->key;
	/* The second line is the first of the key. */
	is_read = f != NULL && fgets(line, sizeof(s->key.line), f) != NULL &&
	    fgets(line, sizeof(s->key.line), f) != NULL &&
	    tls_client_read_key(path, s->key.scalar) == 0;
	if (f != NULL)
		(void)fclose(f);
	if (!is_read)
		stage_fail(&s->stage, NULL, "'%s' has no key", path);
	line[strcspn(line, "\n")] = '\0';
}
