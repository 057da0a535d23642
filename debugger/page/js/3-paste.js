// Paste: the diagnosis of a text, with the line marked.
const VERDICTS = { allowed: "allowed", blocked: "blocked", unknown: "not sure" };

const EXAMPLES = {
  "Chrome message": "Access to fetch at 'https://api.example.com/led' from origin 'https://app.example.com' has been blocked by CORS policy: Response to preflight request doesn't pass access control check: No 'Access-Control-Allow-Origin' header is present on the requested resource.\nPUT https://api.example.com/led net::ERR_FAILED\n",
  "Firefox message": "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at https://api.example.com/me. (Reason: Credential is not supported if the CORS header ‘Access-Control-Allow-Origin’ is ‘*’).\n",
  "curl -v": "$ curl -v -X OPTIONS https://api.example.com/led -H 'Origin: https://app.example.com' -H 'Access-Control-Request-Method: PUT'\n> OPTIONS /led HTTP/1.1\n> Host: api.example.com\n> Origin: https://app.example.com\n> Access-Control-Request-Method: PUT\n> \n< HTTP/1.1 204 No Content\n< Server: nginx\n< Access-Control-Allow-Origin: https://app.example.com\n< Access-Control-Allow-Methods: GET, POST\n< \n",
  "fetch call": "fetch(\"https://api.example.com/led\", {\n  method: \"POST\",\n  headers: { \"Content-Type\": \"application/json\" },\n  credentials: \"include\",\n  body: JSON.stringify({ on: true }),\n});\n",
};

let pasted = null;

function lineStarts(bytes) {
  const starts = [0];
  bytes.forEach((byte, at) => { if (byte === 10) starts.push(at + 1); });
  return starts;
}

// The lines around a span, with the span marked. A long line is cut around it. The library masks each
// byte of a secret, with the byte 0x7f if it has one or two; what is shown does not tell its length.
function excerpt(bytes, starts, span, note) {
  const first = Math.max(1, span.line - 3);
  const last = Math.min(starts.length, span.line + 2);
  const rows = [];
  const decode = (from, to) => decoder.decode(bytes.subarray(from, to)).replace(/\r?\n$/, "").replace(/[*\x7f]{3,}|\*?\x7f[*\x7f]?/g, "***");
  for (let line = first; line <= last; line++) {
    const start = starts[line - 1];
    const end = line < starts.length ? starts[line] : bytes.length;
    if (line === starts.length && start === end) break;
    const isHot = line === span.line;
    rows.push(el("span", { class: isHot ? "n hot" : "n", "aria-hidden": "true" }, String(line)));
    if (!isHot) {
      const text = decode(start, end);
      rows.push(el("span", { class: "t" }, text.length > 300 ? `${text.slice(0, 300)}…` : text || " "));
      continue;
    }
    const from = Math.max(start, span.start - 200);
    const to = Math.min(end, span.end);
    rows.push(el("span", { class: "t hot" }, from > start ? "…" : "", decode(from, span.start),
      el("mark", {}, decode(span.start, to)), decode(to, Math.min(end, to + 200)),
      note ? el("span", { class: "say" }, note) : null));
  }
  return el("pre", { class: "lines", role: "group", "aria-label": `The text around line ${span.line}` }, rows);
}

function wantedSentence(request) {
  const parts = [];
  if (request.origin || request.url) {
    const page = request.origin === "null" ? "A page with the origin null" : request.origin ? `The page ${request.origin}` : "A page";
    parts.push(`${page} sends ${request.method || "a request"} to ${request.url || "an address that the text does not name"}${request.credentials ? ", with cookies or a login" : ""}.`);
  }
  if (request.needsPreflight && request.preflightReasons.length) {
    parts.push(`The browser asks with OPTIONS first (a preflight), because ${request.preflightReasons.join(", and ")}.`);
  }
  return parts.map((part) => el("p", {}, part));
}

function titleOf(exchange) {
  if (exchange.cause) return sentence(exchange.cause.title);
  if (exchange.verdict === "allowed") return exchange.isCors ? "The page may read the response." : "CORS does not concern this request.";
  if (exchange.verdict === "blocked") return "The browser blocks this request.";
  if (exchange.questions.length) return "It depends on something that the text does not say.";
  return "The text does not say enough.";
}

const PLACES = { preflight: "in the answer to the preflight", actual: "in the response to the request itself", redirect: "at a redirect" };

