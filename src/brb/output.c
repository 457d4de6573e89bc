/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * A terminal that others set to non-blocking is waited for as any other.
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "brb/output.h"

int
output_write(struct buf *out)
{
	struct pollfd p = { .fd = STDOUT_FILENO, .events = POLLOUT };
	size_t done = 0;
	ssize_t n;

	while (done < out->len) {
		n = write(STDOUT_FILENO, out->data + done, out->len - done);
		if (n > 0)
			done += (size_t)n;
		else if (n == -1 && errno == EAGAIN)
			(void)poll(&p, 1, -1);
		else if (n == 0 || errno != EINTR)
			break;
	}
	n = done < out->len ? -1 : 0;
	buf_reset(out);
	return (int)n;
}
