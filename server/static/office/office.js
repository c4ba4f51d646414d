/** What a page does without the server: printing, and one press of a button that saves. */
addEventListener("click", (event) => {
  if (event.target.closest?.("[data-print]")) print();
});
addEventListener("submit", (event) => {
  // A second press would send the form again; the button's own value is sent all the same.
  const form = event.target;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
  setTimeout(() => delete form.dataset.sent, 8000);
});
addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});
