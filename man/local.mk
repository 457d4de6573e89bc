# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The brbd authors

# Options, commands and verbs are described in one place each: options/options.def,
# plain/commands.def, irc/commands.def, json/commands.def, admin/verbs.def. gendoc turns them into what
# the manual pages and the sample settings file say.

if HAVE_GENDOC
gendoc =
run_gendoc = $(GENDOC)
else
gendoc = src/gendoc$(EXEEXT)
run_gendoc = ./src/gendoc$(EXEEXT)
endif

fragments = man/commands.mdoc man/irc-caps.mdoc man/irc-commands.mdoc \
	man/json-commands.mdoc man/options.mdoc man/verbs.mdoc
pages = man/brbctl.8 man/brbd.8 man/brbd.conf.5 man/brbd-irc.7 \
	man/brbd-json.7 man/brbd-protocol.7
if HAVE_JANSSON
pages += man/brb.1
endif
man_MANS = $(pages)

man/options.mdoc: $(gendoc)
	$(AM_V_GEN)$(MKDIR_P) man && \
	$(run_gendoc) options-mdoc >$@.tmp && mv -f $@.tmp $@
man/commands.mdoc: $(gendoc)
	$(AM_V_GEN)$(MKDIR_P) man && \
	$(run_gendoc) commands-mdoc >$@.tmp && mv -f $@.tmp $@
man/verbs.mdoc: $(gendoc)
	$(AM_V_GEN)$(MKDIR_P) man && \
	$(run_gendoc) verbs-mdoc >$@.tmp && mv -f $@.tmp $@
man/irc-commands.mdoc: $(gendoc)
	$(AM_V_GEN)$(MKDIR_P) man && \
	$(run_gendoc) irc-commands-mdoc >$@.tmp && mv -f $@.tmp $@
man/json-commands.mdoc: $(gendoc)
	$(AM_V_GEN)$(MKDIR_P) man && \
	$(run_gendoc) json-commands-mdoc >$@.tmp && mv -f $@.tmp $@
man/irc-caps.mdoc: $(gendoc)
	$(AM_V_GEN)$(MKDIR_P) man && \
	$(run_gendoc) irc-caps-mdoc >$@.tmp && mv -f $@.tmp $@
brbd.conf.sample: $(gendoc)
	$(AM_V_GEN)$(run_gendoc) sample >$@.tmp && mv -f $@.tmp $@

man/brb.1: man/brb.1.in
man/brbctl.8: man/brbctl.8.in
man/brbd.8: man/brbd.8.in
man/brbd.conf.5: man/brbd.conf.5.in
man/brbd-irc.7: man/brbd-irc.7.in
man/brbd-json.7: man/brbd-json.7.in
man/brbd-protocol.7: man/brbd-protocol.7.in
$(pages): $(fragments) Makefile
	$(AM_V_GEN)sed \
	    -e '/^@OPTIONS@$$/{r man/options.mdoc' -e 'd;}' \
	    -e '/^@COMMANDS@$$/{r man/commands.mdoc' -e 'd;}' \
	    -e '/^@IRC_CAPS@$$/{r man/irc-caps.mdoc' -e 'd;}' \
	    -e '/^@IRC_COMMANDS@$$/{r man/irc-commands.mdoc' -e 'd;}' \
	    -e '/^@JSON_COMMANDS@$$/{r man/json-commands.mdoc' -e 'd;}' \
	    -e '/^@VERBS@$$/{r man/verbs.mdoc' -e 'd;}' \
	    -e 's|@DATADIR[@]|$(datadir)|g' \
	    -e 's|@DOCDIR[@]|$(docdir)|g' \
	    -e 's|@RUNSTATEDIR[@]|$(runstatedir)|g' \
	    -e 's|@SYSCONFDIR[@]|$(sysconfdir)|g' \
	    -e 's|@VERSION[@]|$(VERSION)|g' \
	    $(srcdir)/$@.in >$@.tmp && mv -f $@.tmp $@

CLEANFILES += $(pages) $(fragments) brbd.conf.sample
EXTRA_DIST += man/brb.1.in man/brbctl.8.in man/brbd.8.in man/brbd.conf.5.in \
	man/brbd-irc.7.in man/brbd-json.7.in man/brbd-protocol.7.in
