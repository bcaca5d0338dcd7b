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
  const value = (cell) => cell.dataset.v ? +cell.dataset.v : shown(cell);
  const word = (v) => v === "" || isNaN(v);
  const order = (a, b) => word(a) - word(b) || (word(a) ? a.localeCompare(b, doc.documentElement.lang, { numeric: true }) : a - b);
  const quote = (text, plain) => { const v = (text + "").replace(/\s+/g, " ");
    return '"' + (!plain && /^[=+\-@\t\r|]/.test(v) && isNaN(v) ? "'" : "") + v.replace(/"/g, '""') + '"'; };
  // What a data file holds of a cell: both limits of an interval, a period, a code, a number; else its text.
  const held = (cell) => cell.dataset.x !== undefined ? cell.dataset.x.split(";") : [cell.className == "r" && cell.dataset.v || shown(cell)];
  const lines = (table, text, between, end) => [...table.rows].filter((r) => !r.hidden).map((r) => [...r.cells].map(text).join(between)).join(end);

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
  doc.onkeydown = (event) => { if (event.key == "Escape") tip.hidden = true; };
})();
