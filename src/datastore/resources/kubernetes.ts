// Kubernetes' own kinds besides Node: Service, EndpointSlice, Secret. The API server has checked them, so only what is
// needed is looked at, and a strange address in a list is left out alone. Values of a Secret never enter a problem.

import { type Address, type Family, familyOf, parseAddress } from 'node-bgp/ip';
import { defined, type Field, type Read } from './reader.ts';
import type { EndpointSlice, Metadata, Secret, Service } from './types.ts';
import { address, flag, list, text, unlessEmpty } from './values.ts';

const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';

/** Fills in what an API server would: cluster IPs and families from the cluster IP, the policy from the type. */
export function readService(metadata: Metadata, document: Field): Service {
  const spec = document.at('spec').tolerant();
  const type = spec.read('type', text) ?? 'ClusterIP';
  const clusterIP = spec.read('clusterIP', clusterAddress);
  const single = clusterIP === undefined ? undefined : parseAddress(clusterIP);
  const clusterIPs = spec.read('clusterIPs', list(clusterAddress))?.filter((ip) => ip !== 'None');
  const addresses = clusterIPs ?? (single === undefined ? [] : [single]);
  const families = spec.read('ipFamilies', list(ipFamily)) ?? [...new Set(addresses.map((ip) => familyOf(ip)))];
  const isExternal = type === 'NodePort' || type === 'LoadBalancer';
  return defined({
    kind: 'Service',
    metadata,
    type,
    clusterIP,
    clusterIPs: addresses,
    externalIPs: spec.read('externalIPs', list(address)) ?? [],
    loadBalancerIP: spec.read('loadBalancerIP', unlessEmpty(address)),
    loadBalancerIngressIPs: readIngress(document.at('status').tolerant().at('loadBalancer')),
    externalTrafficPolicy: spec.read('externalTrafficPolicy', text) ?? (isExternal ? 'Cluster' : undefined),
    ipFamilies: families,
  });
}

/** An address, or the word None for a headless service. */
const clusterAddress: Read<Address> = (field) => {
  if (field.value === '') return undefined;
  return field.value === 'None' ? 'None' : address(field);
};

const ipFamily: Read<Family> = (field) => {
  const value = text(field);
  if (value === 'IPv4' || value === 'IPv6') return value === 'IPv4' ? 'ipv4' : 'ipv6';
  return value === undefined ? undefined : field.refuse('must be IPv4 or IPv6');
};

/** Entries with a host name only have no address to advertise. */
function readIngress(loadBalancer: Field): readonly Address[] {
  return (
    loadBalancer.read(
      'ingress',
      list((entry) => entry.read('ip', unlessEmpty(address))),
    ) ?? []
  );
}

export function readEndpointSlice(metadata: Metadata, document: Field): EndpointSlice {
  const serviceName = metadata.labels[SERVICE_NAME_LABEL];
  return defined({
    kind: 'EndpointSlice',
    metadata,
    serviceName: serviceName === '' ? undefined : serviceName,
    addressType: document.need('addressType', text) ?? '',
    endpoints: document.tolerant().read('endpoints', list(endpoint)) ?? [],
  });
}

const endpoint: Read<EndpointSlice['endpoints'][number]> = (field) =>
  defined({
    ready: field.at('conditions').read('ready', flag),
    nodeName: field.read('nodeName', text),
  });

/** `data` in base64, and `stringData` over it as an API server would store it. */
export function readSecret(metadata: Metadata, document: Field): Secret {
  const data: Record<string, string> = {};
  const take = (name: string, decode: (field: Field, value: string) => string | undefined) => {
    const texts = document.at(name).tolerant();
    for (const key of Object.keys(texts.object() ?? {})) {
      const field = texts.at(key);
      const value =
        typeof field.value === 'string' ? decode(field, field.value) : field.ignore('is not text; it is ignored');
      if (value !== undefined) data[key] = value;
    }
  };
  take('data', (field, value) => decodeBase64(value) ?? field.ignore('is not base64; it is ignored'));
  take('stringData', (_field, value) => value);
  return { kind: 'Secret', metadata, data };
}

function decodeBase64(value: string): string | undefined {
  const compact = value.replaceAll(/[\r\n]/g, '');
  const valid = compact.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(compact);
  return valid ? Buffer.from(compact, 'base64').toString('utf8') : undefined;
}
