// SPDX-License-Identifier: ISC
// Copyright (c) 2026 The brbd authors

import test from "node:test";
import assert from "node:assert/strict";
import { Chat } from "../../web/chat.js";
import { OUTBOX_UNACKNOWLEDGED, Outbox } from "../../web/outbox.js";
import { Store } from "../../web/store.js";
import { LINK } from "../../web/link.js";
import { FakeArea, FakeServer, FakeTime, ids, randomFrom } from "./fakes.mjs";

// A page; a second one of the same area is the same browser later.
function page({ time = new FakeTime(), server = new FakeServer(time),
	local = new FakeArea(), tab = new FakeArea(), random = randomFrom(1),
	id = ids() } = {}) {
	const chat = new Chat({ open: server.open, timers: time.timers, random,
		now: () => time.now, id, store: new Store(local),
		tab: new Store(tab) });
	const toasts = [];
	chat.on("toast", (text) => toasts.push(text));
	return { time, server, chat, local, tab, toasts, id,
		accept() {
			if (chat.link.state === "waiting")
				time.pass(chat.link.retryAt - time.now);
			server.connections.at(-1).accept();
		},
		drop: () => server.connection.drop(),
		get room() {
			return chat.rooms.get("lobby");
		} };
}

function started(options) {
	const p = page(options);
	p.chat.start();
	p.accept();
	return p;
}

const texts = (room) => room.timeline.items.filter((i) => i.sub === 0)
    .map((i) => i.text);
const holes = (room) => room.timeline.items.filter((i, at) => at > 0 &&
    i.sub === 0 && !i.joined).length;

test("a newcomer sees the past, and nothing of it is new", () => {
	const time = new FakeTime(), server = new FakeServer(time);
	server.say("ana", "one");
	server.say("ana", "two");
	const p = started({ time, server });
	assert.deepEqual(texts(p.room), ["one", "two"]);
	assert.equal(p.room.state, "live");
	assert.equal(p.room.unread, 0);
	server.say("ana", "three");
	assert.deepEqual(texts(p.room), ["one", "two", "three"]);
});

test("after a lost connection it goes on where it was", () => {
	const p = started();
	p.server.say("ana", "one");
	p.drop();
	assert.equal(p.room.state, "joining");
	p.server.say("ana", "two");
	p.server.say("ana", "three");
	p.accept();
	assert.deepEqual(texts(p.room), ["one", "two", "three"]);
	assert.equal(holes(p.room), 0);
	assert.equal(p.server.connection.log.find((o) => o.join).after, "1");
});

test("a reload opens at the first line that was not read", () => {
	const p = started();
	p.server.say("ana", "one");
	p.chat.markRead(p.room);
	p.server.say("ana", "two");
	p.server.say("ana", "three");
	p.drop();
	p.chat.link.stop();
	p.server.say("ana", "four");
	const again = started({ ...p, tab: new FakeArea() });
	assert.equal(again.room.firstUnread().text, "two");
	assert.equal(again.room.unread, 3);
	assert.deepEqual(texts(again.room), ["two", "three", "four"]);
});

test("how far one has read belongs to the account", async () => {
	const p = started();
	p.server.say("ana", "one");
	p.chat.markRead(p.room);
	await p.chat.login("bob", "password");
	p.server.say("ana", "two");
	p.chat.markRead(p.room);
	p.server.say("ana", "three");
	p.chat.link.stop();
	const again = page({ ...p, tab: new FakeArea() });
	/* The page shows a room before it knows who one is. */
	const room = again.chat.room("lobby");
	again.chat.start();
	again.accept();
	assert.equal(again.chat.me.account, "bob");
	assert.deepEqual(texts(room), ["three"]);
	assert.equal(room.unread, 1);
	assert.ok(![...p.local.map.values()].join().includes("password"));
});

