// SPDX-License-Identifier: ISC
// Copyright (c) 2026 The brbd authors
//
// The lists beside the timeline: rooms and conversations with what is unread in
// them, and the people of the room.

import { bdi, button, fill, h, iconButton } from "./dom.js";
import { colourOf } from "./rows.js";
import * as words from "./words.js";

function badge(room, isSeen) {
	if (isSeen || room.unread === 0)
		return null;
	const isLoud = room.mentions > 0 || room.kind === "talk";
	const n = isLoud && room.mentions > 0 ? room.mentions : room.unread;
	const label = isLoud && room.kind === "room" ?
	    `, ${words.plural(n, "mention")}` : `, ${words.count(n)} unread`;
	return h("span", { class: isLoud ? "badge loud" : "badge" },
	    h("span", { class: "sr" }, label),
	    h("span", { "aria-hidden": "true" }, (isLoud &&
		room.kind === "room" ? "@" : "") +
		(n > 999 ? "999+" : String(n))));
}

function entry(room, { current, isSeen, open }) {
	const isCurrent = room === current;
	return h("li", {}, button("", () => open(room), {
		class: `place${room.unread > 0 && !isSeen ? " unread" : ""}` +
		    (room.state === "out" ? " out" : ""),
		"aria-current": isCurrent ? "page" : null,
		data: { key: room.key } },
	h("span", { class: "sigil", "aria-hidden": "true" },
	    room.kind === "talk" ? "@" : "#"),
	bdi(room.name, { class: "name" }), badge(room, isSeen)));
}

// Rooms that one is in, conversations, and the rooms besides.
export function renderPlaces(el, chat, ui) {
	const rooms = [...chat.rooms.values()];
	const talks = [...chat.talks.values()];
	const others = chat.directory.filter((r) => !chat.rooms.has(r.room));
	const make = (room) => entry(room, { current: ui.current,
		isSeen: ui.isAttended(room), open: ui.open });
	const part = (title, list, more) => list.length > 0 && [
		h("div", { class: "part-head" }, h("h2", {}, title), more),
		h("ul", {}, ...list)];
	keepFocus(el, "key", () => fill(el,
		part("Rooms", rooms.map(make), iconButton("plus",
		    "Go to another room", ui.openJoin, { data: { key: "+" } })),
		part("Conversations", talks.map(make)),
		part("Other rooms", others.slice(0, 50).map((r) =>
			h("li", {}, button("", () => ui.join(r.room), {
				class: "place other", title: r.topic,
				data: { key: r.room } },
			h("span", { class: "sigil", "aria-hidden": "true" },
			    "#"),
			bdi(r.room, { class: "name" }),
			h("span", { class: "badge quiet" }, r.new > 0 ?
			    `${words.count(r.new)} new` :
			    words.count(r.people))))))));
}

export function renderPeople(el, room, ui) {
	const people = room.kind === "room" ? room.sortedPeople() : [];
	el.querySelector("h2").textContent = people.length === 0 ? "People" :
	    words.plural(people.length, "person", "people");
	const list = el.querySelector("ul");
	keepFocus(list, "key", () => list.replaceChildren(
	    ...people.map((p) => person(p, room, ui))));
}

function person(p, room, ui) {
	const isMe = p.nick === room.me;
	const isAway = p.away !== undefined || p.lost;
	const state = p.lost ? "connection lost" :
	    p.away === undefined ? null : p.away || "on break";
	return h("li", {}, button("", () => isMe ? ui.openSelf() :
	    ui.openTalk(p.nick), {
		class: `person${isAway ? " away" : ""}`,
		title: isMe ? "This is you" : `Write to ${p.nick} alone`,
		data: { key: p.nick } },
	h("span", { class: `dot ${colourOf(p.nick)}`, "aria-hidden": "true" }),
	h("span", { class: "who" },
	    h("span", { class: "names" }, bdi(p.nick),
		isMe && h("span", { class: "tag" }, "you"),
		p.op && h("span", { class: "tag" }, "op"),
		p.voice && !p.op && h("span", { class: "tag" }, "voice")),
	    state && h("span", { class: "state", dir: "auto" },
		isAway && !p.lost && h("span", { class: "sr" }, "on break: "),
		state))));
}

// A list that is made anew keeps the focus on the same entry.
function keepFocus(el, name, change) {
	const had = el.contains(document.activeElement) ?
	    document.activeElement.dataset[name] : null;
	change();
	if (had)
		[...el.querySelectorAll("button")].find((b) =>
			b.dataset[name] === had)?.focus();
}
