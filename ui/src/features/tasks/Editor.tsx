// The markdown editor (loaded at first use). Saves by itself with the version it edits; takes in what others changed
// without moving the caret.
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { markdown } from "@codemirror/lang-markdown";
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorState, Transaction } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { useEffect, useEffectEvent, useRef } from "react";
import { useShell } from "../../lib/use";
import type { DocumentView } from "../../lib/generated/types";
import { difference } from "./difference";

const SAVE_AFTER_MS = 500;

const look = EditorView.theme({
  "&": { fontSize: "15px", lineHeight: "22px", color: "var(--ink)", maxWidth: "72ch" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "inherit", lineHeight: "22px" },
  ".cm-content": { padding: "0", caretColor: "var(--accent)", minHeight: "40vh" },
  ".cm-line": { padding: "0" },
  ".cm-cursor": { borderLeftColor: "var(--accent)", borderLeftWidth: "2px" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--accent-ground) !important" },
});

const marks = HighlightStyle.define([
  { tag: tags.heading, fontWeight: "600" },
  { tag: tags.strong, fontWeight: "600" },
  { tag: tags.emphasis, fontStyle: "italic" },
  { tag: [tags.processingInstruction, tags.meta, tags.contentSeparator], color: "var(--ink-3)" },
  { tag: tags.monospace, fontFamily: "'JetBrains Mono Variable', monospace", fontSize: "0.88em" },
  { tag: [tags.link, tags.url], color: "var(--accent-ink)" },
]);

export function Editor({ task, doc, onDone }: { task: string; doc: DocumentView; onDone: () => void }) {
  const shell = useShell();
  const host = useRef<HTMLDivElement>(null);
  const editor = useRef<EditorView | null>(null);
  /** The version and text that the editor's text was made from. */
  const base = useRef<{ version: string; text: string }>(doc);
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);

  const save = useEffectEvent(() => {
    if (timer.current !== null) clearTimeout(timer.current);
    timer.current = null;
    const text = editor.current?.state.doc.toString();
    if (text === undefined || text === base.current.text) return;
    // A version's id is the mutation that made it: the next save names this one as its base.
    const mid = shell.act({ name: "save_document", args: { id: task, base: base.current.version, text } });
    base.current = { version: mid ?? base.current.version, text };
  });
  const changed = useEffectEvent(() => {
    if (timer.current !== null) clearTimeout(timer.current);
    timer.current = setTimeout(save, SAVE_AFTER_MS);
  });
  const done = useEffectEvent(onDone);

  useEffect(() => {
    const place = host.current;
    if (!place) return;
    // In a shadow root the editor's styles need no inline style element, which the content security policy forbids.
    const root = place.shadowRoot ?? place.attachShadow({ mode: "open" });
    const view = new EditorView({
      root,
      parent: root,
      state: EditorState.create({
        doc: base.current.text,
        extensions: [
          history(),
          keymap.of([
            { key: "Escape", run: () => (done(), true) },
            { key: "Mod-s", run: () => (save(), true) },
            { key: "Mod-Enter", run: () => (done(), true) },
            indentWithTab,
            ...defaultKeymap,
            ...historyKeymap,
          ]),
          markdown(),
          syntaxHighlighting(marks),
          EditorView.lineWrapping,
          EditorView.perLineTextDirection.of(true),
          EditorView.contentAttributes.of({ "aria-label": "Document text", spellcheck: "true" }),
          look,
          EditorView.updateListener.of((update) => {
            if (update.docChanged && !update.transactions.some((t) => t.annotation(Transaction.remote))) changed();
          }),
          EditorView.domEventHandlers({ blur: () => save() }),
        ],
      }),
    });
    editor.current = view;
    view.focus();
    addEventListener("pagehide", save);
    return () => {
      removeEventListener("pagehide", save);
      save();
      view.destroy();
      editor.current = null;
    };
  }, []);

  // What others (or the merge) made of the text comes in where nothing unsaved stands against it.
  useEffect(() => {
    const view = editor.current;
    if (!view) return;
    const mine = view.state.doc.toString();
    if (doc.text === mine) {
      base.current = doc;
    } else if (mine === base.current.text && !doc.pending) {
      base.current = doc;
      view.dispatch({
        changes: difference(mine, doc.text),
        annotations: [Transaction.remote.of(true), Transaction.addToHistory.of(false)],
      });
    }
  }, [doc]);

  return <div ref={host} dir="auto" />;
}
