/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Zero values are left out, which is most of a member. Decided against:
 * generated code, as remote procedure calls have it, for some twenty structs.
 *
 * Descriptors are in a table of their own, and fields hold only indexes into
 * it: so none is forgotten when they are to stay open, and none is given to two
 * owners.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include <bsd/sys/queue.h>
#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fields.h"

static bool
field_is_for(const struct field *f, enum fields_use use)
{
	return f->only == 0 || f->only == use;
}

/* Numbers of any width; signed ones as their bits. */

union field_number {
	uint64_t u64;
	uint32_t u32;
	uint16_t u16;
	uint8_t u8;
};

static uint64_t
field_load(const void *p, size_t size)
{
	union field_number n;

	memcpy(&n, p, size);
	return size == 8 ? n.u64 : size == 4 ? n.u32 : size == 2 ? n.u16 : n.u8;
}

static void
field_store(void *p, size_t size, uint64_t value)
{
	union field_number n = { .u64 = value };

	if (size == 4)
		n.u32 = (uint32_t)value;
	else if (size == 2)
		n.u16 = (uint16_t)value;
	else if (size == 1)
		n.u8 = (uint8_t)value;
	memcpy(p, &n, size);
}

/* Access to pointers of any type, and to the first links of heads and
 * entries. */

static void *
field_pointer(const void *p)
{
	void *value;

	memcpy(&value, p, sizeof(value));
	return value;
}

static void
field_set_pointer(void *p, void *value)
{
	memcpy(p, &value, sizeof(value));
}

struct field_element;
TAILQ_HEAD(field_tailq, field_element);
LIST_HEAD(field_list, field_element);
struct field_element {
	TAILQ_ENTRY(field_element) in_tailq;
	LIST_ENTRY(field_element) in_list;
};
/* One walk serves both kinds of lists. */
_Static_assert(offsetof(struct field_tailq, tqh_first) == 0 &&
	offsetof(struct field_list, lh_first) == 0 &&
	offsetof(struct field_element, in_tailq.tqe_next) ==
	    offsetof(struct field_element, in_tailq) &&
	offsetof(struct field_element, in_list.le_next) ==
	    offsetof(struct field_element, in_list),
    "the first element or the next is not the first link");

/* Writing */

void
fields_out_fini(struct fields_out *out)
{
	buf_fini(&out->data);
	free(out->fds);
	out->fds = NULL;
	out->fd_count = out->fd_cap = 0;
}

void
fields_put_fd(struct fields_out *out, uint16_t tag, int fd)
{
	if (out->fd_count == out->fd_cap) {
		out->fd_cap = out->fd_cap == 0 ? 64 : out->fd_cap * 2;
		out->fds = xreallocarray(out->fds, out->fd_cap,
		    sizeof(*out->fds));
	}
	tlv_put_u64(&out->data, tag, out->fd_count);
	out->fds[out->fd_count++] = fd;
}

static void
field_put_unsigned(struct fields_out *out, const struct field *f, const void *p)
{
	uint64_t value = field_load(p, f->size);

	if (value != 0 || f->is_needed)
		tlv_put_u64(&out->data, f->tag, value);
}

static void
field_put_signed(struct fields_out *out, const struct field *f, const void *p)
{
	uint64_t bits = field_load(p, f->size);
	int64_t value = f->size == 8 ? (int64_t)bits : (int32_t)bits;

	if (f->kind == FIELD_IS_TIME && out->use == FIELDS_DISK) {
		value += out->clock->wall_ms - out->clock->mono_ms;
		tlv_put_i64(&out->data, f->tag, value);
	} else if (value != 0 || f->is_needed)
		tlv_put_i64(&out->data, f->tag, value);
}

static void
field_put_bytes(struct fields_out *out, const struct field *f, const void *data,
    size_t len)
{
	if (len > 0 || f->is_needed)
		tlv_put_bytes(&out->data, f->tag, data, len);
}

