// SPDX-License-Identifier: ISC
// Copyright (c) 2026 The brbd authors
//
// The composer is where one types. Each room has its own draft, which outlives a
// reload. Tab completes; several lines are one message, or, where that cannot be,
// what they would become is asked once.

import { bdi, button, h } from "./dom.js";
import { completeCommand, completeWord } from "./commands.js";
import { byteLength, pastedLines } from "./text.js";
import * as words from "./words.js";

export class Composer {
	#form;
	#text;
	#list;
	#notice;
	#ui;
	#drafts;
	#key = "";
	#choices = [];
	#chosen = 0;
	#cycle = null;
	#sentBefore = [];

	// ui: submit(text) returns whether it was taken; words() for completion;
	// maxText(), maxLines(); page(direction), escape().
	constructor({ form, text, list, notice, ui, drafts }) {
		this.#form = form;
		this.#text = text;
		this.#list = list;
		this.#notice = notice;
		this.#ui = ui;
		this.#drafts = drafts;
		form.addEventListener("submit", (e) => {
			e.preventDefault();
			this.#submit();
		});
		text.addEventListener("input", () => this.#changed());
		text.addEventListener("keydown", (e) => this.#keyDown(e));
		text.addEventListener("blur", () => this.#choose([]));
		addEventListener("resize", () => this.#fit());
	}

	open(key, placeholder) {
		if (key !== this.#key) {
			this.#key = key;
			this.#text.value = this.#drafts.get("drafts", {})[key] ??
			    "";
			this.say("");
			this.#fit();
		}
		this.#text.placeholder = placeholder;
	}

	focus() {
		this.#text.focus();
	}

	// A line above the field: what is wrong, or a question with buttons.
	say(text, ...buttons) {
		this.#notice.replaceChildren(...(text ?
		    [h("span", {}, text), ...buttons] : []));
		this.#notice.hidden = !text;
	}

	#changed() {
		this.#cycle = null;
		this.#saveDraft();
		this.#fit();
		const text = this.#text.value;
		const over = text.startsWith("/") ? 0 : Math.max(
		    ...text.split("\n").map(byteLength)) - this.#ui.maxText();
		this.say(over > 0 ? `This is too long by ${words.plural(over,
		    "byte")}.` : "");
		this.#choose(completeCommand(text));
	}

	#saveDraft(key = this.#key, text = this.#text.value) {
		const drafts = this.#drafts.get("drafts", {});
		if (text === "")
			delete drafts[key];
		else
			drafts[key] = text;
		this.#drafts.set("drafts", drafts);
	}

