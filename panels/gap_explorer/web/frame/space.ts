/** `column`: the answer beside the sphere; `drawer`: below it, where there is too little space. */
export type Space = "column" | "drawer";

const DRAWER_WIDTH = 650;
const DRAWER_HEIGHT = 700;

export const spaceOf = (width: number, height: number): Space =>
  width < DRAWER_WIDTH || height < DRAWER_HEIGHT ? "drawer" : "column";
