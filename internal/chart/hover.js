// The nearest point of a picture is shown beside the pointer; the table below the picture says the same.
let tip;
const points = new WeakMap();
document.addEventListener("pointermove", (e) => {
  const svg = e.target.closest?.("svg[data-points]");
  if (tip) tip.hidden = true;
  if (!svg) return;
  if (!points.has(svg)) points.set(svg, JSON.parse(svg.dataset.points));
  const [names, ...all] = points.get(svg);
  const at = new DOMPoint(e.clientX, e.clientY).matrixTransform(svg.getScreenCTM().inverse());
  const [x0, y0, x1, y1] = svg.dataset.plot.split(" ").map(Number);
  if (!all.length || at.x < x0 - 12 || at.x > x1 + 12 || at.y < y0 || at.y > y1) return;
  const rows = all.every((p) => p[0] === all[0][0]); // a picture of rows, not of months
  const far = (p) => rows ? Math.abs(p[1] - at.y) : Math.abs(p[0] - at.x) + Math.abs(p[1] - at.y) / 1e4;
  const [, , label, ...values] = all.reduce((a, b) => far(b) < far(a) ? b : a);
  tip ??= document.body.appendChild(Object.assign(document.createElement("div"), { className: "tip" }));
  tip.setAttribute("aria-hidden", "true");
  tip.textContent = [label, ...values.map((v, i) => v && names[i] + ": " + v).filter(Boolean)].join("\n");
  tip.hidden = false;
  tip.style.left = Math.max(8, Math.min(e.pageX + 16, document.documentElement.clientWidth - tip.offsetWidth - 8)) + "px";
  tip.style.top = Math.max(scrollY + 8, e.pageY - tip.offsetHeight - 14) + "px";
});