test("what is no longer held is said with its count", () => {
	const p = started();
	p.server.say("ana", "1");
	p.drop();
	for (let n = 2; n <= 50; n++)
		p.server.say("ana", String(n));
	p.server.held = 10;
	p.accept();
	const line = p.room.timeline.line(41n);
	assert.deepEqual(line.lost, { count: 39, uncertain: false });
	assert.deepEqual(texts(p.room).slice(0, 2), ["1", "41"]);
	assert.equal(holes(p.room), 0);
});

test("a line that leaps is shown when it is known what is between", () => {
	const p = started();
	const c = p.server.connection;
	p.server.say("ana", "one");
	c.isIn = false;
	p.server.say("ana", "two");
	c.isIn = true;
	p.server.say("ana", "three");
	assert.deepEqual(texts(p.room), ["one"]);
	p.time.pass(1000);
	assert.deepEqual(texts(p.room), ["one", "two", "three"]);
	assert.equal(holes(p.room), 0);
});

test("numbers may leap without anything being between", () => {
	const p = started();
	p.server.say("ana", "one");
	p.server.leap(1n << 44n);
	p.server.say("ana", "two");
	p.server.say("ana", "three");
	p.time.pass(1000);
	assert.deepEqual(texts(p.room), ["one", "two", "three"]);
	assert.equal(holes(p.room), 0);
});

test("one's own line may be numbered before those that came before it", () => {
	const p = started();
	const c = p.server.connection;
	p.server.say("ana", "one");
	const live = c.live;
	const late = [];
	c.live = (line) => late.push(line);
	p.server.say("ana", "two");
	p.chat.say(p.room, "mine");
	assert.deepEqual(texts(p.room), ["one"]);
	c.live = live;
	late.forEach((line) => c.live(line));
	p.time.pass(1000);
	assert.deepEqual(texts(p.room), ["one", "two", "mine"]);
	assert.equal(c.log.filter((o) => o.history && !o.before).length, 0);
});

test("what was said while the answer was lost is said once", () => {
	const p = started();
	const c = p.server.connection;
	p.chat.say(p.room, "first");
	c.tell = () => {};
	p.chat.say(p.room, "second");
	assert.equal(p.chat.outbox.entries.length, 1);
	p.drop();
	p.chat.say(p.room, "third");
	p.accept();
	p.time.pass(1000);
	assert.deepEqual(p.server.lines.map((l) => l.text),
	    ["first", "second", "third"]);
	assert.deepEqual(texts(p.room), ["first", "second", "third"]);
	assert.equal(p.chat.outbox.entries.length, 0);
});

test("what was typed outlives a reload", () => {
	const p = started();
	p.drop();
	p.chat.say(p.room, "typed");
	p.chat.link.stop();
	const again = started(p);
	assert.deepEqual(again.server.lines.map((l) => l.text), ["typed"]);
	assert.equal(again.chat.outbox.entries.length, 0);
});

test("a refused line stays with its reason, and can be tried again", () => {
	const p = started();
	const c = p.server.connection;
	c.on_say = (o, done, failed) => failed("secret", "that is a password");
	p.chat.say(p.room, "PASS x");
	const e = p.chat.outbox.entries[0];
	assert.equal(e.state, "failed");
	assert.equal(e.error, "that is a password");
	const id = e.id;
	delete c.on_say;
	p.chat.retry(e);
	assert.notEqual(e.id, id);
	assert.equal(p.server.lines.length, 1);
	assert.equal(p.chat.outbox.entries.length, 0);
});

test("who cannot be who they were says nothing as somebody else", async () => {
	const p = started();
	await p.chat.chooseNick("bob");
	p.drop();
	p.chat.say(p.room, "as bob");
	p.server.people.push("bob");
	p.accept();
	p.time.pass(5000);
	assert.match(p.chat.problem, /You are not bob/);
	assert.equal(p.server.lines.length, 0);
	p.chat.retry(p.chat.outbox.entries[0]);
	assert.match(p.server.lines[0].nick, /^guest/);
});

