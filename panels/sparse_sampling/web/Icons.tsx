import * as React from "react";
import { icon } from "../../web/shared/ui/icon";

export const Play = icon(<path d="M4.5 2.6v10.8L13 8z" fill="currentColor" />);
export const Pause = icon(<path d="M4 3h2.4v10H4zM9.6 3H12v10H9.6z" fill="currentColor" />);
export const Next = icon(<path d="M6 3.5L10.5 8 6 12.5" />);
export const Previous = icon(<path d="M10 3.5L5.5 8l4.5 4.5" />);
export const First = icon(<path d="M12 3.5L7.5 8l4.5 4.5M4 3.5v9" />);
export const Last = icon(<path d="M4 3.5L8.5 8 4 12.5M12 3.5v9" />);
export const Picture = icon(
  <>
    <rect x="2" y="3" width="12" height="10" rx="1.2" />
    <path d="M2.5 11.5l3.4-3.6 2.6 2.6 2-1.8 3 2.8" />
  </>,
);
