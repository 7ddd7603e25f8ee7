// Tables out of rows. Text goes in as text: nothing that a ledger holds is ever taken for markup.

/** An element with properties and children. */
export function el(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key in made) made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

/**
 * Fill a table.
 *
 * @param columns `{title, cell, number, total, unit}` each: `cell(row)` is text, a node or `[text, exact]`;
 *   `number` aligns right; `total` is what stands below, if anything.
 * @param empty what is said where there are no rows.
 */
export function fill(table, caption, columns, rows, empty) {
  const head = el("tr", {}, ...columns.map((one) => el("th", { scope: "col", className: align(one) }, one.title)));
  const body = rows.map((row) => el("tr", {}, ...columns.map((one, place) => cell(one, one.cell(row), place === 0))));
  if (!rows.length) body.push(el("tr", {}, el("td", { colSpan: columns.length, className: "empty" }, empty)));
  table.replaceChildren(el("caption", {}, caption), el("thead", {}, head), el("tbody", {}, ...body));
  if (rows.length && columns.some((one) => one.total !== undefined)) {
    const totals = columns.map((one, place) => cell(one, one.total ?? "", place === 0));
    table.append(el("tfoot", {}, el("tr", {}, ...totals)));
  }
}

/** A bar of a share from 0 to 1, and its figure. Over 1 it is full and says so by its colour. */
export function meter(share, text, level = "") {
  const bar = el("span", { className: `meter ${level}` });
  bar.style.setProperty("--share", `${Math.max(0, Math.min(1, share)) * 100}%`);
  return el("span", { className: "metered" }, bar, text);
}

function cell(column, shown, first) {
  const [text, exact] = Array.isArray(shown) ? shown : [shown, ""];
  const made = el(first ? "th" : "td", { className: align(column) }, text);
  if (first) made.scope = "row";
  if (exact) made.title = exact;
  return made;
}

const align = (column) => (column.number ? "number" : column.wide ? "wide" : "");
