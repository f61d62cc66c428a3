// An image of a message or a result; larger when it is pressed.
import { useState } from "react";
import type { AttachedImage } from "../../lib/generated/types";
import { Dialog } from "../../ui/Dialog";
import { useAddress } from "./useAddress";

export function Picture({ image, of }: { image: AttachedImage; of: "you" | "the agent" | "the tool" }) {
  const [large, setLarge] = useState(false);
  const source = useAddress(image);
  const room = of === "you" ? "h-24" : "h-32";
  if (source === undefined) return <span className={`block w-32 rounded border border-line bg-ground ${room}`} />;
  if (source === null) return <span className={`grid w-32 place-items-center rounded border border-line bg-ground px-2 text-center text-meta text-ink-3 ${room}`}>This image can’t be read.</span>;
  return (
    <>
      <button type="button" data-item="image" title="Show it larger" onClick={() => setLarge(true)} className="block w-fit overflow-hidden rounded border border-line bg-ground hover:border-line-strong">
        <img src={source} alt={`From ${of}`} className={`max-w-full object-contain ${of === "you" ? "max-h-24" : "max-h-80"}`} />
      </button>
      {large && (
        <Dialog label={`Image from ${of}`} onClose={() => setLarge(false)} width="w-fit">
          <img src={source} alt={`From ${of}`} className="max-h-[64vh] min-w-48 object-contain" />
        </Dialog>
      )}
    </>
  );
}
