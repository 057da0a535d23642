// Fix: the policy in the syntax of a server.
function runFix() {
  const policy = readPolicy("f");
  const name = $("syntax").value;
  const answer = JSON.parse(call("print", `${name}\n${JSON.stringify(policy)}`));
  if (answer.error) {
    setStatus($("fix-status"), "The policy has a mistake.", "warn");
    $("fix-result").replaceChildren(el("div", { class: "card" }, answer.error.replace(/^rules\[0\]\./gm, "").split("\n").map((line) => el("p", {}, sentence(line)))));
    return;
  }
  setStatus($("fix-status"), answer.lost.length ? `${answer.title} cannot say all of it:` : `${answer.title} can say all of it.`, answer.lost.length ? "warn" : "good");
  $("fix-result").replaceChildren(
    answer.lost.length ? el("ul", { class: "plainlist" }, answer.lost.map((text) => el("li", {}, sentence(text)))) : "",
    el("pre", { id: "fix-text", tabindex: "0", role: "region", "aria-label": "The policy in the chosen syntax" }, answer.text));
}

function startFix() {
  policyForm($("fix-policy"), "f");
  writePolicy("f", { allow_origins: ["https://app.example.com"], allow_methods: ["PUT", "DELETE"], allow_headers: ["authorization", "content-type"], allow_credentials: true, max_age_seconds: 86400 });
  const syntaxes = JSON.parse(call("print", ""));
  $("syntax").append(...syntaxes.map(({ name, title }) => el("option", { value: name }, title)));
  $("syntax").value = "nginx";
  $("fix-form").addEventListener("input", runFix);
  $("fix-form").addEventListener("submit", (event) => event.preventDefault());
  $("syntax").addEventListener("input", runFix);
  $("fix-copy").addEventListener("click", () => copy(($("fix-text") || { textContent: "" }).textContent, $("fix-copy")));
}
