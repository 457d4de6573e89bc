// SPDX-License-Identifier: ISC
// Copyright (c) 2026 The brbd authors
//
// An emitter tells those who asked by name that something has happened.

export class Emitter {
	#listeners = new Map();

	on(name, listener) {
		if (!this.#listeners.has(name))
			this.#listeners.set(name, []);
		this.#listeners.get(name).push(listener);
	}

	emit(name, ...args) {
		for (const listener of this.#listeners.get(name) ?? [])
			listener(...args);
	}
}
