// SPDX-License-Identifier: ISC
// Copyright (c) 2026 The brbd authors
//
// The outbox has what was typed until the server has answered it. What was sent
// when a connection broke may have been said or not: it is sent once more with
// the same id, and the server says an id once only. It is in order: what is
// queued behind an entry of the same place waits for that.

export const OUTBOX_UNACKNOWLEDGED = 16;
export const OUTBOX_MAX = 200;

export class Outbox {
	entries = [];
	#store;
	#id;

	// store has get and set; id makes a new one.
	constructor({ store, id }) {
		this.#store = store;
		this.#id = id;
		for (const e of store.get("outbox", []))
			if (typeof e?.text === "string" &&
			    typeof e.id === "string")
				this.entries.push({ ...e,
					state: e.error ? "failed" : "queued" });
	}

	get isFull() {
		return this.entries.length >= OUTBOX_MAX;
	}

	// place is {room, nick} or {to, nick}: where, and as whom.
	add(place, text, kind, time) {
		const entry = { ...place, text, kind, time, id: this.#id(),
			state: "queued", error: null };
		this.entries.push(entry);
		this.#save();
		return entry;
	}

	// The next entry that may be sent, which counts as sent from now on; or
	// null. isReady tells whether an entry's place is.
	take(isReady) {
		const blocked = new Set();
		const flying = this.entries.filter((e) => e.state === "sent");
		if (flying.length >= OUTBOX_UNACKNOWLEDGED)
			return null;
		for (const e of this.entries) {
			const place = e.room ?? `@${e.to}`;
			if (e.state !== "queued" || blocked.has(place))
				continue;
			if (isReady(e)) {
				e.state = "sent";
				return e;
			}
			blocked.add(place);
		}
		return null;
	}

	// It was said, or is not wanted any more.
	remove(entry) {
		const at = this.entries.indexOf(entry);
		if (at !== -1)
			this.entries.splice(at, 1);
		this.#save();
	}

	fail(entry, error) {
		entry.state = "failed";
		entry.error = error;
		this.#save();
	}

	// Once more, at somebody's wish: as something new, since the id is used
	// up by the refusal.
	retry(entry) {
		entry.state = "queued";
		entry.error = null;
		entry.id = this.#id();
		this.#save();
	}

	// The connection broke: what was sent is sent again.
	requeue() {
		for (const e of this.entries)
			if (e.state === "sent")
				e.state = "queued";
	}

	#save() {
		this.#store.set("outbox", this.entries.map(
		    ({ room, to, nick, text, kind, time, id, error }) =>
			({ room, to, nick, text, kind, time, id, error })));
	}
}
