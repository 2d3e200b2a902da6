// A file dropped on the form is chosen and sent at once.
document.querySelectorAll("form[data-drop]").forEach((form) => {
  const over = (event) => { event.preventDefault(); form.classList.add("is-over"); };
  form.addEventListener("dragenter", over);
  form.addEventListener("dragover", over);
  form.addEventListener("dragleave", () => form.classList.remove("is-over"));
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    form.classList.remove("is-over");
    if (event.dataTransfer.files.length) {
      form.querySelector("input[type=file]").files = event.dataTransfer.files;
      form.requestSubmit();
    }
  });
});
