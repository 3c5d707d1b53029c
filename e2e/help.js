// Runs in every page before its own script: finds controls as a person names them, and notes what jumps.
(() => {
  const text = (s) => (s ?? "").replace(/\s+/g, " ").trim();
  const seen = (e) => e.checkVisibility({ opacityProperty: false, visibilityProperty: true, contentVisibilityAuto: true }) && e.getClientRects().length > 0;
  const roles = {
    button: "button, summary, input[type=submit], [role=button]",
    link: "a[href]",
    field: "input:not([type=hidden]):not([type=range]):not([type=radio]):not([type=checkbox]), textarea",
    select: "select",
    slider: "input[type=range]",
    check: "input[type=checkbox], input[type=radio]",
    heading: "h1, h2, h3, h4",
    option: "[role=option]",
    row: "tr",
    item: "li",
  };
  const spoken = (n) => [...n.childNodes].map((c) => c.nodeType === 3 ? c.data : c.nodeType !== 1 || c.getAttribute("aria-hidden") === "true" || ["SELECT", "INPUT", "TEXTAREA", "SMALL"].includes(c.tagName) && n.tagName === "LABEL" ? "" : (c.getAttribute("aria-label") ?? spoken(c)) + " ").join("");
  const name = (e) => text(e.getAttribute("aria-label")
    ?? (e.getAttribute("aria-labelledby") ? e.getAttribute("aria-labelledby").split(" ").map((i) => document.getElementById(i)?.textContent).join(" ") : null)
    ?? (e.labels?.length ? [...e.labels].map(spoken).join(" ") : null)
    ?? (spoken(e) || e.title));
  const root = () => document.querySelector("dialog[open]") ?? document;

  const parts = (within) => [...document.querySelectorAll(within)].filter((e) => seen(e) && root().contains(e));
  const find = (role, wanted, within) => {
    const base = within ? parts(within) : [root()];
    const all = base.flatMap((b) => [...b.querySelectorAll(roles[role] ?? role)]).filter((e) => role === "slider" || seen(e));
    if (wanted === "") return all;
    const named = all.map((e) => [e, name(e)]);
    for (const fits of [(n) => n === wanted, (n) => n.startsWith(wanted), (n) => n.includes(wanted)]) {
      const found = named.filter(([, n]) => fits(n)).map(([e]) => e);
      if (found.length) return found;
    }
    return [];
  };
  const one = (role, wanted, within) => {
    const found = find(role, wanted, within);
    if (found.length === 1 || wanted === "" && found.length) return found[0];
    const there = found.length ? found : find(role, "", within);
    throw new Error(`${found.length} × ${role} “${wanted}” in ${within || "the page"}; there: ${there.map(name).slice(0, 60).join(" | ")}`);
  };
  const point = (e) => {
    if (e.disabled) throw new Error(`“${name(e)}” is disabled`);
    let r = e.getBoundingClientRect();
    if (r.top < 0 || r.bottom > innerHeight || r.left < 0 || r.right > innerWidth) {
      e.scrollIntoView({ block: "center", inline: "nearest", behavior: "instant" });
      r = e.getBoundingClientRect();
    }
    r = [...e.getClientRects()].find((c) => c.width && c.height) ?? r;
    const x = r.left + r.width / 2, y = r.top + r.height / 2;
    const at = document.elementFromPoint(x, y);
    if (!at || !(e.contains(at) || at.contains(e) && at.tagName === "LABEL" || e.tagName === "OPTION")) throw new Error(`“${name(e)}” is covered by ${at?.outerHTML.slice(0, 160)}`);
    return { x, y };
  };

  const quiet = () => document.readyState === "complete" && !document.querySelector(".htmx-request, .htmx-swapping, .htmx-settling");
  window.e2e = { find, one, name, point, seen, text, quiet, root,
    said: (within) => text(within ? parts(within).map((e) => e.innerText).join(" ") : (document.querySelector("dialog[open]") ?? document.body).innerText),
  };

  let answered = -Infinity;
  document.addEventListener("htmx:afterSwap", (e) => { if (e.detail.requestConfig?.triggeringEvent?.type !== "load") answered = performance.now(); });
  new PerformanceObserver((list) => {
    for (const s of list.getEntries()) {
      const nodes = s.sources.map((n) => n.node?.nodeType === 1 ? n.node : n.node?.parentElement);
      // What moves with the answer to what somebody typed or pressed is what they asked for.
      if (s.startTime - answered < 300) continue;
      if (!s.hadRecentInput) window.e2eShift?.(JSON.stringify({ value: s.value, at: location.pathname, nodes: nodes.map((n) => n ? n.tagName.toLowerCase() + (n.id ? "#" + n.id : "") + (n.className && n.className.baseVal === undefined ? "." + n.className : "") : "?") }));
    }
  }).observe({ type: "layout-shift", buffered: true });
})();
