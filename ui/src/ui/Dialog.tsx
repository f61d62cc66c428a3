// A dialog of the platform: it traps focus, closes on Escape and gives focus back where it came from.
import { X } from "lucide-react";
import { useEffect, useRef, type ReactNode } from "react";
import { IconButton } from "./Button";

export type DialogProps = {
  label: string;
  onClose: () => void;
  children: ReactNode;
  /** Without its own heading and close button (the palette). */
  bare?: boolean;
  width?: string;
};

export function Dialog({ label, onClose, children, bare = false, width = "w-[520px]" }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const from = document.activeElement;
    const dialog = ref.current;
    dialog?.showModal();
    (dialog?.querySelector<HTMLElement>("[data-first-focus]") ?? dialog)?.focus();
    return () => {
      if (from instanceof HTMLElement && from.isConnected) from.focus({ preventScroll: true });
    };
  }, []);
  return (
    // The backdrop closes by mouse; by keyboard it is Escape.
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-noninteractive-element-interactions
    <dialog
      ref={ref}
      aria-label={label}
      tabIndex={-1}
      onClose={onClose}
      onClick={(event) => {
        if (event.target === ref.current) ref.current?.close();
      }}
      className={`fixed inset-x-0 top-[12vh] m-0 mx-auto max-h-[76vh] max-w-[calc(100vw-24px)] ${width} overflow-hidden rounded border border-line bg-raised p-0 text-ink shadow-float outline-none backdrop:bg-veil`}
    >
      {bare ? (
        children
      ) : (
        <div className="flex max-h-[76vh] flex-col">
          <header className="flex items-center justify-between border-b border-line py-2 ps-4 pe-2">
            <h2 className="font-semibold">{label}</h2>
            <IconButton label="Close" hint="Esc" onClick={() => ref.current?.close()}>
              <X className="size-4" />
            </IconButton>
          </header>
          {/* What scrolls must be reachable by keyboard. */}
          {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
          <div tabIndex={0} className="min-h-0 overflow-y-auto p-4">
            {children}
          </div>
        </div>
      )}
    </dialog>
  );
}
