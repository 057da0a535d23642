// Learn: short lessons, each with exchanges that open in Play. A test plays each exchange in real
// browsers and compares.
const APP = "https://app.example.com";
const API = "https://api.example.com";
const JSON_TYPE = "Content-Type: application/json";
const APP_POLICY = { allow_origins: [APP], allow_methods: ["PUT", "DELETE"], allow_headers: ["content-type", "authorization"] };
const ASKS = { origin: APP, url: `${API}/led`, method: "GET", headers: "", actual: `200 OK\n${JSON_TYPE}` };

const LESSONS = [
  { id: "origin", title: "Origins, and what a page may do", text: [
    "An origin is a scheme, a host and a port: `https://app.example.com` is one, and `http://app.example.com`, `https://app.example.com:8443` and `https://api.example.com` are three others. The path does not count.",
    "A page may always read what its own origin answers. What another origin answers it may read only if that server agrees. CORS is the set of header fields with which a server agrees.",
    "It is the browser that keeps the rule, for the person who visits the page. So `curl`, a server or a mobile app can read everything, and that the request works there proves nothing about CORS.",
  ], cases: [
    { id: "same-origin", title: "A page asks its own origin", say: "No Origin is compared, and no field is needed.", state: { ...ASKS, url: `${APP}/data` } },
    { id: "other-origin", title: "A page asks another origin that says nothing", say: "The server answers, and the browser keeps the answer from the page.", state: { ...ASKS } },
  ] },
  { id: "simple", title: "Requests that are simply sent", text: [
    "Some requests could always be made by a form or an image, before there was CORS. The browser sends them at once, with the field `Origin`, and looks at the answer afterwards.",
    "A request is of this kind if its method is GET, HEAD or POST, if the page sets no headers but a few harmless ones, if the type of the body is one that a form can send (`text/plain`, `multipart/form-data` or `application/x-www-form-urlencoded`), and if the page neither streams the body nor watches the upload.",
    "Mind that a blocked request of this kind has reached the server all the same. CORS protects what is read, not what is done.",
  ], cases: [
    { id: "simple-get", title: "A GET that the server allows", say: "The answer names the page's origin.", state: { ...ASKS, policy: APP_POLICY } },
    { id: "simple-post", title: "A POST like that of a form", say: "Sent without asking first.", state: { ...ASKS, method: "POST", headers: "Content-Type: text/plain", policy: APP_POLICY } },
    { id: "public", title: "Data for every page", say: "With * every page may read it, without cookies.", state: { ...ASKS, policy: { allow_origins: ["*"] } } },
  ] },
  { id: "preflight", title: "Requests that need a preflight", text: [
    "Before any other request, the browser asks. It sends `OPTIONS` to the same address, with the method and the names of the headers that the page wants to use. This is the preflight. It never has cookies or a login.",
    "The answer needs a status from 200 to 299, the page's origin, the method and each header. Then the request itself is sent, and its answer needs the page's origin again.",
    "The usual reasons are JSON in the body, the header `Authorization`, a header with a name of your own, and the methods PUT, PATCH and DELETE.",
  ], cases: [
    { id: "preflight-json", title: "A POST with JSON", say: "The type application/json is the reason.", state: { ...ASKS, method: "POST", headers: JSON_TYPE, policy: APP_POLICY } },
    { id: "preflight-put", title: "A PUT", say: "The method is the reason.", state: { ...ASKS, method: "PUT", policy: APP_POLICY } },
    { id: "preflight-authorization", title: "A GET with Authorization", say: "The header is the reason.", state: { ...ASKS, headers: "Authorization: Bearer 1", policy: APP_POLICY } },
    { id: "preflight-method", title: "A method that the server does not list", say: "The request itself is never sent.", state: { ...ASKS, method: "PATCH", policy: APP_POLICY } },
    { id: "preflight-header", title: "A header that the server does not list", say: "One missing name is enough.", state: { ...ASKS, headers: "X-Request-Id: 7", policy: APP_POLICY } },
  ] },
  { id: "fields", title: "The seven fields", text: [
    "`Origin`, in the request: the origin of the page. The browser writes it, and a page cannot change it.",
    "`Access-Control-Allow-Origin`, in every answer: one origin, or `*`. A list of origins is not possible: the server compares, and sends back the one that asks.",
    "`Access-Control-Allow-Credentials`, in every answer: `true` if the page may use cookies or a login.",
    "`Access-Control-Allow-Methods`, `Access-Control-Allow-Headers` and `Access-Control-Max-Age`, in the answer to a preflight: which methods, which headers, and for how many seconds the browser may remember it.",
    "`Access-Control-Expose-Headers`, in the answer to the request: the headers that the page may read besides the common ones.",
    "A server that answers different origins differently also sends `Vary: Origin`, so that caches do not give one page the answer for another.",
  ], cases: [
    { id: "all-fields", title: "All seven in one exchange", say: "A PUT with cookies, JSON and a header to read.", state: { ...ASKS, method: "PUT", headers: JSON_TYPE, credentials: true, actual: `200 OK\n${JSON_TYPE}\nETag: "v1"`, policy: { ...APP_POLICY, expose_headers: ["etag"], allow_credentials: true, max_age_seconds: 600 } } },
    { id: "two-origins", title: "Two origins in one field", say: "The field holds one origin only.", state: { ...ASKS, actual: `200 OK\nAccess-Control-Allow-Origin: ${APP}, https://other.example.com` } },
  ] },
  { id: "missing", title: "Error 1: the field is missing", text: [
    "\"No 'Access-Control-Allow-Origin' header is present on the requested resource.\" The server did not agree, or the answer is not the one you think of: an error page, a login page or a proxy's message often lacks the fields.",
    "Let the server send the field with every answer, errors included. For data that everyone may read, send `*`. For everything else keep a list of origins, compare the request's `Origin` with it, and send back the one that matches.",
  ], cases: [
    { id: "missing", title: "The error", say: "A 200 without the field.", state: { ...ASKS, actual: `200 OK\n${JSON_TYPE}\nCache-Control: no-store` } },
    { id: "missing-500", title: "The error on an error", say: "The page cannot even see that it was a 500.", state: { ...ASKS, actual: "500 Internal Server Error\nContent-Type: text/html" } },
    { id: "missing-fixed", title: "The fix", say: "A policy answers each page with its own origin.", state: { ...ASKS, policy: { allow_origins: [APP, "https://other.example.com"] } } },
  ] },
  { id: "wildcard", title: "Error 2: * and cookies", text: [
    "\"…must not be the wildcard '*' when the request's credentials mode is 'include'.\" With cookies or a login the answer must name the origin, and must say `Access-Control-Allow-Credentials: true`.",
    "Either name the page's origin, or let the page ask without `credentials: \"include\"`. Do not send back every origin that asks: then every page of the web can read what your visitors see.",
  ], cases: [
    { id: "wildcard", title: "The error", say: "Everyone may read, and the page sends cookies.", state: { ...ASKS, url: `${API}/me`, credentials: true, policy: { allow_origins: ["*"] } } },
    { id: "wildcard-half", title: "Half a fix", say: "The origin is right, and the second field is missing.", state: { ...ASKS, url: `${API}/me`, credentials: true, policy: { allow_origins: [APP] } } },
    { id: "wildcard-fixed", title: "The fix", say: "The origin by name, and credentials allowed.", state: { ...ASKS, url: `${API}/me`, credentials: true, policy: { allow_origins: [APP], allow_credentials: true } } },
  ] },
  { id: "options", title: "Error 3: nobody answers OPTIONS", text: [
    "The console shows a failed preflight, and the server's log shows `OPTIONS` with 404, 405 or 401. The fields on the other answers do not help: the preflight comes first and is an answer of its own.",
    "Answer `OPTIONS` with 204 and the fields, before routing and before the login: a preflight has no cookies and no `Authorization`.",
  ], cases: [
    { id: "options-404", title: "The error", say: "The router does not know OPTIONS.", state: { ...ASKS, method: "PUT", preflight: "404 Not Found", actual: `200 OK\nAccess-Control-Allow-Origin: ${APP}` } },
    { id: "options-401", title: "The error behind a login", say: "The login is asked of the preflight, which has none.", state: { ...ASKS, headers: "Authorization: Bearer 1", preflight: `401 Unauthorized\nAccess-Control-Allow-Origin: ${APP}\nAccess-Control-Allow-Headers: authorization`, actual: `200 OK\nAccess-Control-Allow-Origin: ${APP}` } },
    { id: "options-max-age-only", title: "The error of an nginx if block", say: "204, and only the field that stands inside the block.", state: { ...ASKS, method: "PUT", preflight: "204 No Content\nAccess-Control-Max-Age: 86400", actual: `200 OK\nAccess-Control-Allow-Origin: ${APP}` } },
    { id: "options-fixed", title: "The fix", say: "204 with the origin and the method.", state: { ...ASKS, method: "PUT", preflight: `204 No Content\nAccess-Control-Allow-Origin: ${APP}\nAccess-Control-Allow-Methods: PUT`, actual: `200 OK\nAccess-Control-Allow-Origin: ${APP}` } },
  ] },
  { id: "credentials", title: "Cookies and logins", text: [
    "By default a page sends no cookies to other origins. `fetch(url, { credentials: \"include\" })` changes that, and then both answers, to the preflight and to the request, must say `Access-Control-Allow-Credentials: true`. The value is exactly `true`.",
    "With credentials `*` loses its meaning in all lists: methods, headers and exposed headers have to be named.",
    "A header `Authorization` that the page sets is not credentials in this sense. It only needs to be allowed by name.",
  ], cases: [
    { id: "credentials-true", title: "True is not true", say: "A capital letter is enough to fail.", state: { ...ASKS, credentials: true, actual: `200 OK\nAccess-Control-Allow-Origin: ${APP}\nAccess-Control-Allow-Credentials: True` } },
    { id: "credentials-star-headers", title: "* among the headers, with cookies", say: "Here * is only a header with that name.", state: { ...ASKS, headers: "X-Request-Id: 7", credentials: true, preflight: `204 No Content\nAccess-Control-Allow-Origin: ${APP}\nAccess-Control-Allow-Credentials: true\nAccess-Control-Allow-Headers: *`, actual: `200 OK\nAccess-Control-Allow-Origin: ${APP}\nAccess-Control-Allow-Credentials: true` } },
  ] },
  { id: "exposed", title: "Headers that the page can read", text: [
    "Even of an answer that it may read, a page sees only some headers: `Cache-Control`, `Content-Language`, `Content-Length`, `Content-Type`, `Expires`, `Last-Modified` and `Pragma`. The tools of the browser show all of them, and `response.headers.get(\"X-Total-Count\")` is still `null`.",
    "The server names the others in `Access-Control-Expose-Headers`.",
  ], cases: [
    { id: "exposed-none", title: "A header that is hidden", say: "The page gets the response, and not the header.", state: { ...ASKS, actual: `200 OK\n${JSON_TYPE}\nX-Total-Count: 42\nAccess-Control-Allow-Origin: ${APP}` } },
    { id: "exposed", title: "The same header, exposed", say: "One more field in the answer.", state: { ...ASKS, actual: `200 OK\n${JSON_TYPE}\nX-Total-Count: 42`, policy: { allow_origins: [APP], expose_headers: ["x-total-count"] } } },
  ] },
  { id: "caching", title: "Caching", text: [
    "A browser remembers the answer to a preflight for the address, the page and the kind of credentials: 5 seconds, or as long as `Access-Control-Max-Age` says, up to 2 hours in Chrome, 24 hours in Firefox and 10 minutes in Safari. Until then you do not see your changes: try with a long value only when all is right.",
    "The answers themselves are cached too. If the server names the origin that asked, it must send `Vary: Origin`, or a cache gives one page the answer for another.",
  ], cases: [
    { id: "caching", title: "A day, and what each browser makes of it", say: "Look at the table below the diagram.", state: { ...ASKS, method: "PUT", policy: { ...APP_POLICY, max_age_seconds: 86400 } } },
    { id: "caching-mixed", title: "The answer for another page", say: "What a cache without Vary gives to this page.", state: { ...ASKS, actual: "200 OK\nAccess-Control-Allow-Origin: https://other.example.com\nCache-Control: max-age=600" } },
  ] },
  { id: "redirects", title: "Redirects", text: [
    "A redirect is an answer like any other: it needs the fields, and so does the answer at its target. A preflight that is redirected always fails. That is why `http:` instead of `https:` and a missing slash at the end are such frequent causes.",
    "If a server of one foreign origin redirects to a third origin, the browser no longer says which page asks: the next request has `Origin: null`.",
  ], cases: [
    { id: "redirect", title: "A redirect on the same server", say: "Both answers have the field.", state: { ...ASKS, actual: `307 Temporary Redirect\nLocation: ${API}/led/\nAccess-Control-Allow-Origin: ${APP}`, redirected: `200 OK\nAccess-Control-Allow-Origin: ${APP}` } },
    { id: "redirect-bare", title: "A redirect without the field", say: "The server's own redirect is often not covered by the settings.", state: { ...ASKS, actual: `301 Moved Permanently\nLocation: ${API}/led/`, redirected: `200 OK\nAccess-Control-Allow-Origin: ${APP}` } },
    { id: "redirect-preflight", title: "A preflight that is redirected", say: "The browser does not follow.", state: { ...ASKS, method: "PUT", preflight: `301 Moved Permanently\nLocation: ${API}/led/\nAccess-Control-Allow-Origin: ${APP}`, actual: `200 OK\nAccess-Control-Allow-Origin: ${APP}` } },
    { id: "redirect-null", title: "A redirect to a third origin", say: "The third server sees the origin null.", state: { ...ASKS, actual: `302 Found\nLocation: https://store.example.com/led\nAccess-Control-Allow-Origin: ${APP}`, redirected: `200 OK\nAccess-Control-Allow-Origin: ${APP}` } },
  ] },
  { id: "null", title: "The origin null", text: [
    "Pages without a server of their own have the origin `null`: files that are opened by double click, sandboxed frames, and requests after a redirect to a third origin.",
    "Every such page is `null`, also that of an attacker. So do not list `null` for anything that is not public, and never with cookies. For tests, serve your files from `http://localhost`.",
  ], cases: [
    { id: "null", title: "A sandboxed frame asks", say: "The policy lists the app only.", state: { ...ASKS, origin: "null", policy: { allow_origins: [APP] } } },
    { id: "null-public", title: "A sandboxed frame reads public data", say: "With * it may.", state: { ...ASKS, origin: "null", policy: { allow_origins: ["*"] } } },
  ] },
];
const SCENARIOS = LESSONS.flatMap((lesson) => lesson.cases.map(({ id, state }) => ({ id, state })));

function verdictBadge(state) {
  const { verdict } = JSON.parse(call("play", JSON.stringify(state)));
  return el("span", { class: `badge ${verdict}` }, verdict);
}

function startLearn() {
  const contents = el("ol", { class: "lessons-nav" }, LESSONS.map(({ id, title }) => el("li", {}, link(`#learn-${id}`, title))));
  $("lessons").append(el("nav", { "aria-label": "Lessons" }, contents), ...LESSONS.map((lesson) =>
    el("section", { class: "lesson", id: `learn-${lesson.id}`, "aria-labelledby": `title-${lesson.id}` },
      el("h3", { id: `title-${lesson.id}` }, lesson.title),
      lesson.text.map((text) => el("p", {}, rich(text))),
      lesson.cases.map((one) => el("div", { class: "case" },
        el("div", {}, el("strong", {}, one.title), " ", verdictBadge(one.state), el("p", {}, one.say)),
        el("a", { class: "button", href: playLink(one.state), "aria-label": `Open in Play: ${one.title}` }, "Open in Play"))))));
}
