"use strict";
// Tables sort, filter, copy and download; charts tell their points and zoom. Without it, all is there to read.
// Every statement ends with a semicolon: pages get this text without its comments and spaces (render/script.py).
(() => {
  const doc = document, words = JSON.parse(doc.getElementById("words").textContent);
  const each = (selector, run) => doc.querySelectorAll(selector).forEach(run);
  const make = (tag, text, parent) => { const e = doc.createElement(tag); e.textContent = text; parent.append(e); return e; };
  const press = (text, parent, run) => { const e = make("button", text, parent); e.type = "button"; e.onclick = run; return e; };
  const tools = (target) => { const e = doc.createElement("div"); e.className = "tools"; target.before(e); return e; };

  const shown = (cell) => cell.textContent.trim();
  const value = (cell) => { const v = cell.dataset.b?.split(" ")[2] || cell.dataset.v || cell.dataset.x?.split(";")[0]; return v && !isNaN(v) ? +v : shown(cell); };
  const word = (v) => v === "" || isNaN(v);
  const order = (a, b) => word(a) - word(b) || (word(a) ? a.localeCompare(b, doc.documentElement.lang, { numeric: true }) : a - b);
  const quote = (text, plain) => { const v = (text + "").replace(/\s+/g, " ");
    return '"' + (!plain && /^[=+\-@\t\r|]/.test(v) && isNaN(v) ? "'" : "") + v.replace(/"/g, '""') + '"'; };
  // What a data file holds of a cell: both limits of an interval, a period, a code, a number; else its text.
  const headed = (cell) => cell.closest("table").rows[0].cells[cell.cellIndex];
  const held = (cell) => cell.dataset.x !== undefined ? cell.dataset.x.split(";") : [headed(cell).className == "r" && cell.dataset.v || shown(cell)];
  const lines = (table, text, between, end) => [...table.rows].filter((r) => !r.hidden).map((r) => [...r.cells].map(text).join(between)).join(end);

  // Drawn intervals from their places in percent: lower end, its half, point, half, upper end, own data alone.
  each("[data-b]", (cell) => {
    const numbers = (text) => text.split(" ").map(Number), spoken = shown(cell);
    const across = numbers(cell.closest("table").dataset.lines), [low, half, point, most, high, own] = numbers(cell.dataset.b);
    const line = (name, from, to, tall) => '<line class="' + name + '" x1="' + from + '%" x2="' + to + '%" y2="' + tall + '"/>';
    const dot = (name, at) => at >= 0 ? '<circle class="' + name + '" cx="' + at + '%"/>' : "";
    cell.innerHTML = '<svg role="img">' + line("z", across[0], across[0], 18) + (across[1] ? line("m", across[1], across[1], 18) : "")
      + dot("o", own) + line("", low, high, 0) + line("h", half, most, 0) + dot("", point) + "</svg>";
    const svg = cell.firstChild;
    svg.setAttribute("class", low <= across[0] && across[0] <= high ? "bar open" : "bar");
    svg.ariaLabel = shown(headed(cell)) + (spoken && ": " + spoken);
  });

  each("table.rich", (table) => {
    const body = table.tBodies[0], rows = [...body.rows], heads = [...table.rows[0].cells], bar = tools(table.parentNode);
    if (rows.length > 12) {
      const input = make("input", "", bar), count = make("span", "", bar);
      input.type = "search"; input.placeholder = words.filter; input.ariaLabel = words.filter + ": " + table.caption.textContent;
      count.className = "note"; count.role = "status";
      input.oninput = () => {
        let left = 0;
        for (const r of rows) left += !(r.hidden = !r.textContent.toLowerCase().includes(input.value.toLowerCase()));
        count.textContent = left + " / " + rows.length;
      };
    }
    const copy = press(words.copy, bar, async () => {
      await navigator.clipboard.writeText(lines(table, shown, "\t", "\n"));
      copy.textContent = words.copied;
      setTimeout(() => { copy.textContent = words.copy; }, 1500);
    });
    const sheet = () => {
      const parts = heads.map((head, i) => Math.max(...rows.map((r) => r.cells[i] ? held(r.cells[i]).length : 1)));
      const titles = heads.flatMap((head, i) => parts[i] == 2 ? [shown(head) + ": " + words.lower, shown(head) + ": " + words.upper] : [shown(head)]);
      const fill = (r) => heads.flatMap((head, i) => { const v = held(r.cells[i]); return v.length < parts[i] ? ["", ""] : v; });
      return [titles, ...[...body.rows].filter((r) => !r.hidden).map(fill)].map((r) => r.map((v) => quote(v)).join(",")).join("\r\n");
    };
    press(words.download, bar, () => {
      const link = doc.createElement("a");
      link.href = URL.createObjectURL(new Blob(["\ufeff" + sheet()], { type: "text/csv" }));
      link.download = table.dataset.name + ".csv";
      link.click();
    });
    if (rows[1]) heads.forEach((head, i) => {
      const nodes = [...head.childNodes];
      const button = press("", head, () => {
        const up = head.ariaSort != "ascending";
        heads.forEach((h) => { h.ariaSort = null; });
        head.ariaSort = up ? "ascending" : "descending";
        body.append(...rows.sort((a, b) => (up ? 1 : -1) * order(value(a.cells[i]), value(b.cells[i]))));
      });
      button.title = words.sort;
      button.append(...nodes);
    });
  });

  each(".zoom", (plot) => {
    const svg = plot.firstElementChild, bar = tools(plot);
    let scale = 1;
    const zoom = (to) => {
      if (!(to >= 1 && to <= 8)) return;
      const left = plot.scrollLeft, top = plot.scrollTop, by = to / scale, width = svg.getBoundingClientRect().width;
      scale = to;
      plot.classList.toggle("zoomed", to > 1);
      svg.style.width = to > 1 ? width * by + "px" : "";
      plot.scrollTo(left * by, top * by);
    };
    press(words.larger, bar, () => zoom(scale * 2));
    press(words.smaller, bar, () => zoom(scale / 2));
    plot.onkeydown = (event) => zoom({ "+": scale * 2, "-": scale / 2, 0: 1 }[event.key]);
  });

  // Folded sections open where an address leads into them, and all of them for the printer.
  const folds = [...doc.querySelectorAll("details")], links = [...doc.querySelectorAll(".toc a")];
  const reveal = (target) => { for (let e = target; e; e = e.parentElement) if (e.tagName == "DETAILS") e.open = true; };
  const go = () => {
    const name = decodeURIComponent(location.hash.slice(1)), target = doc.getElementById(name);
    if (target && folds[0]) { reveal(target.querySelector("details") || target); target.scrollIntoView(); }
  };
  addEventListener("hashchange", go); go();
  doc.addEventListener("click", (event) => { const link = event.target.closest?.("a[href^='#']"); if (link && link.hash == location.hash) go(); });
  addEventListener("beforeprint", () => folds.forEach((fold) => { fold.dataset.was = fold.open ? 1 : ""; fold.open = true; }));
  addEventListener("afterprint", () => folds.forEach((fold) => { fold.open = !!fold.dataset.was; }));
  const current = () => {
    const at = links.findLastIndex((link) => doc.getElementById(link.hash.slice(1)).getBoundingClientRect().top < innerHeight / 3);
    links.forEach((link, i) => { link.ariaCurrent = i == Math.max(at, 0) ? "true" : null; });
  };
  if (links[0]) { addEventListener("scroll", current, { passive: true }); current(); }

  // The planner: the same draws in every group, so that changes add up draw by draw; a parabola through what is known.
  const plan = doc.getElementById("draws");
  if (plan) {
    const known = JSON.parse(plan.textContent), box = plan.parentNode, places = box.querySelectorAll("dd"), count = known.groups[0].less.length;
    const style = known.currency ? { style: "currency", currency: known.currency } : {};
    const money = new Intl.NumberFormat(doc.documentElement.lang, { ...style, maximumFractionDigits: 0 });
    const share = new Intl.NumberFormat(doc.documentElement.lang, { style: "percent", maximumFractionDigits: 0 });
    const sliders = [...box.querySelectorAll("[type=range]")], fields = [...box.querySelectorAll("[type=number]")];
    const tell = () => {
      const by = sliders.map((one) => one.value / 100 / known.bound), draws = [];
      for (let d = 0; d < count; d++) draws.push(known.groups.reduce((sum, g, i) => sum + (g.more[d] - g.less[d]) / 2 * by[i] + (g.more[d] + g.less[d]) / 2 * by[i] * by[i], 0));
      const mean = draws.reduce((a, b) => a + b, 0) / count, losses = draws.filter((v) => v < 0).length;
      draws.sort((a, b) => a - b);
      const at = (p) => draws[Math.min(count - 1, Math.max(0, Math.round(p * (count - 1))))], tail = (1 - known.level) / 2;
      const say = (base) => money.format(base + mean) + " (" + money.format(base + at(tail)) + " " + known.to + " " + money.format(base + at(1 - tail)) + ")";
      places[0].textContent = say(0); places[1].textContent = say(known.sales);
      places[2].textContent = by.some((v) => v) ? (losses ? share.format(losses / count) : "< " + share.format(.01)) : "–";
    };
    sliders.forEach((one, i) => {
      one.oninput = () => { fields[i].value = one.value; tell(); };
      fields[i].oninput = () => { one.value = fields[i].value; tell(); };
    });
    tell();
  }

  // Every pharmacy has an address: its row is shown and marked, in all charts too, and what is known of it in a card.
  const list = doc.querySelector("#tab-pharmacies table"), names = new Map();
  if (list) for (const row of list.tBodies[0].rows) names.set(shown(row.cells[0]), row);
  const marks = doc.querySelectorAll("[data-tip]"), card = make("aside", "", doc.body);
  card.className = "card"; card.hidden = true;
  const point = (name) => {
    for (const one of marks) one.classList.toggle("hit", !!name && one.dataset.tip.startsWith(name + ":"));
    for (const [text, row] of names) row.classList.toggle("here", text == name);
  };
  const open = (name) => {
    const row = names.get(name), title = make("h3", name, card), facts = make("dl", "", card), heads = list.tHead.rows[0].cells;
    card.replaceChildren(title, facts); card.hidden = false; card.ariaLabel = name;
    [...row.cells].forEach((cell, i) => {
      const bar = cell.querySelector("svg");
      if (!i) return;
      make("dt", bar ? "" : shown(heads[i]), facts);
      const fact = make("dd", bar ? bar.ariaLabel : shown(cell), facts);
      if (bar) fact.append(bar.cloneNode(true));
    });
    press("×", card, () => { card.hidden = true; point(""); }).ariaLabel = words.close;
    point(name);
  };
  const named = () => {
    const name = decodeURIComponent(location.hash.slice(1)), row = names.get(name);
    if (row && !doc.getElementById(name)) { reveal(row); row.scrollIntoView({ block: "center" }); open(name); }
  };
  addEventListener("hashchange", named); named();
  for (const [name, row] of names) {
    row.onpointerenter = () => point(name);
    row.onclick = () => { location.hash = encodeURIComponent(name); };
  }

  const tip = make("div", "", doc.body);
  tip.className = "tip"; tip.hidden = true;
  const tell = (event) => {
    const mark = event.target.closest?.("[data-tip]");
    tip.hidden = !mark;
    if (!mark) return;
    tip.textContent = mark.dataset.tip;
    const box = mark.getBoundingClientRect();
    tip.style.left = Math.min((event.clientX || box.x) + 14, innerWidth - tip.offsetWidth - 8) + "px";
    tip.style.top = Math.max(8, (event.clientY || box.y) - tip.offsetHeight - 12) + "px";
  };
  doc.onpointermove = tell; doc.addEventListener("focusin", tell);
  doc.onkeydown = (event) => { if (event.key == "Escape") { tip.hidden = true; card.hidden = true; } };
})();
