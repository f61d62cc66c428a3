// A message that was refused goes back to where it was written: its words and its images, before what is there by now.
import { useEffect, useRef } from "react";
import { addToDraft } from "../features/transcript/images";
import type { Notice } from "../lib/generated/types";
import { readPref, setPref } from "../lib/prefs";

export function GiveBack({ notices }: { notices: Notice[] }) {
  const given = useRef(new Set<string>());
  useEffect(() => {
    for (const { id, message } of notices) {
      if (message === null || given.current.has(id)) continue;
      given.current.add(id);
      const place = `draft.message.${message.session}`;
      const written = readPref(place, "");
      setPref(place, written === "" ? message.text : `${message.text}\n\n${written}`);
      addToDraft(message.session, message.images ?? []);
    }
  }, [notices]);
  return null;
}
