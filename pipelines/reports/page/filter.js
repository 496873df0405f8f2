for (const box of document.querySelectorAll("input[data-filters]")) {
  const table = document.getElementById(box.dataset.filters);
  const count = document.getElementById(box.dataset.filters + "-count");
  const apply = () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    let left = 0;
    for (const row of table.tBodies[0].rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      if (!row.hidden) left += 1;
    }
    count.textContent = words.length ? left + " rows" : "";
  };
  box.addEventListener("input", apply);
}
for (const link of document.querySelectorAll("a[data-filter]")) {
  link.addEventListener("click", () => {
    const box = document.querySelector('input[data-filters="' + link.dataset.table + '"]');
    box.value = link.dataset.filter;
    box.dispatchEvent(new Event("input"));
  });
}
