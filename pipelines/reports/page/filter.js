const filters = [];
for (const box of document.querySelectorAll("input[data-filters]")) {
  const table = document.getElementById(box.dataset.filters);
  const count = document.getElementById(box.dataset.filters + "-count");
  const place = {};
  [...table.tHead.rows[0].cells].forEach((head, number) => { place[head.dataset.name] = number; });
  const apply = () => {
    const asked = [];
    const words = box.value
      .replace(/(\w+)=("(?:[^"\\]|\\.)*")/g, (_, name, text) => { asked.push([place[name], JSON.parse(text)]); return ""; })
      .toLowerCase().split(/\s+/).filter(Boolean);
    let left = 0;
    for (const row of table.tBodies[0].rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !asked.every(([number, value]) => number !== undefined && row.cells[number].textContent === value)
        || !words.every((word) => text.includes(word));
      if (!row.hidden) left += 1;
    }
    count.textContent = box.value.trim() ? left + " rows" : "";
  };
  box.addEventListener("input", apply);
  filters.push([box, apply]);
}
for (const link of document.querySelectorAll("a[data-filter]")) {
  link.addEventListener("click", () => {
    const box = document.querySelector('input[data-filters="' + link.dataset.table + '"]');
    if (!box) return;
    box.value = link.dataset.filter;
    box.dispatchEvent(new Event("input"));
  });
}
// Paper has no filters: all rows are printed.
window.addEventListener("beforeprint", () => {
  for (const [box, apply] of filters) { box.dataset.kept = box.value; box.value = ""; apply(); }
});
window.addEventListener("afterprint", () => {
  for (const [box, apply] of filters) { box.value = box.dataset.kept; apply(); }
});
