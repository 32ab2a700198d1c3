/** `?n=50000&theme=light&face=stale&colour=sequence&…`: one state of the panel, alone on a page. */

import * as React from "react";
import { createRoot } from "react-dom/client";
import { GapExplorer } from "../../gap_explorer/web/components/GapExplorer";
import { DEFAULT_CHOICES, type Choices, type PanelData } from "../../gap_explorer/web/contract.gen";
import { Fake } from "./fake";
import "../styles.css";

const params = new URLSearchParams(location.search);
document.documentElement.dataset.muiColorScheme = params.get("theme") ?? "dark";
(window as { IS_PLAYWRIGHT?: boolean }).IS_PLAYWRIGHT = true;

const n = Number(params.get("n") ?? 5000);
const fake = new Fake(n, Number(params.get("total") ?? n));

function dataFor(face: string | null): PanelData {
  const { data } = fake;
  switch (face) {
    case "loading":
      return {};
    case "failed":
      return { status: { kind: "failed", message: "The run “gapsphere” was deleted. Run find_gaps to make it again." } };
    case "empty":
      return { status: { kind: "empty_dataset" } };
    case "none":
      return { status: { kind: "not_computed", samples: 701, S: 406, U: 295, can_run: true } };
    case "stale":
      return { ...data, run: { ...data.run!, stale: { added: 120, removed: 3 } } };
    case "filtered":
      return { ...data, masks: fake.filtered() };
    default:
      return data;
  }
}

function Page(): React.ReactElement {
  const [choices, setChoices] = React.useState<Choices>(() => ({
    ...DEFAULT_CHOICES,
    ...(JSON.parse(params.get("choices") ?? "{}") as Partial<Choices>),
  }));
  const choose = React.useCallback(
    (patch: Partial<Choices>) => setChoices((previous) => ({ ...previous, ...patch })),
    [],
  );
  const data = React.useMemo(() => dataFor(params.get("face")), []);
  const selected = React.useMemo(
    () => (params.get("selected") ?? "").split(",").filter(Boolean).map((i) => fake.id(Number(i))),
    [],
  );
  return <GapExplorer bridge={fake.bridge({ choices, choose, data, selected })} />;
}

createRoot(document.getElementById("root")!).render(<Page />);
