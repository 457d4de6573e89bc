// SPDX-License-Identifier: ISC
// Copyright (c) 2026 The brbd authors
//
// The page: the chat on one side, the browser on the other. What changes is
// drawn once a frame.

import { Chat } from "./chat.js";
import { Composer } from "./composer.js";
import { TimelineView } from "./view.js";
import { Store, browserArea } from "./store.js";
import { openSelf } from "./account.js";
import { run } from "./actions.js";
import { openSocket } from "./socket.js";
import { parseInput } from "./commands.js";
import { $, button, h, icon, iconButton } from "./dom.js";
import { drawEmpty, drawEnd, drawHead, drawState, drawTitle } from "./head.js";
import { renderPeople, renderPlaces } from "./side.js";
import * as notify from "./notify.js";
import * as panels from "./panels.js";
import * as words from "./words.js";

const TOAST_MS = 9000;

// The room that the address names, after #; or null.
function roomInAddress() {
	const name = location.hash.slice(1).toLowerCase();
	return /^[a-z][a-z0-9_-]*$/.test(name) ? name : null;
}

const randomId = () => [...crypto.getRandomValues(new Uint8Array(16))].map(
    (b) => b.toString(16).padStart(2, "0")).join("");

class Page {
	#frame = 0;
	#stale = new Set();
	#pending = new WeakMap();
	current = null;

	constructor() {
		const tab = new Store(browserArea("sessionStorage"));
		this.store = new Store(browserArea("localStorage"));
		this.chat = new Chat({ open: openSocket, id: randomId,
			timers: { set: (ms, fn) => setTimeout(fn, ms),
				clear: (id) => clearTimeout(id) },
			random: Math.random, now: Date.now, store: this.store,
			tab });
		this.composer = new Composer({ form: $("composer"),
			text: $("text"), list: $("choices"),
			notice: $("notice"), drafts: tab, ui: {
				submit: (text) => this.submit(text),
				words: () => this.#words(),
				maxText: () => this.chat.hello?.max_text ?? 2048,
				maxLines: () => this.current.kind === "talk" ?
				    1 : this.chat.hello?.max_lines ?? 1,
				page: (d) => this.view.page(d),
				escape: () => this.markRead(),
			} });
		this.view = new TimelineView({ scroller: $("scroller"),
			list: $("timeline"), now: Date.now,
			scrolled: () => this.stale("end"), actions: {
				pending: (room) => this.pendingOf(room),
				loadOlder: () => {
					/* On break nothing else comes. */
					if (this.current.state === "live" ||
					    this.chat.onBreak !== null)
						this.chat.loadOlder(
						    this.current);
				},
				loadHole: (line) =>
					this.chat.loadHole(this.current, line),
				retry: (e) => this.chat.retry(e),
				discard: (e) => this.chat.discard(e),
				jump: (n) => this.view.jump(n),
				skip: () => this.chat.skip(this.current),
				markRead: () => this.markRead(),
			} });
		this.#buildTools();
		this.#listen();
		this.open(this.chat.room(this.#firstRoom()));
		this.chat.start();
	}

	#firstRoom() {
		return roomInAddress() ?? this.store.get("current") ??
		    this.store.get("rooms", [])[0] ?? "lobby";
	}

	// What the chat tells

	#listen() {
		const { chat } = this;
		chat.on("state", () => this.stale("state", "places", "view"));
		chat.on("rooms", () => this.stale("places", "state"));
		chat.on("people", (room) => room === this.current &&
		    this.stale("people"));
		chat.on("room", (room) => {
			this.stale("places");
			if (room === this.current)
				this.stale("view", "title");
			else
				room.trim(false);
		});
		chat.on("live", (room) => this.#caughtUp(room));
		chat.on("said", (room, line) => this.#said(room, line));
		chat.on("toast", (text, action) => this.toast(text, action && {
			text: action.text,
			act: () => this.join(action.join) }));
		addEventListener("online", () => chat.link.wake());
		addEventListener("pageshow", () => chat.link.wake());
		addEventListener("hashchange", () => this.#hashChanged());
		addEventListener("focus", () => this.stale("places"));
		addEventListener("blur", () => this.stale("places"));
		document.addEventListener("visibilitychange", () => {
			if (document.visibilityState === "visible")
				chat.link.wake();
			this.stale("places");
		});
		/* Who does something here sees what is here. */
		addEventListener("pointerdown", () => this.#attend());
		addEventListener("keydown", (e) => this.#key(e));
		this.#listenToKeyboard();
		$("shade").addEventListener("click", () => this.#closeDrawers());
		/* What follows # in the address is a room. */
		document.querySelector(".skip").addEventListener("click", (e) => {
			e.preventDefault();
			this.composer.focus();
		});
	}

	// A phone's keyboard covers the page without resizing it, on some.
	#listenToKeyboard() {
		const v = window.visualViewport;
		if (!v)
			return;
		const fit = () => {
			const covered = v.scale === 1 &&
			    v.height < innerHeight - 60;
			document.documentElement.style.setProperty("--height",
			    covered ? `${v.height}px` : "100dvh");
			if (covered)
				scrollTo(0, 0);
		};
		v.addEventListener("resize", fit);
		v.addEventListener("scroll", fit);
	}

	#said(room, line) {
		const isSeen = this.isAttended(room);
		if (!isSeen && room.kind === "room" && room.divider === null &&
		    !line.mine)
			room.placeDivider();
		if (line.mine || line.kind === "topic")
			return;
		if (room === this.current)
			this.#announce(`${line.nick}: ${line.text}`);
		if (!isSeen && line.mention && this.mayNotify() &&
		    !document.hasFocus())
			notify.notify(room, line, () => this.open(room));
		this.stale("places");
	}

	#announce(text) {
		const log = $("live");
		log.append(h("p", {}, text));
		while (log.childElementCount > 20)
			log.firstChild.remove();
	}

	#caughtUp(room) {
		if (room !== this.current)
			return;
		if (room.unread > 0)
			this.#announce(`${words.plural(room.unread,
			    "new message")}` + (room.mentions > 0 ?
			    `, ${words.plural(room.mentions, "mention")}` : ""));
		if (this.view.isAtEnd && room.divider !== null)
			this.view.open();
		this.stale("view");
	}

	// The browser is asked last, as that takes its time.
	mayNotify = () => this.store.get("notify", false) &&
	    notify.isAllowed();

	// Rooms

	isAttended = (room) => room === this.current && this.view.isAtEnd &&
	    document.visibilityState === "visible" && document.hasFocus();

	open = (room) => {
		this.current = room;
		this.store.set("current", room.kind === "room" ? room.name :
		    this.chat.lobby);
		if (room.divider === null)
			room.placeDivider();
		this.openComposer();
		this.view.show(room);
		if (room.kind === "talk") {
			this.chat.readTalk(room);
			room.unread = 0;
		}
		history.replaceState(null, "", room.kind === "talk" ?
		    location.pathname : `#${room.name}`);
		this.#closeDrawers();
		this.stale("state", "places", "people", "title", "view");
	};

