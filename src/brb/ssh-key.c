/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * By which key somebody came by ssh: sshd writes that to a file where its
 * ExposeAuthInfo is on, and names it in SSH_USER_AUTH (sshd_config(5)). A line
 * there is "publickey", the kind of key, and the key as RFC 4253 6.6 has it, in
 * base64. Of a certificate (openssh's PROTOCOL.certkeys) it is the key in it that
 * counts, so that one who has another signed stays the same.
 */
#include "config.h"

#include <fcntl.h>
#include <sha2.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/buf.h"
#include "brb/ssh.h"

#define SSH_AUTH_MAX ((size_t)65536) /* bytes of the file */
#define SSH_METHOD "publickey "
#define SSH_PREFIX "SHA256:"
#define SSH_CERTIFICATE "-cert-v01@openssh.com"

/* So many fields of a certificate, behind its kind and nonce, are the key. */
static const struct {
	const char *kind;
	unsigned fields;
	const char *key_kind;
} ssh_certificates[] = {
	{ "ssh-ed25519" SSH_CERTIFICATE, 1, "ssh-ed25519" },
	{ "ssh-rsa" SSH_CERTIFICATE, 2, "ssh-rsa" },
	{ "ecdsa-sha2-nistp256" SSH_CERTIFICATE, 2, "ecdsa-sha2-nistp256" },
	{ "ecdsa-sha2-nistp384" SSH_CERTIFICATE, 2, "ecdsa-sha2-nistp384" },
	{ "ecdsa-sha2-nistp521" SSH_CERTIFICATE, 2, "ecdsa-sha2-nistp521" },
	{ "sk-ssh-ed25519-cert-v01@openssh.com", 2,
	    "sk-ssh-ed25519@openssh.com" },
	{ "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com", 3,
	    "sk-ecdsa-sha2-nistp256@openssh.com" },
};

static void
ssh_put_field(struct buf *out, const void *data, size_t len)
{
	const unsigned char head[] = { (unsigned char)(len >> 24),
		(unsigned char)(len >> 16), (unsigned char)(len >> 8),
		(unsigned char)len };

	buf_add(out, head, sizeof(head));
	buf_add(out, data, len);
}

/* Takes a field off the front of *p. False: it is not whole. */
static bool
ssh_take_field(const unsigned char **p, size_t *left,
    const unsigned char **field, size_t *len)
{
	const unsigned char *h = *p;

	if (*left < 4)
		return false;
	*len = (size_t)h[0] << 24 | (size_t)h[1] << 16 | (size_t)h[2] << 8 |
	    h[3];
	if (*len > *left - 4)
		return false;
	*field = h + 4;
	*p += 4 + *len;
	*left -= 4 + *len;
	return true;
}

/* The key, which may be in a certificate. False: it is none of either. */
static bool
ssh_plain_key(struct buf *out, const unsigned char *blob, size_t left)
{
	const unsigned char *p = blob, *field;
	size_t whole = left, len, i;
	unsigned n;

	if (!ssh_take_field(&p, &left, &field, &len))
		return false;
	for (i = 0; i < NITEMS(ssh_certificates); i++)
		if (len == strlen(ssh_certificates[i].kind) &&
		    memcmp(field, ssh_certificates[i].kind, len) == 0)
			break;
	if (i == NITEMS(ssh_certificates)) {
		buf_add(out, blob, whole);
		return true;
	}
	ssh_put_field(out, ssh_certificates[i].key_kind,
	    strlen(ssh_certificates[i].key_kind));
	/* The nonce. */
	if (!ssh_take_field(&p, &left, &field, &len))
		return false;
	for (n = 0; n < ssh_certificates[i].fields; n++) {
		if (!ssh_take_field(&p, &left, &field, &len))
			return false;
		ssh_put_field(out, field, len);
	}
	return true;
}

static char *
ssh_hash(const struct buf *key)
{
	unsigned char digest[SHA256_DIGEST_LENGTH];
	char text[BASE64_ENCODED_SIZE(SHA256_DIGEST_LENGTH)];
	SHA2_CTX sha;

	SHA256Init(&sha);
	SHA256Update(&sha, (const unsigned char *)key->data, key->len);
	SHA256Final(digest, &sha);
	base64_encode(text, digest, sizeof(digest));
	text[strcspn(text, "=")] = '\0';
	return xasprintf(SSH_PREFIX "%s", text);
}

char *
ssh_fingerprint(const char *info)
{
	struct buf key = BUF_INITIALIZER;
	unsigned char *blob;
	char *found = NULL;
	const char *next;
	ssize_t n;

	for (; *info != '\0' && found == NULL; info = next) {
		size_t len = strcspn(info, "\n");

		next = info + len + (info[len] == '\n');
		if (strncmp(info, SSH_METHOD, strlen(SSH_METHOD)) != 0)
			continue;
		info += strlen(SSH_METHOD);
		info += strcspn(info, " \n");
		if (*info != ' ')
			continue;
		info++;
		len = strcspn(info, " \n");
		blob = xmalloc(len / 4 * 3 + 1);
		n = base64_decode(blob, info, len);
		buf_reset(&key);
		if (n > 0 && ssh_plain_key(&key, blob, (size_t)n))
			found = ssh_hash(&key);
		free(blob);
	}
	buf_fini(&key);
	return found;
}

char *
ssh_read_key(const char *path)
{
	struct buf info = BUF_INITIALIZER;
	char *found = NULL;
	ssize_t n = -1;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd == -1)
		return NULL;
	while (info.len < SSH_AUTH_MAX) {
		n = read(fd, buf_reserve(&info, 4096), 4096);
		if (n <= 0)
			break;
		info.len += (size_t)n;
	}
	(void)close(fd);
	/* What is cut off may be the half of a key. */
	if (n == 0)
		found = ssh_fingerprint(buf_cstr(&info));
	buf_fini(&info);
	return found;
}
