// SPDX-License-Identifier: ISC
// Copyright (c) 2026 The brbd authors
//
// The commands that one may type, as the line protocol has them and with its
// help, but for those that the page adds: see PAGE_ONLY. Parsing says what is to
// be done; whoever calls does it. What begins with // says what follows the first
// stroke.

// name, usage, help, the least and the most words it takes, and what comes of
// them: an object with "do".
const table = [
	["nick", "NAME", "be somebody; your place is kept under that name",
		1, 1, (nick) => ({ do: "nick", nick })],
	["brb", "[message|all]", "go on break: you see nothing until you are back",
		0, 1, (text) => ({ do: "brb", text })],
	["back", "[message|all]", "come back from a break and see what you missed",
		0, 1, (text) => ({ do: "back", text })],
	["quit", "[message]", "leave; your place is kept",
		0, 1, (text) => ({ do: "quit", text })],
	["me", "ACTION", "say what you do: * bob waves",
		1, 1, (text) => ({ do: "say", text, kind: "me" })],
	["msg", "NICK TEXT", "say something to one person only; /accept limits who may",
		2, 2, (nick, text) => ({ do: "msg", nick, text })],
	["who", "", "list who is here, who is on break and why",
		0, 0, () => ({ do: "who" })],
	["history", "[N]", "show the last messages: N, or 20",
		0, 1, (n) => ({ do: "history", n: Number(n ?? 20) })],
	["skip", "", "stop what is being shown (an empty line does it too)",
		0, 0, () => ({ do: "skip" })],
	["join", "ROOM [KEY]", "go to another room, or make it",
		1, 2, (room, key) => ({ do: "join",
			room: room.replace(/^#/, "").toLowerCase(), key })],
	["leave", "", "leave this room; your place there is kept",
		0, 0, () => ({ do: "leave" })],
	["rooms", "", "list the rooms, and what is new to you there",
		0, 0, () => ({ do: "rooms" })],
	["search", "TEXT", "find what was said in the rooms that you may read",
		1, 1, (text) => ({ do: "search", text })],
	["topic", "[TEXT]", "show or set the room's topic; - removes it",
		0, 1, (text) => text === undefined ? { do: "show-topic" } :
		    request({ topic: text === "-" ? null : text }, IN_ROOM)],
	["ignore", "[NICK]", "hide somebody's lines; /unignore undoes it",
		0, 1, (nick) => request({ ignore: nick ?? null }, {
			done: nick && `You see nothing of ${nick}'s any ` +
			    `more; /unignore ${nick} undoes it.` })],
	["unignore", "NICK", "show somebody's lines again",
		1, 1, (nick) => request({ unignore: nick },
		    { done: `You see what ${nick} says again.` })],
	["accept", "[accounts|anyone]",
		"who may /msg you: who is logged in, or anyone",
		0, 1, (who) => request({ accept: who ?? null })],
	["devices", "[NICK|end] [N] [NICK]",
		"your sessions; /devices end N ends one",
		0, 3, (a, n, nick) => a === "end" ?
		    request({ devices: nick ?? null, end: n },
			{ done: `Session ${n} is ended.` }) :
		    { do: "devices", nick: a ?? null }],
	["invite", "NICK", "ask somebody to come to this room",
		1, 1, (nick) => request({ invite: nick }, { inRoom: true,
			done: `${nick} is asked to come here.` })],
	["kick", "NICK [REASON]",
		"put somebody out of the room; they may come back",
		1, 2, (kick, text) => request(text ? { kick, text } :
		    { kick }, IN_ROOM)],
	["ban", "[NICK|MASK]", "keep somebody out; /unban undoes it",
		0, 1, (ban) => request({ ban: ban ?? null }, IN_ROOM)],
	["unban", "NICK|MASK", "lift a ban of the room",
		1, 1, (unban) => request({ unban }, IN_ROOM)],
	["op", "NICK", "make somebody operator of the room; /deop undoes it",
		1, 1, (nick) => request({ mode: `+o ${nick}` }, IN_ROOM)],
	["deop", "NICK", "somebody is operator of the room no more",
		1, 1, (nick) => request({ mode: `-o ${nick}` }, IN_ROOM)],
	["voice", "NICK", "let somebody always speak; /devoice undoes it",
		1, 1, (nick) => request({ mode: `+v ${nick}` }, IN_ROOM)],
	["devoice", "NICK", "somebody has voice no more",
		1, 1, (nick) => request({ mode: `-v ${nick}` }, IN_ROOM)],
	["mode", "[MODES...]",
		"show the room's modes, or change them: /mode +t-m",
		0, 1, (mode) => request({ mode: mode ?? null }, IN_ROOM)],
	["account", "[password|token|uid|key|remove|alias|unalias|main [NAME]]",
		"your account; /register makes one, /login NAME",
		0, 2, (what, name) => ({ do: "account", what, name })],
	["register", "", "make an account, so that nobody else has your nick",
		0, 0, () => ({ do: "register" })],
	["login", "NAME", "be who you are; you are asked for your password",
		0, 1, (name) => ({ do: "login", name })],
	["logout", "", "leave; your place is kept for your next login",
		0, 0, () => ({ do: "logout" })],
	["read", "", "mark all that is here as read",
		0, 0, () => ({ do: "read" })],
	["unread", "N", "for other devices: the last N messages are not read yet",
		1, 1, (n) => ({ do: "unread", n: Number(n) })],
	["help", "[COMMAND]", "this list, or more about one command",
		0, 1, (name) => ({ do: "help", name })],
];

// Those that the line protocol has not, or has with other words.
export const PAGE_ONLY = ["history", "leave", "login", "read", "search"];

export const COMMANDS = table.map(([name, usage, help, min, max, make]) =>
	({ name, usage, help, min, max, make }));

// The last word of these is all that follows.
const TAKES_REST = /message|ACTION|TEXT|REASON|MODES/;

// A request as brbd-json(7) has it: whether it is about the room that is shown,
// and what to say when it is done, if the answer does not.
const request = (object, more = {}) => ({ do: "request", object, ...more });
const IN_ROOM = { inRoom: true };

const byName = new Map(COMMANDS.map((c) => [c.name, c]));

// What was typed, as something to do. Errors are {do: "error", text}.
export function parseInput(text) {
	if (!text.startsWith("/") || text.includes("\n"))
		return { do: "say", text };
	if (text.startsWith("//"))
		return { do: "say", text: text.slice(1) };
	const [, name, rest] = /^\/(\S*)\s*([^]*)$/.exec(text);
	const command = byName.get(name.toLowerCase());
	if (!command)
		return { do: "error", text: `there is no command "/${name}"; ` +
			"/help lists them, and //text says /text" };
	const words = split(rest.trim(), command.max);
	const last = words?.[command.max - 1] ?? "";
	if (words === null || words.length < command.min ||
	    (!TAKES_REST.test(command.usage) && /\s/.test(last)))
		return { do: "error",
			text: `usage: /${command.name} ${command.usage}`
			    .trim() };
	return command.make(...words);
}

// At most max words, the last of which has the rest; null if there are more.
function split(rest, max) {
	const words = [];
	while (rest !== "") {
		if (words.length === max)
			return null;
		const m = words.length === max - 1 ? null :
		    /^(\S+)\s+([^]*)$/.exec(rest);
		words.push(m ? m[1] : rest);
		rest = m ? m[2] : "";
	}
	return words;
}

// The commands that begin as text does, while its first word is typed.
export function completeCommand(text) {
	const m = /^\/([a-z]*)$/i.exec(text);
	return m ? COMMANDS.filter((c) =>
	    c.name.startsWith(m[1].toLowerCase())) : [];
}

// What the word before the caret may be: {start, choices, suffix} or null. At a
// line's beginning a nick addresses somebody.
export function completeWord(text, caret, { nicks, rooms }) {
	const m = /(\S+)$/.exec(text.slice(0, caret));
	if (!m)
		return null;
	const start = caret - m[1].length, command = /^\/(\S+)\s/.exec(text);
	const what = command?.[1].toLowerCase() === "join" ? rooms : nicks;
	const typed = m[1].replace(/^@/, "").toLowerCase();
	const choices = typed === "" ? [] : what.filter((w) =>
	    w.toLowerCase().startsWith(typed));
	if (choices.length === 0)
		return null;
	return { start, choices, suffix: start === 0 ? ": " : " " };
}
