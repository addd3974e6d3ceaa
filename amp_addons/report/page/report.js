"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const get = (id) => document.getElementById(id);
  const search = get("search"), found = get("found"), help = get("help");
  const threads = all("details.thread"), flows = all("details.flow");
  for (const part of all(".find[hidden], .filters[hidden]")) part.hidden = false;

  // What an element says, in lower case: read when it is first looked for.
  const texts = new WeakMap();
  const textOf = (element) => {
    if (!texts.has(element)) texts.set(element, element.textContent.toLowerCase());
    return texts.get(element);
  };

  let words = [], kind = "all";
  const holds = (element) => words.every((word) => textOf(element).includes(word));
  const isKind = (element) => kind === "all" || element.dataset.is.split(" ").includes(kind);

  const apply = () => {
    let count = 0;
    for (const flow of flows) {
      flow.hidden = !(isKind(flow) && holds(flow));
      if (!flow.hidden) count += 1;
    }
    const shown = threads.filter((thread) => {
      thread.hidden = !holds(thread);
      for (const request of all(".request", thread)) request.hidden = words.length > 0 && !holds(request);
      // The words stand in different requests: then all of them are shown.
      if (!thread.hidden && words.length && !thread.querySelector(".request:not([hidden])"))
        for (const request of all(".request", thread)) request.hidden = false;
      return !thread.hidden;
    });
    const counted = (number, what) => `${number} ${what}${number === 1 ? "" : "s"}`;
    found.textContent = words.length ? `${counted(shown.length, "conversation")}, ${counted(count, "flow")}` : "";
    if (words.length && shown.length <= 3) for (const thread of shown) thread.open = true;
    mark();
  };

  // Marks what was found, in what is unfolded, without touching the page.
  const mark = () => {
    if (!window.CSS || !CSS.highlights) return;
    CSS.highlights.delete("search");
    if (!words.length) return;
    const ranges = [];
    for (const root of [...threads, ...flows].filter((element) => !element.hidden)) {
      if (ranges.length > 1000) break;
      if (!root.open) continue;
      for (const block of all("details.block", root)) if (words.some((word) => textOf(block).includes(word))) block.open = true;
      const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
      while (walker.nextNode() && ranges.length <= 1000) {
        const node = walker.currentNode, text = node.data.toLowerCase();
        for (const word of words)
          for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length)) {
            if (at + word.length > node.length) break;
            const range = new Range();
            range.setStart(node, at);
            range.setEnd(node, at + word.length);
            ranges.push(range);
          }
      }
    }
    if (ranges.length) CSS.highlights.set("search", new Highlight(...ranges));
  };

  let timer = 0;
  search.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      apply();
    }, 150);
  });
  document.addEventListener("toggle", (event) => {
    if (words.length && event.target.matches("details.thread, details.flow") && event.target.open) mark();
  }, true);
  for (const button of all("[data-filter]"))
    button.addEventListener("click", () => {
      kind = button.dataset.filter;
      for (const other of all("[data-filter]")) other.setAttribute("aria-pressed", String(other === button));
      apply();
    });

  // An address within the page unfolds what it is in.
  const reveal = () => {
    const target = /^#[a-z]+\d*$/.test(location.hash) && get(location.hash.slice(1));
    if (!target) return;
    for (let element = target; element; element = element.parentElement) {
      if (element.hidden && element.matches("[data-item]")) element.hidden = false;
      if (element.tagName === "DETAILS") element.open = true;
    }
    if (target.matches("[data-item]")) choose(target);
    else target.scrollIntoView();
  };
  window.addEventListener("hashchange", reveal);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    if (link && link.getAttribute("href") === location.hash) reveal();
  });

  let current = null;
  const choose = (element) => {
    if (current) current.classList.remove("current");
    current = element;
    element.classList.add("current");
    element.scrollIntoView({ block: "nearest" });
    const top = element.getBoundingClientRect().top;
    if (top < 60 || top > innerHeight - 80) element.scrollIntoView({ block: "center" });
    const summary = element.tagName === "DETAILS" ? element.firstElementChild : null;
    if (summary) summary.focus({ preventScroll: true });
  };
  const isShown = (element) => {
    for (let each = element; each; each = each.parentElement) {
      if (each.hidden || (each !== element && each.tagName === "DETAILS" && !each.open)) return false;
    }
    return true;
  };
  const move = (step) => {
    const items = all("[data-item]");
    let at = current ? items.indexOf(current) : -1;
    if (at < 0) at = step > 0 ? -1 : items.length;
    do at += step; while (items[at] && !isShown(items[at]));
    if (items[at]) choose(items[at]);
  };
  const unfold = (element) => {
    const inner = all("details", element);
    const open = inner.some((each) => !each.open) || (element.tagName === "DETAILS" && !element.open);
    if (element.tagName === "DETAILS") element.open = open || inner.length > 0;
    for (const each of inner) each.open = open;
  };

  const keys = {
    "/": () => { search.focus(); search.select(); },
    "?": () => help.showModal(),
    j: () => move(1),
    k: () => move(-1),
    e: () => current && unfold(current),
    t: () => scrollTo(0, 0),
    c: () => get("conversations") && get("conversations").scrollIntoView(),
    f: () => get("flows") && get("flows").scrollIntoView(),
  };
  get("help-button").addEventListener("click", () => help.showModal());
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target === search) {
      if (event.key === "Escape") {
        search.value = "";
        words = [];
        apply();
        search.blur();
      } else if (event.key === "Enter") search.blur();
      return;
    }
    if (help.open || event.target.closest("input, textarea, select, [contenteditable]")) return;
    if (event.key === "Enter" && current && current.tagName === "DETAILS" && !event.target.closest("summary, a, button")) {
      current.open = !current.open;
    } else if (keys[event.key]) keys[event.key]();
    else return;
    event.preventDefault();
  });
  reveal();
})();