function card(exchange, bytes, starts) {
  const { cause, guilty } = exchange;
  const span = guilty && guilty.span;
  const note = !cause ? null : guilty && guilty.absent && guilty.field !== "message"
    ? `this response has no ${guilty.field}` : cause.detail || "this is to blame";
  const cases = exchange.cases.map((one) => el("li", {},
    `${one.credentials ? "With" : "Without"} cookies or login${one.origin && !exchange.request.origin ? `, from ${one.origin}` : ""}${!one.origin && !exchange.request.origin ? ", from any other page" : ""}: ${VERDICTS[one.verdict]}${one.cause ? ` (${one.cause})` : ""}.`));
  const fixes = exchange.verdict === "allowed" && !cause ? [] : exchange.fixes;
  const shown = exchange.otherCauses.filter((other) => !exchange.cases.some((one) => one.cause === other.code)).slice(0, 3);
  return el("article", { class: "card" },
    el("h3", {}, el("span", { class: `badge ${exchange.verdict}` }, VERDICTS[exchange.verdict]), el("span", {}, titleOf(exchange))),
    wantedSentence(exchange.request),
    span ? excerpt(bytes, starts, span, note) : null,
    cause ? el("p", {}, cause.place === "not-cors" ? (cause.code === "no-reason" ? "" : "This is not a CORS failure: ") : `The failure lies ${PLACES[cause.place]}: `,
      `${cause.rule}. `, link(cause.ruleUrl, "The rule"), ` · `, el("code", {}, cause.code)) : null,
    exchange.notes.map((text) => el("p", {}, sentence(text))),
    exchange.warnings.map((warning) => el("p", {}, el("strong", {}, "Warning: "), sentence(warning.cause.title))),
    cases.length ? el("ul", { class: "plainlist" }, cases) : null,
    fixes.length ? el("div", { class: "fix" }, el("h4", {}, "What to do"), el("ol", { class: "plainlist" }, fixes.map(fixItem))) : null,
    exchange.questions.length ? el("div", {}, el("h4", {}, "What would decide it"), el("ul", { class: "plainlist" }, exchange.questions.map((one) => fixItem(one.question)))) : null,
    shown.length ? el("div", {}, el("h4", {}, "It may also be this"), el("ul", { class: "plainlist" },
      shown.map((other) => el("li", {}, el("code", {}, other.code), " ", other.question)))) : null,
    exchange.steps.length ? el("details", {}, el("summary", {}, "What the browser checked"), checkList(exchange.steps, "Checks of the browser")) : null,
    exchange.console.chromium || exchange.console.firefox || exchange.console.webkit
      ? el("details", {}, el("summary", {}, "What each browser prints"), consoleLines(exchange.console, Object.keys(ENGINE_NAMES), true)) : null,
    exchange.request.url && exchange.request.origin && exchange.isCors
      ? el("p", {}, link(playLink({ origin: exchange.request.origin, url: exchange.request.url, method: exchange.request.method || "GET",
        headers: exchange.request.headers.map((name) => `${name}: ${name.toLowerCase() === "content-type" ? "application/json" : "1"}`).join("\n"), credentials: exchange.request.credentials === true }), "Open this request in Play")) : null);
}

function showReport(bytes, report) {
  const starts = lineStarts(bytes);
  const isShown = (one) => one.isCors || one.verdict !== "allowed" || one.cause;
  const shown = report.exchanges.filter(isShown);
  const count = (verdict) => shown.filter((one) => one.verdict === verdict).length;
  const summary = ["blocked", "unknown", "allowed"].filter(count).map((verdict) => `${count(verdict)} ${VERDICTS[verdict]}`);
  const hidden = report.exchanges.length - shown.length;
  if (hidden) summary.push(`${hidden} that CORS does not concern`);
  const kind = { blocked: "bad", unknown: "warn", allowed: "good" }[report.verdict];
  setStatus($("paste-status"), report.exchanges.length ? `${report.exchanges.length === 1 ? "One request" : `${report.exchanges.length} requests`}: ${summary.join(", ")}.` : "There is nothing to explain in this text. Copy the whole line of the console, or what curl -v prints.", report.exchanges.length ? kind : "");
  const order = { blocked: 0, unknown: 1, allowed: 2 };
  const sorted = [...shown].sort((a, b) => order[a.verdict] - order[b.verdict]).slice(0, 50);
  $("paste-result").replaceChildren(...sorted.map((one) => card(one, bytes, starts)));
}

function runPaste() {
  const text = $("text").value;
  if (!text.trim()) {
    pasted = null;
    setStatus($("paste-status"), "Nothing to explain yet.");
    $("paste-result").replaceChildren();
    return;
  }
  const { bytes, json, report } = explain(text.endsWith("\n") ? text : `${text}\n`, $("paste-origin").value, $("paste-credentials").value);
  pasted = json;
  showReport(bytes, report);
}

// The probe is there only if the program that serves the page wrote a token into it.
function startProbe() {
  const token = document.querySelector("meta[name=cors-token]");
  if (!token) return;
  $("probe").hidden = false;
  $("probe-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    setStatus($("paste-status"), "Asking the server…");
    $("probe-send").disabled = true;
    try {
      const response = await fetch("/probe", {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-Cors-Token": token.content },
        body: JSON.stringify({
          url: $("probe-url").value.trim(),
          origin: $("probe-origin").value.trim(),
          method: $("probe-method").value.trim() || "GET",
          headers: $("probe-headers").value.split("\n").map((line) => line.trim()).filter(Boolean),
          credentials: $("probe-credentials").checked,
        }),
      });
      const answer = await response.json();
      if (answer.error) {
        setStatus($("paste-status"), answer.error, "bad");
        return;
      }
      $("text").value = answer.transcript || "";
      $("paste-origin").value = $("probe-origin").value.trim();
      $("paste-credentials").value = $("probe-credentials").checked ? "include" : "omit";
      showReport(encoder.encode(answer.transcript || ""), answer);
      $("paste-status").scrollIntoView({ block: "start" });
    } catch {
      setStatus($("paste-status"), "The program that serves this page does not answer. Is it still running?", "bad");
    } finally {
      $("probe-send").disabled = false;
    }
  });
}

function startPaste() {
  const later = debounce(runPaste, 150);
  for (const id of ["text", "paste-origin", "paste-credentials"]) $(id).addEventListener("input", later);
  $("paste-form").addEventListener("submit", (event) => event.preventDefault());
  $("paste-clear").addEventListener("click", () => {
    $("text").value = $("paste-origin").value = $("paste-credentials").value = "";
    runPaste();
    $("text").focus();
  });
  $("paste-file").addEventListener("click", () => $("file").click());
  $("file").addEventListener("change", async () => {
    const [file] = $("file").files;
    if (!file) return;
    $("text").value = await file.text();
    $("file").value = "";
    runPaste();
  });
  // The buttons stand in the page, so that nothing moves when it starts.
  for (const button of $("paste-examples").children) {
    button.addEventListener("click", () => {
      $("text").value = EXAMPLES[button.textContent];
      runPaste();
    });
  }
  startProbe();
}
