/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The mode of the state's files. Decided against: refusing to start, as who
 * brings back a backup at night wants the server, and a mode is soon mended.
 */
#include "config.h"

#include <sys/stat.h>

#include "base/log.h"
#include "base/private-file.h"

#define PRIVATE_FILE_MODE (S_IRUSR | S_IWUSR)

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
