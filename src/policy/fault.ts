// The one exception that evaluation knows: a run-time error of a filter. It never leaves the room; the result carries its text.

export class PolicyFault extends Error {}

export function fault(text: string): never {
  throw new PolicyFault(text);
}
