// Counts what became of the changes that were sent to the kernel. For metrics; nothing is decided by it.

import type { KernelOperations } from './port.ts';

export class OperationCounts implements KernelOperations {
  add = 0;
  replace = 0;
  delete = 0;
  refused = 0;

  note(type: 'add' | 'replace' | 'delete', isDone: boolean): void {
    this[isDone ? type : 'refused']++;
  }
}
