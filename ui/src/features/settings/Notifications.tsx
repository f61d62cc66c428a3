// Whether this browser tells of what happens while nobody looks.
import { useState } from "react";
import { chime } from "../../lib/chime";
import { permission, turnOn } from "../../lib/notify";
import { setPref, usePref } from "../../lib/prefs";

const WHY = {
  denied: "This browser refuses them for this address. Allow them in its settings of the site.",
  missing: "This browser has none here: it wants a secure address (https, or this machine itself).",
};

export function Notifications() {
  const [wanted] = usePref("notify", "off");
  const [sound] = usePref("notify.sound", "off");
  const [state, setState] = useState(permission);
  const on = wanted === "on" && state === "granted";
  return (
    <section aria-labelledby="notifications">
      <h2 id="notifications" className="mb-1 text-doc font-semibold">
        Notifications
      </h2>
      <p className="mb-2 text-ink-2">Of approvals, questions, failures and finished work, while this page is out of sight.</p>
      <div className="flex flex-col gap-1.5">
        <Switch label="Notifications of the desktop" on={on} onChange={(next) => (next ? void turnOn().then(setState) : setPref("notify", "off"))} />
        {(state === "denied" || state === "missing") && <p className="ps-6 text-meta text-warning">{WHY[state]}</p>}
        <Switch
          label="A short sound"
          on={sound === "on"}
          onChange={(next) => {
            setPref("notify.sound", next ? "on" : "off");
            if (next) chime(true);
          }}
        />
      </div>
    </section>
  );
}

function Switch({ label, on, onChange }: { label: string; on: boolean; onChange: (on: boolean) => void }) {
  return (
    <label className="flex w-fit items-center gap-2">
      <input type="checkbox" role="switch" aria-checked={on} checked={on} onChange={(event) => onChange(event.target.checked)} className="accent-accent" />
      {label}
    </label>
  );
}
