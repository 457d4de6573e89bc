/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * By which key somebody came by ssh, as sshd tells it; the fingerprints are what
 * "ssh-keygen -l" prints.
 */
#include "config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "brb/ssh.h"
#include "unit.h"

#define ED25519 \
	"AAAAC3NzaC1lZDI1NTE5AAAAIBtlYMityZXLdWjgIdSFGw69chyW5+9qlCQOTh5aavbY"
#define ED25519_HASH "SHA256:GXargIuOj29u0w+6ZPM/+VTWE8k3WwgQ9UbsICGzJlo"
#define ED25519_CERTIFICATE \
	"AAAAIHNzaC1lZDI1NTE5LWNlcnQtdjAxQG9wZW5zc2guY29tAAAAIAD/UKS90ACbW7N7" \
	"VZ0/dH/FkuKr3Nkn6n8QjtaQ+emZAAAAIBtlYMityZXLdWjgIdSFGw69chyW5+9qlCQO" \
	"Th5aavbYAAAAAAAAAAAAAAABAAAAAm1lAAAABgAAAAJtZQAAAAAAAAAA//////////8A" \
	"AAAAAAAAggAAABVwZXJtaXQtWDExLWZvcndhcmRpbmcAAAAAAAAAF3Blcm1pdC1hZ2Vu" \
	"dC1mb3J3YXJkaW5nAAAAAAAAABZwZXJtaXQtcG9ydC1mb3J3YXJkaW5nAAAAAAAAAApw" \
	"ZXJtaXQtcHR5AAAAAAAAAA5wZXJtaXQtdXNlci1yYwAAAAAAAAAAAAAAMwAAAAtzc2gt" \
	"ZWQyNTUxOQAAACCaWftNhGREQcyADGYVmZcjsqo4AALld7WYNvlnixuQeQAAAFMAAAAL" \
	"c3NoLWVkMjU1MTkAAABAFIo8xs87G6FqFUacLR/Ao6H9LnP+M5wmg/wBkIe4lwi0nVZI" \
	"bDTaIZxSvfQgntDLFDlUSi9gia8bTYLbi1zpDA=="
#define ECDSA \
	"AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBOn6RXfkefR/Apb+" \
	"WpVsW15fRvoCtQzmT6txwXgnQk442HpryU4sPJ+a0BCptypBjut9clYmCdITGwx63YyV" \
	"KN4="
#define ECDSA_HASH "SHA256:iis2Mw3NIIPMzFCQathH4LgP1W011ecec/aJSWk6j/g"
#define ECDSA_CERTIFICATE \
	"AAAAKGVjZHNhLXNoYTItbmlzdHAyNTYtY2VydC12MDFAb3BlbnNzaC5jb20AAAAgFZ20" \
	"HXY2QQdVXhOfGHzL0B9VB/jxX1SPvnASU9HFejMAAAAIbmlzdHAyNTYAAABBBOn6RXfk" \
	"efR/Apb+WpVsW15fRvoCtQzmT6txwXgnQk442HpryU4sPJ+a0BCptypBjut9clYmCdIT" \
	"Gwx63YyVKN4AAAAAAAAAAAAAAAEAAAACbWUAAAAGAAAAAm1l"

static const struct {
	const char *info, *hash;
} check_keys[] = {
	{ "publickey ssh-ed25519 " ED25519 "\n", ED25519_HASH },
	{ "publickey ssh-ed25519 " ED25519, ED25519_HASH },
	{ "password\npublickey ecdsa-sha2-nistp256 " ECDSA "\n", ECDSA_HASH },
	/* Two keys were asked for: the first counts. */
	{ "publickey ssh-ed25519 " ED25519
	  "\npublickey ecdsa-sha2-nistp256 " ECDSA "\n",
	    ED25519_HASH },
	{ "publickey ssh-ed25519-cert-v01@openssh.com " ED25519_CERTIFICATE
	  "\n",
	    ED25519_HASH },
	{ "publickey ecdsa-sha2-nistp256-cert-v01@openssh.com " ECDSA_CERTIFICATE
	  "\n",
	    ECDSA_HASH },
	{ "", NULL },
	{ "\n\n", NULL },
	{ "password\n", NULL },
	{ "keyboard-interactive/pam\n", NULL },
	{ "publickey\n", NULL },
	{ "publickey ssh-ed25519\n" ED25519 "\n", NULL },
	{ "publickey ssh-ed25519 \n", NULL },
	{ "publickey ssh-ed25519 AAAA\n", NULL },
	{ "publickey ssh-ed25519 not=base64\n", NULL },
	/* A certificate that ends in the nonce, and in the key. */
	{ "publickey x AAAAIHNzaC1lZDI1NTE5LWNlcnQtdjAxQG9wZW5zc2guY29tAAAA"
	  "IAD/\n",
	    NULL },
	{ "publickey x AAAAIHNzaC1lZDI1NTE5LWNlcnQtdjAxQG9wZW5zc2guY29tAAAA"
	  "AAAAACAb\n",
	    NULL },
};

START_TEST(test_fingerprint)
{
	char *got = ssh_fingerprint(check_keys[_i].info);

	if (check_keys[_i].hash == NULL)
		ck_assert_ptr_null(got);
	else {
		ck_assert_ptr_nonnull(got);
		ck_assert_str_eq(got, check_keys[_i].hash);
	}
	free(got);
}
END_TEST

/* Cut off anywhere it is never another key, and nothing else happens. */
START_TEST(test_cut)
{
	static const char whole[] =
	    "publickey ssh-ed25519-cert-v01@openssh.com " ED25519_CERTIFICATE;
	char *copy, *got;
	size_t i;

	for (i = 0; i < sizeof(whole); i++) {
		copy = strndup(whole, i);
		got = ssh_fingerprint(copy);
		if (got != NULL)
			ck_assert_str_eq(got, ED25519_HASH);
		free(got);
		free(copy);
	}
	ck_assert_ptr_null(ssh_read_key("/nonexistent"));
	ck_assert_ptr_null(ssh_read_key("/"));
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "ssh_key", NULL, NULL);

	tcase_add_loop_test(tc, test_fingerprint, 0, (int)NITEMS(check_keys));
	tcase_add_test(tc, test_cut);
}
