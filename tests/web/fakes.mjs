// SPDX-License-Identifier: ISC
// Copyright (c) 2026 The brbd authors
//
// What the page's logic stands on, without a browser: time that the test moves,
// a store in memory, chance from a seed, and a server of a few lines that keeps
// rooms, places and client ids as brbd does.

export class FakeTime {
	now = 1_800_000_000_000;
	#queue = [];
	#id = 0;

	timers = {
		set: (ms, fn) => {
			this.#queue.push({ at: this.now + ms, id: ++this.#id,
				fn });
			return this.#id;
		},
		clear: (id) => {
			this.#queue = this.#queue.filter((t) => t.id !== id);
		},
	};

	get waiting() {
		return this.#queue.length;
	}

	pass(ms) {
		const end = this.now + ms;
		for (;;) {
			this.#queue.sort((a, b) => a.at - b.at || a.id - b.id);
			const t = this.#queue[0];
			if (t === undefined || t.at > end)
				break;
			this.#queue.shift();
			this.now = Math.max(this.now, t.at);
			t.fn();
		}
		this.now = end;
	}

	// As a machine that sleeps: nothing is called on the way.
	sleep(ms) {
		this.now += ms;
	}
}

export class FakeArea {
	map = new Map();
	getItem = (k) => this.map.get(k) ?? null;
	setItem = (k, v) => void this.map.set(k, String(v));
	removeItem = (k) => void this.map.delete(k);
}

// mulberry32
export function randomFrom(seed) {
	let a = seed >>> 0;
	return () => {
		a = (a + 0x6d2b79f5) >>> 0;
		let t = Math.imul(a ^ (a >>> 15), 1 | a);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
	};
}

export function ids() {
	let n = 0;
	return () => `id${++n}`;
}

const HELD = 100000;

// One room, "lobby", in which others and one page talk.
export class FakeServer {
	lines = [];
	next = 1n;
	held = HELD;
	version = "1";
	connections = [];
	ids = new Map();
	// The nicks of others who are there.
	people = ["ana"];
	// What the page's person and others have said in private, by nick.
	talks = new Map();
	#guest = 0;

	constructor(time) {
		this.time = time;
	}

	open = (handlers) => {
		const c = new FakeConnection(this, handlers);
		this.connections.push(c);
		return c;
	};

	get connection() {
		return this.connections.find((c) => c.isOpen) ?? null;
	}

	say(nick, text, { by = null, kind = "say" } = {}) {
		const line = { event: kind, room: "lobby",
			number: String(this.next++),
			time: new Date(this.time.now).toISOString(), nick,
			text };
		this.lines.push(line);
		for (const c of this.connections)
			if (c !== by)
				c.live(line);
		return line;
	}

	// In private; told live to who is there, unless live is false.
	tell(nick, text, { live = true, from = nick, kind = "say" } = {}) {
		const talk = this.talks.get(nick) ?? { said: [], shown: 0 };
		const o = { event: "msg", number: String(talk.said.length + 1),
			msgid: `${nick}-${talk.said.length + 1}`,
			time: new Date(this.time.now).toISOString(),
			nick: from, kind, text };
		talk.said.push(o);
		this.talks.set(nick, talk);
		if (live && from === nick) {
			talk.shown = talk.said.length;
			this.connection?.tell({ ...o, number: undefined });
		}
		return o;
	}

	leap(by) {
		this.next += BigInt(by);
	}

	// Those after a number that are held, and how many are not.
	after(n) {
		const all = this.lines.filter((l) => BigInt(l.number) > n);
		const kept = this.lines.slice(-this.held);
		const lines = all.filter((l) => kept.includes(l));
		return { lines, lost: all.length - lines.length };
	}

	guest() {
		return `guest${++this.#guest}`;
	}
}

class FakeConnection {
	isOpen = false;
	isIn = false;
	isOnBreak = false;
	at = 0n;
	log = [];
	// What comes is held back while this is set.
	isDeaf = false;

	constructor(server, handlers) {
		this.server = server;
		this.handlers = handlers;
		this.nick = server.guest();
	}

	accept() {
		this.isOpen = true;
		this.handlers.opened();
		this.tell({ event: "hello", server: "test", protocol: 1,
			version: this.server.version, nick: this.nick,
			lobby: "lobby", max_text: 2048 });
	}

	refuse() {
		this.handlers.closed();
	}

	drop() {
		this.isOpen = this.isIn = false;
		this.handlers.closed();
	}

	close() {
		this.isOpen = this.isIn = false;
	}

	tell(o) {
		if (this.isOpen)
			this.handlers.received(JSON.stringify(o));
	}

	live(line) {
		if (this.isIn && this.isOpen && !this.isOnBreak) {
			this.at = BigInt(line.number);
			this.tell(line);
		}
	}

	send(text) {
		const o = JSON.parse(text);
		this.log.push(o);
		if (!this.isDeaf)
			this.answer(o);
	}

