/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef SSH_H
#define SSH_H

#include "base/util.h"

#define SSH_WORDS_MAX 64

/*
 * The words of a command that somebody gave to ssh, who gets brb and nothing
 * else: blanks part them, and quotes keep them together; nothing is expanded.
 * The first is the verb. Returns how many there are; words, which end with
 * NULL, point into command, which is changed. -1: it is none that they may use;
 * *why is a static string.
 */
int ssh_words(char *command, char *words[SSH_WORDS_MAX + 1],
    const char **why) MUST_CHECK;

/*
 * The fingerprint of the first key in what sshd(8) tells in the file that
 * SSH_USER_AUTH names: "SHA256:...", as ssh-keygen -l prints it, of the key in a
 * certificate, too. The caller frees it; NULL: they did not come by a key. The
 * second reads that file.
 */
char *ssh_fingerprint(const char *info) MUST_CHECK;
char *ssh_read_key(const char *path) MUST_CHECK;

#endif
