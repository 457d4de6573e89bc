/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * CPU time is utime + stime of proc(5), in its finer form: /proc/PID/task/TID/
 * schedstat counts nanoseconds, where stat counts ticks of 10 ms, which is
 * too coarse for a thousand processes that ran for a millisecond each. Without
 * schedstat, stat it is. A thread or a child that ended before the second look
 * is not counted; nobody leaves while we measure.
 *
 * The time that a send(2) over loopback spends in the receiver's soft interrupt
 * is the sender's in either.
 *
 * Descendants are found by a look at every process's parent: the list of
 * children in /proc is not in all kernels.
 */
#include "config.h"

#include <sys/types.h>

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "usage.h"

struct usage_process {
	pid_t pid;
	pid_t parent;
	bool is_ours;
};

struct usage_tree {
	struct usage_process *items;
	size_t count;
};

/* The file's first line; false if there is none. */
static bool
usage_read_line(const char *path, char *line, int size)
{
	FILE *file = fopen(path, "re");
	bool is_read;

	if (file == NULL)
		return false;
	is_read = fgets(line, size, file) != NULL;
	(void)fclose(file);
	return is_read;
}

struct usage_stat {
	pid_t parent;
	double cpu_s;
};

static bool
usage_read_stat(struct usage_stat *stat, const char *path)
{
	char line[1024];
	const char *s;
	int parent;
	unsigned long long user, system;

	if (!usage_read_line(path, line, sizeof(line)))
		return false;
	/* A name may hold blanks and parentheses; no later field does. */
	s = strrchr(line, ')');
	if (s == NULL ||
	    sscanf(s + 1,
		" %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu",
		&parent, &user, &system) != 3)
		return false;
	stat->parent = parent;
	stat->cpu_s = (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
	return true;
}

static void
usage_tree_add(struct usage_tree *tree, pid_t pid, pid_t parent, bool is_ours)
{
	struct usage_process *items;

	items = reallocarray(tree->items, tree->count + 1, sizeof(*items));
	if (items == NULL)
		abort();
	tree->items = items;
	items[tree->count].pid = pid;
	items[tree->count].parent = parent;
	items[tree->count++].is_ours = is_ours;
}

/* Marks those whose parent is ours; whether there were any new ones. */
static bool
usage_tree_mark(struct usage_tree *tree)
{
	bool is_marked = false;
	size_t i, j;

	for (i = 0; i < tree->count; i++) {
		if (tree->items[i].is_ours)
			continue;
		for (j = 0; j < tree->count; j++)
			if (tree->items[j].is_ours &&
			    tree->items[j].pid == tree->items[i].parent)
				break;
		if (j == tree->count)
			continue;
		tree->items[i].is_ours = true;
		is_marked = true;
	}
	return is_marked;
}

/* pid and its descendants are marked in it. */
static void
usage_tree_init(struct usage_tree *tree, pid_t pid)
{
	struct usage_stat stat;
	struct dirent *entry;
	char path[300];
	DIR *dir;

	tree->items = NULL;
	tree->count = 0;
	/* First, so that its children are found at once. */
	usage_tree_add(tree, pid, 0, true);
	dir = opendir("/proc");
	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL) {
		if (!isdigit((unsigned char)entry->d_name[0]) ||
		    atoi(entry->d_name) == pid)
			continue;
		(void)snprintf(path, sizeof(path), "/proc/%s/stat",
		    entry->d_name);
		if (usage_read_stat(&stat, path))
			usage_tree_add(tree, atoi(entry->d_name), stat.parent,
			    false);
	}
	(void)closedir(dir);
	while (usage_tree_mark(tree))
		;
}

static double
usage_thread_cpu_s(pid_t pid, const char *tid)
{
	struct usage_stat stat;
	char path[300], line[100];
	unsigned long long ns;

	(void)snprintf(path, sizeof(path), "/proc/%ld/task/%s/schedstat",
	    (long)pid, tid);
	if (usage_read_line(path, line, sizeof(line)) &&
	    sscanf(line, "%llu", &ns) == 1)
		return (double)ns / 1e9;
	(void)snprintf(path, sizeof(path), "/proc/%ld/task/%s/stat", (long)pid,
	    tid);
	return usage_read_stat(&stat, path) ? stat.cpu_s : 0;
}

static double
usage_process_cpu_s(pid_t pid)
{
	struct dirent *entry;
	char path[100];
	double sum = 0;
	DIR *dir;

	(void)snprintf(path, sizeof(path), "/proc/%ld/task", (long)pid);
	dir = opendir(path);
	if (dir == NULL)
		return -1;
	while ((entry = readdir(dir)) != NULL)
		if (isdigit((unsigned char)entry->d_name[0]))
			sum += usage_thread_cpu_s(pid, entry->d_name);
	(void)closedir(dir);
	return sum;
}

unsigned long long
usage_disk_bytes(pid_t pid)
{
	char path[64], line[80];
	unsigned long long bytes = 0;
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/%ld/io", (long)pid);
	file = fopen(path, "re");
	if (file == NULL)
		return 0;
	while (fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, "write_bytes: ", 13) == 0)
			bytes = strtoull(line + 13, NULL, 10);
	(void)fclose(file);
	return bytes;
}

double
usage_cpu_s(pid_t pid)
{
	struct usage_tree tree;
	double sum, one;
	size_t i;

	sum = usage_process_cpu_s(pid);
	if (sum < 0)
		return sum;
	usage_tree_init(&tree, pid);
	for (i = 1; i < tree.count; i++) {
		if (!tree.items[i].is_ours)
			continue;
		one = usage_process_cpu_s(tree.items[i].pid);
		if (one > 0)
			sum += one;
	}
	free(tree.items);
	return sum;
}

/* The number of kB behind a word at the start of a line; 0 if there is none. */
static int64_t
usage_read_kb(const char *path, const char *word)
{
	FILE *file = fopen(path, "re");
	char line[300];
	long long kb = 0;

	if (file == NULL)
		return 0;
	while (fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, word, strlen(word)) == 0) {
			kb = atoll(line + strlen(word));
			break;
		}
	(void)fclose(file);
	return kb;
}

static int64_t
usage_process_bytes(pid_t pid)
{
	char path[100];
	int64_t kb;

	(void)snprintf(path, sizeof(path), "/proc/%ld/smaps_rollup", (long)pid);
	kb = usage_read_kb(path, "Pss:");
	if (kb == 0) {
		(void)snprintf(path, sizeof(path), "/proc/%ld/status",
		    (long)pid);
		kb = usage_read_kb(path, "VmRSS:");
	}
	return kb * 1024;
}

bool
usage_memory(struct usage_memory *m, pid_t pid)
{
	struct usage_tree tree;
	char path[100];
	size_t i;

	m->resident_bytes = 0;
	usage_tree_init(&tree, pid);
	for (i = 0; i < tree.count; i++)
		if (tree.items[i].is_ours)
			m->resident_bytes +=
			    usage_process_bytes(tree.items[i].pid);
	free(tree.items);
	(void)snprintf(path, sizeof(path), "/proc/%ld/status", (long)pid);
	m->peak_bytes = usage_read_kb(path, "VmHWM:") * 1024;
	return m->resident_bytes > 0;
}
