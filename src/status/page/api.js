// Questions to the daemon, with its token where it asks for one. The token stays in this tab.

const TOKEN = 'caracal-token';

let onLocked = () => {};

/** @param listener called when the daemon does not answer without a (right) token */
export function whenLocked(listener) {
  onLocked = listener;
}

export function setToken(token) {
  sessionStorage.setItem(TOKEN, token);
}

export async function ask(path, options = {}) {
  const token = sessionStorage.getItem(TOKEN);
  const headers = token === null ? {} : { Authorization: `Bearer ${token}` };
  const response = await fetch(path, { headers, cache: 'no-store', ...options });
  if (response.status === 401) onLocked();
  return response;
}

/** JSON, or `{ problem }` as a sentence for people. */
export async function askJson(path) {
  try {
    const response = await ask(path);
    const isJson = response.headers.get('Content-Type')?.startsWith('application/json');
    if (isJson) return await response.json();
    return { problem: (await response.text()).trim(), code: response.status };
  } catch (error) {
    return { problem: `Caracal does not answer (${error.message})` };
  }
}
