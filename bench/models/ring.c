/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Copied out, and written to sockets without the lock: so a slow reader holds
 * up nobody but itself. Readers look whether there is something new without
 * the lock; or else a thousand of them would fight for it each time that they
 * poll.
 */
#include "config.h"

#include <sys/mman.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../serve.h"
#include "ring.h"

struct ring *
ring_new(void)
{
	pthread_rwlockattr_t attr;
	struct ring *ring;

	ring = mmap(NULL, sizeof(*ring), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (ring == MAP_FAILED)
		serve_fail("mmap");
	if ((errno = pthread_rwlockattr_init(&attr)) != 0 ||
	    (errno = pthread_rwlockattr_setpshared(&attr,
		 PTHREAD_PROCESS_SHARED)) != 0 ||
	    (errno = pthread_rwlock_init(&ring->lock, &attr)) != 0)
		serve_fail("pthread_rwlock_init");
	(void)pthread_rwlockattr_destroy(&attr);
	return ring;
}

void
ring_add(struct ring *ring, const char *data, size_t len)
{
	size_t at, first;

	(void)pthread_rwlock_wrlock(&ring->lock);
	at = ring->end % RING_SIZE;
	first = len < RING_SIZE - at ? len : RING_SIZE - at;
	memcpy(ring->data + at, data, first);
	memcpy(ring->data, data + first, len - first);
	__atomic_store_n(&ring->end, ring->end + len, __ATOMIC_RELEASE);
	(void)pthread_rwlock_unlock(&ring->lock);
}

uint64_t
ring_end(struct ring *ring)
{
	return __atomic_load_n(&ring->end, __ATOMIC_ACQUIRE);
}

size_t
ring_take(struct ring *ring, uint64_t *place, char *buf, size_t size)
{
	size_t at, first, len;

	if (ring_end(ring) == *place)
		return 0;
	(void)pthread_rwlock_rdlock(&ring->lock);
	if (ring->end - *place > RING_SIZE)
		*place = ring->end - RING_SIZE;
	len = (size_t)(ring->end - *place);
	if (len > size)
		len = size;
	at = *place % RING_SIZE;
	first = len < RING_SIZE - at ? len : RING_SIZE - at;
	memcpy(buf, ring->data + at, first);
	memcpy(buf + first, ring->data, len - first);
	(void)pthread_rwlock_unlock(&ring->lock);
	*place += len;
	return len;
}
