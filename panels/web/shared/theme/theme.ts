/** The colours that the scene draws with, as CSS strings read from the App's theme. */

export interface SceneTheme {
  dark: boolean;
  background: string;
  text: string;
  muted: string;
  accent: string;
  selected: string;
}
