import * as React from "react";

interface Size {
  width: number;
  height: number;
}

/** Size of an element in whole pixels, 0 until it is known; the same object for as long as it is the same. */
export function useSize(element: HTMLElement | null): Size {
  const [size, setSize] = React.useState<Size>({ width: 0, height: 0 });
  React.useLayoutEffect(() => {
    if (!element) return undefined;
    const read = (): void => {
      const box = element.getBoundingClientRect();
      const [width, height] = [Math.floor(box.width), Math.floor(box.height)];
      setSize((now) => (now.width === width && now.height === height ? now : { width, height }));
    };
    read();
    const observer = new ResizeObserver(read);
    observer.observe(element);
    return () => observer.disconnect();
  }, [element]);
  return size;
}
