// Sorts the tables whose headers are buttons, and filters the table of trials.
"use strict";

function key(row, column) {
  const cell = row.cells[column];
  const value = cell.dataset.value ?? cell.textContent;
  return value !== "" && !isNaN(value) ? Number(value) : value;
}

// Empty cells stay last, whichever way the others go.
function compare(a, b) {
  if (a === "" || b === "") return a === b ? 0 : a === "" ? Infinity : -Infinity;
  if (typeof a === typeof b) return a < b ? -1 : a > b ? 1 : 0;
  return typeof a === "number" ? -1 : 1;
}

function sortBy(header) {
  const table = header.closest("table");
  const ascending = header.getAttribute("aria-sort") !== "ascending";
  const column = header.cellIndex;
  const rows = Array.from(table.tBodies[0].rows, (row) => [key(row, column), row]);
  rows.sort(([a], [b]) => {
    const order = compare(a, b);
    return ascending || !Number.isFinite(order) ? order : -order;
  });
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", ascending ? "ascending" : "descending");
  table.tBodies[0].append(...rows.map(([, row]) => row));
}

for (const button of document.querySelectorAll("th button")) {
  button.addEventListener("click", () => sortBy(button.parentElement));
}

const trials = document.getElementById("trials");
if (trials) {
  const words = document.getElementById("words");
  const status = document.getElementById("status");
  const shown = document.getElementById("shown");
  const rows = Array.from(trials.tBodies[0].rows, (row) => [row, row.textContent.toLowerCase()]);
  const filter = () => {
    const wanted = words.value.toLowerCase().split(/\s+/);
    let n = 0;
    for (const [row, text] of rows) {
      const fits = wanted.every((word) => text.includes(word)) && (!status.value || row.classList.contains(status.value));
      row.hidden = !fits;
      n += fits;
    }
    shown.textContent = `${n} of ${rows.length} trials`;
  };
  words.addEventListener("input", filter);
  status.addEventListener("change", filter);
  filter();
}
