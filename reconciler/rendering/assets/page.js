"use strict";
(() => {
  const search = document.getElementById("search");
  const found = document.getElementById("found");
  const items = Array.from(document.querySelectorAll(".item"));
  const texts = items.map((item) => item.textContent.toLowerCase());
  const folds = Array.from(document.querySelectorAll("details"));
  const look = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    items.forEach((item, position) => {
      const fits = words.every((word) => texts[position].includes(word));
      item.classList.toggle("hidden", !fits);
      shown += fits ? 1 : 0;
    });
    found.textContent = words.length ? `${shown} of ${items.length}` : "";
  };
  const setAll = (open) => folds.forEach((fold) => { fold.open = open; });
  search.addEventListener("input", look);
  document.getElementById("unfold").addEventListener("click", () => setAll(true));
  document.getElementById("fold").addEventListener("click", () => setAll(false));
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== search) {
      event.preventDefault();
      search.focus();
    } else if (event.key === "Escape" && document.activeElement === search) {
      search.value = "";
      look();
    }
  });
  let before = null;
  window.addEventListener("beforeprint", () => {
    before = folds.map((fold) => fold.open);
    setAll(true);
  });
  window.addEventListener("afterprint", () => {
    (before || []).forEach((open, position) => { folds[position].open = open; });
  });
})();
