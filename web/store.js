// SPDX-License-Identifier: ISC
// Copyright (c) 2026 The brbd authors
//
// The store: what outlives the page, in the browser's localStorage (this
// browser: who one is, rooms, places) and sessionStorage (this tab: what was
// typed and not yet said). A browser that forbids it, or has no room left, costs
// the memory and never the page.

export class Store {
	#area;
	#prefix;
	#memory = new Map();

	constructor(area, prefix = "brbd.") {
		this.#area = area;
		this.#prefix = prefix;
	}

	get(key, otherwise = null) {
		if (this.#memory.has(key))
			return this.#memory.get(key);
		try {
			const text = this.#area.getItem(this.#prefix + key);
			return text === null ? otherwise : JSON.parse(text);
		} catch {
			return otherwise;
		}
	}

	set(key, value) {
		try {
			this.#area.setItem(this.#prefix + key,
			    JSON.stringify(value));
			this.#memory.delete(key);
			return true;
		} catch {
			this.#memory.set(key, value);
			return false;
		}
	}

	remove(key) {
		this.#memory.delete(key);
		try {
			this.#area.removeItem(this.#prefix + key);
		} catch {
			/* then it was not there either */
		}
	}
}

// The browser's own, or none where it is forbidden.
export function browserArea(name) {
	try {
		return globalThis[name];
	} catch {
		return undefined;
	}
}