static void
field_put_whole(struct fields_out *out, const struct field *f, const char *p)
{
	size_t i;

	for (i = 0; i < f->size && p[i] == 0; i++)
		continue;
	if (i < f->size || f->is_needed)
		tlv_put_bytes(&out->data, f->tag, p, f->size);
}

static void
field_put_numbers(struct fields_out *out, const struct field *f,
    const char *base)
{
	size_t i, mark, count = f->size / 8;

	if (f->extra != 0)
		count = field_load(base + f->extra, sizeof(count));
	if (count == 0 && !f->is_needed)
		return;
	mark = tlv_open(&out->data, f->tag);
	for (i = 0; i < count; i++) {
		le_put64(buf_reserve(&out->data, 8),
		    field_load(base + f->offset + 8 * i, 8));
		out->data.len += 8;
	}
	tlv_close(&out->data, mark);
}

static void
field_put_list(struct fields_out *out, const struct field *f, const char *base)
{
	const char *element = field_pointer(base + f->offset);
	uint64_t left = UINT64_MAX;

	if (f->max != 0 && out->use == FIELDS_DISK)
		left = f->max;
	for (; element != NULL && left > 0; left--) {
		fields_put_item(out, f->tag, f->inner, element);
		element = field_pointer(element + f->extra);
	}
}

static void
field_put_struct(struct fields_out *out, const struct field *f, const void *p)
{
	size_t before = out->data.len;

	fields_put_item(out, f->tag, f->inner, p);
	if (out->data.len == before + TLV_HEADER && !f->is_needed &&
	    f->kind == FIELD_IS_STRUCT)
		out->data.len = before;
}

static void
field_put(struct fields_out *out, const struct field *f, const char *base)
{
	const char *p = base + f->offset;
	const struct buf *buf;

	if (f->put != NULL) {
		f->put(out, f, base);
		return;
	}
	switch ((enum field_kind)f->kind) {
	case FIELD_IS_UNSIGNED:
		field_put_unsigned(out, f, p);
		break;
	case FIELD_IS_SIGNED:
	case FIELD_IS_TIME:
		field_put_signed(out, f, p);
		break;
	case FIELD_IS_STRING:
		field_put_bytes(out, f, p, strlen(p));
		break;
	case FIELD_IS_TEXT:
		p = field_pointer(p);
		if (p != NULL)
			tlv_put_str(&out->data, f->tag, p);
		break;
	case FIELD_IS_TAIL:
		field_put_bytes(out, f, p,
		    field_load(base + f->extra, sizeof(size_t)));
		break;
	case FIELD_IS_BUF:
		buf = (const void *)p;
		field_put_bytes(out, f, buf->data, buf->len);
		break;
	case FIELD_IS_BYTES:
		field_put_whole(out, f, p);
		break;
	case FIELD_IS_NUMBERS:
		field_put_numbers(out, f, base);
		break;
	case FIELD_IS_FD:
		if (*(const int *)(const void *)p != -1)
			fields_put_fd(out, f->tag,
			    *(const int *)(const void *)p);
		break;
	case FIELD_IS_POINTER:
		p = field_pointer(p);
		if (p == NULL)
			break;
		/* FALLTHROUGH */
	case FIELD_IS_STRUCT:
		field_put_struct(out, f, p);
		break;
	case FIELD_IS_LIST:
		field_put_list(out, f, base);
		break;
	case FIELD_IS_ITEM:
	case FIELD_IS_OTHER:
		assert(0 && "a field that nobody writes");
	}
}

void
fields_put(struct fields_out *out, const struct fields *fields,
    const void *base)
{
	size_t i;

	assert(out->use == FIELDS_DISK || out->use == FIELDS_HANDOFF);
	for (i = 0; i < fields->count; i++)
		if (field_is_for(&fields->list[i], out->use))
			field_put(out, &fields->list[i], base);
}

void
fields_put_item(struct fields_out *out, uint16_t tag,
    const struct fields *fields, const void *base)
{
	size_t mark = tlv_open(&out->data, tag);

	fields_put(out, fields, base);
	tlv_close(&out->data, mark);
}

/* Reading */

