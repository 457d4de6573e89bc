/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef RING_H
#define RING_H

#include <check.h>
#include <stddef.h>
#include <stdint.h>

#include "history/history.h"
#include "unit.h"

/* What the tests of rings in files share. */

/* Appends a message all of which follows from its number. */
uint64_t ring_append(struct history *h);
/* The same with a number given; 0: that number's is of no shared log. */
uint64_t ring_append_at(struct history *h, uint64_t number);
void ring_append_some(struct history *h, int n);

/*
 * Reads all, forwards and backwards: each message is what its number says, and
 * numbers follow each other, but for holes. Returns how many messages there
 * are; *missing, unless it is NULL, is how many the holes count.
 */
uint64_t ring_verify(const struct history *h, uint64_t *missing);

/* An empty directory, with a descriptor; removed with all its files. */
struct ring_dir {
	int fd;
	char *path;
};
void ring_dir_init(struct ring_dir *dir);
void ring_dir_fini(struct ring_dir *dir);
/* How many files have a name that begins so. */
int ring_dir_count(const struct ring_dir *dir, const char *prefix);

/* All of a file, the caller's to free(), and the other way. */
char *ring_load(const struct ring_dir *dir, const char *name, size_t *len);
void ring_store(const struct ring_dir *dir, const char *name, const char *data,
    size_t len);

/* history_file_open() that must succeed; returns what was found. */
enum history_found ring_open(struct history *h, const struct ring_dir *dir,
    size_t size);

/* history_file_open() that must fail, with this in the error. */
void ring_assert_refused(const struct ring_dir *dir, size_t size,
    const char *what);

/* Overwrites len bytes of the file. */
void ring_poke(const struct ring_dir *dir, size_t offset, const void *data,
    size_t len);

/* xorshift: the same everywhere. */
extern unsigned ring_seed;
unsigned ring_random(unsigned below);

#define RING_NAME "lobby.ring"

#endif
