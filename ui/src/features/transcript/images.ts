// Images that go with a message, as they are: small ones in the message, others beside it.
import { useRef, useState } from "react";
import { keepBlob } from "../../lib/blobs";
import type { AttachedImage } from "../../lib/generated/types";
import { readPref, setPref, usePref } from "../../lib/prefs";

export type Picture = { key: string; name: string; image: AttachedImage };

/** A message carries so many characters of base64 in itself. */
const ROOM = 48 * 1024;
const LARGEST = 10 * 1024 * 1024;
const MOST = 10;
const LARGEST_TOGETHER = 40 * 1024 * 1024;
const TAKEN = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/** What is an image of what was pasted or dropped. */
export function imagesIn(data: DataTransfer | null): File[] {
  return [...(data?.files ?? [])].filter((file) => file.type.startsWith("image/"));
}

/** Why this can't go along with those, or null. */
function objection(file: File, before: Picture[]): string | null {
  const name = file.name || "The image";
  if (!TAKEN.includes(file.type)) return `${name} is no PNG, JPEG, GIF or WebP image: agents take no other.`;
  if (file.size > LARGEST) return `${name} has ${megabytes(file.size)}; an image may have ${megabytes(LARGEST)}.`;
  if (before.length >= MOST) return `A message carries ${MOST} images at most.`;
  if (before.reduce((sum, { image }) => sum + sizeOf(image), file.size) > LARGEST_TOGETHER) return `The images of a message may have ${megabytes(LARGEST_TOGETHER)} together.`;
  return null;
}

async function attach(file: File, before: Picture[]): Promise<AttachedImage> {
  const room = ROOM - before.reduce((sum, { image }) => sum + ("data" in image ? image.data.length : 0), 0);
  if (Math.ceil(file.size / 3) * 4 <= room) return { mime: file.type, data: await base64(file) };
  return { mime: file.type, blob: await keepBlob(file), size: file.size };
}

function sizeOf(image: AttachedImage): number {
  return "data" in image ? (image.data.length / 4) * 3 : image.size;
}

function megabytes(bytes: number): string {
  return `${Math.round((bytes / 1024 / 1024) * 10) / 10} MB`;
}

function base64(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(String(reader.result).replace(/^[^,]*,/, "")));
    reader.addEventListener("error", () => reject(reader.error ?? new Error("unreadable")));
    reader.readAsDataURL(blob);
  });
}

const draft = (session: string) => `draft.images.${session}`;

function picturesOf(text: string): Picture[] {
  try {
    const list = JSON.parse(text) as unknown;
    return Array.isArray(list) ? (list as Picture[]) : [];
  } catch {
    return [];
  }
}

/** Puts images into the draft of a session's next message. */
export function addToDraft(session: string, images: AttachedImage[], names: string[] = []): void {
  const before = picturesOf(readPref(draft(session), "[]"));
  const last = Math.max(0, ...before.map(({ key }) => Number(key)));
  const added = images.map((image, at) => ({ key: String(last + at + 1), name: names[at] ?? "image", image }));
  setPref(draft(session), JSON.stringify([...before, ...added]));
}

/** The images that go with the next message, kept like its text, and why one of them can't. */
export function usePictures(session: string, taken: boolean, agent: string) {
  const [text, setText] = usePref(draft(session), "[]");
  const [problem, setProblem] = useState<string | null>(null);
  const pictures = picturesOf(text);
  // What is pasted while something else is being read comes after it, and gets the room that is left.
  const turn = useRef(Promise.resolve());
  const take = (files: File[]): void => {
    turn.current = turn.current.then(() => takeNow(files)).catch(() => setProblem("The image can’t be read."));
  };
  const takeNow = async (files: File[]): Promise<void> => {
    if (files.length === 0) return;
    if (!taken) return setProblem(`${agent} takes no images.`);
    setProblem(null);
    for (const file of files) {
      const before = picturesOf(readPref(draft(session), "[]"));
      const why = objection(file, before);
      if (why !== null) return setProblem(why);
      // oxlint-disable-next-line no-await-in-loop
      addToDraft(session, [await attach(file, before)], [file.name || "image"]);
    }
  };
  const remove = (key: string) => {
    setProblem(null);
    setText(JSON.stringify(pictures.filter((picture) => picture.key !== key)));
  };
  const clear = () => {
    setProblem(null);
    setText("[]");
  };
  return { pictures, problem, take, remove, clear };
}
