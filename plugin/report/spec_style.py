"""How a Visual Spec looks: one stylesheet for screen, dark screen and paper, and one figure."""

from __future__ import annotations

from .spec_rule import VERDICTS

STYLE = """
:root { color-scheme: light dark; --paper: #ffffff; --ink: #1b2430; --faint: #566172;
  --line: #d5dbe3; --tile: #f3f5f8; --accent: #0b5cad; --good: #1a7f4b; --near: #9a6400;
  --off: #6a7380; --owned: #b3402a; --warn: #fff4d6; }
@media (prefers-color-scheme: dark) { :root { --paper: #14181d; --ink: #e8ecf1;
  --faint: #a7b1bf; --line: #38424e; --tile: #1e242b; --accent: #7db8f2; --good: #5cc08c;
  --near: #e0ac4b; --off: #99a3b0; --owned: #ef8b77; --warn: #3a3116; } }
* { box-sizing: border-box; }
html { background: var(--paper); color: var(--ink); -webkit-text-size-adjust: 100%;
  font: 15px/1.5 system-ui, "Noto Sans", "Apple SD Gothic Neo", "Malgun Gothic",
  "Noto Sans CJK KR", "NanumGothic", sans-serif; }
:lang(ko) { word-break: keep-all; }
body { max-width: 1120px; margin: 0 auto; padding: 28px 24px 48px; overflow-wrap: anywhere; }
h1, h2, p, figure, table, ol, dl { margin: 0; }
h1 { font-size: 30px; line-height: 1.2; margin: 4px 0 6px; letter-spacing: -0.01em; }
h2 { font-size: 20px; margin: 34px 0 10px; padding-top: 14px; border-top: 2px solid var(--ink); }
p + p { margin-top: 6px; }
.kind, .meta, .fine { color: var(--faint); }
.kind { font-weight: 600; }
.fine { font-size: 13px; }
.meta span { display: inline-block; }
.meta span + span::before { content: "·"; margin: 0 8px; }
.tiles { display: grid; grid-template-columns: repeat(4, 1fr); gap: 10px; margin: 18px 0 0; }
.tiles div { background: var(--tile); border-radius: 8px; padding: 12px 14px; }
.tiles b { display: block; font-size: 25px; line-height: 1.2; font-variant-numeric: tabular-nums; }
.tiles span { color: var(--faint); font-size: 13px; }
.tiles em { font-style: normal; color: var(--ink); }
.warning { background: var(--warn); border-left: 4px solid var(--near); padding: 8px 12px;
  margin-top: 10px; }
.chips { list-style: none; padding: 0; margin: 8px 0; display: flex; flex-wrap: wrap; gap: 6px; }
.chips li { border: 1.5px solid var(--accent); border-radius: 16px; padding: 2px 12px; }
.lead { font-size: 17px; font-weight: 600; margin-bottom: 8px; }
table { border-collapse: collapse; width: 100%; margin: 12px 0 6px; }
th { text-align: left; color: var(--faint); font-size: 13px; font-weight: 600; }
th, td { padding: 6px 10px 6px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td.number { white-space: nowrap; font-variant-numeric: tabular-nums; }
.bar { display: block; height: 6px; border-radius: 3px; background: var(--line); margin-top: 4px;
  max-width: 200px; }
.bar i { display: block; height: 100%; border-radius: 3px; background: var(--accent); }
.cards { display: grid; grid-template-columns: repeat(3, 1fr); gap: 16px 14px; list-style: none;
  padding: 0; margin-top: 14px; }
.cards.wide { grid-template-columns: repeat(2, 1fr); }
.card { break-inside: avoid; min-width: 0; }
.pair { display: grid; grid-auto-flow: column; grid-auto-columns: 1fr; gap: 4px; }
.card img, .none { display: block; width: 100%; border-radius: 6px; }
.do .card img { outline: 2px solid var(--good); outline-offset: -2px; }
.none { background: var(--tile); color: var(--faint); font-size: 13px; padding: 24px 10px;
  text-align: center; display: grid; place-content: center; }
.dont .frame { position: relative; overflow: hidden; border-radius: 6px; }
.dont .frame svg { position: absolute; inset: 0; width: 100%; height: 100%; }
.dont .frame img { filter: grayscale(0.6); }
.card b.no { display: inline-grid; place-content: center; min-width: 24px; height: 24px;
  padding: 0 6px; border-radius: 12px; background: var(--good); color: var(--paper);
  margin-right: 6px; font-size: 14px; }
.dont .card b.no { background: var(--owned); }
.caption { font-size: 13px; margin-top: 5px; }
.caption .file { color: var(--faint); display: block; }
.legend { display: flex; align-items: center; gap: 8px; color: var(--faint); font-size: 13px;
  margin-top: 8px; overflow-wrap: normal; }
.legend i { flex: 0 1 150px; min-width: 60px; height: 10px; border-radius: 5px;
  background: linear-gradient(90deg,
  #000004, #380962, #801f6c, #c63d4d, #f47918, #fcb014, #fcffa4); }
.rule { display: grid; grid-template-columns: 340px 1fr; gap: 26px; align-items: start;
  margin-top: 10px; }
.rule svg { width: 100%; height: auto; display: block; }
.rule figcaption { color: var(--faint); font-size: 13px; }
.dot { display: inline-block; width: 11px; height: 11px; border-radius: 50%; margin-right: 7px; }
pre { background: var(--tile); border-radius: 6px; padding: 10px 12px; margin: 10px 0;
  white-space: pre-wrap; font: 14px/1.4 ui-monospace, "Noto Sans Mono", monospace; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 3px 18px; font-size: 13px; }
dt { color: var(--faint); }
dd { margin: 0; font-variant-numeric: tabular-nums; }
@media (max-width: 760px) { .tiles, .cards, .cards.wide { grid-template-columns: repeat(2, 1fr); }
  .cards.wide { grid-template-columns: 1fr; } .rule { grid-template-columns: 1fr; } }
@media screen and (max-width: 560px) { body { padding: 20px 16px 40px; } h1 { font-size: 26px; }
  .lead { font-size: 16px; } thead { display: none; } tr { display: block; padding: 8px 0;
  border-bottom: 1px solid var(--line); } td, td.number { display: block; border: 0; padding: 1px 0;
  white-space: normal; } td.number[data-head]::before { content: attr(data-head) ": ";
  color: var(--faint); } dl { grid-template-columns: 1fr; } dd { margin-bottom: 6px; }
  .bar { max-width: none; margin-bottom: 4px; } .meta span { display: block; }
  .meta span + span::before { content: none; } }
@page { size: A4; margin: 13mm 12mm 14mm; }
@media print {
  :root { color-scheme: light; --paper: #ffffff; --ink: #000000; --faint: #454d58; --line: #c2c9d2;
    --tile: #f1f3f6; --accent: #0b5cad; --good: #1a7f4b; --near: #9a6400; --off: #6a7380;
    --owned: #b3402a; --warn: #fff4d6; }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  html { font-size: 12.5px; }
  body { max-width: none; padding: 0; }
  h1 { font-size: 25px; }
  h2 { font-size: 17px; margin-top: 20px; padding-top: 8px; break-after: avoid; }
  .tiles { gap: 7px; margin-top: 12px; }
  .tiles div { padding: 8px 10px; }
  .tiles b { font-size: 20px; }
  .cards { gap: 10px 10px; margin-top: 8px; }
  .fine, .caption, .tiles span, .legend, dl { font-size: 11px; }
  .rule { grid-template-columns: 220px 1fr; gap: 16px; }
  .lead { font-size: 13.5px; margin-bottom: 4px; }
  .chips { margin: 5px 0; }
  .chips li { padding: 0 9px; }
  pre { font-size: 11.5px; margin: 6px 0; padding: 6px 9px; }
  th, td { padding-top: 4px; padding-bottom: 4px; }
  th, td.number { font-size: 12px; }
  .keep, tr, pre, .tiles, .rule, .before { break-inside: avoid; }
  .before { break-after: avoid; }
}
"""

