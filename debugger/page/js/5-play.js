// Play: the story of a request as a sequence of messages, at each keystroke.
const START = {
  origin: "https://app.example.com", url: "https://api.example.com/led", method: "PUT",
  headers: "Content-Type: application/json", credentials: false, watchesUpload: false,
  policy: { allow_origins: ["https://app.example.com"], allow_methods: ["PUT"], allow_headers: ["content-type"], expose_headers: ["etag"], max_age_seconds: 600 },
  preflight: "204 No Content\nAccess-Control-Allow-Origin: https://app.example.com\nAccess-Control-Allow-Methods: PUT\nAccess-Control-Allow-Headers: content-type",
  actual: "200 OK\nContent-Type: application/json\nETag: \"v1\"\nX-Internal: 7",
  redirected: "200 OK\nContent-Type: application/json",
};
const shownEngines = new Set(["chromium", "firefox", "webkit"]);

// The state in a link: one letter or word for each setting, so that people can read and write it.
const KEYS = { origin: "origin", url: "url", method: "method", headers: "headers", preflight: "preflight", actual: "response", redirected: "redirected" };
const POLICY_KEYS = { allow_origins: "origins", allow_methods: "methods", allow_headers: "allow", expose_headers: "expose" };
const POLICY_FLAGS = { allow_credentials: "cookies", allow_loopback: "loopback", hide_lists_when_refused: "hide", answer_only_requested: "only", dangerously_allow_insecure_origins_with_credentials: "insecure" };

// Returns the fragment of a link to a state. Secrets are replaced by the library.
function playLink(state) {
  const shared = JSON.parse(call("share", JSON.stringify(state)));
  const query = new URLSearchParams();
  for (const [name, key] of Object.entries(KEYS)) {
    const unused = (name === "preflight" && shared.policy) || (name === "redirected" && !isRedirect(shared.actual));
    if (shared[name] && !unused) query.set(key, shared[name]);
  }
  if (shared.credentials) query.set("credentials", "include");
  if (shared.watchesUpload) query.set("upload", "1");
  if (shared.policy) {
    query.set("server", "policy");
    for (const [name, key] of Object.entries(POLICY_KEYS)) if (shared.policy[name].length) query.set(key, shared.policy[name].join(" "));
    for (const [name, key] of Object.entries(POLICY_FLAGS)) if (shared.policy[name]) query.set(key, "1");
    if (shared.policy.max_age_seconds != null) query.set("age", shared.policy.max_age_seconds);
  }
  return `#play?${query}`;
}

function playState(text) {
  const query = new URLSearchParams(text);
  const state = { credentials: query.get("credentials") === "include", watchesUpload: query.get("upload") === "1" };
  for (const [name, key] of Object.entries(KEYS)) state[name] = query.get(key) || "";
  if (!state.origin) state.origin = START.origin;
  if (!state.url) state.url = START.url;
  if (!state.method) state.method = "GET";
  if (query.get("server") === "policy" || Object.values(POLICY_KEYS).some((key) => query.has(key))) {
    state.policy = {};
    for (const [name, key] of Object.entries(POLICY_KEYS)) state.policy[name] = words(query.get(key) || "");
    for (const [name, key] of Object.entries(POLICY_FLAGS)) state.policy[name] = query.get(key) === "1";
    if (/^\d+$/.test(query.get("age") || "")) state.policy.max_age_seconds = Number(query.get("age"));
  }
  if (query.has("engines")) {
    shownEngines.clear();
    for (const engine of words(query.get("engines"))) if (ENGINE_NAMES[engine]) shownEngines.add(engine);
  }
  return state;
}

const isRedirect = (head) => /^\s*(HTTP\/\S+\s+)?30[12378]\b/.test(head) && /^location\s*:/im.test(head);

function readPlay() {
  const type = $("p-type").value;
  const own = $("p-headers").value;
  const state = {
    origin: $("p-origin").value, url: $("p-url").value, method: $("p-method").value || "GET",
    headers: type ? `Content-Type: ${type}\n${own}` : own,
    credentials: $("p-credentials").checked, watchesUpload: $("p-upload").checked,
    preflight: $("s-preflight").value, actual: $("s-actual").value, redirected: $("s-redirected").value,
  };
  if ($("s-policy").checked) state.policy = readPolicy("s");
  return state;
}

function writePlay(state) {
  const types = [...$("p-type").options].map((option) => option.value);
  const lines = (state.headers || "").split("\n").map((line) => line.trim()).filter(Boolean);
  const type = lines.map((line) => /^content-type:\s*(.*)$/i.exec(line)).find((match) => match && types.includes(match[1]));
  $("p-type").value = type ? type[1] : "";
  $("p-headers").value = lines.filter((line) => !type || line !== type[0]).join("\n");
  $("p-origin").value = state.origin;
  $("p-url").value = state.url;
  $("p-method").value = state.method;
  $("p-credentials").checked = state.credentials === true;
  $("p-upload").checked = state.watchesUpload === true;
  $(state.policy ? "s-policy" : "s-heads").checked = true;
  if (state.policy) writePolicy("s", { ...state.policy });
  $("s-preflight").value = state.preflight || START.preflight;
  $("s-actual").value = state.actual || "200 OK";
  $("s-redirected").value = state.redirected || START.redirected;
}

