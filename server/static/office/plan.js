/** The plan: places the bars, moves the focus, drags, shows what a change would cost. Everything else is the server's. */
const plan = document.getElementById("plan"), said = document.getElementById("said"), dialog = document.getElementById("preview");
const minutes = plan.dataset.days * 1440, SNAP = 15, EDGE = 8, LONG_PRESS = 400;
plan.style.setProperty("--days", plan.dataset.days);
plan.style.setProperty("--now", plan.dataset.now / minutes);
const place = (bar) => {
  bar.style.setProperty("--s", Math.max(0, bar.dataset.s / minutes)); // what reaches beyond the plan is cut off
  bar.style.setProperty("--e", Math.min(1, bar.dataset.e / minutes));
  bar.tabIndex = -1;
};
const start = () => {
  for (const bar of plan.querySelectorAll(".o")) place(bar);
  const first = plan.querySelector(".s-out") ?? plan.querySelector(".o");
  if (first) first.tabIndex = 0;
};
start();
if (plan.dataset.now > 2880 && plan.dataset.days < 31) plan.scrollLeft = 0;

/** One tab stop; arrows go along a lane and to the nearest bar of the next lane. */
const focusBar = (bar) => {
  if (!bar) return;
  for (const old of plan.querySelectorAll('.o[tabindex="0"]')) old.tabIndex = -1;
  bar.tabIndex = 0;
  bar.focus({ preventScroll: true });
  bar.scrollIntoView({ block: "nearest", inline: "nearest" });
};
const nearest = (lane, minute) =>
  [...lane.querySelectorAll(".o")].sort((a, b) => Math.abs(a.dataset.s - minute) - Math.abs(b.dataset.s - minute))[0];
const otherLane = (bar, step) => {
  const rows = [...plan.querySelectorAll("tbody tr:not(.g)")];
  for (let i = rows.indexOf(bar.closest("tr")) + step; rows[i]; i += step) {
    const found = nearest(rows[i], bar.dataset.s);
    if (found) return found;
  }
};
plan.addEventListener("keydown", (event) => {
  const bar = event.target.closest?.(".o");
  if (!bar) return;
  const go = {
    ArrowRight: () => bar.nextElementSibling, ArrowLeft: () => bar.previousElementSibling,
    ArrowDown: () => otherLane(bar, 1), ArrowUp: () => otherLane(bar, -1),
    Home: () => bar.parentElement.firstElementChild, End: () => bar.parentElement.lastElementChild,
  }[event.key];
  if (go) { event.preventDefault(); focusBar(go()); }
  if (event.key === "m" && bar.dataset.m) ask(bar, bar.closest("tr"), +bar.dataset.s, +bar.dataset.e);
});
plan.addEventListener("focusin", (event) => {
  const bar = event.target.closest?.(".o");
  if (bar) said.textContent = bar.closest("tr").querySelector("th a").textContent;
});

