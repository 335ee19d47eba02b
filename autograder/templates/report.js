"use strict";
// Sorting: a button in each header that has data-sort (text or number); what a cell is worth stands
// in its data-value, or is its text. What has no value comes last, whichever way.
const order = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

function sort(table, header) {
  const down = header.getAttribute("aria-sort") === "ascending";
  const place = header.cellIndex;
  const number = header.dataset.sort === "number";
  const value = (row) => {
    const cell = row.cells[place];
    const text = cell.dataset.value ?? cell.textContent.trim();
    return number && text !== "" ? Number(text) : text;
  };
  const rows = [...table.tBodies[0].rows].map((row) => [value(row), row]);
  rows.sort(([a], [b]) => {
    if (a === "" || b === "") return (a === "") - (b === "");
    return (down ? -1 : 1) * (number ? a - b : order.compare(a, b));
  });
  table.tBodies[0].append(...rows.map(([, row]) => row));
  for (const other of header.parentNode.cells) other.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", down ? "descending" : "ascending");
}

for (const header of document.querySelectorAll("th[data-sort]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.append(...header.childNodes);
  header.append(button);
  button.addEventListener("click", () => sort(header.closest("table"), header));
}

// Filtering the students of a lab: all conditions that are set have to hold.
function filter(lab) {
  const set = Object.fromEntries(
    [...lab.querySelectorAll(".controls [name]")].map((field) => [field.name, field.value])
  );
  const searched = set.search.trim().toLowerCase();
  const rows = [...lab.querySelectorAll("table.students tbody tr")];
  let shown = 0;
  for (const row of rows) {
    const has = row.dataset.has.split(" "); // misconception@cell, and each of the two alone
    const wanted = set.misconception && set.cell
      ? `${set.misconception}@${set.cell}` : set.misconception;
    const lost = row.dataset.lost.split(" ");
    row.hidden = !(
      (!searched || row.textContent.toLowerCase().includes(searched)) &&
      (!set.show || row.dataset.show.split(" ").includes(set.show)) &&
      (!wanted || has.includes(wanted)) &&
      (!set.cell || wanted || lost.includes(set.cell))
    );
    shown += row.hidden ? 0 : 1;
  }
  lab.querySelector(".controls output").textContent = `${shown} of ${rows.length} shown`;
}

for (const lab of document.querySelectorAll("section.lab")) {
  const controls = lab.querySelector(".controls");
  controls.hidden = false;
  controls.addEventListener("submit", (event) => event.preventDefault());
  controls.addEventListener("input", () => filter(lab));
  controls.addEventListener("reset", () => setTimeout(() => filter(lab)));
  filter(lab);
  for (const button of lab.querySelectorAll("button.show")) {
    button.addEventListener("click", () => {
      controls.reset();
      for (const field of ["show", "misconception", "cell"]) {
        controls.elements[field].value = button.dataset[field] ?? "";
      }
      filter(lab);
      lab.querySelector(".students-title").focus();
    });
  }
}
