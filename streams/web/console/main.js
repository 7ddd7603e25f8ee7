// The console: asks the API for the period and tenant that are chosen, and shows each answer in its section.

import { Refused, ask, save, token } from "./api.js";
import { headline } from "./money.js";
import { hourOf, iso, moment, period } from "./period.js";
import * as sections from "./sections.js";

const RELOAD_MS = 60_000;
const LIVE_MS = 5_000;
const LIVE_WINDOW_MS = 60_000;
const LISTED = 10;

const byId = (id) => document.getElementById(id);
const filters = byId("filters");
let turn = 0;
let timers = [];

function chosen() {
  const { step, ...within } = period(filters.elements.period.value);
  return { step, within, tenant: filters.elements.tenant.value };
}

async function load() {
  const mine = ++turn;
  const { step, within, tenant } = chosen();
  const query = { ...within, tenant };
  const questions = [
    ["spend", {}, ([all]) => sections.figures(all)],
    ["forecast", { since: "", until: "" }, sections.forecast],
    ["trend", { step }, (found) => sections.trend(found, step)],
    ["savings", {}, sections.waterfall],
    ["spend", { by: "tenant,cost_center" }, sections.tenants],
    ["budgets", { since: "" }, sections.budgets],
    ["cache-quality", {}, sections.quality],
    ["unit-costs", { by: "task,model" }, sections.unitCosts],
    ["anomalies", {}, sections.anomalies],
    ["idle", {}, sections.idle],
    ["expensive", { limit: LISTED }, sections.expensive],
  ];
  await guarded(async () => {
    await Promise.all(questions.map(async ([path, more, show]) => {
      const found = await ask(path, { ...query, ...more });
      if (mine === turn) show(found);
    }));
    byId("updated").textContent = `As of ${moment(Date.now())} UTC.`;
  });
}

/** Show what goes wrong; a token that does not hold is asked for again. */
async function guarded(work) {
  try {
    await work();
    complain("");
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    complain(error.status === 401 ? "This token does not hold." : error.message);
    if (error.status === 401) leave();
  }
}

function complain(text) {
  byId("problem").textContent = text;
  byId("problem").hidden = !text;
}

/** The rate of the last minute: how much the ledger's totals grew between two looks at them. */
function live() {
  const since = iso(hourOf(Date.now()) - 3_600_000);
  let seen = [];
  const look = async () => {
    const [all] = await ask("spend", { since, tenant: chosen().tenant });
    const now = Date.now();
    seen = [...seen.filter((one) => now - one.at <= LIVE_WINDOW_MS), { at: now, requests: all.requests, cost: all.effective_cost }];
    const [first, last] = [seen[0], seen.at(-1)];
    if (first === last) return;
    const span = last.at - first.at;
    const perMinute = ((last.requests - first.requests) * 60_000) / span;
    const perHour = ((last.cost - first.cost) * 3_600_000n) / BigInt(span);
    byId("f-live").textContent = `${perMinute < 10 ? perMinute.toFixed(1) : Math.round(perMinute).toLocaleString("en-US")}/min`;
    byId("f-live-note").textContent = `${headline(perHour)} an hour, last ${Math.round(span / 1000)} s`;
    document.querySelector(".pulse").classList.toggle("on", last.requests > first.requests);
  };
  byId("f-live").textContent = "–";
  byId("f-live-note").textContent = "measuring…";
  const attempt = () => look().catch(() => undefined); // the next reload says what is wrong
  attempt();
  return setInterval(attempt, LIVE_MS);
}

function restart() {
  timers.forEach(clearInterval);
  history.replaceState(null, "", `?${new URLSearchParams(new FormData(filters))}`);
  load();
  timers = [setInterval(load, RELOAD_MS), live()];
}

async function open() {
  await guarded(async () => {
    await ask("token");
    const tenants = await ask("spend", { by: "tenant" });
    const names = tenants.map((row) => row.by.tenant).sort();
    filters.elements.tenant.replaceChildren(new Option("All", ""), ...names.map((name) => new Option(name, name)));
    for (const [name, value] of new URLSearchParams(location.search)) {
      const field = filters.elements[name];
      if (field && [...field.options].some((option) => option.value === value)) field.value = value;
    }
    show(true);
    restart();
  });
}

function leave() {
  token.forget();
  turn += 1;
  timers.forEach(clearInterval);
  show(false);
  byId("token").focus();
}

function show(inside) {
  byId("console").hidden = !inside;
  filters.hidden = !inside;
  byId("enter").hidden = inside;
}

function offerDownloads() {
  for (const group of document.querySelectorAll(".downloads")) {
    const { download, by } = group.dataset;
    const what = group.closest("section")?.querySelector("h2").textContent ?? "FOCUS cost and usage";
    for (const form of ["csv", "parquet"]) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = download === "focus" ? `FOCUS ${form === "csv" ? "CSV" : "Parquet"}` : form === "csv" ? "CSV" : "Parquet";
      button.setAttribute("aria-label", `Download ${what} as ${button.textContent}`);
      button.addEventListener("click", () => guarded(() => {
        const { step, within, tenant } = chosen();
        return save(download, { ...within, tenant, by, step: "step" in group.dataset ? step : undefined, format: form });
      }));
      group.append(button);
    }
  }
}

byId("token-form").addEventListener("submit", (event) => {
  event.preventDefault();
  token.set(byId("token").value.trim());
  byId("token").value = "";
  open();
});
byId("leave").addEventListener("click", () => { leave(); complain(""); });
filters.addEventListener("change", restart);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => token.get() && load());
offerDownloads();
if (token.get()) open();
