import * as React from "react";

/** `column`: the answer beside the sphere; `drawer`: below it, where there is too little space. */
export type Space = "column" | "drawer";

export const DRAWER_WIDTH = 650;
export const DRAWER_HEIGHT = 700;

export const spaceOf = (width: number, height: number): Space =>
  width < DRAWER_WIDTH || height < DRAWER_HEIGHT ? "drawer" : "column";

export interface Size {
  width: number;
  height: number;
}

/** The size of an element, 0 until it is known. */
export function useSize(element: HTMLElement | null): Size {
  const [size, setSize] = React.useState<Size>({ width: 0, height: 0 });
  React.useLayoutEffect(() => {
    if (!element) return undefined;
    const take = (): void => setSize({ width: element.clientWidth, height: element.clientHeight });
    take();
    const observer = new ResizeObserver(take);
    observer.observe(element);
    return () => observer.disconnect();
  }, [element]);
  return size;
}
