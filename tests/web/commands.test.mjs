// SPDX-License-Identifier: ISC
// Copyright (c) 2026 The brbd authors

import test from "node:test";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { COMMANDS, PAGE_ONLY, completeCommand, completeWord, parseInput } from
    "../../web/commands.js";

test("text is said, and // says a stroke", () => {
	assert.deepEqual(parseInput("hello"), { do: "say", text: "hello" });
	assert.deepEqual(parseInput("//nick"), { do: "say", text: "/nick" });
	assert.deepEqual(parseInput("a /nick"), { do: "say", text: "a /nick" });
});

test("commands are parsed as their usage says", () => {
	assert.deepEqual(parseInput("/NICK bob"), { do: "nick", nick: "bob" });
	assert.equal(parseInput("/nick").do, "error");
	assert.equal(parseInput("/nick a b").do, "error");
	assert.deepEqual(parseInput("/me  waves  twice "),
	    { do: "say", text: "waves  twice", kind: "me" });
	assert.deepEqual(parseInput("/msg ana psst, you"),
	    { do: "msg", nick: "ana", text: "psst, you" });
	assert.deepEqual(parseInput("/join #Kitchen secret"),
	    { do: "join", room: "kitchen", key: "secret" });
	assert.deepEqual(parseInput("/topic -"), { do: "request",
		object: { topic: null }, inRoom: true });
	assert.deepEqual(parseInput("/kick cy be nice"), { do: "request",
		object: { kick: "cy", text: "be nice" }, inRoom: true });
	assert.deepEqual(parseInput("/ban"), { do: "request",
		object: { ban: null }, inRoom: true });
	assert.deepEqual(parseInput("/accept accounts"), { do: "request",
		object: { accept: "accounts" } });
	assert.deepEqual(parseInput("/account alias bobby"), { do: "account",
		what: "alias", name: "bobby" });
	assert.deepEqual(parseInput("/who"), { do: "who" });
	assert.equal(parseInput("/who me").do, "error");
});

test("a typo does nothing, and says how to go on", () => {
	const { do: what, text } = parseInput("/nik bob");
	assert.equal(what, "error");
	assert.match(text, /\/nik/);
	assert.match(text, /\/help/);
	assert.equal(parseInput("/constructor").do, "error");
	assert.equal(parseInput("/__proto__ x").do, "error");
});

const source = (path) => readFileSync(new URL(`../../src/${path}`,
    import.meta.url), "utf8");

// What a macro of the accounts' stands for.
const defined = (macro) => new RegExp(`#define ${macro} \\\\\\s*"([^"]*)"`)
    .exec(source("session/session-account.h"))[1];

test("all commands of the server's are there, and help says the same", () => {
	const def = source("plain/commands.def").replace(/"\s*\n\s*"/g, "");
	const rows = new Map([...def.matchAll(
	    /^COMMAND\(\w+, "(\w+)",[^"]*?(?:(SESSION_\w+)|"((?:[^"\\]|\\.)*)"),\s*"((?:[^"\\]|\\.)*)"/gm
	)].map(([, name, macro, usage, help]) => [name, { usage: macro ?
	    defined(macro) : usage, help }]));
	assert.ok(rows.size > 20);
	assert.deepEqual([...rows.keys()].filter((name) =>
		!COMMANDS.some((c) => c.name === name)), []);
	for (const c of COMMANDS) {
		if (PAGE_ONLY.includes(c.name))
			continue;
		const row = rows.get(c.name);
		assert.ok(row, `/${c.name} is a command of the server's`);
		assert.equal(c.help, row.help, `/${c.name}`);
		assert.equal(c.usage, row.usage ?? "", `/${c.name}`);
	}
});

test("a command is completed while it is typed, and not later", () => {
	assert.deepEqual(completeCommand("/b").map((c) => c.name),
	    ["brb", "back", "ban"]);
	assert.equal(completeCommand("/").length, COMMANDS.length);
	assert.deepEqual(completeCommand("/brb "), []);
	assert.deepEqual(completeCommand("b"), []);
	assert.deepEqual(completeCommand("//b"), []);
});

test("nicks and rooms are completed where they stand", () => {
	const words = { nicks: ["ana", "Anton", "bob"], rooms: ["attic"] };
	assert.deepEqual(completeWord("An", 2, words),
	    { start: 0, choices: ["ana", "Anton"], suffix: ": " });
	assert.deepEqual(completeWord("hi b", 4, words),
	    { start: 3, choices: ["bob"], suffix: " " });
	assert.deepEqual(completeWord("/join a", 7, words).choices, ["attic"]);
	assert.equal(completeWord("hi ", 3, words), null);
	assert.equal(completeWord("zed", 3, words), null);
});
