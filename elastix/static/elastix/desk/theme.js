// Light or dark, as the system is set, unless somebody chose. In the head, so that no page flashes in the other one.
(() => {
  if (document.documentElement.dataset.theme !== "system") { return; }
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const apply = () => { document.documentElement.dataset.bsTheme = dark.matches ? "dark" : "light"; };
  dark.addEventListener("change", apply);
  apply();
})();
