// Tests the page in a real browser: node page.mjs chromium|firefox EXECUTABLE CORPUS
//
// CORPUS is a file with a JSON array of { name, text, json }: texts, and what `cors explain --json`
// prints of each.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import puppeteer from "puppeteer-core";
import { Server } from "./server.mjs";

const [name, executablePath, corpusFile] = process.argv.slice(2);
const corpus = JSON.parse(readFileSync(corpusFile, "utf8"));
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const address = pathToFileURL(fileURLToPath(new URL("../cors.html", import.meta.url))).href;
const isChromium = name === "chromium";
const TABS = ["paste", "play", "learn", "fix"];

const browser = await puppeteer.launch({
  browser: isChromium ? "chrome" : "firefox",
  executablePath,
  headless: true,
  args: isChromium ? ["--no-sandbox", "--disable-background-networking", "--disable-component-update"] : [],
});
const server = new Server();
try {
  await open();
  await tabs();
  await links();
  await texts();
  await lessons();
} finally {
  await browser.close();
  server.stop();
}

async function newPage(fragment, width = 1280, scheme = "light") {
  const page = await browser.newPage();
  await page.setViewport({ width, height: 900 });
  // Firefox cannot be told the scheme in this way.
  if (isChromium) await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  page.on("pageerror", (error) => { console.error(error); process.exitCode = 1; });
  const requests = [];
  page.on("request", (request) => requests.push(request.url()));
  await page.goto(`${address}#${fragment}`);
  await page.waitForSelector("html[data-ready]");
  return { page, requests };
}

// The page is one file, and asks for nothing else.
async function open() {
  const { page, requests } = await newPage("paste");
  await page.type("#text", "No 'Access-Control-Allow-Origin' header is present on the requested resource.");
  await page.waitForSelector("#paste-result article");
  const others = requests.filter((url) => !url.startsWith(address) && !url.startsWith("data:"));
  assert.deepEqual(others, [], "the page asks for something");
  await page.close();
}

// Every tab, at two widths, in two schemes: axe, the width, layout shifts, the tabs by keyboard.
async function tabs() {
  for (const [width, scheme] of [[1280, "light"], [390, "dark"]]) {
    const { page } = await newPage("paste", width, scheme);
    if (isChromium) {
      await page.evaluate(() => {
        globalThis.shift = 0;
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) if (!entry.hadRecentInput) globalThis.shift += entry.value;
        }).observe({ type: "layout-shift", buffered: true });
      });
    }
    await page.evaluate(axe);
    for (const tab of TABS) {
      await page.focus(`[role=tab][aria-selected=true]`);
      if (tab !== "paste") await page.keyboard.press("ArrowRight");
      assert.equal(await page.evaluate(() => document.activeElement.id), `tab-${tab}`);
      assert.equal(await page.evaluate((id) => document.getElementById(id).hidden, tab), false);
      if (tab === "paste") {
        await page.click("#paste-examples button:nth-child(3)");
        await page.waitForSelector("#paste-result article");
      }
      if (tab === "play") {
        // A blocked story has more parts than an allowed one.
        await page.click("#p-credentials");
        await page.waitForSelector(".end.bad");
      }
      await shifts(page, `layout shift of ${tab} at ${width}`);
      const faults = await page.evaluate(async () => {
        document.querySelectorAll("details").forEach((details) => { details.open = true; });
        const { violations } = await globalThis.axe.run(document, { resultTypes: ["violations"] });
        return violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.slice(0, 3).map((node) => node.html.slice(0, 120)).join(" | ")}`);
      });
      assert.deepEqual(faults, [], `axe, ${tab}, ${width}, ${scheme}`);
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(over <= 0, `${tab} is ${over} pixels too wide at ${width}`);
      if (isChromium) await tree(page, tab);
      // What the test has opened moves what is below it.
      await page.evaluate(() => document.querySelectorAll("details").forEach((details) => { details.open = false; }));
      await shifts(page);
    }
    await page.close();
  }
  console.log(`${name}: axe finds nothing, and nothing is too wide or shifts`);
}

// Fails with this text if something moved by itself since the last call.
async function shifts(page, text) {
  if (!isChromium) return;
  const shift = await page.evaluate(async () => {
    await new Promise((resolve) => setTimeout(resolve, 250));
    const { shift: moved } = globalThis;
    globalThis.shift = 0;
    return moved;
  });
  if (text) assert.equal(shift, 0, text);
}

// The accessibility tree has the tabs, the panel of the chosen one, and a name for every field.
async function tree(page, tab) {
  const nodes = [];
  const walk = (node) => { nodes.push(node); (node.children ?? []).forEach(walk); };
  walk(await page.accessibility.snapshot({ interestingOnly: false }));
  const roles = (role) => nodes.filter((node) => node.role === role);
  assert.deepEqual(roles("tab").map((node) => [node.name, node.selected === true]), TABS.map((id) => [id[0].toUpperCase() + id.slice(1), id === tab]));
  assert.equal(roles("tabpanel").length, 1);
  assert.equal(roles("main").length, 1);
  for (const role of ["textbox", "combobox", "checkbox", "radio", "button", "spinbutton", "link"]) {
    for (const node of roles(role)) assert.ok(node.name, `a ${role} in ${tab} has no name`);
  }
}

// A link brings back the state, and has no secrets.
async function links() {
  const { page } = await newPage("play");
  const secret = "s3cr3tMARKER";
  await page.evaluate((value) => {
    const set = (id, text) => {
      document.getElementById(id).value = text;
      document.getElementById(id).dispatchEvent(new Event("input", { bubbles: true }));
    };
    set("p-headers", `Authorization: Bearer ${value}\nX-Api-Key: ${value}`);
    set("p-url", `https://user:${value}@api.example.com/led?token=${value}`);
    set("s-actual", `200 OK\nSet-Cookie: sid=${value}`);
    document.getElementById("s-heads").click();
    set("s-preflight", `204\nSet-Cookie: sid=${value}`);
  }, secret);
  const url = await page.evaluate(() => location.href);
  assert.ok(url.includes("#play?") && !url.includes(secret), url);
  assert.ok(!(await page.evaluate(() => document.getElementById("play-result").textContent)).includes(secret));
  const differing = await page.evaluate(() => {
    const { scenarios, playLink, playState, call } = globalThis.corsDebugger;
    const story = (state) => call("play", JSON.stringify(state));
    return scenarios.filter(({ state }) => story(playState(playLink(state).split("?")[1])) !== story({ ...state })).map(({ id }) => id);
  });
  assert.deepEqual(differing, [], "links that change a story");
  await page.close();
  console.log(`${name}: links keep stories and have no secrets`);
}

