// The search and the menus of the frame by keyboard: "/" goes to the search, arrows through what it finds, Escape back.
(() => {
  const field = document.getElementById("desk-q");
  const hits = document.getElementById("desk-hits");
  const links = () => [...hits.querySelectorAll("a")];
  const forget = () => { htmx.trigger(field, "htmx:abort"); hits.replaceChildren(); };
  const writes = (element) => element.isContentEditable || element.matches("input, textarea, select");

  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !writes(event.target) && !document.querySelector("dialog[open]")) {
      event.preventDefault();
      field.focus();
      field.select();
    }
    if (event.key === "Escape") {
      const menu = event.target.closest("details.desk-menu[open]");
      if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
    }
  });

  field.closest("search").addEventListener("keydown", (event) => {
    if (event.key === "Escape") { forget(); field.focus(); return; }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const found = step ? [field, ...links()] : [];
    if (found.length > 1) {
      event.preventDefault();
      found[(found.indexOf(document.activeElement) + step + found.length) % found.length].focus();
    }
  });

  // A click elsewhere closes what is open.
  document.addEventListener("click", (event) => {
    if (!event.target.closest("search")) { forget(); }
    document.querySelectorAll("details.desk-menu[open]").forEach((menu) => {
      if (!menu.contains(event.target)) { menu.open = false; }
    });
  });
})();
