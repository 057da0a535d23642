// The pages of a stranger, of the lamp itself, and of an app that the policy lists. Each tries to
// switch the lamp on in several ways, and reports to the harness what it has achieved.
"use strict";

// `status`, the path of the lamp's state, and `missing`, what this lamp does not have, come from
// the page.
const lamp = `//lamp.local:${location.port}`;
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const harness = async (path, body) => (await fetch(path, { method: "POST", body })).text();

// Waits until the lamp is on, for two seconds at most.
async function isOn() {
  for (let i = 0; i < 20; i++) {
    if ((await harness("/harness/state")) === "on") return true;
    await pause(100);
  }
  return false;
}

function form(action) {
  const frame = document.createElement("iframe");
  frame.name = "target";
  document.body.append(frame);
  const form = document.body.appendChild(document.createElement("form"));
  Object.assign(form, { action, method: "post", target: "target" });
  const input = form.appendChild(document.createElement("input"));
  Object.assign(input, { name: "on", value: "true" });
  form.submit();
}

// Returns the first message of a socket, after it has asked to switch the lamp on.
const socket = (url) =>
  new Promise((resolve) => {
    const socket = new WebSocket(url);
    socket.onopen = () => socket.send(`{"on":true}`);
    socket.onmessage = (event) => (resolve(event.data), socket.close());
    socket.onerror = () => resolve("refused");
    setTimeout(() => (resolve("silence"), socket.close()), 5000);
  });

// Returns the first event of a stream, or the error. The browser may try again for a while.
const events = (url, patience) =>
  new Promise((resolve) => {
    const source = new EventSource(url);
    let errors = 0;
    source.onmessage = (event) => (resolve(event.data), source.close());
    source.onerror = () => errors++;
    setTimeout(() => (resolve(`${errors} errors`), source.close()), patience);
  });

const post = (url, options) =>
  fetch(url, { method: "POST", body: "on=true", ...options }).then((response) => response.status, () => "blocked");
const read = (url) => fetch(url).then((response) => response.text(), () => "blocked");

const pages = {
  // CORS stops none of these.
  stranger: {
    form: () => form(`${lamp}/led`),
    "text/plain": () => post(`${lamp}/led`, { mode: "no-cors" }),
    websocket: () => socket(`ws:${lamp}/socket`),
    "event stream": () => events(`${lamp}/events`, 8000),
  },
  // After DNS rebinding, the stranger's name leads to the lamp.
  rebound: {
    read: () => read(status),
    post: () => post("/led"),
    websocket: () => socket("/socket"),
  },
  own: {
    read: () => read(status),
    post: () => post("/led"),
    websocket: () => socket("/socket"),
    "event stream": () => events("/events", 8000),
    page: async () => {
      const frame = document.body.appendChild(document.createElement("iframe"));
      frame.src = "/";
      await new Promise((resolve) => (frame.onload = resolve));
      frame.contentDocument.querySelector("button").click();
      await pause(1500);
      return frame.contentDocument.querySelector("output").value;
    },
  },
  allowed: {
    read: () => read(lamp + status),
    post: () => post(`${lamp}/led`),
    websocket: () => socket(`ws:${lamp}/socket`),
    "event stream": () => events(`${lamp}/events`, 8000),
  },
};

async function run() {
  const [name, ...others] = location.hash.slice(1).split(",");
  const results = [];
  for (const [attempt, act] of Object.entries(pages[name])) {
    if (missing.includes(attempt)) continue;
    await harness("/harness/off");
    const got = await act();
    results.push([attempt, String(got ?? ""), await isOn()]);
  }
  await harness("/harness/results", JSON.stringify([name, results]));
  const host = { stranger: "stranger.test", rebound: "rebound.test", own: "lamp.local", allowed: "localhost" }[others[0]];
  if (host) location.href = `http://${host}:${location.port}/attack.html#${others}`;
}
run();
