// SPDX-License-Identifier: ISC
// Copyright (c) 2026 The brbd authors
//
// The events of brbd-json(7), a function each: what the chat makes of them. One
// that is not known is ignored, as the protocol wants it.

import { toLine } from "./room.js";
import * as words from "./words.js";

// What belongs to a room's catch-up waits while that room's history is verified.
const IN_ORDER = new Set(["say", "me", "notice", "topic", "welcome", "past",
	"repeats", "new", "gap", "live"]);

export function receiveEvent(chat, o) {
	const room = typeof o.room === "string" ? chat.rooms.get(o.room) : null;
	if (room?.queue && IN_ORDER.has(o.event)) {
		room.queue.push(o);
		return;
	}
	const handler = Object.hasOwn(handlers, o.event) ?
	    handlers[o.event] : null;
	handler?.(chat, o, room);
}

function note(chat, room, text, more = {}) {
	const item = room.note({ kind: "note", text, time: chat.now(),
		...more });
	chat.emit("room", room);
	return item;
}

// In a room of more people nobody's coming and going is a note.
const CROWD = 20;

// Arrivals and departures in a row are one note; who came and went again in
// between is not in it.
function presence(chat, room, nick, what) {
	chat.emit("people", room);
	if (room.people.size > CROWD)
		return;
	const items = room.timeline.items;
	let item = items[items.length - 1];
	if (!item?.presence || chat.now() - item.time > 600000) {
		item = note(chat, room, "", {
			presence: { came: [], left: [] } });
	}
	const { came, left } = item.presence;
	const undoes = what === "came" ? left : came;
	const at = undoes.indexOf(nick);
	if (at !== -1)
		undoes.splice(at, 1);
	else
		item.presence[what].push(nick);
	item.text = words.presence(item.presence);
	item.changed = (item.changed ?? 0) + 1;
	if (item.text === "")
		room.timeline.removeNote(item);
	chat.emit("room", room);
}

// A run begins where the page is; the server says what comes.
function beginCatchup(chat, room, o, fresh) {
	if (room.run === null)
		room.beginRun(room.timeline.last || null);
	room.state = "catching-up";
	room.run.fresh = fresh;
	room.catchup = { count: o.count, received: 0 };
	room.missedFor = o.away ?? 0;
	chat.emit("room", room);
}

function said(chat, o, room) {
	const line = toLine(o);
	if (line !== null && room)
		chat.line(room, line);
}

const handlers = {
	hello: (chat, o) => chat.greeted(o),
	ask: (chat, o) => chat.link.send({ ack: o.token }),

	say: said,
	me: said,
	notice: said,
	topic(chat, o, room) {
		if (room)
			room.topic = o.text || null;
		said(chat, o, room);
	},

	msg(chat, o, room) {
		if (o.status && room)
			note(chat, room, `(to the operators) ${o.nick}: ` +
			    `${o.text}`);
		else
			chat.private(o);
	},
	"msg-kept"(chat, o) {
		if (o.lost > 0)
			chat.emit("toast", `${words.plural(o.lost,
			    "private message")} could not be kept for you`);
	},

	join(chat, o, room) {
		if (!room)
			return;
		room.came(o.nick);
		if (o.nick !== chat.me.nick)
			presence(chat, room, o.nick, "came");
	},
	leave(chat, o, room) {
		if (room?.left(o.nick))
			presence(chat, room, o.nick, "left");
	},
	quit(chat, o) {
		for (const r of chat.rooms.values())
			if (r.left(o.nick))
				presence(chat, r, o.nick, "left");
	},
	nick(chat, o) {
		const isMe = o.was === chat.me.nick;
		for (const r of chat.rooms.values())
			if (r.renamed(o.was, o.nick)) {
				if (!isMe)
					note(chat, r, `${o.was} is now ` +
					    o.nick);
				chat.emit("people", r);
			}
		if (isMe)
			chat.setMe(o.nick, chat.me.account);
	},
	away(chat, o) {
		for (const r of chat.rooms.values())
			if (r.away(o.nick, o.text)) {
				if (o.nick !== chat.me.nick)
					note(chat, r, o.text === null ?
					    `${o.nick} is back` : o.text ?
					    `${o.nick}: be right back ` +
						`(${o.text})` :
					    `${o.nick}: be right back`);
				chat.emit("people", r);
			}
	},
	kick(chat, o, room) {
		if (!room)
			return;
		const why = o.text ? ` (${o.text})` : "";
		room.left(o.who);
		if (o.who === chat.me.nick) {
			room.state = "out";
			note(chat, room, `${o.nick} put you out of here${why}`);
		} else
			note(chat, room, `${o.nick} put ${o.who} out${why}`);
		chat.emit("people", room);
		chat.emit("rooms");
	},
	invite(chat, o) {
		if (o.who !== chat.me.nick)
			return;
		chat.emit("toast", `${o.nick} asks you to come to ${o.room}`,
		    { text: "Come in", join: o.room });
	},
	mode(chat, o, room) {
		if (!room)
			return;
		note(chat, room, `${o.nick} set ${o.text}`);
		if (/^[^ ]*[ov]/.test(o.text))
			chat.ask({ who: room.name });
	},

	people(chat, o, room) {
		if (!room)
			return;
		room.addPeople(o.people, o.more);
		chat.emit("people", room);
	},
	read(chat, o, room) {
		if (room && typeof o.number === "string" &&
		    /^[0-9]{1,20}$/.test(o.number))
			chat.readUpTo(room, BigInt(o.number));
	},
	server: (chat, o) => chat.emit("toast", o.text),
	unread(chat, o) {
		const talk = chat.talk(o.with);
		talk.unread = Math.max(talk.unread, o.count);
		chat.emit("room", talk);
		chat.emit("rooms");
	},
	waiting(chat, o) {
		const there = chat.directory.find((r) => r.room === o.room);
		if (there)
			there.new = o.count;
		else
			chat.directory.push({ room: o.room, new: o.count,
				people: 0, in: false });
		chat.emit("rooms");
	},

	welcome(chat, o, room) {
		if (room)
			beginCatchup(chat, room, o, "new");
	},
	past(chat, o, room) {
		if (room)
			beginCatchup(chat, room, o, "past");
	},
	repeats(chat, o, room) {
		if (room?.run)
			room.run.fresh = "repeats";
	},
	"new"(chat, o, room) {
		if (room?.run)
			room.run.fresh = "new";
	},
	gap(chat, o, room) {
		room?.lose(o.count, o.uncertain);
	},
	live(chat, o, room) {
		if (!room)
			return;
		room.endRun();
		room.state = "live";
		chat.saveRead(room);
		chat.flush();
		chat.emit("live", room);
		chat.emit("rooms");
		chat.emit("room", room);
	},

	// Another session has asked for it, or was on one before this came.
	break(chat) {
		chat.onBreak ??= "";
		chat.emit("state");
	},
	back(chat) {
		chat.onBreak = null;
		chat.flush();
		chat.emit("state");
	},
	refused(chat, o) {
		chat.refusal = o.text;
		chat.link.refused();
		chat.emit("state");
	},
	bye(chat, o) {
		chat.emit("toast", o.text);
	},
};