test("one's own connection that is about to end does not cost the nick",
    async () => {
	const p = started();
	await p.chat.chooseNick("bob");
	p.drop();
	p.chat.say(p.room, "as bob");
	p.server.people.push("bob");
	p.accept();
	assert.equal(p.server.connection.log.filter((o) => o.join).length, 0);
	p.server.people.pop();
	p.time.pass(1000);
	assert.equal(p.chat.me.nick, "bob");
	assert.equal(p.chat.problem, null);
	assert.equal(p.server.lines[0].nick, "bob");
});

test("a nick that comes free later is taken then", async () => {
	const p = started();
	await p.chat.chooseNick("bob");
	p.drop();
	p.server.people.push("bob");
	p.accept();
	p.time.pass(5000);
	assert.ok(p.chat.isGuest);
	p.server.people.pop();
	p.time.pass(30000);
	assert.equal(p.chat.me.nick, "bob");
	assert.equal(p.chat.problem, null);
});

test("who leaves by a command comes back to where they were", () => {
	const p = started();
	p.server.say("ana", "one");
	p.chat.quit("bye");
	assert.equal(p.chat.link.state, "closed");
	assert.equal(p.room.state, "joining");
	assert.equal(p.time.waiting, 0);
	p.server.say("ana", "two");
	p.chat.start();
	p.accept();
	assert.deepEqual(texts(p.room), ["one", "two"]);
	assert.equal(p.room.state, "live");
});

test("a break is kept, and its end is a catch-up", async () => {
	const p = started();
	await p.chat.brb("tea");
	assert.equal(p.chat.onBreak, "tea");
	p.server.say("ana", "one");
	assert.deepEqual(texts(p.room), []);
	p.chat.say(p.room, "not now");
	assert.equal(p.server.lines.length, 1);
	await p.chat.back();
	assert.deepEqual(texts(p.room), ["one", "not now"]);
	assert.equal(p.room.state, "live");
});

test("what is said when a break has just begun waits for its end", async () => {
	const p = started();
	p.server.connection.isOnBreak = true;
	p.chat.say(p.room, "too late");
	assert.equal(p.chat.onBreak, "");
	assert.equal(p.chat.outbox.entries[0].state, "queued");
	await p.chat.back();
	assert.deepEqual(p.server.lines.map((l) => l.text), ["too late"]);
	assert.equal(p.chat.outbox.entries.length, 0);
});

test("marking as read can be undone", () => {
	const p = started();
	p.server.say("ana", "one");
	p.server.say("ana", "two");
	const undo = p.chat.markRead(p.room);
	assert.equal(p.room.unread, 0);
	p.chat.undoRead(p.room, undo);
	assert.equal(p.room.unread, 2);
	assert.equal(p.room.firstUnread().text, "one");
});

test("what was read elsewhere is read here, and one can go back", () => {
	const p = started();
	for (const text of ["one", "two", "three"])
		p.server.say("ana", text);
	assert.equal(p.room.unread, 3);
	const tell = (number) => p.server.connection.tell(
	    { event: "read", room: "lobby", number });
	tell("2");
	assert.equal(p.room.unread, 1);
	assert.equal(p.room.firstUnread().text, "three");
	tell("3");
	assert.equal(p.room.unread, 0);
	for (const number of ["", "-1", "x", 2, null, "9".repeat(21)])
		tell(number);
	assert.equal(p.room.unread, 0);
	p.chat.unread(p.room, p.room.timeline.items.find((i) =>
		i.text === "two"));
	assert.equal(p.room.unread, 2);
	assert.equal(p.room.firstUnread().text, "two");
	const { read, number } = p.server.connection.log.at(-1);
	assert.deepEqual({ read, number }, { read: "lobby", number: "1" });
});

test("a server that begins anew is noticed by numbers that are gone", () => {
	const p = started();
	for (let n = 1; n <= 5; n++)
		p.server.say("ana", `old ${n}`);
	p.server.lines = [];
	p.server.next = 1n;
	p.drop();
	p.server.say("ana", "new 1");
	p.accept();
	const all = p.room.timeline.items.map((i) => i.text);
	assert.deepEqual(all.slice(0, 5), ["old 1", "old 2", "old 3", "old 4",
		"old 5"]);
	assert.match(all[5], /new history/);
	assert.deepEqual(texts(p.room).at(-1), "new 1");
});

