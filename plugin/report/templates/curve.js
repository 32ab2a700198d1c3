// Where two plots have no room beside each other, as on a phone, one stands below the other.
const plot = document.getElementById('plot');
const narrow = window.matchMedia('(max-width: 640px)');
const axes = [...new Set(plot.data.map((trace) => `xaxis${(trace.xaxis ?? 'x').slice(1)}`))];
const gap = 0.28 / axes.length, height = (1 - gap * (axes.length - 1)) / axes.length;
const below = {height: 300 * axes.length + 60, 'legend.y': 1 + 0.1 / axes.length};
axes.forEach((x, i) => {
  const top = 1 - i * (height + gap);
  below[`${x}.domain`] = [0, 1];
  below[`${x.replace('x', 'y')}.domain`] = [Math.max(0, top - height), top];
  below[`annotations[${i}].x`] = 0.5;
  below[`annotations[${i}].y`] = top;
});
const path = (name) => name.split(/[.[\]]+/).filter(Boolean);
const read = (name) => path(name).reduce((at, key) => at[key], plot.layout);
const beside = Object.fromEntries(Object.keys(below).map((name) => [name, read(name)]));
const arrange = () => {
  const wanted = narrow.matches ? below : beside;
  plot.style.height = plot.parentElement.style.height = `${wanted.height}px`;
  return Plotly.relayout(plot, {...wanted});
};
narrow.addEventListener('change', arrange);
if (narrow.matches) arrange();
