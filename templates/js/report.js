"use strict";
(() => {
  const words = JSON.parse(document.getElementById("words").textContent);
  const make = (tag, text, parent) => { const e = document.createElement(tag); e.textContent = text; parent.append(e); return e; };
  const shown = (cell) => cell.textContent.trim();
  const value = (cell) => cell.dataset.v === undefined ? shown(cell) : Number(cell.dataset.v);
  const order = (a, b) => typeof a === "number" && typeof b === "number" ? a - b
    : typeof a === "number" ? -1 : typeof b === "number" ? 1 : a.localeCompare(b, document.documentElement.lang, { numeric: true });
  const quote = (cell) => { const v = String(value(cell)).replace(/\s+/g, " ");
    return '"' + (cell.dataset.v === undefined && /^[=+\-@\t\r|]/.test(v) ? "'" : "") + v.replace(/"/g, '""') + '"'; };
  const lines = (table) => [...table.rows].filter((r) => !r.hidden).map((r) => [...r.cells]);

  for (const table of document.querySelectorAll("table.rich")) {
    const body = table.tBodies[0], rows = [...body.rows], heads = [...table.tHead.rows[0].cells];
    const tools = document.createElement("div");
    tools.className = "tools";
    if (rows.length > 12) {
      const input = make("input", "", tools), count = make("span", "", tools);
      input.type = "search"; input.placeholder = words.filter;
      input.setAttribute("aria-label", words.filter + ": " + table.caption.textContent);
      count.className = "note"; count.setAttribute("role", "status");
      input.addEventListener("input", () => {
        const want = input.value.toLowerCase();
        let left = 0;
        for (const r of rows) { r.hidden = !r.textContent.toLowerCase().includes(want); left += !r.hidden; }
        count.textContent = left + " / " + rows.length;
      });
    }
    const copy = make("button", words.copy, tools), save = make("button", words.download, tools);
    copy.type = save.type = "button";
    copy.addEventListener("click", async () => {
      await navigator.clipboard.writeText(lines(table).map((r) => r.map(shown).join("\t")).join("\n"));
      copy.textContent = words.copied;
      setTimeout(() => { copy.textContent = words.copy; }, 1500);
    });
    save.addEventListener("click", () => {
      const text = "\ufeff" + lines(table).map((r) => r.map(quote).join(",")).join("\r\n");
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
      link.download = table.dataset.name + ".csv";
      link.click();
      URL.revokeObjectURL(link.href);
    });
    table.parentNode.before(tools);
    if (rows.length > 1) heads.forEach((head, i) => {
      const button = document.createElement("button");
      button.type = "button"; button.title = words.sort;
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const up = head.getAttribute("aria-sort") !== "ascending";
        heads.forEach((h) => h.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        rows.sort((a, b) => (up ? 1 : -1) * order(value(a.cells[i]), value(b.cells[i])));
        body.append(...rows);
      });
    });
  }

  const tip = make("div", "", document.body);
  tip.className = "tip"; tip.hidden = true;
  const show = (event) => {
    const mark = event.target.closest && event.target.closest("[data-tip]");
    tip.hidden = !mark;
    if (!mark) return;
    tip.textContent = mark.dataset.tip;
    const box = mark.getBoundingClientRect(), x = event.clientX || box.x, y = event.clientY || box.y;
    tip.style.left = Math.min(x + 14, innerWidth - tip.offsetWidth - 8) + "px";
    tip.style.top = Math.max(8, y - tip.offsetHeight - 12) + "px";
  };
  for (const name of ["pointermove", "focusin"]) document.addEventListener(name, show);
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") tip.hidden = true; });
})();
