// The system's log, as the C library speaks to it.

import { openlog, syslog } from './libc.ts';

const LOG_PID = 0x01;
const LOG_NDELAY = 0x08;
const LOG_DAEMON = 3 << 3;

/** How bad it is (RFC 5424 6.2.1). */
export const SEVERITY = { CRITICAL: 2, ERROR: 3, WARNING: 4, INFO: 6, DEBUG: 7 } as const;
export type Severity = (typeof SEVERITY)[keyof typeof SEVERITY];

/** Lines of facility daemon from now on, with the process id, under this name. Throws LinuxError without native calls. */
export function openSystemLog(name: string): void {
  openlog(name, LOG_PID | LOG_NDELAY, LOG_DAEMON);
}

export function writeSystemLog(severity: Severity, text: string): void {
  syslog(severity, text);
}
