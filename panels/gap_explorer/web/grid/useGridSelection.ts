import * as React from "react";
import type { Bridge } from "../bridge";
import type { IdColumn } from "../../../web/shared/wire/columns";
import { heard } from "../../../web/shared/wire/heard";
import type { Cloud } from "../cloud/useCloud";

/**
 * Positions of the samples selected in the grid, and of the one opened in the modal.  The id column
 * is fetched when the first such sample appears: most sessions never need it.
 */
export function useGridSelection(
  bridge: Bridge,
  cloud: Cloud | null,
): { selected: number[]; opened: number } {
  const { selected } = bridge;
  const opened = bridge.data.opened ?? null;
  const [ids, setIds] = React.useState<{ stamp: string; column: IdColumn } | null>(null);
  const needed = selected.length > 0 || opened !== null;

  React.useEffect(() => {
    if (!cloud || !needed || ids?.stamp === cloud.stamp) return undefined;
    return heard(
      cloud.source.ids(),
      (column) => setIds({ stamp: cloud.stamp, column }),
      // Without ids nothing lights up; the rest of the panel is untouched, so say it to developers.
      (reason) => console.warn("gap_explorer: no ids", reason),
    );
  }, [cloud, needed, ids]);

  return React.useMemo(() => {
    if (!cloud || !ids || ids.stamp !== cloud.stamp) return { selected: [], opened: -1 };
    return {
      selected: selected.map((id) => ids.column.indexOf(id)).filter((index) => index >= 0),
      opened: opened === null ? -1 : ids.column.indexOf(opened),
    };
  }, [cloud, ids, selected, opened]);
}
