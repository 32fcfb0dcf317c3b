// Names of resources, and of the secrets that hold what is never printed.

/** In lower case, with digits, `-` and `.`. */
export function resourceName(name: string): string {
  const plain = name.toLowerCase().replace(/[^a-z0-9.-]+/g, '-');
  return plain.replace(/^[-.]+|[-.]+$/g, '') || 'peer';
}

/** Where the password of a session is to be: it is not printed. */
export function secretRef(name: string): object {
  return { secretKeyRef: { name: 'bgp-passwords', key: resourceName(name) } };
}
