// Colours that a theme changes: text, ball and grid of the globe, S, and the rim of the picks.
const themes = {
  light: {ink: '#1b2430', ball: '#eef1f5', grid: '#c3cad4', owned: '#7d8796', rim: '#1b2430'},
  dark: {ink: '#e6eaf0', ball: '#20262e', grid: '#414b58', owned: '#8f9bab', rim: '#ffffff'}
};
const plot = document.getElementById('plot');
const dark = window.matchMedia('(prefers-color-scheme: dark)');
function paint() {
  const t = dark.matches ? themes.dark : themes.light;
  const change = {'font.color': t.ink, 'legend.font.color': t.ink};
  for (const axis of ['xaxis', 'yaxis', 'zaxis']) {
    change[`scene.${axis}.color`] = t.ink;
    change[`scene.${axis}.gridcolor`] = t.grid;
  }
  Plotly.relayout(plot, change);
  Plotly.restyle(plot, {colorscale: [[[0, t.ball], [1, t.ball]]]}, [0]);
  Plotly.restyle(plot, {'line.color': t.grid}, [1]);
  plot.data.forEach((trace, i) => {
    if (trace.name?.startsWith('S:')) Plotly.restyle(plot, {'marker.color': t.owned}, [i]);
    if (trace.marker?.symbol === 'diamond') {
      Plotly.restyle(plot, {'marker.line.color': t.rim}, [i]);
    }
  });
}
dark.addEventListener('change', paint);
paint();
// A page that is higher than wide, as on a phone, shows all from farther away.
const away = Math.max(1, plot.clientHeight / plot.clientWidth);
const farther = (camera) => {
  const eye = Object.fromEntries(Object.entries(camera.eye).map(([axis, at]) => [axis, away * at]));
  return {...camera, eye};
};
if (away > 1) {
  const change = {'scene.camera': farther(plot.layout.scene.camera)};
  plot.layout.updatemenus[0].buttons.forEach(({args: [, layout]}) => {
    layout['scene.camera'] = farther(layout['scene.camera']);
  });
  Plotly.relayout(plot, change);
}
