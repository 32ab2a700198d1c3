// The layers of the panels' sources; `npm test` checks them.
const PANEL = "^\\.\\./([^/]+)/web/";

/**
 * The rooms of a folder from the top down: one imports those after it, and of the folder's own files
 * only the `floor`.
 */
function rooms(name, folder, order, floor) {
  const rule = (comment, from, to) => ({ name: `rooms-of-${name}`, comment, severity: "error", from, to });
  const below = (path) => ({ path: `^${folder}/${path}`, pathNot: "\\.test\\.ts$" });
  const known = `(${order.join("|")})/`;
  return [
    ...order.slice(1).map((room, i) =>
      rule("Imports point one way, so that a room is read without those above it.", below(`${room}/`), {
        path: `^${folder}/(${order.slice(0, i + 1).join("|")})/`,
      }),
    ),
    rule("A room knows the floor it stands on, not the files that put rooms together.", below(known), {
      path: `^${folder}/[^/]+$`,
      pathNot: `^${folder}/(${floor})\\.tsx?$`,
    }),
    rule("The floor knows no room.", below(`(${floor})\\.tsx?$`), { path: `^${folder}/[^/]+/` }),
    rule("A new room gets its place in the order.", { ...below("[^/]+/"), pathNot: `^${folder}/${known}` }, {}),
  ];
}

const CONTRACT = "bridge|words|contract\\w*\\.gen";

export default {
  forbidden: [
    {
      name: "a-panel-is-a-leaf",
      comment: "What two panels need belongs in shared/, so that a panel can be read or dropped alone.",
      severity: "error",
      from: { path: PANEL },
      to: { path: PANEL, pathNot: "^\\.\\./$1/web/" },
    },
    {
      name: "only-the-bundle-imports-panels",
      comment: "index.tsx registers the panels; nothing else may know them.",
      severity: "error",
      from: { pathNot: [PANEL, "^index\\.tsx$"] },
      to: { path: PANEL },
    },
    {
      name: "the-scene-knows-a-canvas-only",
      comment: "The sphere's renderer takes typed arrays and a canvas: tests run it alone.",
      severity: "error",
      from: { path: "^\\.\\./gap_explorer/web/scene/" },
      to: { path: "react|recoil|@fiftyone|\\.tsx$" },
    },
    ...rooms(
      "gap-explorer",
      "\\.\\./gap_explorer/web",
      [
        "frame",
        "results",
        "sphere",
        "overview",
        "answer",
        "delta",
        "legend",
        "tray",
        "heatmaps",
        "verdicts",
        "colour",
        "grid",
        "cloud",
        "parts",
        "scene",
      ],
      `${CONTRACT}|math`,
    ),
    ...rooms("scene", "\\.\\./gap_explorer/web/scene", ["marks", "gestures", "camera"], "none"),
    ...rooms("sparse-sampling", "\\.\\./sparse_sampling/web", ["pictures", "player", "chart", "live"], `${CONTRACT}|Icons|useChoices`),
    ...rooms("rationale-review", "\\.\\./rationale_review/web", ["verdict", "keys"], CONTRACT),
    ...rooms("shared", "shared", ["rationales", "work", "ui", "wire", "theme", "hooks"], "none"),
    {
      name: "rationales-are-of-the-rationale-panels",
      comment: "What any panel needs is in another room of shared/.",
      severity: "error",
      from: { path: [PANEL, "^shared/"], pathNot: ["^\\.\\./rationale_[^/]+/web/", "^shared/rationales/"] },
      to: { path: "^shared/rationales/" },
    },
    {
      name: "the-app-through-one-door",
      comment: "FiftyOne publishes no types: an upgrade should break the panels' entries and the event bridge only.",
      severity: "error",
      from: {
        pathNot: ["^index\\.tsx$", "^\\.\\./[^/]+/web/index\\.tsx$", "/fiftyone\\.ts$", "^shared/wire/events\\.ts$"],
      },
      to: { path: "@fiftyone|^recoil" },
    },
    {
      name: "no-circles",
      comment: "Modules that need each other cannot be understood or tested one at a time.",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "nothing-unused",
      comment: "A module that nothing imports is dead code.",
      severity: "error",
      from: { orphan: true, pathNot: ["\\.d\\.ts$", "\\.test\\.ts$", "config", "\\.mjs$"] },
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    exclude: { path: "^dist/" },
  },
};
