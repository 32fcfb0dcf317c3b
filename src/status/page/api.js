// Questions to the daemon. Where it asks for a token, the browser has asked its user already and sends it by itself.

/** JSON, or `{ problem }` as a sentence for people. */
export async function askJson(path) {
  try {
    const response = await fetch(path, { cache: 'no-store' });
    const isJson = response.headers.get('Content-Type')?.startsWith('application/json');
    return isJson ? await response.json() : { problem: (await response.text()).trim() };
  } catch (error) {
    return { problem: `Caracal does not answer (${error.message})` };
  }
}