	openComposer() {
		const { name, key, kind } = this.current;
		this.composer.open(key, this.chat.onBreak !== null ?
		    "You are on break" : kind === "talk" ? `To ${name} alone` :
		    `Say something in ${name}`);
	}

	join = (name, key) => {
		const there = this.chat.rooms.get(name);
		this.open(there && there.state !== "out" ? there :
		    this.chat.isUp ? this.chat.join(name, key) :
			this.chat.room(name));
	};

	leave(room) {
		this.chat.leave(room);
		if (room === this.current)
			this.open([...this.chat.rooms.values()][0] ??
			    this.chat.room(this.chat.lobby));
	}

	openTalk = (nick) => {
		this.open(this.chat.talk(nick));
		this.composer.focus();
	};

	openSelf = () => openSelf(this.chat);

	openJoin = () => panels.openJoin(this);

	openLine = async (name, n) => {
		this.join(name);
		await this.chat.loadAround(this.current, n);
		this.view.jump(n);
	};

	// Shows the last n lines, from the first of them on.
	async showLast(n) {
		const room = this.current, { timeline } = room;
		const lines = () => timeline.items.filter((i) => i.sub === 0);
		for (let had = -1; lines().length < n && had < lines().length;) {
			had = lines().length;
			await this.chat.loadOlder(room);
		}
		const first = lines().slice(-n)[0];
		if (first && room === this.current)
			this.view.jump(first.n);
	}

