"""The picture of the rooms of the house and who imports whom.

A room is a folder; an arrow says that one imports the other.  Arrows that follow from others are
left out (transitive reduction), and a room is drawn above all that it imports, so an import that
runs upwards would have no place: a circle ends the script with its members.
"""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

from grimp import build_graph

ROOMS = {
    "operators": "forms and live runs of the steps",
    "panels": "one folder a panel",
    "scripts.cli": "the command line",
    "scripts.demo": "a rendered drive",
    "plugin.dataset.api": "import gapsphere",
    "plugin.dataset.spec": "collection guides",
    "plugin.dataset.rationales": "review of cached features",
    "plugin.dataset.sparse": "sequences of frames",
    "plugin.dataset.gaps": "load to find_gaps, ask",
    "plugin.dataset.work": "runs in the background",
    "plugin.dataset.store": "FiftyOne as a store",
    "plugin.settings": "every setting",
    "plugin.report": "pages, plots",
    "plugin.attention": "heatmaps",
    "plugin.embeddings": "images to vectors",
    "plugin.encoders": "checkpoints",
    "plugin.cards": "gaps in groups, named",
    "plugin.rounds": "what changed since",
    "plugin.coverage": "distances, K-Center",
    "plugin.projection": "sphere, questions",
    "plugin.interchange": "files in and out",
    "plugin.sparse.live": "server, protocol",
    "plugin.sparse.learn": "training",
    "plugin.sparse.measure": "figures",
    "plugin.sparse.loop": "frame after frame",
    "plugin.sparse.sampling": "where to look",
    "plugin.sparse.network": "frame from pixels",
    "plugin.sparse.frames": "pixels, coordinates",
}
WIDTH, HEIGHT, GAP, RISE = 150, 46, 16, 44
KIND = {"plugin.dataset": "#d7e8f7", "plugin.sparse": "#e6f2df", "plugin": "#f2eddc"}
STYLE = "text{font:12px system-ui,sans-serif;fill:#222}.s{font-size:10px;fill:#555}"


def picture() -> str:
    """The picture as SVG; a circle of imports ends the process with its members."""
    try:
        return draw(reduced(imports()))
    except CycleError as error:
        raise SystemExit(f"These rooms import each other: {' -> '.join(error.args[1])}") from None


def imports() -> dict[str, set[str]]:
    """Rooms that each room imports."""
    graph = build_graph("gapsphere")
    found: dict[str, set[str]] = {room: set() for room in ROOMS}
    for module in graph.modules:
        for target in graph.find_modules_directly_imported_by(module):
            here, there = _room(module), _room(target)
            if here and there and here != there:
                found[here].add(there)
    return found


def reduced(arrows: dict[str, set[str]]) -> dict[str, set[str]]:
    """The arrows without those that follow from others.

    >>> reduced({"a": {"b", "c"}, "b": {"c"}, "c": set()})["a"]
    {'b'}
    """
    below: dict[str, set[str]] = {}
    for room in TopologicalSorter(arrows).static_order():
        below[room] = arrows[room].union(*(below[target] for target in arrows[room]))
    return {
        room: {t for t in targets if not any(t in below[other] for other in targets)}
        for room, targets in arrows.items()
    }


def draw(arrows: dict[str, set[str]]) -> str:
    """The picture: rooms in floors, the lowest imports nothing."""
    floor: dict[str, int] = {}
    for room in TopologicalSorter(arrows).static_order():
        floor[room] = 1 + max((floor[target] for target in arrows[room]), default=-1)
    floors = [[r for r in ROOMS if floor[r] == i] for i in range(max(floor.values()) + 1)]
    for rooms in floors[1:]:  # a room stands above what it imports
        place = {r: i / len(row) for row in floors for i, r in enumerate(row)}
        rooms.sort(key=lambda r: sum(place[t] for t in arrows[r]) / max(1, len(arrows[r])))
    width = max(len(rooms) for rooms in floors) * (WIDTH + GAP) + GAP
    height = len(floors) * (HEIGHT + RISE)
    corner = {
        room: (
            (width - len(rooms) * (WIDTH + GAP) + GAP) / 2 + i * (WIDTH + GAP),
            height - (level + 1) * (HEIGHT + RISE) + RISE / 2,
        )
        for level, rooms in enumerate(floors)
        for i, room in enumerate(rooms)
    }
    lines = [_arrow(corner[room], corner[t]) for room in ROOMS for t in sorted(arrows[room])]
    boxes = [_box(room, *corner[room]) for room in ROOMS]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">',
            f"<style>{STYLE}</style>",
            f'<rect width="{width}" height="{height}" rx="8" fill="#fff"/>',
            *lines,
            *boxes,
            "</svg>\n",
        ]
    )


def _room(module: str) -> str | None:
    """The room of a module; the longest name wins."""
    name = module.removeprefix("gapsphere.")
    found = [room for room in ROOMS if name == room or name.startswith(f"{room}.")]
    return max(found, key=len, default=None)


def _box(room: str, x: float, y: float) -> str:
    colour = next((KIND[kind] for kind in KIND if room.startswith(kind)), "#f3dfe6")
    name, middle = room.removeprefix("plugin.").replace(".", "/"), x + WIDTH / 2
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{WIDTH}" height="{HEIGHT}" rx="6" fill="{colour}"'
        f' stroke="#999"/><text x="{middle:g}" y="{y + 20:g}" text-anchor="middle">{name}</text>'
        f'<text class="s" x="{middle:g}" y="{y + 36:g}" text-anchor="middle">{ROOMS[room]}</text>'
    )


def _arrow(start: tuple[float, float], end: tuple[float, float]) -> str:
    x0, y0, x1, y1 = start[0] + WIDTH / 2, start[1] + HEIGHT, end[0] + WIDTH / 2, end[1]
    bend = (y1 - y0) / 2
    return (
        f'<path d="M{x0:g} {y0:g}C{x0:g} {y0 + bend:g} {x1:g} {y1 - bend:g} {x1:g} {y1:g}"'
        ' fill="none" stroke="#8aa" stroke-width="1.2"/>'
    )
