for (const box of document.querySelectorAll("input[data-filters]")) {
  const table = document.getElementById(box.dataset.filters);
  const count = document.getElementById(box.dataset.filters + "-count");
  const apply = () => {
    const asked = box.value.toLowerCase().trim();
    const whole = /^="(.*)"$/s.exec(asked);
    const words = asked.split(/\s+/).filter(Boolean);
    const fits = (row) => whole
      ? [...row.cells].some((cell) => cell.textContent.toLowerCase() === whole[1])
      : words.every((word) => row.textContent.toLowerCase().includes(word));
    let left = 0;
    for (const row of table.tBodies[0].rows) {
      row.hidden = !fits(row);
      if (!row.hidden) left += 1;
    }
    count.textContent = words.length ? left + " rows" : "";
  };
  box.addEventListener("input", apply);
}
for (const link of document.querySelectorAll("a[data-filter]")) {
  link.addEventListener("click", () => {
    const box = document.querySelector('input[data-filters="' + link.dataset.table + '"]');
    if (!box) return;
    box.value = link.dataset.filter;
    box.dispatchEvent(new Event("input"));
  });
}
