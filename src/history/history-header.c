/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The header of a ring: whether it can be believed, how the ring was left, and
 * the epoch of its numbers.
 *
 * After a power cut the file tells neither how much is missing at the end nor
 * which numbers that had. The machine's boot id shows that it may have
 * happened: it has changed, and the file was not closed. Numbers then go on in
 * the next epoch. The epoch is in the header, and on disk before the first
 * number of it is given, so it is a high-water mark that is always far ahead.
 */
#include "config.h"

#ifdef HAVE_SYS_SYSCTL_H
#include <sys/sysctl.h>
#endif

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "history/history-impl.h"

void
history_boot_id(char boot[HISTORY_BOOT_SIZE])
{
	memset(boot, 0, HISTORY_BOOT_SIZE);
#if defined __linux__
	ssize_t n = -1;
	int fd;

	fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	if (fd != -1) {
		n = read(fd, boot, HISTORY_BOOT_SIZE - 1);
		close(fd);
	}
	if (n < 36)
		memset(boot, 0, HISTORY_BOOT_SIZE);
#elif defined HAVE_SYS_SYSCTL_H && defined KERN_BOOTTIME
	int mib[2] = { CTL_KERN, KERN_BOOTTIME };
	struct timeval tv;
	size_t len = sizeof(tv);

	if (sysctl(mib, 2, &tv, &len, NULL, 0) == 0)
		(void)snprintf(boot, HISTORY_BOOT_SIZE, "%lld.%06ld",
		    (long long)tv.tv_sec, (long)tv.tv_usec);
#endif
}

bool
history_is_same_boot(const struct history_header *header)
{
	char boot[HISTORY_BOOT_SIZE];

	history_boot_id(boot);
	return boot[0] != '\0' &&
	    memcmp(boot, header->boot, HISTORY_BOOT_SIZE) == 0;
}

/* A checksum of the live fields; never 0. */
uint64_t
history_clean_check(const struct history_header *header)
{
	return XXH3_64bits(&header->tail,
		   offsetof(struct history_header, clean) -
		       offsetof(struct history_header, tail)) |
	    1;
}

bool
history_is_closed(const struct history_header *header)
{
	return header->clean == history_clean_check(header);
}

uint64_t
history_epoch_seal(uint64_t epoch)
{
	uint64_t low = epoch & UINT32_MAX;

	return low | XXH3_64bits(&low, sizeof(low)) << 32;
}

uint64_t
history_epoch_open(uint64_t sealed)
{
	uint64_t epoch = sealed & UINT32_MAX;

	return epoch < HISTORY_EPOCH_MAX &&
		history_epoch_seal(epoch) == sealed ?
	    epoch :
	    0;
}

static uint64_t
ring_owner_check(const struct history_header *header)
{
	return XXH3_64bits(header->owner, sizeof(header->owner)) | 1;
}

void
history_set_owner(struct history_header *header, const char *name)
{
	char owner[HISTORY_OWNER_SIZE] = "";

	memcpy(owner, name, strnlen(name, sizeof(owner) - 1));
	if (header->owner_check == ring_owner_check(header) &&
	    memcmp(header->owner, owner, sizeof(owner)) == 0)
		return;
	history_store(&header->owner_check, 0);
	memcpy(header->owner, owner, sizeof(owner));
	history_store(&header->owner_check, ring_owner_check(header));
}

bool
history_is_anothers(const struct history_header *header, const char *name)
{
	return header->owner_check == ring_owner_check(header) &&
	    strncmp(header->owner, name, sizeof(header->owner) - 1) != 0;
}

static uint64_t
ring_static_check(const struct history_header *header)
{
	return XXH3_64bits(&header->byte_order,
	    offsetof(struct history_header, check) -
		offsetof(struct history_header, byte_order));
}

enum history_status
history_check_header(const struct history_header *header)
{
	if (header->magic == __builtin_bswap64(HISTORY_MAGIC))
		return HISTORY_FOREIGN;
	if (header->magic != HISTORY_MAGIC ||
	    header->check != ring_static_check(header))
		return HISTORY_DAMAGED;
	if (header->byte_order != HISTORY_BYTE_ORDER ||
	    header->version != HISTORY_VERSION ||
	    header->header_size != HISTORY_HEADER_SIZE ||
	    header->record_size != sizeof(struct record))
		return HISTORY_FOREIGN;
	if (header->size % HISTORY_ALIGN != 0 ||
	    header->size < HISTORY_SIZE_MIN || header->size > HISTORY_SIZE_MAX)
		return HISTORY_DAMAGED;
	return HISTORY_OK;
}

void
history_format(struct history *h)
{
	struct history_header *header = h->header;

	header->byte_order = HISTORY_BYTE_ORDER;
	header->version = HISTORY_VERSION;
	header->header_size = HISTORY_HEADER_SIZE;
	header->record_size = sizeof(struct record);
	header->size = h->size;
	header->check = ring_static_check(header);
	header->tail = history_pos_seal(0);
	header->next_number = h->next_number;
	header->epoch = history_epoch_seal(0);
	history_boot_id(header->boot);
	history_store(&header->magic, HISTORY_MAGIC);
}
