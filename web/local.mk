# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The brbd authors

# The page: a browser can load these files as they are; src/web/bundle gives it
# the modules as one.
web_files = \
	%D%/account.js \
	%D%/actions.js \
	%D%/app.js \
	%D%/chat.js \
	%D%/commands.js \
	%D%/composer.js \
	%D%/dialog.js \
	%D%/dom.js \
	%D%/emitter.js \
	%D%/events.js \
	%D%/head.js \
	%D%/icon.svg \
	%D%/index.html \
	%D%/link.js \
	%D%/manifest.webmanifest \
	%D%/notify.js \
	%D%/outbox.js \
	%D%/panels.js \
	%D%/read.css \
	%D%/room.js \
	%D%/rows.js \
	%D%/side.js \
	%D%/socket.js \
	%D%/store.js \
	%D%/style.css \
	%D%/text.js \
	%D%/timeline.js \
	%D%/view.js \
	%D%/words.js

EXTRA_DIST += $(web_files)
