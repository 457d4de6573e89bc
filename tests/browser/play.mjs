// SPDX-License-Identifier: ISC
// Copyright (c) 2026 The brbd authors
//
// The page in a real browser, with people in nc and IRC in the same room. Each
// step says what must hold; what the page looks like is left in OUT, to be looked
// at.
//
// usage: node play.mjs OUT, in a directory with node_modules; BRBD and BRBCTL in
// the environment

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Daemon, Irssi, PATIENCE, Person, Wire, freePort, inIrc, inNc, until } from
    "./peers.mjs";

const out = resolve(process.argv[2]);
const require = createRequire(join(process.cwd(), "package.json"));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const DESKTOP = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };
const SCREENS = { "small-phone": { width: 360, height: 640 },
	landscape: { width: 740, height: 360 },
	tablet: { width: 820, height: 1180 } };
const TARGET = 44; /* pixels, of what a finger has to meet */
const EVIL = "<img src=x onerror=\"window.evil=1\"><script>window.evil=1" +
    "</script>\"'&lt;{{7*7}}";

const directory = mkdtempSync(join(tmpdir(), "browser-"));
const port = await freePort();
const daemon = new Daemon({ program: resolve(process.env.BRBD), port,
	directory, settings: `server-name = "chat.example.org"
history-size = 96K
line-rate = 0
announce-rate = 0
accept-rate = 0
max-per-address = 0
presence-window = 0
departure-delay = 0
register = anyone
` });
const wire = new Wire();
let browser, page, complaints = [];

function watch(p) {
	p.setDefaultTimeout(PATIENCE);
	p.on("pageerror", (e) => complaints.push(`error: ${e.message}`));
	p.on("console", (m) => {
		/* A connection that breaks is what is tested. */
		if (m.type() === "error" &&
		    !/WebSocket connection|ERR_CONNECTION|ERR_EMPTY/
			.test(m.text()))
			complaints.push(`console: ${m.text()}`);
	});
	return p;
}

async function newPage(options = {}, url = `http://127.0.0.1:${wire.port}/`) {
	const context = await browser.newContext({ viewport: DESKTOP,
		reducedMotion: "reduce", ...options });
	const p = watch(await context.newPage());
	await p.goto(url);
	await p.waitForSelector("#banner", { state: "hidden" });
	return p;
}

let shots = 0;
const shot = (name, p = page) => p.screenshot({
	path: join(out, `${String(++shots).padStart(2, "0")}-${name}.png`) });

