// SPDX-License-Identifier: ISC
// Copyright (c) 2026 The brbd authors
//
// A room as the page knows it: its timeline, its people, how far it was read. A
// conversation with one person is the same without numbers and people.
//
// Lines come in two ways. In a run (a catch-up) the server sends all that there
// is in order and says what is gone: each line is joined to the one before it in
// the run. Live, a line is appended if its number is the next one; if not, it is
// held until the server has been asked what is between.

import { Timeline } from "./timeline.js";
import { mentionTest } from "./text.js";

export const ROOM_ITEMS_MAX = 3000;
const ROOM_ITEMS_HARD_MAX = 20000;

const KINDS = new Set(["say", "me", "notice", "topic"]);

// An object of the protocol as a line; null if it is none.
export function toLine(o) {
	const kind = o.event === "msg" ? o.kind : o.event;
	if (!KINDS.has(kind) || !/^[0-9]{1,20}$/.test(o.number ?? ""))
		return null;
	return { n: BigInt(o.number), kind, nick: String(o.nick ?? ""),
		text: String(o.text ?? ""), time: Date.parse(o.time) || 0,
		id: o.id, msgid: o.msgid };
}

// A page of history as lines, each with what is lost before it.
export function toLines(messages) {
	const lines = [];
	let lost = null;
	for (const o of messages) {
		if (o.event === "gap") {
			lost = { count: o.count, uncertain: o.uncertain };
			continue;
		}
		const line = toLine(o);
		if (line === null)
			continue;
		if (lost !== null)
			line.lost = lost;
		lost = null;
		lines.push(line);
	}
	return lines;
}

export class Room {
	timeline = new Timeline();
	people = new Map();
	topic = null;
	// out, joining, catching-up, live
	state = "out";
	// The server's last number when we came in.
	lastKnown = 0n;
	// The last number that was read; null: not known yet.
	read = null;
	// The line before which "new" stands; null: nowhere.
	divider = null;
	unread = 0;
	mentions = 0;
	// What the server says is to come: {count, received, by}.
	catchup = null;
	// The run that goes on: the number before the next line; null: none.
	run = null;
	held = [];
	isAsking = false;
	isLoading = false;
	// May lines leap, since some are hidden from us?
	hides = false;
	#lost = null;
	#part = null;
	#mentions = () => false;

	constructor(name, kind = "room") {
		this.name = name;
		this.kind = kind;
	}

	// What the server calls it in requests, and the page in what it keeps.
	get key() {
		return this.kind === "talk" ? `@${this.name}` : this.name;
	}

	setMe(nick) {
		this.me = nick;
		this.#mentions = mentionTest(nick);
	}

	// The number up to which all is here or can be asked for above.
	get end() {
		const { last } = this.timeline;
		return last > this.lastKnown ? last : this.lastKnown;
	}

