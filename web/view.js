// SPDX-License-Identifier: ISC
// Copyright (c) 2026 The brbd authors
//
// The view of a timeline. However long that is, only a slice of it has elements:
// those around what is seen. Scrolling near an end of the slice moves the slice;
// the row at the top of the view stays where it is on the screen, whatever comes
// in above or below it. At the end of the timeline the view follows what is said.

import { describe, makeRow } from "./rows.js";

const ABOVE = 90, BELOW = 120, STEP = 30;
const NEAR_END = 48, NEAR_TOP = 700;

export class TimelineView {
	#scroller;
	#list;
	#actions;
	#now;
	#rows = new Map();
	#items = [];
	#slice = { from: 0, to: 0 };
	#frame = 0;
	#stale = false;
	// To be opened at the first new line as soon as it is here.
	#opening = false;
	#jump = null;
	// The first new line as it was shown: {item, at, top}; or null.
	#opened = null;
	#place = { size: "", anchor: null };
	room = null;
	isAtEnd = true;

	constructor({ scroller, list, actions, now, scrolled }) {
		this.#scroller = scroller;
		this.#list = list;
		this.#actions = actions;
		this.#now = now;
		this.scrolled = scrolled;
		scroller.addEventListener("scroll", () => this.#schedule(),
		    { passive: true });
		new ResizeObserver(() => this.#schedule()).observe(scroller);
	}

	show(room) {
		this.room = room;
		this.#rows.clear();
		this.#list.replaceChildren();
		this.#place = { size: "", anchor: null };
		this.isAtEnd = true;
		this.#jump = this.#opened = null;
		this.open();
	}

	// Goes to the first new line, if there is one.
	open() {
		this.#opening = true;
		this.update();
	}

	update() {
		this.#stale = true;
		this.#schedule();
	}

	// The same at once, for who is in a frame already.
	draw() {
		cancelAnimationFrame(this.#frame);
		this.#frame = 0;
		this.#stale = true;
		this.#work();
	}

	toEnd() {
		this.#opened = null;
		this.isAtEnd = true;
		this.#opening = false;
		this.update();
	}

	// Shows a line and moves the focus there.
	jump(n) {
		const item = this.room.timeline.line(n);
		if (!item)
			return;
		this.isAtEnd = false;
		this.#opening = false;
		this.#jump = { item, flash: true };
		this.update();
	}

	page(direction) {
		this.#scroller.scrollBy({ top: direction * 0.85 *
			this.#scroller.clientHeight });
	}

	#schedule() {
		this.#frame ||= requestAnimationFrame(() => {
			this.#frame = 0;
			this.#work();
		});
	}

	#work() {
		if (this.room === null)
			return;
		this.#keepPlace();
		if (this.#stale) {
			this.#stale = false;
			this.#items = this.#collect();
			this.#maybeOpen();
			this.#render();
		} else {
			this.#lookAtEnd();
			if (this.#sliceMoves())
				this.#render();
		}
		if (this.#slice.from === 0 &&
		    this.#scroller.scrollTop < NEAR_TOP)
			this.#actions.loadOlder();
		this.#place = { size: this.#size(),
			anchor: this.isAtEnd ? null : this.#anchor() };
		this.scrolled();
	}

	#size() {
		const s = this.#scroller;
		return `${s.clientWidth} ${s.clientHeight} ${s.scrollHeight}`;
	}

	// A window that changes its size moves what is in it, which is not that
	// somebody has scrolled.
	#keepPlace() {
		const { size, anchor } = this.#place;
		if (size === this.#size())
			return;
		if (this.isAtEnd)
			this.#toBottom();
		else if (anchor?.row.isConnected)
			this.#scroller.scrollTop +=
			    anchor.row.getBoundingClientRect().top - anchor.top;
	}

	#collect() {
		const pending = this.#actions.pending(this.room);
		return pending.length > 0 ?
		    [...this.room.timeline.items, ...pending] :
		    this.room.timeline.items;
	}

	#maybeOpen() {
		/* What was said before comes a moment later; it is shown a part
		 * of, unless somebody has scrolled. */
		const opened = this.#opened;
		if (opened !== null && this.room.firstUnread() === opened.item &&
		    this.#indexOf(opened.item) > opened.at) {
			this.#opened = null;
			if (this.#scroller.scrollTop === opened.top)
				this.#jump = { item: opened.item,
					isDivider: true };
		}
		if (!this.#opening)
			return;
		const first = this.room.firstUnread();
		if (first !== null) {
			this.#opening = false;
			this.isAtEnd = false;
			this.#jump = { item: first, isDivider: true };
		} else if (this.room.state === "live" &&
		    this.room.run === null)
			this.#opening = false;
	}

	#lookAtEnd() {
		const s = this.#scroller;
		this.isAtEnd = this.#slice.to === this.#items.length &&
		    s.scrollHeight - s.scrollTop - s.clientHeight < NEAR_END;
	}

	// The first row that is in view: {item, row, top}.
	#anchor() {
		const rows = this.#list.children;
		const edge = this.#scroller.getBoundingClientRect().top;
		let low = 0, high = rows.length - 1;
		while (low < high) {
			const mid = (low + high) >> 1;
			if (rows[mid].getBoundingClientRect().bottom > edge)
				high = mid;
			else
				low = mid + 1;
		}
		const row = rows[low];
		return row ? { item: row.item, row,
			top: row.getBoundingClientRect().top } : null;
	}

	#indexOf(item) {
		if (item.sub === undefined || item.entry)
			return this.#items.indexOf(item);
		const at = this.room.timeline.indexOf(item.n, item.sub);
		return this.#items[at] === item ? at : -1;
	}

	#sliceAround(at) {
		const from = Math.max(0,
		    Math.floor((at - ABOVE) / STEP) * STEP);
		return { from, to: Math.min(this.#items.length,
		    from + ABOVE + BELOW + STEP) };
	}

	#sliceMoves() {
		if (this.isAtEnd)
			return false;
		const anchor = this.#anchor();
		if (anchor === null)
			return false;
		const { from, to } = this.#sliceAround(
		    this.#indexOf(anchor.item));
		return from !== this.#slice.from || to !== this.#slice.to;
	}

	#render() {
		const jump = this.#jump;
		this.#jump = null;
		let anchor = null, at = -1;
		if (jump !== null)
			at = this.#indexOf(jump.item);
		else if (!this.isAtEnd) {
			anchor = this.#anchor();
			at = anchor === null ? -1 :
			    this.#indexOf(anchor.item);
		}
		const length = this.#items.length;
		this.#slice = at === -1 ?
		    { from: Math.max(0, length - BELOW), to: length } :
		    this.#sliceAround(at);
		this.#fill();
		const row = at === -1 ? null :
		    this.#rows.get(this.#items[at])?.element;
		if (jump !== null && row)
			this.#show(row, jump);
		else if (anchor !== null && row)
			this.#scroller.scrollTop +=
			    row.getBoundingClientRect().top - anchor.top;
		else if (this.isAtEnd)
			this.#toBottom();
		this.#lookAtEnd();
	}

	#toBottom() {
		this.#scroller.scrollTop = this.#scroller.scrollHeight;
	}

	#show(row, { isDivider, flash }) {
		const share = isDivider ? 0.14 : 0.3;
		const edge = this.#scroller.getBoundingClientRect().top;
		this.#scroller.scrollTop +=
		    row.getBoundingClientRect().top - edge -
		    share * this.#scroller.clientHeight;
		if (isDivider)
			this.#opened = { item: row.item,
				at: this.#indexOf(row.item),
				top: this.#scroller.scrollTop };
		if (!flash)
			return;
		row.focus({ preventScroll: true });
		row.classList.remove("flash");
		void row.offsetWidth; /* so that it can begin anew */
		row.classList.add("flash");
	}

	// The elements of the slice, in order; those that are there are kept.
	#fill() {
		const { from, to } = this.#slice;
		const items = this.#items, room = this.room;
		const context = { first: room.firstUnread(),
			now: this.#now() };
		const kept = new Map();
		let place = this.#list.firstChild;
		for (let i = from; i < to; i++) {
			const item = items[i];
			const d = describe(items, i, room, context);
			let row = this.#rows.get(item);
			const old = row?.element;
			if (row?.signature !== d.signature)
				row = this.#make(item, d);
			kept.set(item, row);
			if (old === place && old !== row.element && old) {
				place = old.nextSibling;
				this.#replace(old, row.element);
			} else if (row.element === place)
				place = place.nextSibling;
			else {
				if (old && old !== row.element)
					old.remove();
				this.#list.insertBefore(row.element, place);
			}
		}
		while (place !== null) {
			const next = place.nextSibling;
			place.remove();
			place = next;
		}
		this.#rows = kept;
	}

	#make(item, d) {
		const element = makeRow(item, d, this.room, this.#actions);
		element.item = item;
		return { element, signature: d.signature };
	}

	// The focus stays where it is when a row is made anew.
	#replace(old, element) {
		const had = old.contains(document.activeElement);
		const label = document.activeElement?.textContent;
		old.replaceWith(element);
		if (!had)
			return;
		const same = [...element.querySelectorAll("button")].find(
		    (b) => b.textContent === label);
		(same ?? element).focus({ preventScroll: true });
	}
}
