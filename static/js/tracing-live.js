// The live list of traces: a row that was sent twice stays once, and the list doesn't grow without end.

const MOST_ROWS = 200;

document.addEventListener("htmx:oobAfterSwap", (event) => {
  if (event.detail.target.id !== "trace-rows") return;
  const rows = event.detail.target;
  const seen = new Set();
  for (const row of [...rows.children]) {
    if (seen.has(row.id) || seen.size >= MOST_ROWS) row.remove();
    seen.add(row.id);
  }
  document.getElementById("nothing-fits")?.remove();
});
