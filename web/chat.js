// SPDX-License-Identifier: ISC
// Copyright (c) 2026 The brbd authors
//
// The chat is the page's end of the protocol, brbd-json(7): who one is, the rooms
// that one is in, what was asked and what came. After each connection it says
// again who one is, comes into all rooms at the last number that it has there,
// and then sends what was not answered; so that a lost connection, a laptop that
// slept and a server that was started anew end in the same place.
//
// It tells the page by events: "state", "rooms", "room" (room), "people" (room),
// "said" (room, line) for what is live, "toast" (text, action).

import { Emitter } from "./emitter.js";
import { Link } from "./link.js";
import { Outbox } from "./outbox.js";
import { Room, toLine, toLines } from "./room.js";
import { receiveEvent } from "./events.js";
import { plural } from "./words.js";

const ORDER_PATIENCE = 300; /* ms, for a line whose number is not the next */
const NICK_AGAIN = [700, 2000, 20000]; /* ms, until a nick is asked for again */
const HISTORY_PAGE = 100;
const TALK_KEPT = 100, TALKS_KEPT = 20;

const isGuestNick = (nick) => /^guest[0-9]+$/.test(nick);

export class Chat extends Emitter {
	rooms = new Map();
	talks = new Map();
	directory = [];
	hello = null;
	me = { nick: null, account: null };
	// Why one is not who one was, in words; or null.
	problem = null;
	onBreak = null; /* its text */
	refusal = null;
	newVersion = false;
	#timers;
	#now;
	#store;
	#tab;
	/* Does one ignore anybody? Then numbers leap. */
	#hides = false;
	#pending = new Map();
	#ref = 0;
	#settled = false;

	constructor({ open, timers, random, now, id, store, tab }) {
		super();
		this.#timers = timers;
		this.#now = now;
		this.#store = store;
		this.#tab = tab;
		this.client = store.get("client") ?? id();
		store.set("client", this.client);
		this.outbox = new Outbox({ store: tab, id });
		this.link = new Link({ open, timers, random, now, handlers: {
			up: () => {},
			down: () => this.#down(),
			received: (o) => this.#received(o),
			probe: () => this.ask({ ping: "there?" }),
			changed: () => this.emit("state"),
		} });
		this.#loadTalks();
	}

	start() {
		this.link.start();
	}

	get isUp() {
		return this.link.state === "up" && this.#settled;
	}

	get lobby() {
		return this.hello?.lobby ?? "lobby";
	}

	now() {
		return this.#now();
	}

	// Requests

	// Sends a request; done(answer) or failed(answer) is called, once.
	ask(object, done = () => {}, failed = () => {}) {
		const ref = String(++this.#ref);
		this.#pending.set(ref, { done, failed });
		if (this.link.send({ ...object, ref }))
			return;
		this.#pending.delete(ref);
		failed({ error: "offline", text: "there is no connection" });
	}

	request(object) {
		return new Promise((done, failed) =>
			this.ask(object, done, failed));
	}

	#received(o) {
		if (o.event !== undefined) {
			receiveEvent(this, o);
			return;
		}
		const p = this.#pending.get(o.ref);
		if (!p)
			return;
		this.#pending.delete(o.ref);
		if (o.done !== undefined)
			p.done(o);
		else
			p.failed(o);
	}

	#down() {
		const pending = [...this.#pending.values()];
		this.#pending.clear();
		this.#settled = false;
		this.outbox.requeue();
		for (const room of this.rooms.values()) {
			if (room.state !== "out")
				room.state = "joining";
			room.run = null;
			room.held = [];
			room.isAsking = room.isLoading = false;
			room.queue = null;
		}
		for (const p of pending)
			p.failed({ error: "offline",
				text: "the connection was lost" });
		this.emit("state");
	}

	// Who one is

