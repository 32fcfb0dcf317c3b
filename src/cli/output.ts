// Where commands write: standard output and error, or what a test puts in their place.

export interface Output {
  write(text: string): unknown;
  /** A terminal that can be drawn on. */
  readonly isTTY?: boolean;
  /** Lines of the terminal. */
  readonly rows?: number;
}

export interface Outputs {
  readonly stdout: Output;
  readonly stderr: Output;
}
