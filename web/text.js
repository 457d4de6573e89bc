// SPDX-License-Identifier: ISC
// Copyright (c) 2026 The brbd authors
//
// Text: what is found in what somebody said. It comes scrubbed from the server,
// and goes into the page as text nodes only.

const encoder = new TextEncoder();
export const byteLength = (text) => encoder.encode(text).length;

// What may follow an address without being part of it.
const TAIL = /[\])}>.,;:!?'"*_~\u2019\u201d]$/;

// Cuts text into parts: {text} or {text, href}. Only http and https are links;
// a closing bracket belongs to one if it was opened there.
export function splitLinks(text) {
	const parts = [];
	let end = 0;
	for (const m of text.matchAll(/\bhttps?:\/\/[^\s<>"`]+/giu)) {
		let found = m[0];
		for (let tail; (tail = TAIL.exec(found)?.[0]); ) {
			const open = { ")": "(", "]": "[", "}": "{" }[tail];
			if (open && occurrences(found, open) >=
			    occurrences(found, tail))
				break;
			found = found.slice(0, -1);
		}
		const href = linkAddress(found);
		if (!href)
			continue;
		if (m.index > end)
			parts.push({ text: text.slice(end, m.index) });
		parts.push({ text: found, href });
		end = m.index + found.length;
	}
	if (end < text.length)
		parts.push({ text: text.slice(end) });
	return parts;
}

const occurrences = (text, part) => text.split(part).length - 1;

function linkAddress(text) {
	try {
		const url = new URL(text);
		const good = url.protocol === "http:" ||
		    url.protocol === "https:";
		return good && url.hostname !== "" ? url.href : null;
	} catch {
		return null;
	}
}

const escapeRegExp = (s) => s.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");

// A test for lines that mention nick: as a word of its own, in any case.
export function mentionTest(nick) {
	if (!nick)
		return () => false;
	const re = new RegExp(
	    `(^|[^\\p{L}\\p{N}_-])${escapeRegExp(nick)}($|[^\\p{L}\\p{N}_-])`,
	    "iu");
	return (text) => re.test(text);
}

// One of so many colours for a nick, the same everywhere and for any case.
export function nickColour(nick, colours) {
	let h = 2166136261;
	for (const c of nick.toLowerCase())
		h = Math.imul(h ^ c.codePointAt(0), 16777619);
	h ^= h >>> 15;
	return (h >>> 0) % colours;
}

// One to three emoji alone are shown larger.
const EMOJI =
    /^(?:(?:\p{RI}\p{RI}|\p{Emoji_Presentation}|\p{Extended_Pictographic}\uFE0F)(?:\p{EMod}|\uFE0F|\u200D[\p{Emoji_Presentation}\p{Extended_Pictographic}]\uFE0F?)*\s*){1,3}$/u;
export const isEmojiOnly = (text) => text.length < 64 && EMOJI.test(text);

// The lines of a paste, without empty ones at its ends, or two in a row.
export function pastedLines(text) {
	const lines = text.replace(/\r\n?/g, "\n").split("\n")
	    .map((line) => line.replace(/\s+$/, ""));
	while (lines.length > 0 && lines[0] === "")
		lines.shift();
	while (lines.length > 0 && lines[lines.length - 1] === "")
		lines.pop();
	return lines.filter((line, i) => line !== "" || lines[i - 1] !== "");
}

const FIRST = /^[A-Za-z]/, REST = /^[A-Za-z0-9_-]*$/;

// What is wrong with a nick, before the server is asked; or null.
export function nickProblem(nick) {
	if (nick === "")
		return "A name needs at least one letter.";
	if (nick.length > 20)
		return "A name has 20 characters at most.";
	if (!FIRST.test(nick))
		return "A name starts with a letter, A to Z.";
	if (!REST.test(nick))
		return "A name is made of the letters A to Z, digits, - and _.";
	return null;
}
