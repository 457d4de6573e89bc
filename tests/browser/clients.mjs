// SPDX-License-Identifier: ISC
// Copyright (c) 2026 The brbd authors
//
// Other people's WebSockets: the clients of ws and undici, and irc-framework over
// both. Each comes in, talks, is told what it missed when it comes again, and
// nothing twice.
//
// usage: node clients.mjs, in a directory with node_modules; BRBD in the
// environment

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Daemon, freePort, inNc, until } from "./peers.mjs";

const require = createRequire(join(process.cwd(), "package.json"));
const { WebSocket: OfWs } = require("ws");
const { WebSocket: OfUndici } = require("undici");
const irc = require("irc-framework");
const OverWebSocket = require("irc-framework/src/transports/websocket");

const directory = mkdtempSync(join(tmpdir(), "clients-"));
mkdirSync(join(directory, "state"), { mode: 0o700 });
const port = await freePort();
const daemon = new Daemon({ program: resolve(process.env.BRBD), port, directory,
	settings: `line-rate = 0
announce-rate = 0
accept-rate = 0
max-per-address = 0
presence-window = 0
` });
let ana;

// A program that speaks JSON by a class of WebSockets. how it breaks off is its
// own.
class Program {
	heard = [];

	constructor(Socket) {
		this.socket = new Socket(`ws://127.0.0.1:${port}/`, "brb.json");
		this.socket.addEventListener("message", (e) =>
			this.heard.push(JSON.parse(e.data)));
	}

	say(object) {
		this.socket.send(JSON.stringify(object));
	}

	hears(what, test) {
		return until(what, () => this.heard.find(test));
	}

	async comeIn(nick, after) {
		await this.hears("hello", (o) => o.event === "hello");
		assert.equal(this.socket.protocol, "brb.json");
		this.say({ nick });
		await this.hears("its nick", (o) => o.done === "nick");
		this.say({ join: "lobby", ...after && { after } });
		await this.hears("live", (o) => o.event === "live");
	}
}

async function withJson(Socket, nick, breakOff) {
	const one = new Program(Socket);
	await one.comeIn(nick);
	one.say({ say: `${nick} is here \u{1f600}`, room: "lobby" });
	const { number } = await one.hears("its number", (o) => o.done === "say");
	await ana.sees(`<${nick}> ${nick} is here \u{1f600}`);
	/* Long ones come and go in one piece. */
	ana.type("x".repeat(2000));
	await one.hears("a long line", (o) => o.text === "x".repeat(2000));
	breakOff(one.socket);
	await until("it is closed", () =>
		one.socket.readyState === Socket.CLOSED);
	ana.type(`while ${nick} is gone`, "/who");
	await ana.sees("ana (you): idle");
	const two = new Program(Socket);
	await two.comeIn(nick, number);
	assert.equal(two.heard.filter((o) =>
		o.text === `while ${nick} is gone`).length, 1);
	ana.type(`welcome back, ${nick}`);
	await two.hears("what is said now", (o) =>
		o.text === `welcome back, ${nick}`);
	two.socket.close(1000);
	await until("it is closed", () =>
		two.socket.readyState === Socket.CLOSED);
}

async function withIrc(Socket, nick, protocol) {
	/* It takes the browser's. */
	globalThis.WebSocket = Socket;
	const heard = [];
	const connect = () => {
		const client = new irc.Client();
		client.on("message", (e) => heard.push(e.message));
		client.on("registered", () => client.join("#lobby"));
		let isIn = false;
		client.on("join", (e) => { isIn ||= e.nick === nick; });
		client.connect({ host: "127.0.0.1", port, path: "/", nick,
			username: nick, gecos: nick, auto_reconnect: false,
			transport: OverWebSocket, websocket_protocol: protocol });
		return until(`${nick} is in`, () => isIn).then(() => client);
	};
	const one = await connect();
	one.say("#lobby", `${nick} is here`);
	await ana.sees(`<${nick}> ${nick} is here`);
	ana.type(`hello, ${nick}`);
	await until("what is said", () => heard.includes(`hello, ${nick}`));
	const { socket } = one.connection.transport;
	socket.close();
	await until("it is closed", () => socket.readyState === Socket.CLOSED);
	ana.type(`while ${nick} is gone`, "/who");
	await ana.sees("ana (you): idle");
	heard.length = 0;
	const two = await connect();
	await until("what was missed", () =>
		heard.includes(`while ${nick} is gone`));
	ana.type(`welcome back, ${nick}`);
	await until("what is said now", () =>
		heard.includes(`welcome back, ${nick}`));
	assert.equal(heard.filter((t) => t === `while ${nick} is gone`).length,
	    1);
	two.quit("done");
	await ana.sees(`${nick} left`);
}

const clients = {
	"ws, JSON": () => withJson(OfWs, "wsjson", (s) => s.terminate()),
	"undici, JSON": () => withJson(OfUndici, "undici", (s) => s.close()),
	"irc-framework over ws, text": () =>
		withIrc(OfWs, "framews", "text.ircv3.net"),
	"irc-framework over undici, text": () =>
		withIrc(OfUndici, "frameundici", "text.ircv3.net"),
	"irc-framework over ws, no subprotocol": () =>
		withIrc(OfWs, "frameplain", ""),
};

let failed = 0;
try {
	await daemon.start();
	ana = await inNc(port, "ana");
	for (const [name, play] of Object.entries(clients)) {
		await play();
		console.log(`ok: ${name}`);
	}
} catch (e) {
	console.log(`not ok: ${e.stack}`);
	failed = 1;
} finally {
	ana?.leave();
	await daemon.end("SIGTERM");
	rmSync(directory, { recursive: true });
}
process.exit(failed);