test("and by numbers that are another's", () => {
	const p = started();
	p.server.say("ana", "old 1");
	p.server.lines = [];
	p.server.next = 1n;
	p.drop();
	p.time.pass(5);
	for (let n = 1; n <= 5; n++)
		p.server.say("ana", `new ${n}`);
	p.accept();
	const all = p.room.timeline.items.map((i) => i.text);
	assert.match(all[1], /new history/);
	assert.deepEqual(all.slice(2),
	    ["new 1", "new 2", "new 3", "new 4", "new 5"]);
	assert.equal(p.room.state, "live");
});

test("history is read by pages until there is no more", async () => {
	const time = new FakeTime(), server = new FakeServer(time);
	for (let n = 1; n <= 250; n++)
		server.say("ana", String(n));
	const p = page({ time, server });
	new Store(p.local).set("read", { "": { lobby: "250" } });
	const room = p.chat.room("lobby");
	p.chat.start();
	p.accept();
	assert.deepEqual(texts(room), []);
	for (let i = 0; i < 3; i++) {
		assert.ok(room.timeline.more);
		await p.chat.loadOlder(room);
	}
	assert.equal(room.timeline.more, false);
	assert.equal(texts(room).length, 250);
	assert.equal(holes(room), 0);
	assert.equal(room.unread, 0);
});

test("a hole is filled page by page", async () => {
	const p = started();
	for (let n = 1; n <= 250; n++)
		p.server.say("ana", String(n));
	const items = p.room.timeline.items;
	items.splice(5, 220);
	items[5].joined = false;
	for (let i = 0; i < 3; i++)
		await p.chat.loadHole(p.room, p.room.timeline.line(226n));
	assert.equal(texts(p.room).length, 250);
	assert.equal(holes(p.room), 0);
});

/* hostile 98 */
test("one more version of the server is told, and nothing typed is lost", () => {
	const p = started();
	assert.equal(p.chat.newVersion, false);
	p.drop();
	p.server.version = "2";
	p.chat.say(p.room, "typed meanwhile");
	p.accept();
	assert.equal(p.chat.newVersion, true);
	assert.equal(p.server.lines.length, 1);
});

test("people come, go, rename and are away, in one note for a crowd", () => {
	const p = started();
	const c = p.server.connection;
	for (const nick of ["cy", "dee", "eve"])
		c.tell({ event: "join", room: "lobby", nick });
	c.tell({ event: "quit", nick: "dee", text: null });
	c.tell({ event: "nick", nick: "zoe", was: "eve" });
	c.tell({ event: "away", nick: "zoe", text: "tea" });
	const notes = p.room.timeline.items.map((i) => i.text);
	assert.deepEqual(notes, ["cy and eve came", "eve is now zoe",
		"zoe: be right back (tea)"]);
	assert.equal(p.room.people.get("zoe").away, "tea");
	assert.ok(!p.room.people.has("dee"));
});

test("private messages make a conversation that a reload keeps", () => {
	const p = started();
	const msg = { event: "msg", msgid: "1",
		time: "2026-11-30T14:02:33.017Z", nick: "Ana", kind: "say",
		text: "psst" };
	p.server.connection.tell(msg);
	assert.equal(p.chat.talks.get("ana").unread, 1);
	p.chat.link.stop();
	const again = started(p);
	again.server.connection.tell(msg);
	assert.equal(again.chat.talks.get("ana").timeline.items.length, 1);
	assert.equal(again.chat.talks.get("ana").timeline.items[0].text, "psst");
	assert.equal(again.chat.talks.get("ana").unread, 0);
});

