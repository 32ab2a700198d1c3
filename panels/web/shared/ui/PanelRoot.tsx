import * as React from "react";
import type { SceneTheme } from "../theme/theme";
import { useEnter } from "./useEnter";
import { useThemeColours } from "../theme/useThemeColours";

/** What every panel is inside of: its theme and the keys that the App takes away. */
export function PanelRoot(props: {
  cy: string;
  className?: string;
  children(theme: SceneTheme, root: HTMLElement | null): React.ReactNode;
}): React.ReactElement {
  const { cy, className = "", children } = props;
  const [root, setRoot] = React.useState<HTMLElement | null>(null);
  const theme = useThemeColours(root);
  useEnter(root);
  return (
    <div className={`gs-root ${className}`} ref={setRoot} data-cy={cy} data-theme={theme.dark ? "dark" : "light"}>
      {children(theme, root)}
    </div>
  );
}