	#hashChanged() {
		const name = roomInAddress();
		if (name !== null && name !== this.current.name)
			this.join(name);
	}

	// Reading and talking

	#attend() {
		const room = this.current;
		if (this.isAttended(room) && room.divider === null &&
		    room.state === "live" && room.unread > 0)
			this.chat.markRead(room);
	}

	markRead() {
		const room = this.current;
		if (room.unread === 0 && room.divider === null)
			return;
		const n = room.unread;
		const undo = this.chat.markRead(room);
		this.view.toEnd();
		this.composer.focus();
		$("toasts").replaceChildren();
		if (n > 0)
			this.toast(`${words.plural(n, "message")} marked as ` +
			    "read", { text: "Undo",
			    act: () => {
				this.chat.undoRead(room, undo);
				this.view.open();
			    } });
	}

	submit(text) {
		if (text.trim() === "") {
			if (this.current.catchup !== null)
				this.chat.skip(this.current);
			return true;
		}
		const what = parseInput(text);
		if (what.do === "error") {
			this.composer.say(what.text);
			return false;
		}
		return run(this, what);
	}

	say(room, text, kind) {
		if (this.chat.onBreak !== null) {
			this.composer.say("You are on break; come back first. " +
			    "Nothing was said.");
			return false;
		}
		if (!this.chat.say(room, text, kind)) {
			this.composer.say("Too much is waiting to be said; try " +
			    "again when there is a connection.");
			return false;
		}
		this.view.toEnd();
		return true;
	}

	// What is not said yet stands at the end, as items of the timeline.
	pendingOf(room) {
		return this.chat.outbox.entries.filter((e) =>
			room.kind === "talk" ? e.to?.toLowerCase() ===
			    room.name.toLowerCase() : e.room === room.name)
		    .map((e) => {
			const item = this.#pending.get(e) ?? { entry: e };
			this.#pending.set(e, item);
			const isForeign = e.state === "queued" &&
			    this.chat.isUp && !this.chat.isMine(e);
			return Object.assign(item, { kind: e.kind,
				nick: e.nick, text: e.text, time: e.time,
				mine: true, error: e.error,
				state: isForeign ? "foreign" : e.state });
		    });
	}

	#words() {
		const nicks = this.current.kind === "talk" ?
		    [this.current.name] :
		    this.current.sortedPeople().map((p) => p.nick)
			.filter((n) => n !== this.chat.me.nick);
		return { nicks, rooms: [...new Set([
			...this.chat.rooms.keys(),
			...this.chat.directory.map((r) => r.room)])] };
	}

	// Keys

	#key(e) {
		this.#attend();
		if (document.querySelector("dialog[open]"))
			return;
		const isTyping = /^(INPUT|TEXTAREA)$/.test(e.target.tagName);
		if (this.#shortcut(e) || (!isTyping && this.#bareKey(e)))
			e.preventDefault();
	}

	#shortcut(e) {
		if (e.ctrlKey && e.shiftKey && e.key.toLowerCase() === "f") {
			panels.openSearch(this.chat, this);
			return true;
		}
		if (!e.altKey || e.ctrlKey || e.metaKey)
			return false;
		const by = { ArrowUp: -1, ArrowDown: 1 }[e.key];
		if (by)
			this.#step(by, e.shiftKey);
		else if (e.key === "End")
			this.view.toEnd();
		else
			return false;
		return true;
	}

	#bareKey(e) {
		if (e.key === "?") {
			panels.openHelp();
			return true;
		}
		if (e.key === "Escape") {
			if (!this.#closeDrawers())
				this.markRead();
			return true;
		}
		/* Whoever begins to type means the field. */
		if (e.key.length === 1 && e.key !== " " && !e.ctrlKey &&
		    !e.metaKey && !e.altKey)
			this.composer.focus();
		return false;
	}

	#step(by, isUnreadOnly) {
		const all = [...this.chat.rooms.values(),
			...this.chat.talks.values()];
		const at = all.indexOf(this.current);
		for (let i = 1; i <= all.length; i++) {
			const room = all[(at + by * i + all.length * i) %
			    all.length];
			if (!isUnreadOnly || room.unread > 0) {
				this.open(room);
				return;
			}
		}
	}

	// Drawing

	stale(...what) {
		for (const w of what)
			this.#stale.add(w);
		this.#frame ||= requestAnimationFrame(() => {
			this.#frame = 0;
			const parts = this.#stale;
			this.#stale = new Set();
			for (const w of parts)
				this.#draw[w]();
		});
	}

	#draw = {
		places: () => {
			renderPlaces($("places"), this.chat, this);
			drawTitle(this);
		},
		people: () => renderPeople($("people"), this.current, this),
		title: () => drawHead(this),
		state: () => drawState(this),
		view: () => {
			this.current.trim(!this.view.isAtEnd);
			this.view.draw();
			drawEmpty(this);
		},
		end: () => drawEnd(this),
	};

	#buildTools() {
		$("open-side").append(icon("menu"));
		$("open-side").addEventListener("click", () =>
			this.#toggle("show-side"));
		$("send").append(icon("send"));
		$("to-end").addEventListener("click", () => this.view.toEnd());
		$("tools").append(
		    button(icon("cup"), () => panels.openBreak(this.chat), {
			class: "break-button", id: "break",
			"aria-label": "Break: be right back",
			title: "Take a break: nothing is missed" },
		    h("span", {}, "Break")),
		    iconButton("search", "Search", () =>
			panels.openSearch(this.chat, this)),
		    iconButton("people", "People", () =>
			this.#toggle("show-people"), { class: "medium" }));
	}

	#toggle(drawer) {
		const on = $("app").classList.toggle(drawer);
		$("shade").hidden = !on;
		$("open-side").setAttribute("aria-expanded", String(on));
		if (on)
			$(drawer === "show-side" ? "side" : "people")
			    .querySelector("button")?.focus();
	}

	#closeDrawers() {
		const list = $("app").classList;
		const was = list.contains("show-side") ||
		    list.contains("show-people");
		list.remove("show-side", "show-people");
		$("shade").hidden = true;
		$("open-side").setAttribute("aria-expanded", "false");
		return was;
	}

	toast(text, action) {
		const el = h("div", { class: "toast" }, h("span", {}, text),
		    action && button(action.text, () => {
			el.remove();
			action.act();
		    }));
		$("toasts").append(el);
		const end = () => {
			if (el.matches(":hover, :focus-within"))
				setTimeout(end, TOAST_MS);
			else
				el.remove();
		};
		setTimeout(end, TOAST_MS);
	}
}

window.page = new Page();
