// Makes the requests of a case one after the other, and returns one line for each.

const SECONDS = 8;

async function run(work) {
  const lines = [];
  for (const ask of work.asks) {
    await sleep(ask.after);
    const url = `${work.api}${ask.path}?case=${work.id}`;
    const call = { fetch: byFetch, font: byFont }[ask.via] ?? byXhr;
    const timeout = sleep(SECONDS).then(() => "timeout");
    lines.push(await Promise.race([timeout, call(url, ask).catch(error => `threw ${error.name}`)]));
  }
  return lines.join("\n");
}

const sleep = seconds => new Promise(done => setTimeout(done, seconds * 1000));

function bodyOf(ask) {
  switch (ask.body) {
    case "text": return "text";
    case "long": return "x".repeat(2000);
    case "form": return new URLSearchParams({ a: "1" });
    case "multipart": {
      const form = new FormData();
      form.append("a", "1");
      return form;
    }
    case "blob": return new Blob(["{}"], { type: ask.kind });
  }
}

async function byFetch(url, ask) {
  const { method, headers, credentials, cache } = ask;
  const response = await fetch(url, { method, headers, credentials, cache, body: bodyOf(ask) });
  const text = await response.text();
  return got(response.status, [...response.headers.keys()], text, ask);
}

async function byFont(url) {
  await new FontFace("case", `url(${url})`).load();
  return "got 200 ";
}

function byXhr(url, ask) {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    xhr.open(ask.method, url);
    for (const [name, value] of ask.headers) xhr.setRequestHeader(name, value);
    xhr.withCredentials = ask.credentials === "include";
    if (ask.via === "upload") xhr.upload.onprogress = () => {};
    xhr.onerror = () => reject(new Error("XMLHttpRequest"));
    xhr.onload = () => {
      const names = xhr.getAllResponseHeaders().split("\r\n").map(line => line.split(":")[0]);
      resolve(got(xhr.status, names, xhr.responseText, ask));
    };
    xhr.send(bodyOf(ask));
  });
}

// A response with other content does not come from the server.
function got(status, names, text, ask) {
  const empty = ask.method.toUpperCase() === "HEAD" || [204, 205, 304].includes(status);
  if (text !== (empty ? "" : "content")) throw new Error("content");
  return `got ${status} ${names.filter(Boolean).join(",")}`;
}

// Runs in a frame what the page sends it.
function listen() {
  addEventListener("message", async event => {
    if (event.source !== parent) return;
    parent.postMessage({ id: event.data.id, result: await run(event.data) }, "*");
  });
  parent.postMessage({ ready: true }, "*");
}
