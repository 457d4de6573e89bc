// SPDX-License-Identifier: ISC
// Copyright (c) 2026 The brbd authors
//
// The link is the connection to the server, made again for as long as the page
// is open. Each try waits longer, by a random share, so that a thousand pages do
// not come back in the same second; the time starts anew once a connection has
// held for a while. A connection that is silent is asked whether it lives: a
// socket that died while the machine slept says nothing by itself.
//
//     closed ─start→ connecting ─→ up ─→ waiting ─→ connecting ─→ ...
//
// open(handlers) makes a socket with send(text) and close(), and calls
// handlers.opened, .received(text) and .closed once each or, for what is
// received, any number of times. timers has set(ms, fn) and clear(id).

export const LINK = {
	firstDelay: 700,
	maxDelay: 30000,
	refusedDelay: 15000,
	stableAfter: 10000,
	openTimeout: 20000,
	silence: 45000,
	probeTimeout: 12000,
	wakeTimeout: 6000,
};

export class Link {
	#open;
	#timers;
	#random;
	#now;
	#handlers;
	#socket = null;
	#timer = null;
	#stable = null;
	#heard = 0;
	#failures = 0;
	#floor = 0;
	#probing = false;
	state = "closed";
	retryAt = 0;

	// handlers: up(), down(), received(object), probe(), changed().
	constructor({ open, timers, random, now, handlers }) {
		this.#open = open;
		this.#timers = timers;
		this.#random = random;
		this.#now = now;
		this.#handlers = handlers;
	}

	start() {
		if (this.state === "closed")
			this.#connect();
	}

	stop() {
		const wasUp = this.state === "up";
		this.#drop();
		this.#set("closed");
		if (wasUp)
			this.#handlers.down();
	}

	send(object) {
		if (this.state !== "up")
			return false;
		this.#socket.send(JSON.stringify(object));
		return true;
	}

	// The network is back, or somebody looks at the page again: no waiting,
	// and a connection that seems to be up has to show that it is.
	wake() {
		if (this.state === "waiting")
			this.#wait(this.#random() * 300);
		else if (this.state === "up")
			this.#probe(LINK.wakeTimeout);
	}

	// The connection is no good, whatever the socket thinks.
	fail() {
		if (this.state === "up" || this.state === "connecting")
			this.#lost();
	}

	// The server will not have us now.
	refused() {
		this.#floor = LINK.refusedDelay;
	}

	#set(state) {
		this.state = state;
		this.#handlers.changed();
	}

	#connect() {
		const socket = { real: null };
		this.#socket = null;
		this.#set("connecting");
		this.#arm(LINK.openTimeout, () => this.#lost());
		// What an earlier socket still tells is about nothing any more.
		const mine = (fn) => (arg) => {
			if (this.#current === socket)
				fn(arg);
		};
		this.#current = socket;
		socket.real = this.#open({
			opened: mine(() => this.#opened(socket.real)),
			received: mine((text) => this.#received(text)),
			closed: mine(() => this.#lost()),
		});
	}

	#current = null;

	#opened(socket) {
		this.#socket = socket;
		this.#heard = this.#now();
		this.#probing = false;
		this.#floor = 0;
		this.#stable = this.#timers.set(LINK.stableAfter, () => {
			this.#stable = null;
			this.#failures = 0;
		});
		this.#listen();
		this.#set("up");
		this.#handlers.up();
	}

	#received(text) {
		this.#heard = this.#now();
		if (this.#probing)
			this.#listen();
		let object;
		try {
			object = JSON.parse(text);
		} catch {
			object = null;
		}
		if (object === null || typeof object !== "object" ||
		    Array.isArray(object)) {
			this.#lost();
			return;
		}
		this.#handlers.received(object);
	}

	// Waits for silence. A timer that fires far too late has slept, and what
	// is silent since then is asked at once.
	#listen() {
		const due = this.#heard + LINK.silence;
		this.#probing = false;
		this.#arm(Math.max(0, due - this.#now()), () => {
			const quiet = this.#now() - this.#heard;
			if (quiet < LINK.silence)
				this.#listen();
			else
				this.#probe(quiet > 2 * LINK.silence ?
				    LINK.wakeTimeout : LINK.probeTimeout);
		});
	}

	#probe(timeout) {
		if (this.#probing)
			return;
		this.#probing = true;
		this.#arm(timeout, () => this.#lost());
		this.#handlers.probe();
	}

	#lost() {
		const wasUp = this.state === "up";
		this.#drop();
		this.#failures++;
		const most = Math.min(LINK.maxDelay,
		    LINK.firstDelay * 2 ** (this.#failures - 1));
		this.#wait(this.#floor + most * (0.3 + 0.7 * this.#random()));
		if (wasUp)
			this.#handlers.down();
	}

	#wait(delay) {
		this.retryAt = this.#now() + delay;
		this.#arm(delay, () => this.#connect());
		this.#set("waiting");
	}

	#drop() {
		const socket = this.#current?.real;
		this.#current = null;
		this.#socket = null;
		this.#timers.clear(this.#timer);
		this.#timers.clear(this.#stable);
		this.#timer = this.#stable = null;
		try {
			socket?.close();
		} catch {
			/* it is gone */
		}
	}

	#arm(ms, fn) {
		this.#timers.clear(this.#timer);
		this.#timer = this.#timers.set(ms, fn);
	}
}
