// Where something stands in a configuration, and the one error that reading a configuration can give.

export interface Place {
  readonly file: string;
  readonly line: number;
  /** From 1; 0 stands before the first character of the line. */
  readonly column: number;
}

/** `bird.conf:3:28 Neighbor must be configured`: what BIRD prints, and where. */
export class BirdError extends Error {
  readonly place: Place;
  /** The text without the place. */
  readonly text: string;

  constructor(place: Place, text: string) {
    super(`${placeText(place)} ${text}`);
    this.name = 'BirdError';
    this.place = place;
    this.text = text;
  }
}

export function fail(place: Place, text: string): never {
  throw new BirdError(place, text);
}

export function placeText({ file, line, column }: Place): string {
  return `${file}:${line}:${column}`;
}

/** Errors that belong to the whole of a file stand at 1:0. */
export function startOf(file: string): Place {
  return { file, line: 1, column: 0 };
}
