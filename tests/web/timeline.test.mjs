// SPDX-License-Identifier: ISC
// Copyright (c) 2026 The brbd authors

import test from "node:test";
import assert from "node:assert/strict";
import { Timeline } from "../../web/timeline.js";
import { Room, toLine, toLines } from "../../web/room.js";
import { randomFrom } from "./fakes.mjs";

const line = (n) => ({ n: BigInt(n), kind: "say", nick: "ana", text: `${n}`,
	time: 1 });
const numbers = (t) => t.items.filter((i) => i.sub === 0).map((i) =>
	Number(i.n));
const holes = (t) => t.items.filter((i) => i.sub === 0 && !i.joined).map((i) =>
	Number(i.n));

test("a page goes in front, in order, and joins what it is next to", () => {
	const t = new Timeline();
	t.append(line(10), true);
	t.append(line(11), true);
	t.merge([line(7), line(9)], { to: 10n });
	assert.deepEqual(numbers(t), [7, 9, 10, 11]);
	assert.deepEqual(holes(t), [7]);
	t.merge([line(3), line(5)]);
	assert.deepEqual(numbers(t), [3, 5, 7, 9, 10, 11]);
	assert.deepEqual(holes(t), [3, 7]);
	assert.deepEqual(t.holeBefore(t.line(7n)), { after: 5n, before: 7n });
	assert.equal(t.holeBefore(t.line(9n)), null);
});

test("a hole closes when its last line comes", () => {
	const t = new Timeline();
	t.append(line(1), true);
	t.append(line(9), false);
	assert.deepEqual(holes(t), [9]);
	t.merge([line(2), line(4)], { from: 1n });
	assert.deepEqual(holes(t), [9]);
	t.merge([line(8)], { from: 4n, to: 9n });
	assert.deepEqual(holes(t), []);
});

test("numbers that follow each other are joined, however they come", () => {
	const t = new Timeline();
	t.append(line(5), true);
	t.append(line(7), false);
	t.insert(line(6), null);
	assert.deepEqual(numbers(t), [5, 6, 7]);
	assert.deepEqual(holes(t), []);
});

test("a line that is there is not put in twice", () => {
	const t = new Timeline();
	for (const n of [1, 2, 3])
		t.append(line(n), true);
	assert.equal(t.insert(line(2), 1n), false);
	assert.deepEqual(numbers(t), [1, 2, 3]);
});

test("notes stay behind the line that they came after", () => {
	const t = new Timeline();
	t.append(line(5), true);
	t.note({ kind: "note", text: "ana came" });
	t.append(line(6), true);
	t.merge([line(4)], { to: 5n });
	assert.deepEqual(t.items.map((i) => i.text),
	    ["4", "5", "ana came", "6"]);
});

test("what is trimmed can be asked for again", () => {
	const t = new Timeline();
	t.more = false;
	for (let n = 1; n <= 100; n++)
		t.append(line(n), true);
	t.trim(40);
	assert.equal(t.items.length, 40);
	assert.equal(t.first, 61n);
	assert.equal(t.more, true);
});

test("a history that is begun anew does not mix with the old one", () => {
	const t = new Timeline();
	t.append(line(100), true);
	t.freeze("new", 2);
	assert.equal(t.last, 0n);
	t.append(line(1), true);
	assert.deepEqual(t.items.map((i) => i.text), ["100", "new", "1"]);
	assert.equal(t.line(100n), null);
	assert.equal(t.items.filter((i) => i.sub === 0).length, 1);
});

test("pages in any order give every line once, and no false join", () => {
	for (let seed = 1; seed <= 200; seed++) {
		const random = randomFrom(seed);
		const all = [];
		for (let n = 1; n < 200; n += 1 + Math.floor(random() * 3))
			all.push(n);
		const t = new Timeline();
		for (let i = 0; i < 40; i++) {
			const from = Math.floor(random() * all.length);
			const page = all.slice(from,
			    from + 1 + Math.floor(random() * 12));
			t.merge(page.map(line), {
				from: from > 0 ? BigInt(all[from - 1]) : null,
				to: BigInt(all[from + page.length] ?? 0) });
		}
		const seen = numbers(t);
		assert.deepEqual(seen, [...new Set(seen)].sort((a, b) => a - b));
		for (let i = 1; i < seen.length; i++)
			if (t.line(BigInt(seen[i])).joined)
				assert.equal(all.indexOf(seen[i]),
				    all.indexOf(seen[i - 1]) + 1,
				    `seed ${seed}: nothing is between ` +
				    `${seen[i - 1]} and ${seen[i]}`);
	}
});

test("only what is a line becomes one", () => {
	assert.equal(toLine({ event: "say", number: "x" }), null);
	assert.equal(toLine({ event: "say" }), null);
	assert.equal(toLine({ event: "join", number: "1" }), null);
	assert.equal(toLine({ event: "say", number: "18446744073709551615",
		nick: "a", text: "b", time: "2026-11-30T14:02:33.017Z" }).n,
	    18446744073709551615n);
	const [a] = toLines([{ event: "gap", count: 3, uncertain: true },
		{ event: "me", number: "4", nick: "a", text: "b", time: "" }]);
	assert.deepEqual(a.lost, { count: 3, uncertain: true });
});

test("mentions and unread lines are counted, one's own are not", () => {
	const room = new Room("lobby");
	room.setMe("bob");
	room.read = 0n;
	room.receive(line(1));
	room.receive({ ...line(2), text: "Bob: lunch?" });
	room.receive({ ...line(3), text: "bobsleigh" });
	room.receive({ ...line(4), nick: "bob" });
	assert.equal(room.unread, 3);
	assert.equal(room.mentions, 1);
	const undo = room.markRead();
	assert.equal(room.unread, 0);
	assert.equal(room.read, 4n);
	room.unmark(undo);
	assert.equal(room.unread, 3);
	assert.equal(room.firstUnread().n, 1n);
});

test("a list of people that comes in parts is one list", () => {
	const room = new Room("lobby");
	room.setMe("bob");
	room.addPeople([{ nick: "ana", op: true }, { nick: "cy", away: "" }],
	    true);
	room.came("dee");
	room.addPeople([{ nick: "bob" }], false);
	assert.deepEqual(room.sortedPeople().map((p) => p.nick),
	    ["ana", "bob", "dee", "cy"]);
});
