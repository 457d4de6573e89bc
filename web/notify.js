// SPDX-License-Identifier: ISC
// Copyright (c) 2026 The brbd authors
//
// Notifications of the system's, of what mentions somebody or is for them alone,
// while the page is not looked at. They are asked for by a click and by nothing
// else.

export const canNotify = () => "Notification" in globalThis;

export const isAllowed = () => canNotify() &&
    Notification.permission === "granted";

export async function askToNotify() {
	return canNotify() && await Notification.requestPermission() ===
	    "granted";
}

export function notify(room, line, open) {
	try {
		const n = new Notification(room.kind === "talk" ? line.nick :
		    `${line.nick} in ${room.name}`,
		{ body: line.text, tag: room.key, icon: "icon.svg" });
		n.onclick = () => {
			window.focus();
			open();
			n.close();
		};
	} catch {
		/* Phones have none without a service worker. */
	}
}
