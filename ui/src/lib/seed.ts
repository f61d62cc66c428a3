// Randomness for the core, which has none of its own. Plain HTTP from another host has `getRandomValues` only.

/** 32 random bytes in hexadecimal. */
export function hexSeed(): string {
  return [...crypto.getRandomValues(new Uint8Array(32))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A random UUID (version 4). */
export function randomId(): string {
  const hex = hexSeed();
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 3) | 8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
