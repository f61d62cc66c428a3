// A short sound: two notes up for what needs a person, one for what is told.
let audio: AudioContext | null = null;

const LOUD = 0.06;
const NOTE_S = 0.11;

export function chime(needs: boolean): void {
  try {
    audio ??= new AudioContext();
    // A browser holds it back until the page was used once.
    void audio.resume();
    note(audio, 587, 0);
    if (needs) note(audio, 880, NOTE_S);
  } catch {
    // No sound here.
  }
}

function note(context: AudioContext, pitch: number, after: number): void {
  const begin = context.currentTime + after;
  const tone = context.createOscillator();
  const volume = context.createGain();
  tone.frequency.value = pitch;
  volume.gain.setValueAtTime(0, begin);
  volume.gain.linearRampToValueAtTime(LOUD, begin + 0.015);
  volume.gain.exponentialRampToValueAtTime(0.0005, begin + NOTE_S * 1.8);
  tone.connect(volume).connect(context.destination);
  tone.start(begin);
  tone.stop(begin + NOTE_S * 2);
}
