"use strict";
// Stocktower's keyboard. Nothing here is needed to read or to act: every page works without it.

const rows = () => [...document.querySelectorAll("table[data-rows] tbody tr[data-href]")];
const field = (name) => document.querySelector(`[data-key="${name}"]`);
let here = -1;
let leader = 0;

function go(index) {
  const all = rows();
  if (!all.length) return;
  all[here]?.classList.remove("here");
  here = Math.max(0, Math.min(all.length - 1, index));
  all[here].classList.add("here");
  all[here].scrollIntoView({ block: "nearest" });
}

function pick() {
  const row = rows()[here];
  if (!row) return;
  row.classList.toggle("picked");
  row.toggleAttribute("aria-selected", row.classList.contains("picked"));
  const picked = rows().filter((one) => one.classList.contains("picked"));
  const bar = document.getElementById("picks");
  if (!bar) return;
  bar.hidden = picked.length === 0;
  bar.querySelector("[data-count]").textContent = `${picked.length} selected`;
  const link = bar.querySelector("a");
  const list = picked.map((one) => one.dataset.name).join(",");
  link.href = `${bar.dataset.list}?q=${encodeURIComponent(`${bar.dataset.word}:${list}`)}`;
}

function turn(step) {
  const tabs = [...document.querySelectorAll("[data-tabs] a")];
  const at = tabs.findIndex((tab) => tab.hasAttribute("aria-current"));
  tabs[at + step]?.click();
}

document.querySelector("[data-tabs] [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });

function open(id) {
  const dialog = document.getElementById(id);
  if (!dialog || dialog.open) return;
  dialog.showModal();
  dialog.querySelector("input")?.select();
}

function typing(target) {
  return target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]") !== null;
}

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    open("go");
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (typing(event.target)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (leader && Date.now() - leader < 1500) {
    leader = 0;
    const link = document.querySelector(`[data-go="${CSS.escape(event.key)}"]`);
    if (link) {
      event.preventDefault();
      link.click();
    }
    return;
  }
  const acts = {
    "/": () => (field("find") ?? document.querySelector(".find input"))?.select(),
    j: () => go(here + 1),
    k: () => go(here - 1),
    x: pick,
    g: () => { leader = Date.now(); },
    "[": () => turn(-1),
    "]": () => turn(1),
    "?": () => open("keys"),
    Escape: () => { rows()[here]?.classList.remove("here"); here = -1; },
    Enter: () => {
      const row = rows()[here];
      if (row && event.target === document.body) window.location.assign(row.dataset.href);
      else return false;
    },
  };
  if (Object.hasOwn(acts, event.key) && acts[event.key]() !== false) event.preventDefault();
});