bool
fields_fail(struct fields_in *in, const char *fmt, ...)
{
	va_list ap;

	if (in->error == NULL) {
		va_start(ap, fmt);
		in->error = xvasprintf(fmt, ap);
		va_end(ap);
	}
	return false;
}

void
fields_in_fini(struct fields_in *in)
{
	free(in->fds);
	free(in->is_taken);
	free(in->error);
	memset(in, 0, sizeof(*in));
}

static bool
fields_check_socket(int fd, bool is_listener)
{
	socklen_t len;
	int value, flags;

	len = sizeof(value);
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &len) == -1 ||
	    value != SOCK_STREAM)
		return false;
	len = sizeof(value);
	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &len) == -1 ||
	    (value != 0) != is_listener)
		return false;
	flags = fcntl(fd, F_GETFL);
	return flags != -1 && (flags & O_NONBLOCK) != 0;
}

bool
fields_check_fd(int fd, enum fields_fd kind)
{
	struct stat st;

	switch (kind) {
	case FIELDS_FD_STREAM:
		return fields_check_socket(fd, false);
	case FIELDS_FD_LISTENER:
		return fields_check_socket(fd, true);
	case FIELDS_FD_FILE:
		return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	}
	return false;
}

int
fields_get_fd(struct fields_in *in, const struct tlv *item, enum fields_fd kind)
{
	static const char *const what[] = { "a connection",
		"a listening socket", "a file" };
	uint64_t i;

	if (!tlv_get_u64(item, UINT64_MAX, &i) || i >= in->fd_count)
		(void)fields_fail(in, "a descriptor is not in the table");
	else if (in->is_taken[i])
		(void)fields_fail(in, "descriptor %d is used twice",
		    in->fds[i]);
	else if (in->check_fd != NULL && !in->check_fd(in->fds[i], kind))
		(void)fields_fail(in, "descriptor %d is not %s", in->fds[i],
		    what[kind]);
	else {
		in->is_taken[i] = true;
		return in->fds[i];
	}
	return -1;
}

static bool
field_get_unsigned(const struct field *f, void *p, const struct tlv *item)
{
	uint64_t value, max = f->max;

	if (max == 0)
		max = f->size == 8 ? UINT64_MAX :
				     ((uint64_t)1 << 8 * f->size) - 1;
	if (!tlv_get_u64(item, max, &value))
		return false;
	field_store(p, f->size, value);
	return true;
}

static bool
field_get_signed(struct fields_in *in, const struct field *f, void *p,
    const struct tlv *item)
{
	int64_t value;

	if (!tlv_get_i64(item, &value))
		return false;
	if (f->kind == FIELD_IS_TIME && in->use == FIELDS_DISK)
		value = clock_mono_of(in->clock, value);
	field_store(p, f->size, (uint64_t)value);
	return f->size == 8 || (value >= INT32_MIN && value <= INT32_MAX);
}

static bool
field_get_text(const struct field *f, void *p, const struct tlv *item)
{
	if (item->len > f->max || memchr(item->data, '\0', item->len) != NULL)
		return false;
	free(field_pointer(p));
	field_set_pointer(p, xstrndup((const char *)item->data, item->len));
	return true;
}

/* field_new_element() has made room for it. */
static bool
field_get_tail(const struct field *f, char *base, const struct tlv *item)
{
	if (item->len == 0 || item->len > f->max)
		return false;
	memcpy(base + f->offset, item->data, item->len);
	base[f->offset + item->len] = '\0';
	field_store(base + f->extra, sizeof(size_t), item->len);
	return true;
}

static bool
field_get_numbers(const struct field *f, char *base, const struct tlv *item)
{
	size_t i, count = item->len / 8;

	if (item->len % 8 != 0 || item->len > f->size ||
	    (f->extra == 0 && item->len != f->size))
		return false;
	for (i = 0; i < count; i++)
		field_store(base + f->offset + 8 * i, 8,
		    le_get64(item->data + 8 * i));
	if (f->extra != 0)
		field_store(base + f->extra, sizeof(count), count);
	return true;
}

/* Allocates an element, with room for a tail, which is no longer than the item.
 * Returns NULL if it is malformed. */
