// Images that go with a message: read as they are where they fit, else scaled down until they do.
import { useState } from "react";
import type { Image } from "../../lib/generated/types";

export type Picture = Image & { key: string; name: string; scaled: string | null };

/** A message carries so many characters of base64 in all. */
const ROOM = 48 * 1024;
const TAKEN = ["image/png", "image/jpeg", "image/gif", "image/webp"];
const WIDEST = 1600;
const SCALES = [1, 0.75, 0.5, 0.35, 0.25, 0.15];
const QUALITIES = [0.85, 0.6, 0.4];

/** What is an image of what was pasted or dropped. */
export function imagesIn(data: DataTransfer | null): File[] {
  return [...(data?.files ?? [])].filter((file) => file.type.startsWith("image/"));
}

/** The image in no more than `room` characters, or why it can't be sent. */
async function readImage(file: File, room: number): Promise<Picture | { problem: string }> {
  const name = file.name || "image";
  const made = (image: Image, scaled: string | null): Picture => ({ ...image, key: crypto.randomUUID(), name, scaled });
  if (TAKEN.includes(file.type) && encodedLength(file.size) <= room) return made({ mime: file.type, data: await base64(file) }, null);
  const bitmap = await createImageBitmap(file).catch(() => null);
  if (bitmap === null) return { problem: `${name} is no image that can be read here.` };
  try {
    for (const scale of SCALES) {
      for (const quality of QUALITIES) {
        // One after the other: the first that fits is taken.
        // oxlint-disable-next-line no-await-in-loop
        const { blob, size } = await draw(bitmap, scale, quality);
        // oxlint-disable-next-line no-await-in-loop
        if (blob !== null && encodedLength(blob.size) <= room) return made({ mime: blob.type, data: await base64(blob) }, size);
      }
    }
  } finally {
    bitmap.close();
  }
  return { problem: `There is no room for ${name}: a message carries ${ROOM / 1024} kB of images.` };
}

async function draw(bitmap: ImageBitmap, scale: number, quality: number): Promise<{ blob: Blob | null; size: string }> {
  const factor = Math.min(1, WIDEST / Math.max(bitmap.width, bitmap.height)) * scale;
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * factor));
  canvas.height = Math.max(1, Math.round(bitmap.height * factor));
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/webp", quality));
  return { blob, size: `${canvas.width} × ${canvas.height}` };
}

function encodedLength(bytes: number): number {
  return Math.ceil(bytes / 3) * 4;
}

function base64(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(String(reader.result).replace(/^[^,]*,/, "")));
    reader.addEventListener("error", () => reject(reader.error ?? new Error("unreadable")));
    reader.readAsDataURL(blob);
  });
}

/** The images that go with the next message, and why one of them can't. */
export function usePictures(taken: boolean, agent: string) {
  const [pictures, setPictures] = useState<Picture[]>([]);
  const [problem, setProblem] = useState<string | null>(null);
  const take = async (files: File[]): Promise<void> => {
    if (files.length === 0) return;
    if (!taken) return setProblem(`${agent} takes no images.`);
    setProblem(null);
    let room = ROOM - pictures.reduce((sum, picture) => sum + picture.data.length, 0);
    for (const file of files) {
      // The next gets the room that is left.
      // oxlint-disable-next-line no-await-in-loop
      const read = await readImage(file, room);
      if ("problem" in read) return setProblem(read.problem);
      room -= read.data.length;
      setPictures((before) => [...before, read]);
    }
  };
  const remove = (key: string) => {
    setProblem(null);
    setPictures((before) => before.filter((picture) => picture.key !== key));
  };
  const clear = () => {
    setProblem(null);
    setPictures([]);
  };
  return { pictures, problem, take, remove, clear };
}
