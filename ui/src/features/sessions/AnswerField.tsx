// The field that stands in the place of a request's buttons: a reason, an answer in one's own words, an edited input.
import { X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { Button, IconButton } from "../../ui/Button";
import { TextField } from "../../ui/Small";
import { TextBox } from "../../ui/TextBox";
import type { Field } from "./fields";

export type AnswerFieldProps = {
  field: Field;
  label: string;
  /** The word on the button that sends it. */
  send: string;
  reason: string | null;
  compact: boolean;
  /** Why it can't be sent. */
  check: (text: string) => string | null;
  onChange: (text: string) => void;
  onSend: (text: string) => void;
  onClose: () => void;
};

export function AnswerField({ field, label, send, reason, compact, check, onChange, onSend, onClose }: AnswerFieldProps) {
  const place = useRef<HTMLDivElement>(null);
  const [told, setTold] = useState(false);
  useEffect(() => {
    place.current?.querySelector<HTMLElement>("input, textarea")?.focus({ preventScroll: true });
    place.current?.scrollIntoView({ block: "nearest" });
  }, []);
  const problem = check(field.text);
  const submit = () => {
    setTold(problem !== null);
    if (problem === null && reason === null) onSend(field.text);
  };
  const shared = {
    "aria-label": label,
    "aria-invalid": told && problem !== null,
    dir: field.kind === "note" ? ("auto" as const) : ("ltr" as const),
    value: field.text,
    placeholder: field.kind === "note" ? label : undefined,
    onChange: (event: { target: { value: string } }) => onChange(event.target.value),
    onKeyDown: (event: React.KeyboardEvent) => {
      if (event.key === "Escape") {
        event.preventDefault();
        onClose();
      }
      if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) {
        event.preventDefault();
        submit();
      }
    },
  };
  const long = field.kind === "input" && !compact;
  return (
    <div ref={place}>
      <div className={`flex gap-1.5 ${long ? "flex-col" : "items-center"}`}>
        {long ? (
          <TextBox {...shared} spellCheck={false} rows={Math.min(12, field.text.split("\n").length)} className="font-mono text-code" />
        ) : (
          <TextField {...shared} className={`min-w-0 flex-1 ${compact ? "h-6! text-meta" : ""} ${field.kind === "input" ? "font-mono text-code" : ""}`} />
        )}
        <div className="flex items-center gap-1.5">
          <Button small={compact} look={field.kind === "input" ? "primary" : "plain"} reason={reason} onClick={submit}>
            {compact && field.kind === "input" ? "Allow" : send}
          </Button>
          {compact ? (
            <IconButton label="Leave it" hint="Esc" onClick={onClose} className="size-6!">
              <X className="size-3.5" aria-hidden="true" />
            </IconButton>
          ) : (
            <Button look="quiet" title="Leave it (Esc)" onClick={onClose}>
              Back
            </Button>
          )}
        </div>
      </div>
      {reason !== null ? (
        <p role="status" className={`text-meta text-ink-2 ${compact ? "sr-only" : "mt-1"}`}>
          {reason}
        </p>
      ) : (
        told && problem !== null && (
          <p role="alert" className={`text-meta text-danger ${compact ? "sr-only" : "mt-1"}`}>
            {problem}
          </p>
        )
      )}
    </div>
  );
}
