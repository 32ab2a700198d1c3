import * as React from "react";
import { Button } from "../../../web/shared/ui/controls";

/**
 * The first of a list and a button for the rest, which is null where all is shown: one more than
 * `first` is as good as a button.
 *
 * @param of where it changes, the first alone are shown again
 */
export function useFirst<T>(list: readonly T[], first: number, of?: unknown): [readonly T[], React.ReactElement | null] {
  const [opened, setOpened] = React.useState<{ of: unknown } | null>(null);
  if (list.length <= first + 1 || (opened && opened.of === of)) return [list, null];
  const more = (
    <Button look="link" aria-expanded={false} onClick={() => setOpened({ of })}>
      {list.length - first} more
    </Button>
  );
  return [list.slice(0, first), more];
}
