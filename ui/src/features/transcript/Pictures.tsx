// Thumbnails of the images that go with a message.
import { X } from "lucide-react";
import type { AttachedImage } from "../../lib/generated/types";
import type { Picture } from "./images";
import { useAddress } from "./useAddress";

export function Pictures({ pictures, onRemove }: { pictures: Picture[]; onRemove: (key: string) => void }) {
  if (pictures.length === 0) return null;
  return (
    <ul aria-label="Images" className="flex flex-wrap gap-2 px-2 pt-2">
      {pictures.map((picture) => (
        <li key={picture.key} className="relative">
          <Thumbnail image={picture.image} name={picture.name} className="h-14 max-w-28 min-w-14" />
          <button type="button" aria-label={`Remove ${picture.name}`} onClick={() => onRemove(picture.key)} className="absolute -end-1.5 -top-1.5 grid size-5 place-items-center rounded-full border border-line-strong bg-raised text-ink-2 hover:text-ink">
            <X className="size-3" aria-hidden="true" />
          </button>
        </li>
      ))}
    </ul>
  );
}

export function Thumbnail({ image, name, className }: { image: AttachedImage; name: string; className: string }) {
  const source = useAddress(image);
  const frame = `shrink-0 rounded border border-line ${className}`;
  if (typeof source !== "string") return <span title={name} className={`block bg-hover ${frame}`} />;
  return <img src={source} alt={name} title={name} className={`object-cover ${frame}`} />;
}
