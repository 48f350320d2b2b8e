// The command palette: Ctrl K or Command K. The list is what the server says this person may open.
(function () {
  "use strict";

  const dialog = document.getElementById("palette");
  if (!dialog || !dialog.showModal) return;
  const input = dialog.querySelector("input");
  const list = dialog.querySelector("[role=listbox]");
  const sprite = dialog.dataset.sprite;
  let known = null;
  let shown = [];
  let at = 0;

  async function load() {
    if (known) return;
    const answer = await fetch(dialog.dataset.source, { headers: { Accept: "application/json" }, credentials: "same-origin" });
    known = answer.ok ? (await answer.json()).items : [];
  }

  // Every letter in order, near one another and near the start of a word: better.
  function rank(item, wanted) {
    const text = `${item.label} ${item.hint || ""}`.toLowerCase();
    const straight = text.indexOf(wanted);
    if (straight >= 0) return straight === 0 || text[straight - 1] === " " ? straight : 50 + straight;
    let from = 0;
    for (const letter of wanted) {
      from = text.indexOf(letter, from);
      if (from < 0) return -1;
      from += 1;
    }
    return 200 + from;
  }

  function icon(name) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    use.setAttribute("href", `${sprite}#${name}`);
    svg.append(use);
    return svg;
  }

  function row(item, index) {
    const option = document.createElement("li");
    option.setAttribute("role", "option");
    option.id = `palette-${index}`;
    option.dataset.index = String(index);
    const label = document.createElement("span");
    label.textContent = item.label;
    option.append(icon(item.icon || "arrow-right"), label);
    if (item.hint) {
      const hint = document.createElement("small");
      hint.textContent = item.hint;
      option.append(hint);
    }
    return option;
  }

  function choose(index) {
    at = Math.max(0, Math.min(index, shown.length - 1));
    list.querySelectorAll("[role=option]").forEach((option) => {
      const here = Number(option.dataset.index) === at;
      option.setAttribute("aria-selected", String(here));
      if (here) option.scrollIntoView({ block: "nearest" });
    });
    if (shown.length) input.setAttribute("aria-activedescendant", `palette-${at}`);
    else input.removeAttribute("aria-activedescendant");
  }

  function draw() {
    const wanted = input.value.trim().toLowerCase();
    shown = (known || [])
      .map((item) => ({ item, score: wanted ? rank(item, wanted) : 0 }))
      .filter((found) => found.score >= 0)
      .sort((a, b) => a.score - b.score)
      .slice(0, 40)
      .map((found) => found.item);
    if (wanted) shown.push({ label: `Find “${input.value.trim()}” everywhere`, icon: "search", href: `/find?q=${encodeURIComponent(input.value.trim())}` });
    list.replaceChildren(...shown.map(row));
    choose(0);
  }

  async function open(text) {
    if (dialog.open) return;
    dialog.showModal();
    input.value = text || "";
    draw();
    input.focus();
    try { await load(); } catch { known = []; }
    draw();
  }
  function go() {
    const item = shown[at];
    if (item) location.assign(item.href);
  }

  input.addEventListener("input", draw);
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") { choose(at + 1); event.preventDefault(); }
    else if (event.key === "ArrowUp") { choose(at - 1); event.preventDefault(); }
    else if (event.key === "Enter") { go(); event.preventDefault(); }
  });
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (!option) return;
    choose(Number(option.dataset.index));
    go();
  });
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") { event.preventDefault(); open(); }
    if (event.key === "/" && !event.target.closest("input, textarea, select, [contenteditable]")) { event.preventDefault(); open(); }
  });
  document.querySelectorAll("[data-palette-open]").forEach((opener) => {
    opener.addEventListener("click", (event) => { event.preventDefault(); open(); });
    opener.addEventListener("input", () => { const typed = opener.value; opener.value = ""; open(typed); });
  });
  if (/Mac|iPhone|iPad/.test(navigator.platform)) {
    document.querySelectorAll("[data-keys]").forEach((keys) => { keys.textContent = "⌘ K"; });
  }
})();