/** Drag: the middle moves, the last pixels extend, an empty lane makes a block. Escape gives up. */
let drag = null;
const minuteAt = (x, lane) => {
  const box = lane.getBoundingClientRect();
  return Math.round((((x - box.left) / box.width) * minutes) / SNAP) * SNAP;
};
plan.addEventListener("pointerdown", (event) => {
  const lane = event.target.closest("tbody .lane");
  if (!lane || event.button) return;
  const bar = event.target.closest(".o"), at = minuteAt(event.clientX, lane);
  if (bar && !bar.dataset.m) return;
  const box = bar?.getBoundingClientRect();
  const mode = !bar ? "make" : event.clientX > box.right - EDGE || bar.dataset.m === "end" ? "end" : "move";
  drag = { bar, lane, from: at, mode, s: bar ? +bar.dataset.s : at, e: bar ? +bar.dataset.e : at, x: event.clientX, y: event.clientY, since: event.timeStamp, finger: event.pointerType === "touch", ghost: null };
});
addEventListener("pointermove", (event) => {
  if (!drag) return;
  if (!drag.ghost) {
    if (Math.hypot(event.clientX - drag.x, event.clientY - drag.y) < 4) return;
    if (drag.finger && event.timeStamp - drag.since < LONG_PRESS) { drag = null; return; } // a finger that scrolls
    drag.ghost = Object.assign(document.createElement("span"), { className: "ghost" });
    drag.lane.append(drag.ghost);
    drag.bar?.classList.add("drag");
  }
  const under = document.elementsFromPoint(event.clientX, event.clientY).map((e) => e.closest("tbody .lane")).find(Boolean);
  if (drag.mode === "move" && under && under !== drag.ghost.parentElement) under.append(drag.ghost);
  const delta = minuteAt(event.clientX, drag.lane) - drag.from;
  let s = drag.s, e = drag.e;
  if (drag.mode === "move") { s += delta; e += delta; }
  else if (drag.mode === "end") e = Math.max(s + SNAP, e + delta);
  else { s = Math.min(drag.from, drag.from + delta); e = Math.max(drag.from, drag.from + delta); }
  drag.now = { s, e };
  drag.ghost.style.setProperty("--s", s / minutes);
  drag.ghost.style.setProperty("--e", e / minutes);
  said.textContent = `${wall(s).replace("T", " ")} – ${wall(e).replace("T", " ")}`;
});
const finish = (keep) => {
  if (!drag) return;
  const { bar, ghost, now } = drag, row = ghost?.closest("tr");
  drag = null;
  bar?.classList.remove("drag");
  if (!ghost) return;
  addEventListener("click", (event) => { event.preventDefault(); event.stopPropagation(); }, { capture: true, once: true });
  setTimeout(() => ghost.remove());
  if (keep && now) ask(bar, row, now.s, now.e);
};
addEventListener("pointerup", () => finish(true));
addEventListener("pointercancel", () => finish(false));
addEventListener("keydown", (event) => { if (event.key === "Escape") finish(false); });
addEventListener("dragstart", (event) => event.preventDefault());

/** The station's wall clock of a minute of the plan, as the forms take it. */
const wall = (minute) => new Date(Date.parse(plan.dataset.first + "T00:00Z") + minute * 60000).toISOString().slice(0, 16);

/** The server's own form in a dialog: with what it would cost, what is in the way, and the button that saves. */
const ask = async (bar, row, s, e) => {
  const car = row.id.slice(2), next = location.pathname + plan.dataset.address;
  const times = { "period.start": bar && s === +bar.dataset.s ? "" : wall(s), "period.end": wall(e) };
  if (bar && !times["period.start"]) delete times["period.start"];
  const sameLane = bar?.closest("tr") === row;
  let answer;
  if (!bar) {
    const query = new URLSearchParams({ ...times, next });
    answer = await fetch(`/office/vehicles/${car}/block?${query}`);
  } else {
    const action = sameLane ? "change-period" : "move";
    const query = new URLSearchParams({ ...times, next, ...(sameLane ? {} : { vehicleId: car }), preview: "yes" });
    answer = await fetch(`/office/contracts/${bar.dataset.n}/${action}?${query}`);
  }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  dialog.replaceChildren(page.getElementById("action") ?? page.querySelector("main"));
  dialog.querySelector("[data-close]")?.addEventListener("click", (event) => { event.preventDefault(); dialog.close(); });
  dialog.showModal();
  dialog.onclose = () => bar?.focus();
};

/** Live: the lane of what has changed is read again, and that in which it was shown before. */
const wanted = new Set();
let reading = null;
const readAgain = (id) => {
  if (!id || !document.getElementById(`v-${id}`)) return;
  wanted.add(id);
  reading ??= setTimeout(async () => {
    reading = null;
    const ids = [...wanted];
    wanted.clear();
    for (const one of ids) {
      const answer = await fetch(`/office/plan/lanes/${one}${plan.dataset.address}`);
      const row = document.getElementById(`v-${one}`);
      if (!answer.ok || !row) continue;
      const fresh = document.createElement("tbody");
      fresh.innerHTML = await answer.text();
      const lane = fresh.querySelector("tr"), focused = document.activeElement?.closest?.("tr") === row ? document.activeElement.id : null;
      if (!lane) continue;
      row.replaceWith(lane);
      for (const bar of lane.querySelectorAll(".o")) place(bar);
      if (focused) focusBar(document.getElementById(focused));
    }
  }, 120);
};
document.body.addEventListener("contractchanged", (event) => {
  for (const bar of plan.querySelectorAll(`.o[data-n="${CSS.escape(event.detail.number)}"]`)) readAgain(bar.closest("tr").id.slice(2));
  readAgain(event.detail.vehicle?.id);
});
document.body.addEventListener("vehiclechanged", (event) => readAgain(event.detail.id));
document.body.addEventListener("allchanged", () => location.reload());
