import * as React from "react";

/** A thumbnail, or a short note where the image cannot be loaded. */
export function SmallImage(props: { src: string; onSize?(ratio: number): void }): React.ReactElement {
  const [failed, setFailed] = React.useState<string | null>(null);
  if (failed === props.src) {
    return (
      <span className="gs-no-image" title="This image cannot be loaded" data-cy="gs-no-image">
        no image
      </span>
    );
  }
  return (
    <img
      src={props.src}
      alt=""
      loading="lazy"
      decoding="async"
      onError={() => setFailed(props.src)}
      onLoad={(event) => {
        const { naturalWidth, naturalHeight } = event.currentTarget;
        if (naturalWidth) props.onSize?.(naturalHeight / naturalWidth);
      }}
    />
  );
}
