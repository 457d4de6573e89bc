/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The mode of the state's files. Decided against: refusing to start, as who
 * brings back a backup at night wants the server, and a mode is soon mended.
 *
 * Their locks are tried for again and again rather than waited for, as flock(2)
 * would wait without end. While people talk, nobody waits long: the lock of the
 * directory was had at the start, so that only who is about to end holds others.
 */
#include "config.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <time.h>

#include "base/log.h"
#include "base/private-file.h"

#define PRIVATE_FILE_MODE (S_IRUSR | S_IWUSR)

#define LOCK_PAUSE_MS 5

int
private_file_ensure(int fd, const struct stat *st, const char *name)
{
	if ((st->st_mode & 07777) == PRIVATE_FILE_MODE)
		return 0;
	if (fchmod(fd, PRIVATE_FILE_MODE) == -1)
		return -1;
	if ((st->st_mode & (S_IRWXG | S_IRWXO)) != 0)
		log_warning("others could read or write '%s': it has the mode "
			    "0600 now",
		    name);
	return 0;
}

int
private_file_lock(int fd, int wait_ms)
{
	const struct timespec pause = { .tv_nsec = LOCK_PAUSE_MS * 1000000 };
	int waited_ms;

	for (waited_ms = 0; flock(fd, LOCK_EX | LOCK_NB) == -1;
	     waited_ms += LOCK_PAUSE_MS) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -1;
		if (waited_ms >= wait_ms) {
			errno = EWOULDBLOCK;
			return -1;
		}
		(void)nanosleep(&pause, NULL);
	}
	return 0;
}
