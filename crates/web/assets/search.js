// What the search of the log gains from script: completion of what is typed, and a span of time that is brushed over.
(function () {
  "use strict";

  const input = document.querySelector("input[data-complete]");
  if (input) complete(input);
  const drawing = document.querySelector("svg[data-brush]");
  if (drawing) brush(drawing);

  // Columns are counted in characters, as the server does; the field counts halves of some of them twice.
  function characters(text) {
    return Array.from(text).length;
  }

  function complete(field) {
    const list = document.createElement("ul");
    list.className = "completions";
    list.id = `${field.id}-completions`;
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", "Completions");
    list.hidden = true;
    field.parentElement.append(list);
    field.setAttribute("role", "combobox");
    field.setAttribute("aria-autocomplete", "list");
    field.setAttribute("aria-controls", list.id);
    let shown = [];
    let at = -1;
    let span = [0, 0];
    let asked = 0;
    let waiting = 0;
    close();

    function close() {
      list.hidden = true;
      shown = [];
      at = -1;
      field.setAttribute("aria-expanded", "false");
      field.removeAttribute("aria-activedescendant");
    }

    function mark(index) {
      at = index;
      Array.from(list.children).forEach((option, place) => option.setAttribute("aria-selected", String(place === at)));
      if (at < 0) field.removeAttribute("aria-activedescendant");
      else {
        field.setAttribute("aria-activedescendant", list.children[at].id);
        list.children[at].scrollIntoView({ block: "nearest" });
      }
    }

    function show(answer) {
      shown = answer.items;
      span = [answer.start, answer.end];
      list.replaceChildren(...shown.map((item, index) => {
        const option = document.createElement("li");
        option.setAttribute("role", "option");
        option.id = `${list.id}-${index}`;
        const text = document.createElement("span");
        text.textContent = item.label;
        option.append(text);
        if (item.hint) {
          const hint = document.createElement("small");
          hint.textContent = item.hint;
          option.append(hint);
        }
        return option;
      }));
      list.hidden = shown.length === 0;
      field.setAttribute("aria-expanded", String(!list.hidden));
      mark(-1);
    }

    function take(index) {
      const item = shown[index];
      if (!item) return;
      const letters = Array.from(field.value);
      const before = letters.slice(0, span[0]).join("") + item.text;
      field.value = before + letters.slice(span[1]).join("");
      field.setSelectionRange(before.length, before.length);
      close();
      field.focus();
      // A key is followed by its value.
      if (item.text.endsWith(":")) ask();
    }

    async function ask() {
      const turn = (asked += 1);
      const caret = characters(field.value.slice(0, field.selectionStart ?? field.value.length));
      const query = new URLSearchParams({ q: field.value, at: String(caret) });
      try {
        const answer = await fetch(`${field.dataset.complete}?${query}`, { headers: { Accept: "application/json" }, credentials: "same-origin" });
        const found = answer.ok ? await answer.json() : null;
        if (turn !== asked) return;
        if (found && document.activeElement === field) show(found);
        else close();
      } catch {
        close();
      }
    }

    field.addEventListener("input", () => {
      clearTimeout(waiting);
      // What was offered for the text before has its place in that text.
      asked += 1;
      close();
      waiting = setTimeout(ask, 120);
    });
    field.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        // It closes the list, and what is still on its way to it; a field for searches would be emptied.
        event.preventDefault();
        clearTimeout(waiting);
        asked += 1;
        close();
        return;
      }
      if (event.key === "ArrowDown" && list.hidden) ask();
      if (list.hidden) return;
      if (event.key === "ArrowDown") mark((at + 1) % shown.length);
      else if (event.key === "ArrowUp") mark((at + shown.length - (at < 0 ? 0 : 1)) % shown.length);
      else if (event.key === "Enter" && at >= 0) take(at);
      else if (event.key === "Tab" && at >= 0) take(at);
      else return;
      event.preventDefault();
    });
    field.addEventListener("blur", close);
    // The field keeps its caret while a completion is pressed.
    list.addEventListener("mousedown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => {
      const option = event.target.closest("li");
      if (option) take(Array.from(list.children).indexOf(option));
    });
  }

  function brush(svg) {
    const bars = Array.from(svg.querySelectorAll("[data-from]"));
    let begun = -1;
    let brushed = false;
    const place = (event) => bars.findIndex((bar) => bar.contains(event.target));

    function paint(to) {
      const [first, last] = [Math.min(begun, to), Math.max(begun, to)];
      bars.forEach((bar, index) => bar.toggleAttribute("data-brushed", begun >= 0 && index >= first && index <= last));
      return [first, last];
    }

    svg.addEventListener("pointerdown", (event) => {
      if (event.button === 0) begun = place(event);
      brushed = false;
    });
    svg.addEventListener("pointermove", (event) => {
      const to = place(event);
      if (begun < 0 || to < 0) return;
      if (to !== begun) brushed = true;
      if (brushed) paint(to);
    });
    svg.addEventListener("pointerup", (event) => {
      const to = place(event);
      if (begun >= 0 && to >= 0 && brushed) {
        const [first, last] = paint(to);
        const address = new URL(svg.dataset.brush, location.href);
        // An end includes what it names: a second.
        const end = new Date(Date.parse(bars[last].dataset.to) - 1000).toISOString().replace(/\.\d+Z$/, "Z");
        address.searchParams.set("from", bars[first].dataset.from);
        address.searchParams.set("to", end);
        location.assign(address);
      }
      begun = -1;
    });
    // What was brushed over is no press of the bar at its end.
    svg.addEventListener("click", (event) => {
      if (brushed) event.preventDefault();
    });
    svg.addEventListener("dragstart", (event) => event.preventDefault());
  }
})();
