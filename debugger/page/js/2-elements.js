// Building elements. Text is always set as text, never as markup.
const $ = (id) => document.getElementById(id);

function el(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name === "class") element.className = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== false && value != null) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(9).filter((child) => child != null && child !== false));
  return element;
}

const link = (address, text) => el("a", { href: address }, text);
const sentence = (text) => {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.?!:]$/.test(whole) ? whole : `${whole}.`;
};

// Shows `code` marks in a text as elements.
function rich(text) {
  return text.split("`").map((part, index) => (index % 2 ? el("code", {}, part) : part));
}

// A fix is a sentence, a sentence and a command, or a sentence and fields to send.
function fixItem(text) {
  const [first, ...rest] = text.replace("such as: curl", "such as:\ncurl").replace("Run: ", "Run:\n").split("\n");
  return el("li", {}, /^Access-Control-/.test(first) ? el("pre", {}, first) : sentence(first),
    rest.length ? el("pre", {}, rest.join("\n")) : null);
}

const SIGNS = { passed: ["✓", "yes"], failed: ["✗", "no"], "not-reached": ["–", "not reached"], unknown: ["?", "not known"] };

function checkList(checks, label) {
  return el("ul", { class: "checks", "aria-label": label }, checks.map((check) => {
    const [sign, word] = SIGNS[check.outcome];
    return el("li", { class: check.outcome },
      el("span", { class: "sign", role: "img", "aria-label": word }, sign),
      el("span", {}, link(check.rule, check.question)));
  }));
}

function setStatus(element, text, kind) {
  if (element.textContent !== text) element.textContent = text;
  element.classList.remove("good", "bad", "warn");
  if (kind) element.classList.add(kind);
}

function debounce(run, delay) {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(run, delay);
  };
}

async function copy(text, button) {
  const label = button.dataset.label || (button.dataset.label = button.textContent);
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    // Without permission, as in some pages of file:, the text can be selected by hand.
    const area = el("textarea", { class: "skip", "aria-hidden": "true" });
    area.value = text;
    document.body.append(area);
    area.select();
    button.textContent = document.execCommand("copy") ? "Copied" : "Cannot copy";
    area.remove();
    button.focus();
  }
  setTimeout(() => { button.textContent = label; }, 2000);
}

const ENGINE_NAMES = { chromium: "Chrome and Edge", firefox: "Firefox", webkit: "Safari" };

function consoleLines(texts, engines, isBlocked) {
  return engines.map((engine) => el("div", { class: texts[engine] ? "console" : "console quiet" },
    el("b", {}, ENGINE_NAMES[engine]),
    el("span", {}, texts[engine] || (isBlocked ? "prints no message of its own for this" : "prints nothing"))));
}
