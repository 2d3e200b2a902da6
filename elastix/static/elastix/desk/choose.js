// A tick above a column ticks every row of the page; the button says how many are ticked: one within the form by data-count,
// one outside it by data-count-of, with the form's id. A form with data-keeps remembers
// the ticks of its other pages: they are sent along, hidden, until the form is sent or the list is filtered otherwise.
(() => {
  const kept = () => {
    const asked = new URLSearchParams(location.search);
    ["page", "sort"].forEach((name) => asked.delete(name));
    asked.sort();
    return `ticks ${location.pathname} ${asked}`;
  };
  const remember = (form, name) => {
    const ticks = [...form.querySelectorAll(`input[type=checkbox][name="${name}"]`)];
    const elsewhere = [...form.querySelectorAll(`input[type=hidden][name="${name}"]`)];
    const values = [...elsewhere, ...ticks.filter((tick) => tick.checked)].map((each) => each.value);
    sessionStorage.setItem(kept(), JSON.stringify(values));
  };
  const recall = (form, name) => {
    const values = new Set(JSON.parse(sessionStorage.getItem(kept()) || "[]"));
    form.querySelectorAll(`input[type=hidden][name="${name}"]`).forEach((each) => each.remove());
    form.querySelectorAll(`input[type=checkbox][name="${name}"]`).forEach((tick) => { tick.checked = values.delete(tick.value); });
    values.forEach((value) => {
      const field = document.createElement("input");
      Object.assign(field, { type: "hidden", name, value });
      form.append(field);
    });
  };
  const count = (form) => {
    const shown = [...form.querySelectorAll("[data-count]"), ...document.querySelectorAll(`[data-count-of="${form.id}"]`)];
    const box = form.querySelector("[data-chooses]");
    if (!shown.length || !box) { return; }
    const name = box.dataset.chooses;
    const ticks = [...form.querySelectorAll(`input[type=checkbox][name="${name}"]`)];
    const ticked = ticks.filter((tick) => tick.checked).length;
    const chosen = ticked + form.querySelectorAll(`input[type=hidden][name="${name}"]`).length;
    shown.forEach((each) => { each.textContent = chosen || ("countOf" in each.dataset ? 0 : ""); });
    box.checked = ticked > 0 && ticked === ticks.length;
    box.indeterminate = ticked > 0 && ticked < ticks.length;
  };
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form");
    if (!form) { return; }
    const name = event.target.dataset.chooses;
    if (name) {
      form.querySelectorAll(`input[type=checkbox][name="${name}"]`).forEach((tick) => { tick.checked = event.target.checked; });
    }
    const box = form.querySelector("[data-chooses]");
    if (box && "keeps" in form.dataset) { remember(form, box.dataset.chooses); }
    count(form);
  });
  document.addEventListener("submit", (event) => {
    if ("keeps" in event.target.dataset) { sessionStorage.removeItem(kept()); }
  });
  // The foot of the list stands above the bar of pages, however many rows that has.
  const lift = () => {
    const bar = document.querySelector(".desk-bottom");
    if (bar) { document.documentElement.style.setProperty("--desk-bar", `${bar.offsetHeight}px`); }
  };
  lift();
  window.addEventListener("resize", lift);
  // A browser that comes back has kept the ticks.
  window.addEventListener("pageshow", () => document.querySelectorAll("form").forEach((form) => {
    const box = form.querySelector("[data-chooses]");
    if (box && "keeps" in form.dataset) { recall(form, box.dataset.chooses); }
    count(form);
    if (box && form.querySelector("[data-count]")?.textContent) {
      form.dispatchEvent(new Event("change", { bubbles: true }));
    }
  }));
})();