static void *
field_new_element(struct fields_in *in, const struct field *f,
    const struct tlv *item)
{
	size_t i, size = f->inner->size;
	void *element;

	for (i = 0; i < f->inner->count; i++)
		if (f->inner->list[i].kind == FIELD_IS_TAIL)
			size += item->len;
	element = xcalloc(1, size);
	if (fields_get(in, f->inner, item, element))
		return element;
	free(element);
	return NULL;
}

static bool
field_get_pointer(struct fields_in *in, const struct field *f, void *p,
    const struct tlv *item)
{
	void *element = field_new_element(in, f, item);

	field_set_pointer(p, element);
	return element != NULL;
}

static bool
field_get_element(struct fields_in *in, const struct field *f, void *base,
    const struct tlv *item)
{
	void *last = in->last, *element = field_new_element(in, f, item);

	in->last = last;
	if (element == NULL)
		return false;
	if (f->add(in, f, base, element)) {
		in->last = element;
		return true;
	}
	fields_clear(f->inner, element);
	free(element);
	return false;
}

static bool
field_get(struct fields_in *in, const struct field *f, char *base,
    const struct tlv *item)
{
	char *p = base + f->offset;
	struct buf *buf;
	int fd;

	if (f->get != NULL)
		return f->get(in, f, base, item);
	switch ((enum field_kind)f->kind) {
	case FIELD_IS_UNSIGNED:
		return field_get_unsigned(f, p, item);
	case FIELD_IS_SIGNED:
	case FIELD_IS_TIME:
		return field_get_signed(in, f, p, item);
	case FIELD_IS_STRING:
		return tlv_get_str(item, p, f->size);
	case FIELD_IS_TEXT:
		return field_get_text(f, p, item);
	case FIELD_IS_TAIL:
		return field_get_tail(f, base, item);
	case FIELD_IS_BUF:
		buf = (void *)p;
		buf_add(buf, item->data, item->len);
		return true;
	case FIELD_IS_BYTES:
		if (item->len != f->size)
			return false;
		memcpy(p, item->data, f->size);
		return true;
	case FIELD_IS_NUMBERS:
		return field_get_numbers(f, base, item);
	case FIELD_IS_FD:
		fd = fields_get_fd(in, item, (enum fields_fd)f->max);
		memcpy(p, &fd, sizeof(fd));
		return fd != -1;
	case FIELD_IS_STRUCT:
		return fields_get(in, f->inner, item, p);
	case FIELD_IS_POINTER:
		return field_get_pointer(in, f, p, item);
	case FIELD_IS_LIST:
		return field_get_element(in, f, base, item);
	case FIELD_IS_ITEM:
		memcpy(p, item, sizeof(*item));
		return true;
	case FIELD_IS_OTHER:
		break;
	}
	return false;
}

static const struct field *
fields_find(const struct fields *fields, enum fields_use use, uint16_t tag)
{
	size_t i;

	for (i = 0; i < fields->count; i++)
		if (fields->list[i].tag == tag &&
		    field_is_for(&fields->list[i], use))
			return &fields->list[i];
	return NULL;
}

static bool
fields_get_one(struct fields_in *in, const struct fields *fields,
    const struct field *f, void *base, const struct tlv *item)
{
	char *p = (char *)base + f->offset;
	bool had_error = in->error != NULL;

	if (field_get(in, f, base, item) &&
	    (f->check == NULL ||
		f->check(f->kind == FIELD_IS_TEXT ? field_pointer(p) : p)))
		return true;
	if (!f->may_be_bad || in->use != FIELDS_DISK)
		return fields_fail(in, "%s: %s is malformed", fields->what,
		    f->name);
	if (!had_error) {
		free(in->error);
		in->error = NULL;
	}
	if (f->kind == FIELD_IS_TEXT)
		free(field_pointer(p));
	if (f->kind != FIELD_IS_LIST)
		memset(p, 0, f->size);
	return true;
}

