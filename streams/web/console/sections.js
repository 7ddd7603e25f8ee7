// One function a section: the answer to a question goes in, and is shown.

import * as charts from "./charts.js";
import { digitsFor, dollars, headline, percent, percentOf, pixels } from "./money.js";
import { moment, tick } from "./period.js";
import { el, fill, meter } from "./tables.js";

const LISTED = 8;

const byId = (id) => document.getElementById(id);
const count = (number) => number.toLocaleString("en-US");
const sum = (rows, name) => rows.reduce((all, row) => all + row[name], 0n);

/** Money in a cell, with the exact amount for who asks. */
const cash = (nano, digits) => [dollars(nano, digits), `$${dollars(nano, 9)}`];

function put(id, text, note) {
  byId(id).textContent = text;
  if (note !== undefined) byId(`${id}-note`).textContent = note;
}

export function figures(all) {
  const list = all?.list_cost ?? 0n;
  const paid = all?.effective_cost ?? 0n;
  const requests = all?.requests ?? 0;
  const unbilled = all?.unbilled_cost ?? 0n;
  put("f-effective", headline(paid), unbilled ? `and ${headline(unbilled)} billed to nobody` : `of ${headline(list)} list cost`);
  put("f-saved", percentOf(list - paid, list), `${headline(list - paid)} of ${headline(list)}`);
  put("f-requests", count(requests), all ? `${count(all.prompt_tokens + all.completion_tokens)} tokens` : "");
  const per = (nano) => (requests ? headline((nano * 1000n) / BigInt(requests)) : "–");
  put("f-unit", per(paid), requests ? `at list cost ${per(list)}` : "");
}

export function forecast(found) {
  const from = found.low === null ? "" : `95%: ${headline(BigInt(found.low))} to ${headline(BigInt(found.high))}`;
  put("f-forecast", headline(found.expected), from || "too few days for an interval");
}

export function trend([all], step) {
  const points = all?.points ?? [];
  const digits = digitsFor(points.map((one) => one.list_cost));
  charts.trend(points, (at) => tick(at, step), digits);
  const paid = sum(points, "effective_cost");
  const growth = all && points.length > 1 ? `, ${all.change < 0n ? "falling" : "growing"} by ${headline(all.change < 0n ? -all.change : all.change)} a${step === "hour" ? "n hour" : " day"}` : "";
  byId("trend-note").textContent = points.length ? `By ${step}, UTC${growth}.` : "Nothing in this period.";
  charts.describe("c-trend", `Spend by ${step}: ${headline(paid)} paid of ${headline(sum(points, "list_cost"))} list cost in ${points.length} ${step}s.`);
}

export function waterfall(found) {
  const digits = digitsFor([found.list_cost]);
  charts.waterfall(found, digits);
  charts.describe("c-waterfall", `From ${headline(found.list_cost)} list cost to ${headline(found.effective_cost)} effective cost; the table has each step.`);
  const columns = [
    { title: "strategy", cell: (row) => row.strategy, total: "all" },
    { title: "tokens", number: true, cell: (row) => count(row.tokens), total: "" },
    { title: "gross saving", number: true, cell: (row) => cash(row.gross, digits), total: cash(sum(found.strategies, "gross"), digits) },
    { title: "spent on itself", number: true, cell: (row) => cash(row.cost, digits), total: cash(sum(found.strategies, "cost"), digits) },
    { title: "net saving", number: true, cell: (row) => cash(row.net, digits), total: cash(sum(found.strategies, "net"), digits) },
    { title: "of list", number: true, cell: (row) => percentOf(row.net, found.list_cost), total: percentOf(sum(found.strategies, "net"), found.list_cost) },
  ];
  fill(byId("t-strategies"), "Net saving by strategy, in US dollars", columns, found.strategies, "No strategy saved anything in this period.");
}

export function tenants(rows) {
  const digits = digitsFor(rows.map((row) => row.list_cost));
  const [list, paid] = [sum(rows, "list_cost"), sum(rows, "effective_cost")];
  const share = (row) => meter(pixels(row.list_cost - row.effective_cost) / (pixels(row.list_cost) || 1), percentOf(row.list_cost - row.effective_cost, row.list_cost), "saved");
  const columns = [
    { title: "tenant", cell: (row) => row.by.tenant, total: "all" },
    { title: "cost centre", cell: (row) => row.by.cost_center },
    { title: "requests", number: true, cell: (row) => count(row.requests), total: count(rows.reduce((all, row) => all + row.requests, 0)) },
    { title: "list cost", number: true, cell: (row) => cash(row.list_cost, digits), total: cash(list, digits) },
    { title: "saved", number: true, cell: (row) => cash(row.list_cost - row.effective_cost, digits), total: cash(list - paid, digits) },
    { title: "saved share", number: true, cell: share, total: percentOf(list - paid, list) },
    { title: "effective cost", number: true, cell: (row) => cash(row.effective_cost, digits), total: cash(paid, digits) },
    { title: "of all", number: true, cell: (row) => percentOf(row.effective_cost, paid), total: "" },
  ];
  fill(byId("t-tenants"), "Spend by tenant and cost centre, in US dollars", columns, rows, "Nobody spent anything in this period.");
  byId("tenants-note").textContent = rows.length ? `US dollars, to ${digits} digits; downloads have all nine.` : "";
}

