const filters = [];
for (const box of document.querySelectorAll("input[data-filters]")) {
  const table = document.getElementById(box.dataset.filters);
  const count = document.getElementById(box.dataset.filters + "-count");
  const columns = {};
  [...table.tHead.rows[0].cells].forEach((head, index) => { columns[head.dataset.name] = index; });
  const apply = () => {
    const conditions = [];
    const words = box.value
      .replace(/(\w+)=("(?:[^"\\]|\\.)*")/g, (_, name, text) => { conditions.push([columns[name], JSON.parse(text)]); return ""; })
      .toLowerCase().split(/\s+/).filter(Boolean);
    let visible = 0;
    for (const row of table.tBodies[0].rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !conditions.every(([index, value]) => index !== undefined && row.cells[index].textContent === value)
        || !words.every((word) => text.includes(word));
      if (!row.hidden) visible += 1;
    }
    count.textContent = box.value.trim() ? visible + " rows" : "";
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
// A printed page has no filters: print all rows, then restore the filters.
window.addEventListener("beforeprint", () => {
  for (const [box, apply] of filters) { box.dataset.saved = box.value; box.value = ""; apply(); }
});
window.addEventListener("afterprint", () => {
  for (const [box, apply] of filters) { box.value = box.dataset.saved; apply(); }
});
