// Modes, models, efforts and whatever else the agent lets a person choose: quiet menus. A choice shows in the frame of the
// click and stays until the agent says how it stands.
import { useEffect, useState } from "react";
import type { Message, Offer, SessionView } from "../../lib/generated/types";
import { chooseOffer, useShell } from "../../lib/use";
import { isEnded } from "../../lib/words";
import { QuietSelect } from "../../ui/Small";

/** An agent that refuses a choice says so in the transcript and not in its offers: after this the menu tells the truth again. */
const BELIEVED_MS = 5000;

type Chosen = { offer: string; value: string; before: string | null };

export function Pickers({ view, offers }: { view: SessionView; offers: Offer[] }) {
  const shell = useShell();
  const { row } = view;
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const told = chosen === null ? null : (offers.find((offer) => offer.id === chosen.offer)?.current ?? null);
  const failed = chosen !== null && lastChoice(view.messages, chosen)?.state.state === "failed";
  const over = chosen !== null && (told !== chosen.before || failed);
  useEffect(() => {
    if (chosen === null) return;
    const timer = setTimeout(() => setChosen(null), over ? 0 : BELIEVED_MS);
    return () => clearTimeout(timer);
  }, [chosen, over]);
  if (isEnded(row.status)) {
    const words = offers.map((offer) => offer.values.find((value) => value.id === offer.current)?.title).filter((title) => title !== undefined);
    return words.length === 0 ? null : (
      <span title="This can be chosen while the agent runs." className="truncate px-1.5 text-meta text-ink-3">
        {words.join(" · ")}
      </span>
    );
  }
  return offers.map((offer) => {
    const current = chosen?.offer === offer.id && !over ? chosen.value : (offer.current ?? "");
    return (
      <QuietSelect
        key={offer.id}
        aria-label={offer.title}
        title={offer.values.find((value) => value.id === current)?.detail ?? offer.title}
        value={current}
        onChange={(event) => {
          setChosen({ offer: offer.id, value: event.target.value, before: offer.current });
          chooseOffer(shell, row.id, offer.id, event.target.value);
        }}
        className="max-w-48"
      >
        {!offer.values.some((value) => value.id === current) && <option value={current}>{offer.title}</option>}
        {offer.values.map((value) => (
          <option key={value.id} value={value.id} title={value.detail ?? undefined}>
            {value.title}
          </option>
        ))}
      </QuietSelect>
    );
  });
}

function lastChoice(messages: Message[], { offer, value }: Chosen): Message | undefined {
  return messages.findLast(({ body }) => body.type === "choose" && body.offer === offer && body.value === value);
}
