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
  const quote = (cell) => { const v = (value(cell) + "").replace(/\s+/g, " ");
    return '"' + (!cell.dataset.v && /^[=+\-@\t\r|]/.test(v) ? "'" : "") + v.replace(/"/g, '""') + '"'; };
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
    press(words.download, bar, () => {
      const link = doc.createElement("a");
      link.href = URL.createObjectURL(new Blob(["\ufeff" + lines(table, quote, ",", "\r\n")], { type: "text/csv" }));
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