test("a private message between people with names is sent again, and said once",
    async () => {
	const p = started();
	await p.chat.chooseNick("bob");
	const { tell } = p.server.connection;
	/* It is said, and the answer is lost. */
	p.server.connection.tell = () => {};
	const talk = p.chat.talk("ana");
	p.chat.say(talk, "psst");
	assert.equal(p.server.talks.get("ana").said.length, 1);
	p.server.connection.tell = tell;
	p.drop();
	p.accept();
	p.time.pass(1000);
	assert.equal(p.server.talks.get("ana").said.length, 1);
	assert.equal(p.chat.outbox.entries.length, 0);
	assert.deepEqual(texts(talk).concat(talk.timeline.items.map(
	    (i) => i.text)), ["psst"]);
});

test("conversations of the server's are listed, and read back when opened",
    async () => {
	const p = started();
	await p.chat.chooseNick("bob");
	for (let n = 1; n <= 120; n++)
		p.server.tell("ana", `old ${n}`, { live: false });
	p.server.talks.get("ana").shown = 110;
	p.drop();
	p.accept();
	const talk = p.chat.talks.get("ana");
	assert.equal(talk.unread, 10);
	assert.equal(talk.timeline.items.length, 0);
	p.server.tell("ana", "live");
	assert.equal(talk.unread, 11);
	await p.chat.readTalk(talk);
	assert.equal(talk.unread, 0);
	assert.equal(texts(talk).length, 100);
	assert.equal(texts(talk).at(-1), "live");
	assert.equal(talk.timeline.items.length, 100, "nothing is there twice");
	assert.equal(talk.firstUnread().text, "old 111");
	await p.chat.loadOlder(talk);
	assert.equal(texts(talk)[0], "old 1");
	assert.equal(holes(talk), 0);
	/* What comes now, and what one says, is there once as well. */
	p.chat.say(talk, "mine");
	p.server.tell("ana", "yours");
	await p.chat.readTalk(talk);
	assert.deepEqual(talk.timeline.items.slice(-3).map((i) => i.text),
	    ["live", "mine", "yours"]);
});

test("a conversation that another session is told of has its count", () => {
	const p = started();
	p.server.connection.tell({ event: "unread", with: "cy", count: 3 });
	assert.equal(p.chat.talks.get("cy").unread, 3);
});

test("who logs out takes the token with them", async () => {
	const p = started();
	await p.chat.login("bob", "password");
	const { log } = p.server.connection;
	p.chat.logout();
	assert.deepEqual(log.filter((o) => o.account || o.quit).map((o) =>
		o.account ? `${o.account} ${o.name}` : "quit"),
	["remove token-name", "quit"]);
	assert.equal(p.local.getItem("brbd.me"), null);
});

test("a private message of a guest that may have been sent is not sent twice", () => {
	const p = started();
	const c = p.server.connection;
	let sent = 0;
	c.on_msg = () => sent++;
	const talk = p.chat.talk("ana");
	p.chat.say(talk, "psst");
	p.drop();
	p.accept();
	p.server.connection.on_msg = () => sent++;
	p.time.pass(1000);
	assert.equal(sent, 1);
	assert.match(p.chat.outbox.entries[0].error, /not known/);
});

test("events that are not known, or about rooms that are not, are ignored",
    () => {
	const p = started();
	for (const o of [{ event: "song" }, { event: "constructor" },
		{ event: "__proto__" }, { event: "say", room: "nowhere",
			number: "1" }, { event: "join", room: "nowhere" },
		{ event: "say", room: "lobby" }, { done: "x", ref: "no" },
		{ event: "people", room: "lobby", people: [], more: false },
		{ event: "live", room: "__proto__" }, {}])
		p.server.connection.tell(o);
	assert.equal(p.room.state, "live");
	assert.deepEqual(texts(p.room), []);
});