// The page says what the command says.
async function texts() {
  const { page } = await newPage("paste");
  const answers = await page.evaluate((all) => all.map((text) => globalThis.corsDebugger.explain(text, "", "").json), corpus.map(({ text }) => text));
  answers.forEach((json, index) => assert.equal(json, corpus[index].json, corpus[index].name));
  await page.close();
  console.log(`${name}: ${corpus.length} texts are explained as the command does`);
}

// Each lesson's prediction is what this browser does with the same bytes.
async function lessons() {
  const [app, api, store] = await server.start(3);
  const { page: library } = await newPage("learn");
  // As text, since Firefox passes an object that occurs twice only once.
  const scenarios = JSON.parse(await library.evaluate(() => JSON.stringify(globalThis.corsDebugger.scenarios)));
  assert.ok(scenarios.length >= 30);
  const page = await browser.newPage();
  const messages = [];
  page.on("console", (message) => messages.push(message.text()));
  await page.goto(`${app}/page`);
  let compared = 0;
  for (const [index, { id, state }] of scenarios.entries()) {
    const real = JSON.parse(JSON.stringify(state)
      .replaceAll("https://app.example.com", app).replaceAll("https://api.example.com", api).replaceAll("https://store.example.com", store));
    // Neither a preflight nor an answer of another lesson is remembered for this address.
    real.url += `?case=${index}`;
    // With credentials, http: origins are only allowed if the policy says so.
    if (real.policy) real.policy.dangerously_allow_insecure_origins_with_credentials = true;
    const story = JSON.parse(await library.evaluate((settings) => globalThis.corsDebugger.call("play", settings), JSON.stringify(real)));
    assert.equal(story.error, null, id);
    server.play(story.transfers);
    messages.length = 0;
    const outcome = await page.evaluate(ask, real, [...(story.page?.readable ?? []).map(([header]) => header), ...(story.page?.hidden ?? [])]);
    assert.equal(outcome.verdict, story.verdict, `${id}: ${JSON.stringify(outcome)}`);
    assert.deepEqual(server.seen, story.transfers.map((transfer) => (transfer.isPreflight ? "preflight" : transfer.request.split(" ")[0])), `${id}: requests`);
    if (story.verdict === "allowed") {
      assert.equal(outcome.status, story.page.status, id);
      assert.deepEqual(outcome.readable, story.page.readable.map(([header]) => header.toLowerCase()).sort(), `${id}: readable headers`);
    } else if (isChromium && real.origin !== "null") {
      // The console's texts come after the error.
      for (let tries = 0; tries < 40 && !messages.some((text) => text.includes("CORS policy")); tries++) await new Promise((resolve) => setTimeout(resolve, 25));
      assert.ok(messages.some((text) => text.includes(story.console.chromium)), `${id}: the console says ${messages.join("\n")}\nand not ${story.console.chromium}`);
      compared++;
    }
  }
  console.log(`${name}: does what ${scenarios.length} lessons predict${isChromium ? `, and prints the ${compared} messages` : ""}`);
  await page.close();
}

// Runs in the page: makes the request, in a sandboxed frame if the origin is null.
function ask(state, names) {
  const headers = Object.fromEntries(state.headers.split("\n").filter(Boolean).map((line) => line.split(": ")));
  const request = async ({ url, init, names: wanted }) => {
    try {
      const response = await fetch(url, init);
      const readable = wanted.filter((header) => response.headers.get(header) !== null).map((header) => header.toLowerCase());
      return { verdict: "allowed", status: response.status, readable: readable.sort() };
    } catch (error) {
      return { verdict: "blocked", error: String(error) };
    }
  };
  const body = ["GET", "HEAD"].includes(state.method) ? undefined : "{}";
  const input = { url: state.url, init: { method: state.method, headers, credentials: state.credentials ? "include" : "same-origin", body }, names };
  if (state.origin !== "null") return request(input);
  return new Promise((resolve) => {
    const frame = document.createElement("iframe");
    frame.sandbox = "allow-scripts";
    addEventListener("message", (event) => { frame.remove(); resolve(event.data); }, { once: true });
    frame.srcdoc = `<script>(${request})(${JSON.stringify(input)}).then((answer) => parent.postMessage(answer, "*"))</` + "script>";
    document.body.append(frame);
  });
}
