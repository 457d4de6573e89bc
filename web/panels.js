// SPDX-License-Identifier: ISC
// Copyright (c) 2026 The brbd authors
//
// Panels: what is shown over the page and closed again. Each is a dialog of the
// browser's, which keeps the focus inside and gives it back.

import { bdi, button, h, iconButton } from "./dom.js";
import { COMMANDS } from "./commands.js";
import { nickProblem } from "./text.js";
import * as words from "./words.js";

function panel(title, ...content) {
	const dialog = h("dialog", { class: "panel",
		"aria-labelledby": "panel-title" },
	h("div", { class: "panel-head" }, h("h2", { id: "panel-title" }, title),
	    iconButton("close", "Close", () => dialog.close())),
	...content);
	dialog.addEventListener("close", () => dialog.remove());
	dialog.addEventListener("click", (e) => {
		if (e.target === dialog)
			dialog.close();
	});
	document.querySelector("dialog.panel")?.close();
	document.body.append(dialog);
	dialog.showModal();
	dialog.querySelector("input:not([readonly])")?.focus();
	return dialog;
}

// A field; the first one of a panel has the focus.
const field = (label, properties) => h("label", { class: "field" },
    h("span", {}, label), h("input", { autocapitalize: "none",
	spellcheck: "false", ...properties }));

const STAY = Symbol("stay");

// A form whose action may fail, which it then says. act(values) is awaited, and
// its panel closed unless the answer is STAY.
function form(fields, submit, act, ...more) {
	const error = h("p", { class: "error", role: "alert" });
	const go = h("button", { type: "submit", class: "main" }, submit);
	const el = h("form", { class: "panel-form" }, ...fields, error,
	    h("div", { class: "buttons" }, ...more, go));
	el.addEventListener("submit", async (e) => {
		e.preventDefault();
		error.textContent = "";
		go.disabled = true;
		try {
			const next = await act(
			    Object.fromEntries(new FormData(el)));
			if (next !== STAY)
				el.closest("dialog")?.close();
		} catch (o) {
			error.textContent = capital(o.text ?? String(o));
		}
		go.disabled = false;
	});
	return el;
}

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1) +
    (/[.!?]$/.test(text) ? "" : ".");

const fail = (text) => {
	throw { text };
};

// Who one is: a name, an account, or a guest.
export function openSelf(chat, { mode = "name", name = "" } = {}) {
	const { nick, account } = chat.me;
	if (account) {
		panel(`You are ${nick}`, h("p", {},
		    `You are logged in to the account ${account}: your place ` +
			"in each room is kept, wherever you come from."),
		h("div", { class: "buttons" }, button("Log out", (e) => {
			e.target.closest("dialog").close();
			chat.logout();
		})));
		return;
	}
	const to = (next) => button({ name: "Choose a name", login: "Log in",
		register: "Make an account" }[next], () =>
		openSelf(chat, { mode: next, name }), { class: "link" });
	if (mode === "login")
		panel("Log in", form([
			field("Name", { name: "name", required: true,
				value: name, autocomplete: "username" }),
			field("Password", { name: "password", type: "password",
				required: true,
				autocomplete: "current-password" })],
		"Log in", (v) => chat.login(v.name.trim(), v.password),
		to("name")));
	else if (mode === "register")
		panel("Make an account", h("p", {}, `Nobody else can have the ` +
		    `name ${nick} then, and your place is kept wherever you ` +
			"come from."),
		form([field("Name", { name: "name", readonly: true,
			value: nick, autocomplete: "username" }),
		field("A password", { name: "password", type: "password",
			required: true, autocomplete: "new-password" })],
		"Make it", (v) => chat.register(v.password)));
	else
		panel(chat.isGuest ? "Who are you?" : `You are ${nick}`,
		    form([field("Name", { name: "name", required: true,
			value: chat.isGuest ? name : nick, maxlength: 20,
			autocomplete: "nickname" })],
		    "Use this name", (v) => {
			const problem = nickProblem(v.name.trim());
			return problem ? fail(problem) :
			    chat.chooseNick(v.name.trim());
		    }),
		    h("div", { class: "buttons" }, to("login"),
			!chat.isGuest && to("register")));
}

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
	h("b", {}, bdi(m.nick)), " ", h("span", { dir: "auto" }, m.text)));
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
