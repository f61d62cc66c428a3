// What a person has copied.
import type { Page } from "playwright-core";

/** Pastes an image of noise, which does not compress: about four bytes for each pixel. */
export async function pasteNoise(page: Page, name: string, width: number, height: number): Promise<number> {
  return page.evaluate(
    async ([label, wide, high]) => {
      const canvas = Object.assign(document.createElement("canvas"), { width: wide, height: high });
      const ink = canvas.getContext("2d");
      const noise = ink?.createImageData(wide, high);
      if (!ink || !noise) throw new Error("no canvas");
      for (let at = 0; at < noise.data.length; at++) noise.data[at] = at % 4 === 3 ? 255 : Math.random() * 256;
      ink.putImageData(noise, 0, 0);
      const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/png"));
      const clipboardData = new DataTransfer();
      clipboardData.items.add(new File([blob ?? ""], label, { type: "image/png" }));
      document.activeElement?.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
      return blob?.size ?? 0;
    },
    [name, width, height] as const,
  );
}