	#fit() {
		this.#text.style.height = "auto";
		this.#text.style.height =
		    `${Math.min(this.#text.scrollHeight, 200)}px`;
	}

	// Does what was typed, all of it or none. It may lead to another room,
	// whose draft is left alone.
	#do(lines) {
		const key = this.#key, text = this.#text.value;
		if (!lines.every((line) => this.#ui.submit(line)))
			return;
		this.#sentBefore.push(text);
		this.#sentBefore.splice(0, this.#sentBefore.length - 50);
		this.#saveDraft(key, "");
		if (key !== this.#key)
			return;
		this.#text.value = "";
		this.#fit();
		this.#choose([]);
	}

	#submit() {
		const lines = pastedLines(this.#text.value);
		const said = lines.filter((l) => l !== "");
		this.#choose([]);
		if (said.length < 2)
			this.#do([said[0] ?? ""]);
		else if (this.#isOne(lines) && !lines[0].startsWith("/"))
			this.#do([lines.join("\n")]);
		else
			this.#askLines(said);
		this.focus();
	}

	// Can these lines be one message?
	#isOne(lines) {
		return lines.length <= this.#ui.maxLines() &&
		    byteLength(lines.join("\n")) <= this.#ui.maxText();
	}

	#askLines(lines) {
		const tooLong = lines.some((l) =>
			byteLength(l) > this.#ui.maxText());
		if (tooLong) {
			this.say("One of these lines is too long.");
			return;
		}
		const send = button(`Say ${words.count(lines.length)} lines`,
		    () => {
			/* What begins with / is said, not done. */
			this.#do(lines.map((l) => l.startsWith("/") ?
			    `/${l}` : l));
			this.say("");
			this.focus();
		});
		this.say(`These are ${words.count(lines.length)} lines, each ` +
		    "a message of its own.", send, button("One line", () => {
			this.#text.value = lines.join(" ");
			this.#changed();
			this.focus();
		}), button("Go on editing", () => {
			this.say("");
			this.focus();
		}));
		send.focus();
	}

	#keyDown(e) {
		if (e.isComposing || e.ctrlKey || e.metaKey)
			return;
		const act = this.#choices.length > 0 && !e.altKey ?
		    this.#listKeys[e.key] : null;
		const handled = act ? (act(), true) : this.#plainKey(e);
		if (handled)
			e.preventDefault();
	}

	#listKeys = {
		ArrowDown: () => this.#move(1),
		ArrowUp: () => this.#move(-1),
		Tab: () => this.#take(),
		Escape: () => this.#choose([]),
		Enter: () => {
			const name = this.#choices[this.#chosen].name;
			if (this.#text.value.toLowerCase() === `/${name}`)
				this.#submit();
			else
				this.#take();
		},
	};

	#plainKey(e) {
		if (e.altKey)
			return false;
		if (e.key === "Enter" && !e.shiftKey) {
			this.#form.requestSubmit();
			return true;
		}
		if (e.key === "Tab" && !e.shiftKey)
			return this.#complete();
		if (e.key === "Escape") {
			if (this.#notice.hidden)
				this.#ui.escape();
			else
				this.say("");
			return true;
		}
		if (e.key === "PageUp" || e.key === "PageDown") {
			this.#ui.page(e.key === "PageUp" ? -1 : 1);
			return true;
		}
		if (e.key === "ArrowUp" && this.#text.value === "" &&
		    this.#sentBefore.length > 0) {
			this.#text.value = this.#sentBefore.pop();
			this.#changed();
			return true;
		}
		return false;
	}

	// Tab: the word before the caret, and the next one that fits at the next
	// Tab. Nothing fits: Tab moves the focus, as everywhere.
	#complete() {
		const text = this.#text;
		this.#cycle ??= this.#begin();
		if (this.#cycle === null)
			return false;
		const c = this.#cycle;
		const choice = c.choices[c.at++ % c.choices.length] + c.suffix;
		text.setRangeText(choice, c.start, c.end, "end");
		c.end = c.start + choice.length;
		this.#saveDraft();
		return true;
	}

	#begin() {
		const found = completeWord(this.#text.value,
		    this.#text.selectionStart, this.#ui.words());
		return found && { ...found, at: 0,
			end: this.#text.selectionStart };
	}

	// The list of commands

	#choose(choices) {
		this.#choices = choices;
		this.#chosen = 0;
		this.#list.hidden = choices.length === 0;
		this.#list.replaceChildren(...choices.map((c, i) =>
			h("div", { role: "option", id: `choice-${i}`,
				class: "choice", on: {
					mousedown: (e) => {
						e.preventDefault();
						this.#chosen = i;
						this.#take();
					} } },
			h("b", {}, `/${c.name}`), " ", bdi(c.usage), " ",
			h("span", {}, c.help))));
		this.#move(0);
	}

	#move(by) {
		const n = this.#choices.length;
		this.#chosen = n === 0 ? 0 : (this.#chosen + by + n) % n;
		[...this.#list.children].forEach((el, i) => {
			el.setAttribute("aria-selected",
			    String(i === this.#chosen));
			if (i === this.#chosen)
				el.scrollIntoView({ block: "nearest" });
		});
		if (n > 0)
			this.#text.setAttribute("aria-activedescendant",
			    `choice-${this.#chosen}`);
		else
			this.#text.removeAttribute("aria-activedescendant");
	}

	#take() {
		const c = this.#choices[this.#chosen];
		this.#text.value = `/${c.name}${c.max > 0 ? " " : ""}`;
		this.#changed();
		this.#choose([]);
		if (c.usage)
			this.say(`/${c.name} ${c.usage}: ${c.help}`);
	}
}
