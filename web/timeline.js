// SPDX-License-Identifier: ISC
// Copyright (c) 2026 The brbd authors
//
// A timeline is what the page holds of a room, in order. A line has a number,
// which only grows but may leap; so that nothing is missing unseen, each line
// knows whether it is joined to the one before it, that is, whether the server
// has shown that there is nothing between them. Where it is not there is a hole,
// which can be asked for; what the server holds no longer is the count "lost" of
// the line behind it.
//
//     811 ─ 812 ─ 813   ·hole·   840 ─ 841   +3 lost+   845 ─ 846
//
// Notes (who came, what failed) have no number: they stand behind the line that
// was the last when they came.
//
// An item is {n, sub, kind, ...}: n a BigInt, sub 0 for a line and more for a
// note. It never moves once it is in; what changes of it is its state.

export class Timeline {
	items = [];
	// Is there more above the first line?
	more = true;
	#sub = 0;

	// The greatest number; 0 if there is none.
	get last() {
		const at = this.#lastLine();
		return at === -1 ? 0n : this.items[at].n;
	}

	get first() {
		const item = this.items.find((i) => i.sub === 0);
		return item ? item.n : 0n;
	}

	#lastLine() {
		for (let i = this.items.length - 1; i >= 0; i--)
			if (this.items[i].sub === 0)
				return i;
		return -1;
	}

	// Where (n, sub) is or would be.
	indexOf(n, sub = 0) {
		let low = 0, high = this.items.length;
		while (low < high) {
			const mid = (low + high) >> 1;
			const item = this.items[mid];
			if (item.n < n || (item.n === n && item.sub < sub))
				low = mid + 1;
			else
				high = mid;
		}
		return low;
	}

	line(n) {
		const item = this.items[this.indexOf(n)];
		return item && item.n === n && item.sub === 0 ? item : null;
	}

	// The line before or after a place among the items; or null.
	lineBefore(at) {
		for (let i = at - 1; i >= 0; i--)
			if (this.items[i].sub === 0)
				return this.items[i];
		return null;
	}

	lineFrom(at) {
		for (let i = at; i < this.items.length; i++)
			if (this.items[i].sub === 0)
				return this.items[i];
		return null;
	}

	// Puts a line at the end; joined says that nothing is missing before it.
	append(line, joined) {
		line.sub = 0;
		line.joined = joined;
		this.items.push(line);
	}

	// Puts a note at the end.
	note(item) {
		item.n = this.items.length > 0 ?
		    this.items[this.items.length - 1].n : 0n;
		item.sub = ++this.#sub;
		this.items.push(item);
		return item;
	}

	removeNote(item) {
		const at = this.items.indexOf(item);
		if (at !== -1)
			this.items.splice(at, 1);
	}

	// Puts in one line of a run that the server sends in order: previous is
	// the number before it in the run, or null at its beginning. Returns
	// whether it is new.
	insert(line, previous) {
		const at = this.indexOf(line.n);
		const before = this.lineBefore(at);
		const joins = before !== null &&
		    (before.n === previous || before.n + 1n === line.n);
		const there = this.line(line.n);
		if (there !== null) {
			if (joins)
				there.joined = true;
			there.lost = line.lost ?? there.lost;
			return false;
		}
		/* Behind the notes that stand behind the line before it. */
		line.sub = 0;
		line.joined = joins;
		const after = this.lineFrom(at);
		this.items.splice(at, 0, line);
		if (after !== null)
			after.joined = after.n === line.n + 1n;
		return true;
	}

	// Puts in a page of history, which is in order and without holes. From and
	// to are the numbers of the lines here that it is next to, if any.
	merge(page, { from = null, to = null } = {}) {
		let previous = from, added = 0;
		for (const line of page) {
			added += this.insert(line, previous);
			previous = line.n;
		}
		const next = to === null ? null : this.line(to);
		if (next !== null && previous !== null &&
		    this.lineBefore(this.indexOf(to))?.n === previous)
			next.joined = true;
		return added;
	}

	// All that is here is about another history than the numbers that come.
	freeze(text, time) {
		for (const item of this.items) {
			item.n = 0n;
			item.sub = ++this.#sub;
			item.frozen = true;
		}
		this.more = false;
		if (text)
			this.note({ kind: "note", text, time });
	}

	// Holds at most max items, and knows that there is more above.
	trim(max) {
		const extra = this.items.length - max;
		if (extra <= 0)
			return 0;
		this.items.splice(0, extra);
		this.more = true;
		return extra;
	}

	// Between which numbers is the hole before this line?
	holeBefore(line) {
		if (line.sub !== 0 || line.joined)
			return null;
		const before = this.lineBefore(this.indexOf(line.n));
		return before === null ? null :
		    { after: before.n, before: line.n };
	}
}
