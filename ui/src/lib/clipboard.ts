// The clipboard. Pages that did not come over HTTPS or from this machine have the old way only.

/** Whether the text could be copied. */
export async function copyText(text: string): Promise<boolean> {
  // The types promise a clipboard everywhere.
  const clipboard = navigator.clipboard as Clipboard | undefined;
  if (clipboard) return clipboard.writeText(text).then(() => true, () => false);
  const box = document.createElement("textarea");
  const focused = document.activeElement;
  box.value = text;
  box.style.position = "fixed";
  box.style.opacity = "0";
  document.body.append(box);
  box.select();
  const copied = document.execCommand("copy");
  box.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return copied;
}
