// One of a few ways, each with a sentence that says what it means.
import { useId } from "react";
import { Badge } from "./Small";

export type ChoicesProps<T extends string> = {
  legend: string;
  value: T;
  /** Name, title, and what it means. */
  options: [T, string, string][];
  /** The one that is taken where nothing is chosen. */
  standard: T;
  onChange: (value: T) => void;
};

export function Choices<T extends string>({ legend, value, options, standard, onChange }: ChoicesProps<T>) {
  const group = useId();
  return (
    <fieldset className="flex flex-col gap-1">
      <legend className="mb-1 text-meta text-ink-2">{legend}</legend>
      {options.map(([name, title, means]) => (
        <label key={name} className={`flex items-start gap-2 rounded border px-2.5 py-1.5 has-focus-visible:outline-2 has-focus-visible:outline-accent ${name === value ? "border-accent bg-accent-ground" : "border-line hover:bg-hover"}`}>
          <input type="radio" name={group} aria-label={title} aria-describedby={`${group}${name}`} checked={name === value} onChange={() => onChange(name)} className="mt-1 accent-accent outline-none" />
          <span className="min-w-0">
            <span className="flex items-center gap-2">
              {title}
              {name === standard && <Badge>default</Badge>}
            </span>
            <span id={`${group}${name}`} className="block text-meta text-ink-2">
              {means}
            </span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
