// SPDX-License-Identifier: ISC
// Copyright (c) 2026 The brbd authors
//
// Actions: what a command that was typed does. Each returns false if the text is
// to stay in the field.

import { openAccount, openSelf } from "./account.js";
import * as panels from "./panels.js";
import * as words from "./words.js";

// What the server says is shown above the field; what was typed is gone by then.
function tell(page, promise) {
	promise.catch((o) => page.composer.say(words.sentence(o.text)));
	return true;
}

function note(page, text) {
	page.current.note({ kind: "note", time: page.chat.now(), text });
	page.stale("view");
}

function noteWho(page) {
	const people = page.current.sortedPeople();
	const away = people.filter((p) => p.away !== undefined);
	note(page, `${words.plural(people.length, "person", "people")} here: ` +
	    words.names(people.map((p) => p.nick), 50) +
	    (away.length > 0 ? `; on break: ${words.names(away.map((p) =>
		`${p.nick} (${[p.away, words.duration(p.for ?? 0)]
		    .filter(Boolean).join(", ")})`), 20)}` : ""));
}

const actions = {
	say: (page, a) => page.say(page.current, a.text, a.kind),
	msg(page, a) {
		page.openTalk(a.nick);
		return page.say(page.current, a.text);
	},
	nick: (page, a) => tell(page, page.chat.chooseNick(a.nick)),
	brb: (page, a) => tell(page, page.chat.brb(a.text)),
	back: (page, a) => tell(page, page.chat.back(a?.text)),
	quit(page, a) {
		page.chat.quit(a.text);
		return true;
	},
	logout(page) {
		page.chat.logout();
		return true;
	},
	who: (page) => tell(page, page.chat.request({ who: page.current.name })
	    .then(() => noteWho(page))),
	history(page, a) {
		if (a.n > 0)
			return tell(page, page.showLast(a.n));
		page.composer.say("/history takes a number of messages.");
		return false;
	},
	skip(page) {
		page.chat.skip(page.current);
		return true;
	},
	join(page, a) {
		page.join(a.room, a.key);
		return true;
	},
	leave(page) {
		page.leave(page.current);
		return true;
	},
	rooms: (page) => tell(page, page.chat.refreshDirectory().then(
	    (rooms) => note(page, words.rooms(rooms)))),
	search(page, a) {
		panels.openSearch(page.chat, page, a.text);
		return true;
	},
	"show-topic"(page) {
		page.composer.say(page.current.topic ?? "No topic is set.");
		return true;
	},
	devices: (page, a) => tell(page,
	    panels.openDevices(page.chat, a.nick)),
	request(page, a) {
		const { chat } = page;
		const o = a.inRoom ? { ...a.object, room: page.current.name } :
		    a.object;
		return tell(page, chat.request(o).then((answer) => {
			if (/ignore$/.test(answer.done))
				chat.refreshIgnores();
			page.composer.say(words.answer(answer) || a.done);
		}));
	},
	account(page, { what, name }) {
		/* That is asked for in the panel. */
		if (what !== undefined && what !== "password")
			return tell(page, openAccount(page.chat,
			    { account: what, name }));
		openSelf(page.chat);
		return true;
	},
	register(page) {
		openSelf(page.chat, { mode: "register" });
		return true;
	},
	login(page, a) {
		openSelf(page.chat, { mode: "login", name: a.name });
		return true;
	},
	read(page) {
		page.markRead();
		return true;
	},
	unread(page, a) {
		const lines = page.current.timeline.items.filter((i) =>
			i.sub === 0);
		if (page.current.kind !== "room" || !(a.n > 0)) {
			page.composer.say("/unread takes a number of messages, " +
			    "in a room.");
			return false;
		}
		if (lines.length > 0)
			page.chat.unread(page.current, lines.at(-a.n) ?? lines[0]);
		return true;
	},
	help(page, a) {
		panels.openHelp(a.name?.replace(/^\//, ""));
		return true;
	},
};

export const run = (page, what) => actions[what.do](page, what);