	greeted(hello) {
		if (this.hello !== null && this.hello.version !== hello.version)
			this.newVersion = true;
		this.hello = hello;
		this.refusal = null;
		this.onBreak = null;
		this.setMe(hello.nick, null);
		/* We answer what we are asked; who is silent is gone. */
		this.link.send({ ack: "0" });
		/* What is sent once more is known by it. */
		this.ask({ client: this.client });
		const who = this.#store.get("me", {});
		if (who.token && who.account)
			this.#login(who);
		else if (who.nick)
			this.#takeNick(who.nick);
		else
			this.#settle();
	}

	#login(who) {
		this.ask({ login: who.account, password: who.token }, (o) => {
			this.problem = null;
			this.setMe(o.nick, o.account);
			this.#settle();
		}, (o) => {
			if (o.error === "offline")
				return;
			if (o.error === "wrong-password")
				this.#store.set("me", { nick: who.account });
			this.problem = `You are not logged in as ` +
			    `${who.account}: ${o.text}.`;
			this.#settle();
		});
	}

	// It may be one's own earlier connection that has the nick, and is about
	// to end or to be found dead: so it is asked for a few times, first before
	// anything else is done.
	#takeNick(nick, tries = 0) {
		const { hello } = this;
		const isTaken = (o) => {
			const wait = NICK_AGAIN[Math.min(tries,
			    NICK_AGAIN.length - 1)];
			if (o.error !== "nick-taken")
				return false;
			this.#timers.set(wait, () => {
				if (this.hello === hello && this.isGuest &&
				    this.link.state === "up" &&
				    this.#store.get("me", {}).nick === nick)
					this.#takeNick(nick, tries + 1);
			});
			return tries < NICK_AGAIN.length - 1;
		};
		this.ask({ nick }, (o) => {
			this.problem = null;
			this.setMe(o.nick, this.me.account);
			if (this.#settled)
				this.flush();
			else
				this.#settle();
		}, (o) => {
			if (o.error === "offline" || isTaken(o) ||
			    this.#settled)
				return;
			this.problem = o.error === "nick-owned" ?
			    `${nick} belongs to an account. Log in to it, or ` +
				"choose another name." :
			    `You are not ${nick}: ${o.text}.`;
			this.#settle();
		});
	}

	setMe(nick, account) {
		this.me = { nick, account };
		for (const room of [...this.rooms.values(),
			...this.talks.values()])
			room.setMe(nick);
		this.emit("state");
	}

	get isGuest() {
		return isGuestNick(this.me.nick ?? "guest1");
	}

	// Was it typed as the one that one is now? A guest's number changes.
	isMine(e) {
		return e.nick === this.me.nick || e.nick === this.me.account ||
		    (isGuestNick(e.nick) && this.isGuest);
	}

	// The choice of a name by somebody who is here.
	async chooseNick(nick) {
		const o = await this.request({ nick });
		this.problem = null;
		this.#store.set("me", { nick: o.nick });
		this.setMe(o.nick, this.me.account);
		this.flush();
	}

	async login(name, password) {
		const o = await this.request({ login: name, password,
			token: true });
		this.#loggedIn(o);
		return o;
	}

	async register(password) {
		const o = await this.request({ register: password, token: true });
		this.#loggedIn(o);
		return o;
	}

	#loggedIn(o) {
		this.problem = null;
		if (o.failures > 0)
			this.emit("toast", `There were ${plural(o.failures,
			    "wrong password")} since you were here last.`);
		this.#store.set("me", { nick: o.nick, account: o.account,
			token: o.token, tokenName: o.name });
		this.setMe(o.nick, o.account);
		for (const room of this.rooms.values())
			this.saveRead(room);
		this.flush();
	}

	// The account may have been given another of its names.
	accountIs(name) {
		if (name === this.me.account)
			return;
		this.#store.set("me", { ...this.#store.get("me", {}),
			account: name });
		this.setMe(this.me.nick, name);
		for (const room of this.rooms.values())
			this.saveRead(room);
	}

	// Is who one was no more: what was kept here about that goes, and the token
	// lets nobody in any more.
	logout() {
		const { tokenName } = this.#store.get("me", {});
		if (tokenName)
			this.ask({ account: "remove", name: tokenName });
		this.#store.remove("me");
		this.talks.clear();
		this.#tab.remove("talks");
		this.ask({ quit: true });
		this.emit("rooms");
	}

	// Leaves, until one does something again.
	quit(text) {
		this.ask({ quit: text || true }, () => this.link.stop());
	}

	stayGuest() {
		this.problem = null;
		this.#store.set("me", { guest: true });
		this.emit("state");
	}

	get hasChosen() {
		const who = this.#store.get("me", {});
		return !this.isGuest || (Boolean(who.guest) &&
		    this.problem === null);
	}

	// It is known who one is: into the rooms.
	#settle() {
		this.#settled = true;
		const names = new Set([...this.#store.get("rooms", [])]);
		for (const room of this.rooms.values()) {
			if (room.state !== "out")
				names.add(room.name);
			/* How far, depends on who one is. */
			if (room.timeline.last === 0n)
				room.read = this.#storedRead(room.name);
		}
		if (names.size === 0)
			names.add(this.lobby);
		for (const name of names)
			this.join(name);
		this.refreshDirectory().catch(() => {});
		this.refreshIgnores();
		this.#refreshTalks();
		this.flush();
		this.emit("state");
	}

	// Of a guest's conversations the server knows nothing.
	#refreshTalks() {
		this.ask({ conversations: true }, (o) => {
			for (const c of o.conversations) {
				const talk = this.talk(c.with);
				talk.unread = Math.max(talk.unread, c.new);
			}
			this.emit("rooms");
		});
	}

	// Reads a conversation back, as somebody looks at it: for the server, what
	// was asked for is not new any more.
	async readTalk(talk) {
		const { unread } = talk;
		if (this.isGuest || talk.isLoading || !this.isUp)
			return;
		talk.isLoading = true;
		try {
			const o = await this.request({ history: talk.key,
				limit: String(HISTORY_PAGE) });
			const lines = toLines(o.messages);
			talk.dropLive(lines);
			talk.merge(lines, {});
			talk.timeline.more = o.more;
		} catch {
			/* There is none yet. */
			talk.timeline.more = false;
		}
		talk.isLoading = false;
		talk.unread = unread;
		talk.placeDivider();
		talk.unread = 0;
		this.emit("live", talk);
		this.emit("rooms");
		this.emit("room", talk);
	}

	// Rooms

	room(name) {
		let room = this.rooms.get(name);
		if (!room) {
			room = new Room(name);
			room.setMe(this.me.nick);
			room.read = this.#storedRead(name);
			this.rooms.set(name, room);
			this.emit("rooms");
		}
		return room;
	}

	talk(nick) {
		const key = nick.toLowerCase();
		let talk = this.talks.get(key);
		if (!talk) {
			talk = new Room(nick, "talk");
			talk.setMe(this.me.nick);
			talk.state = "live";
			this.talks.set(key, talk);
			this.emit("rooms");
		}
		return talk;
	}

	get #reader() {
		return this.me.account ?? "";
	}

	#storedRead(name) {
		const n = this.#store.get("read", {})[this.#reader]?.[name];
		return /^[0-9]{1,20}$/.test(n ?? "") ? BigInt(n) : null;
	}

	saveRead(room) {
		if (room.kind !== "room" || room.read === null)
			return;
		const all = this.#store.get("read", {});
		all[this.#reader] = { ...all[this.#reader],
			[room.name]: String(room.read) };
		this.#store.set("read", all);
	}

	#saveRooms() {
		this.#store.set("rooms", [...this.rooms.values()].filter(
		    (r) => r.state !== "out").map((r) => r.name));
	}

	// Comes into a room. after is where the page stopped: at its last line, or
	// if it has none, at the last that was read.
	join(name, key) {
		const room = this.room(name);
		const last = room.timeline.last;
		const after = last > 0n ? last : room.read;
		const o = { join: name };
		if (key)
			o.key = key;
		if (after !== null && after > 0n)
			o.after = String(after);
		room.state = "joining";
		room.error = null;
		room.beginRun(o.after ? after : null);
		room.queue = last > 0n ? [] : null;
		this.ask(o, (a) => this.#joined(room, a),
		    (a) => this.#notJoined(room, a, key, Boolean(o.after)));
		if (room.queue !== null)
			this.#verify(room, last);
		this.emit("room", room);
		return room;
	}

	#joined(room, o) {
		room.topic = o.topic;
		room.lastKnown = BigInt(o.last ?? 0);
		if (room.state === "joining")
			room.state = "catching-up";
		this.#saveRooms();
		this.flush();
		this.emit("rooms");
		this.emit("room", room);
	}

	#notJoined(room, o, key, hadAfter) {
		if (o.error === "offline")
			return;
		room.run = null;
		if (o.error === "is-there") {
			room.state = "live";
		} else if (o.error === "no-such-number" && hadAfter) {
			/* The server has begun a new history. */
			this.#forgetHistory(room);
			this.join(room.name, key);
			return;
		} else {
			room.state = "out";
			room.error = o.text;
			this.emit("toast", `You are not in ${room.name}: ` +
			    `${o.text}`);
			if (room.timeline.items.length === 0 &&
			    room.name !== this.lobby)
				this.rooms.delete(room.name);
			this.#saveRooms();
		}
		this.emit("rooms");
		this.emit("room", room);
	}

	// Numbers are unique, but a server that keeps nothing begins anew when it
	// is started. So the last line that we have is compared with the server's
	// of that number, and what comes has to wait for that.
	#verify(room, last) {
		const ours = room.timeline.line(last);
		const { queue } = room;
		const go = () => {
			if (room.queue !== queue)
				return;
			room.queue = null;
			for (const o of queue)
				receiveEvent(this, o);
		};
		this.ask({ history: room.name, after: String(last - 1n),
			before: String(last + 1n), limit: "1" }, (o) => {
			const theirs = toLines(o.messages)[0];
			if (!theirs || theirs.n !== last ||
			    theirs.time === ours.time || room.state === "out") {
				go();
				return;
			}
			room.queue = null;
			this.#forgetHistory(room);
			this.ask({ leave: room.name });
			this.join(room.name);
		}, go);
	}

	#forgetHistory(room) {
		room.timeline.freeze("The server has begun a new history; what " +
		    "stands above is known to this page alone.", this.#now());
		room.read = room.divider = null;
		room.lastKnown = 0n;
		room.recount();
	}

	leave(room) {
		if (room.kind === "talk")
			this.talks.delete(room.name.toLowerCase());
		else {
			if (room.state !== "out")
				this.ask({ leave: room.name });
			room.state = "out";
			this.rooms.delete(room.name);
			this.#saveRooms();
			this.refreshDirectory().catch(() => {});
		}
		this.#saveTalks();
		this.emit("rooms");
	}

	async refreshDirectory() {
		const o = await this.request({ rooms: true });
		this.directory = o.rooms;
		this.emit("rooms");
		return o.rooms;
	}

	refreshIgnores() {
		this.ask({ ignore: null }, (o) => {
			this.#hides = o.ignored.length > 0;
		});
	}

	// Lines

	// A line that came, for a room.
	line(room, line) {
		const isRun = room.run !== null;
		room.hides = this.#hides;
		const result = room.receive(line);
		if (result === "ask")
			this.#askLater(room);
		else if (result === "added" && !isRun)
			this.#said(room, [line]);
		this.emit("room", room);
	}

	#said(room, lines) {
		for (const line of lines) {
			if (line.kind === "topic")
				room.topic = line.text || null;
			this.emit("said", room, line);
		}
		this.emit("room", room);
	}

	// Lines of a turn may come in another order than that of their numbers,
	// as one's own come with the answer.
	#askLater(room) {
		if (room.isAsking)
			return;
		room.isAsking = true;
		const wait = (fn) => this.#timers.set(ORDER_PATIENCE, fn);
		wait(() => this.#askBetween(room));
	}

	#askBetween(room) {
		/* Those that have become the next ones meanwhile. */
		this.#said(room, room.drain());
		if (room.held.length === 0 || room.state !== "live") {
			room.isAsking = false;
			return;
		}
		this.ask({ history: room.name,
			after: String(room.end),
			limit: String(HISTORY_PAGE) }, (o) => {
			room.isAsking = false;
			const isNew = room.fill(toLines(o.messages), !o.more);
			this.#said(room, isNew);
			if (room.held.length > 0)
				this.#askLater(room);
		}, () => {
			room.isAsking = false;
			this.#said(room, room.giveUp());
		});
	}

	// Reads a page of history above all that is here.
	async loadOlder(room) {
		if (room.isLoading || !room.timeline.more ||
		    room.state === "out" || !this.isUp)
			return;
		const first = room.timeline.first;
		if (room.kind === "talk" && first === 0n)
			return; /* readTalk() */
		const o = { history: room.key, limit: String(HISTORY_PAGE) };
		if (first > 0n)
			o.before = String(first);
		await this.#load(room, o, first > 0n ? { to: first } : {},
		    (a) => {
			room.timeline.more = a.more && a.messages.length > 0;
		});
	}

	// Reads what is in the hole before a line.
	async loadHole(room, line) {
		const hole = room.timeline.holeBefore(line);
		if (hole === null || room.isLoading)
			return;
		await this.#load(room, { history: room.key,
			after: String(hole.after), before: String(hole.before),
			limit: String(HISTORY_PAGE) },
		    { from: hole.after }, (a) => {
			if (!a.more || a.messages.length === 0)
				line.joined = true;
		});
	}

	// Has the line of that number here, with what is around it.
	async loadAround(room, n) {
		if (room.timeline.line(n) !== null)
			return;
		await this.#load(room, { history: room.key,
			before: String(n + 20n), limit: "60" }, {}, () => {});
	}

	async #load(room, request, next, after) {
		room.isLoading = true;
		this.emit("room", room);
		try {
			const o = await this.request(request);
			room.merge(toLines(o.messages), next);
			after(o);
		} catch (o) {
			if (o.error !== "offline")
				this.emit("toast", o.text);
		}
		room.isLoading = false;
		this.emit("room", room);
	}

	// Ends a catch-up; what it would still have shown becomes a hole.
	skip(room) {
		this.ask({ skip: room.name });
	}

	// Talking

	say(room, text, kind = "say") {
		const clean = text.replace(/[^\S\n]/g, " ").trimEnd();
		const place = room.kind === "talk" ? { to: room.name } :
		    { room: room.name };
		if (this.outbox.isFull)
			return false;
		/* Without a connection it is meant to be said as who one was. */
		const wanted = this.isUp ? null : this.#store.get("me", {});
		this.outbox.add({ ...place, nick: wanted?.account ??
			wanted?.nick ?? this.me.nick }, clean, kind,
		this.#now());
		this.flush();
		this.emit("room", room);
		return true;
	}

	// Sends what may be sent now.
	flush() {
		const ready = (e) => this.isUp && this.onBreak === null &&
		    this.isMine(e) &&
		    (e.to || /^(live|catching-up)$/.test(
			this.rooms.get(e.room)?.state));
		for (let e; (e = this.outbox.take(ready)) !== null; )
			this.#send(e);
	}

	#send(e) {
		const o = { ...(e.to ? { msg: e.to, text: e.text } :
		    { say: e.text, room: e.room }), kind: e.kind, id: e.id };
		this.ask(o, (a) => this.#sent(e, a), (a) => {
			if (a.error === "on-break") {
				/* It waits until one is back. */
				e.state = "queued";
				this.onBreak ??= "";
			} else if (a.error !== "offline")
				this.outbox.fail(e, a.text);
			else if (e.to && (isGuestNick(e.nick) ||
			    isGuestNick(e.to)))
				/* Of them nothing is kept, nor any id. */
				this.outbox.fail(e, "it is not known whether " +
				    "this was sent");
			this.#outboxChanged(e);
		});
	}

	#sent(e, a) {
		this.outbox.remove(e);
		if (e.to) {
			const talk = this.talk(a.to);
			if (!talk.hasMessage(a.msgid))
				talk.note({ kind: e.kind, nick: this.me.nick,
					text: e.text, time: Date.parse(a.time),
					msgid: a.msgid });
			if (a.kept && !a.again)
				talk.note({ kind: "note", time: this.#now(),
					text: `${a.to} gets it when they are ` +
					    "back." });
			this.#saveTalks();
		} else {
			const room = this.room(e.room);
			const line = toLine({ ...a, event: e.kind,
				nick: this.me.nick, text: e.text,
				id: e.id });
			if (line !== null && room.run === null)
				this.line(room, line);
			else if (line !== null && line.n > room.timeline.last)
				room.ownInRun(line);
			if (room.run === null)
				this.markRead(room);
		}
		this.#outboxChanged(e);
		this.flush();
	}

	#outboxChanged(e) {
		const room = e.to ? this.talks.get(e.to.toLowerCase()) :
		    this.rooms.get(e.room);
		if (room)
			this.emit("room", room);
		this.emit("state");
	}

	retry(e) {
		e.nick = this.me.nick;
		this.outbox.retry(e);
		this.flush();
		this.#outboxChanged(e);
	}

	discard(e) {
		this.outbox.remove(e);
		this.#outboxChanged(e);
	}

	private(o) {
		const talk = this.talk(o.nick);
		/* What was not confirmed comes again after a connection. */
		if (talk.hasMessage(o.msgid))
			return;
		const item = talk.note({ kind: o.kind, nick: o.nick,
			text: o.text, time: Date.parse(o.time) || this.#now(),
			msgid: o.msgid, mention: true });
		this.#saveTalks();
		this.emit("said", talk, item);
		this.emit("room", talk);
		this.emit("rooms");
	}

	#saveTalks() {
		this.#tab.set("talks", [...this.talks.values()]
		    .slice(-TALKS_KEPT).map((t) => [t.name, t.timeline.items
			.filter((i) => i.kind !== "note").slice(-TALK_KEPT)
			.map(({ kind, nick, text, time, msgid }) =>
			    ({ kind, nick, text, time, msgid }))]));
	}

	#loadTalks() {
		for (const [nick, items] of this.#tab.get("talks", []))
			for (const item of items)
				this.talk(nick).note({ ...item, isOld: true,
					mine: item.nick !== nick });
	}

	// Reading

	markRead(room) {
		const undo = room.markRead();
		this.#readChanged(room);
		return undo;
	}

	undoRead(room, undo) {
		room.unmark(undo);
		this.#readChanged(room);
	}

	// Of a room, as another session of one's own says.
	readUpTo(room, n) {
		room.readUpTo(n);
		this.#readChanged(room);
	}

	// What follows from that line on is not read, and the others know.
	unread(room, line) {
		const number = line.n - 1n;
		this.readUpTo(room, number);
		this.ask({ read: room.name, number: String(number) });
	}

	#readChanged(room) {
		this.saveRead(room);
		this.emit("rooms");
		this.emit("room", room);
	}

	// Breaks

	// Of this session; or, with "all", of all that one has.
	async brb(text) {
		const all = text === "all";
		const o = await this.request(all ? { brb: true, all } :
		    { brb: text || true });
		this.onBreak = all ? "" : text ?? "";
		this.emit("state");
		if (o.others > 0)
			this.emit("toast", "This session pauses; you are " +
			    `still here in ${o.others} other` +
			    `${o.others === 1 ? "" : "s"}. /brb all`);
	}

	async back(text) {
		try {
			await this.request(text === "all" ?
			    { back: true, all: true } : { back: true });
		} catch (o) {
			if (o.error !== "not-away")
				throw o;
		}
		this.onBreak = null;
		this.flush();
		this.emit("state");
	}
}
