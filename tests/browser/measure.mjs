// SPDX-License-Identifier: ISC
// Copyright (c) 2026 The brbd authors
//
// What the page costs in a real browser: bytes, the time until something is to be
// read, frames, memory. Each figure is printed beside its goal.
//
// usage: node measure.mjs [FACTOR], in a directory with node_modules; BRBD in the
// environment. With FACTOR, a figure of more than so many times its goal is a
// failure; a busy machine needs a large one. Bytes are held to their goal.

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Daemon, PATIENCE, freePort, inNc, until } from "./peers.mjs";

const factor = Number(process.argv[2] ?? Infinity);
const require = createRequire(join(process.cwd(), "package.json"));
const { chromium } = require("playwright-core");

const directory = mkdtempSync(join(tmpdir(), "measure-"));
mkdirSync(join(directory, "state"), { mode: 0o700 });
const port = await freePort();
const daemon = new Daemon({ program: resolve(process.env.BRBD), port, directory,
	settings: `history-size = 16M
line-rate = 0
announce-rate = 0
accept-rate = 0
max-per-address = 0
presence-window = 0
` });
const url = `http://127.0.0.1:${port}/`;
let browser, ana, failed = 0;

function result(what, figure, unit, goal, times = factor) {
	const isOver = figure > goal * times;
	failed += isOver;
	console.log(`${what.padEnd(52)} ${figure.toFixed(1).padStart(8)} ` +
	    `${unit.padEnd(3)} (goal ${goal})${isOver ? " TOO MUCH" : ""}`);
}

// When the first line, and the first unread one, are on the screen; how long the
// longest frame took.
function watchFrames() {
	window.seen = { longest: 0 };
	let before = performance.now();
	const isIn = (el) => {
		const r = el?.getBoundingClientRect();
		return r && r.height > 0 && r.top < innerHeight && r.bottom > 0;
	};
	const frame = () => {
		const now = performance.now(), { seen } = window;
		seen.longest = Math.max(seen.longest, now - before);
		before = now;
		for (const what of ["line", "divider"])
			if (!seen[what] && [...document.querySelectorAll(
			    `#timeline .${what}`)].some(isIn))
				seen[what] = now;
		requestAnimationFrame(frame);
	};
	requestAnimationFrame(frame);
}

async function newPage(context) {
	const page = await context.newPage();
	page.setDefaultTimeout(PATIENCE);
	await page.addInitScript(watchFrames);
	return page;
}

// Milliseconds from the first byte of the page to what was seen.
const sinceFirstByte = (page, what) => page.evaluate((w) => window.seen[w] -
    performance.getEntriesByType("navigation")[0].responseStart, what);

async function talk(from, to, step = 500) {
	for (let n = from; n < to; n += step) {
		ana.type(...[...Array(Math.min(step, to - n)).keys()].map((i) =>
			`line ${n + i} of what is said here, and a few more ` +
			    "words as people use them"));
		/* Not more than is read. */
		ana.type("/who");
		await ana.sees("ana (you): idle");
	}
}

const isHere = (page, n) => until(`line ${n}`, () => page.evaluate((text) =>
	window.page.current.timeline.items.at(-1)?.text.startsWith(text),
`line ${n} `), 4 * PATIENCE);

async function bytes(context) {
	const page = await newPage(context);
	const cdp = await context.newCDPSession(page);
	let sum = 0, files = 0;
	await cdp.send("Network.enable");
	cdp.on("Network.loadingFinished", (e) => {
		sum += e.encodedDataLength;
		files++;
	});
	await page.goto(url);
	await page.waitForFunction(() => window.seen.line);
	result(`the page over the wire, ${files} files with their headers`,
	    sum / 1024, "KiB", 60, 1);
	await page.close();
}

async function firstLine(context) {
	const all = [];
	for (let i = 0; i < 5; i++) {
		const page = await newPage(context);
		await page.goto(url);
		await page.waitForFunction(() => window.seen.line);
		all.push(await sinceFirstByte(page, "line"));
		await page.close();
	}
	all.sort((a, b) => a - b);
	result("the first line after the first byte, of five", all[2], "ms", 300);
}

