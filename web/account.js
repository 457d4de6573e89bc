// SPDX-License-Identifier: ISC
// Copyright (c) 2026 The brbd authors
//
// Who one is: a name, a guest, or an account with its names and all that lets
// into it. Each is a panel.

import { bdi, button, h } from "./dom.js";
import { STAY, fail, field, form, panel } from "./dialog.js";
import { openDevices } from "./panels.js";
import { nickProblem } from "./text.js";
import * as words from "./words.js";

const newPassword = (label) => field(label, { name: "password",
	type: "password", required: true, autocomplete: "new-password" });

const nameField = (value, more) => field("Name", { name: "name",
	required: true, value, maxlength: 20, autocomplete: "username",
	...more });

const openers = {
	name(chat, link, name) {
		panel(chat.isGuest ? "Who are you?" : `You are ${chat.me.nick}`,
		    form([nameField(chat.isGuest ? name : chat.me.nick)],
			"Use this name", (v) => {
				const nick = v.name.trim();
				const problem = nickProblem(nick);
				return problem ? fail(problem) :
				    chat.chooseNick(nick);
			}),
		    h("div", { class: "buttons" }, link("login", "Log in"),
			!chat.isGuest && link("register", "Make an account")));
	},
	login(chat, link, name) {
		panel("Log in", form([nameField(name),
			field("Password", { name: "password", type: "password",
				required: true,
				autocomplete: "current-password" })],
		"Log in", (v) => chat.login(v.name.trim(), v.password),
		link("name", "Choose a name")));
	},
	register(chat, link) {
		if (chat.isGuest) {
			openers.name(chat, link, "");
			return;
		}
		panel("Make an account", h("p", {}, `Nobody else can have the ` +
		    `name ${chat.me.nick} then, and your place is kept ` +
			"wherever you come from."),
		form([nameField(chat.me.nick, { readonly: true }),
			newPassword("A password")],
		"Make it", (v) => chat.register(v.password)));
	},
};

export function openSelf(chat, { mode = "name", name = "" } = {}) {
	if (chat.me.account) {
		openAccount(chat).catch((o) => chat.emit("toast", o.text));
		return;
	}
	openers[mode](chat, (next, text) => button(text, () =>
		openSelf(chat, { mode: next, name }), { class: "link" }), name);
}

const KINDS = { password: "A password", key: "A certificate, key",
	uid: "The Unix user", token: "A token" };

// The account: what belongs to it and what lets into it. A change, which is made
// first, is a request "account".
export async function openAccount(chat, change = null) {
	const done = change === null ? {} : await chat.request(change);
	const a = await chat.request({ account: null });
	chat.accountIs(a.account);
	const ask = async (account, more) => {
		await openAccount(chat, { account, ...more });
		return STAY;
	};
	const error = h("p", { class: "error", role: "alert" });
	const act = (label, about, what, name) => button(label, () =>
		ask(what, { name }).catch((o) => { error.textContent =
			words.sentence(o.text); }),
	{ "aria-label": `${label}: ${about}` });
	const note = done.token ? ["The token is ", h("strong", {}, done.token),
		". It is shown this once: a program logs in with it as with " +
		    "the password."] : done.done ? ["That is done."] : null;
	const row = (what, more, ...buttons) => h("li", {},
	    h("span", {}, what, more && h("span", { class: "soft" }, more)),
	    ...buttons);
	panel(`You are ${chat.me.nick}`, note && h("p", { role: "status" },
	    ...note), error,
	h("p", {}, `The account ${a.account} is yours since ` +
	    `${words.date(a.made)}: your place in each room is kept, ` +
		"wherever you come from."),
	h("h3", {}, "Its names"),
	h("ul", { class: "list" }, ...a.nicks.map((nick) =>
		row(bdi(nick), nick === a.account && ", as it is called",
		    nick !== a.account && act("Call it so", nick, "main", nick),
		    nick !== a.account && act("Give it up", nick, "unalias",
			nick)))),
	h("details", {}, h("summary", {}, "One more name"),
	    form([nameField("", { autocomplete: "off" })],
		"Have this name, too",
		(v) => ask("alias", { name: v.name.trim() }))),
	h("h3", {}, "What lets you in"),
	h("ul", { class: "list" }, ...a.credentials.map((c) => {
		const kind = KINDS[c.kind] ?? c.kind;
		const who = c.name ? `${kind} ${c.name}` : kind;
		return row(who, `, made ${words.date(c.made)}, ` + (c.used ?
			`used ${words.date(c.used)}` : "never used"),
		c.name && act("Remove", who, "remove", c.name));
	})),
	h("details", {}, h("summary", {}, "Another password"),
	    form([field("Your present password", { name: "present",
		type: "password", autocomplete: "current-password" }),
	    newPassword("The new one")], "Change it",
	    (v) => ask("password", v))),
	h("div", { class: "buttons" },
	    button("Log out", (e) => {
		e.target.closest("dialog").close();
		chat.logout();
	    }),
	    button("Your sessions", () => openDevices(chat, null)),
	    act("Make a token", "for a program", "token")));
}
