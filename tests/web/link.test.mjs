// SPDX-License-Identifier: ISC
// Copyright (c) 2026 The brbd authors

import test from "node:test";
import assert from "node:assert/strict";
import { Link, LINK } from "../../web/link.js";
import { FakeTime, randomFrom } from "./fakes.mjs";

function make(seed = 1) {
	const time = new FakeTime(), sockets = [], seen = [];
	const link = new Link({ timers: time.timers, now: () => time.now,
		random: randomFrom(seed), open: (handlers) => {
			const s = { ...handlers, sent: [], isClosed: false,
				send: (t) => s.sent.push(t),
				close: () => { s.isClosed = true; } };
			sockets.push(s);
			return s;
		}, handlers: { up: () => seen.push("up"),
			down: () => seen.push("down"),
			received: (o) => seen.push(o),
			probe: () => seen.push("probe"), changed: () => {} } });
	return { time, link, sockets, seen };
}

/* hostile 101 */
test("it connects again, later and later, and never at the same times", () => {
	const waits = new Set();
	for (let seed = 1; seed <= 20; seed++) {
		const { time, link, sockets } = make(seed);
		link.start();
		let longest = 0;
		for (let i = 0; i < 12; i++) {
			sockets.at(-1).closed();
			assert.equal(link.state, "waiting");
			const wait = link.retryAt - time.now;
			assert.ok(wait > 0 && wait <= LINK.maxDelay);
			if (i === 0)
				waits.add(wait);
			longest = Math.max(longest, wait);
			time.pass(wait);
			assert.equal(link.state, "connecting");
		}
		assert.ok(longest > LINK.maxDelay * 0.3);
	}
	assert.equal(waits.size, 20);
});

test("a connection that held begins the waiting anew; a short one does not",
    () => {
	const { time, link, sockets } = make();
	link.start();
	for (let i = 0; i < 8; i++) {
		sockets.at(-1).closed();
		time.pass(link.retryAt - time.now);
	}
	sockets.at(-1).opened();
	time.pass(LINK.stableAfter - 1);
	sockets.at(-1).closed();
	assert.ok(link.retryAt - time.now > LINK.firstDelay);
	time.pass(link.retryAt - time.now);
	sockets.at(-1).opened();
	time.pass(LINK.stableAfter);
	sockets.at(-1).closed();
	assert.ok(link.retryAt - time.now <= LINK.firstDelay);
});

test("silence is asked about, and ended", () => {
	const { time, link, sockets, seen } = make();
	link.start();
	sockets[0].opened();
	time.pass(LINK.silence - 1);
	sockets[0].received("{}");
	time.pass(LINK.silence - 1);
	assert.deepEqual(seen, ["up", {}]);
	time.pass(1);
	assert.equal(seen.at(-1), "probe");
	sockets[0].received("{}");
	time.pass(LINK.silence);
	assert.equal(seen.at(-1), "probe");
	time.pass(LINK.probeTimeout);
	assert.equal(seen.at(-1), "down");
	assert.ok(sockets[0].isClosed);
	assert.equal(link.state, "waiting");
});

/* hostile 94 */
test("after a sleep it is asked at once and given up soon", () => {
	const { time, link, sockets, seen } = make();
	link.start();
	sockets[0].opened();
	time.sleep(8 * 3600 * 1000);
	link.wake();
	assert.equal(seen.at(-1), "probe");
	time.pass(LINK.wakeTimeout);
	assert.equal(link.state, "waiting");
	link.wake();
	time.pass(300);
	assert.equal(link.state, "connecting");
});

test("what an old socket still says is nothing", () => {
	const { time, link, sockets, seen } = make();
	link.start();
	sockets[0].opened();
	link.fail();
	time.pass(LINK.maxDelay);
	sockets[0].received('{"event":"late"}');
	sockets[0].closed();
	assert.deepEqual(seen, ["up", "down"]);
	assert.equal(link.state, "connecting");
});

test("one that does not open is given up", () => {
	const { time, link } = make();
	link.start();
	time.pass(LINK.openTimeout);
	assert.equal(link.state, "waiting");
});

test("what is no object ends the connection", () => {
	for (const text of ["", "[]", "null", "7", "{"]) {
		const { link, sockets } = make();
		link.start();
		sockets[0].opened();
		sockets[0].received(text);
		assert.equal(link.state, "waiting");
	}
});

test("a refusal makes it wait longer; stop leaves no timer", () => {
	const { time, link, sockets } = make();
	link.start();
	sockets[0].opened();
	link.refused();
	sockets[0].closed();
	assert.ok(link.retryAt - time.now >= LINK.refusedDelay);
	link.stop();
	assert.equal(time.waiting, 0);
	assert.equal(link.send({}), false);
});
