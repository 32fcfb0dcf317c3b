import { expect, test } from 'vitest';
import { hostnameHash } from './hostname-label.ts';

test.each([
  ['node-1', 'A3XPYDATRKB7Q4SM2O5FN4RXIHBFIL2PITFX26BAIP5XAB2X74CA'],
  ['ip-10-0-0-1.eu-west-1.compute.internal', 'CMZKUASJFBMCLCZTS7MP6R7V5HCY2IL3S7ACYHLR7OU67SGRXR5Q'],
])('the label of %s is the one that Calico gives', (node, hash) => {
  expect(hostnameHash(node)).toBe(hash);
});
