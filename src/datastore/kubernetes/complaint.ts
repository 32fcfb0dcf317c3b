// What writers say about what they cannot write.

export interface Complaint {
  /** Of the object that is to be written. */
  readonly kind: 'CalicoNodeStatus' | 'Event';
  readonly name: string;
  /** undefined: all is well again. */
  readonly text: string | undefined;
}
