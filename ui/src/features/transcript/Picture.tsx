// An image of a message or a result; larger when it is pressed.
import { useState } from "react";
import type { Image } from "../../lib/generated/types";
import { Dialog } from "../../ui/Dialog";

export function Picture({ image, of }: { image: Image; of: "you" | "the agent" | "the tool" }) {
  const [large, setLarge] = useState(false);
  const source = `data:${image.mime};base64,${image.data}`;
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
