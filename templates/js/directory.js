"use strict";
// Finds pharmacies in all markets: every part of what is typed must be in the code.
(() => {
  const { words, markets } = JSON.parse(document.getElementById("markets-data").textContent), most = 100;
  const make = (tag, parent, text) => { const e = document.createElement(tag); e.textContent = text; parent.append(e); return e; };
  const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  for (const market of markets) { market.names = market[2].split("\n"); market.keys = fold(market[2]).split("\n"); }
  const tools = document.createElement("div"), input = make("input", tools, ""), status = make("p", tools, words.hint);
  const list = document.createElement("ul");
  tools.className = "tools";
  list.className = "found";
  input.type = "search";
  input.placeholder = words.search;
  input.setAttribute("aria-label", words.search);
  status.className = "note";
  status.setAttribute("role", "status");
  const find = () => {
    const parts = fold(input.value).split(/\s+/).filter(Boolean);
    let count = 0;
    list.replaceChildren();
    if (parts.length) for (const market of markets) market.keys.forEach((key, i) => {
      if (!parts.every((part) => key.includes(part))) return;
      count += 1;
      if (count > most) return;
      const item = make("li", list, ""), link = make("a", item, market.names[i]);
      link.href = market[1] + "#pharmacies";
      link.dir = "auto";
      make("span", item, " · " + market[0]);
    });
    const say = (n) => n.toLocaleString(document.documentElement.lang);
    status.textContent = !parts.length ? words.hint : count ? words.shown.replace("%1", say(Math.min(count, most))).replace("%2", say(count)) : words.nothing;
  };
  input.addEventListener("input", find);
  document.getElementById("overview").append(tools, list);
  for (const e of document.querySelectorAll(".without-script")) e.hidden = true;
  input.value = decodeURIComponent(location.hash.slice(1));
  find();
  input.focus({ preventScroll: true });
})();
