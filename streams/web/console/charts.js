// The three charts. Chart.js draws them; what it draws is in a table beside each as well.

import { dollars, pixels, percent } from "./money.js";

const made = new Map();
const phone = matchMedia("(max-width: 640px)");

/** Spend by hour or day: what was paid, and on top of it what was saved; together the list cost. */
export function trend(points, label, digits) {
  const saved = (point) => point.list_cost - point.effective_cost;
  const amounts = [points.map((one) => one.effective_cost), points.map(saved)];
  const series = (name, place, color) => ({
    label: name,
    data: amounts[place].map(pixels),
    backgroundColor: tone(color),
    barPercentage: 0.92,
    categoryPercentage: 0.92,
    maxBarThickness: 56,
  });
  draw("c-trend", {
    type: "bar",
    data: { labels: points.map((one) => label(one.at)), datasets: [series("paid", 0, "--paid"), series("saved", 1, "--saved")] },
    options: {
      scales: {
        x: { stacked: true, grid: { display: false }, ticks: { maxRotation: 0, autoSkipPadding: 16 } },
        y: { stacked: true, ticks: { callback: short, maxTicksLimit: 6 }, border: { display: false } },
      },
      plugins: {
        legend: { position: "top", align: "end", labels: { boxWidth: 12, boxHeight: 12 } },
        tooltip: tips((item) => `${item.dataset.label} $${dollars(amounts[item.datasetIndex][item.dataIndex], digits)}`),
      },
    },
  });
}

/** The waterfall: each step a bar from where the one before it ended. */
export function waterfall(found, digits) {
  let level = found.list_cost;
  const steps = [{ name: "list cost", from: 0n, to: level, color: "--whole" }];
  for (const line of found.strategies) {
    steps.push({ name: line.strategy, from: level, to: level - line.net, color: line.net < 0n ? "--bad" : "--saved" });
    level -= line.net;
  }
  steps.push({ name: "effective cost", from: 0n, to: level, color: "--paid" });
  sized("waterfall-box", steps.length);
  draw("c-waterfall", {
    type: "bar",
    data: {
      labels: steps.map((one) => one.name),
      datasets: [{
        data: steps.map((one) => [pixels(one.from), pixels(one.to)]),
        backgroundColor: steps.map((one) => tone(one.color)),
        minBarLength: 2,
        categoryPercentage: 0.9,
        barPercentage: 0.8,
      }],
    },
    options: {
      indexAxis: "y",
      scales: {
        x: { max: pixels(found.list_cost) || 1, ticks: { callback: short, maxTicksLimit: 5 }, border: { display: false } },
        y: { grid: { display: false }, ticks: { autoSkip: false } },
      },
      plugins: {
        legend: { display: false },
        tooltip: tips((item) => `$${dollars(change(steps[item.dataIndex]), digits)}`),
      },
    },
  });
}

/** Measured wrong answers with their interval, against the bound, a line for each task of a tenant. */
export function quality(tasks) {
  sized("quality-box", tasks.length + 1);
  draw("c-quality", {
    type: "bar",
    data: {
      labels: tasks.map((one) => `${one.tenant} · ${one.task}`),
      datasets: [
        mark("bound", tasks.map((one) => one.bound), "line", "--bad"),
        mark("measured", tasks.map((one) => one.error), "circle", "--ink"),
        {
          label: "95% interval",
          data: tasks.map((one) => [one.error_low, one.error_high]),
          backgroundColor: tone("--saved"),
          maxBarThickness: 14,
          minBarLength: 2,
        },
      ],
    },
    options: {
      indexAxis: "y",
      scales: {
        x: { min: 0, ticks: { callback: (value) => percent(value), maxTicksLimit: 6 }, border: { display: false } },
        y: { grid: { display: false }, ticks: { autoSkip: false } },
      },
      plugins: {
        legend: { position: "top", align: "end", labels: { usePointStyle: true, boxWidth: 8, boxHeight: 8 } },
        tooltip: tips((item) => `${item.dataset.label} ${[item.raw].flat().map((one) => percent(one, 2)).join(" to ")}`),
      },
    },
  });
}

/** What a chart says, for who does not see it. */
export function describe(id, text) {
  document.getElementById(id).setAttribute("aria-label", text);
}

const mark = (label, data, pointStyle, color) => ({
  type: "line",
  label,
  data,
  showLine: false,
  pointStyle,
  pointRadius: pointStyle === "line" ? 9 : 4,
  pointRotation: pointStyle === "line" ? 90 : 0,
  pointBorderWidth: pointStyle === "line" ? 2.5 : 1,
  borderColor: tone(color),
  pointBorderColor: tone(color),
  backgroundColor: tone(color),
});

const change = (step) => (step.from ? step.to - step.from : step.to);
const tips = (label) => ({ displayColors: false, callbacks: { label } });
const tone = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** A tick of an axis: `$1.2k`, `$0.004`. */
function short(value) {
  if (!value) return "$0";
  const size = Math.abs(value);
  const [scaled, unit] = size >= 1e6 ? [value / 1e6, "M"] : size >= 1e3 ? [value / 1e3, "k"] : [value, ""];
  return `$${Number(scaled.toPrecision(3))}${unit}`;
}

function sized(box, lines) {
  document.getElementById(box).style.height = `${lines * 30 + 48}px`;
}

function draw(id, config) {
  made.get(id)?.destroy();
  const { Chart } = globalThis;
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  Chart.defaults.font.size = phone.matches ? 11 : 12;
  Chart.defaults.color = tone("--quiet");
  Chart.defaults.borderColor = tone("--line");
  const options = { animation: false, maintainAspectRatio: false, responsive: true, ...config.options };
  made.set(id, new Chart(document.getElementById(id), { ...config, options }));
}