	answer(o) {
		const name = ["nick", "join", "say", "history", "ping", "rooms",
			"brb", "back", "login", "who", "leave", "skip", "msg",
			"quit", "client", "conversations"].find((n) => o[n] !== undefined);
		const done = (more = {}) => this.tell({ done: name, ref: o.ref,
			...more });
		const failed = (error, text) => this.tell({ failed: name,
			ref: o.ref, error, text });
		this[`on_${name}`]?.(o, done, failed);
	}

	on_client(o, done) {
		this.client = o.client;
		done();
	}

	on_ping(o, done) {
		done({ ping: o.ping });
	}

	on_rooms(o, done) {
		done({ rooms: [{ room: "lobby", people: 2, in: this.isIn }] });
	}

	on_nick(o, done, failed) {
		if (this.server.people.includes(o.nick)) {
			failed("nick-taken", "it is taken");
			return;
		}
		this.nick = o.nick;
		done({ nick: o.nick });
	}

	on_login(o, done) {
		this.nick = o.login;
		done({ nick: o.login, account: o.login, failures: 0,
			token: o.token ? "token" : undefined,
			name: o.token ? "token-name" : undefined });
	}

	on_join(o, done, failed) {
		const after = o.after === undefined ? null : BigInt(o.after);
		if (after !== null && after >= this.server.next) {
			failed("no-such-number", "there is no such message");
			return;
		}
		this.isIn = true;
		done({ room: "lobby", topic: null, op: false,
			last: String(this.server.next - 1n) });
		this.tell({ event: "people", room: "lobby", more: false,
			people: [...this.server.people, this.nick].map(
			    (nick) => ({ nick })) });
		this.catchUp(after ?? 0n, after === null ? "past" : "welcome");
	}

	catchUp(after, how) {
		const { lines, lost } = this.server.after(after);
		const e = { room: "lobby" };
		this.tell({ event: how, ...e, count: lines.length + lost,
			away: 60, repeats: 0, mentions: 0, by: [] });
		if (lost > 0)
			this.tell({ event: "gap", ...e, count: lost,
				uncertain: false });
		for (const line of lines)
			this.tell(line);
		this.at = this.server.next - 1n;
		this.tell({ event: "live", ...e });
	}

	on_say(o, done, failed) {
		if (!this.client) {
			failed("no-client", "an id needs a client before it");
			return;
		}
		if (this.isOnBreak) {
			failed("on-break", "you are on break");
			return;
		}
		const key = `${this.client}/${o.id}`;
		let line = this.server.ids.get(key);
		if (!line) {
			line = this.server.say(this.nick, o.say,
			    { by: this, kind: o.kind });
			this.server.ids.set(key, line);
		}
		done({ room: "lobby", number: line.number, time: line.time });
	}

	on_msg(o, done) {
		const key = `${this.client}/@${o.msg}/${o.id}`;
		const known = this.server.ids.get(key);
		const said = known ?? this.server.tell(o.msg, o.text,
		    { from: this.nick, kind: o.kind });
		this.server.ids.set(key, said);
		done({ to: o.msg, msgid: said.msgid, time: said.time,
			kept: false, again: known ? true : undefined });
	}

	on_conversations(o, done) {
		done({ more: false, conversations: [...this.server.talks].map(
		    ([nick, t]) => ({ with: nick, time: t.said.at(-1).time,
			new: t.said.slice(t.shown).filter((m) =>
				m.nick === nick).length })) });
	}

	#readTalk(o, done, failed) {
		const talk = this.server.talks.get(o.history.slice(1));
		if (!talk) {
			failed("no-conversation", "there is none");
			return;
		}
		const below = talk.said.filter((m) => o.before === undefined ||
		    BigInt(m.number) < BigInt(o.before));
		const messages = below.slice(-Number(o.limit));
		talk.shown = talk.said.length;
		done({ with: o.history.slice(1), messages,
			more: messages.length < below.length });
	}

	on_history(o, done, failed) {
		if (o.history.startsWith("@")) {
			this.#readTalk(o, done, failed);
			return;
		}
		const lower = BigInt(o.after ?? 0), limit = Number(o.limit);
		const upper = o.before === undefined ? this.server.next :
		    BigInt(o.before);
		const all = this.server.lines.slice(-this.server.held).filter(
		    (l) => BigInt(l.number) > lower && BigInt(l.number) < upper);
		const messages = o.after === undefined ? all.slice(-limit) :
		    all.slice(0, limit);
		done({ room: "lobby", messages,
			more: messages.length < all.length });
	}

	on_brb(o, done) {
		this.isOnBreak = true;
		done();
	}

	on_back(o, done, failed) {
		if (!this.isOnBreak) {
			failed("not-away", "you are not on break");
			return;
		}
		this.isOnBreak = false;
		done();
		this.catchUp(this.at, "welcome");
	}

	on_leave(o, done) {
		this.isIn = false;
		done();
	}

	on_quit(o, done) {
		done();
		this.drop();
	}
}
