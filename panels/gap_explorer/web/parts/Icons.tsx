import * as React from "react";
import { icon } from "../../../web/shared/ui/icon";

export const Gear = icon(
  <>
    <path d="M2 4.5h6M12 4.5h2M2 11.5h2M8 11.5h6" />
    <circle cx="10" cy="4.5" r="1.8" />
    <circle cx="6" cy="11.5" r="1.8" />
  </>,
);
export const Plus = icon(<path d="M8 3v10M3 8h10" />);
export const Minus = icon(<path d="M3 8h10" />);
export const Home = icon(
  <>
    <circle cx="8" cy="8" r="5.6" />
    <path d="M2.6 8c1.8 1.7 9 1.7 10.8 0M8 2.4c-2.6 3.2-2.6 8 0 11.2" />
  </>,
);
export const PointIcon = icon(
  <>
    <circle cx="8" cy="8" r="2.2" fill="currentColor" />
    <circle cx="8" cy="8" r="5.6" />
  </>,
);
export const PlaceIcon = icon(
  <>
    <circle cx="8" cy="8" r="4.4" strokeDasharray="2.2 2.2" />
    <path d="M8 1.6v3M8 11.4v3M1.6 8h3M11.4 8h3" />
  </>,
);
export const CapIcon = icon(
  <>
    <circle cx="8" cy="8" r="5.8" />
    <ellipse cx="6.6" cy="6.4" rx="3" ry="2.4" fill="currentColor" fillOpacity=".35" />
  </>,
);
export const LassoIcon = icon(
  <>
    <path d="M8 2.4c3.4 0 5.6 1.6 5.6 3.8S11.4 10 8 10 2.4 8.4 2.4 6.2 4.6 2.4 8 2.4z" strokeDasharray="2.4 1.6" />
    <path d="M5.2 9.6c-.6 1.4-.2 2.8-1.6 4" />
  </>,
);
export const Close = icon(<path d="M4 4l8 8M12 4l-8 8" />);
export const Dots = icon(
  <>
    <circle cx="3.4" cy="8" r="1" fill="currentColor" />
    <circle cx="8" cy="8" r="1" fill="currentColor" />
    <circle cx="12.6" cy="8" r="1" fill="currentColor" />
  </>,
);
export const Check = icon(<path d="M3.5 8.5l3 3 6-7" />);
export const SheetIcon = icon(
  <>
    <path d="M3.5 1.8h6.2l2.8 2.9v9.5h-9z" />
    <path d="M5.6 7h4.8M5.6 9.4h4.8M5.6 11.8h2.6" />
  </>,
);
