// The tabs, and the state in the fragment of the address.
const TABS = ["paste", "play", "learn", "fix"];

function showTab(name) {
  for (const tab of TABS) {
    const isShown = tab === name;
    $(tab).hidden = !isShown;
    $(`tab-${tab}`).setAttribute("aria-selected", String(isShown));
    $(`tab-${tab}`).tabIndex = isShown ? 0 : -1;
  }
  if (name === "play") runPlay();
  if (name === "fix") runFix();
}

function followFragment() {
  const [name, rest] = location.hash.slice(1).split(/\?(.*)/s);
  const lesson = name.startsWith("learn-") && $(name);
  if (name === "play" && rest) writePlay(playState(rest));
  showTab(lesson ? "learn" : TABS.includes(name) ? name : "paste");
  if (lesson) lesson.scrollIntoView();
}

function startTabs() {
  for (const tab of TABS) {
    $(`tab-${tab}`).addEventListener("click", () => {
      showTab(tab);
      history.replaceState(null, "", tab === "play" ? playFragment : `#${tab}`);
    });
  }
  document.querySelector("[role=tablist]").addEventListener("keydown", (event) => {
    const at = TABS.findIndex((tab) => event.target.id === `tab-${tab}`);
    const to = { ArrowRight: at + 1, ArrowLeft: at + TABS.length - 1, Home: 0, End: TABS.length - 1 }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    const next = $(`tab-${TABS[to % TABS.length]}`);
    next.click();
    next.focus();
  });
  addEventListener("hashchange", () => {
    followFragment();
    scrollTo(0, 0);
    const [name] = location.hash.slice(1).split("?");
    if (name.startsWith("learn-") && $(name)) $(name).scrollIntoView();
  });
}

async function start() {
  try {
    await loadLibrary();
  } catch {
    $("trouble").textContent = "This browser cannot run the page. It needs WebAssembly and DecompressionStream: Chrome 80, Firefox 113, Safari 16.4, or newer. The command cors explain does the same without a browser.";
    $("trouble").hidden = false;
    return;
  }
  startPaste();
  startPlay();
  startLearn();
  startFix();
  startTabs();
  followFragment();
  // For tests and for the browser's console.
  globalThis.corsDebugger = { call, explain, scenarios: SCENARIOS, playLink, playState, pasted: () => pasted };
  document.documentElement.dataset.ready = "true";
}

start();
