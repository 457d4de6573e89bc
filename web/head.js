// SPDX-License-Identifier: ISC
// Copyright (c) 2026 The brbd authors
//
// The head, and what else stands around the timeline: a banner if something is the
// matter, who one is, and what is asked of a newcomer.

import { openSelf } from "./account.js";
import { $, bdi, button, fill, h, icon, iconButton } from "./dom.js";
import { colourOf } from "./rows.js";
import * as notify from "./notify.js";
import * as panels from "./panels.js";
import * as words from "./words.js";

export function drawTitle(page) {
	let n = 0;
	for (const r of [...page.chat.rooms.values(),
		...page.chat.talks.values()])
		if (!page.isAttended(r))
			n += r.kind === "talk" ? r.unread : r.mentions;
	const name = page.current.name;
	document.title = `${n > 0 ? `(${n}) ` : ""}${name} · ` +
	    (page.chat.hello?.server ?? "brbd");
}

export function drawHead(page) {
	const room = page.current;
	$("title").replaceChildren(bdi(room.name));
	$("topic").textContent = room.topic ?? "";
	$("topic").title = room.topic ?? "";
	$("app").classList.toggle("no-people", room.kind === "talk");
	drawEnd(page);
}

export function drawEmpty(page) {
	const room = page.current;
	const isEmpty = room.timeline.items.length === 0 &&
	    page.pendingOf(room).length === 0;
	$("empty").hidden = !isEmpty;
	if (isEmpty)
		$("empty").textContent = room.state === "out" ?
		    room.error ?? "You are not in this room." :
		    room.state !== "live" ? "Coming in…" :
		    room.kind === "talk" ?
			`What you and ${room.name} say here is for ` +
			    "you two alone." :
			"Nothing was said here yet.\nThe first words " +
			    "are yours.";
}

export function drawEnd(page) {
	const room = page.current, el = $("to-end");
	const wasHidden = el.hidden;
	el.hidden = page.view.isAtEnd;
	if (el.hidden && !wasHidden &&
	    document.activeElement === document.body)
		page.composer.focus();
	if (!el.hidden)
		el.replaceChildren(icon("down"), room.unread > 0 ?
		    `To now, past ${words.plural(room.unread,
			"new message")}` : "To now");
}

export function drawState(page) {
	const { chat } = page;
	$("server").textContent = chat.hello?.server ?? "brbd";
	$("motd").textContent = chat.hello?.motd ?? "";
	$("motd").hidden = !chat.hello?.motd;
	fill($("self"),
	    button("", page.openSelf, { class: "self",
		"aria-label": `You are ${chat.me.nick ?? "nobody yet"}: ` +
		    "name and account" },
	    h("span", { class: `dot ${colourOf(chat.me.nick ?? "")}` }),
	    bdi(chat.me.nick ?? "…")),
	    notify.canNotify() && bell(page),
	    iconButton("help", "Help", () => panels.openHelp()));
	drawBanner(page);
	drawAskName(page);
	$("break").hidden = chat.onBreak !== null;
	page.openComposer();
}

function bell(page) {
	const isOn = page.mayNotify();
	return iconButton("bell", "Notify me when somebody mentions me",
	    async () => {
		const on = !isOn && await notify.askToNotify();
		page.store.set("notify", on);
		if (!isOn && !on)
			page.toast("This browser does not allow " +
			    "notifications here.");
		page.stale("state");
	    }, { "aria-pressed": String(isOn) });
}

function drawBanner(page) {
	const { chat } = page, { link } = chat;
	let text = "", act = null, isQuiet = false;
	if (chat.refusal !== null && link.state !== "up") {
		text = `The server says: ${chat.refusal}. Trying ` +
		    "again soon.";
	} else if (link.state === "waiting" ||
	    (link.state === "connecting" && chat.hello !== null)) {
		text = "No connection. What you say is kept here and " +
		    "said when it is back.";
		act = ["Try now", () => link.wake()];
	} else if (link.state === "connecting") {
		text = "Connecting…";
		isQuiet = true;
	} else if (link.state === "closed" && chat.hello !== null) {
		text = "You have left; your place is kept.";
		act = ["Come back", () => link.start()];
	} else if (chat.onBreak !== null) {
		text = "You are on break" + (chat.onBreak ?
		    ` (${chat.onBreak})` : "") +
		    ". Everything is kept for you.";
		act = ["I am back", () => chat.back()];
	} else if (page.current.state === "out") {
		text = "You are not in this room.";
		act = ["Come in", () => chat.join(page.current.name)];
	} else if (chat.newVersion) {
		text = "The server is a newer one. What you have typed " +
		    "is kept.";
		act = ["Reload", () => location.reload()];
	}
	const el = $("banner");
	el.hidden = text === "";
	el.classList.toggle("quiet", isQuiet);
	if (el.dataset.text === text)
		return;
	el.dataset.text = text;
	fill(el, h("span", { class: "text" }, text),
	    act && button(act[0], async () => {
		try {
			await act[1]();
		} catch (o) {
			page.toast(o.text);
		}
	    }, { class: "pill main" }));
}

// A newcomer reads at once, and is asked who they are beside that.
function drawAskName(page) {
	const { chat } = page, el = $("ask-name");
	el.hidden = !chat.isUp || (chat.hasChosen &&
	    chat.problem === null);
	const text = `${chat.problem}|${chat.me.nick}`;
	if (el.hidden || el.dataset.text === text)
		return;
	el.dataset.text = text;
	el.replaceChildren(
	    h("span", {}, chat.problem ?? "You are here as ",
		chat.problem === null && h("strong", {}, chat.me.nick),
		chat.problem === null && "."),
	    button("Choose a name", () => openSelf(chat),
		{ class: "pill main" }),
	    button("Log in", () => openSelf(chat,
		{ mode: "login" }), { class: "pill" }),
	    button("Stay a guest", () => chat.stayGuest(),
		{ class: "pill" }));
}