static bool
fields_get_all(struct fields_in *in, const struct fields *fields,
    const struct tlv *outer, void *base)
{
	const struct field *f, *list = NULL;
	struct tlv_reader r;
	struct tlv item;
	uint64_t seen = 0;
	size_t i;

	assert(fields->count <= 64);
	assert(in->use == FIELDS_DISK || in->use == FIELDS_HANDOFF);
	tlv_enter(outer, &r);
	while (tlv_next(&r, &item)) {
		f = fields_find(fields, in->use, item.tag);
		if (f == NULL)
			continue;
		i = (size_t)(f - fields->list);
		if (f->kind != FIELD_IS_LIST && f->kind != FIELD_IS_OTHER &&
		    (seen >> i & 1) != 0)
			return fields_fail(in, "%s: %s is there twice",
			    fields->what, f->name);
		seen |= (uint64_t)1 << i;
		if (f != list)
			in->last = NULL;
		list = f;
		if (!fields_get_one(in, fields, f, base, &item))
			return false;
	}
	if (r.is_bad)
		return fields_fail(in, "%s is cut off", fields->what);
	for (i = 0; i < fields->count; i++) {
		f = &fields->list[i];
		if (f->is_needed && field_is_for(f, in->use) &&
		    (seen >> i & 1) == 0)
			return fields_fail(in, "%s: %s is missing",
			    fields->what, f->name);
	}
	if (fields->check == NULL || fields->check(in, base))
		return true;
	return fields_fail(in, "%s is not consistent", fields->what);
}

bool
fields_get(struct fields_in *in, const struct fields *fields,
    const struct tlv *item, void *base)
{
	const int none = -1;
	size_t i;

	for (i = 0; i < fields->count; i++)
		if (fields->list[i].kind == FIELD_IS_FD)
			memcpy((char *)base + fields->list[i].offset, &none,
			    sizeof(none));
	if (fields_get_all(in, fields, item, base))
		return true;
	fields_clear(fields, base);
	return false;
}

void
fields_clear(const struct fields *fields, void *base)
{
	const struct field *f;
	char *p;
	int fd;

	for (f = fields->list; f < fields->list + fields->count; f++) {
		p = (char *)base + f->offset;
		if (f->kind == FIELD_IS_TEXT || f->kind == FIELD_IS_POINTER) {
			p = field_pointer(p);
			if (p != NULL && f->inner != NULL)
				fields_clear(f->inner, p);
			free(p);
			field_set_pointer((char *)base + f->offset, NULL);
		} else if (f->kind == FIELD_IS_BUF)
			buf_fini((struct buf *)(void *)p);
		else if (f->kind == FIELD_IS_STRUCT)
			fields_clear(f->inner, p);
		else if (f->kind == FIELD_IS_FD) {
			memcpy(&fd, p, sizeof(fd));
			if (fd != -1)
				(void)close(fd);
			fd = -1;
			memcpy(p, &fd, sizeof(fd));
		}
	}
	if (fields->clear != NULL)
		fields->clear(base);
}

void
fields_move(const struct fields *fields, void *to, void *from)
{
	const struct field *f;
	const int none = -1;
	char *dest, *src;

	for (f = fields->list; f < fields->list + fields->count; f++) {
		dest = (char *)to + f->offset;
		src = (char *)from + f->offset;
		switch ((enum field_kind)f->kind) {
		case FIELD_IS_STRUCT:
			fields_move(f->inner, dest, src);
			break;
		case FIELD_IS_TAIL:
		case FIELD_IS_LIST:
		case FIELD_IS_ITEM:
		case FIELD_IS_OTHER:
			break;
		case FIELD_IS_TEXT:
		case FIELD_IS_POINTER:
		case FIELD_IS_BUF:
			memcpy(dest, src, f->size);
			memset(src, 0, f->size);
			break;
		default:
			memcpy(dest, src, f->size);
			if (f->extra != 0)
				memcpy((char *)to + f->extra,
				    (char *)from + f->extra, sizeof(size_t));
			if (f->kind == FIELD_IS_FD)
				memcpy(src, &none, sizeof(none));
			break;
		}
	}
}