function arrow(direction, label, small, isStopped) {
  const path = direction === "out" ? "M0 0L9 6L0 12Z" : "M9 0L0 6L9 12Z";
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 9 12");
  svg.setAttribute("aria-hidden", "true");
  const shape = document.createElementNS("http://www.w3.org/2000/svg", "path");
  shape.setAttribute("d", path);
  svg.append(shape);
  return el("div", { class: `arrow ${direction}${isStopped ? " stop" : ""}` }, svg,
    el("b", {}, label, small ? el("small", {}, ` ${small}`) : null));
}

// A head, with the fields of CORS in bold and the line to blame marked.
function headLines(head, hot, note, label) {
  const rows = head.split(/\r?\n/).map((line, index) => {
    const isCors = index === 0 || /^(access-control-|origin|vary|timing-allow|location)/i.test(line);
    const text = isCors ? el("b", {}, line) : line;
    if (index !== hot) return [text, "\n"];
    return el("span", { class: "hot" }, text, note ? el("span", { class: "say" }, note) : null);
  });
  return el("pre", { role: "group", "aria-label": label }, rows);
}

function message(story, transfer, index) {
  const { finding } = story;
  const isGuilty = finding && finding.transfer === index;
  const what = transfer.isPreflight ? "preflight" : "request";
  const [requestLine] = transfer.request.split("\r\n");
  const [, ...statusWords] = transfer.response.split("\r\n")[0].split(" ");
  const host = new URL(transfer.url).host;
  const before = index > 0 && story.transfers[index - 1].leadsTo ? `to ${host}, after the redirect` : transfer.isPreflight ? "preflight: may the page send this?" : "the request itself";
  const note = !isGuilty ? null : finding.absent ? `there is no ${finding.field} in this answer` : finding.detail || finding.title;
  return [
    el("li", {}, arrow("out", requestLine.replace(/ HTTP\/1\.1$/, ""), before),
      transfer.isPreflight && index === 0 ? el("p", { class: "why" }, `The browser asks first, because ${story.reasons.join(", and ")}.`) : null,
      headLines(transfer.request, -1, null, `The head of the ${what}`)),
    el("li", {}, arrow("back", statusWords.join(" ") || String(transfer.status), transfer.isPreflight ? "the server's answer to the preflight" : "the server's response"),
      headLines(transfer.response, isGuilty ? finding.line : -1, note, `The head of the answer to the ${what}`),
      transfer.checks.length ? checkList(transfer.checks, `What the browser checks in the answer to the ${what}`) : null,
      transfer.leadsTo ? el("p", { class: "why" }, `The browser follows the redirect to ${transfer.leadsTo}.`) : null),
  ];
}

function ending(story, state) {
  const { finding } = story;
  if (story.verdict === "blocked") {
    const wasSent = story.transfers.some((transfer) => !transfer.isPreflight);
    return el("div", { class: "end bad" }, el("strong", {}, "The page gets an error, and cannot see why."),
      el("p", {}, sentence(finding ? finding.detail && finding.transfer == null ? `${finding.title}: ${finding.detail}` : finding.title : "the browser blocks the request")),
      finding ? el("p", {}, `${sentence(finding.rule)} `, link(finding.ruleUrl, "The rule"), " · ", el("code", {}, finding.code)) : null,
      el("p", {}, !story.transfers.length ? "The browser sends nothing." : wasSent ? "The server has handled the request: only the response is kept from the page." : "The request itself is not sent."));
  }
  const { page } = story;
  // The fields of CORS are for the browser: no page misses them.
  const hidden = page.hidden.filter((name) => !/^(access-control-|vary$|timing-allow-origin$)/i.test(name));
  return el("div", { class: "end good" }, el("strong", {}, `The page gets the response: status ${page.status}.`),
    el("p", {}, page.readable.length ? ["It can read ", page.readable.map(([name], index) => [index ? ", " : "", el("code", {}, name)]), "."] : "It can read no header, only the status and the body.",
      hidden.length ? [" Hidden from it: ", hidden.map((name, index) => [index ? ", " : "", el("code", {}, name)]), "."] : null),
    story.sameOrigin && !story.transfers.some((transfer) => transfer.isCors) ? el("p", {}, "Page and address have the same origin, so CORS does not apply.") : null,
    state.credentials && story.transfers.length ? el("p", {}, "Cookies are sent only if their SameSite setting and the browser's settings allow it.") : null);
}

