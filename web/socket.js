// SPDX-License-Identifier: ISC
// Copyright (c) 2026 The brbd authors
//
// The socket to the server. This module comes alone and before the others, and
// begins to connect while those are on their way; what comes by then waits.

function connect() {
	const url = new URL(".", location.href);
	url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
	url.search = url.hash = "";
	return new WebSocket(url, "brb.json");
}

let early = connect();
const waiting = [];
early.onmessage = (e) => waiting.push(e.data);

// A socket as the link wants it.
export function openSocket({ opened, received, closed }) {
	const isEarly = early !== null && early.readyState <= WebSocket.OPEN;
	const socket = isEarly ? early : connect();
	early = null;
	socket.onopen = opened;
	socket.onclose = closed;
	socket.onmessage = (e) => received(e.data);
	if (isEarly && socket.readyState === WebSocket.OPEN)
		queueMicrotask(() => {
			opened();
			waiting.forEach(received);
		});
	return socket;
}