COLOURS = dict(zip(VERDICTS, ("--good", "--near", "--off", "--owned"), strict=True))

CROSS = (
    '<svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">'
    '<path d="M0 0L100 100M100 0L0 100" stroke="var(--owned)" stroke-width="2.5" opacity="0.7" '
    'vector-effect="non-scaling-stroke"/></svg>'
)


def rule_figure(words: dict[str, str]) -> str:
    """Centre, radius, near miss and what S covers, as inline SVG; ``words`` are escaped already."""
    spots = [(262, 62), (290, 104), (246, 128), (298, 150), (266, 172)]
    halos = "".join(f'<circle cx="{x}" cy="{y}" r="34"/>' for x, y in spots)
    dots = "".join(f'<circle cx="{x}" cy="{y}" r="3.5"/>' for x, y in spots)
    return f"""<svg viewBox="0 0 340 236" role="img" aria-label="{words["figure"]}">
<circle cx="128" cy="118" r="96" fill="var(--near)" fill-opacity="0.13" stroke="var(--near)"
 stroke-width="1.5" stroke-dasharray="5 4"/>
<circle cx="128" cy="118" r="64" fill="var(--good)" fill-opacity="0.22" stroke="var(--good)"
 stroke-width="2"/>
<g fill="var(--paper)">{halos}</g>
<g fill="var(--owned)" fill-opacity="0.2">{halos}</g>
<g fill="var(--owned)">{dots}</g>
<g stroke="var(--ink)" stroke-width="1.2"><path d="M128 118L74 84"/></g>
<path d="M298 150L323 173" stroke="var(--owned)" stroke-width="1.2"/>
<circle cx="128" cy="118" r="3.5" fill="var(--ink)"/>
<g fill="var(--ink)" font-size="13"><text x="133" y="114">c</text><text x="88" y="110">r</text>
<text x="304" y="178">δ</text></g>
<g font-size="13" font-weight="600"><text x="128" y="154" text-anchor="middle"
 fill="var(--good)">{words["accepted"]}</text>
<text x="128" y="200" text-anchor="middle" fill="var(--near)">{words["near miss"]}</text>
<text x="4" y="16" fill="var(--off)">{words["off target"]}</text>
<text x="336" y="16" text-anchor="end" fill="var(--owned)">{words["covered already"]}</text></g>
<text x="336" y="228" text-anchor="end" font-size="12"
 fill="var(--faint)">{words["figure_owned"]}</text>
</svg>"""
