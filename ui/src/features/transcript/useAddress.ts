// The address under which an image of a message can be shown.
import { useEffect, useState } from "react";
import { addressOf } from "../../lib/blobs";
import type { AttachedImage } from "../../lib/generated/types";

/** `undefined` until it is known, `null` where there is none. */
export function useAddress(image: AttachedImage): string | null | undefined {
  const inline = "data" in image ? `data:${image.mime};base64,${image.data}` : null;
  const blob = "blob" in image ? image.blob : null;
  const [found, setFound] = useState<{ blob: string; address: string | null } | null>(null);
  useEffect(() => {
    if (blob === null) return;
    let wanted = true;
    const tell = (address: string | null) => wanted && setFound({ blob, address });
    addressOf({ mime: image.mime, blob, size: 0 }).then(tell, () => tell(null));
    return () => {
      wanted = false;
    };
  }, [blob, image.mime]);
  if (inline !== null) return inline;
  return found?.blob === blob ? found?.address : undefined;
}
