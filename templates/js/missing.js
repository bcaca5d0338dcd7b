"use strict";
// A page that is not there is shown at any depth: its links start from the top of the site, above "markets".
(() => {
  const place = location.pathname.indexOf("/markets/"), top = place < 0 ? "" : location.pathname.slice(0, place + 1);
  document.querySelectorAll("a[href]").forEach((link) => {
    const address = link.getAttribute("href");
    if (!address.startsWith("#")) link.setAttribute("href", top + address);
  });
})();
