/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Decided against shm_open(3): its name has to be guessed as well, and some
 * systems do not map such an object twice.
 */
#include "config.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/memfile.h"

#ifndef HAVE_MEMFD_CREATE
static int
memfile_make_unlinked(const char *name)
{
	const char *dir = getenv("TMPDIR");
	char *path = xasprintf("%s/%s-XXXXXX",
	    dir == NULL || dir[0] == '\0' ? "/tmp" : dir, name);
	int fd = mkstemp(path), saved;

	if (fd != -1) {
		(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
		(void)unlink(path);
	}
	saved = errno;
	free(path);
	errno = saved;
	return fd;
}
#endif

int
memfile_open(const char *name)
{
#ifdef HAVE_MEMFD_CREATE
	return memfd_create(name, MFD_CLOEXEC);
#else
	return memfile_make_unlinked(name);
#endif
}

void
memfile_wipe(int fd)
{
	static const char zeros[65536];
	struct stat st;
	off_t done;
	ssize_t n;

	if (fstat(fd, &st) == -1)
		return;
	for (done = 0; done < st.st_size; done += n) {
		n = pwrite(fd, zeros,
		    st.st_size - done < (off_t)sizeof(zeros) ?
			(size_t)(st.st_size - done) :
			sizeof(zeros),
		    done);
		if (n <= 0)
			return;
	}
}
