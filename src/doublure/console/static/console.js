// The page's behaviour beyond htmx: clears a form once its order is accepted, asks before ending the show,
// cuts while Esc is held, and reports when the room cannot be reached.
"use strict";

(() => {
  const HOLD_MS = 500; // holding Esc: long enough to prevent accidents, short enough to cut quickly
  const NOTE_MS = 6000;
  const body = document.body;
  const element = (id) => document.getElementById(id);

  // ---- forms: the text stays until the room accepts the order
  document.addEventListener("htmx:after:request", ({ detail: { ctx } }) => {
    const form = ctx.sourceElement;
    if (!form.matches("form") || !ctx.response.raw.ok) return;
    for (const id of (form.dataset.clear || "").split(" ").filter(Boolean)) element(id).value = "";
    if (form.id === "say-form") answerTo("");
  });
  document.addEventListener("htmx:error", ({ detail: { ctx } }) => {
    if (!ctx || !ctx.target || ctx.sourceElement.id === "feed") return;
    const note = document.createElement("p");
    note.className = "note bad";
    note.textContent = `${body.dataset.notDone}: ${body.dataset.wrongNetwork}`;
    ctx.target.replaceChildren(note);
  });
  // success notes disappear by themselves, errors stay until the next order
  const faded = new WeakSet();
  new MutationObserver(() => {
    for (const note of document.querySelectorAll(".noted .good")) {
      if (faded.has(note)) continue;
      faded.add(note);
      setTimeout(() => note.remove(), NOTE_MS);
    }
  }).observe(body, { childList: true, subtree: true });

  // ---- a line: Enter says it, Shift+Enter breaks it
  const line = element("say-text");
  line.addEventListener("keydown", (event) => {
    // 229: the Enter that ends an input-method composition in Safari
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    line.form.requestSubmit();
  });

  // ---- questions for the operator: the answer is said as a line
  const label = document.querySelector('label[for="say-text"]');
  function answerTo(question) {
    label.textContent = question ? label.dataset.reply.replace("#", () => question) : label.dataset.label;
  }
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-question]");
    if (!button) return;
    answerTo(button.dataset.question);
    line.focus();
    line.scrollIntoView({ block: "center" });
  });

  // ---- confirmation of orders that cannot be undone
  const ask = element("ask");
  document.addEventListener("htmx:confirm", (event) => {
    event.preventDefault();
    const { ctx, issueRequest, dropRequest } = event.detail;
    const yes = ask.querySelector("[value=yes]");
    element("ask-text").textContent = ctx.confirm;
    yes.textContent = ctx.sourceElement.dataset.yes;
    ask.returnValue = "no";
    ask.addEventListener("close", () => (ask.returnValue === "yes" ? issueRequest() : dropRequest()), { once: true });
    ask.showModal();
  });

  // ---- Esc held for half a second cuts, wherever the cursor is
  const cut = element("cut");
  let holding = 0;
  function release() {
    clearTimeout(holding);
    holding = 0;
    cut.classList.remove("held");
  }
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.isComposing || event.repeat || holding || ask.open) return;
    cut.classList.add("held");
    holding = setTimeout(() => { cut.click(); release(); }, HOLD_MS);
  });
  addEventListener("keyup", (event) => { if (event.key === "Escape") release(); });
  addEventListener("blur", release);

  // ---- connection to the room
  const lost = element("lost");
  function showState() {
    const state = document.querySelector("#state [data-state]")?.dataset.state;
    if (state) body.dataset.state = state;
    for (const button of document.querySelectorAll("main form button, #controls button")) button.disabled = state === "off";
    if (state === "off") lost.hidden = true;
  }
  const feed = element("feed");
  const gone = () => { if (!document.hidden) lost.hidden = body.dataset.state === "off"; };
  feed.addEventListener("htmx:sse:after:connection", () => { lost.hidden = true; });
  feed.addEventListener("htmx:sse:after:message", () => { lost.hidden = true; showState(); });
  for (const fault of ["htmx:sse:error", "htmx:error"]) feed.addEventListener(fault, gone);
  // do not reconnect once the show is over
  feed.addEventListener("htmx:sse:before:connection", (event) => {
    if (body.dataset.state === "off") event.preventDefault();
  });
  showState();
})();