function duration(seconds) {
  if (!seconds) return "not at all";
  const parts = seconds % 3600 === 0 ? [seconds / 3600, "hour"] : seconds % 60 === 0 ? [seconds / 60, "minute"] : [seconds, "second"];
  return `${parts[0]} ${parts[1]}${parts[0] === 1 ? "" : "s"}`;
}

function storyView(story, state) {
  const engines = Object.keys(ENGINE_NAMES).filter((engine) => shownEngines.has(engine));
  const isBlocked = story.verdict === "blocked";
  let host = state.url;
  try { host = new URL(state.url).host; } catch { /* The finding says that it is not an address. */ }
  const nodes = [
    el("div", { class: "actors" }, el("div", {}, el("strong", {}, "Browser"), el("span", {}, state.origin)), el("div", {}, el("strong", {}, "Server"), el("span", {}, host))),
    el("ol", { class: "sequence", "aria-label": "What is sent and answered" },
      story.transfers.map((transfer, index) => message(story, transfer, index)),
      story.transfers.length ? null : el("li", {}, arrow("out", "nothing is sent", "", true))),
    ending(story, state),
  ];
  if (isBlocked && story.fixes.length) nodes.push(el("div", { class: "fix" }, el("h3", {}, "What to do"), el("ol", { class: "plainlist" }, story.fixes.map(fixItem))));
  for (const warning of story.warnings) nodes.push(el("p", {}, el("strong", {}, "Warning: "), sentence(warning.title)));
  for (const note of story.notes) nodes.push(el("p", {}, sentence(note)));
  nodes.push(el("h3", {}, "What each browser's console says"), engineToggles(), ...consoleLines(story.console, engines, isBlocked));
  if (story.remembered.length && !isBlocked) {
    nodes.push(el("table", {}, el("caption", {}, "For how long the preflight is remembered"),
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Browser"), el("th", { scope: "col" }, "No new preflight for this address"))),
      el("tbody", {}, story.remembered.filter((one) => shownEngines.has(one.engine)).map((one) => el("tr", {}, el("th", { scope: "row" }, ENGINE_NAMES[one.engine]), el("td", {}, duration(one.seconds)))))));
  }
  if (story.transcript) nodes.push(el("details", {}, el("summary", {}, "The same as text"), el("pre", {}, story.transcript)));
  return nodes;
}

function engineToggles() {
  return el("div", { class: "engines", role: "group", "aria-label": "Browsers to show" }, Object.entries(ENGINE_NAMES).map(([engine, name]) => {
    const input = el("input", { type: "checkbox", id: `engine-${engine}`, onchange: () => {
      if (input.checked) shownEngines.add(engine); else shownEngines.delete(engine);
      runPlay();
      $(`engine-${engine}`).focus();
    } });
    input.checked = shownEngines.has(engine);
    return el("label", { class: "check" }, input, ` ${name}`);
  }));
}

let playFragment = "";

function runPlay() {
  const isPolicy = $("s-policy").checked;
  $("policy-form").hidden = !isPolicy;
  $("heads-form").hidden = isPolicy;
  $("play-fix").hidden = !isPolicy;
  $("s-actual-label").textContent = isPolicy ? "What the application answers; the policy adds its fields" : "Response to the request";
  const state = readPlay();
  $("redirected-form").hidden = !isRedirect(state.actual);
  const story = JSON.parse(call("play", JSON.stringify(state)));
  const engines = shownEngines.size < 3 ? `&engines=${[...shownEngines].join("+")}` : "";
  playFragment = playLink(state) + engines;
  if (!$("play").hidden) history.replaceState(null, "", playFragment);
  if (story.error) {
    setStatus($("play-status"), isPolicy && !/origin .* is not an origin|response/.test(story.error) ? "The policy has a mistake." : "This cannot be played.", "warn");
    $("play-result").replaceChildren(el("div", { class: "card" }, story.error.replace(/^rules\[0\]\./gm, "").split("\n").map((line) => el("p", {}, sentence(line)))));
    return;
  }
  setStatus($("play-status"), story.verdict === "blocked" ? `Blocked${story.finding ? `: ${story.finding.title}` : ""}.` : "Allowed: the page may read the response.", story.verdict === "blocked" ? "bad" : "good");
  $("play-result").replaceChildren(...storyView(story, state));
}

function startPlay() {
  policyForm($("policy-form"), "s");
  writePlay(START);
  $("play-form").addEventListener("input", runPlay);
  $("play-form").addEventListener("submit", (event) => event.preventDefault());
  $("play-reset").addEventListener("click", () => {
    writePlay(START);
    runPlay();
  });
  $("play-fix").addEventListener("click", () => {
    writePolicy("f", readPolicy("s"));
    $("tab-fix").click();
    $("tab-fix").focus();
    scrollTo(0, 0);
  });
  $("play-link").addEventListener("click", () => copy(location.href.split("#")[0] + playFragment, $("play-link")));
}
