"""A plotly figure as a complete HTML page: plotly inlined, colours after the reader's theme."""

from __future__ import annotations

import html
from typing import Any

THEMES = """{
  light: {ink: '#1b2430', ball: '#eef1f5', grid: '#c3cad4', owned: '#7d8796', rim: '#1b2430'},
  dark: {ink: '#e6eaf0', ball: '#20262e', grid: '#414b58', owned: '#8f9bab', rim: '#ffffff'}
}"""

STYLE = """
:root { color-scheme: light dark; --paper: #ffffff; --ink: #1b2430; --faint: #55606f; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #14181d; --ink: #e6eaf0; --faint: #a3aebc; }
}
html, body { margin: 0; height: 100%; background: var(--paper); color: var(--ink);
  font: 15px/1.45 system-ui, "Noto Sans", "Noto Sans CJK KR", sans-serif; }
body { display: flex; flex-direction: column; }
header { padding: 14px 20px 6px; }
h1 { font-size: 19px; margin: 0 0 2px; }
p { margin: 0; color: var(--faint); max-width: 110ch; }
main { flex: 1; min-height: 420px; }
main > div { height: 100%; }
"""

# Colours that a theme changes: text, ball and grid of the globe, S, and the rim of the picks.
SCRIPT = """
const themes = THEMES;
const plot = document.getElementById('{plot_id}');
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
"""


def page(figure: Any, title: str, sentence: str) -> str:
    """Wrap ``figure`` (plotly) with a heading and one sentence; both are escaped here."""
    plot = figure.to_html(
        full_html=False,
        include_plotlyjs=True,
        default_height="100%",
        div_id="plot",
        post_script=SCRIPT.replace("THEMES", THEMES),
        config={"displaylogo": False, "responsive": True},
    )
    document = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f"<header><h1>{html.escape(title)}</h1><p>{html.escape(sentence)}</p></header>\n"
        f"<main>{plot}</main>\n</body>\n</html>\n"
    )
    # A file name that is not valid Unicode must not keep the page from being written.
    return document.encode("utf-8", "replace").decode("utf-8")
