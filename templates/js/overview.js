"use strict";
(() => {
  const source = document.getElementById("markets-data");
  if (!source) return;
  const data = JSON.parse(source.textContent), { numeric, rows } = data, w = data.words, last = numeric.length - 1;
  const table = document.querySelector("table[data-name=markets]"), body = table.tBodies[0], heads = [...table.tHead.rows[0].cells];
  const labels = JSON.parse(document.getElementById("words").textContent), lang = document.documentElement.lang, step = 100;
  const svgName = "http://www.w3.org/2000/svg";
  const make = (tag, parent, attributes = {}, text = "") => {
    const e = document.createElement(tag);
    for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
    e.textContent = text;
    parent.append(e);
    return e;
  };
  const draw = (tag, parent, attributes) => {
    const e = document.createElementNS(svgName, tag);
    for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
    parent.append(e);
    return e;
  };
  const textOf = (c) => Array.isArray(c) ? c[0] : c + "";
  const valueOf = (c, i) => i === 0 || i === last ? textOf(c) : Array.isArray(c) ? c[1] : c;
  const fold = (t) => t.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  for (const r of rows) {
    const start = r[2][0].normalize("NFKD").replace(/[^\0-\x7f]/g, "").toLowerCase().replace(/[^a-z0-9]+/g, "-");
    r[1] = r[1].startsWith("/") ? r[1].slice(1) : start + "-" + r[1];
    const verdict = r[3], file = r[last + 2];
    if (!Array.isArray(verdict)) r[3] = [w.verdicts[verdict][1], verdict];
    if (typeof file === "number") r[last + 2] = [data.files[file], file];
    r.key = fold(textOf(r[2]) + " " + textOf(r[3]));
  }

  const bar = (c, cell) => {
    const [low, point, high] = c.slice(2, 5).map((place) => place / 10), hollow = c[5];
    const svg = draw("svg", cell, { class: "bar", viewBox: "0 0 160 18", role: "img", "aria-label": hollow ? w.zero : w.not_zero });
    const near = (end) => (point + 0.344 * (end - point)).toFixed(1) + "%", line = { y1: 9, y2: 9, stroke: "var(--accent)" };
    draw("line", svg, { x1: data.zero + "%", x2: data.zero + "%", y1: 1, y2: 17, stroke: "var(--faint)" });
    draw("line", svg, { ...line, x1: low + "%", x2: high + "%", "stroke-width": 2 });
    draw("line", svg, { ...line, x1: near(low), x2: near(high), "stroke-width": 6 });
    draw("circle", svg, { cx: point + "%", cy: 9, r: 5, fill: hollow ? "var(--paper)" : "var(--ink)", stroke: "var(--ink)", "stroke-width": 1.6 });
  };
  const line = (r) => {
    const tr = document.createElement("tr");
    if (r[0]) tr.className = r[0];
    numeric.forEach((isNumber, i) => {
      const c = r[i + 2], text = textOf(c), marked = i === 1, cell = make(i ? "td" : "th", tr, i ? {} : { scope: "row", dir: "auto" });
      if (isNumber || marked) cell.className = isNumber ? "r" : "n";
      if (marked) make("span", cell, { class: "shape " + w.verdicts[c[1]][0], "aria-hidden": "true" });
      if (Array.isArray(c) && (!i || i === last)) make("a", cell, { href: "markets/" + r[1] + "/" + data.files[c[1]] }, text);
      else cell.append(text);
      if (Array.isArray(c) && c.length === 6) bar(c, cell);
    });
    return tr;
  };

  let shown = rows, first = 0, by = -1, up = true;
  const tools = document.createElement("div");
  tools.className = "tools";
  const search = make("input", tools, { type: "search", placeholder: w.search, "aria-label": w.search });
  const choice = (label, options) => {
    const list = make("select", tools, { "aria-label": label });
    for (const [value, text] of options) make("option", list, { value }, text);
    list.addEventListener("change", find);
    return list;
  };
  const verdict = choice(w.verdict, [["", w.every], ...w.verdicts.map(([code, word]) => [code, word])]);
  const has = (name) => rows.some((r) => r[0].split(" ").includes(name));
  const kinds = [["changed", w.changed], ["stale", w.stale]].filter(([name]) => has(name));
  const which = choice(w.which, [["", w.all_markets], ...kinds]);
  which.hidden = !kinds.length;
  const copy = make("button", tools, { type: "button" }, labels.copy), save = make("button", tools, { type: "button" }, labels.download);
  const pager = document.createElement("nav");
  pager.className = "pager";
  pager.setAttribute("aria-label", table.caption.textContent);
  const back = make("button", pager, { type: "button" }, w.previous), count = make("span", pager, { role: "status" });
  const on = make("button", pager, { type: "button" }, w.next);

  const paint = (all) => {
    const part = all === true ? shown : shown.slice(first, first + step);
    body.replaceChildren(...part.map(line));
    if (!part.length) make("td", make("tr", body, { class: "gap" }), { colspan: numeric.length }, w.nothing);
    const say = (n) => n.toLocaleString(lang);
    count.textContent = w.shown.replace("%1", say(part.length ? first + 1 : 0)).replace("%2", say(first + part.length)).replace("%3", say(shown.length));
    back.disabled = !first;
    on.disabled = first + step >= shown.length;
    back.hidden = on.hidden = shown.length <= step;
  };
  const compare = (a, b) => {
    const x = valueOf(a[by + 2], by), y = valueOf(b[by + 2], by), words = (v) => typeof v === "string";
    return words(x) - words(y) || (words(x) ? x.localeCompare(y, lang, { numeric: true }) : x - y);
  };
  function find() {
    const parts = fold(search.value).split(/\s+/).filter(Boolean);
    shown = rows.filter((r) => parts.every((p) => r.key.includes(p)) && (!verdict.value || w.verdicts[r[3][1]][0] === verdict.value)
      && (!which.value || r[0].split(" ").includes(which.value)));
    if (by >= 0) shown.sort((a, b) => (up ? 1 : -1) * compare(a, b));
    first = 0;
    paint();
  }
  search.addEventListener("input", find);
  back.addEventListener("click", () => { first -= step; paint(); });
  on.addEventListener("click", () => { first += step; paint(); });
  heads.forEach((head, i) => {
    const button = document.createElement("button");
    button.type = "button";
    button.title = labels.sort;
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      up = by === i ? !up : true;
      by = i;
      heads.forEach((h) => h.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      find();
    });
  });

  const heading = (h) => { const u = h.querySelector(".u"), all = h.textContent; return u ? all.slice(0, -u.textContent.length).trim() + " (" + u.textContent + ")" : all; };
  const quote = (v) => { const t = String(v).replace(/\s+/g, " "); return '"' + (typeof v === "string" && /^[=+\-@\t\r|]/.test(t) ? "'" : "") + t.replace(/"/g, '""') + '"'; };
  copy.addEventListener("click", async () => {
    const lines = [heads.map(heading), ...shown.map((r) => r.slice(2).map(textOf))];
    await navigator.clipboard.writeText(lines.map((l) => l.join("\t")).join("\n"));
    copy.textContent = labels.copied;
    setTimeout(() => { copy.textContent = labels.copy; }, 1500);
  });
  save.addEventListener("click", () => {
    const value = (c, i) => i === 1 ? textOf(c) : valueOf(c, i);
    const lines = [heads.map(heading), ...shown.map((r) => r.slice(2).map(value))].map((l) => l.map(quote).join(","));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(["\ufeff" + lines.join("\r\n")], { type: "text/csv" }));
    link.download = "markets.csv";
    link.click();
    URL.revokeObjectURL(link.href);
  });
  addEventListener("beforeprint", () => paint(true));
  addEventListener("afterprint", () => paint());
  table.parentNode.before(tools);
  table.parentNode.after(pager);
  for (const e of document.querySelectorAll(".without-script")) e.hidden = true;
  paint();
})();
