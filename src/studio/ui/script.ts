/** The only script of the pages. After a change it fetches the page again, and replaces the changed parts of <main>. */
export const SCRIPT = `(() => {
  const FALLBACK_MS = 20000;
  let busy = false, again = false;

  const inUse = () => {
    const active = document.activeElement;
    const typing = active && active.closest("main") && /^(INPUT|SELECT|TEXTAREA)$/.test(active.tagName);
    const selection = getSelection();
    const edited = [...document.querySelectorAll("main input, main textarea")].some((one) => one.value !== one.defaultValue);
    return document.hidden || typing || edited || (selection && !selection.isCollapsed);
  };
  const keyOf = (element) => element.id || element.dataset.key || element.getAttribute("href") || element.textContent;
  const find = (root, selector, key) => [...root.querySelectorAll(selector)].find((one) => keyOf(one) === key);

  async function refresh() {
    if (busy || inUse()) { again = true; return; }
    busy = true; again = false;
    try {
      const response = await fetch(location.href, { headers: { accept: "text/html" } });
      if (response.redirected) { location.reload(); return; }
      if (!response.ok || inUse()) return;
      const next = new DOMParser().parseFromString(await response.text(), "text/html").querySelector("main");
      const main = document.querySelector("main");
      if (!next || next.innerHTML === main.innerHTML) return;
      for (const open of main.querySelectorAll("details[open]")) {
        const same = find(next, "details", keyOf(open));
        if (same) same.open = true;
      }
      const active = main.contains(document.activeElement) ? document.activeElement : null;
      const scrolled = [...main.querySelectorAll(".scroll")].map((one) => one.scrollLeft);
      for (const button of next.querySelectorAll("[data-copy]")) button.hidden = false;
      const [was, now] = [[...main.children], [...next.children]];
      if (was.length !== now.length) main.replaceChildren(...document.adoptNode(next).childNodes);
      else was.forEach((old, index) => { if (old.outerHTML !== now[index].outerHTML) old.replaceWith(document.adoptNode(now[index])); });
      main.querySelectorAll(".scroll").forEach((one, index) => { one.scrollLeft = scrolled[index] || 0; });
      if (active) find(main, active.tagName, keyOf(active))?.focus({ preventScroll: true });
    } catch {} finally { busy = false; }
  }

  // Buttons to copy are hidden in the HTML, because they work only with this script.
  for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;
  document.addEventListener("click", async (event) => {
    const button = event.target.closest && event.target.closest("[data-copy]");
    if (!button) return;
    const text = document.getElementById(button.dataset.copy);
    try { await navigator.clipboard.writeText(text.value); button.lastChild.textContent = "Copied"; } catch { text.select(); }
  });

  const source = new EventSource("/studio/live");
  source.onmessage = refresh;
  // The app may have started again with other code.
  let wasOpen = false;
  source.onopen = () => { if (wasOpen) refresh(); wasOpen = true; };
  addEventListener("pagehide", () => source.close());
  document.addEventListener("visibilitychange", () => { if (again) refresh(); });
  document.addEventListener("focusout", () => setTimeout(() => { if (again) refresh(); }));
  setInterval(refresh, FALLBACK_MS);
})();
`;