test("the outbox sends in order, and holds a bounded number in flight", () => {
	let n = 0;
	const box = new Outbox({ store: new Store(new FakeArea()),
		id: () => String(++n) });
	for (let i = 0; i < 40; i++)
		box.add({ room: "lobby" }, String(i), "say", 0);
	const sent = [];
	for (let e; (e = box.take(() => true)) !== null; )
		sent.push(e);
	assert.equal(sent.length, OUTBOX_UNACKNOWLEDGED);
	assert.deepEqual(sent.map((e) => e.text),
	    [...Array(sent.length).keys()].map(String));
	box.remove(sent[0]);
	assert.equal(box.take(() => true).text, String(sent.length));
	assert.equal(box.take(() => true), null);
	box.requeue();
	assert.equal(box.take(() => true).text, "1");
});

test("what is not ready holds up its place and no other", () => {
	const box = new Outbox({ store: new Store(new FakeArea()),
		id: () => "x" });
	box.add({ room: "lobby" }, "a", "say", 0);
	box.add({ room: "lobby" }, "b", "say", 0);
	box.add({ room: "attic" }, "c", "say", 0);
	const ready = (e) => e.text !== "a";
	assert.equal(box.take(ready).text, "c");
	assert.equal(box.take(ready), null);
});

// The promise, by chance: whatever breaks, in the end the page has each line
// that was said since it came, once and in order, and the server has each line
// of the page's once.
test("nothing is missing and nothing is double, whatever happens", async () => {
	for (let seed = 1; seed <= 300; seed++)
		await chance(seed);
});

async function chance(seed) {
	const random = randomFrom(seed);
	const below = (n) => Math.floor(random() * n);
	const p = started({ random: randomFrom(seed + 1000) });
	let said = 0;
	const steps = [
		() => p.server.say("ana", "theirs"),
		() => p.server.say("ana", "theirs"),
		() => p.chat.say(p.room, `mine ${said++}`),
		() => p.chat.say(p.room, `mine ${said++}`),
		() => p.server.connection?.drop(),
		() => p.chat.link.fail(),
		() => p.time.pass(below(2000)),
		() => p.chat.link.state === "waiting" && p.accept(),
		() => p.chat.link.state === "waiting" && p.accept(),
		() => p.chat.link.wake(),
		() => p.server.leap(1 + below(5)),
		() => p.server.connection && mute(p.server.connection),
		() => p.server.connection && deafen(p.server.connection),
		() => swallow(p.server.connection),
		() => p.room.state === "live" && p.chat.brb("x").catch(() => {}),
		() => p.chat.onBreak !== null && p.chat.back().catch(() => {}),
		() => p.chat.markRead(p.room),
	];
	for (let i = 0; i < 120; i++) {
		steps[below(steps.length)]();
		/* What a promise was waited for goes on. */
		await null;
		await null;
	}
	await settle(p);
	const seen = p.room.timeline.items.filter((i) => i.sub === 0)
	    .map((i) => String(i.n));
	assert.deepEqual(seen, p.server.lines.map((l) => l.number),
	    `seed ${seed}`);
	assert.equal(holes(p.room), 0, `seed ${seed}`);
	const mine = p.server.lines.filter((l) => l.text.startsWith("mine"))
	    .map((l) => l.text);
	assert.deepEqual(mine, [...Array(said).keys()].map((n) => `mine ${n}`),
	    `seed ${seed}`);
	assert.equal(p.chat.outbox.entries.length, 0, `seed ${seed}`);
}

// The server hears and does, and its answers are lost.
function mute(c) {
	c.tell = () => {};
}

// The server does not hear any more.
function deafen(c) {
	c.isDeaf = true;
}

// One line is lost on the way, as no server should do.
function swallow(c) {
	if (!c?.isIn)
		return;
	const { live } = c;
	c.live = () => {
		c.live = live;
	};
}

// All is well again, and time passes.
async function settle(p) {
	p.chat.link.fail();
	for (let i = 0; i < 5; i++) {
		if (p.chat.link.state === "waiting")
			p.accept();
		p.time.pass(2000);
		if (p.chat.onBreak !== null)
			await p.chat.back();
		p.time.pass(2000);
	}
	p.server.say("ana", "the end");
	p.time.pass(2000);
	assert.ok(p.time.now > LINK.silence);
}
