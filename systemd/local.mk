# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The brbd authors

# Service files: made everywhere, and so tested; installed when configure was
# told where.

units = systemd/brbd.service systemd/brbd@.service
unit_paths = -e 's|@bindir[@]|$(bindir)|g' -e 's|@sbindir[@]|$(sbindir)|g' \
	-e 's|@sysconfdir[@]|$(sysconfdir)|g'

systemd/brbd.service: $(srcdir)/systemd/brbd.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) systemd && sed $(unit_paths) \
	    -e 's|@OF[@]||' -e 's|@SETTINGS[@]|brbd|' \
	    -e 's|@STATE[@]|brbd|g' -e 's|@RUNTIME[@]|brbd|g' \
	    $(srcdir)/systemd/brbd.service.in >$@.tmp && mv -f $@.tmp $@
systemd/brbd@.service: $(srcdir)/systemd/brbd.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) systemd && sed $(unit_paths) \
	    -e 's|@OF[@]| (%i)|' -e 's|@SETTINGS[@]|%i|' \
	    -e 's|@STATE[@]|brbd/%i|g' -e 's|@RUNTIME[@]|brbd-%i|g' \
	    $(srcdir)/systemd/brbd.service.in >$@.tmp && mv -f $@.tmp $@

noinst_DATA = $(units)
CLEANFILES += $(units)
EXTRA_DIST += systemd/brbd.service.in systemd/brbd.socket \
	systemd/brbd@.socket systemd/brbd.sysusers

if INSTALL_UNITS
install-data-local: $(units)
	$(MKDIR_P) "$(DESTDIR)$(systemdsystemunitdir)" \
	    "$(DESTDIR)$(sysusersdir)"
	$(INSTALL_DATA) $(units) $(srcdir)/systemd/brbd.socket \
	    $(srcdir)/systemd/brbd@.socket \
	    "$(DESTDIR)$(systemdsystemunitdir)"
	$(INSTALL_DATA) $(srcdir)/systemd/brbd.sysusers \
	    "$(DESTDIR)$(sysusersdir)/brbd.conf"
uninstall-local:
	cd "$(DESTDIR)$(systemdsystemunitdir)" && rm -f brbd.service \
	    brbd@.service brbd.socket brbd@.socket
	rm -f "$(DESTDIR)$(sysusersdir)/brbd.conf"
endif
