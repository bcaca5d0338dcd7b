"use strict";
// The page that searches all text; pagefind's own script is loaded before this one, if a web server delivers it.
(() => {
  const target = document.getElementById("full-text");
  if (typeof PagefindUI !== "function") return;
  for (const e of document.querySelectorAll(".without-script")) e.hidden = true;
  new PagefindUI({ element: target, showImages: false, showSubResults: true, resetStyles: false });
})();
