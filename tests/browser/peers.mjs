// SPDX-License-Identifier: ISC
// Copyright (c) 2026 The brbd authors
//
// What the browser is played against: the daemon, people in nc and with an IRC
// client, and a wire in between that can be cut or go silent.

import { execFileSync, spawn } from "node:child_process";
import { createServer, connect } from "node:net";
import { createWriteStream, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const PATIENCE = Number(process.env.BROWSER_TIMEOUT ?? 20) * 1000;

// Waits until test() gives something, or says what it waited for.
export async function until(what, test, patience = PATIENCE) {
	const end = Date.now() + patience;
	for (;;) {
		const got = await test();
		if (got)
			return got;
		if (Date.now() > end)
			throw new Error(`waited in vain: ${what}`);
		await new Promise((go) => setTimeout(go, 20));
	}
}

// A port that was free just now.
export function freePort() {
	return new Promise((go, fail) => {
		const s = createServer();
		s.on("error", fail);
		s.listen(0, "127.0.0.1", () => {
			const { port } = s.address();
			s.close(() => go(port));
		});
	});
}

export class Daemon {
	#process = null;
	#log;

	constructor({ program, directory, port, settings }) {
		this.program = program;
		this.directory = directory;
		this.port = port;
		this.settings = join(directory, "brbd.conf");
		this.control = join(directory, "control");
		writeFileSync(this.settings, settings +
		    `control = "${this.control}"\n` +
		    `state-dir = "${join(directory, "state")}"\n`);
		this.#log = createWriteStream(join(directory, "brbd.log"));
	}

	async start() {
		const child = spawn(this.program, ["-f", this.settings, "-l",
			`127.0.0.1:${this.port}`],
		{ stdio: ["ignore", "pipe", "pipe"] });
		let log = "";
		for (const stream of [child.stdout, child.stderr])
			stream.on("data", (data) => {
				log += data;
				this.#log.write(data);
			});
		this.#process = child;
		child.on("exit", (code, signal) => {
			child.ended = `${code ?? signal}`;
		});
		await until("the server is ready", () => {
			if (child.ended)
				throw new Error(`no server: ${log}`);
			return log.includes("ready:");
		});
	}

	async end(signal) {
		const child = this.#process;
		this.#process = null;
		if (child === null)
			return null;
		child.kill(signal);
		await until(`the server ends by ${signal}`, () => child.ended);
		return child.ended;
	}
}

// nc as a socket.
function openNc(port) {
	const nc = spawn("nc", ["127.0.0.1", String(port)],
	    { stdio: ["pipe", "pipe", "ignore"] });
	nc.stdin.on("error", () => {});
	return { setEncoding: (e) => nc.stdout.setEncoding(e),
		on: (event, fn) => (event === "data" ? nc.stdout : nc)
		    .on(event, fn),
		write: (text) => nc.stdin.write(text),
		destroy: () => nc.kill() };
}

// Lines over TCP: nc, something as simple, or an IRC client that answers pings.
export class Person {
	lines = [];
	#seen = 0;
	#rest = "";

	constructor(port, { irc = false, nc = false } = {}) {
		this.socket = nc ? openNc(port) : connect(port, "127.0.0.1");
		this.socket.setEncoding("utf8");
		this.socket.on("error", () => {});
		this.socket.on("data", (data) => {
			const lines = (this.#rest + data).split(/\r?\n/);
			this.#rest = lines.pop();
			for (const line of lines) {
				this.lines.push(line);
				if (irc && line.startsWith("PING "))
					this.type(`PONG ${line.slice(5)}`);
			}
		});
	}

	type(...lines) {
		this.socket.write(lines.map((l) => `${l}\n`).join(""));
	}

	// Waits for a line with text in it, after the one found last.
	sees(text) {
		return until(`a line with "${text}"`, () => {
			const at = this.lines.findIndex((l, i) =>
				i >= this.#seen && l.includes(text));
			if (at !== -1)
				this.#seen = at + 1;
			return at !== -1;
		}).catch((e) => {
			throw new Error(`${e.message}; there was:\n  ` +
			    this.lines.slice(-12).join("\n  "));
		});
	}

	leave() {
		this.socket.destroy();
	}
}

export async function inNc(port, nick) {
	const p = new Person(port, { nc: true });
	p.type(`/nick ${nick}`);
	await p.sees(`-- you are now ${nick}`);
	return p;
}

export async function inIrc(port, nick) {
	const p = new Person(port, { irc: true });
	p.type(`NICK ${nick}`, `USER ${nick} 0 * :${nick}`);
	await p.sees(" 001 ");
	p.type("JOIN #lobby");
	await p.sees(" 366 ");
	return p;
}

// irssi, in a terminal of tmux's.
export class Irssi {
	#tmux;

	constructor(directory, port, nick) {
		const home = join(directory, `irssi-${nick}`);
		const env = { ...process.env, HOME: directory, TMUX: "",
			LC_ALL: "C.UTF-8", SHELL: "/bin/sh" };
		mkdirSync(home);
		this.#tmux = (...words) => execFileSync("tmux", ["-S",
			join(home, "tmux"), "-f", "/dev/null", ...words],
		{ env, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
		this.#tmux("new-session", "-d", "-x", "120", "-y", "100",
		    `exec irssi --home=${home} -c 127.0.0.1 -p ${port} ` +
			`-n ${nick}`);
	}

	type(text) {
		this.#tmux("send-keys", "-l", text);
		this.#tmux("send-keys", "Enter");
	}

	sees(text) {
		let screen = "";
		return until(`irssi shows "${text}"`, () => {
			screen = this.#tmux("capture-pane", "-p", "-S", "-");
			return screen.includes(text);
		}).catch((e) => {
			throw new Error(`${e.message}; there was:\n${screen}`);
		});
	}

	leave() {
		try {
			this.#tmux("kill-server");
		} catch {
			/* It has ended by itself. */
		}
	}
}

// Between the browser and the server: passes all on; cut, it ends what there is
// and takes nothing new; frozen, it takes and says nothing, as a tunnel does.
export class Wire {
	#pairs = new Set();
	#server;
	state = "on";

	async open(to) {
		this.#server = createServer((a) => this.#join(a, to));
		await new Promise((go) =>
			this.#server.listen(0, "127.0.0.1", go));
		this.port = this.#server.address().port;
	}

	#join(a, to) {
		a.on("error", () => {});
		if (this.state === "cut") {
			a.destroy();
			return;
		}
		const b = connect(to, "127.0.0.1");
		b.on("error", () => {});
		const pair = [a, b];
		this.#pairs.add(pair);
		const pass = (from, into) => {
			from.on("data", (data) => {
				if (!pair.isFrozen)
					into.write(data);
			});
			from.on("close", () => {
				into.destroy();
				this.#pairs.delete(pair);
			});
		};
		pass(a, b);
		pass(b, a);
		pair.isFrozen = this.state === "frozen";
	}

	cut() {
		this.state = "cut";
		for (const [a, b] of this.#pairs) {
			a.destroy();
			b.destroy();
		}
	}

	// What is there goes silent for ever; what comes anew passes.
	freeze() {
		for (const pair of this.#pairs)
			pair.isFrozen = true;
	}

	mend() {
		this.state = "on";
	}

	close() {
		this.cut();
		this.#server?.close();
	}
}
