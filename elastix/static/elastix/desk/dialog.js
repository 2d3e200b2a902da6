// Buttons that open a dialog by its id, and those that close the one they are in.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) { document.getElementById(opener.dataset.opens).showModal(); }
  const closer = event.target.closest("[data-closes]");
  if (closer) { closer.closest("dialog").close(); }
});