// What is to be read; values that are no words slip in easily.
const words = (p = page) => p.evaluate(() => document.body.innerText);
const NO_WORDS = /\b(null|undefined|false|NaN)\b|\[object/;

const row = (text) => page.locator("#timeline .line").filter({ hasText: text });
const shows = (text) => row(text).first().waitFor({ state: "attached" });
const count = async (text) => row(text).count();

// A line is taken from those that wait before it is drawn with the others.
async function isOnce(text) {
	await shows(text);
	assert.equal(await count(text), 1, text);
}

async function say(text, p = page) {
	await p.fill("#text", text);
	await p.press("#text", "Enter");
}

async function takeName(p, name) {
	await p.click("text=Choose a name");
	await p.fill("dialog input[name=name]", name);
	await p.press("dialog input[name=name]", "Enter");
	await p.waitForSelector(`.self:has-text("${name}")`);
}

// Nobody is kept out: what axe-core finds, as sentences.
async function accessible(what, p = page) {
	await p.evaluate(axe);
	const found = await p.evaluate(async () => {
		const r = await window.axe.run(document, { runOnly: ["wcag2a",
			"wcag2aa", "wcag21a", "wcag21aa", "wcag22aa",
			"best-practice"] });
		return r.violations.map((v) => `${v.id}: ${v.help}: ` +
		    v.nodes.map((n) => n.target.join(" ") + " " +
			n.failureSummary.split("\n").slice(1).join(";"))
			.slice(0, 3).join(" | "));
	});
	assert.deepEqual(found, [], `axe-core, ${what}`);
}

// What can be touched is large enough for that.
async function touchable(p = page) {
	const small = await p.evaluate((least) =>
		[...document.querySelectorAll("button, input, textarea")]
		    .map((el) => [el, el.getBoundingClientRect()])
		    .filter(([, r]) => r.width > 0 && r.right > 0 &&
			r.left < innerWidth && r.height > 0)
		    .filter(([, r]) => r.height < least || r.width < least)
		    .map(([el, r]) => `${el.id || el.className}: ` +
			`${r.width}x${r.height}`), TARGET);
	assert.deepEqual(small, [], "too small for a finger");
}

// Nothing sticks out to the side.
async function fits(p = page) {
	assert.equal(await p.evaluate(() =>
		document.documentElement.scrollWidth <= innerWidth), true,
	"the page is wider than the screen");
}

let ana, joe, second;

const steps = {
	async "a newcomer reads at once, and says who they are"() {
		ana = await inNc(port, "ana");
		ana.type("lunch?", "/me waits");
		page = await newPage();
		await shows("lunch?");
		await page.locator("#ask-name").waitFor();
		await shot("newcomer");
		await takeName(page, "bob");
		joe = await inIrc(port, "joe");
		joe.type("PRIVMSG #lobby :from IRC, https://example.org/a_(b)");
		await shows("from IRC");
		assert.equal(await page.locator("#timeline a").getAttribute(
		    "href"), "https://example.org/a_(b)");
		assert.equal(await page.locator("#timeline a").getAttribute(
		    "rel"), "noopener noreferrer");
		await say("in a minute");
		await ana.sees("<bob> in a minute");
		await joe.sees("PRIVMSG #lobby :in a minute");
		await until("the line is said", async () =>
			await page.locator(".queued, .sent").count() === 0);
		await isOnce("in a minute");
	},

	async "a browser that cannot notify, and a server that says nothing"() {
		const context = await browser.newContext({ viewport: PHONE });
		const p = watch(await context.newPage());
		await p.addInitScript(() => {
			delete window.Notification;
			window.WebSocket = class {
				static OPEN = 1;
				readyState = 0;
				close() {}
			};
		});
		await p.goto(`http://127.0.0.1:${wire.port}/`);
		await p.locator("#banner").getByText("Connecting").waitFor();
		await p.click("#open-side");
		await p.locator("#self").getByText("\u2026").waitFor();
		assert.doesNotMatch(await words(p), NO_WORDS);
		await context.close();
	},

	async "a break, and what was missed"() {
		await page.click("#break");
		await page.fill("dialog input", "making tea");
		await page.press("dialog input", "Enter");
		await ana.sees("bob: be right back (making tea)");
		await page.locator("#banner").getByText("You are on break")
		    .waitFor();
		joe.type("PRIVMSG #lobby :morning all");
		await ana.sees("<joe> morning all");
		ana.type("bob: bring a cup for me", "tea is coming",
		    "/msg bob with sugar", "/brb fetching milk");
		await joe.sees(":tea is coming");
		await ana.sees("see you");
		await shot("break");
		assert.equal(await count("morning all"), 0);
		await page.click("text=I am back");
		const divider = page.locator(".divider");
		await divider.getByText("3 new messages").waitFor();
		await divider.getByText("1 mentions you").waitFor();
		await page.locator("#people").getByText("fetching milk")
		    .waitFor();
		await page.locator("#places").getByText("ana").waitFor();
		await shot("back");
		await divider.getByText("joe 1").click();
		await page.locator("li:focus").getByText("morning all").waitFor();
		await page.getByText("Mark as read").click();
		await divider.waitFor({ state: "detached" });
		await page.getByText("Undo").click();
		await divider.waitFor();
		await page.getByText("Mark as read").click();
		ana.type("/back");
	},

	async "three people play the README"() {
		const lee = new Irssi(directory, port, "lee");
		try {
			await lee.sees("Welcome");
			lee.type("/join #lobby");
			await ana.sees("lee came");
			await say("in two minutes");
			await lee.sees("bob> in two minutes");
			await say("/brb making more tea");
			await ana.sees("bob: be right back (making more tea)");
			ana.type("bob: bring a cup for lee");
			await lee.sees("bob: bring a cup for lee");
			lee.type("good morning");
			await ana.sees("<lee> good morning");
			ana.type("more tea is coming");
			await lee.sees("more tea is coming");
			await say("/back");
			const divider = page.locator(".divider");
			await divider.getByText("3 new messages").waitFor();
			await divider.getByText("1 mentions you").waitFor();
			await divider.getByText("ana 2").waitFor();
			await shot("readme");
			await divider.getByText("lee 1").click();
			await page.locator("li:focus").getByText("good morning")
			    .waitFor();
			await say("here, two cups");
			await ana.sees("<bob> here, two cups");
			await lee.sees("bob> here, two cups");
			lee.type("/quit bye");
			await ana.sees("lee left");
		} finally {
			lee.leave();
		}
	},

	async "the connection breaks, and nothing is missing or double"() {
		wire.cut();
		await page.locator("#banner").getByText("No connection").waitFor();
		ana.type("one while bob is gone", "two while bob is gone");
		await say("three, typed without a connection");
		await page.locator(".queued").waitFor();
		await shot("offline");
		wire.mend();
		await shows("two while bob is gone");
		await ana.sees("<bob> three, typed without a connection");
		await until("it is said", async () =>
			await page.locator(".queued, .sent").count() === 0);
		for (const text of ["one while bob", "two while bob",
			"three, typed"])
			await isOnce(text);
	},

	async "a network that says nothing any more is noticed"() {
		/* As for a laptop that sleeps; it wakes, and the browser says so. */
		await page.context().setOffline(true);
		wire.freeze();
		ana.type("said while the tunnel was long");
		await page.context().setOffline(false);
		await shows("said while the tunnel was long");
		await isOnce("said while the tunnel was long");
	},

	async "the server is killed, and started again"() {
		await daemon.end("SIGKILL");
		await say("typed while the server was dead");
		await page.locator(".queued").waitFor();
		await daemon.start();
		ana = await inNc(port, "ana");
		await until("it is said", async () =>
			await page.locator(".queued, .sent").count() === 0 &&
			    await count("typed while the server was dead") === 1);
		ana.type("after the crash");
		await shows("after the crash");
		for (const text of ["in a minute", "three, typed", "morning all"])
			await isOnce(text);
	},

	async "the server is upgraded in place, and nobody notices"() {
		const before = await page.evaluate(() => performance.now());
		await page.fill("#text", "half a li");
		execFileSync(resolve(process.env.BRBCTL), ["-s",
			daemon.control, "upgrade"]);
		await page.fill("#text", "half a line is whole");
		await page.press("#text", "Enter");
		await ana.sees("<bob> half a line is whole");
		ana.type("after the upgrade");
		await shows("after the upgrade");
		assert.ok(await page.evaluate((t) =>
			performance.getEntriesByType("resource").filter((e) =>
				e.startTime > t).length, before) === 0,
		"no new connection");
	},

	async "what the ring no longer holds is a row with its count"() {
		await page.press("#text", "Escape");
		await page.locator(".divider").waitFor({ state: "detached" });
		wire.cut();
		await page.locator("#banner").getByText("No connection").waitFor();
		const long = "x".repeat(400);
		const lines = [...Array(400).keys()].map((n) =>
			`flood ${n} ${long}`);
		ana.type(...lines, "/who");
		await ana.sees("ana (you): idle");
		wire.mend();
		await shows("flood 399");
		const lost = page.locator(".lost");
		const divider = page.locator(".divider");
		await divider.waitFor();
		const n = Number((await lost.first().textContent())
		    .replace(/,/g, "").match(/\d+/)[0]);
		const held = Number((await divider.textContent())
		    .match(/(\d+) new/)[1]);
		assert.equal(n + held, 400, `${n} lost, ${held} held`);
		await shot("gap");
		await page.press("#text", "Escape");
	},

	/* hostile 97 */
	async "names and texts of all kinds are text"() {
		const evil = await inIrc(port, "evil");
		const other = await inIrc(port, "evil2");
		evil.type(`TOPIC #lobby :${EVIL}`,
		    `PRIVMSG #lobby :${EVIL} javascript:alert(1) ` +
			"data:text/html,<script>window.evil=1</script>",
		    `PRIVMSG #lobby :\u0001ACTION ${EVIL}\u0001`,
		    `NOTICE #lobby :${EVIL}`, `PRIVMSG bob :${EVIL}`,
		    `INVITE bob #lobby`, `AWAY :${EVIL}`,
		    `SETNAME :${EVIL}`,
		    `PRIVMSG #lobby :${"W".repeat(450)}`,
		    `PRIVMSG #lobby :\u202ereversed\u202c ${"\u0301".repeat(40)}`);
		other.type(`PART #lobby :${EVIL}`, "JOIN #lobby",
		    `QUIT :${EVIL}`);
		ana.type(`/brb ${EVIL.slice(0, 90)}`);
		await shows("WWWW");
		await page.locator("#topic").getByText("window.evil").waitFor();
		await page.locator("#places").getByText("evil").click();
		await shows("onerror");
		await shot("markup-private");
		await page.locator("#places").getByText("lobby").click();
		await shot("markup");
		await page.click(".self");
		await page.fill("dialog input[name=name]", EVIL.slice(0, 19));
		await page.press("dialog input[name=name]", "Enter");
		await page.locator("dialog .error").getByText("name").waitFor();
		await page.press("dialog input[name=name]", "Escape");
		await page.evaluate((name) => page.join(name), EVIL);
		await page.locator(".toast").getByText("You are not in")
		    .first().waitFor();
		await page.evaluate(() => page.open(
		    page.chat.rooms.get("lobby")));
		assert.equal(await page.evaluate(() => window.evil), undefined);
		assert.equal(await page.locator("#app img").count(), 1,
		    "the server's sign alone");
		assert.deepEqual(await page.locator("#timeline a").evaluateAll(
		    (all) => all.map((a) => a.protocol).filter((p) =>
			p !== "https:" && p !== "http:")), []);
		await fits();
		ana.type("/back");
		evil.leave();
		other.leave();
	},

	async "who reads without coming in sees text as well"() {
		ana.type("/join reading", "/mode +w", `/topic ${EVIL}`,
		    `${EVIL} javascript:alert(1) https://example.org/"onx="`,
		    `/me ${EVIL}`, "/join lobby");
		await ana.sees("you are live");
		const p = watch(await page.context().newPage());
		await p.goto(`http://127.0.0.1:${wire.port}/r/reading`);
		await p.getByText("javascript:alert(1)").waitFor();
		await shot("read-only", p);
		await accessible("/r/reading", p);
		assert.deepEqual(await p.evaluate(() => [window.evil,
			document.querySelectorAll("img, script").length,
			[...document.links].filter((a) => a.origin !== origin &&
			    (!/^https?:$/.test(a.protocol) ||
				a.relList.contains("noopener") === false))
			    .length]), [undefined, 0, 0]);
		await p.close();
	},

	async "a page from elsewhere cannot come in"() {
		const site = createServer((_, answer) => {
			answer.setHeader("content-type", "text/html");
			answer.end("<title>elsewhere</title>");
		});
		await new Promise((go) => site.listen(0, "127.0.0.1", go));
		const context = await browser.newContext();
		const p = await context.newPage();
		await p.goto(`http://127.0.0.1:${site.address().port}/`);
		const tries = await p.evaluate(async (there) => {
			const socket = (protocol) => new Promise((go) => {
				const s = new WebSocket(`ws://${there}/`,
				    protocol);
				s.onopen = () => go("open");
				s.onerror = () => go("refused");
			});
			const read = await fetch(`http://${there}/`).then(
			    (r) => r.text(), () => "refused");
			const post = await fetch(`http://${there}/`, {
				method: "POST", mode: "no-cors",
				body: "{\"nick\":\"mallory\"}\n" +
				    "{\"join\":\"lobby\"}\n" +
				    "{\"say\":\"cross-site\"}\n" })
			    .then((r) => r.type, () => "refused");
			return [await socket("brb.json"),
				await socket("text.ircv3.net"), read, post];
		}, `127.0.0.1:${port}`);
		assert.deepEqual(tries.slice(0, 3),
		    ["refused", "refused", "refused"]);
		ana.type("after the stranger");
		await shows("after the stranger");
		assert.equal(await count("cross-site"), 0);
		await context.close();
		site.close();
	},

	async "all can be done by keyboard"() {
		await page.keyboard.press("Escape");
		await page.reload();
		await page.waitForSelector("#banner", { state: "hidden" });
		await page.keyboard.press("Tab");
		assert.equal(await page.evaluate(() =>
			document.activeElement.className), "skip");
		await page.keyboard.press("Enter");
		await page.keyboard.type("/jo");
		await page.locator("#choices").getByText("/join").waitFor();
		await page.keyboard.press("Tab");
		await page.keyboard.type("kitchen");
		await page.keyboard.press("Enter");
		await page.locator("#title").getByText("kitchen").waitFor();
		await page.locator("#empty").getByText("first words").waitFor();
		await shot("empty-room");
		await page.keyboard.press("Alt+ArrowUp");
		await page.locator("#title").getByText("lobby").waitFor();
		await page.locator("#people").getByText("ana").waitFor();
		await page.keyboard.type("an");
		await page.keyboard.press("Tab");
		assert.equal(await page.inputValue("#text"), "ana: ");
		await page.keyboard.type("done by keys");
		await page.keyboard.press("Enter");
		await ana.sees("<bob> ana: done by keys");
		await page.keyboard.press("Shift+Tab");
		await page.keyboard.press("?");
		await page.locator("dialog").getByText("What you can type")
		    .waitFor();
		await accessible("help");
		await shot("help");
		await page.keyboard.press("Escape");
		await page.locator("dialog").waitFor({ state: "detached" });
	},

	async "who leaves may come back"() {
		await say("/quit");
		await ana.sees("bob left");
		await page.getByText("You have left").waitFor();
		await page.getByText("Come back").click();
		await page.locator("#banner").waitFor({ state: "hidden" });
		await say("here I am again");
		await ana.sees("<bob> here I am again");
	},

	async "several lines are one message"() {
		await page.fill("#text", "for (;;) {\n    wait();\n\n\n}\n");
		await page.press("#text", "Enter");
		await ana.sees("<bob> for (;;) {");
		await ana.sees("<bob>     wait();");
		await ana.sees("<bob> }");
		await until("one row has all", async () => (await page
		    .locator(".row:not(:has(.sent)) .text").allInnerTexts())
		    .includes("for (;;) {\n    wait();\n\n}"));
	},

	async "lines that look like a command are asked about once"() {
		await page.fill("#text", "/first of two\nsecond of two");
		await page.press("#text", "Enter");
		await page.getByText("Say 2 lines").click();
		await ana.sees("<bob> /first of two");
		await ana.sees("<bob> second of two");
	},

	async "an account is made, and known after a reload"() {
		await say("/register");
		await page.fill("dialog input[name=password]",
		    "correct horse battery");
		await shot("register");
		await accessible("register");
		await page.press("dialog input[name=password]", "Enter");
		await page.locator("dialog").waitFor({ state: "detached" });
		await page.reload();
		await until("logged in", () => page.evaluate(() =>
			window.page.chat.isUp &&
			    window.page.chat.me.account === "bob"));
		const kept = await page.evaluate(() =>
			JSON.stringify({ ...localStorage }));
		assert.ok(!kept.includes("correct horse"),
		    "no password is kept");
		second = await newPage({ viewport: PHONE });
		await second.click("text=Log in");
		await second.fill("dialog input[name=name]", "bob");
		await second.fill("dialog input[name=password]", "wrong");
		await shot("login", second);
		await second.press("dialog input[name=password]", "Enter");
		await second.locator("dialog .error").getByText("password")
		    .waitFor();
		await second.fill("dialog input[name=password]",
		    "correct horse battery");
		await second.press("dialog input[name=password]", "Enter");
		await until("there twice", () => second.evaluate(() =>
			window.page.chat.me.account === "bob"));
	},

	async "sessions are listed, and ended"() {
		await say("/devices");
		const rows = page.locator("dialog li");
		await rows.getByText("this one").waitFor();
		assert.equal(await rows.count(), 2);
		await shot("sessions");
		await accessible("sessions");
		await page.getByText("End it").click();
		await until("one is left", async () => await rows.count() === 1);
		await page.keyboard.press("Escape");
		await second.context().close();
	},

	async "what was written while one was away is in the conversation"() {
		await page.goto("about:blank");
		await ana.sees("bob left");
		ana.type("/msg bob are you there?", "/msg bob call me");
		await ana.sees("call me");
		page = watch(await page.context().newPage());
		await page.goto(`http://127.0.0.1:${wire.port}/`);
		const talk = page.locator("#places").locator(
		    "button:has-text('ana')");
		await talk.getByText("2", { exact: true }).waitFor();
		assert.equal(await count("call me"), 0);
		await talk.click();
		const divider = page.locator(".divider");
		await divider.getByText("2 new messages").waitFor();
		await row("are you there?").waitFor();
		await row("with sugar").waitFor();
		await shot("conversation");
		await say("soon");
		await ana.sees("<bob -> you> soon");
		await page.locator(".queued, .sent").waitFor(
		    { state: "detached" });
		await page.locator("#places").getByText("lobby").click();
		await talk.click();
		await row("soon").waitFor();
		await isOnce("soon");
		await page.locator("#places").getByText("lobby").click();
	},

	async "an account has names, tokens and what else lets in"() {
		const dialog = page.locator("dialog").last();
		const list = dialog.locator(".list");
		await page.click(".self");
		await dialog.getByText("What lets you in").waitFor();
		await dialog.getByText("One more name").click();
		await page.fill("dialog input[name=name]", "bobby");
		await page.press("dialog input[name=name]", "Enter");
		await list.getByText("bobby").waitFor();
		await dialog.getByText("Make a token").click();
		await dialog.getByText("The token is").waitFor();
		const tokens = await list.getByText("A token").count();
		assert.ok(tokens >= 2, "the page has one, too");
		await page.setViewportSize(PHONE);
		await shot("account");
		await touchable();
		await accessible("account");
		await page.setViewportSize(DESKTOP);
		await list.getByText("Remove").last().click();
		await until("a token is gone", async () =>
			await list.getByText("A token").count() < tokens);
		await list.getByText("Give it up").click();
		await list.getByText("bobby").waitFor({ state: "detached" });
		await dialog.getByText("Another password").click();
		await page.fill("dialog input[name=present]", "wrong");
		await page.fill("dialog input[name=password]",
		    "battery staple horse");
		await page.press("dialog input[name=password]", "Enter");
		await dialog.getByText("That is not your password").waitFor();
		await page.fill("dialog input[name=present]",
		    "correct horse battery");
		await page.press("dialog input[name=password]", "Enter");
		await page.locator("dialog input[name=present]").waitFor(
		    { state: "hidden" });
		await dialog.getByText("That is done").waitFor();
		await page.keyboard.press("Escape");
		await dialog.waitFor({ state: "detached" });
		await say("/account key");
		await page.locator("#notice").getByText("no certificate")
		    .waitFor();
	},

	async "what the server knows is told by commands"() {
		const notice = page.locator("#notice");
		for (const [text, answer] of [
			["/accept accounts", "from who is logged in"],
			["/accept anyone", "from anyone"],
			["/ignore joe", "nothing of joe"],
			["/ignore", "You ignore joe"],
			["/unignore joe", "what joe says again"],
			["/mode", "Modes: +"],
			["/ban", "nobody on that list"],
			["/kick nobody-here", "No one here is called so."],
			["/history none", "a number"],
			["/nosuch", "no command"]]) {
			await say(text);
			await notice.getByText(answer).waitFor();
		}
		await page.fill("#text", "");
		await say("/who");
		await row("people here: ").last().waitFor();
		await say("/rooms");
		await row("lobby: ").last().waitFor();
	},

	async "it opens at the first new line, and scrolling marks nothing"() {
		await say("before I close the page");
		await ana.sees("<bob> before I close the page");
		await page.goto("about:blank");
		ana.type(...[...Array(80).keys()].map((n) => `unread ${n}`),
		    "/who");
		await ana.sees("ana (you): idle");
		await page.goto(`http://127.0.0.1:${wire.port}/`);
		const divider = page.locator(".divider");
		await divider.getByText("80 new messages").waitFor();
		const isSeen = (el) => {
			const r = el.getBoundingClientRect();
			return r.top > 0 && r.bottom < innerHeight;
		};
		await until("the first new line is in view", async () =>
			await divider.evaluate(isSeen) &&
			    await row("unread 0").first().evaluate(isSeen) &&
			    await row("before I close").first().evaluate(isSeen));
		await shot("unread");
		await page.locator("#to-end").click();
		await until("the end is in view", () =>
			row("unread 79").first().evaluate(isSeen));
		assert.equal(await page.evaluate(() =>
			window.page.current.unread), 80);
		await page.reload();
		await divider.getByText("80 new messages").waitFor();
		await divider.getByText("Mark as read").click();
		await divider.waitFor({ state: "detached" });
		await page.reload();
		await shows("unread 79");
		await until("it is live", () => page.evaluate(() =>
			window.page.current.state === "live"));
		assert.equal(await divider.count(), 0);
	},

	async "what was said is found"() {
		await say("/search DONE BY KEYS");
		const dialog = page.locator("dialog");
		await dialog.locator(".end").getByText("That is all").waitFor();
		await shot("search");
		await accessible("search");
		await dialog.locator(".result").getByText("done by keys").click();
		await page.locator("li:focus").getByText("done by keys").waitFor();
		await say("/search nowhere to be found");
		await dialog.getByText("Nothing was found").waitFor();
		await page.keyboard.press("Escape");
		await dialog.waitFor({ state: "detached" });
		await page.keyboard.press("Alt+End");
	},

	async "a phone, and the dark"() {
		const isAtEnd = () => page.evaluate(() =>
			window.page.view.isAtEnd &&
			    document.getElementById("to-end").hidden);
		await until("the end is in view", isAtEnd);
		await page.setViewportSize(PHONE);
		await page.locator("#open-side").waitFor();
		await row("unread 79").first().waitFor();
		await until("it still is on a small screen", isAtEnd);
		await fits();
		await touchable();
		await accessible("phone");
		await shot("phone");
		await page.click("#open-side");
		await shot("phone-rooms");
		await touchable();
		await accessible("phone, rooms");
		await page.keyboard.press("Escape");
		await page.click("[aria-label=People]");
		await shot("phone-people");
		await page.keyboard.press("Escape");
		await page.emulateMedia({ colorScheme: "dark" });
		await accessible("phone, dark");
		await shot("phone-dark");
		await page.setViewportSize(DESKTOP);
		await accessible("dark");
		await shot("dark");
		await page.emulateMedia({ colorScheme: "light" });
		await accessible("light");
	},

	async "it fits every screen, whatever is said"() {
		ana.type("long".repeat(100), "\u05e9\u05dc\u05d5\u05dd ".repeat(20),
		    "\ud83c\udf89", `https://example.org/${"very/".repeat(60)}`,
		    "/me waves at everybody", "bob: do you see all of this?");
		await shows("do you see all of this?");
		const context = await browser.newContext({ isMobile: true,
			hasTouch: true, reducedMotion: "reduce",
			viewport: SCREENS["small-phone"] });
		const p = watch(await context.newPage());
		await p.goto(`http://127.0.0.1:${wire.port}/`);
		await p.click("text=Stay a guest");
		await p.locator("#timeline").getByText("do you see all").waitFor();
		for (const [name, size] of Object.entries(SCREENS))
			for (const scheme of ["light", "dark"]) {
				await p.setViewportSize(size);
				await p.emulateMedia({ colorScheme: scheme });
				await fits(p);
				await touchable(p);
				await until(`the end is in view: ${name}`, () =>
					p.evaluate(() => window.page.view.isAtEnd));
				await shot(`${name}-${scheme}`, p);
			}
		await context.close();
	},

	async "the keyboard of a phone covers nothing that one needs"() {
		const context = await browser.newContext({ isMobile: true,
			hasTouch: true, reducedMotion: "reduce", viewport: PHONE });
		const p = watch(await context.newPage());
		/* As browsers tell of one that lies over the page. */
		await p.addInitScript(() => {
			const v = new EventTarget();
			Object.assign(v, { scale: 1, height: innerHeight });
			window.visualViewport = v;
			window.cover = (height) => {
				v.height = height;
				v.dispatchEvent(new Event("resize"));
			};
		});
		await p.goto(`http://127.0.0.1:${wire.port}/`);
		await p.locator("#timeline").getByText("do you see all").waitFor();
		const bottom = () => p.evaluate(() => Math.round(
		    document.getElementById("foot").getBoundingClientRect()
			.bottom));
		assert.equal(await bottom(), PHONE.height);
		await p.evaluate(() => window.cover(500));
		await until("the field is above the keyboard", async () =>
			await bottom() === 500);
		await until("what was said last is there as well", () =>
			p.evaluate(() => document.querySelector(
			    "#timeline .row:last-child").getBoundingClientRect()
			    .bottom <= 500));
		await shot("phone-keyboard", p);
		await p.evaluate(() => window.cover(innerHeight));
		await until("the keyboard is gone", async () =>
			await bottom() === PHONE.height);
		await context.close();
	},

	async "two hundred people and thousands of lines"() {
		const crowd = [];
		for (let n = 0; n < 200; n++) {
			const p = new Person(port);
			p.type(`/nick person${n}`, `I am number ${n}`);
			crowd.push(p);
		}
		await until("all are there", () => page.evaluate(() =>
			window.page.current.people.size >= 202));
		await until("all have spoken", () => page.evaluate(() =>
			window.page.current.timeline.items.filter((i) =>
				i.text.startsWith("I am number")).length ===
				    200));
		await shot("crowd");
		await accessible("a crowd");
		for (let n = 0; n < 6000; n += 100)
			crowd[0].type(...[...Array(100).keys()].map((i) =>
				`quick ${n + i}`));
		await until("the last line is here", () => page.evaluate(() =>
			window.page.current.timeline.items.some((i) =>
				i.text === "quick 5999")), 2 * PATIENCE);
		const { rows, items } = await page.evaluate(() => ({
			rows: document.getElementById("timeline")
			    .childElementCount,
			items: window.page.current.timeline.items.length }));
		assert.ok(rows < 400, `${rows} rows in the document`);
		assert.ok(items <= 3000, `${items} items are held`);
		crowd.forEach((p) => p.leave());
		const slow = await scrollThrough();
		assert.deepEqual(await page.evaluate(() => {
			const t = window.page.current.timeline;
			return [t.more, t.items.filter((i, at) => at > 0 &&
				i.sub === 0 && !i.joined).length];
		}), [false, 0], "all of the history is here, and no hole");
		console.log(`    ${slow.steps} steps up, the longest frame ` +
		    `${Math.round(slow.longest)} ms, ${slow.rows} rows at most`);
		assert.ok(slow.rows < 400);
	},
};

// Scrolls up through all that is held, a screen at a time.
async function scrollThrough() {
	return page.evaluate(async () => {
		const scroller = document.getElementById("scroller");
		const list = document.getElementById("timeline");
		const frame = () => new Promise(requestAnimationFrame);
		let longest = 0, rows = 0, steps = 0, still = 0;
		while (still < 30 && steps < 1500) {
			const first = list.firstElementChild;
			const top = scroller.scrollTop;
			scroller.scrollTop -= 600;
			const from = performance.now();
			await frame();
			await frame();
			longest = Math.max(longest, performance.now() - from);
			rows = Math.max(rows, list.childElementCount);
			steps++;
			still = scroller.scrollTop === top &&
			    list.firstElementChild === first ? still + 1 : 0;
		}
		return { longest, rows, steps };
	});
}

async function play() {
	mkdirSync(out, { recursive: true });
	mkdirSync(join(directory, "state"), { mode: 0o700 });
	await daemon.start();
	await wire.open(port);
	browser = await chromium.launch({ args: ["--no-sandbox"],
		executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium" });
	let passed = 0;
	for (const [name, step] of Object.entries(steps)) {
		const start = Date.now();
		try {
			await step();
			assert.doesNotMatch(await words(), NO_WORDS);
			assert.deepEqual(complaints, [],
			    "the browser has complained");
		} catch (e) {
			console.log([`not ok: ${name}`, e.stack, ...complaints]
			    .join("\n"));
			await page?.screenshot({ path: join(out,
			    "failed.png") }).catch(() => {});
			break;
		}
		console.log(`ok: ${name} (${Date.now() - start} ms)`);
		passed++;
	}
	return Object.keys(steps).length - passed;
}

let failed = Object.keys(steps).length;
try {
	failed = await play();
} catch (e) {
	console.log(e.stack);
} finally {
	await browser?.close();
	wire.close();
	ana?.leave();
	joe?.leave();
	const ended = await daemon.end("SIGTERM");
	if (ended !== "0") {
		console.log(`the server ended with ${ended}`);
		failed ||= 1;
	}
	if (failed === 0)
		rmSync(directory, { recursive: true });
	else
		console.log(`what the server said: ${directory}/brbd.log`);
}
const all = Object.keys(steps).length;
console.log(`${all - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
