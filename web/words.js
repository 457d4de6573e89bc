// SPDX-License-Identifier: ISC
// Copyright (c) 2026 The brbd authors
//
// Words: what the page says in sentences. Nothing here knows the DOM.

export const plural = (n, one, many = one + "s") =>
	`${count(n)} ${n === 1 ? one : many}`;

// 12,345: digits in groups, as the reader's language has them.
const digits = new Intl.NumberFormat(undefined);
export const count = (n) => digits.format(n);

// What a server says begins small and ends without a full stop.
export const sentence = (text) => text.charAt(0).toUpperCase() +
    text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");

// Seconds as the room says them elsewhere: 34m, 2h 5m, 3d 4h.
export function duration(seconds) {
	const s = Math.max(0, Math.floor(seconds));
	const units = [["d", 86400], ["h", 3600], ["m", 60], ["s", 1]];
	const at = units.findIndex(([, size]) => s >= size);
	if (at === -1)
		return "0s";
	const [name, size] = units[at];
	const whole = Math.floor(s / size);
	const next = units[at + 1];
	const rest = next && next[0] !== "s" ?
	    Math.floor((s % size) / next[1]) : 0;
	return rest > 0 ? `${whole}${name} ${rest}${next[0]}` :
	    `${whole}${name}`;
}

// "ana, bob and 14 others"; max names at most.
export function names(list, max = 4) {
	if (list.length <= 1)
		return list[0] ?? "";
	const shown = list.length > max ? list.slice(0, max - 1) :
	    list.slice(0, -1);
	const last = list.length > max ?
	    plural(list.length - shown.length, "other") :
	    list[list.length - 1];
	return `${shown.join(", ")} and ${last}`;
}

const clock = new Intl.DateTimeFormat(undefined,
    { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat(undefined,
    { weekday: "long", day: "numeric", month: "long" });
const dayOfYear = new Intl.DateTimeFormat(undefined,
    { weekday: "short", day: "numeric", month: "long", year: "numeric" });
const shortDate = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const exact = new Intl.DateTimeFormat(undefined,
    { dateStyle: "full", timeStyle: "medium" });

export const timeOfDay = (ms) => clock.format(ms);
export const exactTime = (ms) => exact.format(ms);

export const date = (iso) => shortDate.format(Date.parse(iso));

// Days are told apart by the reader's own midnight.
export const dayKey = (ms) => {
	const d = new Date(ms);
	return d.getFullYear() * 372 + d.getMonth() * 31 + d.getDate();
};

export function dayName(ms, now) {
	const key = dayKey(ms);
	if (key === dayKey(now))
		return "Today";
	if (key === dayKey(now - 86400000))
		return "Yesterday";
	return new Date(ms).getFullYear() === new Date(now).getFullYear() ?
	    day.format(ms) : dayOfYear.format(ms);
}

// Who came and who left since the last line, in one sentence.
export function presence({ came, left, lost }) {
	const parts = [];
	if (came.length > 0)
		parts.push(`${names(came)} came`);
	if (left.length > 0)
		parts.push(`${names(left)} left`);
	if (lost?.length > 0)
		parts.push(`${names(lost)} lost the connection`);
	return parts.join("; ");
}

export function gap(n, uncertain) {
	const what = n > 0 ?
	    `${plural(n, "earlier message")} ${n === 1 ? "is" : "are"} no ` +
		"longer held" :
	    "Earlier messages are no longer held";
	return uncertain ? `${what}, and more may have been lost` : what;
}

export const hole = (n) => n > 0n && n < 1000000n ?
    `${plural(Number(n), "message")} not shown` : "Messages not shown";

// The rooms that there are, as /rooms lists them.
export const rooms = (list) => list.map((r) => `${r.room}: ` +
    plural(r.people, "person", "people") +
    (r.new > 0 ? `, ${count(r.new)} new` : "")).join("; ") || "No rooms.";

// What an answer of the server's tells, beside that it is done; or nothing.
export function answer(o) {
	if (o.modes !== undefined)
		return `Modes: ${o.modes}`;
	if (o.masks !== undefined)
		return o.masks.map((m) => `${m.mask}, by ${m.by}`)
		    .join("; ") || "There is nobody on that list.";
	if (o.ignored !== undefined)
		return o.ignored.length === 0 ? "You ignore nobody." :
		    `You ignore ${names(o.ignored, 64)}.`;
	if (o.accept !== undefined)
		return "You take private messages from " + (o.accept ===
		    "accounts" ? "who is logged in, and whom you write to." :
		    "anyone.");
	return o.mask !== undefined ? `Banned: ${o.mask}` : "";
}
