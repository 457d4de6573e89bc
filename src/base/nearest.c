/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Typos in names of settings and verbs: the nearest name is the one with the
 * fewest letters to change.
 */
#include "config.h"

#include <stdint.h>
#include <string.h>

#include "base/nearest.h"

/* Longer words are no typos of our names. */
#define NEAREST_MAX 80

/* The edit distance of a and b (Levenshtein). */
static size_t
nearest_distance(const char *a, const char *b)
{
	size_t row[NEAREST_MAX + 1], a_len = strlen(a), b_len = strlen(b);
	size_t i, j, diagonal, above;

	if (a_len > NEAREST_MAX || b_len > NEAREST_MAX)
		return SIZE_MAX;
	for (j = 0; j <= b_len; j++)
		row[j] = j;
	for (i = 1; i <= a_len; i++) {
		diagonal = row[0];
		row[0] = i;
		for (j = 1; j <= b_len; j++) {
			above = row[j];
			row[j] = diagonal + (a[i - 1] != b[j - 1]);
			if (above + 1 < row[j])
				row[j] = above + 1;
			if (row[j - 1] + 1 < row[j])
				row[j] = row[j - 1] + 1;
			diagonal = above;
		}
	}
	return row[b_len];
}

void
nearest_init(struct nearest *nearest, const char *typed)
{
	nearest->typed = typed;
	nearest->name = NULL;
	nearest->distance = SIZE_MAX;
}

void
nearest_offer(struct nearest *nearest, const char *name)
{
	size_t distance = nearest_distance(nearest->typed, name);

	/* With more than a third of the letters wrong it is no typo. */
	if (distance < nearest->distance && distance <= strlen(name) / 3) {
		nearest->distance = distance;
		nearest->name = name;
	}
}
