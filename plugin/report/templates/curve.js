const plot = document.getElementById('plot');
const dark = window.matchMedia('(prefers-color-scheme: dark)');
function paint() {
  const [ink, grid] = dark.matches ? ['#e8ecf1', '#38424e'] : ['#1b2430', '#d5dbe3'];
  const change = {'font.color': ink, 'legend.font.color': ink};
  for (const name of Object.keys(plot.layout)) {
    if (!/^[xy]axis/.test(name)) continue;
    change[`${name}.color`] = ink;
    change[`${name}.gridcolor`] = grid;
    change[`${name}.zerolinecolor`] = grid;
    change[`${name}.linecolor`] = grid;
  }
  (plot.layout.annotations ?? []).forEach((_, i) => { change[`annotations[${i}].font.color`] = ink; });
  Plotly.relayout(plot, change);
}
dark.addEventListener('change', paint);
paint();
