// SPDX-License-Identifier: ISC
// Copyright (c) 2026 The brbd authors
//
// Actions: what a command that was typed does. Each returns false if the text is
// to stay in the field.

import * as panels from "./panels.js";
import * as words from "./words.js";

// What the server says is shown above the field; what was typed is gone by then.
function tell(page, promise) {
	promise.catch((o) => page.composer.say(o.text));
	return true;
}

const actions = {
	say: (page, a) => page.say(page.current, a.text, a.kind),
	msg(page, a) {
		page.openTalk(a.nick);
		return page.say(page.current, a.text);
	},
	nick: (page, a) => tell(page, page.chat.chooseNick(a.nick)),
	brb: (page, a) => tell(page, page.chat.brb(a.text)),
	back: (page) => tell(page, page.chat.back()),
	quit(page, a) {
		page.chat.quit(a.text);
		return true;
	},
	logout(page) {
		page.chat.logout();
		return true;
	},
	who(page) {
		const room = page.current;
		page.chat.ask({ who: room.name });
		const people = room.sortedPeople();
		const away = people.filter((p) => p.away !== undefined);
		room.note({ kind: "note", time: page.chat.now(),
			text: `${words.plural(people.length, "person",
			    "people")} here: ` +
			    words.names(people.map((p) => p.nick), 50) +
			    (away.length > 0 ? `; on break: ${words.names(
				away.map((p) => p.nick + (p.away ?
				    ` (${p.away})` : "")), 20)}` : "") });
		page.stale("view");
		return true;
	},
	history(page) {
		page.chat.loadOlder(page.current);
		return true;
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
	rooms(page) {
		page.chat.refreshDirectory();
		return true;
	},
	search(page, a) {
		panels.openSearch(page.chat, page, a.text);
		return true;
	},
	"show-topic"(page) {
		page.composer.say(page.current.topic ?? "No topic is set.");
		return true;
	},
	ignore(page, a) {
		const { chat } = page;
		if (a.nick === undefined) {
			page.composer.say(chat.ignores.size === 0 ?
			    "You ignore nobody here." :
			    `You ignore ${words.names([...chat.ignores], 50)}.`);
			return true;
		}
		return tell(page, chat.ignore(a.nick));
	},
	unignore: (page, a) => tell(page, page.chat.unignore(a.nick)),
	request(page, a) {
		const o = a.needsRoom ?
		    { ...a.object, room: page.current.name } : a.object;
		return tell(page, page.chat.request(o).then((answer) => {
			if (answer.modes !== undefined)
				page.composer.say(`Modes: ${answer.modes}`);
			return answer;
		}));
	},
	register(page) {
		panels.openSelf(page.chat, { mode: "register" });
		return true;
	},
	login(page, a) {
		panels.openSelf(page.chat, { mode: "login", name: a.name });
		return true;
	},
	read(page) {
		page.markRead();
		return true;
	},
	help(page, a) {
		panels.openHelp(a.name?.replace(/^\//, ""));
		return true;
	},
};

export const run = (page, what) => actions[what.do](page, what);