	// An id is shown with what was said in this browser alone.
	#look(line) {
		line.mine = line.nick === this.me || line.id !== undefined;
		line.mention = !line.mine && this.kind === "room" &&
		    this.#mentions(line.text);
	}

	// What is told of each line that is new here.
	#mark(line) {
		this.#look(line);
		if (line.mine || line.kind === "topic" ||
		    (this.read !== null && line.n <= this.read))
			return;
		this.unread++;
		this.mentions += line.mention;
		/* What was missed stands behind a divider from the first on. */
		if (this.run !== null && this.read !== null)
			this.divider ??= this.read;
	}

	// The first line that is new; or null.
	firstUnread() {
		if (this.divider === null)
			return null;
		const items = this.timeline.items;
		for (let i = this.timeline.indexOf(this.divider + 1n);
		     i < items.length; i++)
			if (items[i].sub === 0 && !items[i].mine)
				return items[i];
		return null;
	}

	lose(count, uncertain) {
		this.#lost = { count, uncertain };
	}

	beginRun(after) {
		this.run = { previous: after, fresh: null };
		this.held = [];
	}

	// Takes a line that came. Returns "added", "known", or "ask" if the server
	// has to be asked before it can be shown.
	receive(line) {
		if (this.#lost !== null) {
			line.lost = this.#lost;
			this.#lost = null;
		}
		if (this.run !== null)
			return this.#receiveInRun(line) ? "added" : "known";
		if (this.held.length > 0) {
			this.#hold(line);
			return "ask";
		}
		const last = this.end;
		if (line.n <= last) {
			if (this.timeline.line(line.n) !== null)
				return "known";
			this.#mark(line);
			this.timeline.insert(line, null);
			return "added";
		}
		if (line.n !== last + 1n && !line.lost && !this.hides) {
			this.#hold(line);
			return "ask";
		}
		this.#append(line, true);
		return "added";
	}

	#receiveInRun(line) {
		const run = this.run, last = this.timeline.last;
		let added = true;
		if (run.fresh === "new" && this.read === null)
			this.read = line.n - 1n;
		if (line.n > last)
			this.#append(line,
			    last === 0n || run.previous === last);
		else {
			added = this.timeline.insert(line, run.previous);
			if (added)
				this.#mark(line);
		}
		run.previous = line.n;
		if (this.catchup !== null)
			this.catchup.received++;
		return added;
	}

	#append(line, joined) {
		this.#mark(line);
		this.timeline.append(line, joined);
	}

	#hold(line) {
		if (this.held.some((l) => l.n === line.n))
			return;
		this.held.push(line);
		this.held.sort((a, b) => a.n < b.n ? -1 : 1);
	}

	// What one says during a run has a number before the run has come there.
	ownInRun(line) {
		if (this.timeline.line(line.n) === null) {
			this.#mark(line);
			this.timeline.insert(line, null);
		}
	}

	// The run is over: all before now is here, and so is joined.
	endRun() {
		const items = this.timeline.items;
		const end = this.run?.previous ?? null;
		if (end !== null)
			for (let i = this.timeline.indexOf(end + 1n);
			     i < items.length; i++)
				items[i].joined = true;
		this.run = null;
		this.catchup = null;
		if (this.read === null)
			this.read = this.end;
		this.recount();
	}

	// What the server has between our last line and the held ones. isAll: it
	// has no more there. Returns the lines that are new.
	fill(lines, isAll) {
		const held = this.held, shown = [];
		this.held = [];
		for (const line of [...lines, ...held]) {
			const last = this.end;
			if (line.n <= last)
				continue;
			const known = lines.includes(line);
			if (!known && !isAll && lines.length > 0 &&
			    line.n !== last + 1n) {
				this.#hold(line);
				continue;
			}
			this.#append(line, true);
			shown.push(line);
		}
		return shown;
	}

	// Those of the held ones that are the next now.
	drain() {
		const shown = [];
		while (this.held.length > 0 &&
		    this.held[0].n <= this.end + 1n) {
			const line = this.held.shift();
			if (line.n > this.end) {
				this.#append(line, true);
				shown.push(line);
			}
		}
		return shown;
	}

	// There was no answer: they are shown behind a hole.
	giveUp() {
		const held = this.held;
		this.held = [];
		held.forEach((line, i) => {
			if (line.n > this.end)
				this.#append(line, i > 0 &&
				    held[i - 1].n + 1n === line.n);
		});
		return held;
	}

	merge(lines, next) {
		for (const line of lines)
			if (this.timeline.line(line.n) === null)
				this.#look(line);
		this.timeline.merge(lines, next);
		this.recount();
	}

	// What came or was said in private has no number until it is read back.
	dropLive(lines) {
		const ids = new Set(lines.map((l) => l.msgid));
		for (const item of this.timeline.items.filter((i) =>
			i.sub !== 0 && ids.has(i.msgid)))
			this.timeline.removeNote(item);
	}

	hasMessage(msgid) {
		return Boolean(msgid) && this.timeline.items.some((i) =>
			i.msgid === msgid);
	}

	// Puts in what has no number: a note, or a private message.
	note(item) {
		if (item.kind !== "note") {
			item.mine = item.nick === this.me;
			if (!item.mine && !item.isOld)
				this.unread++;
		}
		return this.timeline.note(item);
	}

	recount() {
		if (this.kind === "talk")
			return;
		const read = this.read ?? this.timeline.last;
		this.unread = this.mentions = 0;
		for (const item of this.unreadLines(read)) {
			this.unread++;
			this.mentions += item.mention;
		}
	}

	// What others said after a number.
	unreadLines(after = this.divider ?? this.read ?? this.timeline.last) {
		return this.timeline.items.slice(
		    this.timeline.indexOf(after + 1n)).filter((i) =>
			i.sub === 0 && i.kind !== "topic" && !i.mine);
	}

	// The divider stands where reading stopped; in a conversation before the
	// last so many that others have said.
	placeDivider() {
		if (this.unread === 0)
			this.divider = null;
		else if (this.kind === "room")
			this.divider = this.read;
		else {
			const first = this.timeline.items.filter((i) =>
				i.sub === 0 && !i.mine).slice(-this.unread)[0];
			this.divider = first ? first.n - 1n : null;
		}
	}

	// All that is here was read; returns what undoes it.
	markRead() {
		const before = { read: this.read, divider: this.divider };
		const last = this.timeline.last;
		if (this.read === null || last > this.read)
			this.read = last;
		this.divider = null;
		this.unread = this.mentions = 0;
		return before;
	}

	// Read up to there, says another session or who goes back.
	readUpTo(n) {
		this.read = n;
		this.recount();
		this.placeDivider();
	}

	unmark({ read, divider }) {
		this.read = read;
		this.divider = divider ?? read;
		this.recount();
	}

	// Memory is bounded, and less so while somebody reads up there.
	trim(isReading) {
		return this.timeline.trim(isReading || this.divider !== null ?
		    ROOM_ITEMS_HARD_MAX : ROOM_ITEMS_MAX);
	}

	// People

	addPeople(list, more) {
		this.#part ??= new Map();
		for (const p of list)
			this.#part.set(p.nick, p);
		if (more)
			return;
		this.people = this.#part;
		this.#part = null;
	}

	came(nick) {
		this.people.set(nick, this.people.get(nick) ?? { nick });
		this.#part?.set(nick, { nick });
	}

	left(nick) {
		this.#part?.delete(nick);
		return this.people.delete(nick);
	}

	renamed(was, nick) {
		const p = this.people.get(was);
		if (!p)
			return false;
		this.people.delete(was);
		this.people.set(nick, { ...p, nick });
		return true;
	}

	away(nick, text) {
		const p = this.people.get(nick);
		if (!p)
			return false;
		if (text === null)
			delete p.away;
		else
			p.away = text;
		return true;
	}

	// In alphabetical order, those who lead first, those on break last.
	sortedPeople() {
		const rank = (p) => p.away !== undefined || p.lost ? 2 :
		    p.op ? 0 : 1;
		return [...this.people.values()].sort((a, b) =>
		    rank(a) - rank(b) || a.nick.localeCompare(b.nick, "en",
			{ sensitivity: "base", numeric: true }));
	}
}
