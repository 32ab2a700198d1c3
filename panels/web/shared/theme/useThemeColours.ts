import * as React from "react";
import type { SceneTheme } from "./theme";

const FALLBACK: SceneTheme = {
  dark: true,
  background: "rgb(26, 26, 26)",
  text: "rgb(255, 255, 255)",
  muted: "rgb(150, 160, 170)",
  accent: "rgb(255, 109, 4)",
  selected: "rgb(74, 163, 255)",
};

/**
 * The App's theme as the scene needs it.  The App switches by an attribute on the document, so the
 * custom properties are read again whenever that changes.
 */
export function useThemeColours(root: HTMLElement | null): SceneTheme {
  const [theme, setTheme] = React.useState<SceneTheme>(FALLBACK);

  React.useEffect(() => {
    if (!root) return undefined;
    const read = (): void => {
      const background = resolve(root, "--fo-palette-background-mediaSpace", FALLBACK.background);
      const dark = luminance(background) < 0.5;
      setTheme({
        dark,
        background,
        text: resolve(root, "--fo-palette-text-primary", dark ? "#fff" : "#000"),
        muted: dark ? "rgb(158, 170, 184)" : "rgb(98, 108, 122)",
        accent: resolve(root, "--fo-palette-primary-main", FALLBACK.accent),
        selected: resolve(root, "--fo-palette-neutral-plainColor", FALLBACK.selected),
      });
    };
    read();
    const observer = new MutationObserver(read);
    const options = { attributes: true, attributeFilter: ["data-mui-color-scheme", "class", "style"] };
    observer.observe(document.documentElement, options);
    observer.observe(document.body, options);
    return () => observer.disconnect();
  }, [root]);

  return theme;
}

/** A custom property as the browser computes it: three.js reads rgb(), not every way of hsl(). */
function resolve(root: HTMLElement, name: string, fallback: string): string {
  const value = getComputedStyle(root).getPropertyValue(name).trim() || fallback;
  const probe = document.createElement("span");
  probe.style.color = value;
  root.appendChild(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour || fallback;
}

function luminance(colour: string): number {
  const [r = 0, g = 0, b = 0] = (colour.match(/[\d.]+/g) ?? []).map(Number);
  return (0.3 * r + 0.59 * g + 0.11 * b) / 255;
}