async function scrolling(context) {
	const page = await newPage(context);
	await page.goto(url);
	await page.waitForFunction(() => window.seen.line);
	const { frames, lines } = await page.evaluate(async () => {
		const scroller = document.getElementById("scroller");
		const { timeline } = window.page.current;
		const frame = () => new Promise(requestAnimationFrame);
		const frames = [];
		let before = await frame();
		for (let still = 0; still < 60 && timeline.items.length < 5200;) {
			const { scrollTop } = scroller;
			scroller.scrollTop -= 400;
			const now = await frame();
			frames.push(now - before);
			before = now;
			still = scroller.scrollTop === scrollTop ? still + 1 : 0;
		}
		return { frames, lines: timeline.items.length };
	});
	frames.sort((a, b) => a - b);
	console.log(`  ${lines} lines in ${frames.length} frames; the median ` +
	    `${frames[frames.length >> 1].toFixed(1)} ms, 99 of 100 under ` +
	    `${frames[Math.floor(frames.length * 0.99)].toFixed(1)} ms`);
	result("the longest frame while 5,000 lines are scrolled",
	    frames.at(-1), "ms", 50);
	await page.close();
}

async function memory(context) {
	const page = await newPage(context);
	const cdp = await context.newCDPSession(page);
	await page.goto(url);
	await page.waitForFunction(() => window.seen.line);
	const heap = async () => {
		for (let i = 0; i < 3; i++)
			await cdp.send("HeapProfiler.collectGarbage");
		return (await cdp.send("Runtime.getHeapUsage")).usedSize / 2 ** 20;
	};
	await talk(0, 10000);
	await isHere(page, 9999);
	const few = await heap();
	await talk(10000, 100000);
	await isHere(page, 99999);
	const many = await heap();
	const nodes = await page.evaluate(() =>
		document.querySelectorAll("*").length);
	console.log(`  ${few.toFixed(1)} MiB after 10,000 lines, ` +
	    `${many.toFixed(1)} after 100,000; ${nodes} elements`);
	result("memory that 90,000 more lines take", many - few, "MiB", 1);
	await page.close();
}

async function catchUp(context) {
	const page = await newPage(context);
	await page.goto(url);
	await page.waitForFunction(() => window.page?.current.state === "live");
	await page.click("text=Choose a name");
	await page.fill("dialog input[name=name]", "bob");
	await page.press("dialog input[name=name]", "Enter");
	await page.waitForSelector(".self:has-text(\"bob\")");
	await page.fill("#text", "here I stop");
	await page.press("#text", "Enter");
	await ana.sees("<bob> here I stop");
	await page.close();
	await talk(100000, 110000);
	const back = await newPage(context);
	await back.goto(url);
	const typed = await back.evaluate(async () => {
		const from = performance.now();
		const el = document.getElementById("text");
		while (!window.seen.divider)
			await new Promise(requestAnimationFrame);
		el.focus();
		document.execCommand("insertText", false, "typed at once");
		await new Promise(requestAnimationFrame);
		return { value: el.value, ms: performance.now() - from };
	});
	if (typed.value !== "typed at once")
		throw new Error("what was typed is not there");
	result("10,000 lines: the first unread one on the screen",
	    await sinceFirstByte(back, "divider"), "ms", 500);
	await isHere(back, 109999);
	await until("it is live", () => back.evaluate(() =>
		window.page.current.state === "live"));
	result("10,000 lines: the longest frame while they come",
	    await back.evaluate(() => window.seen.longest), "ms", 100);
	console.log(`  all of them after ${Math.round(await back.evaluate(() =>
		performance.now()))} ms`);
	await back.close();
}

try {
	await daemon.start();
	ana = await inNc(port, "ana");
	await talk(-6000, 0);
	browser = await chromium.launch({ args: ["--no-sandbox"],
		executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium" });
	for (const measure of [bytes, firstLine, scrolling, memory, catchUp]) {
		const context = await browser.newContext({
			viewport: { width: 1280, height: 800 } });
		await measure(context);
		await context.close();
	}
} catch (e) {
	console.log(e.stack);
	failed++;
} finally {
	await browser?.close();
	ana?.leave();
	await daemon.end("SIGTERM");
	rmSync(directory, { recursive: true });
}
process.exit(failed === 0 ? 0 : 1);
