// SPDX-License-Identifier: ISC
// Copyright (c) 2026 The brbd authors
//
// Dialogs: what is shown over the page and closed again, the browser's own, which
// keep the focus inside and give it back; and forms, whose action may fail.

import { button, h, iconButton } from "./dom.js";
import * as words from "./words.js";

export function panel(title, ...content) {
	const dialog = h("dialog", { class: "panel",
		"aria-labelledby": "panel-title" },
	h("div", { class: "panel-head" }, h("h2", { id: "panel-title" }, title),
	    iconButton("close", "Close", () => dialog.close())),
	...content);
	dialog.addEventListener("close", () => dialog.remove());
	dialog.addEventListener("click", (e) => {
		if (e.target === dialog)
			dialog.close();
	});
	document.querySelector("dialog.panel")?.close();
	document.body.append(dialog);
	dialog.showModal();
	dialog.querySelector("input:not([readonly])")?.focus();
	return dialog;
}

// A field; the first one of a panel has the focus.
export const field = (label, properties) => h("label", { class: "field" },
    h("span", {}, label), h("input", { autocapitalize: "none",
	spellcheck: "false", ...properties }));

export const STAY = Symbol("stay");

// A form whose action may fail, which it then says. act(values) is awaited, and
// its panel closed unless the answer is STAY.
export function form(fields, submit, act, ...more) {
	const error = h("p", { class: "error", role: "alert" });
	const go = h("button", { type: "submit", class: "main" }, submit);
	const el = h("form", { class: "panel-form" }, ...fields, error,
	    h("div", { class: "buttons" }, ...more, go));
	el.addEventListener("submit", async (e) => {
		e.preventDefault();
		error.textContent = "";
		go.disabled = true;
		try {
			const next = await act(
			    Object.fromEntries(new FormData(el)));
			if (next !== STAY)
				el.closest("dialog")?.close();
		} catch (o) {
			error.textContent = words.sentence(o.text ?? String(o));
		}
		go.disabled = false;
	});
	return el;
}

export const fail = (text) => {
	throw { text };
};