export function budgets(rows) {
  byId("s-budgets").hidden = !rows.length;
  const digits = digitsFor(rows.map((row) => row.amount));
  const level = (row) => (row.spent > row.amount ? "over" : "");
  const columns = [
    { title: "budget", cell: (row) => row.name },
    { title: "counts", cell: (row) => [row.tenant, row.cost_center, row.task].filter((one) => one).join(", ") || "all spending" },
    { title: "each", cell: (row) => row.period },
    { title: "amount", number: true, cell: (row) => cash(row.amount, digits) },
    { title: "spent", number: true, cell: (row) => cash(row.spent, digits) },
    { title: "used", number: true, cell: (row) => meter(pixels(row.spent) / (pixels(row.amount) || 1), percentOf(row.spent, row.amount), level(row)) },
    { title: "left", number: true, cell: (row) => cash(row.left, digits) },
    { title: "expected at its end", number: true, cell: (row) => (row.expected > row.amount ? el("span", { className: "over" }, dollars(row.expected, digits)) : dollars(row.expected, digits)) },
  ];
  fill(byId("t-budgets"), "Budgets of the period that runs, in US dollars", columns, rows, "");
}

export function quality(rows) {
  const measured = rows.filter((row) => row.error !== null);
  byId("quality-box").hidden = !measured.length;
  if (measured.length) charts.quality(measured);
  charts.describe("c-quality", measured.map((row) => `${row.tenant} ${row.task}: ${percent(row.error, 2)} wrong`).join("; "));
  const verdict = (row) => {
    if (row.error === null) return "not measured yet";
    if (row.bound === null) return "no bound known";
    if (row.error_low > row.bound) return el("span", { className: "over" }, "over the bound");
    return row.error_high <= row.bound ? el("span", { className: "fine" }, "within the bound") : "undecided";
  };
  const columns = [
    { title: "tenant", cell: (row) => row.tenant },
    { title: "task", cell: (row) => row.task },
    { title: "hits", number: true, cell: (row) => count(row.semantic_hits) },
    { title: "wrong of checked", number: true, cell: (row) => (row.checks ? `${count(row.wrong)} of ${count(row.checks)}` : "–") },
    { title: "measured", number: true, cell: (row) => (row.error === null ? "–" : percent(row.error, 2)) },
    { title: "95% interval", number: true, cell: (row) => (row.error === null ? "–" : `${percent(row.error_low, 2)} to ${percent(row.error_high, 2)}`) },
    { title: "bound", number: true, cell: (row) => (row.bound === null ? "–" : percent(row.bound, 2)) },
    { title: "verdict", cell: verdict },
  ];
  fill(byId("t-quality"), "Wrong answers of the semantic cache", columns, rows, "The semantic cache answered nothing in this period.");
}

export function unitCosts(rows) {
  const digits = digitsFor(rows.map((row) => row.list_per_1000));
  const columns = [
    { title: "task", cell: (row) => row.by.task },
    { title: "model", cell: (row) => row.by.model },
    { title: "requests", number: true, cell: (row) => count(row.requests) },
    { title: "list", number: true, cell: (row) => cash(row.list_per_1000, digits) },
    { title: "effective", number: true, cell: (row) => cash(row.per_1000, digits) },
  ];
  fill(byId("t-unit"), "Cost of 1,000 requests, in US dollars", columns, rows, "No requests in this period.");
}

export function anomalies(found) {
  const off = (row) => (row.effective_cost > row.expected ? row.effective_cost - row.expected : row.expected - row.effective_cost);
  const rows = found.toSorted((one, other) => (off(other) > off(one) ? 1 : -1)).slice(0, LISTED);
  const digits = digitsFor(rows.map((row) => row.effective_cost));
  const columns = [
    { title: "hour, UTC", cell: (row) => moment(row.hour) },
    { title: "tenant", cell: (row) => row.tenant },
    { title: "spent", number: true, cell: (row) => cash(row.effective_cost, digits) },
    { title: "expected", number: true, cell: (row) => cash(row.expected, digits) },
    { title: "score", number: true, cell: (row) => row.score.toFixed(1).replace("-", "−") },
  ];
  fill(byId("t-odd"), "Hours out of pattern, spend in US dollars", columns, rows, "None in this period, or fewer than four weeks to judge by.");
}

export function idle(rows) {
  byId("s-idle").hidden = !rows.length;
  const digits = digitsFor(rows.map((row) => row.idle_cost));
  const columns = [
    { title: "model", cell: (row) => row.by.model },
    { title: "used", number: true, cell: (row) => cash(row.used_cost, digits) },
    { title: "idle", number: true, cell: (row) => cash(row.idle_cost, digits) },
    { title: "idle share", number: true, cell: (row) => (row.share === null ? "–" : meter(row.share, percent(row.share))) },
  ];
  fill(byId("t-idle"), "Idle GPU time, in US dollars", columns, rows, "");
}

export function expensive(rows) {
  const digits = digitsFor(rows.map((row) => row.list_cost));
  const columns = [
    { title: "request", cell: (row) => row.request_id },
    { title: "when, UTC", cell: (row) => moment(row.occurred_at) },
    { title: "tenant", cell: (row) => row.tenant },
    { title: "task", cell: (row) => row.task },
    { title: "model", cell: (row) => row.model },
    { title: "list cost", number: true, cell: (row) => cash(row.list_cost, digits) },
    { title: "cost", number: true, cell: (row) => cash(row.effective_cost + row.unbilled_cost, digits) },
    { title: "why", wide: true, cell: (row) => row.why.join("; ") },
  ];
  fill(byId("t-dear"), "The most expensive requests, in US dollars", columns, rows, "No requests in this period.");
}
