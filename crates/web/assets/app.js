// What the pages gain from script. Each page works without this file; nothing here decides anything about access.
(function () {
  "use strict";

  const root = document.documentElement;
  const one = (selector, within) => (within || document).querySelector(selector);
  const all = (selector, within) => Array.from((within || document).querySelectorAll(selector));
  const on = (type, selector, act) =>
    document.addEventListener(type, (event) => {
      const hit = event.target instanceof Element && event.target.closest(selector);
      if (hit) act(hit, event);
    });

  function toast(text) {
    const place = one(".toasts");
    if (!place) return;
    const box = document.createElement("p");
    box.className = "toast";
    box.textContent = text;
    place.append(box);
    setTimeout(() => box.remove(), 2600);
  }

  // Copying

  on("click", "[data-copy]", async (button) => {
    const source = document.getElementById(button.dataset.copy);
    const text = source ? source.textContent.trim() : button.dataset.copyText || "";
    try {
      await navigator.clipboard.writeText(text);
      toast("Copied");
    } catch {
      const range = document.createRange();
      if (!source) return;
      range.selectNodeContents(source);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      toast("Press Ctrl C to copy");
    }
  });

  // Showing what is typed into a password field

  on("click", "[data-reveal]", (button) => {
    const input = document.getElementById(button.dataset.reveal);
    if (!input) return;
    const show = input.type === "password";
    input.type = show ? "text" : "password";
    button.setAttribute("aria-pressed", String(show));
  });

  // Theme

  function applyTheme(theme) {
    root.dataset.theme = theme;
    document.cookie = `theme=${theme}; Path=/; Max-Age=31536000; SameSite=Lax; Secure`;
    all("[data-theme-set]").forEach((button) =>
      button.setAttribute("aria-pressed", String(button.value === theme)));
  }
  on("click", "[data-theme-set]", (button, event) => {
    event.preventDefault();
    applyTheme(button.value);
  });

  // Relative times

  const steps = [[60, "second", 1], [3600, "minute", 60], [86400, "hour", 3600], [2592000, "day", 86400]];
  const words = new Intl.RelativeTimeFormat("en", { numeric: "always" });
  function refreshTimes(within) {
    const now = Date.now();
    all("time[data-ago]", within).forEach((time) => {
      const seconds = Math.round((Date.parse(time.dateTime) - now) / 1000);
      const step = steps.find(([limit]) => Math.abs(seconds) < limit);
      if (!step) return;
      time.textContent = Math.abs(seconds) < 10 ? "just now" : words.format(Math.trunc(seconds / step[2]), step[1]);
    });
  }

  // Messages

  on("click", "[data-dismiss]", (button) => {
    const box = button.closest(".message");
    if (box) box.remove();
  });

  // Filters send themselves; their button stays for those without script

  let waiting = 0;
  function sendFilter(form) {
    clearTimeout(waiting);
    all("input, select", form).forEach((field) => { if (field.value === "" && field.name) field.disabled = true; });
    form.requestSubmit();
    all("input, select", form).forEach((field) => { field.disabled = false; });
  }
  on("change", "form[data-filter]", (form, event) => {
    if (event.target.matches("select, input[type=checkbox], input[type=radio]")) sendFilter(form);
  });

  // Narrowing a list already on the page

  on("input", "[data-narrow]", (input) => {
    const wanted = input.value.trim().toLowerCase();
    const list = document.getElementById(input.dataset.narrow);
    if (!list) return;
    let shown = 0;
    all("[data-narrow-row]", list).forEach((row) => {
      row.hidden = wanted !== "" && !row.textContent.toLowerCase().includes(wanted);
      if (!row.hidden) shown += 1;
    });
    all("[data-narrow-group]", list).forEach((group) => {
      group.hidden = all("[data-narrow-row]", group).every((row) => row.hidden);
      if (wanted !== "" && group.tagName === "DETAILS") group.open = true;
    });
    const count = one(`[data-narrow-count="${CSS.escape(input.dataset.narrow)}"]`);
    if (count) count.textContent = wanted === "" ? count.dataset.all : `${shown} shown`;
  });

  // What scrolls sideways fades at its right edge until that is reached

  all(".matrix-edge").forEach((edge) => {
    const scroller = one(".matrix-scroll", edge);
    const look = () => edge.toggleAttribute("data-end", scroller.scrollLeft + scroller.clientWidth >= scroller.scrollWidth - 2);
    scroller.addEventListener("scroll", look, { passive: true });
    addEventListener("resize", look);
    look();
  });

  // One press, one request

  document.addEventListener("submit", (event) => {
    const form = event.target;
    // The answer to such a form is a file: the page stays, and the button with it.
    if (event.defaultPrevented || form.method !== "post" || form.dataset.file !== undefined) return;
    if (form.dataset.sent !== undefined) { event.preventDefault(); return; }
    form.dataset.sent = "";
    if (event.submitter && event.submitter.classList.contains("btn")) event.submitter.dataset.busy = "";
  });
  function release() {
    all("form[data-sent]").forEach((form) => delete form.dataset.sent);
    all("[data-busy]").forEach((button) => delete button.dataset.busy);
  }
  addEventListener("pageshow", release);

  // Dialogs: a link that leads to a confirmation page opens that page's question in place

  on("click", "a[data-confirm]", async (link, event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
    const dialog = document.getElementById("confirm-dialog");
    if (!dialog || !dialog.showModal) return;
    event.preventDefault();
    link.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(link.href, { headers: { Accept: "text/html" }, credentials: "same-origin" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const question = one("[data-question]", page);
      if (!answer.ok || !question) { location.assign(link.href); return; }
      dialog.replaceChildren(document.adoptNode(question));
      dialog.showModal();
      const first = one("input:not([type=hidden]), textarea", dialog) || one("[data-close]", dialog);
      if (first) first.focus();
    } catch {
      location.assign(link.href);
    } finally {
      link.removeAttribute("aria-busy");
    }
  });
  on("click", "dialog [data-close]", (button, event) => {
    event.preventDefault();
    button.closest("dialog").close();
  });
  document.addEventListener("click", (event) => {
    if (event.target instanceof HTMLDialogElement && event.target.open) event.target.close();
  });

  addEventListener("load", () => {
    refreshTimes();
    const summary = one("[data-errors]");
    if (summary) summary.focus();
  });
  setInterval(refreshTimes, 30000);
  document.addEventListener("htmx:afterSwap", (event) => refreshTimes(event.target));
  document.addEventListener("htmx:afterRequest", release);
})();
