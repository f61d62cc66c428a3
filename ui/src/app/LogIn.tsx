// Asks for the token. What waits to be sent is kept and goes on after it.
import { useState } from "react";
import { useConnection, useShell } from "../lib/use";
import { plural } from "../lib/words";
import { Button } from "../ui/Button";
import { Field, TextField } from "../ui/Small";

export function LogIn() {
  const shell = useShell();
  const { waiting } = useConnection();
  const [token, setToken] = useState("");
  const [failed, setFailed] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const logIn = async () => {
    setBusy(true);
    try {
      // A pasted address holds the token too.
      const value = /[?&]token=([^&\s]+)/.exec(token)?.[1] ?? token.trim();
      if (!(await shell.logIn(value))) setFailed("That is not the token of this server.");
    } catch {
      setFailed("The server does not answer. Is it running?");
    }
    setBusy(false);
  };
  return (
    <main className="grid h-dvh place-items-center p-4">
      <form
        className="flex w-full max-w-[400px] flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          void logIn();
        }}
      >
        <h1 className="text-title font-semibold">Quarterdeck</h1>
        <p className="text-ink-2">
          Open the address that <code className="font-mono text-code">qd serve</code> printed when it started, or paste it here.
        </p>
        <Field label="Address or token">
          <TextField value={token} onChange={(event) => setToken(event.target.value)} spellCheck={false} className="h-9!" />
        </Field>
        {failed !== null && (
          <p role="alert" className="text-danger">
            {failed}
          </p>
        )}
        <div className="flex items-center justify-between">
          <span className="text-meta text-ink-3">{waiting > 0 ? `${plural(waiting, "action")} waiting, kept` : ""}</span>
          <Button look="primary" type="submit" reason={busy ? "Asking the server." : token.trim() === "" ? "Paste the token first." : null} onClick={() => undefined}>
            Log in
          </Button>
        </div>
      </form>
    </main>
  );
}
