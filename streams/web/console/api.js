// The API, asked with this tab's token. Money comes as BigInt; everything else as JSON has it.

const KEY = "headrace.token";
const MONEY = new Set([
  "amount", "budget", "change", "cost", "effective_cost", "expected", "gross", "idle_cost", "left", "list_cost",
  "list_per_1000", "net", "per_1000", "reserved", "spent", "unbilled_cost", "used_cost",
]);

export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export const token = {
  get: () => sessionStorage.getItem(KEY),
  set: (value) => sessionStorage.setItem(KEY, value),
  forget: () => sessionStorage.removeItem(KEY),
};

/** The answer to a question of the API. */
export async function ask(path, query = {}) {
  return JSON.parse(await (await fetched(path, query)).text(), (name, value, context) =>
    MONEY.has(name) && value !== null ? BigInt(context?.source ?? value) : value);
}

/** Save an answer as a file. */
export async function save(path, query) {
  const response = await fetched(path, query);
  const named = /filename="([^"]+)"/.exec(response.headers.get("Content-Disposition") ?? "");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await response.blob());
  link.download = named ? named[1] : path;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

async function fetched(path, query) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  const headers = { Authorization: `Bearer ${token.get()}` };
  let response;
  try {
    response = await fetch(`v1/${path}?${new URLSearchParams(given)}`, { headers });
  } catch {
    throw new Refused(0, "The service does not answer.");
  }
  if (!response.ok) {
    const problem = await response.json().catch(() => ({}));
    throw new Refused(response.status, problem.message ?? `The service answered ${response.status}.`);
  }
  return response;
}
