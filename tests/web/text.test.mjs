// SPDX-License-Identifier: ISC
// Copyright (c) 2026 The brbd authors

import test from "node:test";
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { byteLength, isEmojiOnly, mentionTest, nickColour, nickProblem,
	pastedLines, splitLinks } from "../../web/text.js";
import { Store } from "../../web/store.js";
import * as words from "../../web/words.js";
import { FakeArea } from "./fakes.mjs";

const links = (text) => splitLinks(text).filter((p) => p.href !== undefined)
    .map((p) => p.text);

test("http and https are links, and nothing else is", () => {
	assert.deepEqual(links("see https://example.org/a."),
	    ["https://example.org/a"]);
	assert.deepEqual(links("(https://example.org/a_(b))"),
	    ["https://example.org/a_(b)"]);
	assert.deepEqual(links("<HTTP://Example.org>, http://b.example/?q=1&r#x"),
	    ["HTTP://Example.org", "http://b.example/?q=1&r#x"]);
	for (const text of ["javascript:alert(1)", "data:text/html,x",
		"file:///etc/passwd", "vbscript:x", "javascript://https://",
		"http://", "https:///", "ftp://a.example", "xhttp://a.example"])
		for (const part of splitLinks(text))
			assert.ok(part.href === undefined ||
			    /^https?:/.test(part.href), text);
	assert.deepEqual(links("javascript:alert(1)"), []);
});

test("no character is lost or added by looking for links", () => {
	for (const text of ["", "a", "https://a.example", " https://a.example, b",
		"x https://a.example/)))) y", "\u202ehttps://a.example\u202c"])
		assert.equal(splitLinks(text).map((p) => p.text).join(""), text);
});

test("a mention is the nick as a word, in any case", () => {
	const test = mentionTest("bob");
	for (const text of ["bob", "Bob: hi", "hi, bob!", "@bob", "(BOB)", "bob's"])
		assert.ok(test(text), text);
	for (const text of ["bobby", "kebob", "bob-2", "bob_", "böbob"])
		assert.ok(!test(text), text);
	assert.ok(!mentionTest(null)("null"));
	assert.ok(!mentionTest("")(""));
});

test("emoji alone are known as such", () => {
	for (const text of ["👍", "👍🏽", "👩‍👩‍👧", "🇩🇪", "❤️ 🎉"])
		assert.ok(isEmojiOnly(text), text);
	for (const text of ["", "1", "a👍", "👍👍👍👍", "#"])
		assert.ok(!isEmojiOnly(text), text);
});

test("a paste is lines", () => {
	assert.deepEqual(pastedLines("a\r\n\r\n  b \nc\n\n"),
	    ["a", "", "  b", "c"]);
	assert.deepEqual(pastedLines("\n\na\n \n\nb"), ["a", "", "b"]);
	assert.deepEqual(pastedLines("\n"), []);
});

test("nicks that cannot be are named before they are asked for", () => {
	assert.equal(nickProblem("bob_2"), null);
	for (const nick of ["", "2bob", "b ob", "ö", "a".repeat(21)])
		assert.notEqual(nickProblem(nick), null);
});

test("bytes and colours", () => {
	assert.equal(byteLength("aö€👍"), 10);
	assert.equal(nickColour("Ana", 12), nickColour("ana", 12));
	for (const nick of ["a", "bob", "guest12"]) {
		const c = nickColour(nick, 12);
		assert.ok(Number.isInteger(c) && c >= 0 && c < 12);
	}
});

test("words are those of the room", () => {
	assert.equal(words.duration(0), "0s");
	assert.equal(words.duration(59), "59s");
	assert.equal(words.duration(2040), "34m");
	assert.equal(words.duration(7500), "2h 5m");
	assert.equal(words.duration(90000), "1d 1h");
	assert.equal(words.plural(1, "message"), "1 message");
	assert.equal(words.plural(2, "message"), "2 messages");
	assert.equal(words.names(["a", "b", "c", "d"]), "a, b, c and d");
	assert.equal(words.names(["a", "b", "c", "d", "e"]),
	    "a, b, c and 2 others");
	assert.equal(words.presence({ came: ["a"], left: [] }), "a came");
	assert.equal(words.gap(1, false), "1 earlier message is no longer held");
	assert.match(words.gap(0, true), /may have been lost/);
	assert.equal(words.dayName(0, 100000), "Today");
	assert.equal(words.rooms([{ room: "a", people: 1, new: 0 },
		{ room: "b", people: 2, new: 3 }]),
	"a: 1 person; b: 2 people, 3 new");
	assert.equal(words.answer({ done: "ban", masks: [] }),
	    "There is nobody on that list.");
	assert.equal(words.answer({ done: "ban", masks: [{ mask: "x!*@*",
		by: "ana" }] }), "x!*@*, by ana");
	assert.equal(words.answer({ done: "ignore", ignored: ["a", "b"] }),
	    "You ignore a and b.");
	assert.match(words.answer({ done: "accept", accept: "accounts" }),
	    /logged in/);
	assert.equal(words.answer({ done: "kick" }), "");
});

test("the page is small, and asks for nothing from elsewhere", () => {
	const web = new URL("../../web/", import.meta.url);
	let packed = 0;
	for (const name of readdirSync(web)) {
		const text = readFileSync(new URL(name, web));
		packed += name === "local.mk" ? 0 :
		    gzipSync(text, { level: 9 }).length;
		const others = text.toString().match(/https?:\/\/[^\s"'`)]+/g) ??
		    [];
		assert.deepEqual(others.filter((a) =>
			a !== "http://www.w3.org/2000/svg"), [], name);
		assert.doesNotMatch(text.toString(),
		    /innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|style="/,
		    name);
	}
	assert.ok(packed < 60 * 1024, `${packed} bytes`);
});

test("a store that is forbidden or full costs memory, and nothing else", () => {
	const store = new Store(undefined);
	assert.equal(store.set("a", 1), false);
	assert.equal(store.get("a"), 1);
	store.remove("a");
	assert.equal(store.get("a", "no"), "no");
	const area = new FakeArea();
	new Store(area).set("b", { c: [1] });
	assert.deepEqual(new Store(area).get("b"), { c: [1] });
	area.map.set("brbd.b", "{broken");
	assert.equal(new Store(area).get("b"), null);
});
