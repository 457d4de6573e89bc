// SPDX-License-Identifier: ISC
// Copyright (c) 2026 The brbd authors
//
// Rows: an item of a timeline as an element. What stands before a line (the day,
// a hole, what is lost, where the new begins) is in the line's row, so that there
// is one row for each item. A row is made anew when its signature has changed.

import { bdi, button, h } from "./dom.js";
import { isEmojiOnly, nickColour, splitLinks } from "./text.js";
import * as words from "./words.js";

const GROUP_MS = 5 * 60000;
export const COLOURS = 12;

export const colourOf = (nick) => `c${nickColour(nick, COLOURS)}`;

// Is an item said by the same person as the one before it, soon after?
function isContinued(item, before) {
	return before !== undefined && item.kind === "say" &&
	    before.kind === "say" && before.nick === item.nick &&
	    item.time - before.time < GROUP_MS &&
	    words.dayKey(item.time) === words.dayKey(before.time);
}

// What a row shows beside the item itself. items[i] is the item.
export function describe(items, i, room, { first, now }) {
	const item = items[i], before = items[i - 1];
	const isDivider = item === first;
	const hole = item.sub === 0 && item.joined === false &&
	    !item.frozen && room.timeline.holeBefore(item);
	const newDay = before === undefined ||
	    words.dayKey(item.time) !== words.dayKey(before.time);
	const d = {
		day: newDay ? words.dayName(item.time, now) : "",
		hole: hole ? hole.before - hole.after - 1n : null,
		lost: item.lost ?? null,
		isDivider,
		isContinued: !isDivider && !hole && !item.lost &&
		    isContinued(item, before),
	};
	const divided = isDivider ? `${room.unread}/${room.mentions}/` +
	    `${room.state}/${room.catchup?.received}` : "";
	d.signature = `${d.day}|${d.hole}|${d.lost?.count}|${divided}|` +
	    `${d.isContinued}|${item.state}|${item.error}|${item.changed}|` +
	    `${item.text}|${item.nick}`;
	return d;
}

export function makeRow(item, d, room, actions) {
	const before = [
		d.day && h("div", { class: "day" }, h("span", {}, d.day)),
		d.isDivider && makeDivider(room, actions),
		d.hole !== null && button(room.isLoading ? "Loading…" :
		    words.hole(d.hole), () => actions.loadHole(item),
		    { class: "hole" }, h("span", {}, "Show them")),
		d.lost && h("div", { class: "lost" },
		    words.gap(d.lost.count, d.lost.uncertain)),
	];
	const body = item.kind === "note" ? makeNote(item) :
	    item.kind === "topic" ? makeTopic(item) :
	    makeLine(item, d, actions);
	return h("li", { class: "row", tabindex: "-1",
		data: item.sub === 0 ? { n: String(item.n) } : {} },
	    ...before, body);
}

function makeTime(item) {
	return h("time", { datetime: new Date(item.time).toISOString(),
		title: words.exactTime(item.time) },
	    words.timeOfDay(item.time));
}

const makeNick = (nick) => h("b", { class: `nick ${colourOf(nick)}` },
    bdi(nick));

function makeText(text) {
	return h("span", { dir: "auto",
		class: isEmojiOnly(text) ? "text emoji" : "text" },
	    ...splitLinks(text).map((part) => part.href === undefined ?
		part.text :
		h("a", { href: part.href, target: "_blank",
			rel: "noopener noreferrer" }, part.text)));
}

function makeLine(item, d, actions) {
	const classes = ["line", item.kind];
	if (d.isContinued)
		classes.push("continued");
	if (item.mention && item.kind !== "note" && item.sub === 0)
		classes.push("mention");
	if (item.mine)
		classes.push("mine");
	if (item.state)
		classes.push(item.state);
	const who = item.kind === "say" ? [makeNick(item.nick)] :
	    item.kind === "me" ? [makeNick(item.nick), " "] :
	    [makeNick(item.nick), h("span", { class: "tag" }, "notice"), " "];
	return h("div", { class: classes.join(" ") }, makeTime(item),
	    h("div", { class: "said" },
		d.isContinued ? h("span", { class: "sr" }, `${item.nick}: `) :
		    who,
		makeText(item.text), makeState(item, actions)));
}

// Of what is not said yet.
function makeState(item, actions) {
	if (item.state === "failed")
		return h("span", { class: "state" },
		    `Not said: ${item.error}. `,
		    button("Try again", () => actions.retry(item.entry)),
		    button("Discard", () => actions.discard(item.entry)));
	if (item.state === "foreign")
		return h("span", { class: "state" },
		    `Typed as ${item.nick}, and not said yet. `,
		    button("Say it", () => actions.retry(item.entry)),
		    button("Discard", () => actions.discard(item.entry)));
	return item.state ? h("span", { class: "sr" }, "(not said yet)") : null;
}

function makeTopic(item) {
	return h("div", { class: "line note" }, makeTime(item),
	    h("div", { class: "said" }, makeNick(item.nick),
		item.text ? " set the topic: " : " removed the topic",
		item.text ? makeText(item.text) : null));
}

function makeNote(item) {
	return h("div", { class: "line note" }, makeTime(item),
	    h("div", { class: "said", dir: "auto" }, item.text));
}

// Where the new begins: who said how much, and each part leads there.
function makeDivider(room, actions) {
	const lines = room.unreadLines();
	const by = new Map();
	for (const line of lines)
		if (!by.get(line.nick)?.push(line))
			by.set(line.nick, [line]);
	const most = [...by].sort((a, b) => b[1].length - a[1].length);
	const mentions = lines.filter((l) => l.mention);
	const parts = most.slice(0, 4).map(([nick, said]) =>
		part(`${nick} ${words.count(said.length)}`, colourOf(nick),
		    said, actions));
	if (most.length > 4)
		parts.push(h("span", { class: "part" },
		    words.plural(most.length - 4, "other")));
	if (mentions.length > 0)
		parts.unshift(part(mentions.length === 1 ? "1 mentions you" :
		    `${words.count(mentions.length)} mention you`, "mentioned",
		    mentions, actions));
	const running = room.catchup !== null &&
	    room.catchup.count > room.catchup.received;
	return h("div", { class: "divider", role: "group",
		"aria-label": "What is new" },
	    h("div", { class: "divider-head" },
		h("strong", {}, words.plural(lines.length, "new message")),
		running ? h("span", { class: "since" },
		    `of ${words.count(room.catchup.count)}; more is coming`) :
		    room.missedFor >= 60 && h("span", { class: "since" },
			`while you were away for ` +
			words.duration(room.missedFor)),
		h("span", { class: "grow" }),
		running && button("Skip to now", actions.skip),
		button("Mark as read", actions.markRead)),
	    h("div", { class: "parts" }, ...parts));
}

// Leads to one after the other of some lines.
function part(label, colour, lines, actions) {
	let at = 0;
	return button(label, () => {
		actions.jump(lines[at % lines.length].n);
		at++;
	}, { class: `part ${colour}` });
}
