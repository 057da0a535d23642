// The form of a policy, which Play and Fix both have.
const POLICY_FIELDS = [
  ["allow_origins", "list", "Pages that may read responses", "One origin on each line: https://app.example.com, https://*.example.com, http://localhost:*, or * for every page."],
  ["allow_methods", "words", "Methods besides GET, HEAD and POST", "PUT DELETE"],
  ["allow_headers", "words", "Request headers that pages may send", "content-type authorization"],
  ["expose_headers", "words", "Response headers that pages may read", "etag x-total-count"],
  ["allow_credentials", "check", "with cookies or login (credentials)"],
  ["max_age_seconds", "number", "Seconds for which a preflight is remembered", "5"],
];
const MORE_FIELDS = [
  ["allow_loopback", "check", "every page of the visitor's own machine (localhost)"],
  ["hide_lists_when_refused", "check", "a refused preflight does not show what is allowed"],
  ["answer_only_requested", "check", "a preflight is answered only with what it asks for"],
  ["dangerously_allow_insecure_origins_with_credentials", "check", "http: pages may use credentials (dangerous)"],
];

const words = (text) => text.split(/[\s,]+/).filter(Boolean);

function policyField([name, kind, label, hint], prefix) {
  const id = `${prefix}-${name}`;
  const free = { spellcheck: "false", autocomplete: "off", autocapitalize: "off" };
  if (kind === "check") return el("label", { class: "check" }, el("input", { type: "checkbox", id }), ` ${label}`);
  if (kind === "list") return el("div", {}, el("label", { for: id }, label), el("textarea", { id, rows: "2", "aria-describedby": `${id}-hint`, ...free }), el("p", { class: "hint", id: `${id}-hint` }, hint));
  return el("div", {}, el("label", { for: id }, label), el("input", { id, type: "text", class: "mono", placeholder: hint, inputmode: kind === "number" ? "numeric" : false, ...free }));
}

function policyForm(place, prefix) {
  place.append(...POLICY_FIELDS.map((field) => policyField(field, prefix)),
    el("details", {}, el("summary", {}, "More settings"), el("div", { class: "stack" }, MORE_FIELDS.map((field) => policyField(field, prefix)))));
}

function readPolicy(prefix) {
  const policy = {};
  for (const [name, kind] of [...POLICY_FIELDS, ...MORE_FIELDS]) {
    const input = $(`${prefix}-${name}`);
    if (kind === "check") policy[name] = input.checked;
    else if (kind === "number") { if (/^\d+$/.test(input.value.trim())) policy[name] = Number(input.value.trim()); }
    else policy[name] = words(input.value);
  }
  return policy;
}

function writePolicy(prefix, policy) {
  for (const [name, kind] of [...POLICY_FIELDS, ...MORE_FIELDS]) {
    const input = $(`${prefix}-${name}`);
    const value = policy[name];
    if (kind === "check") input.checked = value === true;
    else if (kind === "number") input.value = value == null ? "" : String(value);
    else input.value = (value || []).join(kind === "list" ? "\n" : " ");
  }
}
