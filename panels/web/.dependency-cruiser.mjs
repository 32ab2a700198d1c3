// The layers of the panels' sources; `npm test` checks them.
const PANEL = "^\\.\\./([^/]+)/web/";

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
