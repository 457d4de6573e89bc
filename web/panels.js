// SPDX-License-Identifier: ISC
// Copyright (c) 2026 The brbd authors
//
// Panels: a break, another room, the search, sessions, and the help.

import { bdi, button, h } from "./dom.js";
import { STAY, field, form, panel } from "./dialog.js";
import { COMMANDS } from "./commands.js";
import * as words from "./words.js";

export function openBreak(chat) {
	panel("Take a break", h("p", {}, "Nothing comes until you are back, " +
	    "and everything is kept for you."),
	form([field("What for? (others see it)", { name: "text",
		maxlength: 100, placeholder: "lunch",
		autocomplete: "off" })], "Be right back",
	    (v) => chat.brb(v.text.trim())));
}

export function openJoin(ui) {
	panel("Go to a room", form([field("Room", { name: "room",
		required: true, maxlength: 32 }),
	field("Key (if it has one)", { name: "key", autocomplete: "off" })],
	"Go", (v) => ui.join(v.room.trim().replace(/^#/, "").toLowerCase(),
	    v.key || undefined)));
}

export function openSearch(chat, ui, text = "") {
	const results = h("ol", { class: "results", "aria-live": "polite" });
	const search = async (v) => {
		const o = await chat.request({ search: v.text });
		results.replaceChildren(...o.messages.map((m) =>
			result(m, ui)));
		results.append(h("li", { class: "end" },
		    o.messages.length === 0 ? "Nothing was found." :
			o.more ? "There is more; search for something rarer." :
			"That is all."));
		return STAY;
	};
	const el = form([field("What was said", { name: "text",
		required: true, value: text, inputmode: "search" })], "Search",
	search);
	panel("Search", el, results);
	if (text)
		el.requestSubmit();
}

function result(m, ui) {
	return h("li", {}, button("", (e) => {
		e.currentTarget.closest("dialog").close();
		ui.openLine(m.room, BigInt(m.number));
	}, { class: "result" },
	h("span", { class: "result-head" }, bdi(`#${m.room}`), " ",
	    h("time", {}, words.exactTime(Date.parse(m.time)))),
	h("b", {}, bdi(m.nick)), " ", h("span", { class: "text", dir: "auto" },
	    m.text)));
}

// The sessions of oneself or, for operators of the server, of somebody.
export async function openDevices(chat, nick) {
	const { devices } = await chat.request({ devices: nick });
	const error = h("p", { class: "error", role: "alert" });
	const end = (d) => chat.request({ devices: nick, end: d.number })
	    .then(() => openDevices(chat, nick))
	    .catch((o) => { error.textContent = words.sentence(o.text); });
	panel(nick ? `Sessions of ${nick}` : "Your sessions", error,
	    h("ul", { class: "list" }, ...devices.map((d) => h("li", {},
		h("span", {}, `${d.number}: ${d.protocol}, from `, bdi(d.from),
		    h("span", { class: "soft" }, `, for ${
			words.duration(d.for)}${d.paused ? ", on break" : ""}${
			d.this ? "; this one" : ""}`)),
		!d.this && button("End it", () => end(d),
		    { "aria-label": `End it: session ${d.number}` })))));
}

const KEYS = [
	["Enter", "say it; Shift+Enter begins a new line"],
	["Tab", "complete a name, a command or a room; Tab again: the next"],
	["Up", "in an empty field: what you said before"],
	["Escape", "mark all as read"],
	["Page Up, Page Down", "scroll what was said, also while you type"],
	["Alt+Up, Alt+Down", "the room above, the room below"],
	["Alt+Shift+Down", "the next room with something unread"],
	["Alt+End", "to what is said now"],
	["Ctrl+Shift+F", "search"],
	["?", "this help, when you are not typing"],
];

export function openHelp(name) {
	const command = COMMANDS.filter((c) => !name || c.name === name);
	const rows = (list) => list.map(([a, b]) =>
		[h("dt", {}, a), h("dd", {}, b)]).flat();
	panel("Help",
	    h("h3", {}, "What you can type"),
	    h("dl", { class: "help" }, ...rows(command.map((c) =>
		[`/${c.name} ${c.usage}`, c.help]))),
	    !name && h("h3", {}, "Keys"),
	    !name && h("dl", { class: "help" }, ...rows(KEYS)),
	    !name && h("h3", {}, "What is kept where"),
	    !name && h("p", {}, "What is said in rooms is kept by the server, " +
		"and so is your place. This browser keeps your name, your " +
		"rooms and how far you have read; this tab, until it is " +
		"closed, your private conversations and what you have typed."));
}
