// SPDX-License-Identifier: ISC
// Copyright (c) 2026 The brbd authors
//
// Elements are made here, from text nodes and attributes alone: nothing in the
// page takes markup from a string, so that what people say is text whatever is
// in it.

export const $ = (id) => document.getElementById(id);

// An element. Properties: class, on (listeners by name), data (by name), and
// attributes; true is an empty one, null and false are none.
export function h(tag, properties = {}, ...children) {
	const el = document.createElement(tag);
	for (const [name, value] of Object.entries(properties)) {
		if (value === null || value === undefined || value === false)
			continue;
		if (name === "class")
			el.className = value;
		else if (name === "on")
			for (const [event, fn] of Object.entries(value))
				el.addEventListener(event, fn);
		else if (name === "data")
			Object.assign(el.dataset, value);
		else
			el.setAttribute(name, value === true ? "" : value);
	}
	el.append(...shown(children));
	return el;
}

// Children of which some may be nothing: null or false are no text.
const shown = (children) => children.flat().filter((c) => c !== null &&
    c !== undefined && c !== false);

// An element has these children instead.
export const fill = (el, ...children) => el.replaceChildren(...shown(children));

export const button = (label, onClick, properties = {}, ...children) =>
	h("button", { type: "button", ...properties, on: { click: onClick } },
	    label, ...children);

const SVG = "http://www.w3.org/2000/svg";

// The page's icons, as paths in a field of 24 by 24.
const ICONS = {
	menu: "M4 7h16M4 12h16M4 17h10",
	people: "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM2.5 20c.4-3.6 " +
	    "3-5.5 6.5-5.5s6.1 1.9 6.5 5.5M16 4.300a3.5 3.5 0 " +
	    "0 1 0 6.400M18 14.800c2 .7 3.2 2.5 3.5 5.2",
	search: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13ZM20 " +
	    "20l-4.8-4.8",
	cup: "M4 9h12v6a5 5 0 0 1-5 5H9a5 5 0 0 1-5-5ZM16 10h1.5a2.5 2.5 0 " +
	    "0 1 0 5H16M8 3v2.5M12 3v2.5",
	send: "M4 12h15M13 6l6 6-6 6",
	down: "M12 5v14M6 13l6 6 6-6",
	close: "M6 6l12 12M18 6L6 18",
	bell: "M6 16V11a6 6 0 0 1 12 0v5l1.5 2h-15ZM10 21h4",
	help: "M9 9a3 3 0 1 1 4.5 2.600c-1 .6-1.5 1.2-1.5 2.400M12 17.5v.1",
	plus: "M12 5v14M5 12h14",
	person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4.5 20.5c.6-4 " +
	    "3.5-6 7.5-6s6.9 2 7.5 6",
};

export function icon(name) {
	const svg = document.createElementNS(SVG, "svg");
	svg.setAttribute("viewBox", "0 0 24 24");
	svg.setAttribute("class", "icon");
	svg.setAttribute("aria-hidden", "true");
	const path = document.createElementNS(SVG, "path");
	path.setAttribute("d", ICONS[name]);
	svg.append(path);
	return svg;
}

// A button that shows an icon; label is its name.
export const iconButton = (name, label, onClick, properties = {}) =>
	button(icon(name), onClick, { "aria-label": label, title: label,
		...properties, class: `icon-button ${properties.class ?? ""}` });

export const bdi = (text, properties) => h("bdi", properties, text);
