"use strict";
// The list of markets: drawn from the data of the page, searched, filtered, sorted, turned by pages, copied, downloaded.
(() => {
  const doc = document, data = JSON.parse(doc.getElementById("markets-data").textContent), { numeric, rows } = data, w = data.words;
  const table = doc.querySelector("table[data-name=markets]"), body = table.tBodies[0], heads = [...table.rows[0].cells];
  const labels = JSON.parse(doc.getElementById("words").textContent), last = numeric.length - 1, step = 100, sample = body.querySelector("svg");
  const make = (tag, parent, text, more) => { const e = Object.assign(doc.createElement(tag), more); e.append(text); parent.append(e); return e; };
  const set = (e, more) => Object.entries(more).forEach(([name, value]) => e.setAttribute(name, value));
  const textOf = (c) => Array.isArray(c) ? c[0] : c + "";
  const linked = (i) => !i || data.links.includes(i);
  const valueOf = (c, i) => linked(i) ? textOf(c) : Array.isArray(c) ? c[1] : c;
  const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

  rows.forEach((r) => {
    if (r[1][0] === "/") r[1] = r[1].slice(1);
    else r[1] = r[2][0].normalize("NFKD").replace(/[^\0-\x7f]/g, "").toLowerCase().replace(/[^a-z0-9]+/g, "-") + "-" + r[1];
    if (!Array.isArray(r[3])) r[3] = [w.verdicts[r[3]][1], r[3]];
    data.links.forEach((i) => { const at = r[i + 2]; if (at >= 0) r[i + 2] = [data.labels[at], at]; });
    r.key = fold(textOf(r[2]) + " " + r[3][0]);
  });
  const line = (r) => {
    const tr = doc.createElement("tr");
    tr.className = r[0];
    numeric.forEach((right, i) => {
      const c = r[i + 2], text = textOf(c), cell = make(i ? "td" : "th", tr, "", { className: right ? "r" : i === 1 ? "n" : "" });
      if (!i) set(cell, { scope: "row", dir: "auto" });
      if (i === 1) make("span", cell, "", { className: "shape " + w.verdicts[c[1]][0], ariaHidden: "true" });
      if (linked(i) && Array.isArray(c)) make("a", cell, text, { href: "markets/" + r[1] + "/" + data.files[c[1]] });
      else cell.append(text);
      if (!sample || c.length !== 6 || !Array.isArray(c)) return;
      const svg = sample.cloneNode(true), [thin, thick, dot] = [...svg.children].slice(-3), [low, at, high] = c.slice(2, 5).map((place) => place / 10);
      const near = (end) => (at + 0.344 * (end - at)).toFixed(1) + "%";
      set(thin, { x1: low + "%", x2: high + "%" });
      set(thick, { x1: near(low), x2: near(high) });
      set(dot, { cx: at + "%" });
      svg.classList.toggle("open", !!c[5]);
      svg.ariaLabel = c[5] ? w.zero : w.not_zero;
      cell.append(svg);
    });
    return tr;
  };

  let shown = rows, first = 0, by = -1, up = true;
  const tools = doc.createElement("div"), pager = doc.createElement("nav");
  tools.className = "tools";
  pager.className = "pager";
  pager.ariaLabel = table.caption.textContent;
  const paint = (all) => {
    const part = all ? shown : shown.slice(first, first + step), say = (n) => n.toLocaleString(doc.documentElement.lang);
    body.replaceChildren(...part.map(line));
    if (!part.length) make("td", make("tr", body, "", { className: "gap" }), w.nothing, { colSpan: last + 1 });
    count.textContent = w.shown.replace("%1", say(first + !!part.length)).replace("%2", say(first + part.length)).replace("%3", say(shown.length));
    back.disabled = !first;
    on.disabled = first + step >= shown.length;
    back.hidden = on.hidden = shown.length <= step;
  };
  const find = () => {
    const parts = fold(search.value).split(/\s+/), kind = which.value, order = (v) => typeof v === "string";
    shown = rows.filter((r) => parts.every((p) => r.key.includes(p)) && (!verdict.value || w.verdicts[r[3][1]][0] === verdict.value) && (!kind || r[0].includes(kind)));
    if (by >= 0) shown.sort((a, b) => {
      const x = valueOf(a[by + 2], by), y = valueOf(b[by + 2], by);
      return (up ? 1 : -1) * (order(x) - order(y) || (order(x) ? x.localeCompare(y, doc.documentElement.lang, { numeric: true }) : x - y));
    });
    first = 0;
    paint();
  };
  const choice = (label, options) => {
    const list = make("select", tools, "", { ariaLabel: label, onchange: find, hidden: !options[1] });
    options.forEach(([value, text]) => make("option", list, text, { value }));
    return list;
  };
  const press = (text, parent, run) => make("button", parent, text, { type: "button", onclick: run });
  const search = make("input", tools, "", { type: "search", placeholder: w.search, ariaLabel: w.search, oninput: find });
  const verdict = choice(w.verdict, [["", w.every], ...w.verdicts]);
  const which = choice(w.which, [["", w.all_markets], ...[["changed", w.changed], ["stale", w.stale]].filter(([kind]) => rows.some((r) => r[0].includes(kind)))]);
  const heading = (head) => { const u = head.querySelector(".u"), all = head.textContent.trim(); return u ? all.slice(0, -u.textContent.length).trim() + " (" + u.textContent + ")" : all; };
  const lines = (cell, between, end) => [heads.map((head) => cell(heading(head))), ...shown.map((r) => r.slice(2).map(cell))].map((parts) => parts.join(between)).join(end);
  const quote = (c, i) => { const v = i === 1 ? textOf(c) : valueOf(c, i), t = (v + "").replace(/\s+/g, " ");
    return '"' + (typeof v === "string" && /^[=+\-@\t\r|]/.test(t) ? "'" : "") + t.replace(/"/g, '""') + '"'; };
  const copy = press(labels.copy, tools, async () => {
    await navigator.clipboard.writeText(lines(textOf, "\t", "\n"));
    copy.textContent = labels.copied;
    setTimeout(() => { copy.textContent = labels.copy; }, 1500);
  });
  press(labels.download, tools, () => {
    const href = URL.createObjectURL(new Blob(["\ufeff" + lines(quote, ",", "\r\n")], { type: "text/csv" }));
    make("a", tools, "", { href, download: "markets.csv", hidden: true }).click();
  });
  const back = press(w.previous, pager, () => { first -= step; paint(); }), count = make("span", pager, "", { role: "status" });
  const on = press(w.next, pager, () => { first += step; paint(); });
  heads.forEach((head, i) => {
    const nodes = [...head.childNodes], button = press("", head, () => {
      up = by !== i || !up;
      by = i;
      heads.forEach((h) => { h.ariaSort = null; });
      head.ariaSort = up ? "ascending" : "descending";
      find();
    });
    button.title = labels.sort;
    button.append(...nodes);
  });
  onbeforeprint = () => paint(true);
  onafterprint = () => paint();
  table.parentNode.before(tools);
  table.parentNode.after(pager);
  doc.querySelectorAll(".without-script").forEach((e) => { e.hidden = true; });
  paint();
})();
