// Rendered markdown. The HTML is made safe where it is made; links open in a tab of their own.
import type { MouseEvent } from "react";

export type MarkdownProps = { html: string; chat?: boolean; titled?: boolean; onClick?: () => void; onTick?: (line: number) => void };

export function Markdown({ html, chat = false, titled = false, onClick, onTick }: MarkdownProps) {
  const click = (event: MouseEvent<HTMLDivElement>) => {
    const target = event.target as HTMLElement;
    if (target instanceof HTMLInputElement && target.dataset.line !== undefined) {
      // The box shows the document, not the click: it turns when the text does.
      event.preventDefault();
      onTick?.(Number(target.dataset.line));
      return;
    }
    if (target.closest("a, button, input, summary") || getSelection()?.isCollapsed === false) return;
    onClick?.();
  };
  return (
    // The keyboard has the boxes, the links and a key of its own for editing.
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-static-element-interactions
    <div dir="auto" onClick={onClick || onTick ? click : undefined} className={`prose ${chat ? "prose-chat" : ""} ${titled ? "prose-titled" : ""}`} dangerouslySetInnerHTML={{ __html: html }} />
  );
}
