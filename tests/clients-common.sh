# shellcheck shell=sh
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The brbd authors
#
# What tests/clients and tests/clients-tls share: people with programs in
# terminals of tmux(1), each in one of their own. Whoever reads this has set
# $people, their names; $tools, the programs that are needed; $timeout, and
# $screens, a directory or nothing.
# shellcheck disable=SC2154

for tool in $tools; do
	if ! command -v "$tool" >/dev/null; then
		echo "$tool is missing (Debian: irssi, netcat-openbsd, tmux," \
		    "weechat-curses)"
		exit 77
	fi
done

work=$(mktemp -d)
unset TMUX
export TMUX_TMPDIR="$work" HOME="$work" LC_ALL=C.UTF-8 TZ=UTC SHELL=/bin/sh
brbd_pid=

clean_up() {
	for name in $people; do
		tmux -L "$name" kill-server 2>/dev/null || :
	done
	if [ -n "$brbd_pid" ]; then
		kill "$brbd_pid" 2>/dev/null || :
		wait "$brbd_pid" || :
	fi
	# They are still writing their settings, perhaps.
	until rm -rf "$work" 2>/dev/null; do
		sleep 0.1
	done
}
trap clean_up EXIT
trap 'exit 1' HUP INT PIPE TERM

screen() {
	tmux -L "$1" capture-pane -p -S -
}

save_screens() {
	[ -n "$screens" ] || return 0
	for name in $people; do
		screen "$name" | sed 's/ *$//' >"$screens/$name" || :
	done
	cp "$work/log" "$screens/log"
}

fail() {
	echo "$*"
	save_screens
	for name in $people; do
		echo "--- the screen of $name:"
		screen "$name" 2>/dev/null | sed '/^ *$/d' || :
	done
	echo "--- the log of brbd:"
	cat "$work/log"
	exit 1
}

# until_true WHAT COMMAND...: tries until the command succeeds.
until_true() {
	what=$1
	shift
	end=$(($(date +%s) + timeout))
	until "$@"; do
		[ "$(date +%s)" -lt "$end" ] || fail "timeout: $what"
		sleep 0.1
	done
}

shows() {
	screen "$1" 2>/dev/null | grep -q -e "$2"
}

# sees NAME PATTERN: waits until it is on the screen.
sees() {
	until_true "$1 does not see '$2'" shows "$1" "$2"
}

shows_times() {
	[ "$(screen "$2" 2>/dev/null | grep -c -e "$3")" -eq "$1" ]
}

sees_times() {
	until_true "$2 does not see '$3' $1 times" shows_times "$@"
}

# starts NAME COMMAND: in a terminal with room for all that comes.
starts() {
	tmux -L "$1" -f /dev/null new-session -d -x 120 -y 100 "exec $2"
}

types() {
	tmux -L "$1" send-keys -l "$2"
	tmux -L "$1" send-keys Enter
}
